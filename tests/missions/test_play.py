"""Check-ins, badges and boards, reckoned by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.missions.world import World, pays

from regulars.engage.missions.api import draws, play
from regulars.engage.missions.policy import play as policy
from regulars.engage.missions.types.play import Badge, BadgeLevel, CheckinDay, CheckinRules, Rung
from regulars.facts.members.models import Membership
from regulars.flows import rewarding
from regulars.flows.missions import api as flow
from regulars.flows.missions import boards
from regulars.kit import clock
from regulars.kit.errors import Refusal
from regulars.kit.ids import new_id
from regulars.kit.text import Text
from regulars.platform.organisations.types import NewStore

AtOnce = Callable[[list[Callable[[], Any]]], list[Any]]
NOON = datetime.fromisoformat("2026-03-10T12:00:00+08:00")


def rules(**more: Any) -> dict[str, Any]:
    return {
        "enabled": True,
        "rewards": pays(1),
        "ladder": [{"days": 3, "rewards": pays(10)}, {"days": 7, "rewards": pays(50), "cards": 1}],
        "again_after": 7,
        "makeup_days": 3,
        "cards_a_month": 1,
    } | more


def days_of(*days: int, bonus: dict[int, tuple[int, ...]] | None = None) -> dict[date, CheckinDay]:
    return {
        date(2026, 3, d): CheckinDay(date(2026, 3, d), "checkin", bonus=(bonus or {}).get(d, ()))
        for d in days
    }


def test_bonuses_of_a_row() -> None:
    made = CheckinRules(True, ladder=(Rung(3), Rung(7)), again_after=7)
    assert [n for n, _ in policy.bonuses_due(made, days_of(1, 2), date(2026, 3, 2))] == []
    assert [n for n, _ in policy.bonuses_due(made, days_of(1, 2, 3), date(2026, 3, 3))] == [3]
    given = days_of(1, 2, 3, 4, bonus={3: (3,)})
    assert policy.bonuses_due(made, given, date(2026, 3, 4)) == []
    # a missing day is made up for: two rows become one of seven, whose three was given in the first of them
    joined = days_of(1, 2, 3, 4, 5, 6, 7, bonus={3: (3,)})
    assert [n for n, _ in policy.bonuses_due(made, joined, date(2026, 3, 4))] == [7]
    # the ladder begins anew after seven days: 10 is the second three, 14 the second seven
    long = days_of(*range(1, 15), bonus={3: (3,), 7: (7,)})
    assert [n for n, _ in policy.bonuses_due(made, long, date(2026, 3, 14))] == [10, 14]


def test_a_week_of_check_ins(world: World) -> None:
    """Seven days: 7 × 1 + 10 + 50 = 67 points and a card. The eighth is missed and made up for with the month's card,
    the row goes on: 9 days; the ninth pays 1, the made-up day nothing."""
    flow.put_checkin(scope=world.rush.scope, data=rules(), now=NOON)
    one = world.rush.member()
    for n in range(7):
        done = flow.check_in(scope=world.rush.scope, member_id=one, now=NOON + timedelta(days=n))
        assert (done.fresh, done.standing.streak) == (True, n + 1)
    again = flow.check_in(scope=world.rush.scope, member_id=one, now=NOON + timedelta(days=6, hours=5))
    assert (again.fresh, again.standing.streak) == (False, 7)
    assert world.points(one) == 67
    ninth = flow.check_in(scope=world.rush.scope, member_id=one, now=NOON + timedelta(days=8))
    assert (ninth.standing.streak, ninth.standing.cards, ninth.standing.free_cards) == (1, 1, 1)
    missed = date(2026, 3, 17)
    made_up = flow.make_up(
        scope=world.rush.scope, member_id=one, day=missed, now=NOON + timedelta(days=8, minutes=1)
    )
    assert (made_up.standing.streak, made_up.standing.free_cards, made_up.standing.cards) == (9, 0, 1)
    assert world.points(one) == 67 + 1
    world.rush.books_balance()


def test_make_up_cards_run_out(world: World) -> None:
    flow.put_checkin(scope=world.rush.scope, data=rules(), now=NOON)
    one = world.rush.member()

    def make_up(day: int) -> str:
        try:
            flow.make_up(scope=world.rush.scope, member_id=one, day=date(2026, 3, day), now=NOON)
        except Refusal as refusal:
            return refusal.errors[0].code if refusal.errors else refusal.code
        return "done"

    assert [make_up(9), make_up(8), make_up(9), make_up(3), make_up(11)] == [
        "done", "no_cards", "done", "out_of_range", "out_of_range",
    ]  # fmt: skip


def test_days_before_she_joined_were_not_missed(world: World) -> None:
    """She joined at 00:30 of the 9th in Shanghai, still the 8th in Greenwich: only the 9th can be made up for."""
    flow.put_checkin(scope=world.rush.scope, data=rules(cards_a_month=9), now=NOON)
    one = world.rush.member()
    Membership.objects.filter(member_id=one).update(
        joined_at=datetime.fromisoformat("2026-03-09T00:30:00+08:00")
    )
    done = flow.check_in(scope=world.rush.scope, member_id=one, now=NOON)
    assert done.standing.can_make_up == (date(2026, 3, 9),)
    with pytest.raises(Refusal) as before:
        flow.make_up(scope=world.rush.scope, member_id=one, day=date(2026, 3, 8), now=NOON)
    assert before.value.errors[0].code == "out_of_range"
    assert (
        flow.make_up(scope=world.rush.scope, member_id=one, day=date(2026, 3, 9), now=NOON).standing.streak
        == 2
    )


def test_the_business_day_counts(world: World) -> None:
    """23:59 and 00:01 in Shanghai are two days, though one day in Greenwich."""
    flow.put_checkin(scope=world.rush.scope, data=rules(), now=NOON)
    one = world.rush.member()
    late = datetime.fromisoformat("2026-03-10T23:59:00+08:00")
    flow.check_in(scope=world.rush.scope, member_id=one, now=late)
    done = flow.check_in(scope=world.rush.scope, member_id=one, now=late + timedelta(minutes=2))
    assert (done.fresh, done.standing.streak) == (True, 2)


def test_switched_off(world: World) -> None:
    one = world.rush.member()
    with pytest.raises(Refusal) as off:
        flow.check_in(scope=world.rush.scope, member_id=one, now=NOON)
    assert off.value.code == "checkin_off"


@pytest.mark.race
def test_forty_check_ins_at_once_count_once(world: World, at_once: AtOnce) -> None:
    flow.put_checkin(scope=world.rush.scope, data=rules(), now=clock.now())
    one, now = world.rush.member(), clock.now()
    outcomes = at_once(
        [lambda: flow.check_in(scope=world.rush.scope, member_id=one, now=now) for _ in range(40)]
    )
    assert [o for o in outcomes if isinstance(o, Exception)] == []
    assert sum(o.fresh for o in outcomes) == 1
    world.follow()  # the activity that the check-in is counts no second day
    assert world.points(one) == 1
    world.rush.books_balance()


def test_badges_have_levels_and_go_back(world: World) -> None:
    badge = {
        "key": "regular",
        "name": "Regular",
        "levels": [{"at": 1, "name": "bronze"}, {"at": 3, "name": "silver"}],
    }
    flow.put_badge(scope=world.rush.scope, data=badge, now=clock.now(), create=True)
    one = world.rush.member()
    gifts = [
        rewarding.Gift(one, f"k{n}", "mission:m", (rewarding.Reward("badge", "regular"),)) for n in range(3)
    ]
    rewarding.give(brand=world.brand, gifts=gifts + gifts, now=clock.now())
    made = play.get_badge(brand_id=world.brand.id, key="regular")

    def level() -> int:
        held = play.badges_of(brand_id=world.brand.id, member_id=one).get("regular")
        return made.level_of(held.times if held else 0)

    assert level() == 2
    rewarding.take_back(brand=world.brand, gifts=[(one, "k0")], reason="refund", now=clock.now())
    assert level() == 1
    assert (
        flow.give_badge(scope=world.rush.scope, member_ids=[one], badge="regular", key="x", now=clock.now())
        == 1
    )
    assert (
        flow.give_badge(scope=world.rush.scope, member_ids=[one], badge="regular", key="x", now=clock.now())
        == 0
    )
    assert level() == 2


def test_levels_of_a_badge() -> None:
    badge = Badge(
        "b", Text("b", "b"), Text("", ""), "star", "#000000",
        (BadgeLevel(1, Text("1", "1")), BadgeLevel(5, Text("5", "5"))),
    )  # fmt: skip
    assert [badge.level_of(n) for n in (0, 1, 4, 5, 50)] == [0, 1, 1, 2, 2]


def board(**more: Any) -> dict[str, Any]:
    return {
        "key": "top",
        "name": "Top",
        "activity": "order",
        "measure": "amount",
        "period": "day",
        "prizes": [
            {"first": 1, "last": 1, "rewards": pays(300)},
            {"first": 2, "last": 3, "rewards": pays(100)},
        ],
    } | more


def test_a_board_ranks_nets_refunds_and_pays_once(world: World) -> None:
    """a 100 + 50 − 100 returned = 50 yuan, b 80, c 80 a little later, d 10 but hidden: b, c, a; then 300, 100, 100."""
    world.board(board())
    members = {name: world.rush.member() for name in "abcd"}
    play.hide(brand_id=world.brand.id, member_id=members["d"], hidden=True, now=clock.now())
    for name, number, amount in (
        ("a", "1", 10000), ("a", "2", 5000), ("b", "3", 8000), ("c", "4", 8000), ("d", "5", 1000),
    ):  # fmt: skip
        world.buy(members[name], number, amount)
    world.give_back(members["a"], "r", "1")
    period = policy.board_period(
        play.get_board(brand_id=world.brand.id, key="top"), clock.now(), world.brand.timezone
    )[0]
    ranked = play.ranking(brand_id=world.brand.id, board="top", period=period)
    assert [(r.rank, r.member_id, r.score) for r in ranked] == [
        (1, members["b"], 8000), (2, members["c"], 8000), (3, members["a"], 5000),
    ]  # fmt: skip
    mine = play.rank_of(brand_id=world.brand.id, board="top", period=period, member_id=members["a"])
    assert mine is not None and mine.rank == 3
    assert boards.close_due(clock.now()) == 0  # the day is not over
    later = clock.now() + timedelta(days=1, hours=3)
    before = {name: world.points(id_) for name, id_ in members.items()}
    assert boards.close_due(later) == 1
    assert boards.close_due(later) == 0
    paid = {name: world.points(id_) - before[name] for name, id_ in members.items()}
    assert paid == {"a": 100, "b": 300, "c": 100, "d": 0}
    (kept,) = play.list_closed(brand_id=world.brand.id, board="top")
    assert (kept.period, kept.members, kept.prizes) == (period, 3, 3)
    assert [row["score"] for row in kept.rows] == [8000, 8000, 5000]
    assert all(row["name"].startswith("**") for row in kept.rows)
    world.rush.books_balance()


@pytest.mark.race
def test_a_period_is_closed_once(world: World, at_once: AtOnce) -> None:
    world.board(board())
    one = world.rush.member()
    world.buy(one, "1", 10000)
    later = clock.now() + timedelta(days=1, hours=3)
    outcomes = at_once([lambda: boards.close_due(later) for _ in range(20)])
    assert [o for o in outcomes if isinstance(o, Exception)] == []
    assert sum(outcomes) == 1
    assert world.points(one) == 100 + 300


def test_a_board_of_each_store(world: World) -> None:
    from regulars.facts.activity.types import ActivityIn, LineIn, MemberRef, OrderIn
    from regulars.platform.organisations import api as organisations

    organisations.put_stores(
        brand_id=world.brand.id,
        stores=[NewStore("S1", Text("一", "One")), NewStore("S2", Text("二", "Two"))],
        now=clock.now(),
        actor=world.rush.scope.actor,
    )
    world.board(board(per_store=True, measure="count", period="ever"))
    one, two = world.rush.member(), world.rush.member()

    def buy(member: UUID, number: str, store: str | None) -> None:
        world.rush.post(
            ActivityIn(
                type="order",
                member=MemberRef(id=member),
                occurred_at=clock.now(),
                store=store,
                order=OrderIn(number=number, lines=(LineIn(sku="A", amount=100),)),
            )
        )

    for number, (member, store) in enumerate(
        [(one, "S1"), (one, "S1"), (two, "S1"), (two, "S2"), (one, None)]
    ):
        buy(member, f"n{number}", store)
    world.follow()
    stores = organisations.stores_of(brand_id=world.brand.id)
    found = {
        code: [
            (r.member_id, r.score)
            for r in play.ranking(
                brand_id=world.brand.id, board="top", period="ever", store_id=stores[code].id
            )
        ]
        for code in ("S1", "S2")
    }
    assert found == {"S1": [(one, 2), (two, 1)], "S2": [(two, 1)]}


def test_names_are_masked() -> None:
    assert (policy.masked("CODE123", "王小明"), policy.masked("CODE123", "")) == ("王**23", "**123")


def test_unknown_members_and_draws(world: World) -> None:
    flow.put_checkin(scope=world.rush.scope, data=rules(), now=clock.now())
    with pytest.raises(Refusal) as nobody:
        flow.check_in(scope=world.rush.scope, member_id=new_id(), now=clock.now())
    assert nobody.value.status == 404
    with pytest.raises(Refusal) as none:
        draws.get_draw(brand_id=world.brand.id, key="none")
    assert none.value.status == 404
