"""What conditions ask of members, for those who decide in memory: the fields there are, their values, who fits next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from regulars.audience.segments import places
from regulars.audience.segments.store import asking
from regulars.conditions.api import FieldCatalogue, Progress, compile_measure, schema
from regulars.conditions.types import All, Condition
from regulars.kit.errors import Refusal
from regulars.kit.text import Language


def catalogue(*, brand_id: UUID, now: datetime, named: bool = False) -> FieldCatalogue:
    """Every field that conditions may name in the brand now, those of activities included; `named`: segments have
    their names."""
    place = places.place_of(brand_id=brand_id, now=now)
    return places.named_segments(place) if named else place.catalogue


def whole_builder(*, brand_id: UUID, now: datetime, language: Language) -> Mapping[str, Any]:
    """The condition language as JSON for a form-based builder, with all fields; segments have their names."""
    place = places.place_of(brand_id=brand_id, now=now)
    return schema(catalogue=places.named_segments(place), lang=language)


def values_of(
    *, brand_id: UUID, conditions: Sequence[Condition], member_ids: Sequence[UUID], now: datetime
) -> dict[UUID, dict[str, Any]]:
    """What these conditions ask of these members, by member and field, in one query (two where personal data is asked).

    What only an activity knows is None: the caller adds it. Members of no programme are left out.
    """
    if not conditions or not member_ids:
        return {}
    place = places.place_of(brand_id=brand_id, now=now)
    question = asking.Question(place, All(tuple(conditions)), asking.NOTHING, {}, False)
    with asking.limited(asking.PATIENCE, everybody=False) as cursor:
        return asking.gather(cursor, question, member_ids)


def progress_of(
    *, brand_id: UUID, definitions: Mapping[str, Any], member_id: UUID, now: datetime
) -> dict[str, tuple[Progress, ...]]:
    """How far a member is with the numbers that definitions want, by their names, in one query; those that want none,
    or name what is gone, are left out."""
    place = places.place_of(brand_id=brand_id, now=now)
    measures, asked = {}, []
    for name, definition in definitions.items():
        try:
            condition = places.read_condition(place, definition)
        except Refusal:
            continue
        measures[name] = compile_measure(condition=condition, catalogue=place.catalogue)
        asked.append(condition)
    if not asked:
        return {}
    question = asking.Question(place, All(tuple(asked)), asking.NOTHING, {}, False)
    with asking.limited(asking.PATIENCE, everybody=False) as cursor:
        facts = asking.gather(cursor, question, [member_id]).get(member_id)
    if facts is None:
        return {}
    return {name: found for name, measure in measures.items() if (found := measure(facts))}


def next_holding(
    *,
    brand_id: UUID,
    definition: Any,
    now: datetime,
    as_of: datetime,
    after: UUID | None,
    limit: int,
) -> tuple[list[UUID], UUID | None]:
    """The next active members by id, behind `after`, for whom a definition holds on the day of `as_of`.

    Gives also how far it looked, None when it has come to the end. Where personal data is asked, up to `limit` who may
    fit are decided in memory at a time.
    """
    place = replace(places.place_of(brand_id=brand_id, now=now), now=as_of)
    condition = places.read_condition(place, definition)
    with asking.limited(asking.PATIENCE, everybody=False) as cursor:
        profiles = places.stands_on_scores(cursor, place, condition)
        found, last = asking.next_rows(
            cursor, asking.ask(place, condition, profiles=profiles), after=after, limit=limit
        )
    return found, last
