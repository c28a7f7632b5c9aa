"""How far somebody is: figures worked out by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from regulars.conditions.api import Progress, compile_measure, parse_condition, retail_fields

CATALOGUE = retail_fields()


def f(field: str, op: str, value: Any) -> dict[str, Any]:
    return {"field": field, "op": op, "value": value}


def measure(data: Any, **facts: Any) -> tuple[Progress, ...]:
    condition = parse_condition(data=data, catalogue=CATALOGUE)
    return compile_measure(condition=condition, catalogue=CATALOGUE)(facts)


def test_three_of_ten() -> None:
    (one,) = measure(f("fact.checkins_90", "gte", 10), **{"fact.checkins_90": 3})
    assert (one.field, one.value, one.wanted, one.percent, one.done) == ("fact.checkins_90", 3, 10, 30, False)
    assert (one.label.zh, one.label.en) == ("近 90 天签到", "check-ins in the last 90 days")
    assert (one.shown.zh, one.shown.en) == ("3 / 10 次", "3 / 10 times")


def test_more_than_nine_is_ten() -> None:
    (one,) = measure(f("history.orders", "gt", 9), **{"history.orders": 9})
    assert (one.value, one.wanted, one.percent, one.done) == (9, 10, 90, False)
    (done,) = measure(f("history.orders", "gt", 9), **{"history.orders": 12})
    assert (done.value, done.percent, done.done) == (12, 100, True)


def test_money_is_said_with_its_currency() -> None:
    """999.99 of 1000 is 99 percent, not 100."""
    (one,) = measure(f("history.spend", "gte", 100000), **{"history.spend": 99999})
    assert (one.value, one.wanted, one.percent, one.done) == (99999, 100000, 99, False)
    assert (one.shown.zh, one.shown.en) == ("999.99 元 / 1,000 元", "¥999.99 / ¥1,000.00")


def test_what_is_not_known_is_nothing_yet() -> None:
    (one,) = measure(f("history.orders", "gte", 1))
    assert (one.value, one.percent, one.done, one.shown.en) == (0, 0, False, "0 / 1 order")


def test_a_decimal_is_never_rounded_up_to_what_is_wanted() -> None:
    """1.999 items of 2 are shown as 1.99; of "more than 2", 2 itself is not enough."""
    (one,) = measure(f("fact.basket_size_365", "gte", "2"), **{"fact.basket_size_365": Decimal("1.999")})
    assert (one.value, one.percent, one.done, one.shown.en) == (Decimal("1.99"), 99, False, "1.99 / 2")
    (two,) = measure(f("fact.basket_size_365", "gt", "2"), **{"fact.basket_size_365": Decimal("2.000")})
    assert (two.percent, two.done, two.shown.en, two.shown.zh) == (99, False, "2 / more than 2", "2 / 超过 2")
    (three,) = measure(f("fact.basket_size_365", "gt", "2"), **{"fact.basket_size_365": Decimal("100")})
    assert (three.value, three.shown.en) == (100, "100 / more than 2")


def test_every_number_that_must_be_reached_and_nothing_else() -> None:
    """Of a conjunction each number; what is no number, at most, a score or personal says nothing."""
    parts = [
        f("history.orders", "gte", 4),
        f("membership.tier", "eq", "gold"),
        {"all": [f("history.visits", "gte", 8), f("history.refunds", "lte", 1)]},
        f("score.value_12", "gte", 100),
        f("member.age", "gte", 18),
        f("history.spend", "gte", 0),
    ]
    found = measure({"all": parts}, **{"history.orders": 1, "history.visits": 6})
    assert [(one.field, one.percent) for one in found] == [("history.orders", 25), ("history.visits", 75)]


def test_alternatives_and_negations_have_no_way() -> None:
    two = [f("history.orders", "gte", 4), f("history.spend", "gte", 100)]
    assert measure({"any": two}) == ()
    assert measure({"not": f("history.orders", "gte", 4)}) == ()
    assert measure({"all": [f("history.visits", "gte", 2), {"any": two}]})[0].field == "history.visits"
    assert [one.field for one in measure({"any": two[:1]})] == ["history.orders"]


def test_days_in_a_row_and_windows() -> None:
    data = {
        "all": [
            {"streak": "checkin", "op": "gte", "days": 7},
            {"window": {"activity": "checkin", "days": 30}, "agg": "count", "op": "gte", "value": 20},
        ]
    }
    found = measure(data, streak=lambda activity: 5, window=lambda *asked: 15)
    assert [(one.value, one.wanted, one.percent) for one in found] == [(5, 7, 71), (15, 20, 75)]
    assert found[0].label.zh == "连续签到" and found[0].shown.zh == "5 / 7 天"
    assert found[1].label.zh == "最近 30 天内签到次数"
