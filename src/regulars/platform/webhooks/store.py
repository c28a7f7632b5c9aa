"""Rows of endpoints and deliveries, set-based where there may be many."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from regulars.platform.privacy import api as privacy
from regulars.platform.webhooks.models import WebhookDelivery, WebhookEndpoint
from regulars.platform.webhooks.types import Attempt, Delivery, Endpoint

KEPT_ATTEMPTS = 20


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery to be made now, with what it takes to make it. `attempts` counts those before this one."""

    endpoint_id: UUID
    id: UUID
    url: str
    secrets: tuple[str, ...]
    body: str
    attempts: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an attempt at `url` came to; `next_run_at` is when to try again, None when it ended."""

    endpoint_id: UUID
    id: UUID
    url: str
    attempt: Attempt
    state: str
    next_run_at: datetime | None
    is_gone: bool


def seal(endpoint_id: UUID, secrets: Sequence[dict[str, str | None]]) -> bytes:
    return privacy.encrypt(
        text=json.dumps(list(secrets)), table="webhook_endpoint", field="secrets", owner=endpoint_id
    )


def unseal(endpoint_id: UUID, sealed: bytes | memoryview) -> list[dict[str, str | None]]:
    found: list[dict[str, str | None]] = json.loads(
        privacy.decrypt(sealed=sealed, table="webhook_endpoint", field="secrets", owner=endpoint_id)
    )
    return found


def good_secrets(row: WebhookEndpoint, now: datetime) -> tuple[str, ...]:
    """Those that sign now, the present one first."""
    return tuple(
        str(one["secret"])
        for one in unseal(row.id, row.secrets)
        if not one["until"] or datetime.fromisoformat(one["until"]) > now
    )


def endpoint_of(row: WebhookEndpoint, now: datetime) -> Endpoint:
    old = [one["until"] for one in unseal(row.id, row.secrets)[1:] if one["until"]]
    until = max((datetime.fromisoformat(one) for one in old), default=None)
    return Endpoint(
        id=row.id,
        brand_id=row.brand_id,
        url=row.url,
        description=row.description,
        topics=tuple(row.topics),
        state=row.state,  # type: ignore[arg-type]
        reason=row.reason,
        failing_since=row.failing_since,
        succeeded_at=row.succeeded_at,
        old_secret_until=until if until and until > now else None,
        created_at=row.created_at,
    )


def delivery_of(row: WebhookDelivery) -> Delivery:
    return Delivery(
        endpoint_id=row.endpoint_id,
        id=row.id,
        topic=row.topic,
        body=row.body,
        state=row.state,  # type: ignore[arg-type]
        attempts=row.attempts,
        next_run_at=row.next_run_at,
        created_at=row.created_at,
        ended_at=row.ended_at,
        status=row.status,
        problem=row.problem,
        log=tuple(_attempt(one) for one in row.log),
    )


def _attempt(one: dict[str, Any]) -> Attempt:
    return Attempt(datetime.fromisoformat(one["at"]), one["status"], one["ms"], one["problem"], one["answer"])


def insert_deliveries(rows: Sequence[WebhookDelivery]) -> None:
    """An event that is there already is left alone."""
    WebhookDelivery.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)


def claim(
    *, now: datetime, until: datetime, limit: int, each: int, running: Mapping[UUID, int]
) -> list[tuple[UUID, UUID, str, int]]:
    """Take due deliveries of active endpoints and move them ahead: at most `each` at a time of one endpoint, those
    `running` already counted."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH picked AS (
              SELECT due.endpoint_id, due.id
                FROM webhook_endpoint e
                LEFT JOIN unnest(%s::uuid[], %s::int[]) AS busy(endpoint_id, count) ON busy.endpoint_id = e.id,
                LATERAL (
                  SELECT d.endpoint_id, d.id, d.next_run_at FROM webhook_delivery d
                   WHERE d.endpoint_id = e.id AND d.state = 'pending' AND d.next_run_at <= %s
                   ORDER BY d.next_run_at, d.id LIMIT greatest(0, %s - coalesce(busy.count, 0))
                     FOR NO KEY UPDATE SKIP LOCKED) due
               WHERE e.state = 'active'
               ORDER BY due.next_run_at, due.endpoint_id, due.id LIMIT %s)
            UPDATE webhook_delivery d SET next_run_at = %s
              FROM picked WHERE d.endpoint_id = picked.endpoint_id AND d.id = picked.id
            RETURNING d.endpoint_id, d.id, d.body, d.attempts
            """,
            [list(running), list(running.values()), now, each, limit, until],
        )
        return [tuple(row) for row in cursor.fetchall()]


def put_outcomes(outcomes: Sequence[Outcome]) -> None:
    """Write attempts; a delivery that ended otherwise meanwhile (a replay, say) keeps its attempts' log too."""
    values = [
        {
            "endpoint_id": str(one.endpoint_id),
            "id": str(one.id),
            "state": one.state,
            "next_run_at": one.next_run_at.isoformat() if one.next_run_at else None,
            "at": one.attempt.at.isoformat(),
            "status": one.attempt.status,
            "problem": one.attempt.problem,
            "attempt": {
                "at": one.attempt.at.isoformat(),
                "status": one.attempt.status,
                "ms": one.attempt.milliseconds,
                "problem": one.attempt.problem,
                "answer": one.attempt.answer,
            },
        }
        for one in outcomes
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE webhook_delivery d
               SET state = v.state, next_run_at = v.next_run_at, attempts = d.attempts + 1, status = v.status,
                   problem = v.problem,
                   ended_at = CASE WHEN v.state = 'pending' THEN NULL ELSE v.at END,
                   log = jsonb_path_query_array(jsonb_build_array(v.attempt) || d.log, %s::jsonpath)
              FROM jsonb_to_recordset(%s::jsonb) AS v(endpoint_id uuid, id uuid, state text,
                   next_run_at timestamptz, at timestamptz, status smallint, problem text, attempt jsonb)
             WHERE d.endpoint_id = v.endpoint_id AND d.id = v.id
            """,
            [f"$[0 to {KEPT_ATTEMPTS - 1}]", json.dumps(values)],
        )


def urls_of(endpoint_ids: Iterable[UUID]) -> dict[UUID, str]:
    """Where endpoints are now; held as they are until the caller's transaction ends."""
    rows = (
        WebhookEndpoint.objects.select_for_update(no_key=True).filter(id__in=set(endpoint_ids)).order_by("id")
    )
    return dict(rows.values_list("id", "url"))


def note_health(outcomes: Sequence[Outcome], *, now: datetime) -> None:
    """Remember since when endpoints fail; one whose server says it is gone is closed."""
    ids = {one.endpoint_id for one in outcomes}
    good = {one.endpoint_id for one in outcomes if one.state == "delivered"}
    gone = {one.endpoint_id for one in outcomes if one.is_gone}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE webhook_endpoint
               SET failing_since = CASE WHEN id = ANY(%(good)s::uuid[]) THEN NULL
                                        ELSE coalesce(failing_since, %(now)s) END,
                   succeeded_at = CASE WHEN id = ANY(%(good)s::uuid[]) THEN %(now)s ELSE succeeded_at END,
                   state = CASE WHEN id = ANY(%(gone)s::uuid[]) THEN 'disabled' ELSE state END,
                   reason = CASE WHEN id = ANY(%(gone)s::uuid[]) THEN 'gone' ELSE reason END
             WHERE id = ANY(%(ids)s::uuid[])
            """,
            {"good": sorted(good), "ids": sorted(ids), "gone": sorted(gone), "now": now},
        )


def disable_failing(*, before: datetime, now: datetime) -> list[UUID]:
    """Close endpoints that have answered nothing well since `before`."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE webhook_endpoint SET state = 'disabled', reason = 'failing', updated_at = %s
             WHERE state = 'active' AND failing_since < %s RETURNING id
            """,
            [now, before],
        )
        return [row[0] for row in cursor.fetchall()]


def replay(
    *,
    endpoint_id: UUID,
    now: datetime,
    since: datetime,
    until: datetime,
    only_failed: bool,
    ids: Sequence[UUID],
) -> int:
    """Have deliveries made again from their first attempt on; those of a span, or these."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE webhook_delivery SET state = 'pending', next_run_at = %(now)s, attempts = 0, ended_at = NULL
             WHERE endpoint_id = %(endpoint)s AND state <> 'pending' AND (NOT %(failed)s OR state = 'failed')
               AND (CASE WHEN %(some)s THEN id = ANY(%(ids)s::uuid[])
                         ELSE created_at >= %(since)s AND created_at < %(until)s END)
            """,
            {
                "now": now,
                "endpoint": endpoint_id,
                "failed": only_failed,
                "some": bool(ids),
                "ids": list(ids),
                "since": since,
                "until": until,
            },
        )
        return int(cursor.rowcount)


def prune(*, before: datetime, limit: int) -> int:
    """Forget deliveries that have ended and are old."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            DELETE FROM webhook_delivery WHERE (endpoint_id, id) IN (
              SELECT endpoint_id, id FROM webhook_delivery
               WHERE created_at < %s AND state <> 'pending' ORDER BY created_at LIMIT %s)
            """,
            [before, limit],
        )
        return int(cursor.rowcount)
