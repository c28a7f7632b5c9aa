"""The shop of the till's tests and short words for what is done in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID

from tests.rest.conftest import Clock
from tests.rest.shop import Caller, new_brand

from regulars.flows import value
from regulars.kit import clock
from regulars.platform.organisations.types import Scope
from regulars.programme.packs import api as packs
from regulars.programme.versions import api as versions
from regulars.surfaces import rates
from regulars.value.ledger import api as ledger

# ¥1 earns 1 point and 1 growth. 100 points are 1 yuan, in hundreds, at most half of the order; bonus before
# principal. Two promotions.
SELLING: dict[str, Any] = {
    "promotions": [
        {
            "key": "spend-200",
            "name": {"zh": "满200减20", "en": "20 off 200"},
            "kind": "threshold",
            "steps": [{"at_least": 20000, "off": 2000}],
        },
        {
            "key": "tea-90",
            "name": {"zh": "茶叶九折", "en": "10 % off tea"},
            "kind": "percent",
            "factor": "0.9",
            "lines": {"field": "line.category", "op": "eq", "value": "tea"},
            "priority": 10,
        },
    ],
    "checkout": {
        "points": {"unit": "points", "points": 100, "minor": 100, "step": 100, "share": "0.5"},
        "stored": {"principal": "principal", "bonus": "bonus", "order": "bonus_first"},
        "gift": {"unit": "gift"},
    },
}


@dataclass
class Till:
    """`call` may do everything by REST; `member` is a member's id."""

    scope: Scope
    call: Caller
    foreign: Caller
    clock: Clock
    member: str
    _numbers: Any = field(default_factory=lambda: count(1))

    def key(self) -> str:
        return f"k{next(self._numbers)}"

    def give(self, unit: str, amount: int, member: str | None = None) -> None:
        """Value out of nowhere, by hand."""
        value.adjust(
            scope=self.scope,
            member_id=UUID(member or self.member),
            unit=unit,
            amount=amount,
            reason="goodwill",
            comment="test",
            key=self.key(),
            now=clock.now(),
        )

    def coupon(self, key: str, offer: dict[str, Any], member: str | None = None, **more: Any) -> str:
        """A coupon definition of that offer, and one coupon of it in the member's wallet."""
        from regulars.flows.coupons import api as coupons

        given = {
            "key": key,
            "name": {"zh": key, "en": key},
            "state": "active",
            "offer": offer,
            "validity": {"kind": "after_claim", "days": 30},
            **more,
        }
        coupons.put_definition(scope=self.scope, definition=given, now=clock.now())
        issued = coupons.issue_now(
            scope=self.scope,
            definition=key,
            member_ids=[UUID(member or self.member)],
            key=self.key(),
            now=clock.now(),
        )
        return str(issued[0].coupon_id)

    def quote(self, *lines: dict[str, Any], member: str | None = "", shipping: int = 0, **wish: Any) -> Any:
        asked: dict[str, Any] = {"cart": {"lines": list(lines), "store": "S1", "shipping": shipping}}
        if member is not None:
            asked["member"] = {"id": member or self.member}
        if wish:
            asked["wish"] = wish
        return self.call.post("/quotes", asked)

    def commit(self, quote: Any, number: str | None = None, key: str | None = None) -> Any:
        number = number or f"N{next(self._numbers)}"
        return self.call.post(
            "/checkouts",
            {"token": quote["token"], "number": number},
            Idempotency_Key=key or self.key(),
        )

    def back(self, checkout: Any, *lines: tuple[int, Any], number: str | None = None) -> Any:
        body: dict[str, Any] = {"number": number or f"R{next(self._numbers)}"}
        if lines:
            body["lines"] = [{"line": line, "quantity": quantity} for line, quantity in lines]
        return self.call.post(f"/checkouts/{checkout['id']}/returns", body, Idempotency_Key=self.key())

    def undo(self, checkout: Any, how: str = "cancel") -> Any:
        return self.call.post(f"/checkouts/{checkout['id']}/{how}", {}, Idempotency_Key=self.key())

    def balances(self, member: str | None = None) -> dict[str, int]:
        """What is available, by unit; nothing is left out but zeros."""
        found = self.call.get(f"/members/{member or self.member}/balances")["items"]
        return {one["unit"]: one["available"] for one in found if one["available"]}

    def is_sound(self) -> None:
        assert ledger.reconcile_books(brand_id=self.scope.brand_id) == []


def line(sku: str, price: int, quantity: Any = 1, category: str = "", **more: Any) -> dict[str, Any]:
    return {"sku": sku, "price": price, "quantity": quantity, "category": category, **more}


def open_till(noon: Clock, **more: Any) -> Till:
    rates.forget()
    now = clock.now()
    scope, call = new_brand("till", now)
    _, foreign = new_brand("other", now)
    pack = packs.get_pack("retail")
    base = [rule for rule in pack["rules"] if rule["key"] in ("base-points", "base-growth")]
    definition = {**pack, "rules": base, **SELLING, **more}
    versions.install(scope=scope, definition=definition, effective_from=now - timedelta(days=400), now=now)
    member: str = call.post("/members", {"identities": [{"type": "phone", "value": "13800138000"}]})[
        "member_id"
    ]
    return Till(scope, call, foreign, noon, member)
