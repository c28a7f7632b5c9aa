"""Reads and writes of gifts and of bulk issues."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from regulars.kit.sql import plain_array
from regulars.value.coupons.types import Gift, IssueJob

_GIFT = """token_hash, definition, giver_id, coupon_id, state, message, offered_at, expires_at, taker_id, taken_id,
           ended_at, token"""
_JOB = """id, brand_id, definition, key, state, segment::text, total, seen, issued, repeated, refused::text, after,
          actor_kind, actor_id, actor_label, problem, created_at, ended_at"""


def add(cursor: Any, *, brand_id: UUID, gift: Gift) -> None:
    cursor.execute(
        """INSERT INTO coupon_gift (token_hash, token, brand_id, definition, giver_id, coupon_id, state, message,
                                    offered_at, expires_at)
           VALUES (%s, %s, %s, %s, %s, %s, 'offered', %s, %s, %s)""",
        [
            gift.token_hash, gift.token, brand_id, gift.definition, gift.giver_id, gift.coupon_id, gift.message,
            gift.offered_at, gift.expires_at,
        ],
    )  # fmt: skip


def find(cursor: Any, *, brand_id: UUID, token_hash: UUID, locked: bool = False) -> Gift | None:
    cursor.execute(
        f"""SELECT {_GIFT} FROM coupon_gift WHERE token_hash = %s AND brand_id = %s
             {"FOR NO KEY UPDATE" if locked else ""}""",
        [token_hash, brand_id],
    )
    row = cursor.fetchone()
    return Gift(*row) if row else None


def find_many(cursor: Any, *, brand_id: UUID, hashes: Iterable[UUID]) -> dict[UUID, Gift]:
    cursor.execute(
        f"SELECT {_GIFT} FROM coupon_gift WHERE token_hash = ANY(%s::uuid[]) AND brand_id = %s",
        [plain_array(hashes), brand_id],
    )
    return {row[0]: Gift(*row) for row in cursor.fetchall()}


def end(
    cursor: Any,
    *,
    token_hash: UUID,
    state: str,
    now: datetime,
    taker_id: UUID | None = None,
    taken_id: UUID | None = None,
) -> None:
    cursor.execute(
        """UPDATE coupon_gift SET state = %s, ended_at = %s, taker_id = %s, taken_id = %s
            WHERE token_hash = %s AND state = 'offered'""",
        [state, now, taker_id, taken_id, token_hash],
    )


def add_issue(cursor: Any, *, job: IssueJob) -> bool:
    """Whether it was new; the key of a bulk issue is used once in a brand."""
    cursor.execute(
        """INSERT INTO coupon_issue (id, brand_id, definition, key, state, segment, total, actor_kind, actor_id,
                                     actor_label, created_at)
           VALUES (%s, %s, %s, %s, 'queued', %s::jsonb, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING""",
        [
            job.id, job.brand_id, job.definition, job.key, msgspec.json.encode(job.segment).decode(), job.total,
            job.actor_kind, job.actor_id, job.actor_label, job.created_at,
        ],
    )  # fmt: skip
    return bool(cursor.rowcount)


def find_issue(
    cursor: Any, *, brand_id: UUID, key: str = "", issue_id: UUID | None = None
) -> IssueJob | None:
    cursor.execute(
        f"SELECT {_JOB} FROM coupon_issue WHERE brand_id = %s AND (id = %s OR (%s::uuid IS NULL AND key = %s))",
        [brand_id, issue_id, issue_id, key],
    )
    row = cursor.fetchone()
    return _job(row) if row else None


def list_issues(cursor: Any, *, brand_id: UUID, definition: str | None, limit: int) -> list[IssueJob]:
    cursor.execute(
        f"""SELECT {_JOB} FROM coupon_issue WHERE brand_id = %s AND (%s::text IS NULL OR definition = %s)
             ORDER BY created_at DESC, id DESC LIMIT %s""",
        [brand_id, definition, definition, limit],
    )
    return [_job(row) for row in cursor.fetchall()]


def take_issue(cursor: Any, *, issue_id: UUID | None = None) -> IssueJob | None:
    """A bulk issue that is not finished and that nobody else is working on, held until the transaction ends."""
    cursor.execute(
        f"""SELECT {_JOB} FROM coupon_issue
             WHERE state IN ('queued', 'running') AND (%s::uuid IS NULL OR id = %s)
             ORDER BY created_at LIMIT 1 FOR UPDATE SKIP LOCKED""",
        [issue_id, issue_id],
    )
    row = cursor.fetchone()
    return _job(row) if row else None


def move_issue(
    cursor: Any,
    *,
    issue_id: UUID,
    state: str,
    seen: int,
    issued: int,
    repeated: int,
    refused: Mapping[str, int],
    after: UUID | None,
    problem: str = "",
    ended_at: datetime | None = None,
) -> None:
    cursor.execute(
        """UPDATE coupon_issue SET state = %s, seen = %s, issued = %s, repeated = %s, refused = %s::jsonb, after = %s,
                  problem = %s, ended_at = %s
            WHERE id = %s""",
        [
            state, seen, issued, repeated, msgspec.json.encode(refused).decode(), after, problem, ended_at, issue_id,
        ],
    )  # fmt: skip


def cancel_issue(cursor: Any, *, brand_id: UUID, issue_id: UUID, now: datetime) -> None:
    cursor.execute(
        """UPDATE coupon_issue SET state = 'cancelled', ended_at = %s
            WHERE id = %s AND brand_id = %s AND state IN ('queued', 'running')""",
        [now, issue_id, brand_id],
    )


def _job(row: Any) -> IssueJob:
    values = list(row)
    values[5] = msgspec.json.decode(values[5])
    values[10] = msgspec.json.decode(values[10])
    return IssueJob(*values)
