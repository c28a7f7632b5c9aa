"""What boards rank by beside one kind of activity: spend, points, check-ins, friends; ties, and who hides."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.missions.world import World, pays

from regulars.engage.missions.api import play
from regulars.flows.missions import api as flow
from regulars.kit import clock
from regulars.kit.errors import Refusal
from regulars.kit.ids import new_id
from regulars.platform.outbox import api as outbox
from regulars.platform.outbox.types import Event


def board(by: str, **more: Any) -> dict[str, Any]:
    return {"key": "top", "name": "Top", "by": by, "period": "ever"} | more


def scores(world: World, period: str = "ever") -> list[tuple[UUID, int]]:
    found = play.ranking(brand_id=world.brand.id, board="top", period=period)
    return [(row.member_id, row.score) for row in found]


def test_spend_is_net_of_what_went_back(world: World) -> None:
    """a: 100 + 40 − 100 = 40, b: 60; orders below 20 do not count."""
    world.board(board("spend", where={"field": "order.amount", "op": "gte", "value": 2000}))
    a, b = world.rush.member(), world.rush.member()
    world.buy(a, "1", 10000)
    world.buy(a, "2", 4000)
    world.buy(b, "3", 6000)
    world.buy(b, "4", 1500)
    world.give_back(a, "r", "1")
    assert scores(world) == [(b, 6000), (a, 4000)]


def test_points_earned_by_whatever_she_did(world: World) -> None:
    """One point a yuan: a 100 + 30, less the 30 that went back; b 110. A mission's 100 points are a reward, not earned.
    Spending points loses no place."""
    world.put(
        {
            "key": "m",
            "name": "m",
            "steps": [{"key": "s", "name": "s", "activity": "order"}],
            "rewards": pays(100),
        }
    )
    world.board(board("points", unit="points"))
    a, b = world.rush.member(), world.rush.member()
    world.buy(a, "1", 10000)
    world.buy(a, "2", 3000)
    world.buy(b, "3", 11000)
    assert scores(world) == [(a, 130), (b, 110)]
    world.give_back(a, "r", "2")
    world.rush.burn(b, 50, "k")
    world.follow()
    assert scores(world) == [(b, 110), (a, 100)]


def test_check_ins_count_days(world: World) -> None:
    """Twice a day is one; a made-up day is none. Equal scores: who reached hers first is ahead."""
    noon = datetime.fromisoformat("2026-03-10T12:00:00+08:00")
    flow.put_checkin(
        scope=world.rush.scope, data={"enabled": True, "makeup_days": 3, "cards_a_month": 1}, now=noon
    )
    world.board(board("checkins"), at=noon - timedelta(days=1))
    a, b, c = (world.rush.member() for _ in range(3))
    for member, days in ((a, (0, 1)), (b, (0, 2)), (c, (2,))):
        for day in days:
            for hours in (0, 2):
                at = noon + timedelta(days=day, hours=hours)
                flow.check_in(scope=world.rush.scope, member_id=member, now=at)
    flow.make_up(
        scope=world.rush.scope, member_id=c, day=noon.date() + timedelta(days=1), now=noon + timedelta(days=2)
    )
    world.follow()
    assert scores(world) == [(a, 2), (b, 2), (c, 1)]


def test_friends_who_qualified_and_one_who_does_not_any_more(world: World) -> None:
    world.board(board("referrals", period="month"))
    a, b = world.rush.member(), world.rush.member()
    friends = [world.rush.member() for _ in range(3)]
    now = clock.now()

    def say(state: str, friend: UUID, recruiter: UUID, at: datetime) -> None:
        outbox.append(
            [
                Event(
                    new_id(), world.brand.organisation_id, world.brand.id, f"referral.{state}",
                    {"recruiter_id": str(recruiter)}, at, at, friend,
                )
            ]
        )  # fmt: skip
        world.follow()

    from regulars.engage.missions.policy import play as policy

    period = policy.board_period(
        play.get_board(brand_id=world.brand.id, key="top"), now, world.brand.timezone
    )[0]
    say("joined", friends[0], a, now)
    assert scores(world, period) == []
    say("qualified", friends[0], a, now)
    say("qualified", friends[1], a, now)
    say("qualified", friends[2], b, now + timedelta(minutes=1))
    say("qualified", friends[2], b, now + timedelta(minutes=1))  # told again: it counts once
    assert scores(world, period) == [(a, 2), (b, 1)]
    say("returned", friends[1], a, now + timedelta(minutes=2))
    assert scores(world, period) == [(a, 1), (b, 1)]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (board("followers"), "by"),
        (board("points"), "unit"),
        (board("points", unit="miles"), "unit"),
        (board("points", unit="points", where={"field": "order.amount", "op": "gte", "value": 1}), "where"),
        (board("referrals", per_store=True), "per_store"),
        ({"key": "top", "name": "Top"}, "activity"),
    ],
)
def test_what_is_wrong_is_named(world: World, given: dict[str, Any], field: str) -> None:
    with pytest.raises(Refusal) as wrong:
        flow.put_board(scope=world.rush.scope, data=given, now=clock.now(), create=True)
    assert field in {one.field for one in wrong.value.errors}


def test_what_it_ranks_by_stays_once_it_is_open(world: World) -> None:
    world.board(board("spend"))
    with pytest.raises(Refusal) as fixed:
        flow.put_board(scope=world.rush.scope, data=board("checkins"), now=clock.now(), create=False)
    assert fixed.value.code == "board_fixed"


def test_a_member_is_told_what_counts(world: World) -> None:
    from regulars.surfaces.draw_views import Drawer

    world.board(board("points", unit="points"))
    one = world.rush.member()
    world.buy(one, "1", 10000)
    shown = Drawer(world.rush.scope, world.brand, one, "en", clock.now()).boards().items[0]
    assert shown.ranked_by.startswith("Ranked by ") and shown.mine is not None and shown.mine.score == 100


def test_the_store_that_is_shown_first(world: World) -> None:
    """Hers where she has most, else the one with most members; staff see that one."""
    from regulars.facts.activity.types import ActivityIn, LineIn, MemberRef, OrderIn
    from regulars.kit.text import Text
    from regulars.platform.organisations import api as organisations
    from regulars.platform.organisations.types import NewStore
    from regulars.surfaces.draw_views import Drawer

    organisations.put_stores(
        brand_id=world.brand.id,
        stores=[NewStore(code, Text(code, code)) for code in ("S1", "S2", "S3")],
        now=clock.now(),
        actor=world.rush.scope.actor,
    )
    world.board(board("spend", per_store=True))
    a, b, c = (world.rush.member() for _ in range(3))
    for number, (member, store, amount) in enumerate([(a, "S2", 1000), (a, "S3", 500), (b, "S3", 100)]):
        world.rush.post(
            ActivityIn(
                type="order",
                member=MemberRef(id=member),
                occurred_at=clock.now(),
                store=store,
                order=OrderIn(number=f"n{number}", lines=(LineIn(sku="A", amount=amount),)),
            )
        )
    world.follow()
    shown = [
        Drawer(world.rush.scope, world.brand, one, "en", clock.now()).boards().items[0].store
        for one in (a, b, c)
    ]
    assert shown == ["S2", "S3", "S3"]
