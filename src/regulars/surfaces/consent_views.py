"""Consents as pages and integrators see them. REST and console share them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from ninja import Field, Schema
from pydantic import AfterValidator, AwareDatetime, ConfigDict, StringConstraints

from regulars.facts.consents import api as consents
from regulars.facts.consents.types import CHANNELS, Act, ConsentIn, Held
from regulars.kit.text import Text
from regulars.platform.organisations.types import Brand

_CLEAN = r"^[^\x00]*$"
ChannelName = Literal["sms", "email", "wechat", "wecom", "push", "phone"]
Words = Annotated[str, StringConstraints(min_length=1, max_length=5000, pattern=_CLEAN)]


def _of_our_time(instant: datetime) -> datetime:
    if not 1900 <= instant.year <= 2200:
        raise ValueError("out of range")
    return instant


class _In(Schema):
    model_config = ConfigDict(extra="forbid")


class ConsentWords(_In):
    """What she was shown, in both languages."""

    zh: Words
    en: Words


class ConsentGiven(_In):
    """One yes or no to marketing by a channel.

    Without `version` and `text` it is the standard text of the portal that she saw. `occurred_at` may lie in the past.
    """

    channel: ChannelName
    granted: bool
    version: Annotated[str | None, StringConstraints(min_length=1, max_length=64, pattern=_CLEAN)] = None
    text: ConsentWords | None = None
    occurred_at: Annotated[AwareDatetime, AfterValidator(_of_our_time)] | None = None
    note: Annotated[str, StringConstraints(max_length=500, pattern=_CLEAN)] = ""


class ConsentsIn(_In):
    consents: Annotated[list[ConsentGiven], Field(min_length=1, max_length=50)]


class ConsentHeldOut(Schema):
    """What holds. `occurred_at` null: she was never asked, which counts as no."""

    purpose: Literal["terms", "marketing"]
    channel: Literal["", "sms", "email", "wechat", "wecom", "push", "phone"]
    granted: bool
    version: str
    occurred_at: datetime | None


class ConsentTextOut(Schema):
    zh: str
    en: str


class ConsentActOut(Schema):
    """An entry of the ledger; `text_hash` is the SHA-256 of what she was shown."""

    id: UUID
    purpose: Literal["terms", "marketing"]
    channel: Literal["", "sms", "email", "wechat", "wecom", "push", "phone"]
    granted: bool
    version: str
    text: ConsentTextOut
    text_hash: str
    language: str
    source: Literal["portal", "store", "staff", "api", "import", "unsubscribe", "provider"]
    actor: str
    note: str
    occurred_at: datetime
    recorded_at: datetime


def given(brand: Brand, rows: Iterable[ConsentGiven]) -> list[ConsentIn]:
    """What was sent, with the standard text where none was."""
    return [
        ConsentIn(
            purpose="marketing",
            channel=row.channel,
            granted=row.granted,
            version=row.version or consents.MARKETING_VERSION,
            text=Text(row.text.zh, row.text.en)
            if row.text
            else consents.marketing_text(brand=brand.name, channel=row.channel),
            occurred_at=row.occurred_at,
            note=row.note.strip(),
        )
        for row in rows
    ]


def held_out(found: Iterable[Held]) -> list[ConsentHeldOut]:
    """The terms, and every channel whether it was ever asked about or not."""
    by_key = {(one.purpose, one.channel): one for one in found}
    wanted = [("terms", ""), *(("marketing", channel) for channel in CHANNELS)]
    return [_held(purpose, channel, by_key.get((purpose, channel))) for purpose, channel in wanted]


def _held(purpose: str, channel: str, one: Held | None) -> ConsentHeldOut:
    return ConsentHeldOut(
        purpose=purpose,  # type: ignore[arg-type]
        channel=channel,  # type: ignore[arg-type]
        granted=one.granted if one else False,
        version=one.version if one else "",
        occurred_at=one.occurred_at if one else None,
    )


def act_out(act: Act) -> ConsentActOut:
    return ConsentActOut(
        id=act.id,
        purpose=act.purpose,  # type: ignore[arg-type]
        channel=act.channel,  # type: ignore[arg-type]
        granted=act.granted,
        version=act.version,
        text=ConsentTextOut(zh=act.text.zh, en=act.text.en),
        text_hash=act.text_hash,
        language=act.language,
        source=act.source,
        actor=act.actor,
        note=act.note,
        occurred_at=act.occurred_at,
        recorded_at=act.recorded_at,
    )
