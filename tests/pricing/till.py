"""A small programme to price with, and carts in a few words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from regulars.kit.text import Text
from regulars.programme.pricing.api import price
from regulars.programme.pricing.types import Cart, CartLine, Given, Priced, WalletCoupon, Wish
from regulars.programme.rules.api import parse, read_offer
from regulars.programme.rules.types import Programme

AT = datetime(2026, 3, 11, 4, tzinfo=UTC)  # a Wednesday, noon in Shanghai; no member day
MEMBER_DAY = datetime(2026, 3, 8, 4, tzinfo=UTC)  # the 8th, a Sunday
POINTS = {"points": {"unit": "points", "points": 100, "minor": 100}}
STORED = {"stored": {"principal": "principal", "bonus": "bonus"}}
GIFT = {"gift": {"unit": "gift"}}


def of(category: str) -> dict[str, Any]:
    return {"field": "line.category", "op": "eq", "value": category}


def tier(*tiers: str) -> dict[str, Any]:
    return {"field": "membership.tier", "op": "in", "value": list(tiers)}


def programme(
    promotions: Mapping[str, Mapping[str, Any]] | None = None,
    checkout: Mapping[str, Any] | None = None,
    benefits: Sequence[Mapping[str, Any]] = (),
) -> Programme:
    """`promotions` by key."""
    name = {"zh": "名", "en": "name"}
    units = ("points", "principal", "bonus", "gift")
    return parse(
        {
            "units": [{"code": unit, "name": name} for unit in units],
            "member_days": {"days_of_month": [8]},
            "schemes": [
                {
                    "key": "level",
                    "name": name,
                    "tiers": [
                        {"code": "normal", "name": name},
                        {
                            "code": "gold",
                            "name": name,
                            "qualify": [{"metric": "orders", "at_least": 3}],
                        },
                    ],
                }
            ],
            "rules": [],
            "benefits": [{"name": name, "scheme": "level", "tiers": ["gold"], **b} for b in benefits],
            "promotions": [{"key": key, "name": key, **p} for key, p in (promotions or {}).items()],
            **({"checkout": checkout} if checkout else {}),
        },
        brand_id=UUID(int=1),
        version=1,
        timezone="Asia/Shanghai",
        currency="CNY",
        effective_from=datetime(2026, 1, 1, tzinfo=UTC),
    )


Line = tuple[str, int | str, int]  # category, quantity, list price of the line


def cart(lines: Sequence[Line], *, shipping: int = 0, at: datetime = AT, **more: Any) -> Cart:
    return Cart(
        "CNY",
        tuple(
            CartLine(str(n), f"{category}-{n}", Decimal(quantity), amount, category=category)
            for n, (category, quantity, amount) in enumerate(lines, 1)
        ),
        at,
        shipping=shipping,
        **more,
    )


def wallet(live: Programme, coupons: Mapping[str, Mapping[str, Any]]) -> list[WalletCoupon]:
    """By name: `c`, or `c#2` for a second coupon of `c`. They expire in `days`, ten days from now by default."""
    held = []
    for n, (name, offer) in enumerate(coupons.items(), 1):
        plain = {key: value for key, value in offer.items() if key not in ("days", "code")}
        key = name.partition("#")[0]
        held.append(
            WalletCoupon(
                id=UUID(int=n),
                offer=read_offer(live, plain, key=key, name=Text(name, name)),
                expires_at=AT + timedelta(days=offer.get("days", 10)),
                code=offer.get("code", ""),
            )
        )
    return held


@dataclass(frozen=True)
class Sale:
    """A cart and all around it. `use` names the coupons chosen; None: the best."""

    lines: Sequence[Line]
    promotions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    coupons: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    benefits: Sequence[Mapping[str, Any]] = ()
    checkout: Mapping[str, Any] = field(default_factory=dict)
    tier: str = "normal"
    shipping: int = 0
    at: datetime = AT
    use: Sequence[str] | None = None
    wish: Mapping[str, Any] = field(default_factory=dict)
    balances: Mapping[str, int] = field(default_factory=dict)
    given: Mapping[str, Any] = field(default_factory=dict)
    nodes: int = 2000

    def price(self) -> Priced:
        live = programme(self.promotions, self.checkout, self.benefits)
        held = wallet(live, self.coupons)
        chosen: Any = "best"
        if self.use is not None:
            ids = dict(zip(self.coupons, (c.id for c in held), strict=True))
            chosen = tuple(ids[name] for name in self.use)
        return price(
            live.shelf,
            cart(self.lines, shipping=self.shipping, at=self.at),
            held,
            Wish(coupons=chosen, **self.wish),
            Given(
                facts={"membership.tier": self.tier},
                balances=self.balances,
                tiers={"level": self.tier},
                **self.given,
            ),
            nodes=self.nodes,
        )

    def name_of(self, ref: str) -> str:
        """`coupon:<id>` by the coupon's name, others by their key."""
        kind, _, rest = ref.partition(":")
        return list(self.coupons)[UUID(rest).int - 1] if kind == "coupon" else rest or ref


def check_sums(priced: Priced) -> None:
    """Every line's parts add up to its list price, none is negative, and lines add up to the whole."""
    every = [*priced.lines, priced.shipping]
    for line in every:
        parts = [
            *(amount for _, amount in line.discounts),
            line.points_money,
            line.principal,
            line.bonus,
            line.gift,
            line.payable,
        ]
        assert min(parts) >= 0
        assert sum(parts) == line.list
        assert min(line.points, line.earns_on, *(a for _, a in line.cashback), 0) == 0
    assert sum(line.list for line in every) == priced.list
    assert sum(line.net for line in every) == priced.price == priced.list - priced.discount
    assert sum(line.payable for line in every) == priced.payable
    assert sum(line.points for line in every) == priced.points
    assert sum(line.points_money for line in every) == priced.points_money
    assert sum(line.principal + line.bonus + line.gift for line in every) == sum(priced.stored.values())
    for applied in priced.applied:
        of_lines = sum(a for line in every for ref, a in line.discounts if ref == applied.ref)
        assert of_lines == applied.amount
        back = sum(a for line in every for ref, a in line.cashback if ref == applied.ref)
        assert back == applied.cashback
