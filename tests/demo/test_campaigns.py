"""The demo's campaigns: the replay is of real households and is honest; one runs; one waits for a second person."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from tests.demo.baskets import HOUSEHOLDS, NOW

from regulars.engage.campaigns import api as campaigns
from regulars.engage.campaigns.types import Campaign
from regulars.flows.campaigns import api as flow
from regulars.flows.demo import api as demo
from regulars.flows.demo import coupons
from regulars.flows.insight import nightly
from regulars.kit.text import Text

pytestmark = pytest.mark.django_db


def test_campaigns_are_there_and_the_replay_tells_nothing_it_cannot_know(settings, tmp_path) -> None:
    settings.WAREHOUSE_DIRECTORY = tmp_path / "warehouse"
    filled = demo.fill(clock=lambda: NOW, limit=HOUSEHOLDS, writers=1, additions=False)
    found = {one.code: one for one in campaigns.list_campaigns(brand_id=filled.brand.id)}
    assert {code: one.state for code, one in found.items()} == {
        "replay-13": "finished",
        "two-letters": "finished",
        "weekend": "running",
        "winter": "paused",
        "come-back": "submitted",
    }
    run = campaigns.get_run(campaign=found["replay-13"], number=1)
    assert run.is_whole and run.state == "finished"
    # of the first households those are in it who got campaign 13 in 2017, and it began on its first day, a Tuesday
    _, households = coupons.received(13, 0)
    assert run.audience <= HOUSEHOLDS and run.audience > 0 and len(households) == 1077
    assert run.started_at is not None and run.started_at.astimezone(UTC).weekday() == 1
    _judged(found["two-letters"])
    # three Fridays are over, each with all its outcomes
    fridays = campaigns.list_runs(campaign=found["weekend"])
    assert [one.state for one in fridays] == ["finished"] * 3 and all(one.is_whole for one in fridays)
    (winter,) = campaigns.list_runs(campaign=found["winter"])
    assert winter.paused and flow.held_messages(runs=[winter])[winter.id] == winter.total("asked") > 0
    ended = nightly.run_steps(brand=filled.brand, clock=lambda: NOW, only=["export", "campaigns"])
    assert [one.state for one in ended] == ["done", "done"], [one.problem for one in ended]
    made = campaigns.results_of(runs=[run])[run.id]
    # a handful of households: the hash may set nobody apart, and then that is what is said
    by_arm = {arm: sum(states.values()) for arm, states in run.counts.items()}
    verdict, said = ("too_few", "无法判断") if by_arm.get("holdout") else ("no_holdout", "没有对照组")
    assert made.is_final and made.figures["verdict"] == verdict
    assert said in Text.from_json(made.figures["sentence"]).zh
    assert flow.get_costs(brand_id=filled.brand.id).message_cost["sms"] == 5
    again = demo.fill(clock=lambda: datetime(2026, 11, 22, 3, tzinfo=UTC), limit=HOUSEHOLDS, writers=1)
    assert again.already and len(campaigns.list_campaigns(brand_id=filled.brand.id)) == 5


def _judged(tested: Campaign) -> None:
    """The test was judged by what its members really ordered in the three days, and the rest got what was stated."""
    (run,) = campaigns.list_runs(campaign=tested)
    assert run.state == "finished" and run.is_whole and run.started_at is not None
    with connection.cursor() as cursor:
        cursor.execute("SELECT member_id, arm, wave FROM campaign_member WHERE run_id = %s", [run.id])
        listed = cursor.fetchall()
        cursor.execute(
            "SELECT DISTINCT member_id FROM activity WHERE type = 'order' AND occurred_at >= %s AND occurred_at < %s",
            [run.started_at, run.decide_at],
        )
        bought = {row[0] for row in cursor.fetchall()}
    # the letters went a minute after the start, which was seen a minute later
    assert run.decide_at is not None and run.decide_at - run.started_at == timedelta(hours=72, minutes=2)
    arms = {
        arm: {member for member, its, wave in listed if its == arm and wave == 1}
        for arm in ("thanks", "friends")
    }
    told = run.decision["arms"]
    assert {arm: (one["rows"], one["buyers"]) for arm, one in told.items()} == {
        arm: (len(mine), len(mine & bought)) for arm, mine in arms.items()
    }
    # of thirty households there are too few: no winner, and the others get the first letter
    assert (run.winner, run.decision["why"]) == ("none", "too_few")
    assert {its for _, its, wave in listed if wave == 2} <= {"thanks", "holdout", "programme"}
