"""The demo's mall and appointments: rewards from the categories that people really buy there, some of them redeemed.

The data set has no rewards and no appointments, so their notes say that they are a demo. A second call makes nothing
twice.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from regulars.flows.bookings import api as booking_flow
from regulars.flows.demo import history
from regulars.flows.demo.category_names import CATEGORIES
from regulars.flows.mall import api as mall
from regulars.kit.errors import Refusal
from regulars.kit.periods import zone
from regulars.kit.text import Text
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Scope
from regulars.platform.payments import api as payments
from regulars.value.bookings import api as bookings
from regulars.value.rewards import api as rewards
from regulars.value.rewards.types import Address

MEMBERS = 12
NOTE = "演示 / demo"
_STORE = str(history.BUSIEST_STORE)
_GOLD = {"field": "membership.tier", "op": "in", "value": ["gold", "diamond"]}
# key, category of the data set, points, cash in fen, pieces (None: unlimited), more of the definition
_REWARDS: tuple[tuple[str, str, int, int, int | None, dict[str, Any]], ...] = (
    ("soft-drink", "SOFT DRINKS", 200, 0, 500, {"limit": {"count": 4, "period": "month"}}),
    ("milk", "FLUID MILK PRODUCTS", 300, 0, 400, {"limit": {"count": 2, "period": "week"}}),
    ("bread", "BAKED BREAD/BUNS/ROLLS", 250, 0, 300, {}),
    ("cheese", "CHEESE", 500, 0, 120, {}),
    ("yogurt", "YOGURT", 150, 0, 600, {"most_per_order": 6}),
    ("pizza", "FROZEN PIZZA", 400, 590, 80, {}),
    ("beef", "BEEF", 800, 1990, 40, {"condition": _GOLD}),
    ("cereal-box", "COLD CEREAL", 600, 0, 200, {"fulfilment": "ship"}),
    ("ice-cream", "ICE CREAM/MILK/SHERBTS", 350, 0, 60, {"release": {"count": 5, "at": "10:00"}}),
    ("cookies", "COOKIES/CONES", 180, 0, 9, {}),
    ("sample-baby", "BABY FOODS", 0, 0, 50, {"kind": "sample", "limit": {"count": 1, "period": "ever"}}),
    ("film-code", "", 900, 0, None, {"kind": "virtual_code", "name": {"zh": "电影票兑换码", "en": "Film ticket code"}}),
)  # fmt: skip


def fill(scope: Scope, member_ids: Sequence[UUID], now: datetime) -> None:
    """The catalogue, redemptions of the first `MEMBERS` members given, two services with their bookings."""
    _catalogue(scope, now)
    chosen = list(member_ids[:MEMBERS])
    _redeem(scope, chosen, now)
    _services(scope, now)
    _book(scope, chosen, now)


def _catalogue(scope: Scope, now: datetime) -> None:
    try:
        payments.default_account(brand_id=scope.brand_id)
    except Refusal:
        payments.put_account(
            scope=scope,
            key="demo",
            provider="simulator",
            name=Text("演示收款（模拟）", "Demo payments (simulated)"),
            values={"outcome": "ask"},
            now=now,
        )
    known = {reward.terms.key for reward in rewards.list_rewards(scope=scope, now=now)}
    for place, (key, category, points, cash, stock, more) in enumerate(_REWARDS):
        if key in known:
            continue
        name = CATEGORIES.get(category, Text("其他", "Other"))
        definition: dict[str, Any] = {
            "key": key,
            "state": "active",
            "name": {"zh": f"{name.zh}一份（演示）", "en": f"{name.en} (demo)"},
            "kind": "goods",
            "category": _category(category),
            "category_name": name.to_json(),
            "price": {"unit": "points", "points": points, "cash": cash},
            "sort": place,
            "demo": True,
        } | more
        rewards.apply_definition(scope=scope, definition=definition, now=now)
        if stock is not None:
            rewards.set_stock(scope=scope, key=key, stock_total=stock, now=now)
        if definition["kind"] == "virtual_code":
            codes = [f"DEMO-FILM-{number:04d}" for number in range(1, 41)]
            rewards.import_codes(scope=scope, key=key, codes=codes, now=now)


def _category(raw: str) -> str:
    """`SOFT DRINKS` → `soft-drinks`."""
    return re.sub(r"[^a-z0-9]+", "-", raw.lower()).strip("-")


def _redeem(scope: Scope, members: Sequence[UUID], now: datetime) -> None:
    """A few orders in every state; whoever cannot have hers has none."""
    wanted = ("soft-drink", "milk", "yogurt", "cereal-box", "cookies", "film-code", "sample-baby")
    home = Address("Demo", "13800000000", "Demo", "1 Demo Street")
    for place, member_id in enumerate(members):
        for turn in range(3):
            number, key = place * 3 + turn, wanted[(place + turn) % len(wanted)]
            try:
                done = mall.redeem(
                    scope=scope,
                    member_id=member_id,
                    reward=key,
                    key=f"demo:{number}",
                    now=now,
                    address=home if key == "cereal-box" else None,
                    note=NOTE,
                )
                if not done.repeated:
                    _carry_on(scope, member_id, done.order.id, done.order.fulfilment, number, now)
            except Refusal:
                continue


def _carry_on(
    scope: Scope, member_id: UUID, order_id: UUID, fulfilment: str, number: int, now: datetime
) -> None:
    key = f"demo:{number}:next"
    if number % 7 == 3:
        mall.cancel(scope=scope, member_id=member_id, redemption_id=order_id, key=key, now=now, reason=NOTE)
    elif fulfilment == "ship" and number % 2:
        mall.ship(
            scope=scope, member_id=member_id, redemption_id=order_id, carrier="演示快递", tracking=f"DEMO{number:05d}",
            key=key, now=now,
        )  # fmt: skip
    elif fulfilment == "store" and number % 2:
        mall.verify(scope=scope, member_id=member_id, redemption_id=order_id, store=_STORE, key=key, now=now)


def _services(scope: Scope, now: datetime) -> None:
    weekly = [{"weekday": day, "from": "10:00", "to": "20:00"} for day in range(1, 8)]
    definitions: tuple[dict[str, Any], ...] = (
        {
            "type": "resource", "key": "demo-nutritionist", "state": "active", "kind": "adviser", "store": _STORE,
            "name": {"zh": "营养师小禾（演示）", "en": "Nutritionist He (demo)"}, "weekly": weekly,
        },
        {
            "type": "resource", "key": "demo-kitchen", "state": "active", "kind": "class", "store": _STORE,
            "capacity": 12, "name": {"zh": "共享厨房（演示）", "en": "Open kitchen (demo)"},
            "weekly": [{"weekday": day, "from": "14:00", "to": "18:00"} for day in (6, 7)],
        },
        {
            "type": "service", "key": "demo-nutrition", "state": "active", "minutes": 30, "demo": True,
            "name": {"zh": "营养咨询（演示）", "en": "Nutrition advice (demo)"}, "resources": ["demo-nutritionist"],
            "early_days": {"gold": 3, "diamond": 7}, "no_show": {"count": 2, "within_days": 90, "block_days": 14},
        },
        {
            "type": "service", "key": "demo-baking", "state": "active", "minutes": 120, "demo": True,
            "name": {"zh": "烘焙课（演示）", "en": "Baking class (demo)"}, "resources": ["demo-kitchen"],
            "price": 9900, "open_days": 21,
        },
    )  # fmt: skip
    known = {(d["type"], d["key"]) for d in bookings.export_definitions(brand_id=scope.brand_id)}
    for definition in definitions:
        if (definition["type"], definition["key"]) not in known:
            bookings.apply_definition(scope=scope, definition=definition, now=now)


def _book(scope: Scope, members: Sequence[UUID], now: datetime) -> None:
    """Two thirds of the members have a time in the coming week."""
    timezone = organisations.get_brand(brand_id=scope.brand_id).timezone
    first = now.astimezone(zone(timezone)).date() + timedelta(days=1)
    for place, member_id in enumerate(members):
        service = bookings.get_service(scope=scope, key=("demo-nutrition", "demo-baking")[place % 2])
        open_ = booking_flow.openings(scope=scope, service=service, first=first, days=7, now=now)
        free = [one.free for one in open_ if not one.why_not]
        if place % 3 == 2 or not free:
            continue
        slot = free[place * 5 % len(free)]
        try:
            booking_flow.book(
                scope=scope,
                member_id=member_id,
                service=service.terms.key,
                resource=slot.resource.terms.key,
                starts_at=slot.slot.starts_at,
                key=f"demo:{place}",
                now=now,
                note=NOTE,
                source="demo",
            )
        except Refusal:
            continue
