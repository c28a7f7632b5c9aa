"""What happened, for those who act on it after the commit."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

NOBODY = UUID(int=0)


class Event(Struct, frozen=True):
    """One fact. `topic` is `thing.happened`; `member_id` is `NOBODY` when it is about no member.

    `payload` holds plain JSON values, and no personal data: it names the member by id.
    """

    id: UUID
    organisation_id: UUID
    brand_id: UUID
    topic: str
    payload: dict[str, Any]
    occurred_at: datetime
    recorded_at: datetime
    member_id: UUID = NOBODY


@dataclass(frozen=True, slots=True)
class ConsumerState:
    """How far a consumer is. `behind` counts the events it has not seen, up to a thousand."""

    name: str
    behind: int
    moved_at: datetime | None
    last_error: str = field(default="")
