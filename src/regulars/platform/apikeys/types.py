"""API keys as the rest of the program sees them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

# Managing people and keys is left to people.
NOT_FOR_KEYS = frozenset({"staff.manage", "apikeys.manage", "payments.manage"})


@dataclass(frozen=True, slots=True)
class ApiKey:
    """`prefix` is the part people may see and quote; the rest of the key is known to its holder only."""

    id: UUID
    organisation_id: UUID
    brand_id: UUID
    name: str
    prefix: str
    permissions: frozenset[str]
    is_test: bool
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None

    def is_good(self, now: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made, with its token, which is shown this once."""

    key: ApiKey
    token: str
