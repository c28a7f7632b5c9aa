"""Which part of a split a member is in: the same each time for the same salt, whatever the segment's size."""

from __future__ import annotations

from hashlib import md5
from uuid import UUID

MOST_PARTS = 26


def part_of(member_id: UUID, *, salt: str, parts: int) -> int:
    """0 … parts − 1. `store.keeping.SPLIT` says the same in SQL. MD5 because both sides have it; it keeps no secret."""
    digest = md5(f"{salt}:{member_id}".encode(), usedforsecurity=False).hexdigest()
    return int(digest[:7], 16) % parts
