"""Bodies and answers of the portal's API. Texts are in the language of the request; days are business days."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Generic, Literal, TypeVar
from uuid import UUID

from ninja import Schema
from pydantic import ConfigDict, Field

from regulars.surfaces.consent_views import ChannelName

Item = TypeVar("Item")
IdentifierKind = Literal["phone", "email"]
LanguageTag = Literal["zh-CN", "en"]
FieldKind = Literal["text", "words", "integer", "decimal", "boolean", "date", "choice", "choices"]
Value = str | int | float | bool | list[str] | None


class Given(Schema):
    """A body; one with unknown fields is refused."""

    model_config = ConfigDict(extra="forbid")


class CodeAsked(Given):
    kind: IdentifierKind
    address: Annotated[str, Field(min_length=1, max_length=254)]


class CodeGiven(CodeAsked):
    code: Annotated[str, Field(min_length=1, max_length=12)]


class SignInGiven(CodeGiven):
    """`recruiter` is the code of the link she came by, `device` what her browser calls itself."""

    recruiter: Annotated[str, Field(max_length=64)] = ""
    device: Annotated[str, Field(max_length=64)] = ""


class JoinForm(Given):
    """What a visitor fills in once her address is proven. `store`, `source` and `recruiter` are how she came, `device`
    is what her browser calls itself."""

    kind: IdentifierKind
    address: Annotated[str, Field(min_length=1, max_length=254)]
    values: dict[str, Value]
    consent_version: Annotated[str, Field(max_length=64)]
    marketing: Annotated[list[ChannelName], Field(max_length=6)] = []
    store: Annotated[str, Field(max_length=64)] = ""
    source: Annotated[str, Field(max_length=64)] = ""
    recruiter: Annotated[str, Field(max_length=64)] = ""
    device: Annotated[str, Field(max_length=64)] = ""


class ProfileChanges(Given):
    values: dict[str, Value]


class ReadUpTo(Given):
    """The newest message that she has before her."""

    up_to: UUID


class Quota(Schema):
    """So often in a period; `remaining` is what is left of it to the member who has the benefit."""

    limit: int
    period: Literal["day", "week", "month", "year", "ever"]
    remaining: int | None = None


class BenefitOut(Schema):
    code: str
    name: str
    detail: str
    quota: Quota | None = None


class ChoiceOut(Schema):
    value: str
    label: str


class FieldOut(Schema):
    """A profile field to fill in. `words` is a list of free words."""

    key: str
    label: str
    help: str
    kind: FieldKind
    required: bool
    choices: list[ChoiceOut]


class SignedOut(Schema):
    """Who is signed in."""

    name: str
    code: str


class BrandOut(Schema):
    slug: str
    name: str
    logo_url: str | None
    accent: str | None
    headline: str
    promise: str
    currency: str
    time_zone: str


class SignInRules(Schema):
    kinds: list[IdentifierKind]
    code_digits: int
    code_lifetime_seconds: int
    resend_after_seconds: int


class ArrivalOut(Schema):
    """The name of the store a visitor stands in, when she came by its QR code."""

    store: str | None


class WayOut(Schema):
    """A rule that earns, in words."""

    name: str
    sentence: str


class ConsentOut(Schema):
    version: str
    title: str
    paragraphs: list[str]


class FrontOut(Schema):
    """All a first page needs: the brand, how to come in, and who is signed in already."""

    brand: BrandOut
    language: LanguageTag
    demo: bool
    sign_in: SignInRules
    arrival: ArrivalOut
    consent: ConsentOut
    enrol_fields: list[FieldOut]
    first_benefits: list[BenefitOut]
    ways_to_earn: list[WayOut]
    member: SignedOut | None


class CodeSentOut(Schema):
    expires_in_seconds: int
    resend_after_seconds: int


class SignInOut(Schema):
    """`enrol`: the address is proven and nobody's yet; the form comes next."""

    outcome: Literal["signed_in", "enrol"]


class UnitOut(Schema):
    """`money`: amounts of it are minor units of the currency."""

    code: str
    name: str
    money: bool = False


class ExpiryOut(Schema):
    """`amount` can be used up to and including the day `on`."""

    on: date
    amount: int


class BalanceOut(Schema):
    """`spendable`: she can pay with it; growth, for one, only counts."""

    unit: UnitOut
    spendable: bool
    available: int
    pending: int
    held: int
    debt: int
    next_expiry: ExpiryOut | None


class PartOut(Schema):
    """One condition of a tier: `have` of `target`; `spend` in minor units."""

    metric: Literal["spend", "count"]
    name: str
    have: int
    target: int


class ProgressOut(Schema):
    """What keeps her tier or reaches the next one, as a sentence and as figures. `needed` of the parts must hold."""

    kind: Literal["keep", "reach"]
    tier_name: str
    sentence: str
    met: bool
    needed: int
    parts: list[PartOut]


class TierOut(Schema):
    code: str
    name: str
    level: int
    colour: str | None
    until: date | None
    in_grace_until: date | None


class CardMemberOut(SignedOut):
    joined_on: date


class NextOut(Schema):
    """The one thing to do next. Which of the other fields are there depends on `kind`."""

    kind: Literal[
        "booking",
        "pay",
        "debt",
        "keep_tier",
        "expiring",
        "coupon",
        "first_order",
        "profile",
        "reach_tier",
        "show_code",
    ]
    amount: int | None = None
    unit_name: str | None = None
    on: date | None = None
    tier_name: str | None = None
    sentence: str | None = None
    percent: int | None = None
    field_label: str | None = None


class CardOut(Schema):
    member: CardMemberOut
    tier: TierOut | None
    balances: list[BalanceOut]
    progress: list[ProgressOut]
    next: NextOut


class PassOut(Schema):
    """The text of her QR code and how long it is good for."""

    token: str
    expires_in_seconds: int
    lifetime_seconds: int


class TierBenefitOut(BenefitOut):
    """`adds`: the tier below does not give it, or gives less."""

    adds: bool


class TierBenefitsOut(Schema):
    code: str
    name: str
    level: int
    colour: str | None
    current: bool
    requirement: str
    benefits: list[TierBenefitOut]


class GrantedOut(BenefitOut):
    """A benefit that she was given beside what her tier gives: so many `uses` are left, the first of them until
    `last_day`."""

    uses: int
    last_day: date


class BenefitsOut(Schema):
    granted: list[GrantedOut]
    tiers: list[TierBenefitsOut]
    ways_to_earn: list[WayOut]


class LaterOut(Schema):
    """Pending value becomes hers on that day; none: when the order is delivered."""

    on: date | None
    amount: int


class PointsBalanceOut(BalanceOut):
    expiries: list[ExpiryOut]
    never_expires: int
    later_active: list[LaterOut]


class PointsOut(Schema):
    balances: list[PointsBalanceOut]


class EffectOut(Schema):
    """`money`: the amount is minor units of the currency."""

    unit_name: str
    amount: int
    money: bool = False
    account: Literal["available", "pending", "held", "debt"]
    expires_on: date | None


class WhyOut(Schema):
    """A rule that fired: its name, what it says, and what it gave or took of one unit, where that is a sum."""

    rule: str
    sentence: str
    amount: int | None
    unit_name: str | None
    money: bool = False


class HistoryOut(Schema):
    id: UUID
    kind: str
    at: datetime
    title: str
    store: str | None
    order_number: str | None
    effects: list[EffectOut]
    whys: list[WhyOut]
    why_not: list[str]


class LineOut(Schema):
    """`quantity` is a decimal number without trailing zeros; `amount` in minor units."""

    name: str
    quantity: str
    amount: int


class RefundOut(Schema):
    id: UUID
    at: datetime
    amount: int


class OrderOut(Schema):
    id: UUID
    number: str
    at: datetime
    store: str | None
    currency: str
    total: int
    refunded: int
    lines: list[LineOut]
    refunds: list[RefundOut]


class InboxMessageOut(Schema):
    """`kind` is what it is about, such as value_expiring or tier_ending. Its words are in the language in which it
    was written to her."""

    id: UUID
    kind: str
    at: datetime
    subject: str
    body: str
    read: bool


class UnreadOut(Schema):
    unread: int


class PageOut(Schema, Generic[Item]):
    items: list[Item]
    next_cursor: str | None


class ProfileFieldOut(FieldOut):
    """A field with her value. `locked`: she cannot change it now; `help` says why."""

    value: Value
    locked: bool


class CompletionOut(Schema):
    filled: int
    total: int


class ProfileOut(Schema):
    fields: list[ProfileFieldOut]
    completion: CompletionOut


class IdentifierOut(Schema):
    id: str
    kind: str
    kind_name: str
    shown: str
    verified: bool


class IdentifiersOut(Schema):
    items: list[IdentifierOut]
