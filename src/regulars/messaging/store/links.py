"""Every query on short links and clicks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection

from regulars.kit.sql import copy_rows, plain_array
from regulars.messaging.models import LinkSetting

_COLUMNS = (
    "code", "brand_id", "member_id", "send_id", "kind", "name", "target", "channel", "language", "template", "source",
    "created_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class NewLink:
    """A row to be made; `code` follows from the send and the name, so it is made once however often it is tried."""

    code: str
    member_id: UUID
    send_id: UUID | None
    kind: str
    name: str
    target: str
    channel: str
    language: str
    template: str
    source: str


def domains_of(brand_id: UUID) -> tuple[str, ...]:
    """The hosts the brand registered."""
    row = LinkSetting.objects.filter(brand_id=brand_id).first()
    return tuple(row.domains) if row else ()


def add(*, brand_id: UUID, links: Sequence[NewLink], day: date, now: datetime) -> int:
    """Keep links that are not there yet and count them; gives how many were new."""
    if not links:
        return 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT code FROM link WHERE code = ANY(%s::text[])", [[one.code for one in links]])
        known = {row[0] for row in cursor.fetchall()}
        new = [one for one in links if one.code not in known]
        if not new:
            return 0
        copy_rows(
            cursor,
            "link",
            _COLUMNS,
            [
                (
                    one.code, brand_id, one.member_id, one.send_id, one.kind, one.name, one.target, one.channel,
                    one.language, one.template, one.source, now,
                )
                for one in new
            ],
        )  # fmt: skip
        sums: dict[tuple[str, str, str], list[Any]] = {}
        for one in new:
            if one.kind == "page":
                sums.setdefault((one.source, one.template, one.name), [one.target, 0])[1] += 1
        for (source, template, name), (target, made) in sorted(sums.items()):
            _tally(cursor, brand_id, source, template, name, day, target, made=made)
    return len(new)


def find(code: str) -> dict[str, Any] | None:
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT code, brand_id, member_id, send_id, kind, name, target, channel, language, template, source,
                      clicks FROM link WHERE code = %s""",
            [code],
        )
        row = cursor.fetchone()
        return None if row is None else dict(zip([c[0] for c in cursor.description], row, strict=True))


def note_click(
    link: dict[str, Any], *, agent: UUID, minute: datetime, is_bot: bool, day: date, now: datetime
) -> bool:
    """Keep a visit; says whether it is a click that counts. In the caller's transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO click (code, minute, agent, brand_id, at, is_bot) VALUES (%s, %s, %s, %s, %s, %s)
               ON CONFLICT DO NOTHING""",
            [link["code"], minute, agent, link["brand_id"], now, is_bot],
        )
        if not cursor.rowcount or is_bot:
            return False
        cursor.execute(
            """UPDATE link SET clicks = clicks + 1, first_click_at = coalesce(first_click_at, %s) WHERE code = %s
               RETURNING clicks""",
            [now, link["code"]],
        )
        [(clicks,)] = cursor.fetchall()
        _tally(
            cursor, link["brand_id"], link["source"], link["template"], link["name"], day, link["target"],
            clicked=int(clicks == 1), clicks=1,
        )  # fmt: skip
    return True


def tallies(*, brand_id: UUID, since: date, source: str, template: str, limit: int) -> list[tuple[Any, ...]]:
    """(source, template, name, target, made, clicked, clicks, last day), the most clicked first."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT source, template, name, max(target), sum(made), sum(clicked), sum(clicks), max(day)
                 FROM link_tally
                WHERE brand_id = %s AND day >= %s AND (%s = '' OR source = %s) AND (%s = '' OR template = %s)
                GROUP BY source, template, name ORDER BY sum(clicks) DESC, source, template, name LIMIT %s""",
            [brand_id, since, source, source, template, template, limit],
        )
        return [(*row[:4], int(row[4]), int(row[5]), int(row[6]), row[7]) for row in cursor.fetchall()]


def trends(
    *, brand_id: UUID, since: date, until: date, begins: date, step: int
) -> dict[tuple[str, str, str], dict[int, int]]:
    """Clicks of each link that was clicked, by how many steps of days after `begins`."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT source, template, name, (day - %s) / %s, sum(clicks) FROM link_tally
                WHERE brand_id = %s AND day >= %s AND day <= %s AND clicks > 0 GROUP BY 1, 2, 3, 4""",
            [begins, step, brand_id, since, until],
        )
        found: dict[tuple[str, str, str], dict[int, int]] = {}
        for source, template, name, n, clicks in cursor.fetchall():
            found.setdefault((source, template, name), {})[n] = int(clicks)
        return found


def by_day(
    *, brand_id: UUID, source: str, template: str, name: str, since: date
) -> list[tuple[date, int, int, int]]:
    """(day, made, clicked, clicks)."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT day, made, clicked, clicks FROM link_tally
                WHERE brand_id = %s AND source = %s AND template = %s AND name = %s AND day >= %s ORDER BY day""",
            [brand_id, source, template, name, since],
        )
        return list(cursor.fetchall())


def clicked_sends(*, send_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Clicks by send, of those that were clicked."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT send_id, sum(clicks) FROM link WHERE send_id = ANY(%s::uuid[]) AND clicks > 0
                GROUP BY send_id""",
            [plain_array(send_ids)],
        )
        return {send: int(clicks) for send, clicks in cursor.fetchall()}


def prune(*, before: datetime, limit: int) -> int:
    """Forget links nobody will click any more, and their clicks; sums stay."""
    with connection.cursor() as cursor:
        cursor.execute(
            """WITH old AS (SELECT code FROM link WHERE created_at < %s ORDER BY created_at LIMIT %s),
                    gone AS (DELETE FROM click WHERE code IN (SELECT code FROM old))
               DELETE FROM link WHERE code IN (SELECT code FROM old)""",
            [before, limit],
        )
        return int(cursor.rowcount)


def _tally(
    cursor: Any,
    brand_id: UUID,
    source: str,
    template: str,
    name: str,
    day: date,
    target: str,
    *,
    made: int = 0,
    clicked: int = 0,
    clicks: int = 0,
) -> None:
    cursor.execute(
        """INSERT INTO link_tally (brand_id, source, template, name, day, target, made, clicked, clicks)
           VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
           ON CONFLICT (brand_id, source, template, name, day) DO UPDATE
              SET made = link_tally.made + excluded.made, clicked = link_tally.clicked + excluded.clicked,
                  clicks = link_tally.clicks + excluded.clicks, target = excluded.target""",
        [brand_id, source, template, name, day, target, made, clicked, clicks],
    )
