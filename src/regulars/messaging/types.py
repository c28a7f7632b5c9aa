"""Messages to members, the channels they go by, and what is kept of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol
from uuid import UUID

from regulars.kit.text import Text

ChannelKind = Literal["sms", "email", "inbox"]
MessageState = Literal["sandboxed", "sent", "failed"]

CHANNELS: dict[str, Text] = {
    "sms": Text("短信", "Text message"),
    "email": Text("邮件", "E-mail"),
    "inbox": Text("站内信", "Inbox"),
}


@dataclass(frozen=True, slots=True)
class Template:
    """Words with `{places}`. What a `secret` one says is kept by a sandbox only, not after a delivery."""

    code: str
    name: Text
    subject: Text
    body: Text
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Envelope:
    """A message ready to go. `to` is a phone number (E.164), an e-mail address, or a member's id (inbox)."""

    id: UUID
    brand_id: UUID
    channel: ChannelKind
    to: str
    language: Literal["zh", "en"]
    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of an envelope. `reference` is the provider's id of it, `error` is what staff may read."""

    state: MessageState
    reference: str = ""
    error: str = ""


class Channel(Protocol):
    """A way to reach people. Every provider is one class with this method; a refusal is not raised."""

    def deliver(self, envelope: Envelope) -> Delivery: ...


@dataclass(frozen=True, slots=True)
class MessageView:
    """A message as staff read it. `to` is masked unless they may read personal data; the `body` of a secret
    message that really went out is empty."""

    id: UUID
    channel: ChannelKind
    template: str
    language: str
    to: str
    subject: str
    body: str
    state: MessageState
    error: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to tell a member in her inbox once: `kind` and `key` say what of all she has been told it is."""

    member_id: UUID
    kind: str
    key: str
    template: str
    language: Literal["zh", "en"]
    values: Mapping[str, str | int | Text]


@dataclass(frozen=True, slots=True)
class InboxMessage:
    """A message as its member reads it; `read_at` is when she had first seen it."""

    id: UUID
    template: str
    subject: str
    body: str
    created_at: datetime
    read_at: datetime | None


Purpose = Literal["marketing", "service"]
PURPOSES: dict[str, Text] = {
    "marketing": Text("营销", "Marketing"),
    "service": Text("服务通知", "Service"),
}


@dataclass(frozen=True, slots=True)
class Ask:
    """A message that shall go to a member. Asked again under the same `key` (one of hers) it is the same message.

    `channels` in the order in which they are tried; where none is given, those of the template. `template` is the code
    of one of the operators' templates, `values` what is put in beside what is known of her and the brand. Of two that
    compete for the last place under a cap the higher `priority` (0–100) goes. What could not go before `expires_at` is
    skipped and says so. `source` is who asks, `campaign:<code>`, `journey:<code>`, `care:<code>` …, and `origin` its
    own id of the act (a journey's run, a campaign's member).
    """

    member_id: UUID
    key: str
    source: str
    purpose: Purpose
    template: str
    channels: tuple[str, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    priority: int = 50
    not_before: datetime | None = None
    expires_at: datetime | None = None
    origin: str = ""
