"""What the nightly step makes of a run: by hand, on real orders in the warehouse."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.campaigns.given import NOW, Shop, code_of, fields_of, open_shop
from tests.intake.world import order

from regulars.audience.holdouts import api as holdouts
from regulars.engage.campaigns import api as campaigns
from regulars.engage.campaigns.types import Result
from regulars.facts.activity.types import ActivityIn, LineIn
from regulars.flows.campaigns import api as flow
from regulars.flows.insight import holdout, nightly
from regulars.insight.reports import api as reports
from regulars.insight.runs import api as runs
from regulars.platform.organisations import api as organisations

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _warehouse(settings: Any, tmp_path: Path) -> None:
    settings.WAREHOUSE_DIRECTORY = tmp_path / "warehouse"


def learn(shop: Shop, *steps: str, at: Any) -> list[Any]:
    brand = organisations.get_brand(brand_id=shop.brand_id)
    return nightly.run_steps(brand=brand, clock=lambda: at, only=["export", *steps])


def result(shop: Shop, code: str = "spring", number: int = 1) -> Result:
    run = shop.run(code, number)
    return campaigns.results_of(runs=[run])[run.id]


def test_arms_uplift_and_cost_by_hand() -> None:
    shop = open_shop()
    shop.members(200)
    reports.set_assumptions(
        scope=shop.its.scope,
        value={"margin_permille": 400, "extra_permille": None, "point_cost": 100},
        now=NOW,
    )
    shop.launched(holdout_percent=30, window_days=7, pre_days=10, goal={"metric": "buyers", "target": 50})
    shop.work()
    arms = shop.arms()
    treated = [one for one, row in arms.items() if row[0] == "a"]
    held = [one for one, row in arms.items() if row[0] == "holdout"]
    day = timedelta(days=1)
    for n, one in enumerate(treated[:60]):
        shop.its.one(_order(one, f"t{n}", 900, 100, NOW + day))
    shop.its.one(_order(treated[0], "again", 1900, 100, NOW + 2 * day))
    for n, one in enumerate(held[:10]):
        shop.its.one(_order(one, f"h{n}", 1000, 0, NOW + day))
        shop.its.one(_order(one, f"hb{n}", 5000, 0, NOW - 3 * day))
    # what comes before the pre-period, or after the window, is nobody's
    shop.its.one(_order(held[11], "old", 70_000, 0, NOW - 11 * day))
    shop.its.one(_order(held[12], "late", 70_000, 0, NOW + 7 * day))
    ended = learn(shop, "campaigns", at=NOW + 9 * day)
    assert [one.state for one in ended] == ["done", "done"], [one.problem for one in ended]
    kept = result(shop)
    assert kept.period_from == shop.run().started_at and kept.period_to - kept.period_from == 7 * day
    made = {one["arm"]: one for one in kept.figures["arms"]}
    assert made["a"]["rows"] == len(treated) and made["holdout"]["rows"] == len(held)
    assert (made["a"]["buyers"], made["a"]["orders"], made["a"]["money"]) == (60, 61, 60 * 900 + 1900)
    assert made["a"]["discount"] == 6100
    assert (made["holdout"]["buyers"], made["holdout"]["money"]) == (10, 10_000)
    uplift = kept.figures["uplift"]
    plain = 55_900 / len(treated) - 10_000 / len(held)
    assert uplift["money_plain"]["difference"] == pytest.approx(plain)
    # the margin of each is .4 (money + discount) - discount
    margin = (0.4 * 62_000 - 6100) / len(treated) - 0.4 * 10_000 / len(held)
    assert uplift["conversion"]["difference"] == pytest.approx(60 / len(treated) - 10 / len(held))
    cost = kept.figures["total"]["cost"]
    # five points for each at 100 for 100: five each
    assert cost["points"] == 5 * len(treated) and cost["messages"] == 0 and cost["discount"] == 6100
    assert uplift["margin"]["treated"] - uplift["margin"]["control"] == pytest.approx(
        uplift["margin"]["difference"]
    )
    unadjusted = uplift["margin"]["difference"] - margin
    assert abs(unadjusted) < abs(margin) + 500  # adjusted by what the held out had bought before
    assert kept.figures["goal"] == {
        "metric": "buyers",
        "target": 50,
        "baseline": None,
        "current": 60,
        "forecast": 60,
    }
    days = kept.figures["days"]
    assert days[0]["treated"] == 0 and days[1]["treated"] == pytest.approx(54_000 / len(treated))
    assert days[-1]["holdout"] == pytest.approx(10_000 / len(held))
    assert not kept.figures["split"]["warns"]
    assert kept.figures["sentence"]["zh"] and kept.figures["sentence"]["en"]


def test_a_run_is_reckoned_again_until_refunds_can_no_longer_change_it() -> None:
    shop = open_shop()
    ids = shop.members(80)
    shop.launched(holdout_percent=20, window_days=5)
    shop.work()
    shop.its.one(_order(ids[0], "o1", 1000, 0, NOW + timedelta(days=1)))
    learn(shop, "campaigns", at=NOW + timedelta(days=2))
    first = result(shop)
    learn(shop, "campaigns", at=NOW + timedelta(days=3))
    again = result(shop)
    assert again.computed_at > first.computed_at
    assert {one["arm"] for one in again.figures["arms"]} == {"a", "holdout"}


def test_the_programmes_holdout_is_measured_over_any_period() -> None:
    shop = open_shop()
    ids = shop.members(300)
    start = NOW - timedelta(days=40)
    ended = learn(shop, "holdout", at=NOW)
    assert ended[-1].state == "lacking" and "对照组" in ended[-1].problem.zh
    holdouts.set_holdout(scope=shop.scope, percent=20, reason="测量", redraw=False, now=start)
    out = holdouts.held_out(brand_id=shop.brand_id, member_ids=ids)
    for n, one in enumerate(ids):
        if one in out or n % 3 == 0:
            shop.its.one(_order(one, f"o{n}", 2000, 0, NOW - timedelta(days=10)))
    ended = learn(shop, "holdout", at=NOW)
    assert ended[-1].state == "done", ended[-1].problem
    run = runs.latest(brand_id=shop.brand_id, kind="holdout")
    assert run is not None
    made = {one["arm"]: one for one in run.charts["arms"]}
    assert made["holdout"]["rows"] == len(out) and made["holdout"]["rate"] == 1.0
    assert run.charts["verdict"] == "down" and "效果为负" in run.charts["sentence"]["zh"]
    today = NOW.date()
    assert (
        code_of(
            lambda: holdout.choose_period(scope=shop.scope, first=today, last=today, today=today, now=NOW)
        )
        == "invalid_input"
    )
    day = timedelta(days=1)
    holdout.choose_period(scope=shop.scope, first=today - 5 * day, last=today - 2 * day, today=today, now=NOW)
    learn(shop, "holdout", at=NOW)
    run = runs.latest(brand_id=shop.brand_id, kind="holdout")
    assert run is not None and (run.period_from, run.period_to) == (today - 5 * day, today - 2 * day)
    assert run.charts["verdict"] == "no_orders"


def test_message_costs_are_stated_by_channel() -> None:
    shop = open_shop()
    wrong = fields_of(
        lambda: flow.set_costs(scope=shop.scope, value={"message_cost": {"sms": -1, "pigeon": 3}}, now=NOW)
    )
    assert wrong == {("message_cost.sms", "out_of_range"), ("message_cost.pigeon", "unknown_choice")}
    flow.set_costs(scope=shop.scope, value={"message_cost": {"sms": 5}}, now=NOW)
    assert flow.get_costs(brand_id=shop.brand_id).message_cost == {"sms": 5}


def _order(member: Any, number: str, amount: int, discount: int, at: Any) -> ActivityIn:
    return order(member, number, at=at, lines=[LineIn(sku="tea", amount=amount, discount=discount)])
