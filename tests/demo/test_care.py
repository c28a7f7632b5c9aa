"""The demo's care on a few members of our own: greeted, visited, reminded, measured; a second call adds nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.care.given import House, at, open_house

from regulars.engage.care import api as care
from regulars.engage.care.models import CareItem, CareMark, CarePlan
from regulars.engage.tasks.models import StaffTask
from regulars.facts.activity.types import LineIn
from regulars.flows.demo import care as demo
from regulars.messaging.models import Send

pytestmark = pytest.mark.django_db
COFFEE = LineIn(sku="c1", amount=6000, category="COFFEE", name="Ground coffee")
KETTLE = LineIn(sku="k1", amount=20_000, category="PORTABLE ELECTRIC APPLIANCES", name="Kettle")


@pytest.fixture
def house() -> House:
    made = open_house()
    made.hire("clerk")
    for number in range(24):
        born = at("1990-06-01") - timedelta(days=5 * number)
        her = made.member(birthday=born.date().isoformat(), store_id=made.store())
        for order in range(6):
            made.buy(her, at("2024-01-05") + timedelta(days=24 * order + number), COFFEE)
        if number % 4 == 0:
            made.buy(her, at("2024-05-30"), KETTLE)
        if number == 5:
            made.buy(her, at("2023-12-01"), KETTLE)
    return made


def test_care_of_the_demo(house: House) -> None:
    now = at("2024-06-15", 4)
    demo.fill(house.its.scope, now)
    assert [row.problem for row in CarePlan.objects.exclude(problem="")] == []
    plans = {one.key: one for one in care.list_plans(brand_id=house.brand.id)}
    assert {"birthday", "visits", "coffee-refill", "small-appliances"} <= plans.keys()
    arms = plans["birthday"].results["arms"]
    assert sum(one["marks"] for one in arms.values()) >= 15
    assert arms["treated"]["bought"] > 0, "what they really bought afterwards"
    done = StaffTask.objects.filter(state="done")
    assert done.count() > 0 and done.exclude(satisfaction=None).count() > 0
    assert plans["visits"].results["tasks"]["satisfaction"] >= 3
    assert CareItem.objects.filter(next_on__isnull=False).count() >= 6
    # of kettles only the one bought on 1 December was due within the six weeks, on 1 June
    marks = CareMark.objects.filter(plan_id=plans["small-appliances"].id)
    assert [str(one.on_day) for one in marks] == ["2024-06-01"]
    before = [CareMark.objects.count(), StaffTask.objects.count(), Send.objects.count()]
    demo.fill(house.its.scope, now)
    assert [CareMark.objects.count(), StaffTask.objects.count(), Send.objects.count()] == before
