"""Which benefits tiers give, and when quotas begin anew. Reckoned by hand."""

from __future__ import annotations

from datetime import datetime

import pytest
from tests.benefits.given import DOUBLE, GOLD, LOUNGE, PARKING, SHANGHAI, SILVER, UPGRADE, benefit

from regulars.kit.errors import Refusal
from regulars.value.benefits import policy

ALL = (LOUNGE, PARKING, UPGRADE, DOUBLE)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_tiers_give_benefits() -> None:
    assert policy.list_given(ALL, GOLD) == [LOUNGE, PARKING, UPGRADE, DOUBLE]
    assert policy.list_given(ALL, SILVER) == [UPGRADE]
    assert policy.list_given(ALL, {"main": "basic"}) == []
    assert policy.list_given(ALL, {"other": "gold"}) == []


@pytest.mark.parametrize(
    ("period", "instant", "key", "resets"),
    [
        # 16:30 UTC is half past midnight of the next day in Shanghai
        ("day", "2025-12-31T16:30:00+00:00", "2026-01-01", "2026-01-02T00:00:00+08:00"),
        ("day", "2025-12-31T15:59:59+00:00", "2025-12-31", "2026-01-01T00:00:00+08:00"),
        # 1 January 2026 is the Thursday of week 1; its Monday is 29 December 2025
        ("week", "2025-12-29T00:00:00+08:00", "2026-W01", "2026-01-05T00:00:00+08:00"),
        ("week", "2026-01-04T23:59:00+08:00", "2026-W01", "2026-01-05T00:00:00+08:00"),
        ("month", "2024-02-29T23:59:00+08:00", "2024-02", "2024-03-01T00:00:00+08:00"),
        ("month", "2025-12-05T00:00:00+08:00", "2025-12", "2026-01-01T00:00:00+08:00"),
        ("year", "2025-12-31T16:00:00+00:00", "2026", "2027-01-01T00:00:00+08:00"),
        ("ever", "2025-12-31T16:00:00+00:00", "ever", None),
    ],
)
def test_periods_are_those_of_the_business_time_zone(
    period: str, instant: str, key: str, resets: str | None
) -> None:
    given = benefit("x", quota=3, period=period)
    shown = policy.allowance(given, 1, at=at(instant), tz=SHANGHAI)
    assert (shown.period, shown.resets_at) == (key, at(resets) if resets else None)
    assert (shown.quota, shown.used, shown.remaining) == (3, 1, 2)


def test_without_a_quota_nothing_is_counted_down() -> None:
    shown = policy.allowance(PARKING, 7, at=at("2025-03-01T00:00:00+08:00"), tz=SHANGHAI)
    assert (shown.quota, shown.remaining, shown.resets_at) == (None, None, None)


def test_a_lowered_quota_leaves_nothing_not_less() -> None:
    assert policy.allowance(LOUNGE, 5, at=at("2025-03-01T00:00:00+08:00"), tz=SHANGHAI).remaining == 0


@pytest.mark.parametrize(
    ("key", "tiers", "code", "status"),
    [
        ("spa", GOLD, "not_found", 404),
        ("lounge", SILVER, "benefit_not_given", 409),
        ("double", GOLD, "benefit_automatic", 409),
    ],
)
def test_refusals(key: str, tiers: dict[str, str], code: str, status: int) -> None:
    with pytest.raises(Refusal) as refused:
        policy.usable(ALL, key, tiers)
    assert (refused.value.code, refused.value.status) == (code, status)
    assert refused.value.message.zh and refused.value.message.en


def test_what_is_used_up_says_when_it_comes_back() -> None:
    refusal = policy.used_up(LOUNGE, at("2025-03-10T00:00:00+08:00"), SHANGHAI)
    assert refusal.message.zh == "“贵宾室”本月的 2 次已用完"
    assert refusal.message.en == "All 2 uses of “Lounge” this month are taken"
    assert refusal.data["resets_at"] == "2025-03-31T16:00:00+00:00"
