"""One field against a constant, in memory: a closure made for its operator and type.

What is constant (day bounds, sets, dates) is worked out while compiling.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from regulars.conditions.language import LINE_PREFIX, TEXTS
from regulars.conditions.times import (
    anniversary_days,
    day_start,
    is_last_of_month,
    last_days,
    next_days,
    per_day,
)
from regulars.conditions.types import Facts, FieldDef, FieldType, Op, Predicate


def fact_key(key: str) -> str:
    """Return the key under which facts, or a line of them, hold the field."""
    return key.removeprefix(LINE_PREFIX)


def field_test(definition: FieldDef, op: Op, value: Any, zone: ZoneInfo) -> Predicate:
    """Return a function of facts (of a line, for line fields) that compares the field with `value`."""
    key = fact_key(definition.key)
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
        now = _business_now(zone)

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
            now = _business_now(zone)

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
        now = _business_now(zone)
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
        now = _business_now(zone)
        return lambda day, facts: yearly(now(facts).date()).get(day.month * 100 + day.day, 0) > day.year
    return None


def _business_now(zone: ZoneInfo) -> Callable[[Facts], datetime]:
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
