"""Paused, what messaging has of a campaign waits as well; resumed it goes, cancelled it is taken back."""

from __future__ import annotations

import time
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from tests.campaigns.given import NOW, Shop, message, open_shop, variant
from tests.campaigns.mortal import killed_after, wait_for_the_dead

from regulars.engage.campaigns import api as campaigns
from regulars.flows.campaigns import api as flow
from regulars.messaging import api as messaging
from regulars.messaging.models import Send, SendHold
from regulars.surfaces.campaign_views import CampaignViewer

pytestmark = pytest.mark.django_db(transaction=True)
SOURCE = "campaign:spring:1"
MANY = 120


def launched(count: int = 6, **more: Any) -> Shop:
    shop = open_shop()
    shop.template()
    shop.members(count)
    shop.launched(variants=[variant("a", **message())], **more)
    return shop


def ask(shop: Shop, size: int) -> None:
    """List everybody and hand so many to messaging."""
    campaigns.begin_due(now=NOW)
    flow.run_portion(now=NOW, size=100)
    flow.run_portion(now=NOW, size=size)


def send(now: Any = NOW) -> None:
    for _ in range(10):
        messaging.send_due(now=now)


def states() -> Counter[tuple[str, str]]:
    return Counter(Send.objects.values_list("state", "reason"))


def shown(shop: Shop) -> tuple[int, int, int]:
    """What the page says: handed over, of those held, sent."""
    run = CampaignViewer(shop.scope, "en", NOW).run(shop.run())
    return run.asked, run.messages_held, run.sent


def test_what_was_handed_over_waits_and_goes_when_it_is_resumed() -> None:
    shop = launched()
    ask(shop, 4)
    flow.pause(scope=shop.scope, code="spring", now=NOW)
    send()
    assert states() == {("queued", "held"): 4} and shown(shop) == (4, 4, 0)
    (held,) = messaging.list_holds(scope=shop.scope)
    assert (held.source, held.held_by) == (SOURCE, "writer")
    assert flow.run_portion(now=NOW) == 0

    later = NOW + timedelta(hours=1)
    flow.resume(scope=shop.scope, code="spring", now=later)
    shop.work(later)
    send(later)
    shop.work(later + timedelta(seconds=10))
    assert {state for state, _ in states()} <= {"sent", "sandboxed", "delivered"}
    assert shop.run().counts == {"a": {"sent": 6}} and shop.run().state == "finished"
    assert shown(shop) == (0, 0, 6) and not SendHold.objects.filter(held_at__isnull=False).exists()


def test_what_went_before_the_pause_is_learned_while_it_lasts() -> None:
    shop = launched()
    ask(shop, 100)
    flow.run_portion(now=NOW)  # nobody is left to tell: outcomes are waited for
    gone = [row.member_id for row in Send.objects.order_by("id")[:2]]
    for her in gone:
        shop.outcome(her, "sent")
    flow.pause(scope=shop.scope, code="spring", now=NOW)
    shop.work(NOW + timedelta(seconds=10))
    assert shown(shop) == (4, 4, 2)
    assert shop.run().paused and shop.run().state == "settling"


def test_cancelled_while_it_is_paused_the_held_are_taken_back() -> None:
    shop = launched()
    ask(shop, 4)
    flow.pause(scope=shop.scope, code="spring", now=NOW)
    send()
    flow.cancel(scope=shop.scope, code="spring", now=NOW + timedelta(minutes=1))
    send(NOW + timedelta(minutes=2))
    assert states() == {("skipped", "withdrawn"): 4}
    shop.work(NOW + timedelta(minutes=3))
    run = shop.run()
    assert run.state == "cancelled" and run.is_whole
    assert run.counts == {"a": {"skipped:withdrawn": 4, "skipped:cancelled": 2}}


def test_cancelled_nothing_that_waits_is_sent_even_before_the_run_is_looked_at() -> None:
    shop = launched()
    ask(shop, 6)
    flow.cancel(scope=shop.scope, code="spring", now=NOW)
    send()
    assert states() == {("skipped", "withdrawn"): 6}


def test_what_goes_out_of_date_while_it_is_paused_ends_the_run() -> None:
    shop = launched(expires_in_hours=2)
    ask(shop, 100)
    flow.run_portion(now=NOW)
    flow.pause(scope=shop.scope, code="spring", now=NOW)
    send()
    late = NOW + timedelta(hours=3)
    send(late)
    shop.work(late)
    assert shop.run().counts == {"a": {"skipped:expired": 6}} and shop.run().ended_at is not None
    assert campaigns.get_campaign(brand_id=shop.brand_id, code="spring").state == "paused"
    assert flow.resume(scope=shop.scope, code="spring", now=late).state == "finished"
    assert not SendHold.objects.filter(held_at__isnull=False).exists()


def test_other_runs_and_campaigns_go_on() -> None:
    shop = launched()
    shop.launched("autumn", variants=[variant("a", **message())])
    for _ in range(20):
        flow.run_due(NOW)
    flow.pause(scope=shop.scope, code="spring", now=NOW)
    send()
    assert states() == {("queued", "held"): 6, ("sandboxed", ""): 6} or states()[("queued", "held")] == 6
    assert Send.objects.filter(source="campaign:autumn:1", state="queued").count() == 0


@pytest.mark.race
def test_paused_while_two_hand_over_and_one_sends(together: Any) -> None:
    """Whatever was under way, nothing goes after the pause; resumed, everybody hears once."""
    shop = launched(MANY)
    first = campaigns.get_campaign(brand_id=shop.brand_id, code="spring")

    def hand() -> int:
        done = 0
        for _ in range(60):
            done += (campaigns.begin_due(now=NOW) is not None) + flow.run_portion(now=NOW, size=5)
            time.sleep(0.005)
        return done

    def post() -> int:
        return sum(messaging.send_due(now=NOW) for _ in range(60))

    def stop() -> str:
        for _ in range(500):
            run = shop.run() if campaigns.list_runs(campaign=first) else None
            if run is not None and run.total("asked") > 20:
                break
            time.sleep(0.005)
        return flow.pause(scope=shop.scope, code="spring", now=NOW).state

    outcomes = together([hand, hand, post, stop])
    assert outcomes[3] == "paused", outcomes
    before = Send.objects.exclude(state="queued").count()
    send()
    assert Send.objects.exclude(state="queued").count() == before
    assert shown(shop)[1] == Send.objects.filter(state="queued").count() == Send.objects.count() - before
    _all_hear_once(shop)


@pytest.mark.race
def test_paused_and_resumed_while_workers_are_killed() -> None:
    shop = launched(MANY)
    for turn in range(6):
        with killed_after(0.1 + 0.05 * (turn % 3), sends=True):
            state = campaigns.get_campaign(brand_id=shop.brand_id, code="spring").state
            if turn % 2 == 0 and state == "running":
                flow.pause(scope=shop.scope, code="spring", now=NOW)
        state = campaigns.get_campaign(brand_id=shop.brand_id, code="spring").state
        if state == "paused":
            wait_for_the_dead()
            before = Send.objects.filter(state__in=["queued", "sending"]).count()
            send()
            assert Send.objects.filter(state__in=["queued", "sending"]).count() == before
            if turn % 2 == 1:
                flow.resume(scope=shop.scope, code="spring", now=NOW)
    if campaigns.get_campaign(brand_id=shop.brand_id, code="spring").state == "running":
        flow.pause(scope=shop.scope, code="spring", now=NOW)
    _all_hear_once(shop)


def _all_hear_once(shop: Shop) -> None:
    flow.resume(scope=shop.scope, code="spring", now=NOW)
    for second in range(0, 200, 10):
        later = NOW + timedelta(minutes=10, seconds=second)
        shop.work(later)
        send(later)
    run = shop.run()
    assert run.state == "finished" and run.is_whole, (run.state, run.counts, states())
    assert run.counts == {"a": {"sent": MANY}}
    assert Send.objects.count() == MANY
    assert Counter(Send.objects.values_list("member_id", flat=True)).most_common(1)[0][1] == 1
