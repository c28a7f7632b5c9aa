"""What a till or a shop asks of the checkout, and what it is answered. Amounts in minor units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from regulars.facts.activity.types import ONE, Code, Label, MemberRef, NonNegativeMinor
from regulars.kit.text import Text
from regulars.programme.pricing.types import Priced, ReturnPlan
from regulars.value.checkouts.types import CheckoutRow

MAX_LINES = 500
Sum = Annotated[int, Meta(ge=0, le=10**12)] | Literal["max"]
Quantity = Annotated[Decimal, Meta()]


class CartLineIn(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One line of a cart at list price: `price` of one piece, or `amount` of the whole line (goods by weight)."""

    sku: Code
    quantity: Quantity = ONE
    price: NonNegativeMinor | UnsetType = UNSET
    amount: NonNegativeMinor | UnsetType = UNSET
    name: Label = ""
    category: Label = ""
    department: Label = ""
    brand: Label = ""
    tags: Annotated[tuple[Code, ...], Meta(max_length=50)] = ()


class CartIn(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is to be bought. `currency` must be the programme's where it is given."""

    lines: Annotated[tuple[CartLineIn, ...], Meta(min_length=1, max_length=MAX_LINES)]
    shipping: NonNegativeMinor = 0
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")] | UnsetType = UNSET
    store: Code | None = None
    channel: Code | None = None
    source: Code = "till"


class WishIn(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What the member wants to use: coupons (the best combination, or these), codes presented, points (units), stored
    value and gift cards (minor units), or all she may; `without` names offers she declines.
    """

    coupons: Literal["best"] | Annotated[tuple[UUID, ...], Meta(max_length=50)] = "best"
    codes: Annotated[tuple[Code, ...], Meta(max_length=20)] = ()
    points: Sum = 0
    stored: Sum = 0
    gift: Sum = 0
    without: Annotated[tuple[Label, ...], Meta(max_length=100)] = ()


class QuoteIn(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Ask for a price. Without a member only what is open to everybody applies, and it cannot be committed."""

    cart: CartIn
    member: MemberRef | None = None
    wish: WishIn = WishIn()


class ReturnLineIn(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Part of one line comes back: its place in the cart from 1; without `quantity` all that is left of it."""

    line: Annotated[int, Meta(ge=1, le=MAX_LINES)]
    quantity: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """A price, with what the order would earn. `token` commits it until `expires_at`; None for a guest."""

    member_id: UUID | None
    priced: Priced
    quoted_at: datetime
    expires_at: datetime
    token: str | None
    earns: Mapping[str, int] = field(default_factory=dict)
    names: Mapping[str, Text] = field(default_factory=dict)  # of the units spoken of
    balances: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Committed:
    """A committed checkout. `repeated`: it was committed before by the same request, nothing was done again."""

    row: CheckoutRow
    priced: Priced
    earned: Mapping[str, int]
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Returned:
    """What a return, a cancelling or a reopening gave back."""

    row: CheckoutRow
    id: UUID
    kind: str
    plan: ReturnPlan
    earned: Mapping[str, int]  # what was earned is taken back: negative
    repeated: bool = False
