"""Steps up the tiers and longer expiries as rewards: by the intake, kept by a replay; what comes to nothing is said."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from tests.races.world import Rush
from tests.rewarding.test_giving import back, give

from regulars.flows import rewarding
from regulars.flows.rewarding import Gift, Reward
from regulars.kit.errors import ErrorList
from regulars.value.ledger import api as ledger
from regulars.value.tiers import api as tiers

UP, LONGER = Reward("tier_step", "level", 1), Reward("extend_expiry", "points", 3)


def tier_of(rush: Rush, member: UUID) -> str:
    caller = rush.caller()
    return str(caller.get(f"/members/{member}/tiers")["items"][0]["tier"])


def ends(rush: Rush, member: UUID) -> list[datetime]:
    found = ledger.list_lots(brand_id=rush.scope.brand_id, member_id=member, unit="points")
    return [lot.expires_at.astimezone(ZoneInfo("Asia/Shanghai")) for lot in found if lot.expires_at]


def months_later(first: datetime, months: int) -> datetime:
    """Of the first of a month."""
    assert first.day == 1
    years, month = divmod(first.month - 1 + months, 12)
    return first.replace(year=first.year + years, month=month + 1)


def test_a_tier_up_and_three_months_more(rush: Rush) -> None:
    """100 points that end on the first of a month end on the first three months later; normal becomes silver. Neither
    goes back with the gift, and an order that comes late leaves both."""
    member = rush.member()
    month = (rush.opened + timedelta(days=300)).replace(day=1)  # both orders' points end on the same day
    rush.post(rush.order(member, "one", 10_000, at=month + timedelta(days=3)))
    (before,) = ends(rush, member)
    assert tier_of(rush, member) == "normal"
    gift = Gift(member, "journey:j:1", "journey:j", (UP, LONGER))
    (first,) = give(rush, gift)
    assert (first.state, first.refused, first.cost) == ("given", (), 0)
    (again,) = give(rush, gift)
    assert again.repeated
    assert tier_of(rush, member) == "silver"
    assert ends(rush, member) == [months_later(before, 3)]
    moves = tiers.timelines(brand_id=rush.scope.brand_id, member_ids=[member])[member]
    assert [(row.tier, row.reason) for row in moves][-1] == ("silver", "step")
    rush.post(rush.order(member, "late", 5_000, at=month + timedelta(days=20)))
    assert tier_of(rush, member) == "silver"
    assert set(ends(rush, member)) == {months_later(before, 3)}
    assert back(rush, (member, "journey:j:1")) == 1
    assert tier_of(rush, member) == "silver"
    assert set(ends(rush, member)) == {months_later(before, 3)}
    rush.books_balance()


def test_at_the_top_and_without_anything_that_expires_it_is_said(rush: Rush) -> None:
    """From normal two steps lead to gold, the top; a third leads nowhere."""
    member = rush.member()
    (up,) = give(rush, Gift(member, "a", "journey:j", (Reward("tier_step", "level", 5), LONGER)))
    assert (up.state, up.refused) == ("partly", ((1, "nothing_to_extend"),))
    assert tier_of(rush, member) == "gold"
    (top,) = give(rush, Gift(member, "b", "journey:j", (UP,)))
    assert (top.state, top.refused) == ("refused", ((0, "tier_kept"),))
    assert tier_of(rush, member) == "gold"
    rush.books_balance()


def test_what_cannot_be_is_named(rush: Rush) -> None:
    errors = ErrorList()
    given = [
        {"kind": "tier_step", "scheme": "none"},
        {"kind": "tier_step", "scheme": "level", "steps": 0},
        {"kind": "extend_expiry", "unit": "points"},
        {"kind": "extend_expiry", "unit": "growth", "months": 1},
        {"kind": "extend_expiry", "unit": "points", "months": 121},
        {"kind": "tier_step", "scheme": "level"},
        {"kind": "extend_expiry", "unit": "points", "months": 2},
    ]
    found = rewarding.read_rewards(given, brand_id=rush.scope.brand_id, field="rewards", errors=errors)
    assert [(e.field, e.code) for e in errors.errors] == [
        ("rewards[0].scheme", "unknown"),
        ("rewards[1].steps", "out_of_range"),
        ("rewards[2].months", "required"),
        ("rewards[3].unit", "unknown"),
        ("rewards[4].months", "out_of_range"),
    ]
    assert [one.to_json() for one in found] == [
        {"kind": "tier_step", "scheme": "level", "steps": 1},
        {"kind": "extend_expiry", "unit": "points", "months": 2},
    ]
    assert rewarding.rewards_of([one.to_json() for one in found]) == found
    said = [rewarding.describe(one, "en", brand_id=rush.scope.brand_id) for one in found]
    assert said == ["1 tier up in level", "2 more months before points expire"]
