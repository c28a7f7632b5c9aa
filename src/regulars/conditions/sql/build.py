"""The interpreter in SQL: each node becomes an expression, every constant a typed parameter.

A comparison with a missing value is NULL here and false in memory. AND and OR treat the two alike; negation
asks IS NOT TRUE, so that both interpreters agree, and a plain `column >= parameter` stays open to indexes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from typing import Any, LiteralString

from psycopg.sql import SQL, Composable, Composed, Literal, Placeholder

from regulars.conditions.catalogue import FieldCatalogue
from regulars.conditions.language import LINE_PREFIX, TEXTS
from regulars.conditions.sql.types import Binding
from regulars.conditions.times import day_start, last_days, next_days
from regulars.conditions.types import (
    All,
    AnyOf,
    Compare,
    Condition,
    FieldDef,
    FieldType,
    InvalidCondition,
    LineAggregate,
    Lines,
    LineTotal,
    Not,
    Op,
    Quantifier,
    Streak,
    Window,
)
from regulars.conditions.values import clock
from regulars.kit.errors import FieldError
from regulars.kit.text import Text

_CASTS: dict[FieldType, LiteralString] = {
    FieldType.INT: "bigint",
    FieldType.MONEY: "bigint",
    FieldType.DECIMAL: "numeric",
    FieldType.TEXT: "text",
    FieldType.ENUM: "text",
    FieldType.SET: "text",
    FieldType.BOOL: "boolean",
    FieldType.DATE: "date",
    FieldType.DATETIME: "timestamptz",
}
_COMPARISONS: dict[Op, LiteralString] = {
    Op.EQ: "=",
    Op.NE: "<>",
    Op.GT: ">",
    Op.GTE: ">=",
    Op.LT: "<",
    Op.LTE: "<=",
    Op.BEFORE: "<",
    Op.AFTER: ">",
}
_LINE_AGGREGATES: dict[LineAggregate, LiteralString] = {
    LineAggregate.SUM: "coalesce(sum({of}), 0)",
    LineAggregate.COUNT: "count(*)",
    LineAggregate.COUNT_DISTINCT: "count(DISTINCT {of})",
    LineAggregate.MAX: "max({of})",
    LineAggregate.MIN: "min({of})",
}
_LINE = SQL("line.item")


def json_field(document: Composable, key: str, type: FieldType) -> Composed:
    """Return an expression for `key` of a jsonb object, of `type`'s SQL type; what does not fit is NULL."""
    name = Literal(key)
    parts = {
        "item": SQL("({} -> {})").format(document, name),
        "text": SQL("({} ->> {})").format(document, name),
    }
    match type:
        case FieldType.INT | FieldType.MONEY:
            return SQL("(CASE jsonb_typeof({item}) WHEN 'number' THEN {text}::numeric END)").format(**parts)
        case FieldType.DECIMAL:
            return SQL(
                "(CASE WHEN {text} ~ '^-?[0-9]+([.][0-9]+)?([eE][+-]?[0-9]+)?$' THEN {text}::numeric END)"
            ).format(**parts)
        case FieldType.BOOL:
            return SQL("(CASE jsonb_typeof({item}) WHEN 'boolean' THEN {text}::boolean END)").format(**parts)
        case FieldType.DATE:
            return SQL(
                "(CASE WHEN {text} ~ '^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}$' THEN {text}::date END)"
            ).format(**parts)
        case FieldType.DATETIME:
            return SQL(
                "(CASE WHEN {text} ~ '^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[T ]' THEN {text}::timestamptz END)"
            ).format(**parts)
        case FieldType.SET:
            return SQL(
                "(CASE jsonb_typeof({item}) WHEN 'array'"
                " THEN ARRAY(SELECT jsonb_array_elements_text({item})) END)"
            ).format(**parts)
    return Composed([parts["text"]])


class Builder:
    """Turns one condition into SQL, gathering its parameters."""

    def __init__(self, catalogue: FieldCatalogue, binding: Binding) -> None:
        self.catalogue = catalogue
        self.binding = binding
        self.params: dict[str, Any] = {}
        self.today = binding.now.astimezone(catalogue.zone).date()

    def node(self, condition: Condition) -> Composable:
        """Return the expression of a condition.

        Raises:
            InvalidCondition: the binding has no place for something the condition asks about.
        """
        match condition:
            case All(parts):
                return self.group(parts, " AND ") if parts else SQL("TRUE")
            case AnyOf(parts):
                return self.group(parts, " OR ")
            case Not(part):
                return SQL("({} IS NOT TRUE)").format(self.node(part))
            case Compare(key, op, value) if key in self.binding.holds:
                return self.held(self.binding.holds[key], op, value)
            case Compare(key, op, value):
                field = self.catalogue[key]
                return self.compare(self.expression(field), field.type, op, value)
            case Lines(quantifier, where):
                return self.lines(quantifier, where)
            case LineTotal():
                return self.line_total(condition)
            case Streak(activity, op, value):
                if self.binding.streak is None:
                    raise _unavailable("streak")
                return self.compare(self.binding.streak(activity), FieldType.INT, op, value)
            case Window(activity, days, aggregate, of, op, value):
                if self.binding.window is None:
                    raise _unavailable("window")
                number = self.binding.window(activity, days, aggregate.value, of)
                return self.compare(number, FieldType.DECIMAL, op, value)

    def held(self, holds: Callable[[Composable | None], Composable], op: Op, value: Any) -> Composable:
        """A question to a set that is a table of its own: one look for each text that must be there."""
        match op:
            case Op.IS_SET:
                return holds(None)
            case Op.IS_EMPTY:
                return SQL("(NOT {})").format(holds(None))
            case Op.CONTAINS_ALL:
                return SQL("({})").format(
                    SQL(" AND ").join([holds(self.param([one], "text[]")) for one in value])
                )
        return holds(self.param([value] if op is Op.CONTAINS else list(value), "text[]"))

    def group(self, parts: Iterable[Condition], glue: LiteralString) -> Composable:
        return SQL("({})").format(SQL(glue).join([self.node(part) for part in parts]))

    def expression(self, field: FieldDef) -> Composable:
        if field.key.startswith(LINE_PREFIX):
            return json_field(_LINE, field.key[len(LINE_PREFIX) :], field.type)
        bound = self.binding.fields.get(field.key)
        if bound is None and field.sql is not None:
            bound = SQL(field.sql)  # a room's own text, see FieldDef.sql
        if bound is None:
            raise _unavailable(field.key)
        return SQL("({})").format(bound)

    def param(self, value: Any, cast: LiteralString) -> Composable:
        name = f"{self.binding.prefix}{len(self.params)}"
        self.params[name] = value
        return SQL("{}::" + cast).format(Placeholder(name))

    def lines(self, quantifier: Quantifier, where: Condition) -> Composable:
        parts = {"rows": self.rows(), "where": self.node(where)}
        if quantifier is Quantifier.ANY:
            return SQL("EXISTS (SELECT FROM {rows} WHERE {where})").format(**parts)
        if quantifier is Quantifier.NONE:
            return SQL("NOT EXISTS (SELECT FROM {rows} WHERE {where})").format(**parts)
        return SQL("(SELECT bool_and({where} IS TRUE) FROM {rows})").format(**parts)

    def line_total(self, node: LineTotal) -> Composable:
        of: Composable = SQL("")
        if node.of is not None:
            field = self.catalogue[node.of]
            of = self.expression(field)
            if field.type in TEXTS:
                of = SQL("nullif({}, '')").format(of)
        number = SQL("(SELECT " + _LINE_AGGREGATES[node.aggregate] + " FROM {rows}{where})").format(
            of=of,
            rows=self.rows(),
            where=SQL("") if node.where is None else SQL(" WHERE {}").format(self.node(node.where)),
        )
        return self.compare(number, FieldType.DECIMAL, node.op, node.value)

    def rows(self) -> Composable:
        lines = self.binding.lines
        if lines is None:
            raise _unavailable("lines")
        return SQL(
            "jsonb_array_elements(CASE jsonb_typeof({lines}) WHEN 'array' THEN {lines} ELSE '[]'::jsonb END)"
            " AS line(item)"
        ).format(lines=lines)

    def compare(self, expr: Composable, type: FieldType, op: Op, value: Any) -> Composable:
        """Return `expr op value`: true, or false or NULL."""
        if op is Op.IS_SET:
            if type is FieldType.SET:
                return SQL("(cardinality({}) > 0)").format(expr)
            return SQL("({} <> '')" if type in TEXTS else "({} IS NOT NULL)").format(expr)
        if op is Op.IS_EMPTY:
            return SQL("({} IS NOT TRUE)").format(self.compare(expr, type, Op.IS_SET, None))
        if type is FieldType.SET:
            wanted = self.param([value] if op is Op.CONTAINS else list(value), "text[]")
            return SQL("{} && {}" if op is Op.CONTAINS_ANY else "{} @> {}").format(expr, wanted)
        if type in TEXTS:
            return self.on_text(expr, type, op, value)
        if type is FieldType.DATE:
            return self.on_date(expr, op, value)
        if type is FieldType.DATETIME:
            return self.on_datetime(expr, op, value)
        return self.plain(expr, _CASTS[type], op, value)

    def plain(self, expr: Composable, cast: LiteralString, op: Op, value: Any) -> Composable:
        if op is Op.BETWEEN:
            low, high = value
            return SQL("{} BETWEEN {} AND {}").format(expr, self.param(low, cast), self.param(high, cast))
        if op in (Op.IN, Op.NOT_IN):
            known = self.param(list(value), cast + "[]")
            return SQL("{} = ANY({})" if op is Op.IN else "{} <> ALL({})").format(expr, known)
        return SQL("{} " + _COMPARISONS[op] + " {}").format(expr, self.param(value, cast))

    def on_text(self, expr: Composable, type: FieldType, op: Op, value: Any) -> Composable:
        if op is Op.CONTAINS:
            return SQL("strpos({}, {}) > 0").format(expr, self.param(value, "text"))
        if op is Op.STARTS_WITH:
            return SQL("starts_with({}, {})").format(expr, self.param(value, "text"))
        plain = self.plain(expr, _CASTS[type], op, value)
        if op in (Op.NE, Op.NOT_IN):
            return SQL("({} AND {} <> '')").format(plain, expr)
        return plain

    def on_date(self, expr: Composable, op: Op, value: Any) -> Composable:
        if op in (Op.WITHIN_LAST, Op.WITHIN_NEXT):
            span = last_days if op is Op.WITHIN_LAST else next_days
            return self.plain(expr, "date", Op.BETWEEN, span(self.today, value))
        if op in _COMPARISONS or op is Op.BETWEEN:
            return self.plain(expr, "date", op, value)
        return self.day_part(expr, op, value)

    def on_datetime(self, expr: Composable, op: Op, value: Any) -> Composable:
        match op:
            case Op.EQ:
                return self.within(expr, value, value)
            case Op.NE:
                return SQL("(NOT {})").format(self.within(expr, value, value))
            case Op.BETWEEN:
                return self.within(expr, *value)
            case Op.BEFORE:
                return SQL("{} < {}").format(expr, self.instant(value))
            case Op.AFTER if isinstance(value, datetime):
                return SQL("{} > {}").format(expr, self.instant(value))
            case Op.AFTER:
                return SQL("{} >= {}").format(expr, self.instant(value + timedelta(days=1)))
            case Op.WITHIN_LAST:
                return self.within(expr, *last_days(self.today, value))
            case Op.WITHIN_NEXT:
                return self.within(expr, *next_days(self.today, value))
        local = SQL("({} AT TIME ZONE {})").format(expr, self.param(self.catalogue.timezone, "text"))
        if op is Op.TIME_BETWEEN:
            start, end = (self.param(clock(minute), "time") for minute in (value.start, value.end))
            over = " OR " if value.start > value.end else " AND "
            return SQL("({local}::time >= {start}" + over + "{local}::time < {end})").format(
                local=local, start=start, end=end
            )
        return self.day_part(SQL("{}::date").format(local), op, value)

    def within(self, expr: Composable, low: date, high: date) -> Composable:
        """`expr` lies in the days (or between the instants) from `low` to `high`, both included."""
        if isinstance(high, datetime):
            return SQL("({} BETWEEN {} AND {})").format(expr, self.instant(low), self.instant(high))
        end = self.instant(high + timedelta(days=1))
        return SQL("({expr} >= {low} AND {expr} < {end})").format(expr=expr, low=self.instant(low), end=end)

    def instant(self, value: date) -> Composable:
        moment = value if isinstance(value, datetime) else day_start(value, self.catalogue.zone)
        return self.param(moment, "timestamptz")

    def day_part(self, day: Composable, op: Op, value: Any) -> Composable:
        if op is Op.MONTH_IS:
            months = list(value) if isinstance(value, tuple) else [self.today.month]
            return SQL("extract(month FROM {})::int = ANY({})").format(day, self.param(months, "int[]"))
        if op is Op.WEEKDAY_IN:
            return SQL("extract(isodow FROM {})::int = ANY({})").format(day, self.param(list(value), "int[]"))
        if op is Op.DAY_OF_MONTH_IN:
            test = SQL("extract(day FROM {})::int = ANY({})").format(day, self.param(list(value), "int[]"))
            if -1 in value:
                return SQL("({} OR extract(day FROM {} + 1) = 1)").format(test, day)
            return test
        if op is Op.ANNIVERSARY_WITHIN:
            first = self.today - timedelta(days=value.after)
            last = self.today + timedelta(days=value.before)
            low, high = self.param(first, "date"), self.param(last, "date")
            tests = [
                SQL(
                    "(extract(year FROM {day}) < {year} AND"
                    " ({day} + make_interval(years => {year} - extract(year FROM {day})::int))::date"
                    " BETWEEN {low} AND {high})"
                ).format(day=day, year=self.param(year, "int"), low=low, high=high)
                for year in range(first.year, last.year + 1)
            ]
            return SQL("({})").format(SQL(" OR ").join(tests))
        raise ValueError(f"no SQL for {op} on a date")


def _unavailable(what: str) -> InvalidCondition:
    return InvalidCondition(
        (
            FieldError(
                what,
                "not_available",
                Text(f"{what} 在这里不能使用", f"{what} cannot be asked about here"),
            ),
        )
    )
