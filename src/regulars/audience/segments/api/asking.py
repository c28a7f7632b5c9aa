"""Questions that save nothing: how many, whom for instance, in what words; and who holds a condition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from time import monotonic, perf_counter
from typing import Any
from uuid import UUID

from regulars.audience.segments import places
from regulars.audience.segments.store import asking, refreshing
from regulars.audience.segments.store.binding import Place
from regulars.audience.segments.types import Preview
from regulars.kit.errors import Refusal
from regulars.kit.text import Language, Text
from regulars.platform.organisations.types import Scope

SECONDS = 5.0
SAMPLE = 20
UNSEALED_AT_MOST = 10_000
_COUNT_AGAIN_SECONDS = 60.0
_counted: dict[tuple[UUID, frozenset[UUID] | None], tuple[float, int]] = {}


def preview(
    *, scope: Scope, definition: Any, now: datetime, sample: int = SAMPLE, seconds: float = SECONDS
) -> Preview:
    """How many active members a definition finds now (of the scope's stores), and some of them. Nothing is saved.

    Where personal data must be unsealed for more than 10 000, the count is reckoned from as many, spread evenly.
    Raises `invalid_input`, `too_slow` (422).
    """
    started = perf_counter()
    place = places.place_of(brand_id=scope.brand_id, now=now)
    condition = places.read_condition(place, definition)
    with asking.limited(seconds) as cursor:
        question = asking.ask(
            place,
            condition,
            profiles=places.stands_on_scores(cursor, place, condition),
            store_ids=scope.store_ids,
        )
        of = _everybody(cursor, place, scope)
        estimated = False
        if question.exact:
            count, found = asking.count_and_some(cursor, question, limit=sample)
        elif (count := asking.count(cursor, question)) <= UNSEALED_AT_MOST:
            found = [one for chunk in asking.chunks(cursor, question) for one in chunk]
            count = len(found)
        else:
            asked = asking.spread(cursor, question, limit=UNSEALED_AT_MOST)
            found = asking.holding(cursor, question, asked)
            count, estimated = round(count * len(found) / len(asked)), True
    took_ms = round((perf_counter() - started) * 1000)
    return Preview(count, of, tuple(found[:sample]), estimated, took_ms)


def _everybody(cursor: Any, place: Place, scope: Scope) -> int:
    """How many active members there are, at most a minute old: it only says what the count is a share of."""
    key = (scope.brand_id, scope.store_ids)
    known = _counted.get(key)
    if known is None or monotonic() - known[0] > _COUNT_AGAIN_SECONDS:
        question = asking.ask(place, places.EVERYBODY, profiles=False, store_ids=scope.store_ids)
        known = (monotonic(), asking.count(cursor, question))
        _counted[key] = known
    return known[1]


def holds_for(*, brand_id: UUID, definition: Any, member_ids: Sequence[UUID], now: datetime) -> list[UUID]:
    """Those of the active members for whom a definition holds now."""
    place = places.place_of(brand_id=brand_id, now=now)
    condition = places.read_condition(place, definition)
    with asking.limited(SECONDS, everybody=False) as cursor:
        question = asking.ask(place, condition, profiles=places.stands_on_scores(cursor, place, condition))
        return asking.among(cursor, question, member_ids)


def put_wanted(*, brand_id: UUID, definition: Any, now: datetime, seconds: float) -> int:
    """Put everybody for whom a definition holds now into the temporary table `wanted` (member_id), which is there until
    the caller's transaction ends; gives how many. Raises `invalid_input`, `too_slow` (422).
    """
    place = places.place_of(brand_id=brand_id, now=now)
    condition = places.read_condition(place, definition)
    with asking.limited(seconds) as cursor:
        question = asking.ask(place, condition, profiles=places.stands_on_scores(cursor, place, condition))
        return refreshing.fill_wanted(cursor, question)


def describe(*, brand_id: UUID, definitions: Sequence[Any], now: datetime) -> list[Text]:
    """Definitions as one sentence each in both languages; one that names what is gone says so."""
    place = places.place_of(brand_id=brand_id, now=now)
    said = []
    for definition in definitions:
        try:
            said.append(places.words(place, places.read_condition(place, definition)))
        except Refusal as refusal:
            said.append(refusal.errors[0].message if refusal.errors else refusal.message)
    return said


def builder(*, brand_id: UUID, now: datetime, language: Language) -> Mapping[str, Any]:
    """The fields, operators, choices and limits for a form-based builder of segments."""
    return places.builder(places.place_of(brand_id=brand_id, now=now), language)
