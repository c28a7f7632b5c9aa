"""Whose turn care had on which day of the past, from the days of orders alone."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from regulars.flows.demo import occasions

HER, OTHER = UUID(int=1), UUID(int=2)
DAY = date(2026, 6, 1)


def days(*numbers: int) -> list[date]:
    return [DAY + timedelta(days=number) for number in numbers]


def test_a_letter_the_morning_after_the_order_with_the_number() -> None:
    seen = {HER: days(0, 1, 1, 2, 9), OTHER: days(0, 5)}
    found = occasions._thanked(seen, [3, 5, 50], DAY, DAY + timedelta(days=10))
    # her third order is the second of 2 June, her fifth is of 10 June; the other has two
    assert [(one.member_id, one.occasion, one.on) for one in found] == [
        (HER, "orders:3", date(2026, 6, 3)),
        (HER, "orders:5", date(2026, 6, 11)),
    ]
    assert occasions._thanked(seen, [3, 5], DAY + timedelta(days=3), DAY + timedelta(days=9)) == []


def test_sixty_days_away_whether_or_not_she_came_later() -> None:
    seen = {
        HER: days(
            0, 60, 125
        ),  # back on the sixtieth day: not away; then 65 days: away on the sixtieth of them
        OTHER: days(0),  # never came back
    }
    found = occasions._stayed_away(seen, DAY, DAY + timedelta(days=200))
    assert [(one.member_id, one.occasion, one.on) for one in found] == [
        (HER, "60:2026-07-31", DAY + timedelta(days=120)),
        (HER, "60:2026-10-04", DAY + timedelta(days=185)),
        (OTHER, "60:2026-06-01", DAY + timedelta(days=60)),
    ]
