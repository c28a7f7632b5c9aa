"""What each operator means of money, numbers, texts, choices, yes and no, and sets, and of a missing value."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import psycopg
import pytest
from tests.conditions.meaning import ask, f


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
