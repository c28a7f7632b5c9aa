"""Missions and play of a member: progress, check-in, badges, draws; the public log of draws."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router

from regulars.kit import clock
from regulars.platform.organisations import api as organisations
from regulars.surfaces import play_shapes as shapes
from regulars.surfaces.access import language
from regulars.surfaces.draw_views import Drawer, draw_log
from regulars.surfaces.play_shapes import PlayKey
from regulars.surfaces.rest import finding
from regulars.surfaces.rest.finding import MemberPath
from regulars.surfaces.rest.keys import needs, scope_of

router = Router(tags=["Missions and play"])
READ, WRITE = needs("missions.read"), needs("missions.write")


def player(request: HttpRequest, member: str) -> Drawer:
    scope = scope_of(request)
    brand = organisations.get_brand(brand_id=scope.brand_id)
    return Drawer(scope, brand, finding.member_id(scope, member), language(request), clock.now())


@router.get("/members/{member}/missions", response=shapes.MissionCardsOut, **READ)
def list_missions(request: HttpRequest, member: MemberPath) -> Any:
    """The missions that are open to a member, that she runs or did, with her progress."""
    return player(request, member).missions()


@router.post("/members/{member}/missions/{mission}", response=shapes.TakeUpOut, **WRITE)
def take_up_mission(request: HttpRequest, member: MemberPath, mission: PlayKey) -> Any:
    """She wants this one; again answers the run she is at. 409 with the reason when she cannot have it."""
    return player(request, member).take_up(mission)


@router.get("/members/{member}/checkin", response=shapes.CheckinOut, **READ)
def get_checkin(request: HttpRequest, member: MemberPath, month: str = "") -> Any:
    """A member's check-in calendar of a month (`YYYY-MM`) and where she stands today."""
    return player(request, member).checkin(month[:10])


@router.post("/members/{member}/checkin", response=shapes.CheckedInOut, **WRITE)
def check_in(request: HttpRequest, member: MemberPath) -> Any:
    """Check a member in for the business day; again changes nothing. 409 `checkin_off`."""
    return player(request, member).check_in("api")


@router.post("/members/{member}/checkin/makeup", response=shapes.CheckedInOut, **WRITE)
def make_up(request: HttpRequest, member: MemberPath, given: shapes.MakeUpIn) -> Any:
    """Make up for a day that was missed, with a card. 409 `no_cards`."""
    return player(request, member).make_up(given.day)


@router.get("/members/{member}/badges", response=shapes.BadgesOut, **READ)
def list_badges(request: HttpRequest, member: MemberPath) -> Any:
    """Every badge with the member's level of it."""
    return player(request, member).badges()


@router.get("/members/{member}/boards", response=shapes.BoardsOut, **READ)
def list_boards(request: HttpRequest, member: MemberPath) -> Any:
    """The leaderboards with the member's place."""
    return player(request, member).boards()


@router.get("/members/{member}/draws", response=shapes.DrawsOut, **READ)
def list_draws(request: HttpRequest, member: MemberPath) -> Any:
    """The draws with their published odds, and the member's chances."""
    return player(request, member).draws()


@router.post("/members/{member}/draws/{draw}/plays", response=shapes.DrawnOut, **WRITE)
def make_draw(request: HttpRequest, member: MemberPath, draw: PlayKey, given: shapes.DrawIn) -> Any:
    """Draw once for a member; the same `key` again is the same draw. 409 with the reason where she cannot."""
    return player(request, member).make_draw(draw, given.key, given.pay)


@router.get("/members/{member}/draws/{draw}/plays", response=shapes.MyDrawsOut, **READ)
def list_my_draws(request: HttpRequest, member: MemberPath, draw: PlayKey, before: UUID | None = None) -> Any:
    """A member's draws, newest first."""
    return player(request, member).my_draws(draw, before)


@router.get("/draws/{draw}/log", response=shapes.DrawLogOut, **READ)
def get_draw_log(request: HttpRequest, draw: PlayKey, before: UUID | None = None) -> Any:
    """Seeds, published odds and draws: everything that it takes to check them. The portal shows it to anybody."""
    scope = scope_of(request)
    brand = organisations.get_brand(brand_id=scope.brand_id)
    return draw_log(brand=brand, key=draw, language=language(request), before=before)
