"""Every query of what members said."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from regulars.insight.language.types import Agreement, Compared, Mood, Reading, Said, TextInsight, Week
from regulars.kit.sql import copy_rows, plain_array, text_array

_COLUMNS = (
    "member_id", "id", "brand_id", "at", "type", "text", "rating", "language", "mood", "score", "topics", "needs",
    "reader",
)  # fmt: skip
_MOST_CHARACTERS = 2000


def write(brand_id: UUID, rows: Iterable[tuple[Said, Reading]]) -> int:
    """New readings, or read again."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE IF NOT EXISTS text_insight_now (LIKE text_insight) ON COMMIT DROP"
        )
        cursor.execute("TRUNCATE text_insight_now")
        copy_rows(
            cursor,
            "text_insight_now",
            _COLUMNS,
            (
                (
                    s.member_id, s.id, brand_id, s.at, s.type, s.text[:_MOST_CHARACTERS].replace("\x00", ""), s.rating,
                    r.language, r.mood, r.score, text_array(r.topics), text_array(r.needs), r.reader,
                )
                for s, r in rows
            ),
        )  # fmt: skip
        cursor.execute(
            f"""INSERT INTO text_insight ({", ".join(_COLUMNS)}) SELECT {", ".join(_COLUMNS)} FROM text_insight_now
                ON CONFLICT (member_id, id) DO UPDATE SET language = excluded.language, mood = excluded.mood,
                       score = excluded.score, topics = excluded.topics, needs = excluded.needs,
                       reader = excluded.reader"""
        )
        return int(cursor.rowcount)


def ids(brand_id: UUID) -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM text_insight WHERE brand_id = %s", [brand_id])
        return [row[0] for row in cursor.fetchall()]


def forget_all(brand_id: UUID) -> int:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM text_insight WHERE brand_id = %s", [brand_id])
        return int(cursor.rowcount)


def wipe(brand_id: UUID, member_ids: Sequence[UUID]) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        for table in ("text_label", "text_insight"):
            cursor.execute(
                f"DELETE FROM {table} WHERE brand_id = %s AND member_id = ANY(%s::uuid[])",
                [brand_id, plain_array(member_ids)],
            )
        return int(cursor.rowcount)


def weeks(brand_id: UUID, since: datetime, timezone: str) -> list[Week]:
    """Per week and topic, and per week of all (topic "")."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT date_trunc('week', t.at AT TIME ZONE %(tz)s)::date AS monday, x.topic, count(*),
                      count(*) FILTER (WHERE t.mood = 'good'), count(*) FILTER (WHERE t.mood = 'bad')
                 FROM text_insight AS t CROSS JOIN LATERAL unnest(t.topics || ''::text) AS x(topic)
                WHERE t.brand_id = %(brand)s AND t.at >= %(since)s
                GROUP BY 1, 2 ORDER BY 1, 2""",
            {"brand": brand_id, "since": since, "tz": timezone},
        )
        return [Week(*row) for row in cursor.fetchall()]


def compared(brand_id: UUID, timezone: str, recent: date, first: date, today: date) -> list[Compared]:
    """Per topic, and of all (topic ""): texts and bad ones from `recent` to today, and from `first` until then."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT x.topic, count(*) FILTER (WHERE t.at >= s.recent),
                      count(*) FILTER (WHERE t.at >= s.recent AND t.mood = 'bad'),
                      count(*) FILTER (WHERE t.at < s.recent),
                      count(*) FILTER (WHERE t.at < s.recent AND t.mood = 'bad')
                 FROM (SELECT %(recent)s::date::timestamp AT TIME ZONE %(tz)s AS recent,
                              %(first)s::date::timestamp AT TIME ZONE %(tz)s AS first,
                              (%(today)s::date + 1)::timestamp AT TIME ZONE %(tz)s AS after) AS s
                 JOIN text_insight AS t ON t.at >= s.first AND t.at < s.after
                CROSS JOIN LATERAL unnest(t.topics || ''::text) AS x(topic)
                WHERE t.brand_id = %(brand)s GROUP BY 1 ORDER BY 1""",
            {"brand": brand_id, "tz": timezone, "recent": recent, "first": first, "today": today},
        )
        return [Compared(*row) for row in cursor.fetchall()]


def counted_needs(brand_id: UUID, since: datetime) -> list[tuple[str, int, int, int]]:
    """(need, texts, bad ones, members), the most told first."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT x.need, count(*), count(*) FILTER (WHERE t.mood = 'bad'), count(DISTINCT t.member_id)
                 FROM text_insight AS t CROSS JOIN LATERAL unnest(t.needs) AS x(need)
                WHERE t.brand_id = %s AND t.at >= %s GROUP BY 1 ORDER BY 2 DESC, 1""",
            [brand_id, since],
        )
        return list(cursor.fetchall())


def by_member(brand_id: UUID, since: datetime, now: datetime) -> list[tuple[UUID, float, list[str]]]:
    """(member, mood from −1 to 1, needs): newer texts count more, by half every 90 days."""
    with connection.cursor() as cursor:
        cursor.execute(
            """WITH weighed AS (
                   SELECT member_id, score, needs,
                          power(0.5, extract(epoch FROM (%(now)s - at)) / (90 * 86400.0)) AS weight
                     FROM text_insight WHERE brand_id = %(brand)s AND at >= %(since)s AND at <= %(now)s)
               SELECT w.member_id, (sum(w.score * w.weight) / sum(w.weight))::float8,
                      (SELECT coalesce(array_agg(DISTINCT n.need ORDER BY n.need), '{}')
                         FROM weighed AS m CROSS JOIN LATERAL unnest(m.needs) AS n(need)
                        WHERE m.member_id = w.member_id)
                 FROM weighed AS w GROUP BY w.member_id""",
            {"brand": brand_id, "since": since, "now": now},
        )
        return list(cursor.fetchall())


def texts_of(brand_id: UUID, since: datetime, most: int) -> list[tuple[str, Mood]]:
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT text, mood FROM text_insight WHERE brand_id = %s AND at >= %s AND language = 'zh'
                ORDER BY at DESC LIMIT %s""",
            [brand_id, since, most],
        )
        return list(cursor.fetchall())


_SELECT = """
SELECT t.member_id, t.id, t.at, t.type, t.text, t.rating, t.language, t.mood, t.score::float8, t.topics, t.needs,
       t.reader, l.mood, coalesce(l.by, '')
  FROM text_insight AS t LEFT JOIN text_label AS l ON l.member_id = t.member_id AND l.id = t.id"""


def _insight(row: Any) -> TextInsight:
    return TextInsight(
        Said(*row[:6]),
        Reading(row[6], row[7], row[8], tuple(row[9]), tuple(row[10]), row[11]),
        row[12],
        row[13],
    )


def get(brand_id: UUID, member_id: UUID, text_id: UUID) -> TextInsight | None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"{_SELECT} WHERE t.brand_id = %s AND t.member_id = %s AND t.id = %s",
            [brand_id, member_id, text_id],
        )
        row = cursor.fetchone()
        return None if row is None else _insight(row)


def search(
    brand_id: UUID,
    *,
    member_id: UUID | None,
    mood: str,
    topic: str,
    need: str,
    words: str,
    labelled: bool | None,
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> list[TextInsight]:
    """Newest first."""
    parts, given = ["t.brand_id = %s"], [brand_id]
    wanted: list[tuple[bool, str, list[Any]]] = [
        (member_id is not None, "t.member_id = %s", [member_id]),
        (bool(mood), "t.mood = %s", [mood]),
        (bool(topic), "t.topics @> ARRAY[%s]::text[]", [topic]),
        (bool(need), "t.needs @> ARRAY[%s]::text[]", [need]),
        (bool(words), "strpos(lower(t.text), lower(%s)) > 0", [words]),
        (labelled is True, "l.id IS NOT NULL", []),
        (labelled is False, "l.id IS NULL", []),
        (before is not None, "(t.at, t.id) < (%s, %s)", list(before or ())),
    ]
    for on, sql, values in wanted:
        if on:
            parts.append(sql)
            given += values
    with connection.cursor() as cursor:
        cursor.execute(
            f"{_SELECT} WHERE {' AND '.join(parts)} ORDER BY t.at DESC, t.id DESC LIMIT %s", [*given, limit]
        )
        return [_insight(row) for row in cursor.fetchall()]


def without_vector(brand_id: UUID, version: int, newest: int) -> list[tuple[UUID, UUID, str]]:
    """(member, text, what it says) of the newest that have no vector of this version."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT member_id, id, text
                 FROM (SELECT member_id, id, text, vector FROM text_insight WHERE brand_id = %s
                        ORDER BY at DESC, id DESC LIMIT %s) AS t
                WHERE vector IS NULL OR get_byte(vector, 0) <> %s""",
            [brand_id, newest, version],
        )
        return list(cursor.fetchall())


def write_vectors(rows: Sequence[tuple[UUID, UUID, bytes]]) -> int:
    """Rows of (member, text, vector); of a text that was forgotten meanwhile nothing is written."""
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE text_insight AS t SET vector = v.vector
                 FROM unnest(%s::uuid[], %s::uuid[], %s::bytea[]) AS v(member_id, id, vector)
                WHERE t.member_id = v.member_id AND t.id = v.id""",
            [
                plain_array([row[0] for row in rows]),
                plain_array([row[1] for row in rows]),
                [row[2] for row in rows],
            ],
        )
        return int(cursor.rowcount)


def vectors(brand_id: UUID, texts: Sequence[tuple[UUID, UUID]], version: int) -> dict[UUID, bytes]:
    """By text the vectors of this version, of those (member, text) that have one."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT t.id, t.vector FROM text_insight AS t
                 JOIN unnest(%s::uuid[], %s::uuid[]) AS v(member_id, id) USING (member_id, id)
                WHERE t.brand_id = %s AND t.vector IS NOT NULL AND get_byte(t.vector, 0) = %s""",
            [
                plain_array([row[0] for row in texts]),
                plain_array([row[1] for row in texts]),
                brand_id,
                version,
            ],
        )
        return {row[0]: bytes(row[1]) for row in cursor.fetchall()}


def agreement(brand_id: UUID) -> Agreement:
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT l.mood, t.mood, count(*) FROM text_label AS l
                 JOIN text_insight AS t ON t.member_id = l.member_id AND t.id = l.id
                WHERE l.brand_id = %s GROUP BY 1, 2""",
            [brand_id],
        )
        rows = {(label, read): count for label, read, count in cursor.fetchall()}
    return Agreement(sum(rows.values()), sum(n for (a, b), n in rows.items() if a == b), rows)
