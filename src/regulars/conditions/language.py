"""The grammar as tables: which type takes which comparison, and what stands beside each."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from regulars.conditions.types import (
    All,
    AnyOf,
    Compare,
    Condition,
    FieldType,
    LineAggregate,
    Lines,
    LineTotal,
    Needs,
    Not,
    Op,
    Streak,
    Window,
    WindowAggregate,
    WindowNeed,
)

MAX_DEPTH = 20
MAX_NODES = 500
MAX_LIST = 1000
MAX_TEXT = 500
MAX_PERIOD = {"days": 3660, "weeks": 520, "months": 120}
MAX_WINDOW_DAYS = 3660
MAX_ANNIVERSARY_DAYS = 180
MIN_YEAR, MAX_YEAR = 1900, 2199
MAX_INT = 2**63 - 1
MAX_DECIMAL_DIGITS, MAX_DECIMAL_PLACES = 30, 12

LINE_PREFIX = "line."


class ValueKind(StrEnum):
    """The shape of the constant beside an operator."""

    NONE = "none"
    ONE = "one"
    LIST = "list"
    RANGE = "range"
    PERIOD = "period"
    MONTHS = "months"
    MONTH_DAYS = "month_days"
    WEEKDAYS = "weekdays"
    TIMES = "times"
    ANNIVERSARY = "anniversary"


KINDS: dict[Op, ValueKind] = {
    Op.EQ: ValueKind.ONE,
    Op.NE: ValueKind.ONE,
    Op.GT: ValueKind.ONE,
    Op.GTE: ValueKind.ONE,
    Op.LT: ValueKind.ONE,
    Op.LTE: ValueKind.ONE,
    Op.BETWEEN: ValueKind.RANGE,
    Op.IN: ValueKind.LIST,
    Op.NOT_IN: ValueKind.LIST,
    Op.CONTAINS: ValueKind.ONE,
    Op.CONTAINS_ANY: ValueKind.LIST,
    Op.CONTAINS_ALL: ValueKind.LIST,
    Op.STARTS_WITH: ValueKind.ONE,
    Op.IS_SET: ValueKind.NONE,
    Op.IS_EMPTY: ValueKind.NONE,
    Op.BEFORE: ValueKind.ONE,
    Op.AFTER: ValueKind.ONE,
    Op.WITHIN_LAST: ValueKind.PERIOD,
    Op.WITHIN_NEXT: ValueKind.PERIOD,
    Op.MONTH_IS: ValueKind.MONTHS,
    Op.DAY_OF_MONTH_IN: ValueKind.MONTH_DAYS,
    Op.WEEKDAY_IN: ValueKind.WEEKDAYS,
    Op.TIME_BETWEEN: ValueKind.TIMES,
    Op.ANNIVERSARY_WITHIN: ValueKind.ANNIVERSARY,
}

_PRESENCE = (Op.IS_SET, Op.IS_EMPTY)
NUMBER_OPS = (Op.EQ, Op.NE, Op.GT, Op.GTE, Op.LT, Op.LTE, Op.BETWEEN)
_NUMBER = (*NUMBER_OPS, Op.IN, Op.NOT_IN, *_PRESENCE)
_DATE = (
    Op.EQ,
    Op.NE,
    Op.BEFORE,
    Op.AFTER,
    Op.BETWEEN,
    Op.WITHIN_LAST,
    Op.WITHIN_NEXT,
    Op.MONTH_IS,
    Op.DAY_OF_MONTH_IN,
    Op.WEEKDAY_IN,
    Op.ANNIVERSARY_WITHIN,
    *_PRESENCE,
)

OPS: dict[FieldType, tuple[Op, ...]] = {
    FieldType.INT: _NUMBER,
    FieldType.MONEY: _NUMBER,
    FieldType.DECIMAL: _NUMBER,
    FieldType.TEXT: (Op.EQ, Op.NE, Op.IN, Op.NOT_IN, Op.CONTAINS, Op.STARTS_WITH, *_PRESENCE),
    FieldType.ENUM: (Op.EQ, Op.NE, Op.IN, Op.NOT_IN, *_PRESENCE),
    FieldType.BOOL: (Op.EQ, Op.NE, *_PRESENCE),
    FieldType.DATE: _DATE,
    FieldType.DATETIME: (*_DATE, Op.TIME_BETWEEN),
    FieldType.SET: (Op.CONTAINS, Op.CONTAINS_ANY, Op.CONTAINS_ALL, *_PRESENCE),
}

NUMBERS = frozenset({FieldType.INT, FieldType.MONEY, FieldType.DECIMAL})
TEXTS = frozenset({FieldType.TEXT, FieldType.ENUM})
RELATIVE_OPS = frozenset({Op.WITHIN_LAST, Op.WITHIN_NEXT, Op.ANNIVERSARY_WITHIN})


def line_total_type(aggregate: LineAggregate, of: FieldType | None) -> FieldType:
    """Return the type of a line aggregate's answer."""
    if of is None or aggregate in (LineAggregate.COUNT, LineAggregate.COUNT_DISTINCT):
        return FieldType.INT
    return of


def window_type(aggregate: WindowAggregate, of: FieldType | None) -> FieldType:
    """Return the type of a window's answer; the average of whole numbers is a decimal, of money money."""
    if of is None or aggregate is WindowAggregate.COUNT:
        return FieldType.INT
    if aggregate is WindowAggregate.AVG and of is FieldType.INT:
        return FieldType.DECIMAL
    return of


def walk(condition: Condition) -> Iterator[Condition]:
    """Yield every node, the outermost first."""
    yield condition
    if isinstance(condition, (All, AnyOf)):
        for part in condition.parts:
            yield from walk(part)
    elif isinstance(condition, Not):
        yield from walk(condition.part)
    elif isinstance(condition, (Lines, LineTotal)) and condition.where is not None:
        yield from walk(condition.where)


def needs(condition: Condition) -> Needs:
    """Return what must be known before the condition can be asked."""
    fields: set[str] = set()
    line_fields: set[str] = set()
    windows: set[WindowNeed] = set()
    streaks: set[str] = set()
    lines = False
    for node in walk(condition):
        if isinstance(node, Compare):
            (line_fields if node.field.startswith(LINE_PREFIX) else fields).add(node.field)
        elif isinstance(node, Lines):
            lines = True
        elif isinstance(node, LineTotal):
            lines = True
            if node.of is not None:
                line_fields.add(node.of)
        elif isinstance(node, Window):
            windows.add(WindowNeed(node.activity, node.days, node.aggregate, node.of))
        elif isinstance(node, Streak):
            streaks.add(node.activity)
    return Needs(frozenset(fields), frozenset(line_fields), lines, frozenset(windows), frozenset(streaks))
