"""Rewards, services and resources travel as code from one brand to another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regulars.flows.blueprint import api as blueprint
from regulars.value.bookings import api as bookings
from regulars.value.rewards import api as rewards

if TYPE_CHECKING:
    from tests.bookings.given import Salon


def test_a_brand_takes_over_anothers_mall_and_appointments(salon: Salon) -> None:
    from tests.bookings.given import open_salon

    salon.service("zz-first", early_days={"gold": 2})
    salon.mall.reward(stock=5, limit={"count": 1, "period": "ever"})
    text = blueprint.export(scope=salon.scope, now=salon.now)
    other = open_salon(salon.now)
    blueprint.apply(scope=other.scope, text=text, now=other.now)
    for room in (rewards, bookings):
        assert room.export_definitions(brand_id=other.scope.brand_id) == room.export_definitions(
            brand_id=salon.scope.brand_id
        )
    assert other.mall.left() is None  # stock does not travel
