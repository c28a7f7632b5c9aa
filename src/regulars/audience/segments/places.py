"""The ground that segments' conditions are asked on: the catalogue of what a member is when she does nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from regulars.audience.segments.policy.leaning import fields_compared, leans_on_scores, segments_used
from regulars.audience.segments.store import keeping
from regulars.audience.segments.store.binding import Place
from regulars.conditions.api import (
    SEGMENTS,
    Choice,
    FieldCatalogue,
    FieldDef,
    FieldType,
    InvalidCondition,
    Scope,
    balance_field,
    describe,
    needs,
    parse_condition,
    schema,
)
from regulars.conditions.types import ALWAYS, Condition
from regulars.kit.errors import FieldError, Refusal, invalid
from regulars.kit.text import Language, Text
from regulars.programme.rules import api as rules
from regulars.programme.rules.types import Programme
from regulars.programme.versions import api as versions

EVERYBODY = ALWAYS
# when a member does nothing, her first scheme's tier is judged next on this day: at its end or that of its grace
TIER_DUE = FieldDef(
    "membership.tier_due_on",
    FieldType.DATE,
    Scope.MEMBERSHIP,
    Text("等级评定日", "day the tier is judged next"),
    description=Text(
        "当前等级到期或宽限期结束的营业日", "The business day on which her tier, or its grace, ends"
    ),
)
SCOPES = (Scope.MEMBER, Scope.MEMBERSHIP, Scope.HISTORY, Scope.FACT, Scope.SCORE)


def place_of(*, brand_id: UUID, now: datetime) -> Place:
    """The brand's ground now: its programme's tiers and units, its members' fields, its segments as choices."""
    programme: Programme | None
    try:
        programme = versions.in_force(brand_id=brand_id, now=now).live
    except Refusal:
        programme = None
    if programme is None:
        catalogue = versions.catalogue_of(brand_id=brand_id)
        return Place(brand_id, now, catalogue, {}, None)
    catalogue = rules.programme_catalogue(programme)
    taken = frozenset(field.key for field in catalogue)
    catalogue = catalogue.extend(
        balance_field(code, Text(f"{unit.name.zh}余额", f"{unit.name.en}: balance"))
        for code, unit in programme.units.items()
        if f"balance.{code}" not in taken
    ).extend([TIER_DUE])
    return Place(
        brand_id,
        now,
        catalogue,
        {scheme.key: scheme.tiers[0].code for scheme in programme.schemes if scheme.tiers},
        programme.schemes[0].key if programme.schemes else None,
    )


def read_condition(place: Place, data: Any, *, field: str = "definition") -> Condition:
    """A segment's condition from its JSON.

    Raises `invalid_input`, its fields below `field`, for what is no condition and for what only an activity knows.
    """
    if not isinstance(data, dict) or not data:
        raise invalid(FieldError(field, "required", Text("请设置人群条件", "A segment needs its condition")))
    try:
        condition = parse_condition(data=data, catalogue=place.catalogue)
    except InvalidCondition as wrong:
        raise invalid(
            *(
                FieldError(
                    ".".join([field, *(part for part in error.field.split("/") if part)]),
                    error.code,
                    error.message,
                )
                for error in wrong.errors
            )
        ) from None
    read = needs(condition=condition)
    outside = sorted(key for key in fields_compared(condition) if place.catalogue[key].scope not in SCOPES)
    if outside or read.lines:
        raise invalid(
            FieldError(
                field,
                "not_a_standing",
                Text(
                    f"人群条件不能使用当前订单的字段：{'、'.join(outside) or '商品行'}",
                    f"A segment knows no current order: {', '.join(outside) or 'lines'}",
                ),
            )
        )
    return condition


def words(place: Place, condition: Condition) -> Text:
    """The condition as a sentence in both languages."""
    named = named_segments(place)
    return Text(
        describe(condition=condition, catalogue=named, lang="zh"),
        describe(condition=condition, catalogue=named, lang="en"),
    )


def named_segments(place: Place) -> FieldCatalogue:
    """The catalogue in which segments have their names."""
    with connection.cursor() as cursor:
        found = keeping.listed(cursor, brand_id=place.brand_id, archived=False)
    return place.catalogue.with_choices(SEGMENTS, [Choice(one.code, one.name) for one in found])


def builder(place: Place, language: Language) -> Mapping[str, Any]:
    """The condition language as JSON for a form-based builder, without what only an activity knows."""
    said = schema(catalogue=named_segments(place), lang=language)
    scopes = {scope.value for scope in SCOPES}
    said["fields"] = [field for field in said["fields"] if field["scope"] in scopes]
    said["scopes"] = [scope for scope in said["scopes"] if scope["scope"] in scopes]
    said["lines"]["quantifiers"] = []
    return said


def stands_on_scores(cursor: Any, place: Place, condition: Condition) -> bool:
    """Whether a condition, or a segment it is made of, stands on scores."""
    if any(key.startswith("score.") for key in fields_compared(condition)):
        return True
    uses = segments_used(condition)
    if not uses:
        return False
    others = keeping.listed(cursor, brand_id=place.brand_id, archived=False)
    return leans_on_scores(
        "",
        {one.code: one.profiles for one in others},
        {one.code: one.uses for one in others} | {"": tuple(uses)},
    )
