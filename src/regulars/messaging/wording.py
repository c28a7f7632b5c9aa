"""Operators' templates as the rest of the program sees them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from regulars.facts.members.types import MemberBrief
from regulars.kit.text import Language, Text
from regulars.platform.organisations.types import Brand

TemplatePurpose = Literal["marketing", "service"]
VersionState = Literal["draft", "submitted", "approved", "rejected"]
VersionOrigin = Literal["staff", "endpoint", "ready_made"]

TEMPLATE = Text("模板", "Template")
TEMPLATE_VERSION = Text("模板版本", "Template version")


@dataclass(frozen=True, slots=True)
class Content:
    """What a channel says in one language; every text is Liquid but `sign` and `template`.

    `html`: of an e-mail. `url`: where a WeChat, WeCom or push message leads. `sign`: the signature of a text message.
    `template`: the provider's own id of an approved template, and `data` its parameters in order; of a webhook the
    fields of its body.
    """

    subject: str = ""
    body: str = ""
    html: str = ""
    url: str = ""
    sign: str = ""
    template: str = ""
    data: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class TemplateVersion:
    """One version; once submitted its words never change.

    `links`: name → the page it leads to; `main` is the variable `link`, the others `links.<name>`. `samples`: the
    template's own variables, which whoever asks gives, with a value for previews.
    """

    template_id: UUID
    brand_id: UUID
    code: str
    number: int
    state: VersionState
    origin: VersionOrigin
    purpose: TemplatePurpose
    contents: Mapping[str, Mapping[str, Content]]
    channels: tuple[str, ...]
    links: Mapping[str, str]
    samples: Mapping[str, Any]
    made_by: str
    made_at: datetime
    submitted_by: str = ""
    submitted_at: datetime | None = None
    decided_by: str = ""
    decided_at: datetime | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class MessageTemplate:
    """An operators' template. `version` is the approved one that is sent now, None before the first approval;
    `latest` the newest of any state."""

    id: UUID
    brand_id: UUID
    code: str
    name: Text
    purpose: TemplatePurpose
    archived: bool
    version: TemplateVersion | None
    latest: TemplateVersion | None
    created_at: datetime
    updated_at: datetime


class RenderFailed(Exception):
    """A text could not be filled: the send is skipped with the reason `render_failed`. `place`: `body:3`, field and
    line; `code`: missing_variable, missing_content, too_much, or broken."""

    def __init__(self, code: str, place: str, message: Text) -> None:
        super().__init__(f"{place}: {message.en}")
        self.code = code
        self.place = place
        self.message = message


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a text. `line` from 1; `field` is a path such as `contents.sms.zh.body`."""

    field: str
    line: int
    code: str
    message: Text


@dataclass(frozen=True, slots=True)
class Variable:
    """Something a text may name. `sample` is what previews show; `group` who it is of."""

    name: str
    group: str
    label: Text
    sample: Any


@dataclass(frozen=True, slots=True)
class Segments:
    """What a text message costs: `encoding` gsm7 or ucs2, `length` in its units, `parts` that are paid."""

    encoding: Literal["gsm7", "ucs2"]
    length: int
    parts: int
    per_part: int


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who a version is rendered for. `send_id` names the links; `values` are the asker's own; `brief` where it is known
    already; `purpose` what it is sent for."""

    send_id: UUID
    member_id: UUID
    language: Language
    values: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""
    brief: MemberBrief | None = None
    purpose: str = "service"


LINK = Text("链接", "Link")


@dataclass(frozen=True, slots=True)
class WayOut:
    """Where an unsubscribe link leads. `left`: marketing by the channel is not agreed to (any more);
    `can_come_back`: she left by such a link, which may undo no other no."""

    brand: Brand
    channel: str
    language: Language
    left: bool
    can_come_back: bool


@dataclass(frozen=True, slots=True)
class LinkTally:
    """Links of one source, template and name: `made` for so many members, `clicked` by so many, `clicks` in all.
    `trend`: clicks a day, or a week where there are many, up to the last day asked about."""

    source: str
    template: str
    name: str
    target: str
    made: int
    clicked: int
    clicks: int
    last_on: date
    trend: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class LinkDay:
    """A day of a link's."""

    day: date
    made: int
    clicked: int
    clicks: int


@dataclass(frozen=True, slots=True)
class LinkSites:
    """Hosts that links may lead to: ours, and those the brand registered."""

    ours: tuple[str, ...]
    domains: tuple[str, ...]


CHANNEL_ACCOUNT = Text("通道账户", "Channel account")


@dataclass(frozen=True, slots=True)
class ChannelAccount:
    """An account as staff see it: of secrets only which are set. In `sandbox` nothing leaves; `receipts` so many
    reports of the provider's came in."""

    id: UUID
    brand_id: UUID
    key: str
    channel: str
    provider: str
    name: Text
    is_active: bool
    sandbox: bool
    is_default: bool
    settings: Mapping[str, str]
    secrets_set: tuple[str, ...]
    per_second: int | None
    per_day: int | None
    token_until: datetime | None
    token_error: str
    receipts: int
    receipt_at: datetime | None
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class AccountField:
    """One field of an account's form. A `secret` is kept encrypted and never shown again."""

    key: str
    name: Text
    secret: bool = False
    required: bool = False
    multiline: bool = False
    choices: tuple[tuple[str, Text], ...] = ()
    help: Text = field(default_factory=lambda: Text("", ""))
    default: str = ""


@dataclass(frozen=True, slots=True)
class ChannelProvider:
    """A provider as its form is made: `receipts` says that it reports to an address of ours."""

    code: str
    channel: str
    name: Text
    fields: tuple[AccountField, ...]
    per_second: int | None
    receipts: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """A text as a member would get it, or what keeps it from being filled. `segments` of text messages."""

    subject: str
    body: str
    parameters: Mapping[str, str]
    extra: Mapping[str, Any]
    segments: Segments | None
    failed: Problem | None
