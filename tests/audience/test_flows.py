"""Facts, scores and segments at work: rules that ask for them, what the outbox says, profiling switched off."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.intake.world import order, points, programme, rule, world

from regulars.audience.member_facts import api as facts
from regulars.audience.segments import api as segments
from regulars.audience.segments.types import SegmentDraft
from regulars.facts.activity.types import Receipt
from regulars.facts.members import api as members
from regulars.flows import audience, profiling
from regulars.kit.text import Text
from regulars.platform.outbox import api as outbox

pytestmark = pytest.mark.django_db

NOW = datetime(2024, 12, 20, 4, tzinfo=UTC)
DAY = timedelta(days=1)


def bonus(key: str, field: str, op: str, value: Any, amount: int) -> dict[str, Any]:
    return rule(key, points("fixed", amount=amount), condition={"field": field, "op": op, "value": value})


def earned(receipt: Receipt) -> int:
    return receipt.earned.get("points", 0)


def test_rules_may_ask_facts_scores_and_segments() -> None:
    its = world(
        programme(
            [
                bonus("third", "fact.orders_90", "gte", 2, 100),
                bonus("koc", "score.koc", "gte", 70, 1000),
                bonus("circle", "membership.segments", "contains", "circle", 10_000),
            ]
        )
    )
    brand = its.scope.brand_id
    her = its.member("13800000001")
    assert earned(its.one(order(her, "a", 500, at=NOW))) == 0
    assert earned(its.one(order(her, "b", 500, at=NOW + DAY))) == 0
    # two orders in 90 days before this one: facts follow at each order, no worker in between
    assert earned(its.one(order(her, "c", 500, at=NOW + 2 * DAY))) == 100
    facts.write_scores(brand_id=brand, as_of=NOW, columns={"koc": [80]}, member_ids=[her])
    assert earned(its.one(order(her, "d", 500, at=NOW + 3 * DAY))) == 1100
    segments.create(
        scope=its.scope,
        draft=SegmentDraft("circle", Text("圈", "Circle"), "static", members=[her]),
        now=NOW + 3 * DAY,
    )
    assert earned(its.one(order(her, "e", 500, at=NOW + 4 * DAY))) == 11_100
    # 100 days later the windows are empty, though nobody refreshed anything meanwhile
    assert earned(its.one(order(her, "f", 500, at=NOW + 104 * DAY))) == 11_000


def test_what_was_known_when_it_was_decided_decides_again_when_something_comes_late() -> None:
    its = world(programme([bonus("koc", "score.koc", "gte", 70, 1000), rule("base", points())]))
    brand = its.scope.brand_id
    her = its.member("13800000001")
    facts.write_scores(brand_id=brand, as_of=NOW, columns={"koc": [80]}, member_ids=[her])
    assert earned(its.one(order(her, "a", 500, at=NOW + DAY))) == 1005
    facts.write_scores(brand_id=brand, as_of=NOW, columns={"koc": [10]}, member_ids=[her])
    # late, before order a: what order a earned by her score of then stays hers
    (late,) = its.post(order(her, "late", 300, at=NOW), now=NOW + 2 * DAY)
    assert isinstance(late, Receipt) and earned(late) == 3
    assert its.balance(her)[0] == 1008
    its.clean()


def test_the_outbox_marks_members_and_the_worker_refreshes_them(real_db: None) -> None:
    its = world(programme([rule("base", points())]))
    brand = its.scope.brand_id
    outbox.subscribe(name=audience.CONSUMER)
    one, two = its.member("13800000001"), its.member("13800000002")
    its.one(order(one, "a", 500, at=NOW))
    while audience.mark(NOW):
        pass
    assert facts.freshness(brand_id=brand).dirty == 2  # both were enrolled, one bought
    assert audience.refresh(NOW) == 2 and audience.refresh(NOW) == 0
    known = facts.read(brand_id=brand, member_id=one)
    assert known is not None and known.facts is not None and known.facts["orders_30"] == 1
    assert facts.freshness(brand_id=brand).dirty == 0
    assert facts.read(brand_id=brand, member_id=two).facts is not None  # type: ignore[union-attr]


def test_a_live_segment_takes_her_in_with_the_order_that_makes_it_true() -> None:
    its = world(programme([rule("base", points())]))
    brand = its.scope.brand_id
    one = its.member("13800000001")
    definition = {
        "all": [
            {"field": "fact.spend_30", "op": "gte", "value": 1000},
            {"field": "membership.tier", "op": "eq", "value": "normal"},
        ]
    }
    segments.create(
        scope=its.scope, draft=SegmentDraft("live", Text("实时", "Live"), "live", definition), now=NOW
    )
    its.one(order(one, "a", 999, at=NOW))
    assert segments.codes_of(brand_id=brand, member_ids=[one])[one] == set()
    its.one(order(one, "b", 1, at=NOW + DAY))
    assert segments.codes_of(brand_id=brand, member_ids=[one])[one] == {"live"}
    # the order that lifts her to silver takes her out in its own transaction
    its.one(order(one, "c", 100_000, at=NOW + 2 * DAY))
    assert segments.codes_of(brand_id=brand, member_ids=[one])[one] == set()
    moves = segments.moves_of(segment=segments.get_segment(brand_id=brand, code="live")).items
    assert [m.entered for m in moves] == [False, True]


def test_profiling_switched_off_takes_her_out_of_everything_at_once() -> None:
    its = world(programme([rule("base", points())]))
    brand = its.scope.brand_id
    one, two = its.member("13800000001"), its.member("13800000002")
    facts.write_scores(brand_id=brand, as_of=NOW, columns={"koc": [90, 90]}, member_ids=[one, two])
    segments.create(
        scope=its.scope,
        draft=SegmentDraft(
            "koc", Text("KOC", "KOC"), "refreshed", {"field": "score.koc", "op": "gte", "value": 70}
        ),
        now=NOW,
    )
    segments.refresh(brand_id=brand, code="koc", now=NOW)
    assert profiling.switch(scope=its.scope, member_id=one, on=False, now=NOW)
    assert not profiling.switch(scope=its.scope, member_id=one, on=False, now=NOW)
    assert segments.codes_of(brand_id=brand, member_ids=[one, two]) == {one: set(), two: {"koc"}}
    assert segments.get_segment(brand_id=brand, code="koc").members == 1
    known = facts.read(brand_id=brand, member_id=one)
    assert known is not None and known.scores is None
    assert profiling.switch(scope=its.scope, member_id=one, on=True, now=NOW)
    assert members.profiling_is_on(brand_id=brand, member_id=one)
