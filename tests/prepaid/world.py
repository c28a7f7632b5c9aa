"""A shop that sells stored value: the retail programme's units, short words for selling and asking."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from tests.intake.world import START, World, points, programme, rule, world

from regulars.flows.prepaid import api as flows
from regulars.kit.errors import Refusal
from regulars.value.ledger import api as ledger
from regulars.value.prepaid import api as prepaid

SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(text: str) -> datetime:
    """`2024-03-01 12:00` in Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def name(text: str) -> dict[str, str]:
    return {"zh": text, "en": text}


UNITS = [
    {"code": "points", "name": name("points"), "kind": "points",
     "expiry": {"kind": "rolling_months", "n": 12, "round_up": "month"}},
    {"code": "growth", "name": name("growth"), "kind": "growth", "claw_back": "balance", "can_burn": False},
    {"code": "principal", "name": name("principal"), "kind": "stored_principal", "claw_back": "balance"},
    {"code": "bonus", "name": name("bonus"), "kind": "stored_bonus", "claw_back": "balance"},
    {"code": "sessions", "name": name("sessions"), "kind": "sessions", "claw_back": "balance"},
    {"code": "gift", "name": name("gift"), "kind": "gift", "claw_back": "balance"},
    {"code": "stamps", "name": name("stamps"), "kind": "stamps", "claw_back": "balance"},
]  # fmt: skip
STAMP = rule("stamp", points("fixed", unit="stamps", amount=1), trigger="checkin")
PROGRAMME = programme([rule("base", points()), STAMP], units=UNITS)

LADDER = {
    "name": name("spring"),
    "rungs": [
        {"pay": 10_000},
        {"pay": 50_000, "bonus": 5_000, "grants": [{"unit": "points", "amount": 100, "days": 30}]},
        {"pay": 100_000, "bonus": 15_001},
    ],
    "bonus_days": 90,
}
MASSAGE = {
    "name": name("massage"),
    "sessions": 10,
    "price": 99_900,
    "days": 365,
    "services": ["massage"],
    "stores": ["S1"],
    "transferable": True,
    "freeze_days": 30,
    "undo_minutes": 30,
}


@dataclass
class Shop(World):
    _keys: Any = field(default_factory=itertools.count)

    def key(self) -> str:
        return f"k{next(self._keys)}"

    def define(self, kind: str, key: str, definition: dict[str, Any], state: str = "active") -> None:
        prepaid.put_definition(
            scope=self.scope, kind=kind, key=key, state=state, definition=definition, now=START
        )

    def settings(self, **given: Any) -> None:
        self.define("settings", "settings", given)

    def top_up(self, member: UUID, amount: int, now: datetime, **given: Any) -> Any:
        return flows.top_up(
            scope=self.scope, member_id=member, ladder=given.pop("ladder", "spring"), amount=amount,
            method=given.pop("method", "card"), key=given.pop("key", None) or self.key(), now=now, **given,
        )  # fmt: skip

    def refund(self, top_up: Any, now: datetime, amount: int | None = None, **given: Any) -> Any:
        return flows.refund_top_up(
            scope=self.scope, member_id=top_up.member_id, top_up_id=top_up.id, amount=amount,
            key=given.pop("key", None) or self.key(), now=now, **given,
        )  # fmt: skip

    def buy(self, member: UUID, now: datetime, package: str = "massage", **given: Any) -> Any:
        return flows.buy_package(
            scope=self.scope, member_id=member, package=package, method=given.pop("method", "card"),
            key=given.pop("key", None) or self.key(), now=now, **given,
        )  # fmt: skip

    def use(self, package: Any, now: datetime, sessions: int = 1, **given: Any) -> Any:
        words = {"service": "massage", "store_code": "S1"} | given
        return flows.use_package(
            scope=self.scope, member_id=package.member_id, package_id=package.id, sessions=sessions,
            key=words.pop("key", None) or self.key(), now=now, **words,
        )  # fmt: skip

    def package(self, package: Any) -> Any:
        return prepaid.get_package(
            brand_id=self.scope.brand_id, member_id=package.member_id, package_id=package.id
        )

    def left(self, package: Any) -> int:
        row = self.package(package)
        lots = ledger.get_lots(brand_id=self.scope.brand_id, member_id=row.member_id, ids=[row.lot_id])
        return lots[row.lot_id].remaining

    def has(self, member: UUID, unit: str) -> int:
        return self.balance(member, unit)[0]

    def clean(self) -> None:
        super().clean()
        gifts = ledger.contra_total(brand_id=self.scope.brand_id, unit="gift", contra="claimed")
        assert prepaid.claimed_total(brand_id=self.scope.brand_id) == gifts


def open_shop() -> Shop:
    made = world(PROGRAMME)
    shop = Shop(made.scope)
    shop.define("ladder", "spring", LADDER)
    shop.define("package", "massage", MASSAGE)
    return shop


def refused(call: Any, *given: Any, **named: Any) -> Refusal:
    """The refusal that a call ends with."""
    try:
        call(*given, **named)
    except Refusal as refusal:
        return refusal
    raise AssertionError("it was not refused")
