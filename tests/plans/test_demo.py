"""The demo's plan: subscribers in every state, made once."""

from __future__ import annotations

from uuid import UUID

import pytest
from tests.rest.shop import open_shop

from regulars.flows.demo import plans as demo
from regulars.kit import clock
from regulars.platform.payments import api as payments
from regulars.value.plans import api as plans

pytestmark = pytest.mark.django_db


def test_the_demos_plan_is_filled_once() -> None:
    shop = open_shop()
    members = [UUID(shop.enrol(f"138001380{n:02}")) for n in range(24)]
    for _ in range(2):
        demo.fill(shop.scope, members, clock.now())
    stats = plans.count_by_plan(brand_id=shop.scope.brand_id)
    assert sum(n for one in stats.values() for n in one.by_state.values()) == 24
    # 5, 11, 17 and 23 try it; 1, 9 and 17 would rest, but 17 is on trial
    assert stats["prime"].by_state["trial"] == 4
    assert (
        stats["prime"].by_state["paused"] + stats.get("family", stats["prime"]).by_state.get("paused", 0) >= 2
    )
    assert {one.state for one in payments.list_payments(scope=shop.scope, limit=100).items} == {"paid"}
