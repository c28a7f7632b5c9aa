"""Missions, check-in, badges, boards and draws on the member's pages; the log of draws for anybody."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Path, Router
from pydantic import Field

from regulars.kit import clock
from regulars.surfaces import access
from regulars.surfaces import play_shapes as shapes
from regulars.surfaces.draw_views import Drawer, draw_log
from regulars.surfaces.portal.guard import AnyVisitor, SignedIn, brand_of, member_of

visitors = Router(auth=AnyVisitor(), tags=["play"])
mine = Router(auth=SignedIn(), tags=["play"])
Key = Annotated[str, Field(max_length=64)]
Short = Annotated[str, Field(max_length=64)]


def player(request: HttpRequest) -> Drawer:
    member = member_of(request)
    return Drawer(member.scope, member.brand, member.member_id, access.language(request), clock.now())


@mine.get("/missions", response=shapes.MissionCardsOut)
def list_missions(request: HttpRequest, slug: Path[str]) -> Any:
    """Missions that are open to her, that she runs or did."""
    return player(request).missions()


@mine.post("/missions/{key}", response=shapes.TakeUpOut)
def take_up_mission(request: HttpRequest, slug: Path[str], key: Path[Key]) -> Any:
    """She wants this one. 409 with the reason when she cannot have it."""
    return player(request).take_up(key)


@mine.get("/checkin", response=shapes.CheckinOut)
def get_checkin(request: HttpRequest, slug: Path[str], month: Short = "") -> Any:
    """The calendar of a month and where she stands."""
    return player(request).checkin(month)


@mine.post("/checkin", response=shapes.CheckedInOut)
def check_in(request: HttpRequest, slug: Path[str]) -> Any:
    """Check in for today; again changes nothing."""
    return player(request).check_in("h5")


@mine.post("/checkin/makeup", response=shapes.CheckedInOut)
def make_up(request: HttpRequest, slug: Path[str], given: shapes.MakeUpIn) -> Any:
    """Make up for a day with a card."""
    return player(request).make_up(given.day)


@mine.get("/badges", response=shapes.BadgesOut)
def list_badges(request: HttpRequest, slug: Path[str]) -> Any:
    """Every badge, hers first."""
    return player(request).badges()


@mine.get("/boards", response=shapes.BoardsOut)
def list_boards(request: HttpRequest, slug: Path[str]) -> Any:
    """The leaderboards of the present period."""
    return player(request).boards()


@mine.get("/boards/{key}", response=shapes.BoardOut)
def get_board(request: HttpRequest, slug: Path[str], key: Path[Key], store: Short = "") -> Any:
    """One leaderboard, of one store where it has one for each."""
    return player(request).board(key, store)


@mine.put("/boards-choice", response=shapes.BoardChoiceIO)
def choose_boards(request: HttpRequest, slug: Path[str], given: shapes.BoardChoiceIO) -> Any:
    """Whether she wants to be on boards."""
    return player(request).hide(given.hidden)


@mine.get("/draws", response=shapes.DrawsOut)
def list_draws(request: HttpRequest, slug: Path[str]) -> Any:
    """The draws with their published odds, and her chances."""
    return player(request).draws()


@mine.post("/draws/{key}/plays", response=shapes.DrawnOut)
def make_draw(request: HttpRequest, slug: Path[str], key: Path[Key], given: shapes.DrawIn) -> Any:
    """Draw once. 409 with the reason where she cannot."""
    return player(request).make_draw(key, given.key, given.pay)


@mine.get("/draws/{key}/plays", response=shapes.MyDrawsOut)
def list_my_draws(request: HttpRequest, slug: Path[str], key: Path[Key], before: UUID | None = None) -> Any:
    """Her draws, newest first."""
    return player(request).my_draws(key, before)


@mine.put("/draws/{key}/seed", response=shapes.DrawShownOut)
def change_seed(request: HttpRequest, slug: Path[str], key: Path[Key], given: shapes.ClientSeedIn) -> Any:
    """The seed of her own that goes into her next draws."""
    return player(request).change_seed(key, given.client_seed)


@visitors.get("/draws/{key}/log", response=shapes.DrawLogOut)
def get_draw_log(request: HttpRequest, slug: Path[str], key: Path[Key], before: UUID | None = None) -> Any:
    """Everything that it takes to check a draw, for anybody: no sign-in, and nobody's name in it."""
    return draw_log(brand=brand_of(request), key=key, language=access.language(request), before=before)
