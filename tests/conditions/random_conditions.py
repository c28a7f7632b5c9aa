"""Random conditions and random facts over a catalogue with a field of every type, on activities and on lines."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from tests.conditions.asking import window_key, with_sequences

from regulars.conditions.api import (
    Choice,
    FieldCatalogue,
    FieldDef,
    FieldType,
    Label,
    Scope,
    make_catalogue,
    retail_fields,
)
from regulars.conditions.language import KINDS, NUMBER_OPS, NUMBERS, OPS, RELATIVE_OPS, ValueKind
from regulars.conditions.types import LineAggregate, Op, Quantifier, WindowAggregate

ZONES = (
    "Asia/Shanghai",
    "America/New_York",
    "Europe/London",
    "Australia/Lord_Howe",  # moves its clock by half an hour
    "America/Sao_Paulo",  # skipped midnight until 2018
    "Asia/Kathmandu",
)
TEXTS = ("咖啡", "coffee", "Coffee", "a%b_c\\d", "e\u0301", "é", "👩‍🍳", "'; DROP TABLE x; --", "{0}", " ")
TAGS = ("vip", "生日", "new", "%s")
ENUMS = ("gold", "silver", "basic")
ACTIVITIES = ("order", "checkin")
DAYS = (7, 30)


def _fields(prefix: str, scope: Scope) -> list[FieldDef]:
    choices = tuple(Choice(value, Label(f"{value}级", value.title())) for value in ENUMS)
    return [
        FieldDef(
            f"{prefix}.{type.value}",
            type,
            scope,
            Label(f"{type.value} 值", f"the {type.value}"),
            choices if type is FieldType.ENUM else (),
        )
        for type in FieldType
    ]


def catalogue_of(zone: str) -> FieldCatalogue:
    activity_type = retail_fields()["activity.type"]
    fields = [*_fields("x", Scope.ACTIVITY), *_fields("line", Scope.LINE), activity_type]
    return make_catalogue(fields, timezone=zone)


# Small pools, so that constants and facts meet: the edges of each operator are where interpreters part.
texts = st.sampled_from(TEXTS) | st.text(
    st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=2
)
ints = st.sampled_from((-1, 0, 1, 2, 3, 7, 2**63 - 1, -(2**63) + 1))
decimals = st.sampled_from(
    [Decimal(n) for n in ("-1", "0", "0.1", "0.10", "1", "1.000000000001", "1E+3", "7")]
)
# Around 29 February, a skipped midnight, the end of a month and of a year.
days = st.sampled_from(
    [date(2024, 2, d) for d in (26, 27, 28, 29)]
    + [date(2024, 3, d) for d in (1, 2, 30, 31)]
    + [date(2025, 2, 28), date(2025, 3, 1), date(2000, 2, 29), date(2023, 2, 28)]
    + [date(2018, 11, 3), date(2018, 11, 4), date(2023, 12, 31), date(2024, 1, 1)]
)
minutes = st.sampled_from((0, 1, 30, 59, 60, 119, 120, 150, 180, 360, 1320, 1439))


@st.composite
def moments(draw: st.DrawFn, zone: str = "UTC") -> datetime:
    day = draw(days)
    minute = draw(minutes)
    second = draw(st.sampled_from((0, 59)))
    local = datetime(day.year, day.month, day.day, minute // 60, minute % 60, second, tzinfo=ZoneInfo(zone))
    # by way of UTC: a wall time that a clock change skips is no instant
    instant = local.replace(fold=draw(st.integers(0, 1))).astimezone(UTC)
    return instant.astimezone(ZoneInfo(draw(st.sampled_from(("UTC", zone)))))


def scalar(type: FieldType, zone: str) -> st.SearchStrategy[Any]:
    """Raw values of facts."""
    return {
        FieldType.INT: ints,
        FieldType.MONEY: ints,
        FieldType.DECIMAL: decimals,
        FieldType.TEXT: texts | st.just(""),
        FieldType.ENUM: st.sampled_from(ENUMS),
        FieldType.BOOL: st.booleans(),
        FieldType.DATE: days,
        FieldType.DATETIME: moments(zone),
        FieldType.SET: st.frozensets(st.sampled_from(TAGS), max_size=3),
    }[type]


def wire_scalar(type: FieldType, op: Op, zone: str) -> st.SearchStrategy[Any]:
    """Constants as JSON."""
    if type is FieldType.DECIMAL:
        return decimals.map(lambda value: format(value, "f")) | st.integers(-5, 5)
    if type is FieldType.TEXT:
        return texts
    if type is FieldType.SET:
        return st.sampled_from(TAGS)
    if type is FieldType.DATE or (type is FieldType.DATETIME and op in (Op.EQ, Op.NE)):
        return days.map(date.isoformat)
    if type is FieldType.DATETIME:
        offset = timezone(timedelta(hours=8))
        return days.map(date.isoformat) | moments(zone).map(
            lambda value: value.astimezone(offset).isoformat()
        )
    return scalar(type, zone)


@st.composite
def wire_value(draw: st.DrawFn, type: FieldType, op: Op, zone: str) -> Any:
    kind = KINDS[op]
    one = wire_scalar(type, op, zone)
    if kind is ValueKind.ONE:
        return draw(one)
    if kind is ValueKind.LIST:
        return draw(st.lists(one, min_size=1, max_size=4))
    if kind is ValueKind.RANGE:
        if type is FieldType.DATETIME:
            low, high = sorted(draw(st.tuples(days, days)))
            if draw(st.booleans()):
                return [low.isoformat(), high.isoformat()]
            return [f"{low}T00:30:00+08:00", f"{high}T23:30:00+08:00"]
        pair = draw(st.tuples(one, one))
        return sorted(pair, key=Decimal if type is FieldType.DECIMAL else None)
    if kind is ValueKind.PERIOD:
        unit = draw(st.sampled_from(("days", "weeks", "months")))
        return {unit: draw(st.sampled_from((1, 2, 12)))}
    if kind is ValueKind.MONTHS:
        return draw(st.just("current") | st.lists(st.integers(1, 12), min_size=1, max_size=3))
    if kind is ValueKind.MONTH_DAYS:
        return draw(st.lists(st.integers(1, 31) | st.just(-1), min_size=1, max_size=4))
    if kind is ValueKind.WEEKDAYS:
        return draw(st.lists(st.integers(1, 7), min_size=1, max_size=3))
    if kind is ValueKind.TIMES:
        start = draw(minutes)
        end = draw((minutes | st.just(1440)).filter(lambda minute: minute != start))
        return [f"{minute // 60:02d}:{minute % 60:02d}" for minute in (start, end)]
    return {"before": draw(st.sampled_from((0, 1, 2, 180))), "after": draw(st.sampled_from((0, 1, 180)))}


@st.composite
def comparison(draw: st.DrawFn, prefix: str, zone: str) -> dict[str, Any]:
    type = draw(st.sampled_from(list(FieldType)))
    allowed = OPS[type] if prefix == "x" else [op for op in OPS[type] if op not in RELATIVE_OPS]
    return draw(one_comparison(prefix, type, draw(st.sampled_from(allowed)), zone))


@st.composite
def one_comparison(draw: st.DrawFn, prefix: str, type: FieldType, op: Op, zone: str) -> dict[str, Any]:
    wire: dict[str, Any] = {"field": f"{prefix}.{type.value}", "op": op.value}
    if KINDS[op] is not ValueKind.NONE:
        value = draw(wire_value(type, op, zone))
        wire["value"] = 2 if prefix == "line" and value == "current" else value
    return wire


def _nested(leaf: st.SearchStrategy[Any], most: int) -> st.SearchStrategy[Any]:
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3).map(lambda parts: {"all": parts}),
            st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"any": parts}),
            inner.map(lambda part: {"not": part}),
        ),
        max_leaves=most,
    )


@st.composite
def line_total(draw: st.DrawFn, zone: str) -> dict[str, Any]:
    aggregate = draw(st.sampled_from(list(LineAggregate)))
    wire: dict[str, Any] = {"lines": aggregate.value}
    type = FieldType.INT
    if aggregate is LineAggregate.COUNT_DISTINCT:
        wire["of"] = f"line.{draw(st.sampled_from([t for t in FieldType if t is not FieldType.SET])).value}"
    elif aggregate is not LineAggregate.COUNT:
        type = draw(st.sampled_from(sorted(NUMBERS)))
        wire["of"] = f"line.{type.value}"
    if draw(st.booleans()):
        wire["where"] = draw(_nested(comparison("line", zone), 2))
    op = draw(st.sampled_from(NUMBER_OPS))
    return {**wire, "op": op.value, "value": draw(wire_value(type, op, zone))}


@st.composite
def window(draw: st.DrawFn, zone: str) -> dict[str, Any]:
    aggregate = draw(st.sampled_from(list(WindowAggregate)))
    frame = {"days": draw(st.sampled_from(DAYS)), "activity": draw(st.sampled_from(ACTIVITIES))}
    wire: dict[str, Any] = {"window": frame, "agg": aggregate.value}
    type = FieldType.INT
    if aggregate is not WindowAggregate.COUNT:
        type = FieldType.MONEY
        wire["of"] = "x.money"
    op = draw(st.sampled_from(NUMBER_OPS))
    return {**wire, "op": op.value, "value": draw(wire_value(type, op, zone))}


@st.composite
def streak(draw: st.DrawFn, zone: str) -> dict[str, Any]:
    op = draw(st.sampled_from(NUMBER_OPS))
    activity = draw(st.sampled_from(ACTIVITIES))
    return {"streak": activity, "op": op.value, "days": draw(wire_value(FieldType.INT, op, zone))}


def conditions(zone: str) -> st.SearchStrategy[Any]:
    lines = st.builds(
        lambda quantifier, where: {"lines": quantifier.value, "where": where},
        st.sampled_from(list(Quantifier)),
        _nested(comparison("line", zone), 3),
    )
    leaf = st.one_of(
        comparison("x", zone), comparison("x", zone), lines, line_total(zone), window(zone), streak(zone)
    )
    return _nested(leaf, 5)


def _some(prefix: str, zone: str) -> st.SearchStrategy[dict[str, Any]]:
    """Some fields, some of them None, some absent."""
    return st.fixed_dictionaries(
        {}, optional={f"{prefix}{type.value}": st.none() | scalar(type, zone) for type in FieldType}
    )


@st.composite
def facts(draw: st.DrawFn, zone: str) -> dict[str, Any]:
    plain = draw(_some("x.", zone))
    if draw(st.booleans()):
        plain["lines"] = draw(st.lists(_some("", zone), max_size=3))
    numbers = draw(st.lists(st.none() | ints | decimals, min_size=3, max_size=3))
    windows: dict[str, Any] = {}
    for index, (activity, back) in enumerate((activity, back) for activity in ACTIVITIES for back in DAYS):
        windows[window_key(activity, back, "count", None)] = index + 1
        for aggregate in ("sum", "avg", "max", "min"):
            windows[window_key(activity, back, aggregate, "x.money")] = numbers[len(windows) % 3]
    streaks = {"order": draw(st.integers(0, 12)), "checkin": 7}
    return with_sequences(plain, windows, streaks)
