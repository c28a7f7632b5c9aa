"""RFM of a brand: everybody scored by night, who may not be is not, who stops buying loses the score."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.insight.given import buyers

from regulars.audience.member_facts import api as member_facts
from regulars.facts.members import api as members
from regulars.flows.insight import api as insight
from regulars.insight.runs import api as runs

NOW = datetime(2024, 7, 1, 12, tzinfo=UTC)


def night(shop: Any, now: datetime = NOW) -> Any:
    ended = insight.run_here(brand_id=shop.scope.brand_id, clock=lambda: now, only=["export", "rfm"])
    assert [run.problem.en for run in ended if run.state == "failed"] == []
    return ended[-1]


def test_scores_are_written_and_shown(shop: Any) -> None:
    """Thirty buyers, k bought k yuan on the k-th of June: fifths of six in each measure but frequency."""
    ids = buyers(shop, 30, datetime(2024, 6, 1, tzinfo=UTC))
    run = night(shop)
    assert (run.state, run.rows) == ("done", 31)  # one member never bought
    known = member_facts.read_many(brand_id=shop.scope.brand_id, member_ids=ids)
    assert [known[id_].scores["rfm_r"] for id_ in ids] == [1 + k // 6 for k in range(30)]
    assert [known[id_].scores["rfm_m"] for id_ in ids] == [1 + k // 6 for k in range(30)]
    assert run.metrics == {"scored": 30, "unscored": 1, "money": 100 * sum(range(1, 31))}
    assert sum(cell["members"] for cell in run.charts["cells"]) == 30
    assert (run.period_from.isoformat(), run.period_to.isoformat()) == ("2023-07-01", "2024-06-30")


def test_who_may_not_be_profiled_is_not_scored(shop: Any) -> None:
    ids = buyers(shop, 30, datetime(2024, 6, 1, tzinfo=UTC))
    members.set_profiling(scope=shop.scope, member_id=ids[3], on=False, now=NOW)
    run = night(shop)
    assert run.metrics["scored"] == 29
    known = member_facts.read_many(brand_id=shop.scope.brand_id, member_ids=[ids[3]])
    assert [one.scores for one in known.values()] in ([None], [])


def test_who_stops_buying_loses_her_score(shop: Any) -> None:
    ids = buyers(shop, 30, datetime(2024, 6, 1, tzinfo=UTC))
    night(shop)
    # a year later only purchases from 16 June 2024 on count: of the first fifteen none
    late = datetime(2025, 6, 16, 12, tzinfo=UTC)
    run = night(shop, late)
    assert run.state == "lacking" and "15" in run.problem.en
    known = member_facts.read_many(brand_id=shop.scope.brand_id, member_ids=ids)
    assert [known[id_].scores["rfm_group"] is None for id_ in ids] == [True] * 15 + [False] * 15


def test_own_settings_count(shop: Any) -> None:
    buyers(shop, 30, datetime(2024, 6, 1, tzinfo=UTC))
    runs.put_setting(
        brand_id=shop.scope.brand_id, room="rfm", value={"method": "cuts", "months": 1}, now=NOW, by="t"
    )
    run = night(shop)
    # one order each: frequency 1 for all; and nobody reached the first bound of money, 100 yuan
    assert {cell["f"] for cell in run.charts["cells"]} == {1}
    assert run.params["method"] == "cuts" and run.params["months"] == 1


@pytest.mark.parametrize("count", [3])
def test_too_few_buyers_say_so(shop: Any, count: int) -> None:
    buyers(shop, count, datetime(2024, 6, 1, tzinfo=UTC) + timedelta(0))
    run = night(shop)
    assert run.state == "lacking" and str(count) in run.problem.zh and run.charts == {}
