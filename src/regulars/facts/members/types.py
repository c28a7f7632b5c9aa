"""What other rooms know of members: rows to enrol, references to resolve, and what is read back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal, Protocol
from uuid import UUID

from regulars.kit.errors import Refusal
from regulars.kit.text import Text

# External identities are `external:<source>`, e.g. `external:tmall`. `code` is the member code people see.
IDENTITY_TYPES: dict[str, Text] = {
    "phone": Text("手机号", "phone number"),
    "email": Text("邮箱", "e-mail address"),
    "card": Text("会员卡号", "card number"),
    "wechat_unionid": Text("微信 UnionID", "WeChat UnionID"),
    "wechat_openid": Text("微信 OpenID", "WeChat OpenID"),
    "external": Text("外部账号", "external account"),
    "code": Text("会员编号", "member code"),
}
GENDERS = ("female", "male", "other")
STATUSES = ("active", "frozen", "left")
FIELD_TYPES = ("int", "decimal", "text", "enum", "bool", "date", "set")


def identity_type_name(type_: str) -> Text:
    """The name of an identity type for people; `external:tmall` → “外部账号（tmall）”."""
    head, _, source = type_.partition(":")
    name = IDENTITY_TYPES.get(head, Text(type_, type_))
    return Text(f"{name.zh}（{source}）", f"{name.en} ({source})") if source else name


class _Identified(Protocol):
    @property
    def type(self) -> str: ...
    @property
    def value(self) -> str: ...


class Reference(Protocol):
    """A member by exactly one of `id`, `code` or `identity`, e.g. `facts.activity.types.MemberRef`."""

    @property
    def id(self) -> UUID | None: ...
    @property
    def code(self) -> str | None: ...
    @property
    def identity(self) -> _Identified | None: ...


@dataclass(frozen=True, slots=True)
class IdentityIn:
    type: str
    value: str
    verified: bool = False


@dataclass(frozen=True, slots=True)
class ById:
    """A `Reference` for callers that have no wire struct at hand."""

    id: UUID | None = None
    code: str | None = None
    identity: IdentityIn | None = None


@dataclass(frozen=True, slots=True)
class Enrolment:
    """One person to enrol into the scope's brand, with at least one identity; `code` only if she brings one.

    `attributes` are values of the brand's custom fields. `joined_at` defaults to now. `complete` is set when
    she fills the form herself: then fields marked as required in the portal must be there.
    """

    identities: tuple[IdentityIn, ...]
    name: str = ""
    gender: str = ""
    birthday: date | str | None = None
    address: str = ""
    language: str = "zh"
    channel: str = ""
    touchpoint: str = ""
    store_id: UUID | None = None
    recruiter: str = ""
    tags: tuple[str, ...] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)
    joined_at: datetime | None = None
    code: str | None = None
    complete: bool = False


@dataclass(frozen=True, slots=True)
class Enrolled:
    """`created`: a new person; `joined`: a person the organisation knew, now also a member of this brand."""

    member_id: UUID
    code: str
    outcome: Literal["created", "joined"]
    joined_at: datetime


EnrolResult = Enrolled | Refusal


@dataclass(frozen=True, slots=True)
class IdentityView:
    """`value` is None for callers who may only see `masked`. `id` names the identity in the API."""

    id: UUID
    type: str
    masked: str
    value: str | None
    verified_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ProfileView:
    """Personal data as the caller may see it: masked unless `clear`. `birthday` masked is `MM-DD` hidden."""

    name: str
    gender: str
    birthday: str
    address: str
    clear: bool
    updated_at: datetime | None = None
    birthday_changeable_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Counters:
    """Counters of one membership; `spend` in minor units, net of refunds."""

    orders: int
    spend: int
    refunds: int
    visits: int
    first_order_at: datetime | None
    last_order_at: datetime | None
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class MemberBrief:
    """A membership in few words. `tier` is her tier in the programme's first scheme."""

    code: str
    language: str
    tier: str
    joined_at: datetime
    orders: int


@dataclass(frozen=True, slots=True)
class MemberRow:
    """One line of a list of members; name and phone masked unless the caller may read them."""

    member_id: UUID
    code: str
    name: str
    phone: str
    status: str
    tier: str
    tags: tuple[str, ...]
    channel: str
    store_id: UUID | None
    joined_at: datetime
    counters: Counters


@dataclass(frozen=True, slots=True)
class MemberCard:
    """All that this room knows of one member in one brand."""

    member_id: UUID
    code: str
    status: str
    language: str
    joined_at: datetime
    channel: str
    touchpoint: str
    store_id: UUID | None
    recruiter: str
    tags: tuple[str, ...]
    attributes: dict[str, Any]
    tier: str
    counters: Counters
    profile: ProfileView
    identities: tuple[IdentityView, ...]
    completion_percent: int
    brands: tuple[UUID, ...]  # of the organisation, in which she is a member


@dataclass(frozen=True, slots=True)
class MemberFilter:
    """All given parts must hold. `q`: a phone number or its last four digits, a code, an e-mail, part of a name."""

    q: str = ""
    tier: str | None = None
    tag: str | None = None
    store_id: UUID | None = None
    channel: str | None = None
    status: str | None = None
    joined_from: datetime | None = None
    joined_before: datetime | None = None
    last_order_from: datetime | None = None
    last_order_before: datetime | None = None
    segment_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Tag:
    code: str
    name: Text
    colour: str = ""


@dataclass(frozen=True, slots=True)
class FieldChoice:
    value: str
    label: Text


@dataclass(frozen=True, slots=True)
class FieldRules:
    """`min`/`max` for numbers (decimal text) and dates (ISO), `max_length` and `pattern` for text."""

    min: str | None = None
    max: str | None = None
    max_length: int | None = None
    pattern: str | None = None
    required_in_portal: bool = False


@dataclass(frozen=True, slots=True)
class ProfileField:
    """A custom field of a brand's members. `set` without choices takes any words."""

    key: str
    type: str
    label: Text
    choices: tuple[FieldChoice, ...] = ()
    rules: FieldRules = FieldRules()
    in_portal: bool = True
    position: int = 0
    archived: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    id: UUID
    author: str
    text: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Address:
    """One of a member's addresses, sealed. `key_hash` is the same for equal addresses of an organisation."""

    member_id: UUID
    type: str
    key_hash: UUID
    masked: str
    sealed: bytes
