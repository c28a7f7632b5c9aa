"""What boards rank by beside one kind of activity: spend, points, check-ins, friends; ties, and who hides."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from tests.missions.world import World, pays

from regulars.engage.missions.api import play
from regulars.engage.missions.policy import play as policy
from regulars.flows.missions import api as flow
from regulars.flows.missions import boards, filling
from regulars.kit import clock
from regulars.kit.errors import Refusal
from regulars.kit.ids import new_id
from regulars.platform.outbox import api as outbox
from regulars.platform.outbox.types import Event

AtOnce = Callable[[list[Callable[[], Any]]], list[Any]]


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


def month(world: World) -> str:
    found = play.get_board(brand_id=world.brand.id, key="top")
    return policy.board_period(found, clock.now(), world.brand.timezone)[0]


def open_now(world: World, data: dict[str, Any]) -> None:
    """A board opened this very moment, in the middle of its month."""
    flow.put_board(scope=world.rush.scope, data=data, now=clock.now(), create=True)
    play.set_board_state(scope=world.rush.scope, key=data["key"], state="active", now=clock.now())


def bought(world: World, member: UUID, number: str, amount: int, at: datetime) -> None:
    world.rush.post(world.rush.order(member, number, amount, at=at))


@pytest.mark.parametrize("portion", [1, 2000])
def test_what_happened_before_it_was_opened_counts(
    world: World, monkeypatch: pytest.MonkeyPatch, portion: int
) -> None:
    """a: 100 + 40 − 100, of which the refund came before the opening, and 30 after it; b: 60 before and 10 after; the
    order before the month's first instant counts nothing. What goes back later of an order before the opening is taken
    off; counting twice changes nothing."""
    monkeypatch.setattr(filling, "PORTION", portion)
    now = clock.now()
    first = policy.period_of(now, "month", world.brand.timezone)[1]
    a, b = world.rush.member(), world.rush.member()
    bought(world, a, "0", 77700, first - timedelta(seconds=1))
    bought(world, a, "1", 10000, first)
    bought(world, a, "2", 4000, first)
    bought(world, b, "3", 6000, max(first, now - timedelta(days=3)))
    world.give_back(a, "r", "1")
    open_now(world, board("spend", period="month"))
    assert play.get_board(brand_id=world.brand.id, key="top").filling
    world.buy(a, "4", 3000)
    world.buy(b, "5", 1000)
    assert scores(world, month(world)) == [(a, 3000), (b, 1000)]
    while flow.fill_boards(clock.now()):
        pass
    assert scores(world, month(world)) == [(a, 7000), (b, 7000)]  # she got there first
    assert not play.get_board(brand_id=world.brand.id, key="top").filling
    world.give_back(b, "r2", "3")
    assert scores(world, month(world)) == [(a, 7000), (b, 1000)]


def test_an_open_end_counts_from_its_opening(world: World) -> None:
    a = world.rush.member()
    bought(world, a, "1", 10000, clock.now() - timedelta(minutes=1))
    open_now(world, board("spend"))
    assert flow.fill_boards(clock.now()) == 0
    world.buy(a, "2", 500)
    assert scores(world) == [(a, 500)]


def test_it_is_not_closed_before_it_is_full(world: World) -> None:
    """Opened in the last hour of a month and not filled in two hours: its prizes wait."""
    first = datetime.fromisoformat("2026-03-01T00:00:00+08:00")
    a = world.rush.member()
    bought(world, a, "1", 10000, first + timedelta(days=2))
    late = first + timedelta(days=30, hours=23)
    data = board("spend", period="month", prizes=[{"first": 1, "rewards": pays(9)}])
    flow.put_board(scope=world.rush.scope, data=data, now=late, create=True)
    play.set_board_state(scope=world.rush.scope, key="top", state="active", now=late)
    bought(world, a, "2", 10000, late + timedelta(minutes=30))
    world.follow()
    assert flow.close_boards(late + timedelta(hours=9)) == 0
    assert flow.fill_boards(late + timedelta(hours=9)) == 1
    assert flow.close_boards(late + timedelta(hours=9)) == 1
    (closed,) = play.list_closed(brand_id=world.brand.id, board="top")
    assert [row["score"] for row in closed.rows] == [20000]


def test_friends_and_check_ins_before_it_was_opened(world: World) -> None:
    """Two friends qualified this month, one last month and one who lost it; one day with a check-in."""
    now = clock.now()
    first = policy.period_of(now, "month", world.brand.timezone)[1]
    a = world.rush.member()
    for state, at in (
        ("qualified", first), ("qualified", now), ("qualified", first - timedelta(days=1)), ("returned", first),
    ):  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute(
                """INSERT INTO referral (member_id, brand_id, recruiter_id, setting, state, joined_at, qualified_at)
                   VALUES (%s, %s, %s, 1, %s, %s, %s)""",
                [world.rush.member(), world.brand.id, a, state, at, at],
            )
    flow.put_checkin(scope=world.rush.scope, data={"enabled": True}, now=now)
    flow.check_in(scope=world.rush.scope, member_id=a, now=now)
    world.follow()
    open_now(world, board("referrals", period="month"))
    open_now(world, board("checkins", period="month") | {"key": "days"})
    while flow.fill_boards(clock.now()):
        pass
    assert scores(world, month(world)) == [(a, 2)]
    (row,) = play.ranking(brand_id=world.brand.id, board="days", period=month(world))
    assert (row.member_id, row.score) == (a, 1)


@pytest.mark.race
def test_what_goes_back_while_it_is_filled(
    world: World, monkeypatch: pytest.MonkeyPatch, at_once: AtOnce
) -> None:
    """Orders go back while the board is being filled: none of them counts at the end, whoever came first."""
    monkeypatch.setattr(filling, "PORTION", 1)
    now = clock.now()
    first = policy.period_of(now, "month", world.brand.timezone)[1]
    members = [world.rush.member() for _ in range(6)]
    for number, one in enumerate(members):
        bought(world, one, f"{number}", 1000, max(first, now - timedelta(minutes=9 - number)))
    world.follow()
    open_now(world, board("spend", period="month"))
    acts = [lambda n=n, m=m: world.give_back(m, f"r{n}", f"{n}") for n, m in enumerate(members[:4])]
    fills = [lambda: flow.fill_board(world.brand, "top", clock.now())] * 2
    assert [one for one in at_once([*acts, *fills]) if isinstance(one, Exception)] == []
    world.follow()
    assert dict(scores(world, month(world))) == {members[4]: 1000, members[5]: 1000}


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


def test_one_store_closed_leaves_the_others_to_be_closed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker stops after the first store of a month: the next one's prizes are given when it is back."""
    from regulars.facts.activity.types import ActivityIn, LineIn, MemberRef, OrderIn
    from regulars.kit.text import Text
    from regulars.platform.organisations import api as organisations
    from regulars.platform.organisations.types import NewStore

    organisations.put_stores(
        brand_id=world.brand.id,
        stores=[NewStore(code, Text(code, code)) for code in ("S1", "S2")],
        now=clock.now(),
        actor=world.rush.scope.actor,
    )
    first = datetime.fromisoformat("2026-03-01T00:00:00+08:00")
    prizes = [{"first": 1, "rewards": pays(9)}]
    world.board(board("spend", per_store=True, period="month", prizes=prizes), at=first)
    hers = {store: world.rush.member() for store in ("S1", "S2")}
    for store, member in hers.items():
        world.rush.post(
            ActivityIn(
                type="order",
                member=MemberRef(id=member),
                occurred_at=first + timedelta(days=1),
                store=store,
                order=OrderIn(number=store, lines=(LineIn(sku="A", amount=1000),)),
            )
        )
    world.follow()
    before = {store: world.points(member) for store, member in hers.items()}
    later = first + timedelta(days=40)
    close, closed = boards.close, []

    def stops_after_one(*given: Any) -> int:
        if closed:
            raise KeyboardInterrupt
        closed.append(close(*given))
        return closed[0]

    monkeypatch.setattr(boards, "close", stops_after_one)
    with pytest.raises(KeyboardInterrupt):
        boards.close_due(later)
    monkeypatch.setattr(boards, "close", close)
    assert (boards.close_due(later), boards.close_due(later)) == (1, 0)
    assert {store: world.points(hers[store]) - before[store] for store in hers} == {"S1": 9, "S2": 9}


def test_a_board_that_cannot_be_closed_keeps_no_other_waiting(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:

    first = datetime.fromisoformat("2026-03-01T00:00:00+08:00")
    prizes = [{"first": 1, "rewards": pays(9)}]
    for key in ("broken", "whole"):
        world.board(board("spend", key=key, period="month", prizes=prizes), at=first)
    her = world.rush.member()
    world.buy(her, "n1", 1000, at=first + timedelta(days=1))
    world.follow()
    before, later = world.points(her), first + timedelta(days=40)
    close = boards.close

    def breaks(brand: Any, one: Any, *given: Any) -> int:
        if one.key == "broken":
            raise RuntimeError("a fault of one board")
        return close(brand, one, *given)

    monkeypatch.setattr(boards, "close", breaks)
    assert (boards.close_due(later), world.points(her) - before) == (1, 9)
    monkeypatch.setattr(boards, "close", close)
    assert (boards.close_due(later), boards.close_due(later)) == (1, 0)
    assert world.points(her) - before == 18


def test_a_board_that_staff_end_closes_as_it_stands(world: World) -> None:
    """Ended in the middle of its month: the places of that moment are kept and paid at once. Left open to the month's
    end they would be paid for what had gone back meanwhile, since an ended board counts nothing any more."""
    world.board(board("spend", period="month", prizes=[{"first": 1, "last": 1, "rewards": pays(9)}]))
    her, other = world.rush.member(), world.rush.member()
    world.buy(her, "1", 10000)
    world.buy(other, "2", 4000)
    now = clock.now()
    assert boards.close_due(now) == 0
    play.set_board_state(scope=world.rush.scope, key="top", state="ended", now=now)
    before = world.points(her)
    assert boards.close_due(now) == 1
    assert world.points(her) - before == 9
    assert boards.close_due(now + timedelta(days=40)) == 0
    (closed,) = play.list_closed(brand_id=world.brand.id, board="top")
    assert [row["score"] for row in closed.rows] == [10000, 4000]
