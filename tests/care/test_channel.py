"""A message by the channel `task` becomes something that staff of the member's store do."""

from __future__ import annotations

import pytest
from tests.care.given import JANUARY, at, open_house

from regulars.engage.tasks.models import StaffTask
from regulars.flows.care import feeding
from regulars.kit.text import Text
from regulars.messaging import api as messaging
from regulars.messaging.types import Ask, Route
from regulars.messaging.wording import Content

pytestmark = pytest.mark.django_db


def test_a_message_to_staff_is_a_task_once() -> None:
    house = open_house()
    messaging.register_route(kind="task", route=Route("staff", feeding.StaffTasks()))
    try:
        her = house.member(store_id=house.store())
        words = {
            "zh": Content("请致电", "祝她新年好"),
            "en": Content("Call her", "Wish her a happy new year"),
        }
        messaging.save_template(
            scope=house.scope, code="call", name=Text("致电", "Call"), purpose="service",
            contents={"task": words}, now=JANUARY,
        )  # fmt: skip
        messaging.submit_template(scope=house.scope, code="call", now=JANUARY)
        chief = house.its.scope
        messaging.decide_template(scope=chief, code="call", number=1, approve=True, now=JANUARY)
        asked = Ask(her, "new-year", "journey:winter", "service", "call", ("task",))
        for _ in range(2):
            messaging.ask(brand=house.brand, asks=[asked], now=at("2024-02-10", 4))
            messaging.send_due(now=at("2024-02-10", 4))
        (task,) = StaffTask.objects.all()
        assert (task.member_id, task.store_id, task.source) == (her, house.store(), "journey:winter")
        assert (task.title_zh, task.script_zh) == ("请致电", "祝她新年好")
        (tally,) = messaging.sends_of(brand_id=house.brand.id, source="journey:winter")
        assert (tally.state, tally.channel) == ("sent", "task")
    finally:
        messaging.register_route(kind="task", route=None)
