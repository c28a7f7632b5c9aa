"""Segments that make themselves: look-alikes of a seed, and the ready-made ones by the brand's own figures."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from django.db import connection

from regulars.audience.segments import places
from regulars.audience.segments.api.definitions import check, create, get_segment, list_segments
from regulars.audience.segments.api.making import most_alike
from regulars.audience.segments.policy.readymade import Figures, kept_note, ready_made
from regulars.audience.segments.store import asking, keeping, likeness, reporting
from regulars.audience.segments.types import Segment, SegmentDraft
from regulars.facts.categories import api as categories
from regulars.kit.errors import conflict, invalid_field
from regulars.kit.text import Text
from regulars.platform.organisations.types import Scope

if TYPE_CHECKING:
    from regulars.audience.segments.policy.alike import Scorer

METHODS = ("cosine", "logistic")
MOST_ALIKE = 100_000
AT_ONCE = 50_000  # members to choose from; among more a look-alike is made in the background


def look_alike(
    *,
    scope: Scope,
    seed: str,
    size: int,
    code: str,
    name: Text,
    now: datetime,
    method: str = "logistic",
    scorer: Scorer | None = None,
) -> Segment:
    """A static segment of the `size` members most like those of a seed segment, by their facts; none of the seed's.

    Where more than 50 000 members bought within a year it comes back `being_made`, empty, and the worker makes it.
    `scorer(vectors, is_seed)` gives each row's likeness in place of the named `method` (cosine, logistic), at once. Who
    switched profiling off is neither looked at nor found. Raises `not_found`, `invalid_input`, `code_taken`
    and `seed_too_small` (409); of what is made in the background the segment says the last.
    """
    if not 1 <= size <= MOST_ALIKE:
        raise invalid_field("size", "out_of_range", "1–100 000 人", "1 to 100 000 members")
    if scorer is None and method not in METHODS:
        raise invalid_field("method", "unknown_method", "cosine 或 logistic", "cosine or logistic")
    source = {"look_alike_of": seed, "method": method if scorer is None else "given", "size": size}
    draft = SegmentDraft(code=code, name=name, kind="static", source=source, profiles=True)
    check(scope, draft)  # before what takes its time
    segment = get_segment(brand_id=scope.brand_id, code=seed)
    with connection.cursor() as cursor:
        if keeping.find(cursor, brand_id=scope.brand_id, code=code) is not None:
            raise conflict("code_taken", "编码已被使用", "The code is taken")
        later = scorer is None and likeness.more_than(cursor, brand_id=scope.brand_id, count=AT_ONCE)
    if later:
        return create(scope=scope, draft=replace(draft, later=True), now=now)
    chosen = most_alike(brand_id=scope.brand_id, seed_id=segment.id, size=size, method=method, scorer=scorer)
    return create(scope=scope, draft=replace(draft, members=chosen), now=now)


def install_ready_made(*, scope: Scope, now: datetime, without: Collection[str] = ()) -> list[Segment]:
    """Make the ready-made segments that the brand has not yet, with thresholds from its own members' facts.

    `without`: categories that get no segment of fans.
    """
    with connection.cursor() as cursor:
        orders, spend, discount = reporting.figures(cursor, brand_id=scope.brand_id)
        liked = reporting.top_categories(cursor, brand_id=scope.brand_id, limit=3, without=without)
    taken = {one.code for one in list_segments(brand_id=scope.brand_id, archived=True)}
    named = {code: categories.name_of(brand_id=scope.brand_id, code=code) for code in liked}
    figures = Figures(orders, spend, None if discount is None else str(discount), named)
    return [
        create(
            scope=scope,
            draft=SegmentDraft(
                code=one.code,
                name=one.name,
                kind="refreshed",
                definition=one.definition,
                note=kept_note(one.note),
                source={"ready_made": one.code},
            ),
            now=now,
        )
        for one in ready_made(figures)
        if one.code not in taken
    ]


def listed_ids(*, scope: Scope, definition: object, now: datetime) -> tuple[list[UUID], bool]:
    """Everybody a definition finds now, and whether it stands on scores: what a static list is made of when it comes
    from a filter."""
    place = places.place_of(brand_id=scope.brand_id, now=now)
    condition = places.read_condition(place, definition)
    with asking.limited(30.0) as cursor:
        profiles = places.stands_on_scores(cursor, place, condition)
        question = asking.ask(place, condition, profiles=profiles, store_ids=scope.store_ids)
        return [one for chunk in asking.chunks(cursor, question, size=50_000) for one in chunk], profiles
