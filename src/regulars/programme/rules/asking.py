"""A condition asked of a member as she stands, outside any activity: who may have this, who sees that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

import msgspec

from regulars.conditions.api import (
    FieldCatalogue,
    InvalidCondition,
    Scope,
    compile_explain,
    describe,
    needs,
    parse_condition,
    schema,
    wire,
)
from regulars.conditions.types import Condition
from regulars.kit.errors import FieldError, invalid
from regulars.kit.text import Language, Text
from regulars.programme.rules.facts import FactReader
from regulars.programme.rules.plan import Plan
from regulars.programme.rules.types import Act, MemberState, Programme

# What is known of a member when she does nothing: no order, no store, no activity.
STANDING_SCOPES = (Scope.MEMBER, Scope.MEMBERSHIP, Scope.HISTORY, Scope.FACT, Scope.SCORE)
Asking = Callable[[MemberState, datetime], tuple[Text, ...]]


def standing_catalogue(programme: Programme) -> FieldCatalogue:
    """The fields that such a condition may name."""
    plan: Plan = programme.plan
    return plan.catalogue.limited(STANDING_SCOPES)


def check_standing(programme: Programme, data: Any, *, field: str = "condition") -> dict[str, Any] | None:
    """The canonical JSON of such a condition; None for "everybody".

    Raises `invalid_input`, its fields below `field`, also for windows and streaks: their history is kept only where a
    rule looks at it.
    """
    if not data:
        return None
    try:
        parsed = _parse(programme, data)
    except InvalidCondition as wrong:
        raise invalid(
            *(FieldError(_below(field, error.field), error.code, error.message) for error in wrong.errors)
        ) from None
    read = needs(condition=parsed)
    if read.windows or read.streaks or read.lines:
        raise invalid(
            FieldError(
                field,
                "not_a_standing",
                Text(
                    "这里只能用会员、会籍和累计数据",
                    "Only what a member is and has done so far can be asked here",
                ),
            )
        )
    return wire(condition=parsed)


def compile_standing(programme: Programme, data: Any) -> Asking:
    """A function of (her state, now) that says why the condition does not hold; nothing where it does.

    One that names a field which is gone holds for nobody, and says so.
    """
    if not data:
        return lambda state, now: ()
    return _compiled(programme.plan, msgspec.json.encode(data))


def standing_schema(programme: Programme, language: Language) -> dict[str, Any]:
    """Such conditions as JSON for a form-based builder: fields, operators, choices, limits."""
    return schema(catalogue=standing_catalogue(programme), lang=language)


def describe_standing(programme: Programme, data: Any) -> Text:
    """The condition as a sentence in both languages; empty for "everybody"."""
    if not data:
        return Text("", "")
    try:
        parsed, catalogue = _parse(programme, data), standing_catalogue(programme)
    except InvalidCondition:
        return _GONE
    return Text(
        describe(condition=parsed, catalogue=catalogue, lang="zh"),
        describe(condition=parsed, catalogue=catalogue, lang="en"),
    )


def _below(field: str, pointer: str) -> str:
    """`/all/0/field` below `condition` → `condition.all.0.field`."""
    return ".".join([field, *(part for part in pointer.split("/") if part)])


_GONE = Text("条件中的字段已不存在", "A field of the condition is gone")


def _parse(programme: Programme, data: Any) -> Condition:
    return parse_condition(data=data, catalogue=standing_catalogue(programme))


@lru_cache(maxsize=512)
def _compiled(plan: Plan, wired: bytes) -> Asking:
    data, programme = msgspec.json.decode(wired), replace(plan.programme, plan=plan)
    try:
        parsed, catalogue = _parse(programme, data), standing_catalogue(programme)
    except InvalidCondition:
        return lambda state, now: (_GONE,)
    wanted = replace(
        programme, fields_used=needs(condition=parsed).fields, windows={}, streaks=frozenset(), plan=None
    )
    reader, explain = FactReader(wanted, catalogue), compile_explain(condition=parsed, catalogue=catalogue)
    zone = plan.zone

    def ask(state: MemberState, now: datetime) -> tuple[Text, ...]:
        local = now.astimezone(zone)
        act = Act("", now, "", "", "", quantity=Decimal(0))
        return tuple(why.text for why in explain(reader.read(state, act, local, local.date())))

    return ask
