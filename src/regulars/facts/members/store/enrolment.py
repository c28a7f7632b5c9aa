"""Rows of new members, one statement per table however many there are."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from regulars.facts.members.store.directory import bytes_array
from regulars.facts.members.store.personal import PROFILE_FIELDS, seal
from regulars.kit.sql import plain_array, text_array, time_array


@dataclass(frozen=True, slots=True)
class NewMembership:
    member_id: UUID
    code: str
    language: str
    joined_at: datetime
    channel: str
    touchpoint: str
    store_id: UUID | None
    recruiter: str
    tags: tuple[str, ...]
    attributes: Mapping[str, Any]
    tier: str


@dataclass(frozen=True, slots=True)
class NewProfile:
    """Personal data of one person in clear, sealed on the way into the table; `tokens` find her."""

    member_id: UUID
    values: Mapping[str, str]
    tokens: Sequence[int]


def memberships_of(cursor: Any, *, brand_id: UUID, member_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Member → code, for those who have a membership in the brand."""
    cursor.execute(
        "SELECT member_id, code FROM membership WHERE member_id = ANY(%s::uuid[]) AND brand_id = %s",
        [plain_array(member_ids), brand_id],
    )
    return dict(cursor.fetchall())


def insert_members(cursor: Any, *, organisation_id: UUID, member_ids: Sequence[UUID], now: datetime) -> None:
    if member_ids:
        cursor.execute(
            "INSERT INTO member (member_id, organisation_id, created_at) SELECT m, %s, %s FROM unnest(%s::uuid[]) AS m",
            [organisation_id, now, plain_array(member_ids)],
        )


def insert_memberships(
    cursor: Any, *, organisation_id: UUID, brand_id: UUID, rows: Sequence[NewMembership], now: datetime
) -> set[UUID]:
    """Insert memberships; gives the members who did not have one before."""
    if not rows:
        return set()
    ordered = sorted(rows, key=lambda r: r.member_id)
    cursor.execute(
        """INSERT INTO membership (member_id, brand_id, organisation_id, code, language, joined_at, channel,
                                   touchpoint, store_id, recruiter, tags, attributes, tier, created_at)
           SELECT v.member_id, %s, %s, v.code, v.language, v.joined_at, v.channel, v.touchpoint, v.store_id,
                  v.recruiter, ARRAY(SELECT jsonb_array_elements_text(v.tags)), v.attributes, v.tier, %s
             FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::timestamptz[], %s::text[], %s::text[], %s::uuid[],
                         %s::text[], %s::jsonb[], %s::jsonb[], %s::text[])
                  AS v(member_id, code, language, joined_at, channel, touchpoint, store_id, recruiter, tags,
                       attributes, tier)
           ON CONFLICT (member_id, brand_id) DO NOTHING
           RETURNING member_id""",
        [
            brand_id,
            organisation_id,
            now,
            plain_array(r.member_id for r in ordered),
            text_array(r.code for r in ordered),
            text_array(r.language for r in ordered),
            time_array(r.joined_at for r in ordered),
            text_array(r.channel for r in ordered),
            text_array(r.touchpoint for r in ordered),
            plain_array(r.store_id for r in ordered),
            text_array(r.recruiter for r in ordered),
            text_array(json.dumps(r.tags, ensure_ascii=False) for r in ordered),
            text_array(json.dumps(r.attributes, ensure_ascii=False) for r in ordered),
            text_array(r.tier for r in ordered),
        ],
    )
    return {row[0] for row in cursor.fetchall()}


def insert_profiles(cursor: Any, *, organisation_id: UUID, rows: Sequence[NewProfile], now: datetime) -> None:
    """Insert profiles and search tokens; of a known person only what was empty is filled."""
    if not rows:
        return
    ordered = sorted(rows, key=lambda r: r.member_id)
    sealed = [
        bytes_array(seal(r.member_id, field, r.values.get(field)) for r in ordered)
        for field in PROFILE_FIELDS
    ]
    born = plain_array("t" if r.values.get("birthday") else "f" for r in ordered)
    ids = plain_array(r.member_id for r in ordered)
    cursor.execute(
        """INSERT INTO profile AS p (member_id, organisation_id, name, gender, birthday, address, birthday_set_at,
                                     updated_at)
           SELECT v.member_id, %s, v.name, v.gender, v.birthday, v.address, CASE WHEN v.born THEN %s END, %s
             FROM unnest(%s::uuid[], %s::bytea[], %s::bytea[], %s::bytea[], %s::bytea[], %s::boolean[])
                  AS v(member_id, name, gender, birthday, address, born)
           ON CONFLICT (member_id) DO UPDATE
              SET name = COALESCE(p.name, excluded.name), gender = COALESCE(p.gender, excluded.gender),
                  birthday = COALESCE(p.birthday, excluded.birthday),
                  birthday_set_at = CASE WHEN p.birthday IS NULL THEN excluded.birthday_set_at
                                         ELSE p.birthday_set_at END,
                  address = COALESCE(p.address, excluded.address), updated_at = excluded.updated_at""",
        [organisation_id, now, now, ids, *sealed, born],
    )
    cursor.execute(
        """INSERT INTO search_token AS s (member_id, organisation_id, tokens)
           SELECT v.member_id, %s, v.tokens::bigint[]
             FROM unnest(%s::uuid[], %s::text[]) AS v(member_id, tokens)
           ON CONFLICT (member_id) DO UPDATE
              SET tokens = ARRAY(SELECT DISTINCT t FROM unnest(s.tokens || excluded.tokens) AS t ORDER BY t)""",
        [organisation_id, ids, text_array(plain_array(r.tokens) for r in ordered)],
    )
