"""Her consents: marketing by channel, as easily taken back as given."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Field, Path, Router, Schema
from pydantic import ConfigDict

from regulars.facts.consents import api as consents
from regulars.facts.consents.types import CHANNELS, ConsentIn
from regulars.kit import clock
from regulars.kit.text import Language
from regulars.platform.organisations.types import Brand
from regulars.surfaces.access import MemberAccess, language
from regulars.surfaces.consent_views import ChannelName
from regulars.surfaces.portal.guard import SignedIn, member_of

mine = Router(auth=SignedIn(), tags=["consents"])


class ConsentChoiceOut(Schema):
    """A channel, the text agreed to, and what holds. `since` is null where she was never asked."""

    channel: ChannelName
    name: str
    text: str
    granted: bool
    since: datetime | None


class ConsentsOut(Schema):
    choices: list[ConsentChoiceOut]


class ConsentChoicesIn(Schema):
    """The channels that change, each with yes or no."""

    model_config = ConfigDict(extra="forbid")
    choices: Annotated[dict[ChannelName, bool], Field(min_length=1, max_length=len(CHANNELS))]


@mine.get("/consents", response=ConsentsOut)
def get_consents(request: HttpRequest, slug: Path[str]) -> Any:
    """Every channel with what she agreed to."""
    return _out(member_of(request), language(request))


@mine.put("/consents", response=ConsentsOut)
def change_consents(request: HttpRequest, slug: Path[str], given: ConsentChoicesIn) -> Any:
    """Agree to channels or take them back; it holds at once."""
    member = member_of(request)
    agree(member, given.choices, language(request), clock.now())
    return _out(member, language(request))


def agree(member: MemberAccess, choices: dict[ChannelName, bool], lang: Language, now: datetime) -> None:
    """Record what she chose in the portal."""
    consents.record(
        scope=member.scope,
        member_id=member.member_id,
        consents=[choice(member.brand, channel, granted) for channel, granted in choices.items()],
        source="portal",
        language=lang,
        now=now,
    )


def choice(brand: Brand, channel: str, granted: bool) -> ConsentIn:
    """A yes or no to the standard text of a channel."""
    text = consents.marketing_text(brand=brand.name, channel=channel)
    return ConsentIn("marketing", channel, granted, consents.MARKETING_VERSION, text)


def _out(member: MemberAccess, lang: Language) -> ConsentsOut:
    held = {
        one.channel: one
        for one in consents.states(brand_id=member.brand.id, member_id=member.member_id)
        if one.purpose == "marketing"
    }
    return ConsentsOut(
        choices=[
            ConsentChoiceOut(
                channel=channel,  # type: ignore[arg-type]
                name=name.in_language(lang),
                text=consents.marketing_text(brand=member.brand.name, channel=channel).in_language(lang),
                granted=channel in held and held[channel].granted,
                since=held[channel].occurred_at if channel in held else None,
            )
            for channel, name in CHANNELS.items()
        ]
    )
