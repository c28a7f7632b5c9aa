"""Shapes of channel accounts and of proposals of texts."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from ninja import Field, Schema
from pydantic import ConfigDict, StringConstraints

from regulars.surfaces.console.shapes.shared import ChoiceOut, TextIO

_CLEAN = r"^[^\x00]*$"
_Value = Annotated[str, StringConstraints(max_length=8000, pattern=_CLEAN)]
_Key = Annotated[str, StringConstraints(max_length=40, pattern=_CLEAN)]


class _In(Schema):
    model_config = ConfigDict(extra="forbid")


class ChannelFieldOut(Schema):
    """One field of an account's form; a `secret` is never shown again."""

    key: str
    name: str
    secret: bool
    required: bool
    multiline: bool
    choices: list[ChoiceOut]
    help: str
    default: str


class ChannelProviderOut(Schema):
    """`receipts`: it reports to an address of ours."""

    code: str
    channel: str
    name: str
    per_second: int | None
    receipts: bool
    fields: list[ChannelFieldOut]


class ChannelAccountIn(_In):
    """In `sandbox` nothing leaves. Secrets that are left out stay as they are."""

    provider: _Key
    name: TextIO
    settings: Annotated[dict[str, _Value], Field(max_length=40)]
    is_default: bool = False
    sandbox: bool = True
    is_active: bool = True
    per_second: int | None = None
    per_day: int | None = None


class ChannelAccountOut(Schema):
    """`codes`: in whose words sign-in codes leave by it; null where they do not."""

    key: str
    channel: str
    provider: str
    name: TextIO
    is_active: bool
    sandbox: bool
    is_default: bool
    settings: dict[str, str]
    secrets_set: list[str]
    per_second: int | None
    per_day: int | None
    token_until: datetime | None
    token_error: str
    receipts: int
    receipt_at: datetime | None
    codes: Literal["own", "built_in", "no_template"] | None
    updated_at: datetime


class ReceiptAddressOut(Schema):
    url: str


class CopyWriterOut(Schema):
    """Whether texts can be proposed, and by which model."""

    ready: bool
    model: str


class CopyBriefIn(_In):
    channel: Literal["sms", "email", "inbox", "wecom", "push", "task"]
    brief: Annotated[str, StringConstraints(min_length=1, max_length=2000, pattern=_CLEAN)]
