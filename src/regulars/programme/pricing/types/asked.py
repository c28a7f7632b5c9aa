"""What a price is asked for: the cart, the wallet, the wishes, and what is known of the member."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

import msgspec
from msgspec import Struct

from regulars.programme.pricing.types.offers import Offer

SHIPPING = "shipping"  # the name under which shipping stands among the lines
MAX_LINES, MAX_WALLET = 500, 500


class CartLine(Struct, frozen=True):
    """`amount` is the whole line's at list price. `facts` holds what else conditions may ask (custom line fields)."""

    line: str
    sku: str
    quantity: Decimal
    amount: int
    name: str = ""
    category: str | None = None
    department: str | None = None
    brand: str | None = None
    tags: tuple[str, ...] = ()
    facts: Mapping[str, Any] = msgspec.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cart:
    """`at` is aware. `store` is the store's code. `lines` have different names (`line`)."""

    currency: str
    lines: tuple[CartLine, ...]
    at: datetime
    shipping: int = 0
    store: str = ""
    channel: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class WalletCoupon:
    """One issued coupon that could be used. `expires_at` is the first instant at which it no longer can."""

    id: UUID
    offer: Offer
    expires_at: datetime | None = None
    code: str = ""
    usable_from: datetime | None = None

    @property
    def ref(self) -> str:
        return f"coupon:{self.id}"


@dataclass(frozen=True, slots=True)
class Wish:
    """What the member wants to use. `coupons` "best", or the ids chosen (no others are used). The wallet's coupons of
    the presented `codes` are used first wherever they have an effect; "best" then fills up. Points are units; stored
    value and gift cards are minor units; `without` names offers (`promotion:…`, `benefit:…`) she declines.
    """

    coupons: tuple[UUID, ...] | Literal["best"] = "best"
    codes: tuple[str, ...] = ()
    points: int | Literal["max"] = 0
    stored: int | Literal["max"] = 0
    gift: int | Literal["max"] = 0
    without: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Given:
    """What the world knows when the price is made.

    `facts`: member.*, membership.*, history.*, store.* by field key, `streak` and `window` among them, as
    `rules.api.offer_facts` reads them. `balances`: available by unit. `tiers`: the member's tier by scheme.
    `quotas`: uses left by benefit key (no entry: unlimited); an entry above 0 lets her use a benefit that her tier does
    not give. `budgets`: minor units left by budget key (no entry: unlimited); an offer that would take more than is
    left is refused. `excluded`: reason code by ref, for what others already know cannot be used (a frozen member).
    """

    facts: Mapping[str, Any] = field(default_factory=dict)
    balances: Mapping[str, int] = field(default_factory=dict)
    tiers: Mapping[str, str] = field(default_factory=dict)
    quotas: Mapping[str, int] = field(default_factory=dict)
    budgets: Mapping[str, int] = field(default_factory=dict)
    first_order: bool = False
    excluded: Mapping[str, str] = field(default_factory=dict)
