"""The audit log: who changed what, before and after."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest, HttpResponseBase
from ninja import Query, Router, Schema
from pydantic import Field

from regulars.facts.members import api as members
from regulars.kit import clock
from regulars.kit.paging import Page
from regulars.kit.periods import start_of_day
from regulars.kit.text import Text
from regulars.platform.audit import api as audit
from regulars.platform.audit.types import AuditEntry
from regulars.platform.organisations.types import Scope
from regulars.platform.staff import api as staff
from regulars.surfaces.access import language, scope_of
from regulars.surfaces.bodies import Day
from regulars.surfaces.console import audit_words
from regulars.surfaces.console.asking import PAGE, Cursor, Limit, brand_of, needs
from regulars.surfaces.console.naming import Naming
from regulars.surfaces.console.shapes.settings import AuditOut
from regulars.surfaces.console.shapes.shared import PageOut
from regulars.surfaces.console.sheets import Format, portions, sheet

router = Router(tags=["Audit"])
_COLUMNS = (
    Text("时间", "Time"), Text("操作人类型", "Kind"), Text("操作人", "Who"), Text("动作", "Action"),
    Text("动作名称", "Action in words"), Text("对象类型", "Subject type"), Text("对象", "Subject"),
    Text("改前", "Before"), Text("改后", "After"), Text("来源地址", "Address"), Text("请求号", "Request"),
)  # fmt: skip


class FilterIn(Schema):
    """`action` may end in `.` for everything done to a kind of thing; `subject` is an id or a member's code."""

    action: Annotated[str | None, Field(max_length=64)] = None
    subject: Annotated[str | None, Field(max_length=64)] = None
    since: Day | None = None
    until: Day | None = None


@router.get("/audit", response=PageOut[AuditOut], **needs("audit.read"))
def list_audit(
    request: HttpRequest, given: Query[FilterIn], cursor: Cursor = None, limit: Limit = PAGE
) -> Any:
    """Newest first; the brand's own entries and those of the whole organisation."""
    scope = scope_of(request)
    naming = Naming(scope, language(request), clock.now())
    page = _page(scope, given, cursor, limit)
    return PageOut[AuditOut](items=_rows(naming, page.items), next_cursor=page.next_cursor)


@router.get("/audit/export", include_in_schema=False, **needs("audit.read"))
def export_audit(request: HttpRequest, given: Query[FilterIn], format: Format = "csv") -> HttpResponseBase:
    """The log as a file, with the same filters."""
    scope, now = scope_of(request), clock.now()
    naming = Naming(scope, language(request), now)

    def rows() -> Iterator[list[Any]]:
        for portion in portions(lambda cursor, limit: _page(scope, given, cursor, limit)):
            for row in _rows(naming, portion):
                yield [
                    row.at, row.actor_kind, row.actor, row.action, row.action_name, row.subject_type,
                    row.subject_id, json.dumps(row.before, ensure_ascii=False),
                    json.dumps(row.after, ensure_ascii=False), row.ip, row.request_id,
                ]  # fmt: skip

    return sheet(
        name=f"audit-{naming.brand.slug}-{now:%Y%m%d}",
        header=[naming.say(text) for text in _COLUMNS],
        rows=rows(),
        format_=format,
        timezone=naming.brand.timezone,
    )


def _page(scope: Scope, given: FilterIn, cursor: str | None, limit: int) -> Page[AuditEntry]:
    timezone = brand_of(scope).timezone

    def start(day: date | None, days: int = 0) -> datetime | None:
        return start_of_day(day + timedelta(days=days), timezone) if day else None

    return audit.list_entries(
        organisation_id=scope.organisation_id,
        brand_id=scope.brand_id,
        action=given.action,
        subject_id=given.subject,
        since=start(given.since),
        until=start(given.until, 1),
        cursor=cursor,
        limit=limit,
    )


def _rows(naming: Naming, found: Sequence[AuditEntry]) -> list[AuditOut]:
    """People see codes: a member's id is shown as her code, a colleague's as her address."""
    ids = {UUID(one.subject_id) for one in found if one.subject_type == "member" and _is_uuid(one.subject_id)}
    codes = (
        {id_: code for id_, (code, _) in members.names_of(scope=naming.scope, member_ids=ids).items()}
        if ids
        else {}
    )
    if any(one.subject_type == "staff" for one in found):
        codes |= {one.id: one.email for one in staff.list_staff(organisation_id=naming.scope.organisation_id)}
    return [
        AuditOut(
            id=str(one.id),
            at=one.at,
            actor_kind=one.actor_kind,
            actor=one.actor_label,
            action=one.action,
            action_name=naming.say(audit_words.action(one.action)),
            subject_type=one.subject_type,
            subject_id=codes[UUID(one.subject_id)]
            if _is_uuid(one.subject_id) and UUID(one.subject_id) in codes
            else one.subject_id,
            before=one.before,
            after=one.after,
            ip=one.ip,
            request_id=one.request_id,
        )
        for one in found
    ]


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
