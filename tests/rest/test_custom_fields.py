"""A brand's own fields of every type, asked for in the conditions of its rules."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.rest.shop import Shop, new_brand, order

from regulars.kit import clock
from regulars.programme.packs import api as packs
from regulars.programme.versions import api as versions

FIELDS: dict[str, dict[str, Any]] = {
    "children": {"type": "int"},
    "weight": {"type": "decimal"},
    "hobby": {"type": "text"},
    "skin": {"type": "enum", "choices": [{"value": "dry", "label": {"zh": "干性", "en": "Dry"}}]},
    "pets": {"type": "bool"},
    "baby_born": {"type": "date"},
    "sports": {"type": "set"},
}
CONDITIONS: list[tuple[str, Any, Any, Any]] = [
    # key, value of the member, a condition that holds, one that does not
    ("children", 2, {"op": "gte", "value": 2}, {"op": "gt", "value": 2}),
    ("weight", "62.50", {"op": "eq", "value": "62.5"}, {"op": "lt", "value": "62.5"}),
    ("hobby", "钓鱼", {"op": "eq", "value": "钓鱼"}, {"op": "eq", "value": "下棋"}),
    ("skin", "dry", {"op": "eq", "value": "dry"}, {"op": "ne", "value": "dry"}),
    ("pets", True, {"op": "eq", "value": True}, {"op": "eq", "value": False}),
    (
        "baby_born",
        "2026-02-01",
        {"op": "after", "value": "2026-01-01"},
        {"op": "before", "value": "2026-01-01"},
    ),
    ("sports", ["跑步", "瑜伽"], {"op": "contains", "value": "瑜伽"}, {"op": "contains", "value": "游泳"}),
]


@pytest.fixture
def gym(shop: Shop) -> Shop:
    """A brand whose programme gives 1 point for each condition that holds, and 1 000 for each that should not."""
    scope, call = new_brand("fields", clock.now())
    for key, field in FIELDS.items():
        call("PUT", f"/profile-fields/{key}", {**field, "label": {"zh": key, "en": key}}).ok()
    definition = packs.get_pack("retail")
    definition["rules"] = [
        {
            "key": f"{key}-{'yes' if points == 1 else 'no'}".replace("_", "-"),
            "name": {"zh": key, "en": key},
            "trigger": "order",
            "condition": {"field": f"membership.attributes.{key}", **condition},
            "effects": [{"type": "points", "unit": "points", "mode": "fixed", "amount": points}],
        }
        for key, _, holds, fails in CONDITIONS
        for points, condition in ((1, holds), (1000, fails))
    ]
    now = clock.now()
    versions.install(scope=scope, definition=definition, effective_from=now - timedelta(days=1), now=now)
    return Shop(scope, call, shop.foreign, now)


def test_each_type_of_field_is_usable_in_conditions(gym: Shop) -> None:
    member = gym.enrol(attributes={key: value for key, value, _, _ in CONDITIONS})
    receipt = gym.call.post("/activities", order(member, "N1", 1_000, clock.now()))
    fired = {o["rule"] for o in receipt["outcomes"] if "effects" in o}
    assert fired == {f"{key}-yes".replace("_", "-") for key in FIELDS}
    assert receipt["earned"]["points"] == 7


def test_of_a_member_who_said_nothing_nothing_holds_but_not_equal(gym: Shop) -> None:
    member = gym.enrol()
    receipt = gym.call.post("/activities", order(member, "N1", 1_000, clock.now()))
    assert {o["rule"] for o in receipt["outcomes"] if "effects" in o} <= {"skin-no"}
