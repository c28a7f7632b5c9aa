"""Where members can be reached: their addresses and what a message calls them by, for thousands at once.

For rooms that write to members; nothing of it is for people's eyes, so no permission is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db import connection

from regulars.facts.members.store import reading
from regulars.facts.members.store.personal import unseal, unseal_identity
from regulars.facts.members.types import Address, MemberBrief
from regulars.kit.sql import plain_array, text_array


def reach(*, brand_id: UUID, member_ids: Iterable[UUID]) -> dict[UUID, MemberBrief]:
    """Members of a brand whose membership is active, in few words. One query; no personal data."""
    with connection.cursor() as cursor:
        rows = reading.briefs(cursor, brand_id=brand_id, member_ids=member_ids, active=True)
    return {row[0]: MemberBrief(*row[1:]) for row in rows}


def addresses_of(*, member_ids: Iterable[UUID], types: Sequence[str]) -> dict[tuple[UUID, str], Address]:
    """Member and identity type → her address of that type; of several the one she verified, then the newest."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT DISTINCT ON (member_id, type) member_id, type, key_hash, masked, value FROM identity
                WHERE member_id = ANY(%s::uuid[]) AND type = ANY(%s::text[])
                ORDER BY member_id, type, verified_at IS NULL, created_at DESC, key_hash""",
            [plain_array(member_ids), text_array(types)],
        )
        return {
            (row[0], row[1]): Address(row[0], row[1], row[2], row[3], bytes(row[4]))
            for row in cursor.fetchall()
        }


def open_address(*, address: Address) -> str:
    """The address in clear: only on its way to a provider."""
    return unseal_identity(address.member_id, address.type, address.sealed)


def plain_names_of(*, member_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Members' names in clear, for messages to themselves; those without one are left out."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT member_id, name FROM profile WHERE member_id = ANY(%s::uuid[]) AND name IS NOT NULL",
            [plain_array(member_ids)],
        )
        return {member_id: unseal(member_id, "name", sealed) for member_id, sealed in cursor.fetchall()}
