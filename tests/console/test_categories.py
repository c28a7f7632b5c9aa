"""Category names at the desk: who keeps them, and where a member's page says them in the reader's language."""

from __future__ import annotations

from datetime import timedelta

import pytest

from regulars.audience.member_facts import api as member_facts
from regulars.audience.segments import api as segments
from regulars.facts.activity.types import ActivityIn, LineIn, MemberRef, OrderIn
from regulars.flows.insight import nightly
from regulars.insight.warehouse import api as warehouse

COFFEE = {"categories": [{"code": "0401", "name": {"zh": "咖啡", "en": "Coffee"}}]}


@pytest.fixture
def bought(shop, settings, tmp_path):
    """Ten members with four orders each of category 0401, one of them of 0402 as well; a night met both."""
    from tests.console.world import enrol_members

    settings.WAREHOUSE_DIRECTORY = tmp_path / "warehouse"
    enrol_members(shop, 10)
    lines = (
        LineIn(sku="latte", amount=3000, category="0401"),
        LineIn(sku="cup", amount=100, category="0402"),
    )
    batch = [
        ActivityIn(
            "order", MemberRef(id=member), shop.now - timedelta(days=30 * week + 1), source="pos",
            order=OrderIn(number=f"{n}-{week}", lines=lines[: 2 if (n, week) == (0, 0) else 1]),
        )
        for n, member in enumerate(shop.members)
        for week in range(4)
    ]  # fmt: skip
    shop.post(*sorted(batch, key=lambda one: one.occurred_at))
    member_facts.rebuild(brand_id=shop.brand.id, clock=lambda: shop.now)
    warehouse.export(brand_id=shop.brand.id, now=shop.now)
    (ended,) = nightly.run_steps(brand=shop.brand, clock=lambda: shop.now, only=["categories"])
    assert (ended.state, ended.rows) == ("done", 2)
    return shop


def test_what_was_sold_waits_for_its_name(bought, desk):
    """40 lines of 0401, one of 0402."""
    owner = desk("owner")
    page = owner.get("/categories")
    assert [(one["code"], one["lines"], one["name"]) for one in page["items"]] == [
        ("0401", 40, None),
        ("0402", 1, None),
    ]
    assert (page["named"], page["unnamed"]) == (0, 2)
    assert owner.put("/categories", COFFEE) == {"changed": 1}
    assert [one["code"] for one in owner.get("/categories?named=false")["items"]] == ["0402"]
    (entry,) = [one for one in owner.get("/audit")["items"] if one["subject_type"] == "category"]
    assert entry["action_name"] == "Product categories · named"
    assert entry["after"] == {"names": [{"category": "0401", "zh": "咖啡", "en": "Coffee"}]}


def test_who_may_not_change_settings_reads_names_and_changes_none(bought, desk):
    desk("owner").put("/categories", COFFEE)
    clerk = desk("clerk")
    assert clerk.get("/categories/names") == {"names": {"0401": "Coffee"}}
    refused = clerk.put("/categories", {"categories": [{"code": "0401", "name": None}]}, expect=403)
    assert refused["data"] == {"permission": "settings.write"}
    assert clerk.get("/categories/names") == {"names": {"0401": "Coffee"}}


def test_a_members_page_says_the_name_in_both_languages(bought, desk):
    owner, code = desk("owner"), bought.code_of(bought.members[3])
    owner.put("/categories", COFFEE)
    for language, said, name in (
        ("zh-CN", "最常买「咖啡」，占消费 100%", "咖啡"),
        ("en", "Buys Coffee most: 100% of her spending", "Coffee"),
    ):
        owner.language = language
        profile = owner.get(f"/members/{code}/insight-profile")
        sentences = {one["key"]: one["sentences"] for one in profile["sections"]}["tastes"]
        assert said in sentences
        facts = {one["key"]: one for one in owner.get(f"/members/{code}/facts")["facts"]}
        assert (facts["fact.top_category"]["value"], facts["fact.top_category"]["name"]) == ("0401", name)
        assert facts["fact.favourite_channel"]["name"] is None


def test_ready_made_segments_are_called_by_the_name_and_hold_the_code(bought, desk):
    desk("owner").put("/categories", COFFEE)
    made = segments.install_ready_made(scope=bought.scope, now=bought.now)
    (fans,) = [one for one in made if one.code == "category-fans-1"]
    assert (fans.name.zh, fans.name.en) == ("品类粉丝：咖啡", "Fans of Coffee")
    assert {"field": "fact.top_category", "op": "eq", "value": "0401"} in fans.definition["all"]
