"""An entry of the audit log and the circumstances of a request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID


class Who(Protocol):
    """Whoever acts: `organisations.types.Actor` fits."""

    @property
    def kind(self) -> str: ...
    @property
    def id(self) -> UUID | None: ...
    @property
    def label(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Circumstances:
    """Where a request came from. Set once per request by the surface; jobs have none."""

    ip: str | None = None
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what to which thing, and what changed. `before` and `after` hold only the changed keys, masked."""

    id: UUID
    organisation_id: UUID
    brand_id: UUID | None
    actor_kind: str
    actor_id: UUID | None
    actor_label: str
    action: str
    subject_type: str
    subject_id: str
    before: dict[str, Any]
    after: dict[str, Any]
    ip: str | None
    request_id: str
    at: datetime
