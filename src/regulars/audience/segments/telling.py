"""What follows from members coming and going: history, events, rule tags; and which live segments a brand has."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from time import monotonic
from typing import Any
from uuid import UUID

from regulars.audience.member_facts import api as member_facts
from regulars.audience.segments.store import keeping, refreshing
from regulars.audience.segments.types import Segment
from regulars.kit.ids import new_ids
from regulars.platform.organisations import api as organisations
from regulars.platform.outbox import api as outbox
from regulars.platform.outbox.types import Event

_LOOK_AGAIN_SECONDS = 2.0
# brand → when it was looked up, its live segments: the hot path asks each time, and most brands have none
_live: dict[UUID, tuple[float, list[Segment]]] = {}


def live_segments(cursor: Any, brand_id: UUID) -> list[Segment]:
    """The brand's live segments, at most two seconds old; what another process makes live is refreshed then anyway."""
    known = _live.get(brand_id)
    if known is None or monotonic() - known[0] > _LOOK_AGAIN_SECONDS:
        known = (monotonic(), keeping.live(cursor, brand_id=brand_id))
        _live[brand_id] = known
    return known[1]


def forget(brand_id: UUID) -> None:
    """Look up the brand's live segments again."""
    _live.pop(brand_id, None)


def moved(
    cursor: Any,
    *,
    segment: Segment,
    came: Sequence[UUID],
    gone: Sequence[tuple[UUID, bool]],
    now: datetime,
    one_by_one: bool,
) -> None:
    """Tell of who came and went: history and events of each, tags put and taken. Without `one_by_one` (a first
    filling) there is one event for all.
    """
    left = [member_id for member_id, _ in gone]
    brand = organisations.get_brand(brand_id=segment.brand_id)
    said = {"segment": segment.code, "version": segment.version}
    if one_by_one:
        refreshing.note_moves(cursor, segment=segment, came=came, gone=left, now=now)
        told = [("segment.entered", one) for one in came] + [("segment.left", one) for one in left]
        ids = new_ids(len(told))
        outbox.append(
            [
                Event(id_, brand.organisation_id, brand.id, topic, dict(said), now, now, one)
                for (topic, one), id_ in zip(told, ids, strict=True)
            ]
        )
    elif came or gone:
        outbox.append(
            [
                Event(
                    new_ids(1)[0],
                    brand.organisation_id,
                    brand.id,
                    "segment.filled",
                    said | {"entered": len(came), "left": len(left)},
                    now,
                    now,
                )
            ]
        )
    if segment.tag:
        retag(cursor, segment, came, gone, now)


def retag(
    cursor: Any, segment: Segment, came: Sequence[UUID], gone: Sequence[tuple[UUID, bool]], now: datetime
) -> None:
    """Put the segment's tag on who came, take it from who went and had it from the segment."""
    touched = refreshing.put_tags(cursor, segment=segment, came=came)
    lost = [member_id for member_id, tagged in gone if tagged]
    refreshing.take_tags(cursor, brand_id=segment.brand_id, tag=segment.tag, member_ids=lost)
    if touched or lost:
        member_facts.mark_dirty(pairs=[(segment.brand_id, one) for one in [*touched, *lost]], now=now)


def tag_all(cursor: Any, segment: Segment, now: datetime) -> None:
    """The segment has a tag now: everybody in it gets it."""
    cursor.execute(
        "SELECT member_id FROM segment_member WHERE segment_id = %s AND NOT tagged ORDER BY 1", [segment.id]
    )
    retag(cursor, segment, [row[0] for row in cursor.fetchall()], [], now)
