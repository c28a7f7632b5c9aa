"""The directory of identifiers: who holds which, claims on new ones, and references resolved in bulk."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from regulars.kit.sql import plain_array, text_array


@dataclass(frozen=True, slots=True)
class Claim:
    key_hash: UUID
    member_id: UUID
    type: str


@dataclass(frozen=True, slots=True)
class NewIdentity:
    """An identity ready to be kept: sealed, masked, claimed."""

    member_id: UUID
    key_hash: UUID
    type: str
    value: bytes
    masked: str
    verified: bool


# The driver's planner sees arrays of unknown length; the directory is always read by its key.
_RESOLVE = """
    SELECT r.n, m.member_id, m.status
      FROM unnest(%s::int[], %s::uuid[], %s::uuid[]) AS r(n, id, key_hash)
      LEFT JOIN identity_key k ON k.key_hash = r.key_hash AND k.organisation_id = %s
      JOIN membership m ON m.member_id = COALESCE(r.id, k.member_id) AND m.brand_id = %s
"""


def resolve(
    cursor: Any,
    *,
    organisation_id: UUID,
    brand_id: UUID,
    ids: Sequence[UUID | None],
    keys: Sequence[UUID | None],
) -> dict[int, tuple[UUID, str]]:
    """Position → (member, status of her membership in the brand), for the references that lead to one."""
    cursor.execute(
        _RESOLVE,
        [plain_array(range(len(ids))), plain_array(ids), plain_array(keys), organisation_id, brand_id],
    )
    return {n: (member_id, status) for n, member_id, status in cursor.fetchall()}


def holders(cursor: Any, *, organisation_id: UUID, keys: Iterable[UUID]) -> dict[UUID, UUID]:
    """Key → member who holds it, for the keys that are held."""
    cursor.execute(
        "SELECT key_hash, member_id FROM identity_key WHERE key_hash = ANY(%s::uuid[]) AND organisation_id = %s",
        [plain_array(keys), organisation_id],
    )
    return dict(cursor.fetchall())


def claim(cursor: Any, *, organisation_id: UUID, claims: Iterable[Claim]) -> set[UUID]:
    """Claim keys in key order, waiting for transactions that claim the same; gives those won."""
    ordered = sorted(claims, key=lambda c: c.key_hash)
    if not ordered:
        return set()
    cursor.execute(
        """INSERT INTO identity_key (key_hash, organisation_id, member_id, type)
           SELECT v.key_hash, %s, v.member_id, v.type
             FROM unnest(%s::uuid[], %s::uuid[], %s::text[]) AS v(key_hash, member_id, type)
           ON CONFLICT (key_hash) DO NOTHING
           RETURNING key_hash""",
        [
            organisation_id,
            plain_array(c.key_hash for c in ordered),
            plain_array(c.member_id for c in ordered),
            text_array(c.type for c in ordered),
        ],
    )
    return {row[0] for row in cursor.fetchall()}


def release(cursor: Any, *, organisation_id: UUID, keys: Iterable[UUID]) -> None:
    cursor.execute(
        "DELETE FROM identity_key WHERE key_hash = ANY(%s::uuid[]) AND organisation_id = %s",
        [plain_array(keys), organisation_id],
    )


def insert_identities(cursor: Any, *, organisation_id: UUID, rows: Sequence[NewIdentity], now: Any) -> None:
    if not rows:
        return
    cursor.execute(
        """INSERT INTO identity (member_id, key_hash, organisation_id, type, value, masked, verified_at, created_at)
           SELECT v.member_id, v.key_hash, %s, v.type, v.value, v.masked, CASE WHEN v.verified THEN %s END, %s
             FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::bytea[], %s::text[], %s::boolean[])
                  AS v(member_id, key_hash, type, value, masked, verified)
           ON CONFLICT (member_id, key_hash) DO NOTHING""",
        [
            organisation_id,
            now,
            now,
            plain_array(r.member_id for r in rows),
            plain_array(r.key_hash for r in rows),
            text_array(r.type for r in rows),
            bytes_array(r.value for r in rows),
            text_array(r.masked for r in rows),
            plain_array("t" if r.verified else "f" for r in rows),
        ],
    )


def bytes_array(values: Iterable[bytes | None]) -> str:
    """An array literal of bytea; None is NULL."""
    return "{" + ",".join("NULL" if v is None else f'"\\\\x{v.hex()}"' for v in values) + "}"
