"""Every query of draws."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from regulars.engage.missions.policy.draws import of_json
from regulars.engage.missions.types.draws import ChanceGrant, Draw, DrawDefinition, Play, Seat, Seed
from regulars.kit.ids import digest
from regulars.kit.sql import plain_array, text_array

SLOTS = "draw_slot"
_DRAW = "key, state, definition, live, revision, updated_at"
_PLAY = """member_id, id, key, version, seed, client_seed, nonce, number, drawn, prize, why, paid_by, cost, refused,
           day, drawn_at"""


def draws(
    cursor: Any, *, brand_id: UUID, keys: Iterable[str] | None = None, lock: bool = False
) -> dict[str, Draw]:
    cursor.execute(
        f"""SELECT {_DRAW} FROM draw WHERE brand_id = %s AND (%s OR key = ANY(%s::text[])) ORDER BY key
            {"FOR UPDATE" if lock else ""}""",
        [brand_id, keys is None, text_array(keys or ())],
    )
    return {r[0]: Draw(r[0], r[1], of_json(_plain(r[2])), *r[3:]) for r in cursor.fetchall()}


def put(cursor: Any, *, brand_id: UUID, draw: Draw, now: datetime) -> None:
    cursor.execute(
        """INSERT INTO draw (brand_id, key, state, definition, live, revision, created_at, updated_at)
           VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
           ON CONFLICT (brand_id, key) DO UPDATE
              SET state = excluded.state, definition = excluded.definition, live = excluded.live,
                  revision = excluded.revision, updated_at = excluded.updated_at""",
        [
            brand_id, draw.key, draw.state, json.dumps(draw.definition.to_json()), draw.live, draw.revision, now, now,
        ],
    )  # fmt: skip


def add_version(
    cursor: Any, *, brand_id: UUID, definition: DrawDefinition, number: int, actor: str, now: datetime
) -> None:
    cursor.execute(
        """INSERT INTO draw_version (brand_id, draw, number, definition, actor, published_at)
           VALUES (%s, %s, %s, %s, %s, %s)""",
        [brand_id, definition.key, number, json.dumps(definition.to_json()), actor, now],
    )


def versions(cursor: Any, *, brand_id: UUID, draw: str) -> dict[int, tuple[DrawDefinition, datetime]]:
    """The published odds by version."""
    cursor.execute(
        """SELECT number, definition, published_at FROM draw_version WHERE brand_id = %s AND draw = %s
            ORDER BY number""",
        [brand_id, draw],
    )
    return {number: (of_json(_plain(made)), at) for number, made, at in cursor.fetchall()}


def version(cursor: Any, *, brand_id: UUID, draw: str, number: int) -> DrawDefinition | None:
    cursor.execute(
        "SELECT definition FROM draw_version WHERE brand_id = %s AND draw = %s AND number = %s",
        [brand_id, draw, number],
    )
    row = cursor.fetchone()
    return of_json(_plain(row[0])) if row else None


def seeds(cursor: Any, *, brand_id: UUID, draw: str) -> list[tuple[Seed, bytes]]:
    """Seeds with their sealed texts, newest first."""
    cursor.execute(
        """SELECT number, hash, state, published_at, used_from, revealed_at, sealed FROM draw_seed
            WHERE brand_id = %s AND draw = %s ORDER BY number DESC""",
        [brand_id, draw],
    )
    return [(Seed(*row[:6]), bytes(row[6])) for row in cursor.fetchall()]


def current_seed(cursor: Any, *, brand_id: UUID, draw: str) -> tuple[Seed, bytes] | None:
    """The seed in use, which stays in use until the caller's transaction ends."""
    cursor.execute(
        """SELECT number, hash, state, published_at, used_from, revealed_at, sealed FROM draw_seed
            WHERE brand_id = %s AND draw = %s AND state = 'current' FOR SHARE""",
        [brand_id, draw],
    )
    row = cursor.fetchone()
    return (Seed(*row[:6]), bytes(row[6])) if row else None


def add_seed(
    cursor: Any,
    *,
    brand_id: UUID,
    draw: str,
    number: int,
    sealed: bytes,
    hash_: str,
    state: str,
    now: datetime,
) -> None:
    cursor.execute(
        """INSERT INTO draw_seed (brand_id, draw, number, sealed, hash, state, published_at, used_from)
           VALUES (%s, %s, %s, %s, %s, %s, %s, %s)""",
        [brand_id, draw, number, sealed, hash_, state, now, now if state == "current" else None],
    )


def reveal(cursor: Any, *, brand_id: UUID, draw: str, now: datetime) -> int | None:
    """Reveal the seed in use and take the next one; gives the number of the one revealed."""
    cursor.execute(
        """UPDATE draw_seed SET state = 'revealed', revealed_at = %s
            WHERE brand_id = %s AND draw = %s AND state = 'current' RETURNING number""",
        [now, brand_id, draw],
    )
    row = cursor.fetchone()
    cursor.execute(
        "UPDATE draw_seed SET state = 'current', used_from = %s WHERE brand_id = %s AND draw = %s AND state = 'next'",
        [now, brand_id, draw],
    )
    return int(row[0]) if row else None


def seat(cursor: Any, *, brand_id: UUID, member_id: UUID, draw: str) -> Seat | None:
    cursor.execute(
        """SELECT client_seed, nonce, misses, plays FROM draw_seat
            WHERE member_id = %s AND brand_id = %s AND draw = %s""",
        [member_id, brand_id, draw],
    )
    row = cursor.fetchone()
    return Seat(*row) if row else None


def put_seat(cursor: Any, *, brand_id: UUID, member_id: UUID, draw: str, seat: Seat) -> None:
    cursor.execute(
        """INSERT INTO draw_seat (member_id, brand_id, draw, client_seed, nonce, misses, plays)
           VALUES (%s, %s, %s, %s, %s, %s, %s)
           ON CONFLICT (member_id, brand_id, draw) DO UPDATE
              SET client_seed = excluded.client_seed, nonce = excluded.nonce, misses = excluded.misses,
                  plays = excluded.plays""",
        [member_id, brand_id, draw, seat.client_seed, seat.nonce, seat.misses, seat.plays],
    )


def add_chances(cursor: Any, *, brand_id: UUID, grants: Sequence[ChanceGrant], now: datetime) -> int:
    if not grants:
        return 0
    cursor.execute(
        """INSERT INTO draw_chance (member_id, brand_id, draw, key, source, count, granted_at)
           SELECT v.member_id, %s, v.draw, v.key, v.source, v.count, %s
             FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::int[])
                  AS v(member_id, draw, key, source, count)
           ON CONFLICT DO NOTHING""",
        [
            brand_id, now, plain_array(g.member_id for g in grants), text_array(g.draw for g in grants),
            text_array(g.key for g in grants), text_array(g.source for g in grants),
            plain_array(g.count for g in grants),
        ],
    )  # fmt: skip
    return int(cursor.rowcount)


def end_chances(cursor: Any, *, brand_id: UUID, grants: Sequence[tuple[UUID, str]]) -> int:
    """Take what is left of chances by (member, key)."""
    if not grants:
        return 0
    cursor.execute(
        """UPDATE draw_chance c SET count = c.used FROM unnest(%s::uuid[], %s::text[]) AS v(member_id, key)
            WHERE c.member_id = v.member_id AND c.brand_id = %s AND c.key = v.key AND c.used < c.count""",
        [plain_array(m for m, _ in grants), text_array(k for _, k in grants), brand_id],
    )
    return int(cursor.rowcount)


def chances(cursor: Any, *, brand_id: UUID, member_id: UUID) -> dict[str, int]:
    """Chances that a member has left, by draw."""
    cursor.execute(
        """SELECT draw, sum(count - used)::int FROM draw_chance
            WHERE member_id = %s AND brand_id = %s AND used < count GROUP BY draw""",
        [member_id, brand_id],
    )
    return dict(cursor.fetchall())


def use_chance(cursor: Any, *, brand_id: UUID, member_id: UUID, draw: str) -> bool:
    """Use the oldest chance, if there is one."""
    cursor.execute(
        """UPDATE draw_chance c SET used = used + 1
            WHERE c.member_id = %s AND c.brand_id = %s AND c.draw = %s
              AND c.key = (SELECT key FROM draw_chance
                            WHERE member_id = %s AND brand_id = %s AND draw = %s AND used < count
                            ORDER BY granted_at, key LIMIT 1)""",
        [member_id, brand_id, draw, member_id, brand_id, draw],
    )
    return bool(cursor.rowcount)


def plays_today(cursor: Any, *, brand_id: UUID, member_id: UUID, draw: str, day: date) -> tuple[int, int]:
    """All draws of a business day, and the free ones among them."""
    cursor.execute(
        """SELECT count(*), count(*) FILTER (WHERE paid_by = 'free') FROM draw_play
            WHERE member_id = %s AND brand_id = %s AND draw = %s AND day = %s""",
        [member_id, brand_id, draw, day],
    )
    row = cursor.fetchone()
    return int(row[0]), int(row[1])


def add_play(cursor: Any, *, brand_id: UUID, draw: str, play: Play) -> None:
    cursor.execute(
        f"""INSERT INTO draw_play (brand_id, draw, {_PLAY})
            VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)""",
        [
            brand_id, draw, play.member_id, play.id, play.key, play.version, play.seed, play.client_seed, play.nonce,
            play.number, play.drawn, play.prize, play.why, play.paid_by, play.cost, play.refused, play.day,
            play.drawn_at,
        ],
    )  # fmt: skip


def play_by_key(cursor: Any, *, brand_id: UUID, member_id: UUID, draw: str, key: str) -> Play | None:
    cursor.execute(
        f"SELECT {_PLAY} FROM draw_play WHERE member_id = %s AND brand_id = %s AND draw = %s AND key = %s",
        [member_id, brand_id, draw, key],
    )
    row = cursor.fetchone()
    return Play(*row) if row else None


def log(
    cursor: Any,
    *,
    brand_id: UUID,
    draw: str,
    member_id: UUID | None = None,
    seed: int | None = None,
    before: UUID | None = None,
    limit: int = 100,
) -> list[Play]:
    """Draws, newest first."""
    cursor.execute(
        f"""SELECT {_PLAY} FROM draw_play
             WHERE brand_id = %s AND draw = %s AND (%s::uuid IS NULL OR member_id = %s::uuid)
               AND (%s::int IS NULL OR seed = %s::int) AND (%s::uuid IS NULL OR id < %s::uuid)
             ORDER BY id DESC LIMIT %s""",
        [brand_id, draw, member_id, member_id, seed, seed, before, before, limit],
    )
    return [Play(*row) for row in cursor.fetchall()]


def tally(cursor: Any, *, brand_id: UUID, draw: str) -> list[tuple[str, str, int]]:
    """How often each prize was given and why."""
    cursor.execute(
        """SELECT prize, why, count(*) FROM draw_play WHERE brand_id = %s AND draw = %s GROUP BY prize, why""",
        [brand_id, draw],
    )
    return list(cursor.fetchall())


def drawn(cursor: Any, *, brand_id: UUID, draw: str) -> dict[str, int]:
    """How often the number said each prize, whatever was given."""
    cursor.execute(
        "SELECT drawn, count(*) FROM draw_play WHERE brand_id = %s AND draw = %s GROUP BY drawn",
        [brand_id, draw],
    )
    return dict(cursor.fetchall())


def totals(cursor: Any, *, brand_id: UUID, draw: str) -> tuple[int, int, int]:
    """Draws, members who drew, and what they paid."""
    cursor.execute(
        """SELECT count(*), count(DISTINCT member_id), coalesce(sum(cost), 0)::bigint FROM draw_play
            WHERE brand_id = %s AND draw = %s""",
        [brand_id, draw],
    )
    row = cursor.fetchone()
    return int(row[0]), int(row[1]), int(row[2])


def counter_of(brand_id: UUID, draw: str, prize: str) -> UUID:
    """The counter of a prize's stock."""
    return digest("draw", brand_id.hex, draw, prize)


def _plain(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value
