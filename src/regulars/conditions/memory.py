"""The interpreter in memory: a condition becomes nested closures, each made for one operator and type.

What is constant (day bounds, sets, dates) is worked out while compiling. A closure costs one call and one
`dict.get`, so cheap parts are asked before those that walk lines.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from regulars.conditions.catalogue import FieldCatalogue
from regulars.conditions.comparisons import fact_key, field_test
from regulars.conditions.language import TEXTS, walk
from regulars.conditions.types import (
    All,
    AnyOf,
    Compare,
    Condition,
    Facts,
    FieldDef,
    LineAggregate,
    Lines,
    LineTotal,
    Not,
    Op,
    Predicate,
    Quantifier,
    Streak,
    Window,
)

Getter = Callable[[Facts], Any]

_COMPARE: dict[Op, Callable[[Any, Any], bool]] = {
    Op.EQ: operator.eq,
    Op.NE: operator.ne,
    Op.GT: operator.gt,
    Op.GTE: operator.ge,
    Op.LT: operator.lt,
    Op.LTE: operator.le,
}


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
            return field_test(definition, op, value, catalogue.zone)
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
    key = fact_key(definition.key)
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
    key = fact_key(node.of) if node.of is not None else ""
    missing: frozenset[Any] = frozenset((None,))
    if node.of is not None and catalogue[node.of].type in TEXTS:
        missing |= {""}

    def chosen(facts: Facts) -> Any:
        lines = facts.get("lines") or ()
        return lines if where is None else [line for line in lines if where(line)]

    def values(facts: Facts) -> list[Any]:
        lines = facts.get("lines") or ()
        if where is None:
            return [value for line in lines if (value := line.get(key)) not in missing]
        return [value for line in lines if where(line) and (value := line.get(key)) not in missing]

    match aggregate:
        case LineAggregate.COUNT:
            return lambda facts: len(chosen(facts))
        case LineAggregate.COUNT_DISTINCT:
            return lambda facts: len(set(values(facts)))
        case LineAggregate.SUM:
            return lambda facts: sum(values(facts))
        case LineAggregate.MAX:
            return lambda facts: max(values(facts), default=None)
        case LineAggregate.MIN:
            return lambda facts: min(values(facts), default=None)


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


def _number_test(read: Getter, op: Op, value: Any) -> Predicate:
    """As `_plain_test`, over a number that is worked out instead of looked up."""
    if op is Op.BETWEEN:
        low, high = value
        return lambda facts: (number := read(facts)) is not None and low <= number <= high
    compare = _COMPARE[op]
    return lambda facts: (number := read(facts)) is not None and compare(number, value)
