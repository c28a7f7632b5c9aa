"""A plan that goes by categories speaks of them by the brand's name, in the reader's language."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.care.given import JANUARY, chore, open_house, said

from regulars.facts.activity.types import LineIn
from regulars.facts.categories import api as categories
from regulars.facts.categories.types import CategoryName
from regulars.kit.text import Text

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
BEANS = LineIn(sku="beans", amount=6000, category="coffee", name="Beans")


def test_a_refill_by_category_names_the_category() -> None:
    house = open_house()
    house.hire("ann")
    her = house.member(store_id=house.store())
    house.buy(her, JANUARY, BEANS)
    names = [CategoryName("coffee", Text("咖啡豆", "Coffee beans"))]
    categories.name_categories(scope=house.scope, categories=names, now=JANUARY)
    house.plan(
        "refill", JANUARY + DAY, message=said(), task=chore(title={"zh": "补货：{{ item }}", "en": "More {{ item }}"}),
        settings={"categories": ["coffee"], "by": "category", "fallback_days": 30, "days_before": 0},
    )  # fmt: skip
    for number in range(28, 33):
        house.run(JANUARY + number * DAY)
    (asked,), (task,) = house.asked(), house.tasks()
    assert asked.input["item"] == {"zh": "咖啡豆", "en": "Coffee beans"}
    assert (task.title_zh, task.title_en) == ("补货：咖啡豆", "More Coffee beans")
