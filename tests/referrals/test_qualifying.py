"""A friend from the link to both rewards: the window, refunds before and after, caps, roll-back, review."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.referrals.given import (
    SETTINGS,
    books_balance,
    brand,
    buys,
    code_of,
    joins,
    member,
    points,
    programme,
    refunds,
    row_of,
    tick,
)
from tests.rest.shop import Shop, order

from regulars.engage.referrals import api as referrals
from regulars.facts.members import api as members
from regulars.flows.referrals import api as flow
from regulars.kit import clock
from regulars.kit.errors import Refusal
from regulars.kit.ids import new_id
from regulars.platform.outbox.models import OutboxRow


def test_both_sides_are_rewarded_after_the_window(shop: Shop, noon: Any) -> None:
    """Whatever orders earn by the programme's rules, the recruiter gets 200 points and the friend 100."""
    programme(shop)
    ann = member(shop)
    ben = joins(shop, ann)
    card = members.get_card(scope=shop.scope, member_id=ben)
    assert card.recruiter == members.codes_of(brand_id=shop.scope.brand_id, member_ids=[ann])[ann]
    assert row_of(shop, ben).state == "joined"

    buys(shop, ben, "small", 4_900)
    tick(shop)
    assert row_of(shop, ben).state == "joined", "49 yuan is less than it takes"
    buys(shop, ben, "N1", 10_000)
    tick(shop)
    row = row_of(shop, ben)
    assert (row.state, row.order_amount) == ("waiting", 10_000)
    noon.move(days=6, hours=23)
    tick(shop)
    assert row_of(shop, ben).state == "waiting"
    assert points(shop, ann) == 0
    earned = points(shop, ben)
    noon.move(hours=1)
    tick(shop)
    assert row_of(shop, ben).state == "qualified"
    assert (points(shop, ann), points(shop, ben) - earned) == (200, 100)
    tick(shop)
    assert points(shop, ann) == 200
    buys(shop, ben, "N2", 10_000)
    noon.move(days=8)
    tick(shop)
    assert points(shop, ann) == 200, "a friend counts once"
    books_balance()


def test_what_is_refunded_in_the_window_does_not_count(shop: Shop, noon: Any) -> None:
    programme(shop)
    ann = member(shop)
    ben, eve = joins(shop, ann), joins(shop, ann)
    buys(shop, ben, "N1", 10_000)
    buys(shop, eve, "N2", 10_000)
    tick(shop)
    noon.move(days=2)
    refunds(shop, ben, "R1", "N1")
    tick(shop)
    row = row_of(shop, ben)
    assert (row.state, row.reason) == ("joined", "refunded")
    noon.move(days=6)
    tick(shop)
    assert (row_of(shop, ben).state, row_of(shop, eve).state) == ("joined", "qualified")
    assert points(shop, ann) == 200


def test_another_order_counts_when_the_first_was_sent_back(shop: Shop, noon: Any) -> None:
    """N1 of day 0 goes back whole on day 2. Ben buys again on day 3 and counts on day 10; eve had bought N4 on day 1
    already, which counts on day 8; joe keeps 49 of 100 yuan, less than it takes, and has nothing else."""
    programme(shop)
    ann = member(shop)
    ben, eve, joe = (joins(shop, ann) for _ in range(3))
    for friend, number in ((ben, "N1"), (eve, "N2")):
        buys(shop, friend, number)
    lines = [
        {"sku": sku, "amount": amount, "category": "tea"} for sku, amount in (("A", 5_100), ("B", 4_900))
    ]
    two = order(joe, "N3", 10_000, clock.now()) | {"order": {"number": "N3", "lines": lines}}
    shop.call.post("/activities", two)
    tick(shop)
    noon.move(days=1)
    second = buys(shop, eve, "N4", 8_000)
    tick(shop)
    assert row_of(shop, eve).order_amount == 10_000, "the first that is enough is the one that waits"
    noon.move(days=1)
    for friend, number, of in ((ben, "R1", "N1"), (eve, "R2", "N2")):
        refunds(shop, friend, number, of)
    refunds(shop, joe, "R3", "N3", [{"line": 1, "quantity": 1}])
    told = OutboxRow.objects.filter(topic="referral.joined").count()
    tick(shop)
    row = row_of(shop, ben)
    assert (row.state, row.reason, row.order_id, row.window_ends_at) == ("joined", "refunded", None, None)
    row = row_of(shop, eve)
    assert (row.state, row.reason, row.order_id, row.order_amount) == ("waiting", "", second, 8_000)
    assert OutboxRow.objects.filter(topic="referral.joined").count() == told, "nobody joins twice"
    noon.move(days=1)
    buys(shop, ben, "N5", 6_000)
    tick(shop)
    noon.move(days=5)
    tick(shop)
    assert [row_of(shop, one).state for one in (ben, eve, joe)] == ["waiting", "qualified", "joined"]
    noon.move(days=2)
    tick(shop)
    assert [row_of(shop, one).state for one in (ben, eve, joe)] == ["qualified", "qualified", "joined"]
    assert points(shop, ann) == 400
    books_balance()


def test_who_sent_her_order_back_and_made_no_other_in_time_lapses(shop: Shop, noon: Any) -> None:
    programme(shop, order_within_days=30)
    ann = member(shop)
    ben, eve = joins(shop, ann), joins(shop, ann)
    buys(shop, ben, "N1")
    noon.move(days=28)
    buys(shop, eve, "N2")
    tick(shop)
    assert row_of(shop, ben).state == "qualified"
    noon.move(days=4)  # day 32: within the window of eve's order, after the days she had for one
    refunds(shop, eve, "R2", "N2")
    buys(shop, eve, "N3")
    tick(shop)
    row = row_of(shop, eve)
    assert (row.state, row.reason) == ("lapsed", "refunded")
    assert points(shop, ann) == 200


def test_an_order_made_before_the_review_counts_after_it(shop: Shop, noon: Any) -> None:
    programme(shop)
    ann = member(shop)
    joins(shop, ann, devices=["phone-1"])
    eve = joins(shop, ann, devices=["phone-1"])
    number = buys(shop, eve, "N1")
    tick(shop)
    assert row_of(shop, eve).reason == "device_used"
    noon.move(days=3)
    row = flow.review(
        scope=shop.scope, brand=brand(shop), member_id=eve, counts=True, note="sisters", now=clock.now()
    )
    assert (row.state, row.order_id) == ("waiting", number)
    noon.move(days=4)
    tick(shop)
    assert row_of(shop, eve).state == "qualified"
    assert points(shop, ann) == 200


@pytest.mark.parametrize(("take_back", "state", "left"), [(True, "returned", 0), (False, "qualified", 200)])
def test_a_later_refund_takes_the_rewards_back_if_set(
    shop: Shop, noon: Any, take_back: bool, state: str, left: int
) -> None:
    programme(shop, take_back=take_back)
    ann = member(shop)
    ben = joins(shop, ann)
    buys(shop, ben, "N1", 10_000)
    tick(shop)
    noon.move(days=8)
    tick(shop)
    assert points(shop, ann) == 200
    noon.move(days=30)
    refunds(shop, ben, "R1", "N1")
    tick(shop)
    assert row_of(shop, ben).state == state
    assert points(shop, ann) == left
    books_balance()


def test_caps_refuse_with_their_reason(shop: Shop, noon: Any) -> None:
    programme(shop, caps={"day": 1, "month": 2, "ever": 3}, window_days=0)
    ann = member(shop)
    # 13 May: the first, and no more that day
    friends = [joins(shop, ann) for _ in range(2)]
    for n, one in enumerate(friends):
        buys(shop, one, f"A{n}")
        tick(shop)
    # 14 May: the second of the month; 15 May: the month is full; 1 June: the third; 2 June: all are taken
    for days, number in ((1, "B"), (1, "C"), (17, "D"), (1, "E")):
        noon.move(days=days)
        one = joins(shop, ann)
        friends.append(one)
        buys(shop, one, number)
        tick(shop)
    assert [(row_of(shop, one).state, row_of(shop, one).reason) for one in friends] == [
        ("qualified", ""),
        ("refused", "cap_day"),
        ("qualified", ""),
        ("refused", "cap_month"),
        ("qualified", ""),
        ("refused", "cap_ever"),
    ]
    assert points(shop, ann) == 600


def test_who_does_not_order_in_time_lapses(shop: Shop, noon: Any) -> None:
    programme(shop, order_within_days=30)
    ben = joins(shop, member(shop))
    noon.move(days=31)
    buys(shop, ben, "N1")
    tick(shop)
    row = row_of(shop, ben)
    assert (row.state, row.reason) == ("lapsed", "no_order")


def test_an_order_made_in_time_that_comes_late_counts(shop: Shop, noon: Any) -> None:
    """Day 20 of 30, posted by an offline till on day 33: the referral that had lapsed goes on, its window is over,
    and both sides are rewarded. One of day 31 that comes late does not wake another."""
    programme(shop, order_within_days=30)
    ann = member(shop)
    ben, eve = joins(shop, ann), joins(shop, ann)
    begun = clock.now()
    noon.move(days=32)
    tick(shop)
    assert (row_of(shop, ben).state, row_of(shop, eve).state) == ("lapsed", "lapsed")
    noon.move(days=1)
    for friend, number, day in ((ben, "N1", 20), (eve, "N2", 31)):
        shop.call.post("/activities", order(friend, number, 10_000, begun + timedelta(days=day)))
    tick(shop)
    assert (row_of(shop, ben).state, row_of(shop, ben).reason) == ("qualified", "")
    assert (row_of(shop, eve).state, row_of(shop, eve).reason) == ("lapsed", "no_order")
    assert points(shop, ann) == 200
    books_balance()


def test_terms_stay_as_they_were_when_she_joined(shop: Shop, noon: Any) -> None:
    programme(shop)
    ann = member(shop)
    ben = joins(shop, ann)
    programme(shop, least_amount=90_000, rewards={"recruiter": [], "friend": []})
    buys(shop, ben, "N1", 10_000)
    tick(shop)
    noon.move(days=8)
    tick(shop)
    assert points(shop, ann) == 200


def test_a_refused_friend_counts_after_review(shop: Shop, noon: Any) -> None:
    programme(shop)
    ann = member(shop)
    ben = joins(shop, ann, devices=["phone-1"])
    eve = joins(shop, ann, devices=["phone-1"])
    assert (row_of(shop, ben).state, row_of(shop, eve).reason) == ("joined", "device_used")
    buys(shop, eve, "N1")
    tick(shop)
    assert row_of(shop, eve).state == "refused"
    referrals.review(
        scope=shop.scope, brand=brand(shop), member_id=eve, counts=True, note="sisters", now=clock.now()
    )
    assert row_of(shop, eve).state == "joined"
    buys(shop, eve, "N2")
    tick(shop)
    noon.move(days=8)
    tick(shop)
    row = row_of(shop, eve)
    assert (row.state, row.cleared, row.note) == ("qualified", True, "sisters")
    with pytest.raises(Refusal) as caught:
        referrals.review(
            scope=shop.scope, brand=brand(shop), member_id=ben, counts=True, note="", now=clock.now()
        )
    assert caught.value.code == "not_refused"


def test_nothing_is_kept_while_the_programme_is_off(shop: Shop) -> None:
    ann = member(shop)
    ben = joins(shop, ann)
    assert referrals.referrals_of(brand_id=shop.scope.brand_id, member_ids=[ben]) == {}
    assert members.get_card(scope=shop.scope, member_id=ben).recruiter


def test_settings_name_every_wrong_field(shop: Shop) -> None:
    wrong = SETTINGS | {
        "window_days": -1,
        "caps": {"day": 0},
        "rewards": {"recruiter": [{"kind": "points", "unit": "gold", "amount": 1}]},
        "commission": {"enabled": True, "levels": []},
        "colour": "red",
    }
    with pytest.raises(Refusal) as caught:
        flow.put_settings(scope=shop.scope, definition=wrong, now=clock.now())
    assert {e.field for e in caught.value.errors} == {
        "window_days",
        "caps.day",
        "rewards.recruiter[0].unit",
        "commission.levels",
        "colour",
    }
    assert referrals.get_settings(brand_id=shop.scope.brand_id).version == 0


def test_the_report_counts_from_links_to_friends(shop: Shop, noon: Any) -> None:
    programme(shop)
    since = clock.now()
    ann = member(shop)
    link = referrals.find_links(brand_id=shop.scope.brand_id, codes=[code_of(shop, ann)])
    for _ in range(3):
        [one] = link.values()
        referrals.note_visit(brand=brand(shop), link=one, visitor=new_id(), member_id=None, now=clock.now())
    ben = joins(shop, ann, devices=["d"])
    joins(shop, ann, devices=["d"])
    buys(shop, ben, "N1")
    tick(shop)
    noon.move(days=8)
    tick(shop)
    found = referrals.funnel(brand=brand(shop), since=since, until=clock.now())
    assert (found.sharers, found.visitors, found.joined, found.ordered, found.qualified) == (1, 3, 2, 1, 1)
    assert dict(found.refused) == {"device_used": 1}
    # the till takes 100 points for one yuan: 300 points are worth 300 fen
    assert found.cost_each == found.cost > 0
    tree = referrals.tree(brand_id=shop.scope.brand_id, root=ann)
    assert [(one.depth, one.friends) for one in tree] == [(0, 2), (1, 0), (1, 0)]
    assert [one.member_id for one in referrals.roots(brand_id=shop.scope.brand_id).items] == [ann]
