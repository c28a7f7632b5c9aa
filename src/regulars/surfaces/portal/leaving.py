"""The way out of marketing: the page of an unsubscribe link. It works for whoever has the link, signed in or not."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Field, Path, Router, Schema
from pydantic import ConfigDict

from regulars.facts.consents.types import CHANNELS
from regulars.kit import clock
from regulars.kit.errors import not_found
from regulars.kit.text import Language, Text
from regulars.messaging import api as messaging
from regulars.messaging.types import WayOut
from regulars.surfaces import access, rates
from regulars.surfaces.access import language
from regulars.surfaces.portal.guard import AnyVisitor, brand_of

visitors = Router(auth=AnyVisitor(), tags=["consents"])
LinkCode = Annotated[str, Field(min_length=1, max_length=64)]
_LINK = Text("退订链接", "Unsubscribe link")


class WayOutGiven(Schema):
    """`leave` takes back the consent, `back` undoes that."""

    model_config = ConfigDict(extra="forbid")
    action: Literal["leave", "back"]


class WayOutOut(Schema):
    """Whether marketing by this channel still comes. `can_come_back`: she had agreed to it before."""

    brand: str
    channel: str
    channel_name: str
    left: bool
    can_come_back: bool


@visitors.get("/way-out/{code}", response=WayOutOut)
def get_way_out(request: HttpRequest, slug: Path[str], code: Path[LinkCode]) -> Any:
    """What the link is about."""
    rates.charge_address(access.client_ip(request))
    return _out(_own(request, messaging.get_way_out(code=code)), language(request))


@visitors.post("/way-out/{code}", response=WayOutOut)
def change_way_out(request: HttpRequest, slug: Path[str], code: Path[LinkCode], given: WayOutGiven) -> Any:
    """Leave with one press, or come back; it holds at once."""
    rates.charge_address(access.client_ip(request))
    _own(request, messaging.get_way_out(code=code))
    said = language(request)
    act = messaging.leave if given.action == "leave" else messaging.come_back
    return _out(act(code=code, language=said, now=clock.now()), said)


def _own(request: HttpRequest, found: WayOut) -> WayOut:
    """A link of another brand is none here."""
    if found.brand.id != brand_of(request).id:
        raise not_found(_LINK)
    return found


def _out(one: WayOut, said: Language) -> WayOutOut:
    return WayOutOut(
        brand=one.brand.name.in_language(said),
        channel=one.channel,
        channel_name=CHANNELS[one.channel].in_language(said),
        left=one.left,
        can_come_back=one.can_come_back,
    )
