"""Every query on operators' templates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db.models import Q

from regulars.kit.errors import not_found
from regulars.kit.text import Text
from regulars.messaging.models import MessageTemplate as TemplateRow
from regulars.messaging.models import MessageTemplateVersion as VersionRow
from regulars.messaging.wording import (
    TEMPLATE,
    TEMPLATE_VERSION,
    Content,
    MessageTemplate,
    TemplateVersion,
)


def row_of(*, brand_id: UUID, code: str, lock: bool = False) -> TemplateRow:
    """Raises `not_found`."""
    rows = TemplateRow.objects.filter(brand_id=brand_id, code=code)
    row = (rows.select_for_update(no_key=True) if lock else rows).first()
    if row is None:
        raise not_found(TEMPLATE)
    return row


def version_row(*, template_id: UUID, number: int, lock: bool = False) -> VersionRow:
    """Raises `not_found`."""
    rows = VersionRow.objects.filter(template_id=template_id, number=number)
    row = (rows.select_for_update(no_key=True) if lock else rows).first()
    if row is None:
        raise not_found(TEMPLATE_VERSION)
    return row


def live_of(*, brand_id: UUID, codes: Iterable[str]) -> dict[str, TemplateVersion]:
    """The approved versions of templates that are not archived, by code: one query."""
    rows = {
        (row.id, row.live): row
        for row in TemplateRow.objects.filter(
            brand_id=brand_id, code__in=set(codes), archived=False, live__isnull=False
        )
    }
    if not rows:
        return {}
    wanted = Q()
    for template_id, number in rows:
        wanted |= Q(template_id=template_id, number=number)
    found = {}
    for version in VersionRow.objects.filter(wanted):
        row = rows[version.template_id, version.number]
        found[row.code] = version_of(version, row)
    return found


def of_marketing(*, brand_id: UUID, codes: Iterable[str]) -> set[str]:
    """Those of the codes that stand for a template of marketing."""
    wanted = set(codes)
    if not wanted:
        return set()
    rows = TemplateRow.objects.filter(brand_id=brand_id, code__in=wanted, purpose="marketing")
    return set(rows.values_list("code", flat=True))


def views(rows: Iterable[TemplateRow]) -> list[MessageTemplate]:
    """Templates with their live and newest versions: one query for all."""
    rows = list(rows)
    wanted = Q()
    for row in rows:
        wanted |= Q(template_id=row.id, number__in=[n for n in (row.live, row.newest) if n is not None])
    versions = {(v.template_id, v.number): v for v in VersionRow.objects.filter(wanted)} if rows else {}

    def version(row: TemplateRow, number: int | None) -> TemplateVersion | None:
        found = versions.get((row.id, number)) if number is not None else None
        return version_of(found, row) if found else None

    return [
        MessageTemplate(
            id=row.id,
            brand_id=row.brand_id,
            code=row.code,
            name=Text.from_json(row.name),
            purpose=row.purpose,  # type: ignore[arg-type]
            archived=row.archived,
            version=version(row, row.live),
            latest=version(row, row.newest),
            created_at=row.created_at,
            updated_at=row.updated_at,
        )
        for row in rows
    ]


def version_of(row: VersionRow, template: TemplateRow) -> TemplateVersion:
    kept = contents_of(row.contents)  # JSONB keeps no order; `channels` does
    return TemplateVersion(
        template_id=row.template_id,
        brand_id=row.brand_id,
        code=template.code,
        number=row.number,
        state=row.state,  # type: ignore[arg-type]
        origin=row.origin,  # type: ignore[arg-type]
        purpose=template.purpose,  # type: ignore[arg-type]
        contents={channel: kept[channel] for channel in row.channels if channel in kept},
        channels=tuple(row.channels),
        links=row.links,
        samples=row.samples,
        made_by=row.made_by,
        made_at=row.made_at,
        submitted_by=row.submitted_by,
        submitted_at=row.submitted_at,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        note=row.note,
    )


def contents_of(kept: Mapping[str, Any]) -> dict[str, dict[str, Content]]:
    return {
        channel: {
            language: Content(**{**one, "data": tuple((k, v) for k, v in one.get("data", ()))})
            for language, one in by_language.items()
        }
        for channel, by_language in kept.items()
    }


def contents_json(contents: Mapping[str, Mapping[str, Content]]) -> dict[str, Any]:
    """Only what is filled in."""
    return {
        channel: {
            language: {
                field: [list(pair) for pair in value] if field == "data" else value
                for field in ("subject", "body", "html", "url", "sign", "template", "data")
                if (value := getattr(one, field))
            }
            for language, one in by_language.items()
        }
        for channel, by_language in contents.items()
    }
