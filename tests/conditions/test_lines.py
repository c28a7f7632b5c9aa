"""What is asked of an order's lines, and what is asked of several things at once or in a row."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from tests.conditions.asking import window_key, with_sequences
from tests.conditions.meaning import CATALOGUE, ask, f

from regulars.conditions.api import parse_condition

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
