"""What members do, as it comes in and as it is kept.

The wire shapes are msgspec structs: parsing is strict (unknown fields, wrong types and bad lengths are refused with
their path) and fast enough for imports.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

ONE = Decimal(1)
Code = Annotated[str, Meta(min_length=1, max_length=64)]
Label = Annotated[str, Meta(max_length=200)]
Minor = Annotated[int, Meta(ge=-(10**13), le=10**13)]
NonNegativeMinor = Annotated[int, Meta(ge=0, le=10**13)]


class IdentityRef(Struct, frozen=True, forbid_unknown_fields=True):
    """A member by one of her identifiers, e.g. `{"type": "phone", "value": "+8613800000000"}`."""

    type: Code
    value: Annotated[str, Meta(min_length=1, max_length=256)]


class MemberRef(Struct, frozen=True, forbid_unknown_fields=True):
    """A member by exactly one of `id`, `code` (the member code people see) or `identity`."""

    id: UUID | None = None
    code: Code | None = None
    identity: IdentityRef | None = None


class LineIn(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One line of an order. `amount` is what is paid for the whole line after discounts, in minor units."""

    sku: Code
    amount: NonNegativeMinor
    quantity: Decimal = ONE
    name: Label = ""
    category: Label = ""
    department: Label = ""
    brand: Label = ""
    discount: NonNegativeMinor = 0
    tags: tuple[Code, ...] = ()


class CashbackIn(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Value that an offer of the checkout gives for an order: `shares[i]` stands for line i and goes back with it."""

    ref: Label
    unit: Code
    shares: tuple[int, ...]


class OrderIn(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A paid order. `number` is unique per source. The order's amount is the sum of its lines.

    Only the checkout gives `cashback`.
    """

    number: Code
    lines: Annotated[tuple[LineIn, ...], Meta(min_length=1, max_length=1000)]
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")] | UnsetType = UNSET
    coupon_discount: NonNegativeMinor = 0
    shipping: NonNegativeMinor = 0
    delivered: bool = False
    cashback: tuple[CashbackIn, ...] = ()


class RefundLineIn(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Part of one line goes back: `line` is its place in the order from 1; without `quantity` all that is left."""

    line: Annotated[int, Meta(ge=1, le=1000)]
    quantity: Decimal | None = None


class RefundIn(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A refund of an order, whole (no `lines`) or by line and quantity. `number` is unique per source."""

    number: Code
    order: Code
    lines: Annotated[tuple[RefundLineIn, ...], Meta(min_length=1, max_length=1000)] | None = None
    reason: Label = ""


class BurnIn(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Points spent. `order` names the order they pay for, so that its refund gives them back.

    Only flows say from which `lots` (None: soonest-expiring first), and to which account of the programme.
    """

    unit: Code
    amount: Annotated[int, Meta(gt=0, le=10**12)]
    order: Code | None = None
    reason: Label = ""
    lots: tuple[UUID, ...] | None = None
    contra: Literal["redeemed", "paid", "issued", "transferred"] = "redeemed"


class ActivityIn(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One act of a member as posted. Exactly the part that its type needs is present:

    `order` for type order; `refund` for refund; `delivery` (order number) for order_delivered; `burn` for burn;
    `data` (declared fields) for check-ins and custom types. `key` is the idempotency key; orders and refunds may
    leave it out, their numbers serve. `device`: the till or phone it comes from, for rules against abuse.
    """

    type: Code
    member: MemberRef
    occurred_at: datetime
    source: Code = "api"
    store: Code | None = None
    channel: Code | None = None
    key: Annotated[str, Meta(min_length=1, max_length=128)] | None = None
    order: OrderIn | None = None
    refund: RefundIn | None = None
    delivery: Code | None = None
    burn: BurnIn | None = None
    data: dict[str, Any] | None = None
    device: Code | None = None


ActivityStatus = Literal["applied", "waiting", "refused"]


class RuleOutcome(Struct, frozen=True, omit_defaults=True):
    """What one rule did with an activity. `effects` is empty when it did not fire; then `reason` says why.

    `reason` is a code (`wrong_day`, `not_started`, `ended`, `cap_reached`, `stacking`, `condition`, `no_amount` …)
    and `detail` the plain values that its sentence needs.
    """

    rule: str
    effects: tuple[dict[str, Any], ...] = ()
    reason: str = ""
    detail: dict[str, Any] = {}


class Receipt(Struct, frozen=True, omit_defaults=True):
    """The answer to an activity: what it earned, by which rule of which programme version, and why others did not."""

    activity_id: UUID
    member_id: UUID
    status: ActivityStatus
    version: int
    earned: dict[str, int] = {}  # unit → net change of available + pending − debt
    outcomes: tuple[RuleOutcome, ...] = ()
    balances: dict[str, dict[str, int]] = {}  # unit → {available, pending, held, debt} after this activity
    tier: dict[str, str] = {}  # scheme → tier after this activity
    notes: tuple[dict[str, Any], ...] = ()  # clawed back, debt settled, waiting for its order, late repair …
    duplicate: bool = False
