"""Members signing in: by a one-time code that proves an address, then by a session bound to one brand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

Purpose = Literal["sign_in", "add_identity"]


@dataclass(frozen=True, slots=True)
class Address:
    """What a code is sent to: the keyed hash of the identifier, in the brand it was asked for and a purpose.

    `owner` is the member who adds the address to her own, and empty for signing in.
    """

    brand_id: UUID
    hash: UUID
    purpose: Purpose
    owner: UUID | None = None


@dataclass(frozen=True, slots=True)
class MemberSession:
    """A signed-in member of one brand."""

    member_id: UUID
    brand_id: UUID
    organisation_id: UUID
    created_at: datetime
    expires_at: datetime
