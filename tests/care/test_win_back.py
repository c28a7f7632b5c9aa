"""Ready-made plans, and those against leaving: what of the brand's own they give, and what they are measured by."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.care.given import JANUARY, House, at, open_house, said

from regulars.engage.care import api as care
from regulars.flows.care import api as flow
from regulars.flows.coupons import api as coupons_flow
from regulars.kit.errors import Refusal
from regulars.value.coupons import api as coupons

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return open_house()


def test_ready_made_plans_are_drafts_with_their_templates(house: House) -> None:
    made = flow.install_ready_made(scope=house.scope, now=JANUARY)
    assert {one.key for one in made} == {
        one.key for one in flow.ready_made(brand_id=house.brand.id, now=JANUARY)
    }
    assert {one.state for one in made} == {"draft"}
    assert flow.install_ready_made(scope=house.scope, now=JANUARY) == []


def test_win_back_begins_with_the_brands_own_coupons_and_benefit(house: House) -> None:
    """Light gives the smallest coupon that can be given, heavy the largest and a use of a benefit, with a call; what
    the brand has nothing of is said to be lacking."""

    def offered() -> dict[str, Any]:
        return {one.key: one for one in flow.ready_made(brand_id=house.brand.id, now=JANUARY)}

    assert offered()["churn-light"].lacks == ("coupon",)
    assert offered()["churn-heavy"].lacks == ("coupon", "benefit")
    assert offered()["visits"].lacks == ()
    for key, amount, state, channels in (
        ("ten", 1000, "active", ["issue"]),
        ("forty", 4000, "active", ["issue"]),
        ("one", 100, "draft", ["issue"]),
        ("two", 200, "active", ["portal"]),
    ):
        definition = {
            "key": key, "name": {"zh": key, "en": key}, "state": state, "claim": {"channels": channels},
            "offer": {"kind": "amount", "amount": amount}, "validity": {"kind": "after_claim", "days": 30},
        }  # fmt: skip
        coupons_flow.put_definition(scope=house.scope, definition=definition, now=JANUARY)
    light, heavy = offered()["churn-light"], offered()["churn-heavy"]
    assert light.definition["rewards"] == [{"kind": "coupon", "definition": "ten", "count": 1}]
    assert (light.lacks, heavy.lacks) == ((), ("benefit",))
    assert heavy.definition["rewards"] == [{"kind": "coupon", "definition": "forty", "count": 1}]
    assert heavy.definition["task"]["kind"] == "call"
    # begun with it, another coupon chosen: its template comes along, a draft
    value = {**light.definition, "rewards": [{"kind": "coupon", "definition": "two", "count": 1}]}
    with pytest.raises(Refusal) as no_words:
        flow.put_plan(
            scope=replace(house.scope, permissions=frozenset({"care.write"})), value=value, now=JANUARY
        )
    assert [one.field for one in no_words.value.errors] == ["message.template"]
    made = flow.put_plan(scope=house.scope, value=value, create=True, now=JANUARY)
    assert (made.state, made.definition.rewards[0]["definition"]) == ("draft", "two")
    with pytest.raises(Refusal) as unapproved:
        flow.set_state(scope=house.scope, key="churn-light", state="active", now=JANUARY)
    assert unapproved.value.errors[0].code == "template_not_approved"


def test_win_back_gives_a_coupon_once_and_is_measured_against_those_left_alone(real_db: None) -> None:
    house = open_house()
    house.hire("ann")
    definition = {
        "key": "pack", "name": {"zh": "礼包", "en": "Pack"}, "state": "active", "worth": 2000,
        "offer": {"kind": "amount", "amount": 2000}, "validity": {"kind": "after_claim", "days": 30},
    }  # fmt: skip
    coupons_flow.put_definition(scope=house.scope, definition=definition, now=JANUARY)
    (heavy,) = [
        one for one in flow.ready_made(brand_id=house.brand.id, now=JANUARY) if one.key == "churn-heavy"
    ]
    gone = [house.member(store_id=house.store()) for _ in range(160)]
    house.scores(gone, churn_60=["0.9"] * len(gone))
    house.template("offer", "marketing")
    given = {**heavy.definition, "message": said("offer", "marketing"), "holdout_percent": 50}
    given |= {"win_back_days": 10, "contact_cost": 300}
    flow.put_plan(scope=house.scope, value=given, now=JANUARY)
    flow.set_state(scope=house.scope, key="churn-heavy", state="active", now=JANUARY)
    house.days("2024-01-01", "2024-01-02")
    treated = {her for _, her in house.had("churn-heavy")}
    alone = {her for _, her in house.had("churn-heavy", arm="holdout")}
    assert treated | alone == set(gone) and len(treated) >= 30 and len(alone) >= 30
    held = {her: coupons.list_coupons(brand_id=house.brand.id, member_id=her).items for her in gone}
    assert {her for her, mine in held.items() if len(mine) == 1} == treated
    assert {one.member_id for one in house.tasks()} == treated and len(house.tasks()) == len(treated)
    for her in treated:
        house.buy(her, at("2024-01-05"))
    for _ in range(15):
        flow.measure(at("2024-01-20"))
    flow.weigh(at("2024-01-20"))
    found = care.get_plan(brand_id=house.brand.id, key="churn-heavy").results
    assert found["win_back"]["verdict"] == "better"
    assert found["win_back"]["difference"] == 1.0
    assert found["cost"] == 2000 * len(treated)  # nothing was sent yet, no call made
