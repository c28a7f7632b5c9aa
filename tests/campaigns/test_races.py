"""Two workers, a cancellation in the middle, a worker that dies between portions: nobody is missed, nobody gets two."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from tests.campaigns.given import NOW, Shop, message, open_shop, variant
from tests.campaigns.mortal import killed_after

from regulars.engage.campaigns import api as campaigns
from regulars.flows.campaigns import api as flow
from regulars.messaging import api as messaging

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]

MANY = 120


def launched(**more: Any) -> Shop:
    shop = open_shop()
    shop.template()
    shop.members(MANY)
    rewards = [{"kind": "points", "unit": "points", "amount": 5}]
    shop.launched(variants=[variant("a", **message(), rewards=rewards)], **more)
    return shop


def points(shop: Shop) -> Counter[int]:
    return Counter(shop.its.balance(one)[0] for one in shop.arms())


def asked(shop: Shop) -> int:
    return sum(one.count for one in messaging.sends_of(brand_id=shop.brand_id, source="campaign:spring:1"))


def work(size: int = 7) -> Callable[[], int]:
    """A worker that goes on until it finds nothing to do for a while."""

    def run() -> int:
        done = idle = 0
        while idle < 30:
            moved = (campaigns.begin_due(now=NOW) is not None) + flow.run_portion(now=NOW, size=size)
            idle = 0 if moved else idle + 1
            done += moved
            if not moved:
                time.sleep(0.02)
        return done

    return run


def test_two_workers_launch_one_run_and_everybody_gets_one(together: Any) -> None:
    shop = launched()
    outcomes = together([work(), work(), work()])
    assert all(isinstance(one, int) for one in outcomes), outcomes
    found = campaigns.get_campaign(brand_id=shop.brand_id, code="spring")
    assert found.runs == 1
    assert shop.run().counts == {"a": {"asked": MANY}}
    assert points(shop) == {5: MANY} and asked(shop) == MANY
    shop.its.clean()


def test_cancelled_while_two_work_everybody_is_told_or_skipped(together: Any) -> None:
    shop = launched(holdout_percent=10)

    def stop() -> str:
        for _ in range(500):
            run = shop.run() if campaigns.list_runs(campaign=first) else None
            if run is not None and run.total("asked") > 10:
                break
            time.sleep(0.005)
        return campaigns.cancel(scope=shop.scope, code="spring", now=NOW).state

    first = campaigns.get_campaign(brand_id=shop.brand_id, code="spring")
    outcomes = together([work(5), work(5), stop])
    assert outcomes[2] == "cancelled", outcomes
    run = shop.run()
    told = run.total("asked")
    assert run.total("pending") == 0
    if run.state == "cancelled":  # what was asked was withdrawn, and the workers had time to learn it
        assert told == 0 and run.total("skipped") == run.treated and run.is_whole
        shop.its.clean()
        return
    assert run.state == "settling"
    assert told + run.total("skipped") == run.treated
    states = Counter(row[1:] for row in shop.arms().values())
    assert states["asked", ""] == told == asked(shop)
    assert points(shop)[5] == told
    for member, row in shop.arms().items():
        if row[1] == "asked":
            shop.outcome(member, "sent")
    shop.work(NOW + timedelta(seconds=10))
    assert shop.run().state == "cancelled" and shop.run().is_whole
    shop.its.clean()


def test_a_worker_that_is_killed_again_and_again_loses_nobody_and_tells_nobody_twice() -> None:
    shop = launched()
    deaths = 0
    for turn in range(8):
        with killed_after(0.1 + 0.05 * (turn % 5)):
            pass
        deaths += 1
        run = shop.run() if campaigns.list_runs(campaign=found(shop)) else None
        if run is not None and run.state == "settling":
            break
        # the server may still be undoing what the dead one held
    shop.work()
    assert shop.run().counts == {"a": {"asked": MANY}} and deaths >= 2
    assert points(shop) == {5: MANY} and asked(shop) == MANY
    shop.its.clean()


def found(shop: Shop) -> Any:
    return campaigns.get_campaign(brand_id=shop.brand_id, code="spring")
