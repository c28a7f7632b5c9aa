"""A brand with a small programme, and short words for posting to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from regulars.facts.activity.types import (
    ActivityIn,
    BurnIn,
    LineIn,
    MemberRef,
    OrderIn,
    Receipt,
    RefundIn,
    RefundLineIn,
)
from regulars.facts.members.types import Enrolment, IdentityIn
from regulars.flows import enrol
from regulars.flows.intake import api as intake
from regulars.kit.errors import Refusal
from regulars.kit.text import Text
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Actor, NewStore, Scope
from regulars.platform.staff.types import PERMISSIONS
from regulars.programme.versions import api as versions
from regulars.value.ledger import api as ledger

START = datetime(2024, 1, 1, tzinfo=UTC)


def points(mode: str = "per_amount", unit: str = "points", **given: Any) -> dict[str, Any]:
    base = {"type": "points", "unit": unit, "mode": mode}
    if mode == "per_amount":
        base |= {"amount": 1, "per": 100}
    return base | given


def rule(key: str, *effects: dict[str, Any], trigger: str = "order", **given: Any) -> dict[str, Any]:
    return {"key": key, "name": {"zh": key, "en": key}, "trigger": trigger, "effects": list(effects)} | given


def name(text: str) -> dict[str, str]:
    return {"zh": text, "en": text}


SCHEME = {
    "key": "main",
    "name": name("main"),
    "tiers": [
        {"code": "normal", "name": name("normal")},
        {"code": "silver", "name": name("silver"), "qualify": [{"metric": "spend", "at_least": 100_000}]},
        {"code": "gold", "name": name("gold"), "qualify": [{"metric": "spend", "at_least": 500_000}]},
    ],
    "validity_months": 12,
    "on_end": "one_step",
    "grace_days": 30,
}


def programme(rules: Sequence[dict[str, Any]], **given: Any) -> dict[str, Any]:
    """Points expire at the end of the 12th month; growth never does."""
    return {
        "format": 1,
        "name": name("test"),
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
        "schemes": [SCHEME],
        "rules": list(rules),
        "benefits": [],
    } | given


@dataclass
class World:
    scope: Scope

    def member(self, phone: str, now: datetime = START) -> UUID:
        answer = enrol.enrol(
            scope=self.scope,
            rows=[Enrolment(identities=(IdentityIn("phone", phone),), joined_at=now)],
            now=now,
        )[0]
        assert not isinstance(answer, Refusal), answer
        return answer.enrolled.member_id

    def post(self, *activities: ActivityIn, now: datetime) -> list[Receipt | Refusal]:
        return intake.post(scope=self.scope, activities=list(activities), now=now)

    def one(self, activity: ActivityIn, now: datetime | None = None) -> Receipt:
        answer = self.post(activity, now=now or activity.occurred_at)[0]
        if isinstance(answer, Refusal):
            raise answer
        return answer

    def balance(self, member: UUID, unit: str = "points") -> tuple[int, int, int, int]:
        accounts = ledger.get_balances(brand_id=self.scope.brand_id, member_ids=[member])[member]
        account = accounts.get(unit)
        return (account.available, account.pending, account.held, account.debt) if account else (0, 0, 0, 0)

    def clean(self) -> None:
        assert ledger.reconcile_books() == []


def world(definition: dict[str, Any], slug: str = "test") -> World:
    owner = Actor("staff", None, "owner")
    organisation = organisations.create_organisation(name=Text("测试", "Test"), now=START)
    brand = organisations.create_brand(
        organisation_id=organisation.id, slug=slug, name=Text("测试", "Test"), now=START
    )
    organisations.put_stores(
        brand_id=brand.id,
        stores=[NewStore("S1", Text("一店", "One")), NewStore("S2", Text("二店", "Two"))],
        now=START,
    )
    scope = Scope(organisation.id, brand.id, owner, frozenset(PERMISSIONS))
    versions.install(scope=scope, definition=definition, now=START, effective_from=START)
    return World(scope)


def order(
    member: UUID, number: str, *amounts: int, at: datetime, lines: Sequence[LineIn] = (), **given: Any
) -> ActivityIn:
    made = tuple(lines) or tuple(LineIn(sku=f"sku{i}", amount=a) for i, a in enumerate(amounts))
    delivered = given.pop("delivered", False)
    return ActivityIn(
        type="order",
        member=MemberRef(id=member),
        occurred_at=at,
        order=OrderIn(number=number, lines=made, delivered=delivered),
        **given,
    )


def refund(
    member: UUID, number: str, of: str, at: datetime, lines: Sequence[tuple[int, Any]] | None = None
) -> ActivityIn:
    parts = None if lines is None else tuple(RefundLineIn(line=n, quantity=q) for n, q in lines)
    return ActivityIn(
        type="refund",
        member=MemberRef(id=member),
        occurred_at=at,
        refund=RefundIn(number=number, order=of, lines=parts),
    )


def burn(member: UUID, key: str, amount: int, at: datetime, of: str | None = None) -> ActivityIn:
    return ActivityIn(
        type="burn",
        member=MemberRef(id=member),
        occurred_at=at,
        key=key,
        burn=BurnIn(unit="points", amount=amount, order=of),
    )
