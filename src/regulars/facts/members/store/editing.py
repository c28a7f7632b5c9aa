"""Writes on members that exist; the membership's row lock orders them with posting."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from regulars.facts.members.store.personal import PROFILE_FIELDS, seal
from regulars.kit.sql import plain_array


def lock(cursor: Any, *, brand_id: UUID, member_id: UUID) -> bool:
    """Lock one membership until the transaction ends; False if there is none."""
    cursor.execute(
        "SELECT 1 FROM membership WHERE member_id = %s AND brand_id = %s FOR NO KEY UPDATE",
        [member_id, brand_id],
    )
    return cursor.fetchone() is not None


def save_membership(
    cursor: Any, *, brand_id: UUID, member_id: UUID, language: str, status: str, attributes: Mapping[str, Any]
) -> None:
    cursor.execute(
        """UPDATE membership SET language = %s, status = %s, attributes = %s::jsonb
            WHERE member_id = %s AND brand_id = %s""",
        [language, status, json.dumps(attributes, ensure_ascii=False), member_id, brand_id],
    )


def save_profile(
    cursor: Any,
    *,
    organisation_id: UUID,
    member_id: UUID,
    values: Mapping[str, str],
    birthday_set_at: datetime | None,
    now: datetime,
) -> None:
    sealed = [seal(member_id, field, values[field]) for field in PROFILE_FIELDS]
    cursor.execute(
        """INSERT INTO profile (member_id, organisation_id, name, gender, birthday, address, birthday_set_at,
                                updated_at)
           VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
           ON CONFLICT (member_id) DO UPDATE
              SET name = excluded.name, gender = excluded.gender, birthday = excluded.birthday,
                  address = excluded.address, birthday_set_at = excluded.birthday_set_at,
                  updated_at = excluded.updated_at""",
        [member_id, organisation_id, *sealed, birthday_set_at, now],
    )


def save_tokens(cursor: Any, *, organisation_id: UUID, member_id: UUID, tokens: Sequence[int]) -> None:
    cursor.execute(
        """INSERT INTO search_token (member_id, organisation_id, tokens) VALUES (%s, %s, %s::bigint[])
           ON CONFLICT (member_id) DO UPDATE SET tokens = excluded.tokens""",
        [member_id, organisation_id, plain_array(tokens)],
    )


def remove_identity(cursor: Any, *, organisation_id: UUID, member_id: UUID, identity_id: UUID) -> None:
    cursor.execute("DELETE FROM identity WHERE member_id = %s AND key_hash = %s", [member_id, identity_id])
    cursor.execute(
        "DELETE FROM identity_key WHERE key_hash = %s AND member_id = %s AND organisation_id = %s",
        [identity_id, member_id, organisation_id],
    )


def verify_identity(cursor: Any, *, member_id: UUID, identity_id: UUID, now: datetime) -> None:
    cursor.execute(
        "UPDATE identity SET verified_at = COALESCE(verified_at, %s) WHERE member_id = %s AND key_hash = %s",
        [now, member_id, identity_id],
    )


def lock_tags(cursor: Any, *, brand_id: UUID, member_ids: Iterable[UUID]) -> dict[UUID, list[str]]:
    """Lock memberships in key order; member → her tags now."""
    cursor.execute(
        """SELECT member_id, tags FROM membership WHERE member_id = ANY(%s::uuid[]) AND brand_id = %s
            ORDER BY member_id FOR NO KEY UPDATE""",
        [plain_array(member_ids), brand_id],
    )
    return dict(cursor.fetchall())
