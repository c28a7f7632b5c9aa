"""A shop on the public API with a clock that stands still until a story moves it.

One point and one growth a yuan, floored once an order; points end with the 12th month after earning. Orders by app earn
20 more points once they are delivered. Silver from 1 000 yuan and gold from 5 000 yuan within 12 months, kept by the
same again, one step down otherwise after 30 days of grace.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from tests.rest.shop import Answer, Caller

from regulars.flows import due
from regulars.kit import clock
from regulars.kit.ids import new_id
from regulars.kit.text import Text
from regulars.platform.apikeys import api as apikeys
from regulars.platform.apikeys.types import NOT_FOR_KEYS
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Actor, NewStore, Scope
from regulars.platform.staff.types import PERMISSIONS
from regulars.programme.versions import api as versions
from regulars.value.ledger import api as ledger

SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(text: str) -> datetime:
    """`2025-03-01 12:00` in Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def name(text: str) -> dict[str, str]:
    return {"zh": text, "en": text}


PER_YUAN = {"mode": "per_amount", "amount": 1, "per": 100}


def points(unit: str = "points", **given: Any) -> dict[str, Any]:
    return {"type": "points", "unit": unit} | (given or PER_YUAN)


PROGRAMME: dict[str, Any] = {
    "format": 1,
    "name": name("stories"),
    "units": [
        {
            "code": "points",
            "name": name("points"),
            "kind": "points",
            "expiry": {"kind": "rolling_months", "n": 12, "round_up": "month"},
        },
        {
            "code": "growth",
            "name": name("growth"),
            "kind": "growth",
            "claw_back": "balance",
            "can_burn": False,
        },
    ],
    "schemes": [
        {
            "key": "level",
            "name": name("level"),
            "tiers": [
                {"code": "normal", "name": name("Normal")},
                {"code": "silver", "name": name("Silver"), "qualify": [{"metric": "spend", "at_least": 100_000}]},
                {"code": "gold", "name": name("Gold"), "qualify": [{"metric": "spend", "at_least": 500_000}]},
            ],
            "validity_months": 12,
            "anchor": "tier_start",
            "on_end": "one_step",
            "grace_days": 30,
        }
    ],
    "rules": [
        {"key": "base", "name": name("base"), "trigger": "order", "effects": [points()]},
        {"key": "growth", "name": name("growth"), "trigger": "order", "effects": [points("growth", **PER_YUAN)]},
        {
            "key": "app",
            "name": name("app"),
            "trigger": "order",
            "condition": {"field": "activity.channel", "op": "in", "value": ["app"]},
            "effects": [points(mode="fixed", amount=20, pending={"until": "delivered"})],
        },
    ],
    "benefits": [],
}  # fmt: skip


@dataclass
class Story:
    """What tills and integrators do, by API key; `say` moves the clock."""

    scope: Scope
    call: Caller
    _set: Callable[[datetime], None]
    _keys: Any = field(default_factory=itertools.count)

    def say(self, text: str) -> datetime:
        """It is now so late."""
        instant = at(text)
        self._set(instant)
        return instant

    # What people do.

    def enrol(self, phone: str, **more: Any) -> str:
        given = {"identities": [{"type": "phone", "value": phone}], **more}
        member: str = self.call.post("/members", given)["member_id"]
        return member

    def activity(
        self, type_: str, member: str, when: str | datetime | None = None, **more: Any
    ) -> dict[str, Any]:
        moment = clock.now() if when is None else at(when) if isinstance(when, str) else when
        return {
            "type": type_,
            "member": {"id": member},
            "occurred_at": moment.isoformat(),
            "source": "pos",
            **more,
        }

    def order(
        self, member: str, number: str, *amounts: int, when: str | None = None, **more: Any
    ) -> dict[str, Any]:
        """An order whose lines cost so much (fen); post it with `post`."""
        lines = more.pop("lines", None) or [{"sku": f"S{i}", "amount": a} for i, a in enumerate(amounts)]
        inside = {k: more.pop(k) for k in ("currency", "delivered") if k in more}
        return self.activity(
            "order", member, when, order={"number": number, "lines": lines, **inside}, **more
        )

    def refund(
        self,
        member: str,
        number: str,
        of: str,
        lines: list[dict[str, Any]] | None = None,
        when: str | None = None,
    ) -> dict[str, Any]:
        given: dict[str, Any] = {"number": number, "order": of}
        if lines is not None:
            given["lines"] = lines
        return self.activity("refund", member, when, refund=given)

    def post(self, activity: dict[str, Any], **headers: str) -> Any:
        return self.call.post("/activities", activity, **headers)

    def refused(self, activity: dict[str, Any], **headers: str) -> dict[str, Any]:
        return self.call.refused("POST", "/activities", activity, **headers)

    def batch(self, *activities: dict[str, Any]) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.call.post("/activities/batch", {"activities": list(activities)})[
            "items"
        ]
        return items

    def key(self) -> str:
        return f"key-{next(self._keys)}"

    def burn(self, member: str, amount: int, **more: Any) -> Any:
        body = {"unit": "points", "amount": amount, "source": "pos", **more}
        return self.call.post(f"/members/{member}/burns", body, Idempotency_Key=self.key())

    def try_burn(self, member: str, amount: int) -> Answer:
        body = {"unit": "points", "amount": amount}
        return self.call("POST", f"/members/{member}/burns", body, Idempotency_Key=self.key())

    # What they then see.

    def balance(
        self, member: str, unit: str = "points", as_of: str | None = None
    ) -> tuple[int, int, int, int]:
        """(available, pending, held, debt)"""
        asked = "" if as_of is None else f"?as_of={at(as_of).isoformat().replace('+', '%2B')}"
        items = self.call.get(f"/members/{member}/balances{asked}")["items"]
        one = next(item for item in items if item["unit"] == unit)
        return one["available"], one["pending"], one["held"], one["debt"]

    def tier(self, member: str, as_of: str | None = None) -> str:
        if as_of is None:
            found: str = self.call.get(f"/members/{member}/tiers")["items"][0]["tier"]
            return found
        asked = at(as_of).isoformat().replace("+", "%2B")
        found = self.call.get(f"/members/{member}/tiers/as-of?at={asked}")["items"][0]["tier"]
        return found

    def moves(self, member: str) -> list[tuple[str, str, str]]:
        """(day in Shanghai, tier, reason), oldest first."""
        items = self.call.get(f"/members/{member}/tiers/history")["items"]
        days = [
            datetime.fromisoformat(i["occurred_at"]).astimezone(SHANGHAI).date().isoformat() for i in items
        ]
        return [(day, i["tier"], i["reason"]) for day, i in zip(days, items, strict=True)][::-1]

    def expiries(self, member: str) -> list[tuple[str, int]]:
        """(last good day, points)"""
        items = self.call.get(f"/members/{member}/expiries?unit=points")["items"]
        return [(item["last_day"], item["amount"]) for item in items]

    def lots(self, member: str, unit: str = "points") -> list[tuple[int, int]]:
        """(amount, remaining) of open lots, soonest-expiring first"""
        items = self.call.get(f"/members/{member}/lots?unit={unit}")["items"]
        return [(item["amount"], item["remaining"]) for item in items]

    def work(self) -> None:
        """What the worker does about value, tiers and holds that are due by now."""
        now = clock.now()
        due.release_holds(now)
        while due.settle(now):
            pass

    def nothing_changed_since(self, member: str) -> Callable[[], None]:
        """Call what this gives later: it asserts that nothing of hers differs from now."""
        paths = ("balances", "lots?closed=true", "entries", "activities", "tiers/history")
        before = [self.call.get(f"/members/{member}/{path}") for path in paths]

        def check() -> None:
            assert [self.call.get(f"/members/{member}/{path}") for path in paths] == before

        return check

    def books_balance(self) -> None:
        assert ledger.reconcile_books() == []


def staff(scope: Scope, label: str) -> Scope:
    """Somebody else of the same brand, with every permission."""
    return Scope(
        scope.organisation_id, scope.brand_id, Actor("staff", new_id(), label), frozenset(PERMISSIONS)
    )


def open_story(set_clock: Callable[[datetime], None], definition: dict[str, Any], start: str) -> Story:
    now = at(start)
    set_clock(now)
    organisation = organisations.create_organisation(name=Text("茶", "Tea"), now=now)
    brand = organisations.create_brand(
        organisation_id=organisation.id, slug="tea", name=Text("茶", "Tea"), now=now
    )
    assert (brand.currency, brand.timezone) == ("CNY", "Asia/Shanghai")
    organisations.put_stores(brand_id=brand.id, stores=[NewStore("S1", Text("一店", "First"))], now=now)
    scope = Scope(organisation.id, brand.id, Actor("staff", new_id(), "Owner"), frozenset(PERMISSIONS))
    versions.install(scope=scope, definition=definition, effective_from=now, now=now)
    made = apikeys.create_key(
        scope=scope, name="till", permissions=frozenset(PERMISSIONS) - NOT_FOR_KEYS, now=now
    )
    return Story(scope, Caller(made.token), set_clock)


def uuid(text: str) -> UUID:
    return UUID(text)
