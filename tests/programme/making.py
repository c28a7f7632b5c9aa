"""Programmes, states and orders for the tests, made short."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from regulars.programme.rules.api import decide, parse
from regulars.programme.rules.types import Act, Decision, MemberState, Programme, TierStanding

SHANGHAI = ZoneInfo("Asia/Shanghai")
POINTS = {"code": "points", "name": {"zh": "积分", "en": "points"}}
GROWTH = {"code": "growth", "name": {"zh": "成长值", "en": "growth"}, "kind": "growth"}
LEVEL = {
    "key": "level",
    "name": "等级",
    "tiers": [
        {"code": "normal", "name": "普通"},
        {"code": "gold", "name": "金卡", "qualify": [{"metric": "spend", "at_least": 100000}]},
    ],
}
BASE = {
    "key": "base",
    "name": {"zh": "消费得积分", "en": "Points for purchases"},
    "trigger": "order",
    "priority": 100,
    "effects": [{"type": "points", "unit": "points", "mode": "per_amount", "amount": 1, "per": 100}],
}
COFFEE = {"field": "line.category", "op": "eq", "value": "coffee"}


def local(text: str) -> datetime:
    """An instant in Shanghai time."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def points(amount: int = 0, unit: str = "points", **effect: Any) -> dict[str, Any]:
    mode = effect.pop("mode", "fixed")
    return {"type": "points", "unit": unit, "mode": mode, **({"amount": amount} if amount else {}), **effect}


def rule(key: str, *effects: dict[str, Any], trigger: str = "order", **rest: Any) -> dict[str, Any]:
    return {"key": key, "name": key, "trigger": trigger, "effects": list(effects) or [points(10)], **rest}


def definition(*rules: dict[str, Any], **rest: Any) -> dict[str, Any]:
    return {"units": [POINTS, GROWTH], "schemes": [LEVEL], "rules": list(rules), **rest}


def programme(*rules: dict[str, Any], **rest: Any) -> Programme:
    return read(definition(*rules, **rest))


def read(data: Any, *, timezone: str = "Asia/Shanghai", currency: str = "CNY") -> Programme:
    return parse(
        data,
        brand_id=UUID(int=1),
        version=1,
        timezone=timezone,
        currency=currency,
        effective_from=datetime(2024, 1, 1, tzinfo=UTC),
    )


def member(tier: str = "normal", **fields: Any) -> MemberState:
    joined = fields.pop("joined_at", local("2024-01-01T00:00"))
    facts = fields.pop("facts", {})
    tags = fields.pop("tags", set())
    state = MemberState(UUID(int=7), joined, facts, tags, **fields)
    state.tiers["level"] = TierStanding(tier, joined, None)
    return state


def line(
    amount: int, category: str = "tea", sku: str = "sku", quantity: str = "1", **rest: Any
) -> dict[str, Any]:
    return {
        "sku": sku, "category": category, "department": "", "brand": "", "name": "", "tags": (),
        "amount": amount, "discount": 0, "quantity": Decimal(quantity), **rest,
    }  # fmt: skip


def order(*lines: dict[str, Any] | int, at: str = "2026-05-06T12:00", **rest: Any) -> Act:
    made = tuple(line(one) if isinstance(one, int) else one for one in lines)
    return Act(
        type=rest.pop("type", "order"),
        occurred_at=local(at),
        source=rest.pop("source", "pos"),
        channel=rest.pop("channel", "store"),
        store=rest.pop("store", "s1"),
        amount=sum(one["amount"] for one in made),
        quantity=sum((one["quantity"] for one in made), Decimal(0)),
        lines=made,
        **rest,
    )


def checkin(at: str = "2026-05-06T12:00") -> Act:
    return Act(type="checkin", occurred_at=local(at), source="app", channel="app", store="")


def earned(decision: Decision) -> dict[str, int]:
    """rule → amount, for one unit a rule."""
    return {e.rule: e.amount for e in decision.earns}


def one(effect: dict[str, Any], *, act: Any, state: Any = None, **rest: Any) -> Any:
    """The only earn of a programme of one rule."""
    decision = decide(programme(rule("r", effect, **rest)), state or member(), act)
    (earn,) = decision.earns
    return earn


def reasons(decision: Decision) -> dict[str, str]:
    return {o.rule: o.reason for o in decision.outcomes if not o.fired}


def run(live: Programme, state: MemberState, act: Act) -> Decision:
    return decide(live, state, act)
