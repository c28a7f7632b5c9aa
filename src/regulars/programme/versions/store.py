"""Queries and locks of programme versions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import F, Func, IntegerField

from regulars.kit.asks import Ask
from regulars.kit.errors import not_found
from regulars.kit.ids import new_id
from regulars.kit.text import Text
from regulars.programme.versions.models import ProgrammeEvent, ProgrammeHead, ProgrammeVersion
from regulars.programme.versions.types import Version, VersionEvent, VersionState, VersionSummary

_VERSION = Text("方案版本", "Programme version")


def lock_head(brand_id: UUID) -> ProgrammeHead:
    """The brand's head, locked until the transaction ends; every writer of versions takes it first."""
    ProgrammeHead.objects.bulk_create(
        [ProgrammeHead(brand_id=brand_id, revision=new_id())], ignore_conflicts=True
    )
    return ProgrammeHead.objects.select_for_update().get(brand_id=brand_id)


def revision_of(brand_id: UUID) -> UUID | None:
    """The mark of what is in force; one small query."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT revision FROM programme_head WHERE brand_id = %s", [brand_id])
        row = cursor.fetchone()
    return row[0] if row else None


def ask_revision(brand_id: UUID) -> Ask[UUID | None]:
    """`revision_of`, to be asked together with other rooms' questions."""
    return Ask("SELECT revision FROM programme_head WHERE brand_id = %s", (brand_id,), lambda mark: mark)


def row_of(brand_id: UUID, number: int) -> ProgrammeVersion:
    """Raises `not_found`."""
    row = ProgrammeVersion.objects.filter(brand_id=brand_id, number=number).first()
    if row is None:
        raise not_found(_VERSION)
    return row


def published(brand_id: UUID) -> list[ProgrammeVersion]:
    """In the order in which they come into force; of two from one instant, the one published later counts."""
    return list(
        ProgrammeVersion.objects.filter(brand_id=brand_id, state="published").order_by(
            "effective_from", "published_at", "number"
        )
    )


def in_force_numbers(brand_id: UUID) -> list[tuple[datetime, int]]:
    """When each published version comes into force, in that order."""
    rows = (
        ProgrammeVersion.objects.filter(brand_id=brand_id, state="published")
        .order_by("effective_from", "published_at", "number")
        .values_list("effective_from", "number")
    )
    return [(start, number) for start, number in rows if start is not None]


def summaries(brand_id: UUID, now: datetime, number: int | None = None) -> list[VersionSummary]:
    """Newest first; without the definitions."""
    rows = ProgrammeVersion.objects.filter(brand_id=brand_id)
    if number is not None:
        rows = rows.filter(number=number)
    counted = (
        rows.defer("definition", "vocabulary")
        .annotate(
            rules=Func(F("definition__rules"), function="jsonb_array_length", output_field=IntegerField())
        )
        .order_by("-number")
    )
    starts = in_force_numbers(brand_id)
    begun = [n for start, n in starts if start <= now]
    current = begun[-1] if begun else (starts[0][1] if starts else None)
    return [_summary(row, current, set(begun)) for row in counted]


def version(brand_id: UUID, number: int, now: datetime) -> Version:
    """Raises `not_found`."""
    row = row_of(brand_id, number)
    (summary,) = summaries(brand_id, now, number)
    events = tuple(
        VersionEvent(e.what, e.actor, e.comment, e.at)  # type: ignore[arg-type]
        for e in ProgrammeEvent.objects.filter(version_id=row.id).order_by("id")
    )
    return Version(summary, row.definition, row.revision, events)


def add_event(row: ProgrammeVersion, what: str, actor: str, now: datetime, comment: str = "") -> None:
    ProgrammeEvent.objects.create(
        id=new_id(), version_id=row.id, what=what, actor=actor, comment=comment, at=now
    )


def _summary(row: ProgrammeVersion, current: int | None, begun: Sequence[int] | set[int]) -> VersionSummary:
    state: VersionState = row.state  # type: ignore[assignment]
    if state == "published" and row.number in begun and row.number != current:
        state = "superseded"
    return VersionSummary(
        id=row.id,
        number=row.number,
        state=state,
        note=row.note,
        based_on=row.based_on,
        authors=tuple(row.authors),
        created_by=row.created_by,
        created_at=row.created_at,
        updated_at=row.updated_at,
        submitted_by=row.submitted_by,
        submitted_at=row.submitted_at,
        reviewed_by=row.reviewed_by,
        reviewed_at=row.reviewed_at,
        review_comment=row.review_comment,
        published_by=row.published_by,
        published_at=row.published_at,
        effective_from=row.effective_from,
        rules=row.rules or 0,  # type: ignore[attr-defined]
        current=row.number == current,
        scheduled=state == "published" and row.number not in begun,
    )
