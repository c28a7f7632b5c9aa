"""The interpreter in memory: a condition becomes nested closures, each made for one operator and type.

What is constant (day bounds, sets, dates) is worked out while compiling. A closure costs one call and one
`dict.get`, so cheap parts are asked before those that walk lines.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from regulars.conditions.catalogue import FieldCatalogue
from regulars.conditions.language import LINE_PREFIX, TEXTS, walk
from regulars.conditions.times import (
    anniversary_days,
    day_start,
    is_last_of_month,
    last_days,
    next_days,
    per_day,
)
from regulars.conditions.types import (
    All,
    AnyOf,
    Compare,
    Condition,
    Facts,
    FieldDef,
    FieldType,
    LineAggregate,
    Lines,
    LineTotal,
    Not,
    Op,
    Predicate,
    Quantifier,
    Streak,
    Value,
    Window,
)

Getter = Callable[[Facts], Any]


def compile_node(condition: Condition, catalogue: FieldCatalogue) -> Predicate:
    """Return a function of facts that says whether the condition holds.

    Raises:
        KeyError: the condition names a field the catalogue does not have.
    """
    match condition:
        case All(parts):
            return _all([compile_node(part, catalogue) for part in _cheapest_first(parts)])
        case AnyOf(parts):
            return _any([compile_node(part, catalogue) for part in _cheapest_first(parts)])
        case Not(part):
            return _not(compile_node(part, catalogue))
        case Compare(key, op, value):
            definition = catalogue[key]
            return _field_test(definition, op, value, catalogue.zone)
        case Lines(quantifier, where):
            return _lines(quantifier, compile_node(where, catalogue))
        case LineTotal():
            return _number_test(line_total_value(condition, catalogue), condition.op, condition.value)
        case Streak():
            return _number_test(streak_value(condition), condition.op, condition.value)
        case Window():
            return _number_test(window_value(condition), condition.op, condition.value)


def read_field(definition: FieldDef) -> Getter:
    """Return a function that reads a field's raw value from facts, or from a line for line fields."""
    key = _line_key(definition.key) if definition.key.startswith(LINE_PREFIX) else definition.key
    return lambda facts: facts.get(key)


def streak_value(node: Streak) -> Getter:
    """Return a function that reads a streak's length through the facts' `streak` accessor."""
    activity = node.activity

    def read(facts: Facts) -> Any:
        accessor = facts.get("streak")
        return None if accessor is None else accessor(activity)

    return read


def window_value(node: Window) -> Getter:
    """Return a function that reads a window's number through the facts' `window` accessor."""
    activity, days, aggregate, of = node.activity, node.days, node.aggregate.value, node.of

    def read(facts: Facts) -> Any:
        accessor = facts.get("window")
        return None if accessor is None else accessor(activity, days, aggregate, of)

    return read


def line_total_value(node: LineTotal, catalogue: FieldCatalogue) -> Getter:
    """Return a function that makes one number of the facts' lines; missing values are left out.

    A sum or count over nothing is 0; the largest or smallest of nothing is missing.
    """
    aggregate = node.aggregate
    where = compile_node(node.where, catalogue) if node.where is not None else None
    key = _line_key(node.of) if node.of is not None else ""
    missing: frozenset[Any] = frozenset((None,))
    if node.of is not None and catalogue[node.of].type in TEXTS:
        missing |= {""}

    def chosen(facts: Facts) -> Any:
        lines = facts.get("lines") or ()
        return lines if where is None else [line for line in lines if where(line)]

    if aggregate is LineAggregate.COUNT:
        return lambda facts: len(chosen(facts))
    if aggregate is LineAggregate.COUNT_DISTINCT:
        return lambda facts: len({line.get(key) for line in chosen(facts)} - missing)

    def values(facts: Facts) -> list[Any]:
        return [value for line in chosen(facts) if (value := line.get(key)) is not None]

    if aggregate is LineAggregate.SUM:
        return lambda facts: sum(values(facts))
    if aggregate is LineAggregate.MAX:
        return lambda facts: max(values(facts), default=None)
    return lambda facts: min(values(facts), default=None)


def business_now(zone: ZoneInfo) -> Callable[[Facts], datetime]:
    """Return a function that reads `now` from facts, in business time.

    Raises (the returned function):
        KeyError: facts have neither `now` nor `activity.local`.
    """

    def read(facts: Facts) -> datetime:
        now = facts.get("now")
        if now is None:
            now = facts["activity.local"]
        moment: datetime = now if now.tzinfo is zone else now.astimezone(zone)
        return moment

    return read


def _line_key(key: str) -> str:
    return key[len(LINE_PREFIX) :]


def _cost(condition: Condition) -> int:
    return sum(
        20 if isinstance(node, (Lines, LineTotal)) else 5 if isinstance(node, (Window, Streak)) else 1
        for node in walk(condition)
    )


def _cheapest_first(parts: tuple[Condition, ...]) -> list[Condition]:
    return sorted(parts, key=_cost)


def _all(tests: list[Predicate]) -> Predicate:
    if not tests:
        return lambda facts: True
    if len(tests) == 1:
        return tests[0]
    if len(tests) == 2:
        first, second = tests
        return lambda facts: first(facts) and second(facts)
    if len(tests) == 3:
        one, two, three = tests
        return lambda facts: one(facts) and two(facts) and three(facts)
    many = tuple(tests)

    def every(facts: Facts) -> bool:
        for test in many:  # noqa: SIM110 - a generator costs twice the loop
            if not test(facts):
                return False
        return True

    return every


def _any(tests: list[Predicate]) -> Predicate:
    if len(tests) == 1:
        return tests[0]
    if len(tests) == 2:
        first, second = tests
        return lambda facts: first(facts) or second(facts)
    many = tuple(tests)

    def some(facts: Facts) -> bool:
        for test in many:  # noqa: SIM110 - a generator costs twice the loop
            if test(facts):
                return True
        return False

    return some


def _not(test: Predicate) -> Predicate:
    return lambda facts: not test(facts)


def _lines(quantifier: Quantifier, where: Predicate) -> Predicate:
    def some(facts: Facts) -> bool:
        for line in facts.get("lines") or ():  # noqa: SIM110 - a generator costs twice the loop
            if where(line):
                return True
        return False

    def every(facts: Facts) -> bool:
        lines = facts.get("lines")
        if not lines:
            return False
        for line in lines:  # noqa: SIM110 - a generator costs twice the loop
            if not where(line):
                return False
        return True

    if quantifier is Quantifier.ANY:
        return some
    if quantifier is Quantifier.ALL:
        return every
    return lambda facts: not some(facts)


def _field_test(definition: FieldDef, op: Op, value: Any, zone: ZoneInfo) -> Predicate:
    key = _line_key(definition.key) if definition.key.startswith(LINE_PREFIX) else definition.key
    type = definition.type
    if type in (FieldType.TEXT, FieldType.ENUM, FieldType.SET) and op in (Op.IS_SET, Op.IS_EMPTY):
        return (lambda f: bool(f.get(key))) if op is Op.IS_SET else (lambda f: not f.get(key))
    if op is Op.IS_SET:
        return lambda f: f.get(key) is not None
    if op is Op.IS_EMPTY:
        return lambda f: f.get(key) is None
    if type is FieldType.SET:
        return _set_test(key, op, value)
    if type in TEXTS:
        return _text_test(key, op, value)
    if type is FieldType.DATE:
        return _date_test(key, op, value, zone)
    if type is FieldType.DATETIME:
        return _datetime_test(key, definition.local_key, op, value, zone)
    return _plain_test(key, op, value)


def _plain_test(key: str, op: Op, value: Any) -> Predicate:
    match op:
        case Op.EQ:
            return lambda f: f.get(key) == value
        case Op.NE:
            return lambda f: (v := f.get(key)) is not None and v != value
        case Op.GT:
            return lambda f: (v := f.get(key)) is not None and v > value
        case Op.GTE:
            return lambda f: (v := f.get(key)) is not None and v >= value
        case Op.LT:
            return lambda f: (v := f.get(key)) is not None and v < value
        case Op.LTE:
            return lambda f: (v := f.get(key)) is not None and v <= value
        case Op.BETWEEN:
            low, high = value
            return lambda f: (v := f.get(key)) is not None and low <= v <= high
        case Op.IN:
            known = frozenset(value)
            return lambda f: f.get(key) in known
        case Op.NOT_IN:
            known = frozenset(value)
            return lambda f: (v := f.get(key)) is not None and v not in known
    raise ValueError(f"no test for {op} on a plain value")


def _number_test(read: Getter, op: Op, value: Value) -> Predicate:
    """As `_plain_test`, over a number that is worked out instead of looked up."""
    inner = _plain_test("n", op, value)
    return lambda facts: inner({"n": read(facts)})


def _text_test(key: str, op: Op, value: Any) -> Predicate:
    match op:
        case Op.NE:
            return lambda f: v != value if (v := f.get(key)) else False
        case Op.NOT_IN:
            known = frozenset(value)
            return lambda f: v not in known if (v := f.get(key)) else False
        case Op.CONTAINS:
            return lambda f: value in v if (v := f.get(key)) else False
        case Op.STARTS_WITH:
            return lambda f: v.startswith(value) if (v := f.get(key)) else False
    return _plain_test(key, op, value)


def _set_test(key: str, op: Op, value: Any) -> Predicate:
    if op is Op.CONTAINS:
        return lambda f: value in v if (v := f.get(key)) else False
    wanted = frozenset(value)
    if op is Op.CONTAINS_ANY:
        return lambda f: not wanted.isdisjoint(v) if (v := f.get(key)) else False
    return lambda f: wanted.issubset(v) if (v := f.get(key)) else False


def _date_test(key: str, op: Op, value: Any, zone: ZoneInfo) -> Predicate:
    if op is Op.BEFORE:
        return _plain_test(key, Op.LT, value)
    if op is Op.AFTER:
        return _plain_test(key, Op.GT, value)
    if op in (Op.WITHIN_LAST, Op.WITHIN_NEXT):
        span = last_days if op is Op.WITHIN_LAST else next_days
        days = per_day(lambda today: span(today, value))
        now = business_now(zone)

        def within(f: Facts) -> bool:
            day = f.get(key)
            if day is None:
                return False
            low, high = days(now(f).date())
            return bool(low <= day <= high)

        return within
    part = _day_part(op, value, zone)
    if part is None:
        return _plain_test(key, op, value)
    return lambda f: part(v, f) if (v := f.get(key)) is not None else False


def _datetime_test(key: str, local_key: str | None, op: Op, value: Any, zone: ZoneInfo) -> Predicate:
    def bounds(low: date | datetime, high: date | datetime) -> tuple[datetime, datetime | None]:
        """First instant of the range and first instant after it (None: an instant, itself included)."""
        first = low if isinstance(low, datetime) else day_start(low, zone)
        return first, None if isinstance(high, datetime) else day_start(high + timedelta(days=1), zone)

    match op:
        case Op.EQ:
            start, end = bounds(value, value)
            return lambda f: (v := f.get(key)) is not None and start <= v < end
        case Op.NE:
            start, end = bounds(value, value)
            return lambda f: (v := f.get(key)) is not None and not start <= v < end
        case Op.BEFORE:
            return _plain_test(key, Op.LT, bounds(value, value)[0])
        case Op.AFTER:
            end = bounds(value, value)[1]
            return _plain_test(key, Op.GT, value) if end is None else _plain_test(key, Op.GTE, end)
        case Op.BETWEEN:
            start, end = bounds(*value)
            if end is None:
                return _plain_test(key, Op.BETWEEN, value)
            return lambda f: (v := f.get(key)) is not None and start <= v < end
        case Op.WITHIN_LAST | Op.WITHIN_NEXT:
            span = last_days if op is Op.WITHIN_LAST else next_days
            instants = per_day(lambda today: bounds(*span(today, value)))
            now = business_now(zone)

            def within(f: Facts) -> bool:
                moment = f.get(key)
                if moment is None:
                    return False
                first, after = instants(now(f).date())
                return bool(first <= moment < after)

            return within

    def local(f: Facts) -> datetime | None:
        moment: datetime | None = f.get(local_key) if local_key is not None else None
        if moment is None:
            moment = f.get(key)
            if moment is not None and moment.tzinfo is not zone:
                moment = moment.astimezone(zone)
        return moment

    if op is Op.TIME_BETWEEN:
        start_minute, end_minute = value.start, value.end
        if start_minute < end_minute:
            return lambda f: (
                (v := local(f)) is not None and start_minute <= v.hour * 60 + v.minute < end_minute
            )
        return lambda f: (
            (v := local(f)) is not None and not end_minute <= v.hour * 60 + v.minute < start_minute
        )
    part = _day_part(op, value, zone)
    if part is None:
        raise ValueError(f"no test for {op} on a date-time")
    return lambda f: part(v, f) if (v := local(f)) is not None else False


def _day_part(op: Op, value: Any, zone: ZoneInfo) -> Callable[[date, Facts], bool] | None:
    """Return the test of operators that look at month, day or weekday; None for the others."""
    if op is Op.MONTH_IS:
        if isinstance(value, tuple):
            months = frozenset(value)
            return lambda day, facts: day.month in months
        now = business_now(zone)
        return lambda day, facts: day.month == now(facts).month
    if op is Op.WEEKDAY_IN:
        weekdays = frozenset(value)
        return lambda day, facts: day.isoweekday() in weekdays
    if op is Op.DAY_OF_MONTH_IN:
        days = frozenset(value)
        if -1 in days:
            return lambda day, facts: day.day in days or is_last_of_month(day)
        return lambda day, facts: day.day in days
    if op is Op.ANNIVERSARY_WITHIN:
        yearly = per_day(lambda today: anniversary_days(today, value))
        now = business_now(zone)
        return lambda day, facts: yearly(now(facts).date()).get(day.month * 100 + day.day, 0) > day.year
    return None
