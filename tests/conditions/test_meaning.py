"""What each operator means, reckoned by hand and asked of both interpreters.

The calendar used: 10 March 2026 is a Tuesday; 2024 is a leap year. Shanghai is UTC+8 all year. New York moved its
clock from 02:00 to 03:00 on 8 March 2026 and moves it back from 02:00 to 01:00 on 1 November 2026.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from tests.conditions.asking import ask_memory, ask_sql, now_of, window_key, with_sequences

from regulars.conditions.api import (
    FieldCatalogue,
    FieldDef,
    FieldType,
    Label,
    Scope,
    parse_condition,
    retail_fields,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")
NOW = datetime(2026, 3, 10, 12, tzinfo=SHANGHAI)

_EXTRA = [
    FieldDef("membership.attributes.weight", FieldType.DECIMAL, Scope.MEMBERSHIP, Label("体重", "weight")),
    FieldDef("membership.attributes.due", FieldType.DATE, Scope.MEMBERSHIP, Label("预产期", "due date")),
    FieldDef("line.made_on", FieldType.DATE, Scope.LINE, Label("生产日期", "made on")),
]
CATALOGUE = retail_fields().extend(_EXTRA)
AMERICAN = retail_fields(timezone="America/New_York", currency="USD").extend(_EXTRA)


def ask(
    connection: psycopg.Connection[Any],
    condition: dict[str, Any],
    facts: dict[str, Any],
    catalogue: FieldCatalogue = CATALOGUE,
) -> bool:
    facts = {"now": NOW, **facts}
    in_memory = ask_memory(condition, catalogue, facts)
    tree = parse_condition(data=condition, catalogue=catalogue)
    assert ask_sql(connection, tree, catalogue, [facts], now_of(facts)) == [in_memory]
    return in_memory


def f(field: str, op: str, value: Any = ...) -> dict[str, Any]:
    return {"field": field, "op": op} if value is ... else {"field": field, "op": op, "value": value}


@pytest.mark.parametrize(
    ("op", "value", "amount", "expected"),
    [
        ("eq", 10000, 10000, True),
        ("eq", 10000, 9999, False),
        ("ne", 10000, 9999, True),
        ("ne", 10000, 10000, False),
        ("gt", 10000, 10000, False),
        ("gt", 10000, 10001, True),
        ("gte", 10000, 10000, True),
        ("gte", 10000, 9999, False),
        ("lt", 10000, 10000, False),
        ("lt", 10000, -1, True),
        ("lte", 10000, 10000, True),
        ("lte", 10000, 10001, False),
        ("between", [100, 200], 100, True),
        ("between", [100, 200], 200, True),
        ("between", [100, 200], 201, False),
        ("in", [1, 5, 9], 5, True),
        ("in", [1, 5, 9], 6, False),
        ("not_in", [1, 5, 9], 6, True),
        ("not_in", [1, 5, 9], 5, False),
        ("eq", 2**63 - 1, 2**63 - 1, True),
    ],
)
def test_money(connection: psycopg.Connection[Any], op: str, value: Any, amount: int, expected: bool) -> None:
    assert ask(connection, f("order.amount", op, value), {"order.amount": amount}) is expected


@pytest.mark.parametrize(
    ("op", "value", "weight", "expected"),
    [
        ("eq", "61.5", Decimal("61.50"), True),  # trailing zeros do not matter
        ("gt", "0.1", Decimal("0.1"), False),  # no binary fractions anywhere: 0.1 is 0.1
        ("gt", 0.1, Decimal("0.10000000000001"), True),
        ("in", ["1.10", "2"], Decimal("1.1"), True),
        ("between", ["-0.5", "0.5"], Decimal("-0.5"), True),
        ("lte", 62, Decimal("61.999"), True),
    ],
)
def test_decimal(
    connection: psycopg.Connection[Any], op: str, value: Any, weight: Decimal, expected: bool
) -> None:
    facts = {"membership.attributes.weight": weight}
    assert ask(connection, f("membership.attributes.weight", op, value), facts) is expected


@pytest.mark.parametrize(
    ("op", "value", "text", "expected"),
    [
        ("eq", "上海一店", "上海一店", True),
        ("eq", "Coffee", "coffee", False),  # as written, case and all
        ("eq", "é", "e\u0301", False),  # composed and decomposed letters are different texts
        ("ne", "A", "B", True),
        ("in", ["A", "上海一店"], "上海一店", True),
        ("not_in", ["A"], "A", False),
        ("contains", "一", "上海一店", True),
        ("contains", "%", "上海一店", False),  # no wildcards
        ("contains", "%", "50%off", True),
        ("starts_with", "上海", "上海一店", True),
        ("starts_with", "_", "上海一店", False),
        ("starts_with", "👩‍🍳", "👩‍🍳 kitchen", True),
        ("eq", "'; DROP TABLE member; --", "'; DROP TABLE member; --", True),
        ("eq", "%(c0)s {} \\", "%(c0)s {} \\", True),
    ],
)
def test_text(connection: psycopg.Connection[Any], op: str, value: Any, text: str, expected: bool) -> None:
    assert ask(connection, f("store.code", op, value), {"store.code": text}) is expected


@pytest.mark.parametrize(
    ("op", "value", "expected"),
    [
        ("eq", "gold", True),
        ("ne", "gold", False),
        ("in", ["gold", "diamond"], True),
        ("not_in", ["gold"], False),
    ],
)
def test_enum(connection: psycopg.Connection[Any], op: str, value: Any, expected: bool) -> None:
    assert ask(connection, f("membership.tier", op, value), {"membership.tier": "gold"}) is expected


@pytest.mark.parametrize(
    ("op", "value", "fact", "expected"),
    [
        ("eq", True, True, True),
        ("eq", True, False, False),
        ("eq", False, False, True),
        ("ne", True, False, True),
    ],
)
def test_bool(connection: psycopg.Connection[Any], op: str, value: bool, fact: bool, expected: bool) -> None:
    assert ask(connection, f("order.is_first", op, value), {"order.is_first": fact}) is expected


@pytest.mark.parametrize(
    ("op", "value", "tags", "expected"),
    [
        ("contains", "vip", {"vip", "新客"}, True),
        ("contains", "vi", {"vip"}, False),  # a whole element, not a part of one
        ("contains_any", ["a", "新客"], {"vip", "新客"}, True),
        ("contains_any", ["a"], {"vip"}, False),
        ("contains_all", ["vip", "新客"], {"vip", "新客", "x"}, True),
        ("contains_all", ["vip", "新客"], {"vip"}, False),
        ("is_set", ..., {"vip"}, True),
        ("is_empty", ..., {"vip"}, False),
    ],
)
def test_set(
    connection: psycopg.Connection[Any], op: str, value: Any, tags: set[str], expected: bool
) -> None:
    assert ask(connection, f("membership.tags", op, value), {"membership.tags": tags}) is expected
    assert ask(connection, f("membership.tags", op, value), {"membership.tags": sorted(tags)}) is expected


EVERY_COMPARISON = [
    f("order.amount", "eq", 0),
    f("order.amount", "ne", 5),
    f("order.amount", "lt", 5),
    f("order.amount", "not_in", [5]),
    f("order.amount", "between", [-5, 5]),
    f("store.code", "ne", "A"),
    f("store.code", "not_in", ["A"]),
    f("store.code", "contains", "A"),
    f("store.code", "starts_with", "A"),
    f("order.is_first", "eq", False),
    f("order.is_first", "ne", True),
    f("membership.tags", "contains", "A"),
    f("membership.tags", "contains_any", ["A"]),
    f("membership.tags", "contains_all", ["A"]),
    f("member.birthday", "ne", "2000-01-01"),
    f("member.birthday", "month_is", "current"),
    f("member.birthday", "anniversary_within", {"before": 180, "after": 180}),
    f("history.last_order_at", "ne", "2000-01-01"),
    f("history.last_order_at", "before", "2199-01-01"),
    f("history.last_order_at", "time_between", ["00:00", "24:00"]),
    f("history.last_order_at", "weekday_in", [1, 2, 3, 4, 5, 6, 7]),
]


@pytest.mark.parametrize("condition", EVERY_COMPARISON, ids=lambda c: f"{c['field']}-{c['op']}")
def test_a_missing_value_makes_every_comparison_false(
    connection: psycopg.Connection[Any], condition: dict[str, Any]
) -> None:
    field = condition["field"]
    absent: list[dict[str, Any]] = [{}, {field: None}]
    if field == "store.code":
        absent.append({field: ""})  # an empty text is a missing one
    if field == "membership.tags":
        absent.append({field: []})  # and so is an empty set
    for facts in absent:
        assert ask(connection, condition, facts) is False
        assert ask(connection, {"not": condition}, facts) is True
        assert ask(connection, f(field, "is_empty"), facts) is True
        assert ask(connection, f(field, "is_set"), facts) is False


def test_zero_and_false_are_values(connection: psycopg.Connection[Any]) -> None:
    assert ask(connection, f("order.amount", "is_set"), {"order.amount": 0})
    assert ask(connection, f("order.is_first", "is_set"), {"order.is_first": False})


DATES = [
    # birthday, op, value, expected on 10 March 2026
    (date(1990, 3, 10), "eq", "1990-03-10", True),
    (date(1990, 3, 10), "ne", "1990-03-10", False),
    (date(1990, 3, 10), "before", "1990-03-10", False),
    (date(1990, 3, 9), "before", "1990-03-10", True),
    (date(1990, 3, 10), "after", "1990-03-10", False),
    (date(1990, 3, 11), "after", "1990-03-10", True),
    (date(1990, 3, 10), "between", ["1990-03-10", "1990-03-10"], True),
    (date(1990, 3, 11), "between", ["1990-03-01", "1990-03-10"], False),
    (date(1990, 3, 31), "month_is", "current", True),
    (date(1990, 2, 28), "month_is", "current", False),
    (date(1990, 2, 28), "month_is", [2], True),
    (date(1990, 2, 28), "month_is", 2, True),
    (date(2024, 2, 29), "day_of_month_in", [-1], True),
    (date(2024, 2, 28), "day_of_month_in", [-1], False),
    (date(2023, 2, 28), "day_of_month_in", [-1], True),
    (date(2023, 12, 31), "day_of_month_in", [8, -1], True),
    (date(2023, 12, 8), "day_of_month_in", [8, 18], True),
    (date(2026, 3, 10), "weekday_in", [2], True),  # a Tuesday
    (date(2026, 3, 15), "weekday_in", [7], True),  # a Sunday
    (date(2026, 3, 15), "weekday_in", [1, 2, 3, 4, 5, 6], False),
    # 7 days, today being one: 4 to 10 March
    (date(2026, 3, 4), "within_last", {"days": 7}, True),
    (date(2026, 3, 3), "within_last", {"days": 7}, False),
    (date(2026, 3, 11), "within_last", {"days": 7}, False),
    (date(2026, 3, 10), "within_last", {"days": 1}, True),
    (date(2026, 3, 9), "within_last", {"days": 1}, False),
    (date(2026, 2, 25), "within_last", {"weeks": 2}, True),  # 14 days: from 25 February
    (date(2026, 2, 24), "within_last", {"weeks": 2}, False),
    (date(2026, 2, 11), "within_last", {"months": 1}, True),  # from the day after 10 February
    (date(2026, 2, 10), "within_last", {"months": 1}, False),
    (date(2026, 3, 16), "within_next", {"days": 7}, True),  # 10 to 16 March
    (date(2026, 3, 17), "within_next", {"days": 7}, False),
    (date(2026, 3, 9), "within_next", {"days": 7}, False),
    (date(2026, 4, 9), "within_next", {"months": 1}, True),
    (date(2026, 4, 10), "within_next", {"months": 1}, False),
]


@pytest.mark.parametrize(("birthday", "op", "value", "expected"), DATES)
def test_date(
    connection: psycopg.Connection[Any], birthday: date, op: str, value: Any, expected: bool
) -> None:
    assert ask(connection, f("member.birthday", op, value), {"member.birthday": birthday}) is expected


@pytest.mark.parametrize(
    ("now", "first_day"),
    [
        # One month back from the 31st is the last of February; the period begins the day after.
        (date(2026, 3, 31), date(2026, 3, 1)),
        (date(2024, 3, 31), date(2024, 3, 1)),
        (date(2024, 3, 30), date(2024, 3, 1)),
        (date(2024, 3, 29), date(2024, 3, 1)),
        (date(2024, 3, 28), date(2024, 2, 29)),
        (date(2026, 1, 15), date(2025, 12, 16)),
    ],
)
def test_last_month_at_month_ends(connection: psycopg.Connection[Any], now: date, first_day: date) -> None:
    condition = f("membership.attributes.due", "within_last", {"months": 1})
    noon = datetime(now.year, now.month, now.day, 12, tzinfo=SHANGHAI)
    day_before = date.fromordinal(first_day.toordinal() - 1)
    assert ask(connection, condition, {"now": noon, "membership.attributes.due": first_day})
    assert not ask(connection, condition, {"now": noon, "membership.attributes.due": day_before})


ANNIVERSARIES = [
    # birthday, today, before, after, expected
    (date(1990, 3, 10), date(2026, 3, 10), 0, 0, True),
    (date(1990, 3, 11), date(2026, 3, 10), 0, 0, False),
    (date(1990, 3, 17), date(2026, 3, 10), 7, 0, True),
    (date(1990, 3, 18), date(2026, 3, 10), 7, 0, False),
    (date(1990, 3, 7), date(2026, 3, 10), 0, 3, True),
    (date(1990, 3, 6), date(2026, 3, 10), 0, 3, False),
    # 29 February falls on the 28th in common years, so it stays in its month and comes once a year
    (date(2000, 2, 29), date(2026, 2, 28), 0, 0, True),
    (date(2000, 2, 29), date(2026, 3, 1), 0, 0, False),
    (date(2000, 2, 29), date(2028, 2, 28), 0, 0, False),
    (date(2000, 2, 29), date(2028, 2, 29), 0, 0, True),
    (date(2000, 2, 28), date(2028, 2, 29), 0, 0, False),
    (date(2000, 2, 29), date(2026, 2, 21), 7, 0, True),
    (date(2000, 2, 29), date(2026, 2, 20), 7, 0, False),
    # over the turn of the year, both ways
    (date(1990, 1, 2), date(2026, 12, 30), 3, 0, True),
    (date(1990, 1, 3), date(2026, 12, 30), 3, 0, False),
    (date(1990, 12, 30), date(2027, 1, 2), 0, 3, True),
    (date(1990, 12, 29), date(2027, 1, 2), 0, 3, False),
    # the day itself is no anniversary, nor is one still to be born a year old
    (date(2026, 3, 10), date(2026, 3, 10), 0, 0, False),
    (date(2026, 3, 12), date(2026, 3, 10), 3, 0, False),
    (date(2025, 3, 12), date(2026, 3, 10), 3, 0, True),
]


@pytest.mark.parametrize(("birthday", "today", "before", "after", "expected"), ANNIVERSARIES)
def test_anniversary(
    connection: psycopg.Connection[Any], birthday: date, today: date, before: int, after: int, expected: bool
) -> None:
    condition = f("member.birthday", "anniversary_within", {"before": before, "after": after})
    noon = datetime(today.year, today.month, today.day, 12, tzinfo=SHANGHAI)
    assert ask(connection, condition, {"now": noon, "member.birthday": birthday}) is expected


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


MOMENTS = [
    # 16:00 UTC is midnight in Shanghai: the business day of 10 March runs from the 9th 16:00 to the 10th 16:00 UTC
    (utc(2026, 3, 9, 16), "eq", "2026-03-10", True),
    (utc(2026, 3, 9, 15, 59, 59), "eq", "2026-03-10", False),
    (utc(2026, 3, 10, 15, 59, 59), "eq", "2026-03-10", True),
    (utc(2026, 3, 10, 16), "eq", "2026-03-10", False),
    (utc(2026, 3, 10, 16), "ne", "2026-03-10", True),
    (utc(2026, 3, 9, 15, 59), "before", "2026-03-10", True),
    (utc(2026, 3, 9, 16), "before", "2026-03-10", False),
    (utc(2026, 3, 10, 15, 59), "after", "2026-03-10", False),
    (utc(2026, 3, 10, 16), "after", "2026-03-10", True),
    (utc(2026, 3, 10, 1), "before", "2026-03-10T09:00:00+08:00", False),
    (utc(2026, 3, 10, 0, 59), "before", "2026-03-10T09:00:00+08:00", True),
    (utc(2026, 3, 10, 1, 0, 1), "after", "2026-03-10T01:00:00Z", True),
    (utc(2026, 3, 10, 15, 59), "between", ["2026-03-09", "2026-03-10"], True),
    (utc(2026, 3, 10, 16), "between", ["2026-03-09", "2026-03-10"], False),
    (utc(2026, 3, 10, 1), "between", ["2026-03-10T00:00:00Z", "2026-03-10T01:00:00Z"], True),
    (utc(2026, 3, 10, 1, 1), "between", ["2026-03-10T00:00:00Z", "2026-03-10T01:00:00Z"], False),
    (utc(2026, 3, 9, 16), "within_last", {"days": 1}, True),
    (utc(2026, 3, 9, 15, 59), "within_last", {"days": 1}, False),
    (utc(2026, 3, 10, 15, 59), "within_next", {"days": 1}, True),
    (utc(2026, 3, 10, 16), "within_next", {"days": 1}, False),
    (utc(2026, 2, 28, 16), "month_is", 3, True),  # already 1 March in Shanghai
    (utc(2026, 2, 28, 15), "month_is", 3, False),
    (utc(2026, 3, 8, 16), "weekday_in", [1], True),  # Monday 9 March, 00:00
    (utc(2026, 3, 8, 15, 59), "weekday_in", [7], True),
    (utc(2026, 3, 31, 15, 59), "day_of_month_in", [-1], True),
    (utc(2026, 3, 31, 16), "day_of_month_in", [1], True),
    # 22:00 to 06:00 in Shanghai is 14:00 to 22:00 UTC
    (utc(2026, 3, 10, 14), "time_between", ["22:00", "06:00"], True),
    (utc(2026, 3, 10, 13, 59, 59), "time_between", ["22:00", "06:00"], False),
    (utc(2026, 3, 10, 16), "time_between", ["22:00", "06:00"], True),  # midnight
    (utc(2026, 3, 10, 21, 59, 59), "time_between", ["22:00", "06:00"], True),
    (utc(2026, 3, 10, 22), "time_between", ["22:00", "06:00"], False),
    (utc(2026, 3, 10, 15, 59, 59), "time_between", ["18:00", "24:00"], True),
    (utc(2026, 3, 10, 16), "time_between", ["18:00", "24:00"], False),
    (utc(2026, 3, 10, 1), "time_between", ["09:00", "18:00"], True),
    (utc(2026, 3, 10, 10), "time_between", ["09:00", "18:00"], False),
    (
        utc(2025, 3, 9, 16),
        "anniversary_within",
        {"before": 0, "after": 0},
        True,
    ),  # joined 10 March 2025, local
    (utc(2025, 3, 9, 15), "anniversary_within", {"before": 0, "after": 0}, False),
]


@pytest.mark.parametrize(("moment", "op", "value", "expected"), MOMENTS)
def test_datetime(
    connection: psycopg.Connection[Any], moment: datetime, op: str, value: Any, expected: bool
) -> None:
    assert ask(connection, f("membership.joined_at", op, value), {"membership.joined_at": moment}) is expected


CLOCK_CHANGES = [
    # 8 March 2026 has 23 hours in New York: from 05:00 UTC to 04:00 UTC the next day
    (utc(2026, 3, 8, 5), "eq", "2026-03-08", True),
    (utc(2026, 3, 9, 3, 59), "eq", "2026-03-08", True),
    (utc(2026, 3, 9, 4), "eq", "2026-03-08", False),
    # 06:59 UTC is 01:59; a minute later the clocks show 03:00, nothing happens between 02:00 and 03:00
    (utc(2026, 3, 8, 6, 59), "time_between", ["01:00", "02:00"], True),
    (utc(2026, 3, 8, 7), "time_between", ["02:00", "03:00"], False),
    (utc(2026, 3, 8, 7), "time_between", ["03:00", "04:00"], True),
    # 1 November 2026 has 25 hours: from 04:00 UTC to 05:00 UTC the next day; 01:30 comes twice
    (utc(2026, 11, 1, 5, 30), "time_between", ["01:00", "02:00"], True),
    (utc(2026, 11, 1, 6, 30), "time_between", ["01:00", "02:00"], True),
    (utc(2026, 11, 1, 7), "time_between", ["01:00", "02:00"], False),
    (utc(2026, 11, 2, 4, 59), "eq", "2026-11-01", True),
    (utc(2026, 11, 2, 5), "eq", "2026-11-01", False),
]


@pytest.mark.parametrize(("moment", "op", "value", "expected"), CLOCK_CHANGES)
def test_clock_changes(
    connection: psycopg.Connection[Any], moment: datetime, op: str, value: Any, expected: bool
) -> None:
    condition = f("membership.joined_at", op, value)
    for shown in (moment, moment.astimezone(NEW_YORK), moment.astimezone(SHANGHAI)):
        assert ask(connection, condition, {"membership.joined_at": shown}, AMERICAN) is expected


def test_the_day_of_now_is_the_business_day(connection: psycopg.Connection[Any]) -> None:
    # 03:00 UTC on 10 March is still 9 March, 23:00, in New York.
    now = utc(2026, 3, 10, 3)
    facts = {"now": now, "membership.attributes.due": date(2026, 3, 9)}
    assert ask(connection, f("membership.attributes.due", "within_last", {"days": 1}), facts, AMERICAN)
    assert not ask(connection, f("membership.attributes.due", "within_last", {"days": 1}), facts, CATALOGUE)


def test_a_day_without_midnight_begins_when_it_begins(connection: psycopg.Connection[Any]) -> None:
    # On 4 November 2018 the clocks of São Paulo went from 23:59:59 straight to 01:00, at 03:00 UTC.
    brazil = retail_fields(timezone="America/Sao_Paulo", currency="BRL")
    condition = f("membership.joined_at", "eq", "2018-11-04")
    assert ask(connection, condition, {"membership.joined_at": utc(2018, 11, 4, 3)}, brazil)
    assert not ask(connection, condition, {"membership.joined_at": utc(2018, 11, 4, 2, 59, 59)}, brazil)


def test_the_activity_s_own_local_time_is_used() -> None:
    local = datetime(2026, 3, 14, 23, 30, tzinfo=SHANGHAI)  # a Saturday
    facts = {"activity.local": local, "activity.occurred_at": local.astimezone(UTC)}
    assert ask_memory(f("activity.occurred_at", "weekday_in", [6]), CATALOGUE, facts)
    assert ask_memory(f("activity.occurred_at", "within_last", {"days": 1}), CATALOGUE, facts)


LATTE = {"sku": "L1", "category": "咖啡", "amount": 3200, "quantity": Decimal(1), "tags": ["热饮"]}
MUG = {"sku": "M1", "category": "杯具", "amount": 8800, "quantity": Decimal("0.5"), "tags": []}
PLAIN = {"sku": "X1", "amount": 100}
COFFEE = f("line.category", "eq", "咖啡")

LINES = [
    ({"lines": "any", "where": COFFEE}, [LATTE, MUG], True),
    ({"lines": "any", "where": COFFEE}, [MUG], False),
    ({"lines": "any", "where": COFFEE}, [], False),
    ({"lines": "all", "where": COFFEE}, [LATTE, LATTE], True),
    ({"lines": "all", "where": COFFEE}, [LATTE, MUG], False),
    ({"lines": "all", "where": COFFEE}, [LATTE, PLAIN], False),  # no category is not coffee
    ({"lines": "all", "where": COFFEE}, [], False),  # all of nothing is not "all"
    ({"lines": "none", "where": COFFEE}, [MUG, PLAIN], True),
    ({"lines": "none", "where": COFFEE}, [LATTE], False),
    ({"lines": "none", "where": COFFEE}, [], True),
    ({"lines": "any", "where": {"all": [COFFEE, f("line.amount", "gte", 8800)]}}, [LATTE, MUG], False),
    ({"lines": "any", "where": {"any": [COFFEE, f("line.amount", "gte", 8800)]}}, [MUG], True),
    ({"lines": "any", "where": {"not": COFFEE}}, [PLAIN], True),
    ({"lines": "any", "where": f("line.category", "ne", "咖啡")}, [PLAIN], False),
    ({"lines": "any", "where": f("line.tags", "contains", "热饮")}, [MUG, LATTE], True),
    ({"lines": "any", "where": f("line.tags", "is_empty")}, [LATTE], False),
    ({"lines": "any", "where": f("line.tags", "is_empty")}, [MUG], True),
    (
        {"lines": "any", "where": f("line.made_on", "before", "2026-01-01")},
        [{"made_on": date(2025, 12, 31)}],
        True,
    ),
    # 32.00 + 88.00 + 1.00 = 121.00
    ({"lines": "sum", "of": "line.amount", "op": "eq", "value": 12100}, [LATTE, MUG, PLAIN], True),
    (
        {"lines": "sum", "of": "line.amount", "where": COFFEE, "op": "gte", "value": 6400},
        [LATTE, LATTE],
        True,
    ),
    ({"lines": "sum", "of": "line.amount", "where": COFFEE, "op": "eq", "value": 0}, [MUG], True),
    ({"lines": "sum", "of": "line.quantity", "op": "eq", "value": "1.5"}, [LATTE, MUG, PLAIN], True),
    ({"lines": "count", "op": "eq", "value": 3}, [LATTE, MUG, PLAIN], True),
    ({"lines": "count", "op": "eq", "value": 0}, [], True),
    ({"lines": "count", "where": COFFEE, "op": "between", "value": [2, 3]}, [LATTE, LATTE, MUG], True),
    # two categories; the line without one does not count
    (
        {"lines": "count_distinct", "of": "line.category", "op": "eq", "value": 2},
        [LATTE, MUG, LATTE, PLAIN],
        True,
    ),
    (
        {"lines": "count_distinct", "of": "line.category", "op": "eq", "value": 0},
        [PLAIN, {"category": ""}],
        True,
    ),
    ({"lines": "max", "of": "line.amount", "op": "eq", "value": 8800}, [LATTE, MUG], True),
    ({"lines": "min", "of": "line.amount", "op": "lt", "value": 3200}, [LATTE, MUG], False),
    (
        {"lines": "max", "of": "line.amount", "op": "ne", "value": 0},
        [],
        False,
    ),  # the largest of nothing is missing
]


@pytest.mark.parametrize(("condition", "lines", "expected"), LINES)
def test_lines(
    connection: psycopg.Connection[Any],
    condition: dict[str, Any],
    lines: list[dict[str, Any]],
    expected: bool,
) -> None:
    assert ask(connection, condition, {"lines": lines}) is expected


def test_no_lines_at_all_are_an_empty_list(connection: psycopg.Connection[Any]) -> None:
    for facts in ({}, {"lines": None}):
        assert ask(connection, {"lines": "none", "where": COFFEE}, facts)
        assert not ask(connection, {"lines": "all", "where": COFFEE}, facts)
        assert ask(connection, {"lines": "count", "op": "eq", "value": 0}, facts)


def test_and_or_not(connection: psycopg.Connection[Any]) -> None:
    yes, no = f("order.amount", "gte", 1), f("order.amount", "gte", 2)
    facts = {"order.amount": 1}
    assert ask(connection, {"all": [yes, yes, yes, yes]}, facts)
    assert not ask(connection, {"all": [yes, yes, no, yes]}, facts)
    assert ask(connection, {"any": [no, no, yes]}, facts)
    assert not ask(connection, {"any": [no, no, no]}, facts)
    assert ask(connection, {"not": {"all": [yes, no]}}, facts)
    assert ask(connection, {"not": {"not": yes}}, facts)
    assert ask(connection, {"all": []}, facts)
    assert not ask(connection, {"not": {"all": []}}, facts)
    assert ask(connection, {}, facts)


def test_three_orders_in_thirty_days_averaging_500(connection: psycopg.Connection[Any]) -> None:
    frame = {"window": {"days": 30, "activity": "order"}}
    condition = {
        "all": [
            {**frame, "agg": "count", "op": "gte", "value": 3},
            {**frame, "agg": "avg", "of": "order.amount", "op": "gte", "value": 50000},
        ]
    }

    def facts(count: int, total: int) -> dict[str, Any]:
        average = Decimal(total) / count if count else None
        windows = {
            window_key("order", 30, "count", None): count,
            window_key("order", 30, "avg", "order.amount"): average,
        }
        return with_sequences({}, windows, {})

    assert ask(connection, condition, facts(3, 150000))
    assert not ask(connection, condition, facts(3, 149999))
    assert not ask(connection, condition, facts(2, 150000))
    assert not ask(connection, condition, facts(0, 0))


def test_seven_days_in_a_row(connection: psycopg.Connection[Any]) -> None:
    condition = {"streak": "checkin", "op": "gte", "days": 7}
    assert ask(connection, condition, with_sequences({}, {}, {"checkin": 7}))
    assert not ask(connection, condition, with_sequences({}, {}, {"checkin": 6}))
    assert not ask(connection, condition, with_sequences({}, {}, {}))


def test_a_condition_on_one_line() -> None:
    tree = parse_condition(data=COFFEE, catalogue=CATALOGUE, of_line=True)
    from regulars.conditions.api import compile_condition

    chosen = compile_condition(condition=tree, catalogue=CATALOGUE)
    assert [chosen(line) for line in (LATTE, MUG, PLAIN)] == [True, False, False]
