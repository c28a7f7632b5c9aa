"""Messages to members, the channels they go by, and what is kept of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any, Literal, Protocol
from uuid import UUID

from regulars.kit.text import Text
from regulars.messaging.wording import AccountField as AccountField
from regulars.messaging.wording import ChannelAccount as ChannelAccount
from regulars.messaging.wording import ChannelProvider as ChannelProvider
from regulars.messaging.wording import Content as Content
from regulars.messaging.wording import LinkDay as LinkDay
from regulars.messaging.wording import LinkSites as LinkSites
from regulars.messaging.wording import LinkTally as LinkTally
from regulars.messaging.wording import MessageTemplate as MessageTemplate
from regulars.messaging.wording import Preview as Preview
from regulars.messaging.wording import Problem as Problem
from regulars.messaging.wording import Recipient as Recipient
from regulars.messaging.wording import RenderFailed as RenderFailed
from regulars.messaging.wording import Segments as Segments
from regulars.messaging.wording import TemplateVersion as TemplateVersion
from regulars.messaging.wording import Variable as Variable
from regulars.messaging.wording import WayOut as WayOut

ChannelKind = Literal["sms", "email", "inbox", "wechat", "wecom", "push", "webhook", "task"]
MessageState = Literal["sandboxed", "sent", "failed"]
DeliveryState = Literal["sent", "failed", "retry", "uncertain", "sandboxed"]
CodeWords = Literal["own", "built_in", "no_template"]

CHANNELS: dict[str, Text] = {
    "sms": Text("短信", "Text message"),
    "email": Text("邮件", "E-mail"),
    "inbox": Text("站内信", "Inbox"),
    "wechat": Text("微信", "WeChat"),
    "wecom": Text("企业微信", "WeCom"),
    "push": Text("App 推送", "App push"),
    "webhook": Text("Webhook", "Webhook call"),
    "task": Text("员工任务", "Staff task"),
}
# By which of her identities a channel reaches a member; the others need only her id.
ADDRESS_OF = {
    "sms": "phone",
    "email": "email",
    "wechat": "wechat_openid",
    "wecom": "external:wecom",
    "push": "external:push",
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
class Rendered:
    """A template's words for one member, channel and language; `version` is the one that was approved.

    `parameters` are what providers with templates of their own are given by name; `extra` is what else the channel's
    content says (a provider's template code, a page to open), plain JSON.
    """

    subject: str
    body: str
    version: int
    parameters: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Envelope:
    """A message ready to go. `to` is a phone number (E.164), an e-mail address, a member's id (inbox, webhook, task)
    or the channel's own identifier of her (openid, external user id, device).

    `id` is the same however often the message is tried: what goes out under it (Message-ID, idempotency key) is
    derived from it.
    """

    id: UUID
    brand_id: UUID
    channel: ChannelKind
    to: str
    language: Literal["zh", "en"]
    subject: str
    body: str
    member_id: UUID | None = None
    template: str = ""
    version: int = 0
    purpose: str = "service"
    source: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of an envelope. `reference` is the provider's id of it, `error` is what staff may read.

    `retry`: not taken, and may be tried again (not before `retry_in_seconds`, where the provider says). `failed`: it
    never will be; `reason` may then be `bad_address`, whereupon nothing goes to that address again. `uncertain`: the
    provider may or may not have taken it.
    """

    state: DeliveryState
    reference: str = ""
    error: str = ""
    reason: str = ""
    retry_in_seconds: float | None = None


class Channel(Protocol):
    """A way to reach people one by one: sign-in codes and notices go this way. A refusal is not raised."""

    def deliver(self, envelope: Envelope) -> Delivery: ...


class BulkChannel(Protocol):
    """A way to reach many. `deliver_many` answers for every envelope in its order, raises nothing, and touches no
    database: it runs on a thread (where `is_local`, in the sender's transaction, and then it may write).

    `is_idempotent`: the provider knows an envelope by its id, so one whose outcome was lost is simply handed over
    again. `batch` is how many it likes at a time: as many are in doubt when the worker dies.
    """

    is_local: bool
    is_idempotent: bool
    batch: int

    def deliver_many(self, envelopes: Sequence[Envelope]) -> Sequence[Delivery]: ...


@dataclass(frozen=True, slots=True)
class Route:
    """How a brand's messages of one kind go: the account's code, its channel, and what its provider allows."""

    account: str
    channel: BulkChannel
    per_second: int | None = None
    per_day: int | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a provider reports later, of one message by our id or by its reference.

    `kind`: delivered | failed | bounced (the address does not exist) | complained | opted_out | clicked.
    """

    kind: str
    at: datetime
    send_id: UUID | None = None
    member_id: UUID | None = None
    channel: str = ""
    reference: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class MessageView:
    """A message as staff read it. `to` is masked unless they may read personal data; of an inbox `member_id` says
    whose it is. The `body` of a secret message that really went out is empty."""

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
    member_id: UUID | None = None


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


@dataclass(frozen=True, slots=True)
class SendState:
    """What became of a message that was asked for. `state`: queued, sending, sent, delivered, failed, skipped or
    uncertain (a worker died while a provider had it); `reason` says why it is not simply sent."""

    id: UUID
    state: str
    reason: str
    channel: str
    sent_at: datetime | None
    ended_at: datetime | None
    clicked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Tally:
    """So many messages are in a state for a reason by a channel; `clicked` of them had a link clicked."""

    state: str
    reason: str
    channel: str
    count: int
    clicked: int


@dataclass(frozen=True, slots=True)
class Quiet:
    """When nothing goes by a channel, in the brand's time: from `closes` to `opens`, over midnight where `closes` is
    the later. With `work_days_only` nothing goes on other days either. `then`: wait (`defer`) or drop (`abort`).
    Service messages keep to it where `service_too`."""

    closes: time
    opens: time
    then: Literal["defer", "abort"] = "defer"
    work_days_only: bool = False
    service_too: bool = False


@dataclass(frozen=True, slots=True)
class Cap:
    """A member gets at most `limit` marketing messages a `day`, `week` (from Monday) or `month`, by a channel or, where
    `channel` is empty, by all together."""

    channel: str
    period: Literal["day", "week", "month"]
    limit: int


@dataclass(frozen=True, slots=True)
class Policy:
    """A brand's limits of sending."""

    quiet: Mapping[str, Quiet]
    caps: tuple[Cap, ...]


@dataclass(frozen=True, slots=True)
class PolicyView:
    """A brand's policy as JSON; `updated_at` is None while it is the one that comes with Regulars."""

    value: Mapping[str, Any]
    updated_at: datetime | None
    updated_by: str


@dataclass(frozen=True, slots=True)
class SuppressionView:
    """An address to which nothing goes by a channel. `reason`: bounced | complained | by_hand."""

    id: UUID
    channel: str
    masked: str
    reason: str
    note: str
    actor: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SendFilter:
    """Which sends to list; empty is all."""

    channel: str = ""
    state: str = ""
    reason: str = ""
    source: str = ""
    template: str = ""
    member_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class SendView:
    """A send as staff see it in a list; `member` is her code, `name` masked unless they may read it."""

    id: UUID
    member_id: UUID
    member: str
    name: str
    key: str
    source: str
    origin: str
    purpose: str
    template: str
    version: int
    channels: tuple[str, ...]
    channel: str
    account: str
    priority: int
    state: str
    reason: str
    error: str
    to: str
    attempts: int
    created_at: datetime
    next_run_at: datetime | None
    sent_at: datetime | None
    ended_at: datetime | None
    expires_at: datetime | None
    clicked_at: datetime | None


@dataclass(frozen=True, slots=True)
class HeldSource:
    """A source whose messages wait until it is released: since when, by whom, and how many they are."""

    source: str
    held_at: datetime
    held_by: str
    waiting: int


@dataclass(frozen=True, slots=True)
class SendStep:
    """What was found or happened at an instant. `outcome` is a reason's code, or sent, sandboxed, delivered."""

    at: datetime
    channel: str
    outcome: str
    detail: str


@dataclass(frozen=True, slots=True)
class SendDetail:
    """One send with its words and every step of its way."""

    send: SendView
    subject: str
    body: str
    language: str
    reference: str
    steps: tuple[SendStep, ...]
