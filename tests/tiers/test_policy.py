"""Tier decisions, reckoned by hand."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from tests.tiers.schemes import BASIC, GOLD, SHANGHAI, SILVER, local, scheme

from regulars.kit.errors import Refusal
from regulars.kit.text import Text
from regulars.programme.rules.types import Qualification, Tier, TierScheme, TierStanding
from regulars.value.tiers import api as tiers
from regulars.value.tiers.types import TierMove

JOINED = local("2024-01-10 12:00")


def buy(
    s: TierScheme,
    standing: TierStanding,
    amount: int,
    at: datetime,
    *,
    joined_at: datetime = JOINED,
    tz: str = SHANGHAI,
) -> list[TierMove]:
    """One order, as the posting flow folds it."""
    moves = tiers.judge_due(s, standing, at=at, tz=tz, joined_at=joined_at)
    tiers.record(s, standing, {"spend": amount, "orders": 1}, at=at, tz=tz)
    move = tiers.rise(s, standing, at=at, tz=tz, joined_at=joined_at)
    return [*moves, move] if move else moves


def refund(
    s: TierScheme, standing: TierStanding, amount: int, *, ordered: datetime, at: datetime
) -> list[TierMove]:
    moves = tiers.judge_due(s, standing, at=at, tz=SHANGHAI, joined_at=JOINED)
    tiers.record(s, standing, {"spend": -amount}, at=ordered, tz=SHANGHAI)
    move = tiers.after_refund(s, standing, at=at, tz=SHANGHAI)
    return [*moves, move] if move else moves


def judge(s: TierScheme, standing: TierStanding, at: datetime, *, tz: str = SHANGHAI) -> list[TierMove]:
    return tiers.judge_due(s, standing, at=at, tz=tz, joined_at=JOINED)


def brief(moves: list[TierMove]) -> list[tuple[str, str, datetime]]:
    return [(m.tier, m.reason, m.occurred_at) for m in moves]


class TestUp:
    def test_a_new_member_is_in_the_lowest_tier_for_good(self) -> None:
        s = scheme()
        standing = tiers.enter(s, JOINED, SHANGHAI)
        assert (standing.tier, standing.since, standing.ends_at) == ("basic", JOINED, None)
        assert tiers.next_due(s, standing) is None
        assert judge(s, standing, local("2090-01-01")) == []
        assert tiers.entry_move(s, standing).reason == "joined"

    def test_up_at_once_when_the_trailing_months_reach_it(self) -> None:
        s = scheme()
        standing = tiers.enter(s, JOINED, SHANGHAI)
        assert buy(s, standing, 600_00, local("2024-02-01 10:00")) == []
        # 600 + 399.99 is one fen short of 1 000
        assert buy(s, standing, 399_99, local("2024-03-01 10:00")) == []
        (move,) = buy(s, standing, 1, local("2024-03-05 18:30"))
        assert move == TierMove(
            "main", "basic", "silver", "upgraded", local("2024-03-05 18:30"), local("2025-03-05")
        )
        # a fresh period: the orders that raised her do not keep her
        assert (standing.period, standing.reason, standing.base) == ({}, "upgraded", "basic")

    def test_straight_to_the_highest_that_holds(self) -> None:
        s = scheme()
        standing = tiers.enter(s, JOINED, SHANGHAI)
        (move,) = buy(s, standing, 25_000_00, local("2024-02-01 10:00"))
        assert (move.previous, move.tier) == ("basic", "diamond")

    def test_the_window_is_calendar_months(self) -> None:
        s = scheme()
        standing = tiers.enter(s, JOINED, SHANGHAI)
        buy(s, standing, 900_00, local("2024-02-29 23:00"))
        # in February 2025 the window is March 2024 … February 2025: the 900 are out
        assert buy(s, standing, 100_00, local("2025-02-01 00:00")) == []
        other = tiers.enter(s, JOINED, SHANGHAI)
        buy(s, other, 900_00, local("2024-03-01 00:00"))
        assert brief(buy(s, other, 100_00, local("2025-02-28 23:59"))) == [
            ("silver", "upgraded", local("2025-02-28 23:59"))
        ]

    def test_months_are_those_of_the_business_time_zone(self) -> None:
        s = scheme()
        standing = tiers.enter(s, JOINED, SHANGHAI)
        # 16:30 UTC on 31 March is already April in Shanghai
        tiers.record(s, standing, {"spend": 5}, at=datetime(2024, 3, 31, 16, 30, tzinfo=UTC), tz=SHANGHAI)
        assert standing.months == {"2024-04": {"spend": 5}}

    def test_any_and_all_of_several_metrics(self) -> None:
        asks = (
            Qualification("spend", 1_000_00),
            Qualification("orders", 3),
            Qualification("unit:growth", 50),
        )
        any_two = scheme(BASIC, Tier("vip", Text("贵宾", "VIP"), 1, asks, need=2))
        all_three = scheme(BASIC, Tier("vip", Text("贵宾", "VIP"), 1, asks))
        for s, growth, expected in ((any_two, 0, "vip"), (all_three, 49, "basic"), (all_three, 50, "vip")):
            standing = tiers.enter(s, JOINED, SHANGHAI)
            tiers.record(s, standing, {"unit:growth": growth}, at=JOINED, tz=SHANGHAI)
            for day in (11, 12, 13):
                buy(s, standing, 400_00, local(f"2024-01-{day} 10:00"))
            assert standing.tier == expected, (s, growth)

    def test_a_tier_without_qualifications_is_never_reached_by_itself(self) -> None:
        s = scheme(BASIC, SILVER, Tier("black", Text("黑卡", "Black"), 2))
        standing = tiers.enter(s, JOINED, SHANGHAI)
        assert buy(s, standing, 10**9, local("2024-02-01"))[0].tier == "silver"

    def test_only_metrics_that_the_scheme_asks_for_are_kept(self) -> None:
        s = scheme()
        assert tiers.metrics_used(s) == {"spend"}
        standing = tiers.enter(s, JOINED, SHANGHAI)
        tiers.record(s, standing, {"orders": 1, "visits": 2, "spend": 0}, at=JOINED, tz=SHANGHAI)
        assert (standing.months, standing.period) == ({}, {})

    def test_months_beyond_every_window_are_dropped(self) -> None:
        s = scheme(grace_days=30)
        standing = tiers.enter(s, JOINED, SHANGHAI)
        for year in (2024, 2025, 2026):
            for month in range(1, 13):
                tiers.record(s, standing, {"spend": 1}, at=local(f"{year}-{month:02}-15"), tz=SHANGHAI)
        # 12 of validity, 2 of grace (30 days may touch two months), 2 at the ends
        assert sorted(standing.months)[0] == "2025-09" and len(standing.months) == 16
        tiers.record(s, standing, {"spend": 7}, at=local("2025-08-31"), tz=SHANGHAI)
        assert "2025-08" not in standing.months


class TestEnd:
    def gold(self, s: TierScheme) -> TierStanding:
        standing = tiers.enter(s, JOINED, SHANGHAI)
        buy(s, standing, 5_000_00, local("2024-03-05 18:30"))
        assert (standing.tier, standing.ends_at) == ("gold", local("2025-03-05"))
        return standing

    def test_kept_when_the_period_meets_keep(self) -> None:
        s = scheme()
        standing = self.gold(s)
        buy(s, standing, 2_999_99, local("2024-06-01"))
        buy(s, standing, 1, local("2025-03-04 23:59"))  # the last day
        assert judge(s, standing, local("2025-03-04 23:59")) == []
        assert brief(judge(s, standing, local("2025-03-05"))) == [("gold", "kept", local("2025-03-05"))]
        assert (standing.since, standing.ends_at) == (local("2025-03-05"), local("2026-03-05"))
        assert standing.period == {}

    def test_an_order_at_the_very_end_belongs_to_the_next_period(self) -> None:
        s = scheme()
        standing = self.gold(s)
        moves = buy(s, standing, 3_000_00, local("2025-03-05 00:00"))
        # judged without it: one step down. The trailing months hold only 3 000, short of gold's 5 000.
        assert brief(moves) == [("silver", "stepped_down", local("2025-03-05"))]
        assert standing.period == {"spend": 3_000_00}

    def test_one_step_down_for_each_period_without_keeping(self) -> None:
        s = scheme()
        standing = self.gold(s)
        # judged only years later, and yet each move at its own instant
        assert brief(judge(s, standing, local("2029-01-01"))) == [
            ("silver", "stepped_down", local("2025-03-05")),
            ("basic", "stepped_down", local("2026-03-05")),
        ]
        assert standing.ends_at is None

    def test_to_the_earned_tier(self) -> None:
        s = scheme(on_end="earned")
        standing = tiers.enter(s, JOINED, SHANGHAI)
        buy(s, standing, 20_000_00, local("2024-03-05 18:30"))
        buy(s, standing, 1_200_00, local("2024-03-06 10:00"))
        # diamond asks 20 000 to keep; 1 200 in the period earn silver, two steps below
        assert brief(judge(s, standing, local("2025-03-05"))) == [("silver", "fell", local("2025-03-05"))]
        assert brief(judge(s, standing, local("2026-03-05"))) == [("basic", "fell", local("2026-03-05"))]

    def test_never_down(self) -> None:
        s = scheme(on_end="never", grace_days=30)
        standing = self.gold(s)
        assert brief(judge(s, standing, local("2026-03-05"))) == [
            ("gold", "kept", local("2025-03-05")),
            ("gold", "kept", local("2026-03-05")),
        ]

    def test_kept_in_grace(self) -> None:
        s = scheme(grace_days=30)
        standing = self.gold(s)
        buy(s, standing, 2_000_00, local("2024-06-01"))
        assert judge(s, standing, local("2025-03-05")) == []
        # 5 March + 30 days is 4 April
        assert standing.tier == "gold" and tiers.next_due(s, standing) == local("2025-04-04")
        assert buy(s, standing, 1_000_00, local("2025-04-03 23:00")) == []
        assert brief(judge(s, standing, local("2025-04-04"))) == [("gold", "kept", local("2025-04-04"))]
        # grace shifts no cycle: the next period still ends on 5 March
        assert standing.ends_at == local("2026-03-05")

    def test_down_after_grace(self) -> None:
        s = scheme(grace_days=30)
        standing = self.gold(s)
        assert brief(judge(s, standing, local("2027-01-01"))) == [
            ("silver", "stepped_down", local("2025-04-04")),
            ("basic", "stepped_down", local("2026-04-04")),
        ]

    def test_up_in_grace_starts_afresh(self) -> None:
        s = scheme(grace_days=30)
        standing = self.gold(s)
        judge(s, standing, local("2025-03-05"))
        moves = buy(s, standing, 20_000_00, local("2025-03-10 10:00"))
        assert brief(moves) == [("diamond", "upgraded", local("2025-03-10 10:00"))]
        assert (standing.grace_ends_at, standing.ends_at) == (None, local("2026-03-10"))

    def test_judging_twice_is_judging_once(self) -> None:
        s = scheme()
        standing = self.gold(s)
        assert len(judge(s, standing, local("2025-03-05"))) == 1
        assert judge(s, standing, local("2025-03-05")) == []


class TestAnchors:
    def test_month_end(self) -> None:
        s = scheme(validity_months=6)
        standing = tiers.enter(s, JOINED, SHANGHAI)
        buy(s, standing, 1_000_00, local("2024-08-31 20:00"))
        assert standing.ends_at == local("2025-02-28")  # there is no 31 February

    def test_join_is_the_first_anniversary_at_least_a_validity_away(self) -> None:
        s = scheme(anchor="join")
        standing = tiers.enter(s, JOINED, SHANGHAI)  # joined on 10 January 2024
        buy(s, standing, 1_000_00, local("2024-03-05 18:30"))
        # 12 months on is 5 March 2025, and the first 10 January from there is in 2026
        assert standing.ends_at == local("2026-01-10")
        buy(s, standing, 1_000_00, local("2025-12-31"))
        assert brief(judge(s, standing, local("2026-01-10"))) == [("silver", "kept", local("2026-01-10"))]
        assert standing.ends_at == local("2027-01-10")

    def test_joined_on_29_february(self) -> None:
        s = scheme(anchor="join", on_end="never")
        joined = local("2024-02-29 09:00")
        standing = tiers.enter(s, joined, SHANGHAI)
        buy(s, standing, 1_000_00, local("2024-02-29 09:30"), joined_at=joined)
        ends = []
        for _ in range(5):
            assert standing.ends_at is not None
            ends.append(standing.ends_at)
            tiers.judge_due(s, standing, at=standing.ends_at, tz=SHANGHAI, joined_at=joined)
        # 28 February in common years, 29 in the leap year 2028
        assert ends == [
            local("2025-02-28"), local("2026-02-28"), local("2027-02-28"), local("2028-02-29"), local("2029-02-28"),
        ]  # fmt: skip

    def test_fixed_date(self) -> None:
        s = scheme(anchor="fixed", fixed_month=1, fixed_day=1)
        standing = tiers.enter(s, JOINED, SHANGHAI)
        buy(s, standing, 5_000_00, local("2024-12-20 12:00"))
        # the next 1 January, and the cycle of 2024 that it closes meets gold's keep of 3 000
        assert standing.ends_at == local("2025-01-01")
        assert brief(judge(s, standing, local("2025-01-01"))) == [("gold", "kept", local("2025-01-01"))]
        # nothing in 2025: one step down
        assert brief(judge(s, standing, local("2026-01-01"))) == [
            ("silver", "stepped_down", local("2026-01-01"))
        ]

    def test_fixed_date_with_grace_counts_cycle_and_grace(self) -> None:
        s = scheme(anchor="fixed", grace_days=15)
        standing = tiers.enter(s, JOINED, SHANGHAI)
        buy(s, standing, 5_000_00, local("2024-05-20"))
        judge(s, standing, local("2025-01-01"))
        buy(s, standing, 2_500_00, local("2025-12-31 23:59"))
        assert judge(s, standing, local("2026-01-01")) == []
        buy(s, standing, 500_00, local("2026-01-15 23:59"))
        assert brief(judge(s, standing, local("2026-02-01"))) == [("gold", "kept", local("2026-01-16"))]
        assert standing.ends_at == local("2027-01-01")

    def test_fixed_29_february(self) -> None:
        s = scheme(anchor="fixed", fixed_month=2, fixed_day=29, on_end="never")
        standing = tiers.enter(s, JOINED, SHANGHAI)
        buy(s, standing, 5_000_00, local("2026-06-20"))
        assert standing.ends_at == local("2027-02-28")
        judge(s, standing, local("2027-02-28"))
        assert standing.ends_at == local("2028-02-29")

    def test_a_zone_with_summer_time(self) -> None:
        tz = "America/New_York"
        s = scheme(validity_months=6)
        standing = tiers.enter(s, JOINED, tz)
        buy(s, standing, 1_000_00, local("2025-01-15 12:00", tz), tz=tz)
        # midnight of 15 July is at 04:00 UTC in summer, that of 15 January at 05:00
        assert standing.ends_at == datetime(2025, 7, 15, 4, tzinfo=UTC)
        assert brief(judge(s, standing, datetime(2026, 2, 1, tzinfo=UTC), tz=tz)) == [
            ("basic", "stepped_down", datetime(2025, 7, 15, 4, tzinfo=UTC))
        ]

    def test_a_midnight_that_the_clock_skips(self) -> None:
        tz = "America/Sao_Paulo"  # on 4 November 2018 the day began at 01:00 (−02:00), 03:00 UTC
        s = scheme(validity_months=6)
        standing = tiers.enter(s, JOINED, tz)
        buy(s, standing, 1_000_00, local("2018-05-04 12:00", tz), tz=tz, joined_at=local("2018-01-01", tz))
        assert standing.ends_at == datetime(2018, 11, 4, 3, tzinfo=UTC)


class TestRefunds:
    def test_metrics_go_back_into_the_month_of_the_order(self) -> None:
        s = scheme()
        standing = tiers.enter(s, JOINED, SHANGHAI)
        buy(s, standing, 900_00, local("2024-02-01"))
        refund(s, standing, 400_00, ordered=local("2024-02-01"), at=local("2024-03-10"))
        assert standing.months == {"2024-02": {"spend": 500_00}}
        assert standing.period == {"spend": 500_00}

    def test_the_order_that_raised_her_is_not_in_the_new_period(self) -> None:
        s = scheme()
        standing = tiers.enter(s, JOINED, SHANGHAI)
        buy(s, standing, 5_000_00, local("2024-02-01"))
        buy(s, standing, 800_00, local("2024-02-02"))
        refund(s, standing, 300_00, ordered=local("2024-02-01"), at=local("2024-02-03"))
        assert standing.period == {"spend": 800_00}

    def test_a_refund_leaves_the_tier_unless_the_scheme_says_so(self) -> None:
        s = scheme()
        standing = tiers.enter(s, JOINED, SHANGHAI)
        buy(s, standing, 5_000_00, local("2024-02-01"))
        assert refund(s, standing, 5_000_00, ordered=local("2024-02-01"), at=local("2024-02-03")) == []
        assert standing.tier == "gold"

    def test_a_refund_takes_the_upgrade_back(self) -> None:
        s = scheme(refund_demotes=True)
        standing = tiers.enter(s, JOINED, SHANGHAI)
        buy(s, standing, 1_000_00, local("2024-02-01"))
        buy(s, standing, 4_000_00, local("2024-03-01"))
        assert standing.tier == "gold"
        # 4 500 are left, enough for silver only
        moves = refund(s, standing, 500_00, ordered=local("2024-03-01"), at=local("2024-03-05"))
        assert brief(moves) == [("silver", "refunded", local("2024-03-05"))]
        moves = refund(s, standing, 3_500_00, ordered=local("2024-03-01"), at=local("2024-03-06"))
        assert moves == []  # 1 000 are left
        moves = refund(s, standing, 1, ordered=local("2024-02-01"), at=local("2024-03-07"))
        assert brief(moves) == [("basic", "refunded", local("2024-03-07"))]
        assert standing.ends_at is None

    def test_what_later_orders_earn_stays(self) -> None:
        s = scheme(refund_demotes=True)
        standing = tiers.enter(s, JOINED, SHANGHAI)
        buy(s, standing, 5_000_00, local("2024-02-01"))
        buy(s, standing, 5_000_00, local("2024-06-01"))
        # the window of February has 0 left, the present one 5 000
        assert refund(s, standing, 5_000_00, ordered=local("2024-02-01"), at=local("2024-06-02")) == []

    def test_never_below_what_a_judgement_gave_nor_longer(self) -> None:
        s = scheme(refund_demotes=True)
        standing = tiers.enter(s, JOINED, SHANGHAI)
        buy(s, standing, 1_000_00, local("2024-02-01 08:00"))
        buy(s, standing, 1_500_00, local("2024-02-02 08:00"))
        judge(s, standing, local("2025-02-01"))
        assert (standing.tier, standing.reason, standing.ends_at) == ("silver", "kept", local("2026-02-01"))
        buy(s, standing, 9_000_00, local("2025-05-01"))
        assert standing.tier == "gold"
        moves = refund(s, standing, 9_000_00, ordered=local("2025-05-01"), at=local("2025-05-09"))
        # back to the silver that she had kept, which ends when it would have ended
        assert brief(moves) == [("silver", "refunded", local("2025-05-09"))]
        assert standing.ends_at == local("2026-02-01")

    def test_a_tier_given_by_hand_stays(self) -> None:
        s = scheme(refund_demotes=True)
        standing = tiers.enter(s, JOINED, SHANGHAI)
        buy(s, standing, 1_000_00, local("2024-02-01"))
        tiers.place(
            s, standing, tier="diamond", at=local("2024-02-02"), tz=SHANGHAI, joined_at=JOINED, comment="VIP"
        )
        assert refund(s, standing, 1_000_00, ordered=local("2024-02-01"), at=local("2024-02-03")) == []


class TestByHand:
    def test_placed_with_an_end_date_and_locked_until_then(self) -> None:
        s = scheme()
        standing = tiers.enter(s, JOINED, SHANGHAI)
        move = tiers.place(
            s, standing, tier="silver", at=local("2024-02-01 10:00"), tz=SHANGHAI, joined_at=JOINED,
            comment="投诉补偿", actor="王店长", until=local("2024-06-01"), locked=True,
        )  # fmt: skip
        assert move == TierMove(
            "main", "basic", "silver", "manual", local("2024-02-01 10:00"), local("2024-06-01"),
            "投诉补偿", "王店长",
        )  # fmt: skip
        # locked: 5 000 would be gold
        assert buy(s, standing, 5_000_00, local("2024-03-01")) == []
        # the lock ends: what it held back follows at that instant
        assert brief(judge(s, standing, local("2024-07-01"))) == [
            ("silver", "unlocked", local("2024-06-01")),
            ("gold", "upgraded", local("2024-06-01")),
        ]

    def test_judged_when_the_lock_ends_if_the_period_ended_before(self) -> None:
        s = scheme()
        standing = tiers.enter(s, JOINED, SHANGHAI)
        tiers.place(
            s, standing, tier="gold", at=local("2024-02-01"), tz=SHANGHAI, joined_at=JOINED,
            until=local("2024-06-01"), locked=True, locked_until=local("2024-08-01"),
        )  # fmt: skip
        assert brief(judge(s, standing, local("2024-09-01"))) == [
            ("gold", "unlocked", local("2024-08-01")),
            ("silver", "stepped_down", local("2024-08-01")),
        ]

    def test_locked_for_good_until_unlocked(self) -> None:
        s = scheme()
        standing = tiers.enter(s, JOINED, SHANGHAI)
        tiers.place(
            s, standing, tier="gold", at=local("2024-02-01"), tz=SHANGHAI, joined_at=JOINED, locked=True
        )
        assert tiers.next_due(s, standing) is None
        assert judge(s, standing, local("2034-01-01")) == []
        moves = tiers.unlock(s, standing, at=local("2034-01-01 15:00"), tz=SHANGHAI, joined_at=JOINED)
        assert brief(moves) == [
            ("gold", "unlocked", local("2034-01-01 15:00")),
            ("silver", "stepped_down", local("2034-01-01 15:00")),
        ]
        assert tiers.unlock(s, standing, at=local("2034-01-02"), tz=SHANGHAI, joined_at=JOINED) == []

    def test_a_low_tier_can_be_locked_too(self) -> None:
        s = scheme()
        standing = tiers.enter(s, JOINED, SHANGHAI)
        tiers.place(
            s, standing, tier="basic", at=local("2024-02-01"), tz=SHANGHAI, joined_at=JOINED,
            until=local("2024-06-01"), locked=True,
        )  # fmt: skip
        assert standing.ends_at is None
        assert buy(s, standing, 5_000_00, local("2024-03-01")) == []
        assert tiers.next_due(s, standing) == local("2024-06-01")

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"tier": "platinum"}, "tier"),
            ({"until": local("2024-02-01")}, "until"),
            ({"locked_until": local("2024-01-31"), "locked": True}, "locked_until"),
        ],
    )
    def test_refused_and_unchanged(self, change: dict[str, object], field: str) -> None:
        s = scheme()
        standing = tiers.enter(s, JOINED, SHANGHAI)
        before = tiers.standing_to_json(standing)
        arguments: dict[str, object] = {"tier": "gold", **change}
        with pytest.raises(Refusal) as refused:
            tiers.place(s, standing, at=local("2024-02-01"), tz=SHANGHAI, joined_at=JOINED, **arguments)  # type: ignore[arg-type]
        assert refused.value.errors[0].field == field
        assert tiers.standing_to_json(standing) == before

    def test_a_step_by_an_effect(self) -> None:
        s = scheme()
        standing = tiers.enter(s, JOINED, SHANGHAI)
        at = local("2024-02-01 10:00")
        up = tiers.step(s, standing, steps=2, at=at, tz=SHANGHAI, joined_at=JOINED)
        assert up == TierMove("main", "basic", "gold", "step", at, local("2025-02-01"))
        assert tiers.step(s, standing, tier="silver", at=at, tz=SHANGHAI, joined_at=JOINED) is None
        assert tiers.step(s, standing, tier="gold", at=at, tz=SHANGHAI, joined_at=JOINED) is None
        top = tiers.step(s, standing, steps=9, at=at, tz=SHANGHAI, joined_at=JOINED)
        assert top is not None and top.tier == "diamond"


class TestChangedScheme:
    def test_a_tier_that_no_longer_exists(self) -> None:
        standing = tiers.enter(scheme(), JOINED, SHANGHAI)
        buy(scheme(), standing, 5_000_00, local("2024-03-05"))
        later = scheme(BASIC, SILVER)
        assert brief(judge(later, standing, local("2024-04-01"))) == [
            ("silver", "repaired", local("2024-04-01"))
        ]

    def test_a_tier_that_became_the_lowest(self) -> None:
        standing = tiers.enter(scheme(), JOINED, SHANGHAI)
        buy(scheme(), standing, 1_000_00, local("2024-03-05"))
        later = scheme(SILVER, GOLD)
        assert judge(later, standing, local("2026-04-01")) == []
        assert (standing.tier, tiers.next_due(later, standing)) == ("silver", None)

    def test_a_tier_that_nothing_keeps_falls_and_one_that_keeps_itself_stays(self) -> None:
        for keep, expected in ((None, "stepped_down"), ((), "kept")):
            s = scheme(BASIC, Tier("black", Text("黑卡", "Black"), 1, keep=keep))
            standing = tiers.enter(s, JOINED, SHANGHAI)
            tiers.place(s, standing, tier="black", at=local("2024-02-01"), tz=SHANGHAI, joined_at=JOINED)
            assert [m.reason for m in judge(s, standing, local("2025-02-01"))] == [expected]
