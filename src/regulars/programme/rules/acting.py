"""A condition asked of one activity alone, outside any programme's rules: does this order count for a mission?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from regulars.conditions.api import (
    FieldCatalogue,
    InvalidCondition,
    Scope,
    compile_condition,
    describe,
    needs,
    parse_condition,
    schema,
    wire,
)
from regulars.kit.errors import ErrorList, FieldError
from regulars.kit.periods import zone
from regulars.kit.text import Language, Text
from regulars.programme.rules.facts import FactReader
from regulars.programme.rules.types import Act, MemberState, Programme

ACTING_SCOPES = (Scope.ACTIVITY, Scope.LINE, Scope.TIME, Scope.STORE)
_NOT_ALONE = frozenset({"order.is_first"})  # what only her history knows
Test = Callable[[Act], bool]


def acting_catalogue(catalogue: FieldCatalogue) -> FieldCatalogue:
    """The fields that such a condition may name."""
    limited = catalogue.limited(ACTING_SCOPES)
    return replace(limited, fields={k: f for k, f in limited.fields.items() if k not in _NOT_ALONE})


def check_acting(
    catalogue: FieldCatalogue, data: Any, *, field: str, errors: ErrorList
) -> dict[str, Any] | None:
    """The canonical JSON of such a condition; None for "any". What is wrong is noted below `field`."""
    if not data:
        return None
    try:
        parsed = parse_condition(data=data, catalogue=acting_catalogue(catalogue))
    except InvalidCondition as wrong:
        errors.errors += [
            FieldError(".".join([field, *(p for p in e.field.split("/") if p)]), e.code, e.message)
            for e in wrong.errors
        ]
        return None
    read = needs(condition=parsed)
    if read.windows or read.streaks:
        errors.add(
            field,
            "not_an_activity",
            "这里只看一次行为本身，不能使用累计窗口",
            "Only the activity itself can be asked here, no windows",
        )
        return None
    return wire(condition=parsed)


def compile_acting(programme: Programme, catalogue: FieldCatalogue, data: Any) -> Test:
    """A function of an activity. A condition that names a field which is gone holds for nothing."""
    if not data:
        return lambda act: True
    limited = acting_catalogue(catalogue)
    try:
        parsed = parse_condition(data=data, catalogue=limited)
    except InvalidCondition:
        return lambda act: False
    wanted = replace(programme, windows={}, streaks=frozenset(), plan=None)
    reader = FactReader(wanted, limited, needs(condition=parsed).fields)
    holds, tz = compile_condition(condition=parsed, catalogue=limited), zone(programme.timezone)
    nobody = MemberState(UUID(int=0), datetime(2000, 1, 1, tzinfo=UTC), {}, set())

    def test(act: Act) -> bool:
        local = act.occurred_at.astimezone(tz)
        return bool(holds(reader.read(nobody, act, local, local.date())))

    return test


def describe_acting(catalogue: FieldCatalogue, data: Any) -> Text:
    """The condition as a sentence in both languages; empty for "any"."""
    if not data:
        return Text("", "")
    limited = acting_catalogue(catalogue)
    try:
        parsed = parse_condition(data=data, catalogue=limited)
    except InvalidCondition:
        return Text("条件中的字段已不存在", "A field of the condition is gone")
    return Text(
        describe(condition=parsed, catalogue=limited, lang="zh"),
        describe(condition=parsed, catalogue=limited, lang="en"),
    )


def acting_schema(catalogue: FieldCatalogue, language: Language) -> dict[str, Any]:
    """Such conditions as JSON for a form-based builder."""
    return schema(catalogue=acting_catalogue(catalogue), lang=language)
