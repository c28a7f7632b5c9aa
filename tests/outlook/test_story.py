"""From half a year of orders to what is expected of each member, asked for over HTTP."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from tests.intake.world import order, refund
from tests.outlook.conftest import MEMBERS, NOW, fill, reckon

from regulars.audience.member_facts import api as member_facts
from regulars.facts.activity.types import LineIn
from regulars.facts.members import api as members
from regulars.facts.members.types import Enrolment, IdentityIn
from regulars.flows import enrol
from regulars.flows.insight import churn as churn_step
from regulars.flows.intake import api as intake
from regulars.insight.behaviour.types import CategoryGaps
from regulars.insight.churn import api as churn
from regulars.insight.runs import api as runs
from regulars.kit import clock
from regulars.kit.text import Text


def test_a_year_of_orders_becomes_an_outlook_for_everybody(shop: Any) -> None:
    ids = fill(shop)
    members.set_profiling(scope=shop.scope, member_id=ids[1], on=False, now=clock.now())
    done = reckon(shop)
    assert [(run.kind, run.state) for run in done] == [
        (one, "done") for one in ("export", "lifetime", "churn")
    ]

    value = shop.call.get("/insight/value")
    assert (value["state"], value["rows"]) == ("done", MEMBERS - 1)
    assert value["period_to"] <= "2026-05-13"
    assert value["held_from"] < value["held_to"] <= value["period_to"]
    by_model = {one["model"]: one for one in value["models"]}
    # members stop all the time: who expects the same as last year expects too much
    assert by_model["naive"]["bias"] > 0.1
    assert by_model[value["chosen"]]["error"] < by_model["naive"]["error"]
    assert abs(by_model[value["chosen"]]["bias"]) < abs(by_model["naive"]["bias"])
    assert [one["decile"] for one in value["deciles"]] == list(range(1, 11))
    assert sum(value["distribution"]["counts"]) == MEMBERS - 1

    found = shop.call.get("/insight/churn")
    month = next(one for one in found["horizons"] if one["days"] == 30)
    assert month["model"]["auc"] > 0.75
    assert month["model"]["log_loss"] < month["rule"]["log_loss"]
    assert month["tested_from"] < found["period_to"]
    assert found["reasons"][0]["name"]
    assert found["due"]["categories"][0]["category"] == "乳品"

    # the likeliest to stay away are those who stopped, each with a reason in the reader's words
    page = shop.call.get("/insight/outlooks?score=churn_30&limit=20")
    gone = {str(one) for number, one in enumerate(ids) if number % 3 == 0}
    codes = {
        str(one): code for one, code in members.codes_of(brand_id=shop.scope.brand_id, member_ids=ids).items()
    }
    gone_codes = {codes[one] for one in gone}
    assert sum(one["code"] in gone_codes for one in page["items"]) >= 17
    assert {one["code"] for one in page["items"][0]["reasons"]} & {"long_away", "seldom", "comes_less"}
    chances = [one["churn_30"] for one in page["items"]]
    assert chances == sorted(chances, reverse=True)
    more = shop.call.get(f"/insight/outlooks?score=churn_30&limit=20&cursor={page['next_cursor']}")
    assert not {one["code"] for one in more["items"]} & {one["code"] for one in page["items"]}
    assert more["items"][0]["churn_30"] <= chances[-1]

    one = shop.call.get(f"/members/{ids[2]}/outlook", Accept_Language="en")
    assert one["state"] == "shown"
    assert one["value_12_low"] <= one["value_12"] <= one["value_12_high"]
    assert one["value_12"] <= one["value_36"]
    assert one["intent_30"] == pytest.approx(1 - one["churn_30"], abs=1e-5)
    assert 0 < one["churn_30"] < 1

    # nobody reckons with whom does not want it, and her page says so
    off = shop.call.get(f"/members/{ids[1]}/outlook")
    assert (off["state"], off["value_12"], off["reasons"]) == ("off", None, [])
    everybody = set()
    cursor = ""
    while cursor is not None:
        page = shop.call.get(f"/insight/outlooks?score=alive&order=low&limit=200&cursor={cursor}")
        everybody |= {one["code"] for one in page["items"]}
        cursor = page["next_cursor"]
    assert codes[str(ids[1])] not in everybody
    assert len(everybody) == MEMBERS - 1


def test_who_sends_everything_back_is_no_buyer(shop: Any) -> None:
    """Two buy once, a week ago: one keeps it, one sends it back after the night that took her for a buyer."""
    fill(shop)
    keeper, sender = _enrol(shop, "13900000001", "13900000002")
    bought = NOW - timedelta(days=7)
    intake.post(
        scope=shop.scope,
        activities=[
            order(keeper, "kept", at=bought, lines=_COAT, store="S1"),
            order(sender, "sent", at=bought, lines=_COAT, store="S1"),
        ],
        now=NOW,
    )
    reckon(shop)
    shown = [shop.call.get(f"/members/{one}/outlook") for one in (keeper, sender)]
    assert [one["state"] for one in shown] == ["shown", "shown"]
    assert shown[0]["value_12"] == shown[1]["value_12"] > 0  # nothing tells them apart so far

    intake.post(
        scope=shop.scope, activities=[refund(sender, "back", "sent", NOW - timedelta(days=2))], now=NOW
    )
    reckon(shop)
    kept, sent = (shop.call.get(f"/members/{one}/outlook") for one in (keeper, sender))
    assert kept["state"] == "shown"
    assert kept["value_12"] > 0
    assert (sent["value_12"], sent["alive"], sent["churn_30"], sent["intent_30"]) == (None, None, None, None)
    assert shop.call.get("/insight/value")["rows"] == MEMBERS + 1
    codes = members.codes_of(brand_id=shop.scope.brand_id, member_ids=[keeper, sender])
    for asked in ("score=alive&order=low", "score=churn_30"):
        listed, cursor = set(), ""
        while cursor is not None:
            page = shop.call.get(f"/insight/outlooks?{asked}&limit=200&cursor={cursor}")
            listed |= {one["code"] for one in page["items"]}
            cursor = page["next_cursor"]
        assert codes[keeper] in listed
        assert codes[sender] not in listed


_COAT = (LineIn(sku="coat", amount=90_000, category="外套"),)


def _enrol(shop: Any, *phones: str) -> list[Any]:
    rows = [
        Enrolment(identities=(IdentityIn("phone", one),), joined_at=NOW - timedelta(days=30))
        for one in phones
    ]
    return [one.enrolled.member_id for one in enrol.enrol(scope=shop.scope, rows=rows, now=NOW)]  # type: ignore[union-attr]


def test_too_little_data_is_said_and_no_figure_shown(shop: Any) -> None:
    ids = fill(shop, members=30)
    reckon(shop)
    for address in ("/insight/value", "/insight/churn"):
        found = shop.call.get(address, Accept_Language="en")
        assert found["state"] == "lacking"
        assert found["problem"].startswith("Not enough data")
        assert "needed" in found["problem"]
    assert shop.call.get("/insight/value")["models"] == []
    assert shop.call.get(f"/members/{ids[0]}/outlook")["state"] == "none"
    assert shop.call.get("/insight/outlooks")["items"] == []


def test_an_outlook_says_of_when_it_is_whatever_else_was_written_since(shop: Any) -> None:
    """Value was told the night before last and failed last night; churn was told last night, stages just now."""
    (member,) = _enrol(shop, "13900000003")
    brand_id = shop.scope.brand_id
    nights = [NOW - timedelta(days=2), NOW - timedelta(days=1)]

    def write(at: datetime, **columns: Any) -> None:
        given = {name: [value] for name, value in columns.items()}
        member_facts.write_scores(brand_id=brand_id, as_of=at, columns=given, member_ids=[member])

    def run(kind: str, at: datetime, *, fails: bool = False) -> None:
        begun = runs.begin(brand_id=brand_id, kind=kind, now=at)
        if fails:
            runs.fail(run=begun, now=at, problem=Text("坏", "Broken"))
        else:
            runs.finish(run=begun, now=at, rows=1)

    def said() -> datetime:
        found = shop.call.get(f"/members/{member}/outlook")
        (listed,) = shop.call.get("/insight/outlooks?score=churn_30")["items"]
        assert listed["as_of"] == found["as_of"]
        return datetime.fromisoformat(found["as_of"])

    write(nights[0], value_12=5000, churn_30=0.5, churn_reasons=[])
    for kind in ("lifetime", "churn"):
        run(kind, nights[0])
    assert said() == nights[0]
    write(nights[1], churn_30=0.6, churn_reasons=[])
    run("lifetime", nights[1], fails=True)
    run("churn", nights[1])
    write(NOW, stage="growing")
    assert said() == nights[0]
    write(NOW, value_12=6000)
    run("lifetime", NOW)
    assert said() == nights[1]  # what is told of leaving is of last night


def test_a_horizon_without_data_takes_back_what_was_said_of_it() -> None:
    chances = {7: np.array([0.9, 0.5]), 30: np.array([0.4, 0.2])}
    told = churn_step._chances(chances, 2)
    assert {name: list(value) for name, value in told.items()} == {
        "churn_30": [0.4, 0.2],
        "churn_60": [None, None],
        "churn_90": [None, None],
        "intent_7": pytest.approx([0.1, 0.5]),
        "intent_30": pytest.approx([0.6, 0.8]),
    }
    assert list(told) == list(churn_step.SCORES[:5])


@pytest.mark.parametrize(("since", "on"), [(0, "2026-05-19"), (3, "2026-05-16"), (6, "2026-05-13")])
def test_what_is_bought_every_week_is_due_a_week_after_it_was(since: int, on: str) -> None:
    """Seen as the 13th began, with so many days from the last purchase to the eve of it: 0 is the 12th itself."""
    bought = date(2026, 5, 12) - timedelta(days=since)
    assert (bought + timedelta(days=7)).isoformat() == on
    many = np.full(1, 300.0)  # gaps, all of them seven days
    gaps = CategoryGaps(
        day=date(2026, 5, 13), categories=["乳品"], member=np.zeros(1, "int64"), category=np.zeros(1, "int64"),
        gaps=many, mean_log=np.log([7.0]), spread_log=np.zeros(1), since=np.array([float(since)]),
        next_in=np.array([6.0 - since]),
    )  # fmt: skip
    pairs = churn_step._pairs(gaps, ahead=True)
    told = churn.due(today=pairs, members=1, categories=1, earlier=pairs)
    assert churn_step._dates(told, gaps.day) == [date.fromisoformat(on)]
    assert told.metrics["test"]["category"]["error_days"] == pytest.approx(0)


def test_data_that_is_no_longer_enough_takes_back_what_was_told(shop: Any) -> None:
    member = fill(shop, members=30)[1]  # too few to reckon with
    brand_id = shop.scope.brand_id
    member_facts.write_scores(
        brand_id=brand_id,
        as_of=NOW,
        columns={"value_12": [5000], "alive": [0.9], "churn_30": [0.5], "intent_30": [0.5]},
        member_ids=[member],
    )
    for kind in ("lifetime", "churn"):
        runs.finish(run=runs.begin(brand_id=brand_id, kind=kind, now=NOW), now=NOW, rows=1)
    assert shop.call.get(f"/members/{member}/outlook")["value_12"] == 5000
    assert {run.state for run in reckon(shop)} == {"done", "lacking"}
    found = shop.call.get(f"/members/{member}/outlook")
    assert (found["state"], found["value_12"], found["churn_30"]) == ("none", None, None)
    assert shop.call.get("/insight/outlooks?score=alive")["items"] == []


def test_before_the_first_run(shop: Any) -> None:
    assert shop.call.get("/insight/value")["state"] == "none"
    assert shop.call.get("/insight/churn")["horizons"] == []


def test_a_bad_question_is_refused(shop: Any) -> None:
    for query, field in (
        ("score=name", "score"),
        ("limit=0", "limit"),
        ("at_least=-1", "at_least"),
        ("cursor=x", "cursor"),
    ):
        problem = shop.call.refused("GET", f"/insight/outlooks?{query}")
        assert problem["status"] == 422
        assert field in problem["errors"][0]["field"]


def test_a_threshold_becomes_a_segment(shop: Any) -> None:
    """What the pages' sliders send."""
    for code, field, value in (("value-12-5000", "value_12", 5000), ("churn-30-50", "churn_30", "0.50")):
        name = {"zh": code, "en": code}
        definition = {"field": f"score.{field}", "op": "gte", "value": value}
        given = {"code": code, "name": name, "kind": "refreshed", "definition": definition}
        made = shop.call("POST", "/segments", given).ok()
        assert made["code"] == code
