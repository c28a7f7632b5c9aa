"""What members read: what keeps the tier, what reaches the next, where the pace leads. Reckoned by hand."""

from __future__ import annotations

from datetime import date

import pytest
from tests.tiers.schemes import BASIC, GOLD, SHANGHAI, local, scheme

from regulars.kit.text import Text
from regulars.programme.rules.types import Qualification, Tier, TierScheme, TierStanding
from regulars.value.tiers import api as tiers

JOINED = local("2024-01-10 12:00")
NAMES = {"unit:growth": Text("成长值", "growth points"), "activity:review": Text("评价", "reviews")}


def standing_with(s: TierScheme, *orders: tuple[str, int]) -> TierStanding:
    standing = tiers.enter(s, JOINED, SHANGHAI)
    for at, amount in orders:
        instant = local(at)
        tiers.judge_due(s, standing, at=instant, tz=SHANGHAI, joined_at=JOINED)
        tiers.record(s, standing, {"spend": amount}, at=instant, tz=SHANGHAI)
        tiers.rise(s, standing, at=instant, tz=SHANGHAI, joined_at=JOINED)
    return standing


def test_320_more_by_31_march_keeps_gold() -> None:
    s = scheme()
    # gold from 1 April 2024 to the end of 31 March 2025; keeping asks 3 000, 2 680 are there
    standing = standing_with(s, ("2024-04-01 10:00", 5_000_00), ("2024-09-01 10:00", 2_680_00))
    shown = tiers.progress(s, standing, now=local("2025-01-15"), tz=SHANGHAI)
    assert shown.tier == "gold" and shown.ends_at == local("2025-04-01")
    keep = shown.to_keep
    assert keep is not None and keep.by == date(2025, 3, 31) and not keep.met
    assert [(p.have, p.at_least, p.missing) for p in keep.parts] == [(2_680_00, 3_000_00, 320_00)]
    assert keep.sentence == Text("再消费 ¥320 即可在 3 月 31 日前保住金卡", "320 more by 31 March keeps Gold")
    # window February 2024 … January 2025: 5 000 + 2 680 of diamond's 20 000
    assert shown.to_next is not None
    assert shown.to_next.sentence == Text("再消费 ¥12,320 即可升级为钻石卡", "12,320 more reaches Diamond")
    assert shown.sentences == (keep.sentence, shown.to_next.sentence)


def test_the_year_is_said_when_it_is_not_this_one() -> None:
    s = scheme()
    standing = standing_with(s, ("2024-04-01 10:00", 5_000_00), ("2024-09-01 10:00", 2_679_50))
    keep = tiers.progress(s, standing, now=local("2024-12-31 23:59"), tz=SHANGHAI).to_keep
    assert keep is not None
    assert keep.sentence == Text(
        "再消费 ¥320.50 即可在 2025 年 3 月 31 日前保住金卡", "320.50 more by 31 March 2025 keeps Gold"
    )


def test_what_is_met_is_said_with_the_day_it_renews() -> None:
    s = scheme()
    standing = standing_with(s, ("2024-04-01 10:00", 5_000_00), ("2024-09-01 10:00", 3_000_00))
    keep = tiers.progress(s, standing, now=local("2025-01-15"), tz=SHANGHAI).to_keep
    assert keep is not None and keep.met
    assert keep.sentence == Text(
        "已满足保级条件，3 月 31 日后金卡自动续期", "Gold is safe and renews after 31 March"
    )


def test_in_grace_the_last_day_is_that_of_grace() -> None:
    s = scheme(grace_days=30)
    standing = standing_with(s, ("2024-04-01 10:00", 5_000_00))
    now = local("2025-04-10")
    tiers.judge_due(s, standing, at=now, tz=SHANGHAI, joined_at=JOINED)
    shown = tiers.progress(s, standing, now=now, tz=SHANGHAI)
    # 1 April + 30 days ends on 1 May, so 30 April is the last day
    assert shown.to_keep is not None and shown.to_keep.by == date(2025, 4, 30)
    assert shown.to_keep.sentence.en == "3,000 more by 30 April keeps Gold"


def test_the_lowest_has_nothing_to_keep_and_the_highest_nothing_to_reach() -> None:
    s = scheme()
    low = tiers.progress(s, standing_with(s), now=JOINED, tz=SHANGHAI)
    assert low.to_keep is None and low.sentences == (
        Text("再消费 ¥1,000 即可升级为银卡", "1,000 more reaches Silver"),
    )
    top = tiers.progress(s, standing_with(s, ("2024-04-01", 20_000_00)), now=local("2024-05-01"), tz=SHANGHAI)
    assert top.to_next is None and top.to_keep is not None


@pytest.mark.parametrize("settings", [{"on_end": "never"}])
def test_nothing_to_keep_where_nothing_is_lost(settings: dict[str, str]) -> None:
    s = scheme(**settings)
    standing = standing_with(s, ("2024-04-01", 5_000_00))
    assert tiers.progress(s, standing, now=local("2024-05-01"), tz=SHANGHAI).to_keep is None


def test_a_locked_tier_says_nothing() -> None:
    s = scheme()
    standing = standing_with(s)
    tiers.place(s, standing, tier="gold", at=JOINED, tz=SHANGHAI, joined_at=JOINED, locked=True)
    shown = tiers.progress(s, standing, now=local("2024-05-01"), tz=SHANGHAI)
    assert (shown.locked, shown.to_keep, shown.to_next, shown.sentences) == (True, None, None, ())


@pytest.mark.parametrize(
    ("need", "have", "zh", "en"),
    [
        (
            None,
            {},
            "再下 3 单、再获得 50 成长值、再完成 2 次评价即可升级为贵宾",
            "3 more orders, 50 more growth points and 2 more reviews reach VIP",
        ),
        (
            1,
            {"orders": 2},
            "再下 1 单 或 再获得 50 成长值 或 再完成 2 次评价即可升级为贵宾",
            "1 more order, 50 more growth points or 2 more reviews reaches VIP",
        ),
        (
            2,
            {"unit:growth": 20},
            "完成其中 2 项（再获得 30 成长值；再下 3 单；再完成 2 次评价）即可升级为贵宾",
            "any 2 of 30 more growth points, 3 more orders and 2 more reviews reach VIP",
        ),
        (2, {"orders": 3, "unit:growth": 49}, "再获得 1 成长值 或 再完成 2 次评价即可升级为贵宾",
         "1 more growth points or 2 more reviews reaches VIP"),
        (3, {"orders": 3, "unit:growth": 50, "activity:review": 1}, "再完成 1 次评价即可升级为贵宾",
         "1 more reviews reaches VIP"),
    ],
)  # fmt: skip
def test_several_metrics(need: int | None, have: dict[str, int], zh: str, en: str) -> None:
    asks = (Qualification("orders", 3), Qualification("unit:growth", 50), Qualification("activity:review", 2))
    s = scheme(BASIC, Tier("vip", Text("贵宾", "VIP"), 1, asks, need=need))
    standing = tiers.enter(s, JOINED, SHANGHAI)
    tiers.record(s, standing, have, at=JOINED, tz=SHANGHAI)
    shown = tiers.progress(s, standing, now=JOINED, tz=SHANGHAI, names=NAMES)
    assert shown.sentences == (Text(zh, en),)


def test_other_currencies() -> None:
    s = scheme()
    standing = standing_with(s, ("2024-04-01", 999_00))
    shown = tiers.progress(s, standing, now=local("2024-05-01"), tz=SHANGHAI, currency="JPY")
    assert shown.sentences[0] == Text("再消费 ¥100 即可升级为银卡", "100 more reaches Silver")
    dollars = tiers.progress(s, standing, now=local("2024-05-01"), tz=SHANGHAI, currency="USD")
    assert dollars.sentences[0] == Text("再消费 $1 即可升级为银卡", "1 more reaches Silver")


def test_pace_of_keeping() -> None:
    s = scheme()
    # silver from 1 April, 00:00; 100 days later 300 of the period are there
    standing = standing_with(s, ("2024-04-01", 1_000_00), ("2024-06-01", 300_00))
    keep = tiers.progress(s, standing, now=local("2024-07-10"), tz=SHANGHAI).to_keep
    assert keep is not None
    # 300 ÷ 100 days × 365 days = 1 095
    assert (keep.parts[0].projected, keep.on_course) == (1_095_00, True)
    keep = tiers.progress(s, standing, now=local("2024-08-19"), tz=SHANGHAI).to_keep
    # 40 days on: 300 ÷ 140 × 365 = 782.14, not enough
    assert keep is not None and (keep.parts[0].projected, keep.on_course) == (782_14, False)


def test_no_pace_in_the_first_week() -> None:
    s = scheme()
    standing = standing_with(s, ("2024-04-01", 1_000_00), ("2024-04-02", 300_00))
    keep = tiers.progress(s, standing, now=local("2024-04-07 23:59"), tz=SHANGHAI).to_keep
    assert keep is not None and (keep.parts[0].projected, keep.on_course) == (None, None)


def test_the_day_on_which_the_next_tier_is_expected() -> None:
    s = scheme()
    # since 1 March, the first month with an order, 50 days: 500 of silver's 1 000; 500 more take 50 days
    standing = standing_with(s, ("2024-03-11", 500_00))
    reach = tiers.progress(s, standing, now=local("2024-04-20"), tz=SHANGHAI).to_next
    assert reach is not None and reach.on_course is True
    assert reach.expected_on == date(2024, 6, 9)
    # at 100 in 50 days a window of 12 months (of 30 days) never holds more than 720
    slow = standing_with(s, ("2024-03-11", 100_00))
    reach = tiers.progress(s, slow, now=local("2024-04-20"), tz=SHANGHAI).to_next
    assert reach is not None and (reach.on_course, reach.expected_on) == (False, None)


def test_fixed_cycle_counts_what_came_before_the_upgrade() -> None:
    s = scheme(BASIC, GOLD, anchor="fixed")
    standing = standing_with(s, ("2024-05-20", 2_000_00), ("2024-06-20", 3_000_00))
    shown = tiers.progress(s, standing, now=local("2024-07-01"), tz=SHANGHAI)
    assert shown.to_keep is not None and shown.to_keep.met
    assert shown.sentences == (
        Text("已满足保级条件，12 月 31 日后金卡自动续期", "Gold is safe and renews after 31 December"),
    )
