"""Campaigns from the draft to the last outcome, through their door."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from tests.campaigns.given import (
    NOW,
    code_of,
    definition_of,
    fields_of,
    message,
    open_shop,
    variant,
)

from regulars.engage.campaigns import api as campaigns
from regulars.flows.campaigns import api as flow
from regulars.messaging import api as messaging

pytestmark = pytest.mark.django_db


def test_everybody_gets_the_points_once_and_the_run_is_whole() -> None:
    shop = open_shop()
    ids = shop.members(7)
    shop.launched()
    shop.work(size=3)
    run = shop.run()
    assert run.state == "finished" and run.is_whole
    assert run.counts == {"a": {"sent": 7}}
    assert [shop.its.balance(one)[0] for one in ids] == [5] * 7
    shop.work()
    assert [shop.its.balance(one)[0] for one in ids] == [5] * 7
    assert campaigns.get_campaign(brand_id=shop.brand_id, code="spring").state == "finished"
    shop.its.clean()


def test_what_a_campaign_names_must_be_there() -> None:
    shop = open_shop()
    shop.template("hello")
    found = fields_of(
        lambda: shop.create(
            audience={
                "segments": ["nobody"],
                "condition": {"field": "history.spendings", "op": "gte", "value": 1},
            },
            variants=[
                variant(
                    "a", message={"template": "unknown"}, rewards=[{"kind": "coupon", "definition": "x"}]
                ),
                variant("b", **message(channels=["pigeon"])),
                variant("c", message={"template": "hello"}),
                variant("d", rewards=[{"kind": "points", "unit": "points", "amount": 5}], cost=100),
            ],
            budget="none",
        )
    )
    assert {
        ("audience.segments", "unknown_segment"),
        ("audience.condition.field", "unknown_field"),
        ("variants[0].message.template", "unknown_template"),
        ("variants[0].rewards[0].definition", "unknown"),
        ("variants[1].message.channels", "unknown_choice"),
        ("variants[2].message.purpose", "not_the_template's"),
        ("variants[3].cost", "not_with_rewards"),
        ("budget", "unknown_budget"),
    } <= found
    assert campaigns.list_campaigns(brand_id=shop.brand_id) == []


def test_a_second_person_approves_and_a_change_undoes_it() -> None:
    shop = open_shop()
    shop.members(2)
    shop.create()
    assert code_of(lambda: flow.launch(scope=shop.chief, code="spring", now=NOW)) == "campaign_state"
    flow.submit(scope=shop.scope, code="spring", now=NOW)

    def decide(scope: object, approve: bool = True, note: str = "") -> object:
        return campaigns.decide(scope=scope, code="spring", approve=approve, note=note, now=NOW)  # type: ignore[arg-type]

    assert code_of(lambda: decide(shop.scope)) == "own_campaign"
    assert code_of(lambda: decide(shop.its.scope)) == "own_campaign"  # nobody's id is nobody else's
    assert code_of(lambda: decide(shop.chief, approve=False)) == "invalid_input"
    decide(shop.chief, approve=False, note="太晚了")
    found = campaigns.get_campaign(brand_id=shop.brand_id, code="spring")
    assert (found.state, found.refused) == ("draft", "太晚了")
    flow.submit(scope=shop.scope, code="spring", now=NOW)
    decide(shop.chief)
    # who changes what was approved is its writer, and may not approve it herself
    flow.update(scope=shop.chief, code="spring", definition=definition_of(window_days=7), now=NOW)
    assert campaigns.get_campaign(brand_id=shop.brand_id, code="spring").state == "draft"
    flow.submit(scope=shop.scope, code="spring", now=NOW)
    assert code_of(lambda: decide(shop.chief)) == "own_campaign"
    shop.work()
    assert campaigns.get_campaign(brand_id=shop.brand_id, code="spring").runs == 0


def test_a_launched_campaign_keeps_its_definition() -> None:
    shop = open_shop()
    shop.launched()
    change = lambda: flow.update(scope=shop.scope, code="spring", definition=definition_of(), now=NOW)  # noqa: E731
    assert code_of(change) == "campaign_launched"
    made = flow.copy(scope=shop.scope, code="spring", new_code="spring-2", now=NOW)
    assert (
        made.state == "draft"
        and made.salt != campaigns.get_campaign(brand_id=shop.brand_id, code="spring").salt
    )
    assert (
        code_of(lambda: flow.copy(scope=shop.scope, code="spring", new_code="spring-2", now=NOW))
        == "code_taken"
    )


def test_those_held_out_get_nothing_and_are_the_same_in_every_run() -> None:
    shop = open_shop()
    ids = shop.members(60)
    shop.launched(holdout_percent=30, schedule={"kind": "recurring", "every": "day", "time": "10:00"})
    first = campaigns.get_campaign(brand_id=shop.brand_id, code="spring").next_at
    assert first is not None
    shop.work(first, size=7)
    shop.work(first + timedelta(days=1), size=50)
    one, two = shop.arms(number=1), shop.arms(number=2)
    held = {member for member, row in one.items() if row == ("holdout", "held", "holdout")}
    assert 5 < len(held) < 32 and set(one) == set(ids)
    assert held == {member for member, row in two.items() if row[0] == "holdout"}
    for member in ids:
        assert shop.its.balance(member)[0] == (0 if member in held else 10)
    # nobody makes up for days on which no worker ran
    shop.work(first + timedelta(days=9))
    found = campaigns.get_campaign(brand_id=shop.brand_id, code="spring")
    assert found.runs == 3 and found.next_at == first + timedelta(days=10) and found.state == "running"


def test_the_programmes_holdout_is_left_out_but_hears_of_service() -> None:
    shop = open_shop()
    shop.template()
    ids = shop.members(80)
    from regulars.audience.holdouts import api as holdouts

    holdouts.set_holdout(scope=shop.scope, percent=30, reason="测量", redraw=False, now=NOW)
    out = holdouts.held_out(brand_id=shop.brand_id, member_ids=ids)
    assert out
    shop.launched()
    shop.work()
    arms = shop.arms()
    assert {one for one, row in arms.items() if row == ("programme", "held", "programme_holdout")} == out
    assert all(shop.its.balance(one)[0] == 0 for one in out)
    shop.launched("recall", variants=[variant("a", **message())])
    shop.work()
    assert {row[0] for row in shop.arms("recall").values()} == {"a"}


def test_an_audience_is_segments_and_a_condition_without_the_excluded() -> None:
    shop = open_shop()
    ids = shop.members(6)
    shop.segment("some", ids[:5])
    shop.segment("not", ids[:1])
    for member in ids[:4]:
        shop.buy(member, f"o{member}", 5000, NOW - timedelta(days=3))
    shop.launched(
        audience={
            "segments": ["some"],
            "condition": {"field": "history.orders", "op": "gte", "value": 1},
            "exclude": ["not"],
        }
    )
    shop.work(size=2)
    assert set(shop.arms()) == set(ids[1:4])
    shop.launched("whole", audience={"segments": ["some"]})
    shop.work(size=2)
    assert set(shop.arms("whole")) == set(ids[:5])


def test_a_sample_is_a_share_or_a_number() -> None:
    shop = open_shop()
    ids = shop.members(100)
    shop.launched(audience={"everybody": True, "sample_count": 10})
    shop.work(size=30)
    assert len(shop.arms()) == 10
    shop.launched("half", audience={"everybody": True, "sample_percent": 50})
    shop.work(size=30)
    assert 30 < len(shop.arms("half")) < 70 and set(shop.arms("half")) < set(ids)


def test_a_budget_of_money_stops_at_its_limit_and_says_so() -> None:
    shop = open_shop()
    shop.template()
    shop.members(9)
    shop.budget("sms", "amount", 100)
    shop.launched(budget="sms", variants=[variant("a", **message(), cost=20)])
    shop.work(size=4)
    run = shop.run()
    # 100 pay for five messages of 20; the other four are told so, whatever the portions were
    assert run.counts == {"a": {"asked": 5, "skipped:budget_used_up": 4}}
    assert shop.left("sms") == 0
    assert len(messaging.sends_of(brand_id=shop.brand_id, source="campaign:spring:1")) == 1


def test_a_budget_of_uses_pays_for_rewards() -> None:
    shop = open_shop()
    ids = shop.members(8)
    shop.budget("uses", "count", 5)
    shop.launched(budget="uses")
    shop.work(size=3)
    run = shop.run()
    assert run.counts == {"a": {"sent": 5, "skipped:budget_used_up": 3}} and run.is_whole
    assert sorted(shop.its.balance(one)[0] for one in ids) == [0] * 3 + [5] * 5
    assert shop.left("uses") == 0


def test_whom_nothing_could_be_given_to_is_not_told_of_it() -> None:
    shop = open_shop()
    shop.template()
    shop.members(4)
    shop.coupon("tea", limits={"total": 3})
    shop.launched(variants=[variant("a", **message(), rewards=[{"kind": "coupon", "definition": "tea"}])])
    shop.work(size=2)
    states = Counter(row[1:] for row in shop.arms().values())
    assert states[("asked", "")] == 3 and sum(states.values()) == 4
    (tally,) = messaging.sends_of(brand_id=shop.brand_id, source="campaign:spring:1")
    assert tally.count == 3


def test_it_is_finished_when_sent_failed_and_skipped_are_everybody() -> None:
    shop = open_shop()
    shop.template()
    ids = shop.members(5)
    shop.launched(variants=[variant("a", **message(channels=["inbox"]))])
    shop.work()
    run = shop.run()
    assert run.state == "settling" and run.counts == {"a": {"asked": 5}} and not run.is_whole
    shop.outcome(ids[0], "failed", "bounced")
    shop.outcome(ids[1], "skipped", "no_consent")
    shop.outcome(ids[2], "delivered")
    shop.work(NOW + timedelta(seconds=10), size=2)
    run = shop.run()
    assert run.state == "settling"
    assert run.counts == {"a": {"asked": 2, "failed:bounced": 1, "sent": 1, "skipped:no_consent": 1}}
    shop.outcome(ids[3], "sent")
    shop.outcome(ids[4], "uncertain")
    shop.work(NOW + timedelta(seconds=20), size=2)
    run = shop.run()
    assert run.state == "finished" and run.is_whole and run.total("failed") == 2
    assert campaigns.get_campaign(brand_id=shop.brand_id, code="spring").state == "finished"


def test_messages_really_go_out_and_come_back() -> None:
    from regulars.messaging.sending import handing

    shop = open_shop()
    shop.template()
    ids = shop.members(3)
    shop.launched(variants=[variant("a", **message(channels=["inbox"]))])
    shop.work()
    while handing.deliver(NOW):
        pass
    shop.work(NOW + timedelta(seconds=10))
    assert shop.run().counts == {"a": {"sent": 3}}
    page = messaging.list_inbox(scope=shop.its.scope, member_id=ids[0])
    assert [one.body for one in page.items] == ["您好"]


def test_a_share_tests_the_variants_and_the_rest_get_the_winner() -> None:
    shop = open_shop()
    ids = shop.members(200)
    five, nine = ({"kind": "points", "unit": "points", "amount": amount} for amount in (5, 9))
    shop.launched(
        variants=[variant("five", rewards=[five]), variant("nine", rewards=[nine])],
        trial={"percent": 50, "hours": 48, "min_sample": 10},
    )
    shop.work(size=40)
    run = shop.run()
    assert run.state == "testing" and run.decide_at == NOW + timedelta(hours=48)
    tested = {one: row[0] for one, row in shop.arms().items() if row[1] == "sent"}
    assert 60 < len(tested) < 140 and run.counts["rest"] == {"pending": 200 - len(tested)}
    shop.work(NOW + timedelta(hours=47))
    assert shop.run().state == "testing"
    # everybody with nine points orders, nobody with five
    for n, (member, arm) in enumerate(tested.items()):
        if arm == "nine":
            shop.buy(member, f"n{n}", 1000, NOW + timedelta(hours=3))
    shop.work(NOW + timedelta(hours=48), size=30)
    run = shop.run()
    assert (run.winner, run.decision["why"]) == ("nine", "won") and run.state == "finished"
    for member in ids:
        bought = 10 if tested.get(member) == "nine" else 0
        assert shop.its.balance(member)[0] == bought + (5 if tested.get(member) == "five" else 9)


def test_the_hours_of_a_test_begin_when_its_messages_have_gone() -> None:
    """Quiet hours, a pause or a provider that is slow: who has not been told cannot have answered."""
    shop = open_shop()
    ids = shop.members(200)
    shop.template()
    words = {"template": "hello", "purpose": "service", "channels": ["inbox"]}
    night = {"closes": "11:00", "opens": "08:00", "service_too": True}  # it is noon
    messaging.put_policy(scope=shop.scope, value={"quiet": {"inbox": night}, "caps": []}, now=NOW)
    shop.launched(
        variants=[variant("a", message=words), variant("b", message=words)],
        trial={"percent": 50, "hours": 4, "min_sample": 10},
    )
    morning = NOW + timedelta(hours=20)  # eight o'clock
    for at in (NOW, NOW + timedelta(hours=4), NOW + timedelta(hours=19)):
        messaging.send_due(now=at)
        shop.work(at)
        assert (shop.run().state, shop.run().decide_at) == ("sending", None)
    messaging.send_due(now=morning)
    shop.work(morning + timedelta(minutes=1))
    assert shop.run().state == "testing"
    assert shop.run().decide_at == morning + timedelta(hours=4, minutes=1)
    for n, (member, (arm, state, _)) in enumerate(sorted(shop.arms().items())):
        if arm == "b" and state == "asked":
            shop.buy(member, f"n{n}", 1000, morning + timedelta(hours=2))
    after = morning + timedelta(hours=4, minutes=1)
    shop.work(after)
    assert (shop.run().winner, shop.run().decision["why"]) == ("b", "won")
    messaging.send_due(now=morning + timedelta(days=1))  # the rest were asked for at noon
    shop.work(morning + timedelta(days=1, minutes=1))
    assert shop.run().state == "finished" and len(shop.arms()) == len(ids)


@pytest.mark.parametrize(("otherwise", "points"), [("first", {5}), ("none", {0}), ("split", {5, 9})])
def test_without_a_winner_the_rest_get_what_was_said(otherwise: str, points: set[int]) -> None:
    shop = open_shop()
    shop.members(60)
    five, nine = ({"kind": "points", "unit": "points", "amount": amount} for amount in (5, 9))
    shop.launched(
        variants=[variant("five", rewards=[five]), variant("nine", rewards=[nine])],
        trial={"percent": 30, "hours": 1, "min_sample": 5, "otherwise": otherwise},
    )
    shop.work()
    tested = {one for one, row in shop.arms().items() if row[1] == "sent"}
    shop.work(NOW + timedelta(hours=1))
    run = shop.run()
    assert run.winner == "none" and run.state == "finished" and run.is_whole
    rest = {one: row for one, row in shop.arms().items() if one not in tested}
    assert {shop.its.balance(one)[0] for one in rest} == points
    if otherwise == "none":
        assert {row[1:] for row in rest.values()} == {("skipped", "no_winner")}


def test_a_stratified_holdout_takes_the_same_share_of_every_group() -> None:
    shop = open_shop()
    ids = shop.members(60)
    shop.scores({one: ("champion" if n < 20 else "lost") for n, one in enumerate(ids[:50])})
    shop.launched(holdout_percent=20, stratify="rfm_group")
    shop.work(size=25)
    held = {one for one, row in shop.arms().items() if row[0] == "holdout"}
    # 20 champions, 30 lost, 10 of whom nothing is known: 4, 6 and 2
    assert [len(held & set(part)) for part in (ids[:20], ids[20:50], ids[50:])] == [4, 6, 2]
    assert shop.run().counts["a"] == {"sent": 48}


def test_paused_nothing_moves_and_resumed_it_goes_on() -> None:
    shop = open_shop()
    shop.members(6)
    shop.launched()
    campaigns.begin_due(now=NOW)
    flow.run_portion(now=NOW, size=100)
    flow.run_portion(now=NOW, size=2)
    campaigns.pause(scope=shop.scope, code="spring", now=NOW)
    assert flow.run_portion(now=NOW) == 0
    assert shop.run().counts == {"a": {"pending": 4, "sent": 2}}
    campaigns.resume(scope=shop.scope, code="spring", now=NOW)
    shop.work()
    assert shop.run().counts == {"a": {"sent": 6}} and shop.run().is_whole


def test_cancelled_in_the_middle_the_others_are_skipped_and_nothing_is_lost() -> None:
    shop = open_shop()
    shop.template()
    shop.members(6)
    shop.launched(variants=[variant("a", **message())])
    campaigns.begin_due(now=NOW)
    flow.run_portion(now=NOW, size=100)
    flow.run_portion(now=NOW, size=2)
    campaigns.cancel(scope=shop.scope, code="spring", now=NOW)
    run = shop.run()
    assert run.state == "settling" and run.counts == {"a": {"asked": 2, "skipped:cancelled": 4}}
    first = next(member for member, row in shop.arms().items() if row[1] == "asked")
    shop.outcome(first, "sent")
    shop.work(NOW + timedelta(seconds=10))
    run = shop.run()
    assert run.state == "cancelled" and run.is_whole
    assert run.counts == {"a": {"sent": 1, "skipped:cancelled": 4, "skipped:withdrawn": 1}}
    assert campaigns.get_campaign(brand_id=shop.brand_id, code="spring").state == "cancelled"
    assert code_of(lambda: campaigns.resume(scope=shop.scope, code="spring", now=NOW)) == "campaign_state"


def test_it_waits_for_its_instant_and_a_past_schedule_is_refused() -> None:
    shop = open_shop()
    shop.members(1)
    later = NOW + timedelta(hours=5)
    shop.launched(schedule={"at": later.isoformat()})
    shop.work()
    assert campaigns.get_campaign(brand_id=shop.brand_id, code="spring").runs == 0
    shop.work(later)
    assert shop.run().state == "finished"
    shop.approved("late", schedule={"kind": "recurring", "time": "10:00", "last": "2026-03-01"})
    assert fields_of(lambda: flow.launch(scope=shop.chief, code="late", now=NOW)) == {
        ("schedule.last", "no_occurrence")
    }


def test_who_left_meanwhile_is_skipped() -> None:
    shop = open_shop()
    ids = shop.members(3)
    shop.launched()
    campaigns.begin_due(now=NOW)
    flow.run_portion(now=NOW)
    shop.freeze(ids[0])
    shop.work()
    assert shop.arms()[ids[0]] == ("a", "skipped", "membership_not_active")
    assert shop.run().is_whole


def test_a_member_sees_why_she_would_get_it_or_not() -> None:
    shop = open_shop()
    ids = shop.members(40)
    shop.segment("some", ids[:39])
    made = shop.create(audience={"segments": ["some"]}, holdout_percent=40)
    tried = {one: flow.preview(scope=shop.scope, campaign=made, member_id=one, now=NOW) for one in ids}
    assert not tried[ids[39]].matches
    assert [(one.key, one.holds) for one in tried[ids[39]].checks] == [("active", True), ("segments", False)]
    gets = {one for one, seen in tried.items() if seen.gets}
    assert 0 < len(gets) < 39
    assert tried[next(iter(gets))].rewards[0].zh == "5 points"
    flow.submit(scope=shop.scope, code="spring", now=NOW)
    campaigns.decide(scope=shop.chief, code="spring", approve=True, note="", now=NOW)
    flow.launch(scope=shop.chief, code="spring", now=NOW)
    shop.work()
    # what was foreseen is what came
    assert {one for one, row in shop.arms().items() if row[1] == "sent"} == gets
    seen = campaigns.of_member(brand_id=shop.brand_id, member_id=ids[0])
    assert [(one.campaign, one.number) for one in seen] == [("spring", 1)]
    assert campaigns.of_member(brand_id=shop.brand_id, member_id=ids[39]) == []


def test_the_audience_is_counted_with_its_parts_before_it_is_saved() -> None:
    shop = open_shop()
    shop.members(20)
    seen = flow.count_audience(
        scope=shop.scope, definition={"audience": {"everybody": True}, "holdout_percent": 25}, now=NOW
    )
    assert (seen.found, seen.holdout, seen.treated) == (20, 5, 15)
    wrong = fields_of(
        lambda: flow.count_audience(scope=shop.scope, definition={"audience": {"segments": ["x"]}}, now=NOW)
    )
    assert wrong == {("audience.segments", "unknown_segment")}


def test_a_portion_that_fails_is_said_and_tried_again_while_others_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop = open_shop()
    shop.members(2)
    shop.launched("first")
    shop.launched("second")
    campaigns.begin_due(now=NOW)
    campaigns.begin_due(now=NOW)
    from regulars.flows.campaigns import sending

    real = sending.give_and_ask
    broken = shop.run("second").id

    def fails(*, run: object, **more: object) -> object:
        if run.id == broken:  # type: ignore[attr-defined]
            raise RuntimeError("the printer is on fire")
        return real(run=run, **more)  # type: ignore[arg-type]

    shop.launched("third")
    monkeypatch.setattr(sending, "give_and_ask", fails)
    for _ in range(8):
        try:
            flow.run_due(NOW)
        except RuntimeError:
            continue
    assert shop.run("first").state == shop.run("third").state == "finished"
    assert "printer" in shop.run("second").problem and shop.run("second").state == "sending"
    monkeypatch.setattr(sending, "give_and_ask", real)
    shop.work(NOW + timedelta(minutes=1))
    assert shop.run("second").state == "finished" and shop.run("second").problem == ""
