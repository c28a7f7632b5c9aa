"""The hot path's read and write of memberships: load and lock the states of many members, save them, set-based."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from regulars.facts.members.store.personal import unseal
from regulars.kit.asks import Ask
from regulars.kit.sql import plain_array, text_array, time_array
from regulars.kit.text import Language


class MembershipRow(Struct):
    """A locked membership, as posting reads and writes it. Plain values; `progress` is decoded JSON."""

    member_id: UUID
    code: str
    status: str
    joined_at: datetime
    language: str
    channel: str
    store_id: UUID | None
    tags: list[str]
    attributes: dict[str, Any]
    tier: str
    due_at: datetime | None
    orders: int
    spend: int
    refunds: int
    visits: int
    first_order_at: datetime | None
    last_order_at: datetime | None
    last_at: datetime | None
    waiting: int
    progress: str


@dataclass(frozen=True, slots=True)
class PersonalFacts:
    """What conditions may ask of the person: decrypted for the decision alone."""

    birthday: date | None
    gender: str | None


_LOAD = """
    SELECT member_id, code, status, joined_at, language, channel, store_id, tags, attributes::text, tier, due_at,
           orders, spend, refunds, visits, first_order_at, last_order_at, last_at, waiting, progress::text
      FROM membership
     WHERE brand_id = %s AND member_id = ANY(%s::uuid[])
     ORDER BY member_id
       FOR NO KEY UPDATE
"""

_SAVE = """
    UPDATE membership AS m
       SET orders = v.orders, spend = v.spend, refunds = v.refunds, visits = v.visits,
           first_order_at = v.first_order_at, last_order_at = v.last_order_at, last_at = v.last_at,
           waiting = v.waiting, progress = v.progress
      FROM unnest(%s::uuid[], %s::int[], %s::bigint[], %s::int[], %s::int[], %s::timestamptz[], %s::timestamptz[],
                  %s::timestamptz[], %s::int[], %s::jsonb[])
           AS v(member_id, orders, spend, refunds, visits, first_order_at, last_order_at, last_at, waiting, progress)
     WHERE m.brand_id = %s AND m.member_id = v.member_id
"""

_SAVE_TIERS = """
    UPDATE membership AS m
       SET tier = v.tier, due_at = v.due_at
      FROM unnest(%s::uuid[], %s::text[], %s::timestamptz[]) AS v(member_id, tier, due_at)
     WHERE m.brand_id = %s AND m.member_id = v.member_id
"""

_SAVE_TAGS = """
    UPDATE membership AS m
       SET tags = ARRAY(SELECT jsonb_array_elements_text(v.tags))
      FROM unnest(%s::uuid[], %s::jsonb[]) AS v(member_id, tags)
     WHERE m.brand_id = %s AND m.member_id = v.member_id
"""


def read(cursor: Any, *, brand_id: UUID, member_id: UUID) -> MembershipRow | None:
    """One membership without a lock, for questions that write nothing."""
    return _rows(cursor, _LOAD.replace("FOR NO KEY UPDATE", ""), brand_id, [member_id]).get(member_id)


_ASK = """
    SELECT json_agg(json_build_array(
               member_id, code, status, joined_at, language, channel, store_id, tags, attributes, tier, due_at, orders,
               spend, refunds, visits, first_order_at, last_order_at, last_at, waiting, progress))::text
      FROM membership WHERE brand_id = %s AND member_id = ANY(%s::uuid[])
"""
_ASK_PERSONAL = """
    SELECT json_agg(json_build_array(member_id, encode(gender, 'hex'), encode(birthday, 'hex')))::text
      FROM profile WHERE member_id = ANY(%s::uuid[])
"""
_asked = msgspec.json.Decoder(
    list[
        tuple[
            UUID, str, str, datetime, str, str, UUID | None, list[str], dict[str, Any], str, datetime | None, int, int,
            int, int, datetime | None, datetime | None, datetime | None, int, msgspec.Raw,
        ]
    ]
)  # fmt: skip
_asked_personal = msgspec.json.Decoder(list[tuple[UUID, str | None, str | None]])


def ask(*, brand_id: UUID, member_ids: Iterable[UUID]) -> Ask[dict[UUID, MembershipRow]]:
    """`read` of many members, to be asked together with other rooms' questions."""
    return Ask(_ASK, (brand_id, plain_array(member_ids)), _read_rows)


def _read_rows(text: str | None) -> dict[UUID, MembershipRow]:
    return {
        row[0]: MembershipRow(*row[:-1], bytes(row[-1]).decode())
        for row in (_asked.decode(text) if text else ())
    }


def ask_personal(*, member_ids: Iterable[UUID]) -> Ask[dict[UUID, PersonalFacts]]:
    """What conditions may ask of the persons; members without a profile are left out."""
    return Ask(_ASK_PERSONAL, (plain_array(member_ids),), _read_personal)


def _read_personal(text: str | None) -> dict[UUID, PersonalFacts]:
    facts = {}
    for member_id, gender, birthday in _asked_personal.decode(text) if text else ():
        day = unseal(member_id, "birthday", bytes.fromhex(birthday)) if birthday else None
        facts[member_id] = PersonalFacts(
            birthday=date.fromisoformat(day) if day else None,
            gender=(unseal(member_id, "gender", bytes.fromhex(gender)) if gender else None) or None,
        )
    return facts


def lock(cursor: Any, *, brand_id: UUID, member_ids: Iterable[UUID]) -> dict[UUID, MembershipRow]:
    """Load and lock memberships in key order until the transaction ends; members without one are left out."""
    return _rows(cursor, _LOAD, brand_id, member_ids)


def _rows(cursor: Any, query: str, brand_id: UUID, member_ids: Iterable[UUID]) -> dict[UUID, MembershipRow]:
    cursor.execute(query, [brand_id, plain_array(member_ids)])
    rows = {}
    for found in cursor.fetchall():
        values = list(found)
        values[8] = {} if values[8] == "{}" else msgspec.json.decode(values[8])
        rows[values[0]] = MembershipRow(*values)
    return rows


def save(cursor: Any, *, brand_id: UUID, rows: Sequence[MembershipRow]) -> None:
    """Write counters and progress of locked memberships back."""
    if not rows:
        return
    cursor.execute(
        _SAVE,
        [
            plain_array(r.member_id for r in rows),
            plain_array(r.orders for r in rows),
            plain_array(r.spend for r in rows),
            plain_array(r.refunds for r in rows),
            plain_array(r.visits for r in rows),
            time_array(r.first_order_at for r in rows),
            time_array(r.last_order_at for r in rows),
            time_array(r.last_at for r in rows),
            plain_array(r.waiting for r in rows),
            text_array(r.progress for r in rows),
            brand_id,
        ],
    )


def save_tiers(cursor: Any, *, brand_id: UUID, rows: Sequence[MembershipRow]) -> None:
    """Write `tier` and `due_at`, for the members where they changed."""
    if rows:
        values = [
            plain_array(r.member_id for r in rows),
            text_array(r.tier for r in rows),
            time_array(r.due_at for r in rows),
        ]
        cursor.execute(_SAVE_TIERS, [*values, brand_id])


def save_tags(cursor: Any, *, brand_id: UUID, tags: Mapping[UUID, Iterable[str]]) -> None:
    if tags:
        texts = [msgspec.json.encode(sorted(t)).decode() for t in tags.values()]
        cursor.execute(_SAVE_TAGS, [plain_array(tags), text_array(texts), brand_id])


def claim(cursor: Any, *, brand_id: UUID, member_ids: Iterable[UUID]) -> list[UUID]:
    """Lock those of the members that nobody else holds right now, in key order; for due work."""
    cursor.execute(
        """SELECT member_id FROM membership WHERE brand_id = %s AND member_id = ANY(%s::uuid[])
            ORDER BY member_id FOR NO KEY UPDATE SKIP LOCKED""",
        [brand_id, plain_array(member_ids)],
    )
    return [row[0] for row in cursor.fetchall()]


def due_members(cursor: Any, *, brand_id: UUID, now: datetime, limit: int) -> list[UUID]:
    """Members whose tier judgement is due, those waiting longest first. Nothing is locked."""
    cursor.execute(
        """SELECT member_id FROM membership WHERE due_at <= %s AND brand_id = %s
            ORDER BY due_at, member_id LIMIT %s""",
        [now, brand_id, limit],
    )
    return [row[0] for row in cursor.fetchall()]


def due_standings(
    cursor: Any, *, brand_id: UUID, scheme: str, until: datetime, after: tuple[str, str] | None, limit: int
) -> list[tuple[UUID, datetime, dict[str, Any]]]:
    """Active members whose next tier judgement falls due up to `until`, soonest first, with their standing's JSON.

    Goes on after the sort key (due instant, member id) of the last row seen.
    """
    cursor.execute(
        f"""SELECT member_id, due_at, (progress->'tiers'->%s)::text FROM membership
             WHERE brand_id = %s AND due_at <= %s AND status = 'active' AND progress->'tiers' ? %s
                   {"AND (due_at, member_id) > (%s::timestamptz, %s::uuid)" if after else ""}
             ORDER BY due_at, member_id LIMIT %s""",
        [scheme, brand_id, until, scheme, *(after or ()), limit],
    )
    return [(member_id, due_at, msgspec.json.decode(text)) for member_id, due_at, text in cursor.fetchall()]


def all_standings(
    cursor: Any, *, brand_id: UUID, scheme: str, after: UUID | None, limit: int
) -> list[tuple[UUID, dict[str, Any] | None]]:
    """The next active members in the order of their ids, with their standing's JSON (None before their first act)."""
    cursor.execute(
        f"""SELECT member_id, (progress->'tiers'->%s)::text FROM membership
             WHERE brand_id = %s AND status = 'active' {"AND member_id > %s" if after else ""}
             ORDER BY member_id LIMIT %s""",
        [scheme, brand_id, *([after] if after else []), limit],
    )
    return [(id_, msgspec.json.decode(text) if text else None) for id_, text in cursor.fetchall()]


_METRIC = """
    WITH totals AS (
        SELECT m.member_id, coalesce(
                   (SELECT sum((month.value->>%(metric)s)::bigint)
                      FROM jsonb_each(m.progress->'tiers'->%(scheme)s->'m') AS month
                     WHERE month.key BETWEEN %(first)s AND %(last)s), 0) AS total
          FROM membership AS m WHERE m.brand_id = %(brand)s AND m.status = 'active')
"""


def metric_at_places(
    cursor: Any, *, brand_id: UUID, scheme: str, metric: str, first: str, last: str, places: Sequence[int]
) -> dict[int, int]:
    """A metric of the months `first` … `last` (YYYY-MM) at ranks from the top; equal members rank by their ids."""
    cursor.execute(
        _METRIC
        + """SELECT place, total::bigint
               FROM (SELECT total, row_number() OVER (ORDER BY total DESC, member_id) AS place FROM totals) AS ranked
              WHERE place = ANY(%(places)s::bigint[])""",
        {
            "brand": brand_id, "scheme": scheme, "metric": metric, "first": first, "last": last,
            "places": plain_array(places),
        },
    )  # fmt: skip
    return dict(cursor.fetchall())


def count_reaching(
    cursor: Any, *, brand_id: UUID, scheme: str, metric: str, first: str, last: str, least: Sequence[int]
) -> list[int]:
    """How many active members have at least each of these figures of a metric in the months `first` … `last`."""
    cursor.execute(
        _METRIC
        + """SELECT (SELECT count(*) FROM totals WHERE total >= v.least)
               FROM unnest(%(least)s::bigint[]) WITH ORDINALITY AS v(least, place) ORDER BY v.place""",
        {
            "brand": brand_id, "scheme": scheme, "metric": metric, "first": first, "last": last,
            "least": plain_array(least),
        },
    )  # fmt: skip
    return [row[0] for row in cursor.fetchall()]


def standings(cursor: Any, *, brand_id: UUID, member_id: UUID) -> dict[str, dict[str, Any]]:
    """The JSON of a member's tier standings by scheme, for reading; empty before her first act."""
    cursor.execute(
        "SELECT (progress->'tiers')::text FROM membership WHERE member_id = %s AND brand_id = %s",
        [member_id, brand_id],
    )
    row = cursor.fetchone()
    return msgspec.json.decode(row[0]) if row and row[0] else {}


def languages(cursor: Any, *, brand_id: UUID, member_ids: Iterable[UUID]) -> dict[UUID, Language]:
    """The language of those of these members whose membership is active."""
    cursor.execute(
        """SELECT member_id, language FROM membership
            WHERE member_id = ANY(%s::uuid[]) AND brand_id = %s AND status = 'active'""",
        [plain_array(member_ids), brand_id],
    )
    return dict(cursor.fetchall())
