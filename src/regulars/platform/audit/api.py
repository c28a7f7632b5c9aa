"""Door of the audit log. Entries are written in the caller's transaction: no change without its entry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from regulars.kit import paging
from regulars.kit.ids import new_id
from regulars.kit.paging import Page
from regulars.platform.audit import models, policy
from regulars.platform.audit.types import AuditEntry, Circumstances, Who

_circumstances: ContextVar[Circumstances] = ContextVar("circumstances", default=Circumstances())  # noqa: B039


def circumstances() -> Circumstances:
    """Those of the request being answered."""
    return _circumstances.get()


@contextmanager
def under(given: Circumstances) -> Iterator[None]:
    """Entries recorded inside carry this address and request id."""
    token = _circumstances.set(given)
    try:
        yield
    finally:
        _circumstances.reset(token)


def entry(
    *,
    organisation_id: UUID,
    actor: Who,
    action: str,
    subject_type: str,
    subject_id: UUID | str,
    now: datetime,
    brand_id: UUID | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> AuditEntry:
    """An entry ready for `record_many`: reduced to what changed, personal fields and secrets left out."""
    kept_before, kept_after = policy.plan_change(subject_type, before or {}, after or {})
    here = circumstances()
    return AuditEntry(
        id=new_id(),
        organisation_id=organisation_id,
        brand_id=brand_id,
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_label=actor.label,
        action=action,
        subject_type=subject_type,
        subject_id=str(subject_id),
        before=kept_before,
        after=kept_after,
        ip=here.ip,
        request_id=here.request_id,
        at=now,
    )


def record(
    *,
    organisation_id: UUID,
    actor: Who,
    action: str,
    subject_type: str,
    subject_id: UUID | str,
    now: datetime,
    brand_id: UUID | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Keep one act. `action` is `thing.verb`, e.g. `staff.create`."""
    made = entry(
        organisation_id=organisation_id,
        actor=actor,
        action=action,
        subject_type=subject_type,
        subject_id=subject_id,
        now=now,
        brand_id=brand_id,
        before=before,
        after=after,
    )
    record_many([made])


def record_many(entries: Sequence[AuditEntry]) -> None:
    """Keep many acts with one statement per thousand."""
    models.AuditRow.objects.bulk_create(
        [models.AuditRow(**{name: getattr(e, name) for name in _FIELDS}) for e in entries], batch_size=1000
    )


def list_entries(
    *,
    organisation_id: UUID,
    brand_id: UUID | None = None,
    actor_id: UUID | None = None,
    action: str | None = None,
    subject_type: str | None = None,
    subject_id: UUID | str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    cursor: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> Page[AuditEntry]:
    """Newest first. `action` may end in `.` to ask for all acts on a thing; a brand's list includes the
    organisation-wide entries; `until` is exclusive."""
    rows = models.AuditRow.objects.filter(organisation_id=organisation_id).order_by("-id")
    if brand_id is not None:
        rows = rows.filter(Q(brand_id=brand_id) | Q(brand_id=None))
    if actor_id is not None:
        rows = rows.filter(actor_id=actor_id)
    if action:
        rows = rows.filter(action__startswith=action) if action.endswith(".") else rows.filter(action=action)
    if subject_type:
        rows = rows.filter(subject_type=subject_type)
    if subject_id is not None:
        rows = rows.filter(subject_id=str(subject_id))
    if since is not None:
        rows = rows.filter(at__gte=since)
    if until is not None:
        rows = rows.filter(at__lt=until)
    after = paging.decode_id(cursor)
    if after is not None:
        rows = rows.filter(id__lt=after)
    limit = max(1, min(limit, paging.MAX_PORTION))
    found = [AuditEntry(**{name: getattr(row, name) for name in _FIELDS}) for row in rows[: limit + 1]]
    return paging.cut(found, limit, lambda e: [e.id])


_FIELDS = tuple(AuditEntry.__dataclass_fields__)
