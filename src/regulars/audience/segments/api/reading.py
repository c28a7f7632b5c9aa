"""Reading segments: members, moves, counts over time, overlaps, splits; and the segments of a member."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from regulars.audience.segments.api.definitions import SEGMENT, create, get_segment
from regulars.audience.segments.policy.splitting import MOST_PARTS
from regulars.audience.segments.store import keeping, refreshing, reporting
from regulars.audience.segments.types import InSegment, Segment, SegmentCount, SegmentDraft, SegmentMove
from regulars.kit import paging
from regulars.kit.errors import invalid_field, not_found
from regulars.kit.paging import Page
from regulars.kit.text import Text
from regulars.platform.organisations.types import Scope

MOST_COMPARED = 12
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def members_of(
    *, scope: Scope, segment: Segment, cursor: str | None = None, limit: int = 50
) -> Page[tuple[UUID, datetime]]:
    """(member, since) in the order of ids; only members of the scope's stores."""
    after = paging.decode_id(cursor)
    with connection.cursor() as db:
        rows = reporting.members_page(
            db,
            segment_id=segment.id,
            after=after,
            limit=limit + 1,
            store_ids=None if scope.store_ids is None else list(scope.store_ids),
        )
    return paging.cut(rows, limit, lambda row: [str(row[0])])


def walk(*, segment: Segment, size: int = 2000) -> Iterator[list[UUID]]:
    """Everybody in a segment, in portions by id."""
    after: UUID | None = None
    while found := next_members(segment_id=segment.id, after=after, limit=size):
        yield found
        after = found[-1]


def next_members(*, segment_id: UUID, after: UUID | None, limit: int) -> list[UUID]:
    """The next members of a segment by id, behind `after`."""
    with connection.cursor() as db:
        rows = reporting.members_page(db, segment_id=segment_id, after=after, limit=limit)
    return [member_id for member_id, _ in rows]


def are_in(*, brand_id: UUID, code: str, member_ids: Sequence[UUID]) -> set[UUID]:
    """Those of the members who are in a segment. Raises `not_found`."""
    segment = get_segment(brand_id=brand_id, code=code)
    with connection.cursor() as db:
        return reporting.among(db, segment_id=segment.id, member_ids=member_ids)


def moves_of(*, segment: Segment, cursor: str | None = None, limit: int = 50) -> Page[SegmentMove]:
    """Who came and went, newest first."""
    before = paging.decode_id(cursor)
    with connection.cursor() as db:
        rows = reporting.moves_page(db, segment_id=segment.id, before=before, limit=limit + 1)
    return paging.cut(rows, limit, lambda row: [str(row[0])]).map(lambda row: row[1])


def counts_of(*, segments: Sequence[Segment], limit: int = 60) -> dict[str, list[SegmentCount]]:
    """The last counts of each segment by code, the oldest first."""
    with connection.cursor() as db:
        found = reporting.counts(db, segment_ids=[one.id for one in segments], limit=limit)
    return {one.code: found[one.id] for one in segments}


def count_seen(*, scope: Scope, segments: Sequence[Segment]) -> dict[str, int]:
    """How many members each segment has by its code: whoever works for some stores is told of their members alone."""
    if scope.store_ids is None:
        return {one.code: one.members for one in segments}
    with connection.cursor() as db:
        found = reporting.in_stores(db, segment_ids=[one.id for one in segments], store_ids=scope.store_ids)
    return {one.code: found.get(one.id, 0) for one in segments}


def overlap(*, scope: Scope, codes: Sequence[str]) -> tuple[list[Segment], list[list[int]]]:
    """The segments and, row by row, how many members (of the scope's stores) each shares with each.

    Raises `not_found`, `invalid_input`.
    """
    chosen = list(dict.fromkeys(codes))
    if not 2 <= len(chosen) <= MOST_COMPARED:
        raise invalid_field(
            "segments",
            "out_of_range",
            f"请选择 2–{MOST_COMPARED} 个人群",
            f"Choose 2 to {MOST_COMPARED} segments",
        )
    segments = [get_segment(brand_id=scope.brand_id, code=code) for code in chosen]
    with connection.cursor() as db:
        shared = reporting.overlaps(db, segment_ids=[one.id for one in segments], store_ids=scope.store_ids)
    return segments, [[shared.get((one.id, other.id), 0) for other in segments] for one in segments]


def split(
    *, scope: Scope, code: str, parts: int, salt: str | None, save: bool, now: datetime
) -> list[tuple[str, int]]:
    """Split a segment into parts by a hash of the member and `salt` (default: its code): the same members fall into
    the same part each time. Gives (part's letter, or the code of the static segment it was saved as; members).

    Raises `not_found`, `invalid_input`, `code_taken` (409), `store_not_allowed` (403) for staff of some stores.
    """
    scope.require_store(None)
    if not 2 <= parts <= MOST_PARTS:
        raise invalid_field("parts", "out_of_range", f"2–{MOST_PARTS} 份", f"2 to {MOST_PARTS} parts")
    segment = get_segment(brand_id=scope.brand_id, code=code)
    salted = salt or code
    with transaction.atomic(), connection.cursor() as db:
        counts = reporting.parts(db, segment_id=segment.id, salt=salted, parts=parts)
        if not save:
            return [(_LETTERS[part], counts.get(part, 0)) for part in range(parts)]
        made: list[tuple[str, int]] = []
        taken = {one.code for one in keeping.listed(db, brand_id=scope.brand_id, archived=True)}
        stem, again = _stem(code, taken, parts)
        for part in range(parts):
            letter = _LETTERS[part]
            said = f"{again}{letter.upper()}"
            name = Text(f"{segment.name.zh[:70]}（{said} 组）", f"{segment.name.en[:66]} (part {said})")
            one = create(
                scope=scope,
                draft=SegmentDraft(
                    code=f"{stem}-{letter}",
                    name=name,
                    kind="static",
                    source={"split_of": code, "salt": salted, "part": letter, "parts": parts},
                    profiles=segment.profiles,
                ),
                now=now,
            )
            count = reporting.copy_part(
                db, segment_id=segment.id, into=one.id, salt=salted, parts=parts, part=part, now=now
            )
            refreshing.note_count(db, segment=one, entered=count, gone=0, now=now, took_ms=None, whole=True)
            made.append((one.code, count))
        return made


def _stem(code: str, taken: set[str], parts: int) -> tuple[str, str]:
    """What the parts' codes begin with, and a number for their names: a segment may be split again and again."""
    stem, again = code[:58], 1
    while any(f"{stem}-{letter}" in taken for letter in _LETTERS[:parts]):
        again += 1
        stem = f"{code[:54]}-{again}"
    return stem, "" if again == 1 else f"{again}"


def of_member(*, brand_id: UUID, member_id: UUID) -> list[InSegment]:
    """The segments a member is in, the newest first."""
    with connection.cursor() as db:
        return reporting.of_member(db, brand_id=brand_id, member_id=member_id)


def codes_of(*, brand_id: UUID, member_ids: Sequence[UUID]) -> Mapping[UUID, set[str]]:
    """Codes of the segments each member is in: what conditions know as `membership.segments`."""
    with connection.cursor() as db:
        return reporting.codes_of(db, brand_id=brand_id, member_ids=member_ids)


def find_id(*, brand_id: UUID, code: str) -> UUID:
    """Raises `not_found`."""
    with connection.cursor() as db:
        found = keeping.find(db, brand_id=brand_id, code=code)
    if found is None:
        raise not_found(SEGMENT)
    return found.id
