"""Writing down what is asked for: once by member and key, with one statement for thousands."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from regulars.kit.ids import new_ids
from regulars.kit.sql import plain_array, text_array, time_array
from regulars.messaging.types import Ask

SHARDS = 8
BATCH = 5000


def shard_of(member_id: UUID) -> int:
    return member_id.int % SHARDS


def insert(cursor: Any, *, brand_id: UUID, asks: Sequence[Ask], now: datetime) -> int:
    """Those that nobody has asked for; gives how many. In the order of members and keys, so that two askers wait for
    each other and never in a circle."""
    rows = sorted(asks, key=lambda one: (one.member_id, one.key))
    new = 0
    for start in range(0, len(rows), BATCH):
        new += _insert(cursor, brand_id, rows[start : start + BATCH], now)
    return new


def _insert(cursor: Any, brand_id: UUID, rows: Sequence[Ask], now: datetime) -> int:
    cursor.execute(
        """
        INSERT INTO send (member_id, id, brand_id, shard, key, source, origin, purpose, template, channels, input,
                          priority, state, created_at, expires_at, next_run_at)
        SELECT v.member_id, v.id, %s, v.shard, v.key, v.source, v.origin, v.purpose, v.template, v.channels::text[],
               v.input::jsonb, v.priority, 'queued', %s, v.expires_at, greatest(%s, v.not_before)
          FROM unnest(%s::uuid[], %s::uuid[], %s::smallint[], %s::text[], %s::text[], %s::text[], %s::text[],
                      %s::text[], %s::text[], %s::text[], %s::smallint[], %s::timestamptz[], %s::timestamptz[])
               AS v(member_id, id, shard, key, source, origin, purpose, template, channels, input, priority,
                    expires_at, not_before)
        ON CONFLICT (member_id, brand_id, key) DO NOTHING
        """,
        [
            brand_id,
            now,
            now,
            plain_array(one.member_id for one in rows),
            plain_array(new_ids(len(rows))),
            plain_array(shard_of(one.member_id) for one in rows),
            text_array(one.key for one in rows),
            text_array(one.source for one in rows),
            text_array(one.origin for one in rows),
            text_array(one.purpose for one in rows),
            text_array(one.template for one in rows),
            text_array(text_array(one.channels) for one in rows),
            text_array(_inputs(rows)),
            plain_array(one.priority for one in rows),
            time_array(one.expires_at for one in rows),
            time_array(one.not_before for one in rows),
        ],
    )
    return int(cursor.rowcount)


def _inputs(rows: Sequence[Ask]) -> list[str]:
    """Values as JSON; those that many share are put into words once."""
    known = {id(one.values): one.values for one in rows}
    said = {key: json.dumps(dict(each), ensure_ascii=False) for key, each in known.items()}
    return [said[id(one.values)] for one in rows]
