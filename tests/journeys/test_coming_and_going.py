"""What brings members in and out beside orders and calls: joining, segments, tiers, other journeys, opting out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.intake.world import order, refund
from tests.journeys.world import Travel, call, days, journey, node, travel, webhook

from regulars.audience.segments import api as segments
from regulars.audience.segments.types import SegmentDraft
from regulars.engage.journeys import api as journeys
from regulars.engage.tasks import api as tasks
from regulars.facts.consents import api as consents
from regulars.facts.consents.types import ConsentIn
from regulars.kit.ids import new_id
from regulars.kit.text import Text
from regulars.platform.organisations.types import Actor, Scope

pytestmark = pytest.mark.django_db

NOW = datetime(2024, 3, 4, 2, tzinfo=UTC)  # a Monday, 10:00 in Shanghai
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
BUYERS = {"field": "history.spend", "op": "gte", "value": 5000}


def live(its: Travel, code: str = "buyers", definition: Any = BUYERS) -> None:
    draft = SegmentDraft(code, Text(code, code), "live", definition)
    segments.create(scope=its.its.scope, draft=draft, now=NOW)
    segments.refresh(brand_id=its.brand.id, code=code, now=NOW)


def reasons(its: Travel, her: UUID) -> list[str]:
    return [run.reason for run in its.runs(her)]


def consent(its: Travel, her: UUID, channel: str, granted: bool, now: datetime) -> None:
    text = consents.marketing_text(brand=its.brand.name, channel=channel)
    given = ConsentIn("marketing", channel, granted, consents.MARKETING_VERSION, text)
    consents.record(
        scope=its.its.scope, member_id=her, consents=[given], source="staff", language="zh", now=now
    )


def test_who_joins_comes_in_at_once_and_who_was_there_before_does_not() -> None:
    its = travel()
    before = its.its.member("13800000001")
    its.hear(NOW)
    its.publish(journey(node("in", "trigger", on="joined"), webhook("hello")), now=NOW)
    after = its.its.member("13800000002", now=NOW)
    its.work(NOW, hear=True)
    assert (its.called(before), its.called(after)) == ([], [("hello", NOW)])


def test_entering_a_segment_brings_in_and_leaving_it_ends_the_run() -> None:
    its = travel()
    live(its)
    her = its.its.member("13800000001")
    its.publish(
        journey(
            node("in", "trigger", on="segment_entered", segment="buyers"), days("pause", 5), webhook("late"),
            leave_segment="buyers",
        ),
        now=NOW,
    )  # fmt: skip
    its.publish(
        journey(node("in", "trigger", on="segment_left", segment="buyers"), webhook("gone")), "left", now=NOW
    )
    its.hear(NOW)
    its.its.one(order(her, "n1", 9000, at=NOW))
    its.work(NOW, hear=True)
    assert [(run.state, run.node) for run in its.runs(her)] == [("active", "pause")]
    its.its.one(refund(her, "r1", "n1", at=NOW + DAY))
    its.work(NOW + DAY, hear=True)
    assert sorted(reasons(its, her)) == ["completed", "left_segment"]
    its.work(NOW + 6 * DAY)
    assert [name for name, _ in its.called(her)] == ["gone"]


def test_who_came_in_and_left_before_anybody_looked_is_not_kept() -> None:
    """Entering and leaving are heard in one go, as after an hour without a worker: in the order in which they were."""
    its = travel()
    live(its)
    gone, back = its.its.member("13800000001"), its.its.member("13800000002")
    its.publish(
        journey(
            node("in", "trigger", on="segment_entered", segment="buyers"), days("pause", 5), webhook("late"),
            leave_segment="buyers", again="after_exit",
        ),
        now=NOW,
    )  # fmt: skip
    its.hear(NOW)
    for her in (gone, back):
        its.its.one(order(her, f"n{her}", 9000, at=NOW))
        its.its.one(refund(her, f"r{her}", f"n{her}", at=NOW))
    its.its.one(order(back, "n3", 9000, at=NOW))
    its.work(NOW + HOUR, hear=True)
    assert reasons(its, gone) == ["left_segment"]
    assert reasons(its, back) == [""]
    its.work(NOW + 6 * DAY)
    assert (its.called(gone), [name for name, _ in its.called(back)]) == ([], ["late"])


def test_who_joined_and_opted_out_before_anybody_looked_is_left_alone() -> None:
    its = travel()
    its.publish(
        journey(node("in", "trigger", on="joined"), days("pause", 1), webhook("late"), leave_on_opt_out=True),
        now=NOW,
    )
    its.hear(NOW)
    her = its.its.member("13800000001", now=NOW)
    consent(its, her, "sms", True, NOW)
    consent(its, her, "sms", False, NOW + HOUR)
    its.work(NOW + HOUR, hear=True)
    assert reasons(its, her) == ["opted_out"]


def test_who_is_in_the_segment_already_comes_in_at_publication_if_that_is_wanted() -> None:
    its = travel()
    inside, outside = its.its.member("13800000001"), its.its.member("13800000002")
    its.its.one(order(inside, "n1", 9000, at=NOW - DAY))
    live(its)
    its.hear(NOW)
    for code, existing in (("all", True), ("new", False)):
        trigger = node("in", "trigger", on="segment_entered", segment="buyers", existing=existing)
        its.publish(journey(trigger, webhook(code)), code, now=NOW)
    its.work(NOW, hear=True)
    assert [name for name, _ in its.called(inside)] == ["all"]
    assert its.called(outside) == []


def test_a_tier_brings_in_by_its_direction_and_its_code() -> None:
    its = travel()
    her = its.its.member("13800000001")
    its.hear(NOW)
    for code, given in (
        ("up", {"direction": "up"}),
        ("down", {"direction": "down"}),
        ("gold", {"tiers": ["gold"]}),
        ("silver", {"tiers": ["silver"]}),
    ):
        trigger = node("in", "trigger", on="tier_changed", scheme="main", **given)
        its.publish(journey(trigger, webhook(code), again="after_exit"), code, now=NOW)
    its.its.one(order(her, "n1", 100_000, at=NOW))
    its.work(NOW, hear=True)
    assert sorted(name for name, _ in its.called(her)) == ["silver", "up"]
    its.its.one(order(her, "n2", 400_000, at=NOW + HOUR))
    its.work(NOW + HOUR, hear=True)
    assert sorted(name for name, _ in its.called(her)) == ["gold", "silver", "up", "up"]


def test_a_journey_starts_another_and_neither_turns_for_ever() -> None:
    its = travel()
    her = its.its.member("13800000001")
    its.publish(journey(call(), webhook("second"), again="after_exit"), "second", now=NOW)
    its.publish(journey(call(), webhook("first"), node("on", "journey", journey="second")), now=NOW)
    assert its.enter(her, now=NOW) == 1
    its.work(NOW)
    assert sorted(name for name, _ in its.called(her)) == ["first", "second"]
    back = journey(call(), webhook("second"), node("back", "journey", journey="j"), again="keyed")
    its.publish(back, "second", now=NOW)
    its.publish(journey(call(), node("on", "journey", journey="second"), again="keyed"), now=NOW)
    its.enter(her, now=NOW + HOUR)
    its.work(NOW + HOUR)
    assert len(its.called(her)) < 10, "five deep, and no further"


@pytest.mark.parametrize("leaves", [True, False])
def test_who_takes_a_consent_back_leaves_where_the_journey_says_so(leaves: bool) -> None:
    its = travel()
    her = its.its.member("13800000001")
    its.publish(journey(call(), days("pause", 5), webhook("late"), leave_on_opt_out=leaves), now=NOW)
    its.hear(NOW)
    its.enter(her, now=NOW)
    its.work(NOW)
    consent(its, her, "email", False, NOW)  # she never agreed: nothing is taken back
    consent(its, her, "sms", True, NOW)
    its.work(NOW, hear=True)
    assert reasons(its, her) == [""]
    consent(its, her, "sms", False, NOW + DAY)
    its.work(NOW + DAY, hear=True)
    assert reasons(its, her) == (["opted_out"] if leaves else [""])
    its.work(NOW + 6 * DAY)
    assert [name for name, _ in its.called(her)] == ([] if leaves else ["late"])


def test_who_wants_no_more_contact_gets_no_task_and_goes_on() -> None:
    its = travel()
    asks = {"task": "call", "title": {"zh": "回访", "en": "Call her"}, "due_in_days": 1}
    its.publish(journey(call(), node("ask", "task", **asks), webhook("after"), again="after_exit"), now=NOW)
    talks, declines = its.its.member("13800000001"), its.its.member("13800000002")
    its.enter(talks, declines, now=NOW)
    its.work(NOW)
    held = frozenset({"tasks.work", "tasks.manage"})
    staff = Scope(its.brand.organisation_id, its.brand.id, Actor("staff", new_id(), "Ann"), held)
    for one in tasks.list_tasks(scope=staff).items:
        outcome = "do_not_contact" if one.member_id == declines else "reached"
        tasks.finish(scope=staff, task_id=one.id, outcome=outcome, now=NOW)
    later = NOW + 30 * DAY
    its.enter(talks, declines, now=later)
    its.work(later)
    assert [one.member_id for one in tasks.list_tasks(scope=staff).items] == [talks]
    assert its.called(declines) == [("after", NOW), ("after", later)]
    done = journeys.actions_of(member_id=declines, runs=its.runs(declines))
    assert sorted(act.outcome for acts in done.values() for act in acts if act.node == "ask") == [
        "",
        "declined",
    ]
