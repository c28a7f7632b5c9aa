"""Settings, links, visits, touches, credits."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from regulars.engage.referrals.types import ShareLink, ShareRow
from regulars.kit.ids import digest

_LINK = "id, member_id, kind, content, code, created_at"


def latest_setting(cursor: Any, *, brand_id: UUID) -> tuple[int, dict[str, Any], str, datetime] | None:
    cursor.execute(
        """SELECT version, definition::text, actor, created_at FROM referral_setting
            WHERE brand_id = %s ORDER BY version DESC LIMIT 1""",
        [brand_id],
    )
    row = cursor.fetchone()
    return (row[0], json.loads(row[1]), row[2], row[3]) if row else None


def settings_of(cursor: Any, *, brand_id: UUID, versions: Iterable[int]) -> dict[int, dict[str, Any]]:
    cursor.execute(
        "SELECT version, definition::text FROM referral_setting WHERE brand_id = %s AND version = ANY(%s)",
        [brand_id, list(versions)],
    )
    return {version: json.loads(text) for version, text in cursor.fetchall()}


def put_setting(
    cursor: Any, *, brand_id: UUID, version: int, definition: Mapping[str, Any], actor: str, now: datetime
) -> bool:
    """False when another edit took this version."""
    cursor.execute(
        """INSERT INTO referral_setting (brand_id, version, definition, actor, created_at)
           VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING""",
        [brand_id, version, json.dumps(definition), actor, now],
    )
    return bool(cursor.rowcount)


def code_hash(brand_id: UUID, code: str) -> UUID:
    return digest("share", str(brand_id), code)


def link_of(cursor: Any, *, brand_id: UUID, member_id: UUID, kind: str, content: str) -> ShareLink | None:
    cursor.execute(
        f"SELECT {_LINK} FROM share WHERE member_id = %s AND brand_id = %s AND kind = %s AND content = %s",
        [member_id, brand_id, kind, content],
    )
    row = cursor.fetchone()
    return ShareLink(*row) if row else None


def add_link(
    cursor: Any,
    *,
    brand_id: UUID,
    id_: UUID,
    member_id: UUID,
    kind: str,
    content: str,
    code: str,
    now: datetime,
) -> bool:
    """Claim the code, then keep the link. False when the code, or her link of this content, is there already."""
    cursor.execute(
        """INSERT INTO share_code (code_hash, brand_id, member_id, share_id) VALUES (%s, %s, %s, %s)
           ON CONFLICT DO NOTHING""",
        [code_hash(brand_id, code), brand_id, member_id, id_],
    )
    if not cursor.rowcount:
        return False
    cursor.execute(
        """INSERT INTO share (member_id, id, brand_id, kind, content, code, created_at)
           VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING""",
        [member_id, id_, brand_id, kind, content, code, now],
    )
    if cursor.rowcount:
        return True
    cursor.execute("DELETE FROM share_code WHERE code_hash = %s", [code_hash(brand_id, code)])
    return False


def find_links(cursor: Any, *, brand_id: UUID, codes: Iterable[str]) -> dict[str, ShareLink]:
    """Links by code, for codes that exist."""
    wanted = {code_hash(brand_id, code): code for code in codes}
    if not wanted:
        return {}
    cursor.execute(
        f"""SELECT {", ".join("s." + name for name in _LINK.split(", "))}
              FROM share_code c JOIN share s ON s.member_id = c.member_id AND s.id = c.share_id
             WHERE c.code_hash = ANY(%s) AND c.brand_id = %s""",
        [list(wanted), brand_id],
    )
    return {row[4]: ShareLink(*row) for row in cursor.fetchall()}


def add_visit(
    cursor: Any, *, brand_id: UUID, link: ShareLink, visitor: UUID, day: date, now: datetime
) -> bool:
    """False when this visitor opened it that day already."""
    cursor.execute(
        """INSERT INTO share_visit (member_id, share_id, day, visitor, brand_id, at)
           VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING""",
        [link.member_id, link.id, day, visitor, brand_id, now],
    )
    fresh = bool(cursor.rowcount)
    if not fresh:  # the last touch is the last one
        cursor.execute(
            """UPDATE share_visit SET at = greatest(at, %s)
                WHERE member_id = %s AND share_id = %s AND day = %s AND visitor = %s""",
            [now, link.member_id, link.id, day, visitor],
        )
    return fresh


def last_visit(
    cursor: Any, *, brand_id: UUID, visitor: UUID, since: datetime
) -> tuple[UUID, UUID, datetime] | None:
    """(sharer, share, when) of the link that a visitor opened last."""
    cursor.execute(
        """SELECT member_id, share_id, at FROM share_visit
            WHERE brand_id = %s AND visitor = %s AND at >= %s ORDER BY at DESC LIMIT 1""",
        [brand_id, visitor, since],
    )
    return cursor.fetchone()  # type: ignore[no-any-return]


def code_of(cursor: Any, *, member_id: UUID, share_id: UUID) -> str:
    cursor.execute("SELECT code FROM share WHERE member_id = %s AND id = %s", [member_id, share_id])
    row = cursor.fetchone()
    return row[0] if row else ""


def put_touches(cursor: Any, *, brand_id: UUID, touches: Sequence[tuple[UUID, UUID, UUID, datetime]]) -> None:
    """(member, sharer, share, when): the last one counts."""
    if not touches:
        return
    ordered = sorted(touches)
    cursor.execute(
        """INSERT INTO share_touch AS t (member_id, brand_id, sharer_id, share_id, at)
           SELECT v.member_id, %s, v.sharer_id, v.share_id, v.at
             FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::timestamptz[])
                  AS v(member_id, sharer_id, share_id, at)
           ON CONFLICT (member_id, brand_id) DO UPDATE
              SET sharer_id = excluded.sharer_id, share_id = excluded.share_id, at = excluded.at
            WHERE t.at <= excluded.at""",
        [brand_id, *([row[n] for row in ordered] for n in range(4))],
    )


def touches_of(
    cursor: Any, *, brand_id: UUID, member_ids: Iterable[UUID]
) -> dict[UUID, tuple[UUID, UUID, datetime]]:
    cursor.execute(
        "SELECT member_id, sharer_id, share_id, at FROM share_touch WHERE member_id = ANY(%s) AND brand_id = %s",
        [list(member_ids), brand_id],
    )
    return {row[0]: (row[1], row[2], row[3]) for row in cursor.fetchall()}


def add_credits(
    cursor: Any,
    *,
    brand_id: UUID,
    kind: str,
    rows: Sequence[tuple[UUID, UUID, UUID, UUID, int, int, datetime]],
) -> list[tuple[UUID, UUID, UUID, UUID, int]]:
    """(member, id, sharer, share, amount, net, at); gives (member, id, sharer, share, net) of those that are new."""
    if not rows:
        return []
    ordered = sorted(rows)
    cursor.execute(
        """INSERT INTO share_credit (member_id, id, brand_id, kind, sharer_id, share_id, amount, net, at)
           SELECT v.member_id, v.id, %s, %s, v.sharer_id, v.share_id, v.amount, v.net, v.at
             FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::uuid[], %s::bigint[], %s::bigint[],
                         %s::timestamptz[]) AS v(member_id, id, sharer_id, share_id, amount, net, at)
           ON CONFLICT DO NOTHING RETURNING member_id, id, sharer_id, share_id, net""",
        [brand_id, kind, *([row[n] for row in ordered] for n in range(7))],
    )
    return list(cursor.fetchall())


def set_nets(cursor: Any, *, brand_id: UUID, nets: Sequence[tuple[UUID, UUID, int]]) -> None:
    """(member, order, net) after refunds."""
    cursor.execute(
        """UPDATE share_credit c SET net = v.net
             FROM unnest(%s::uuid[], %s::uuid[], %s::bigint[]) AS v(member_id, id, net)
            WHERE c.member_id = v.member_id AND c.id = v.id AND c.brand_id = %s AND c.kind = 'order'""",
        [*([row[n] for row in nets] for n in range(3)), brand_id],
    )


def report(
    cursor: Any, *, brand_id: UUID, since: datetime, until: datetime, first_day: date, last_day: date, by: str,
    member_id: UUID | None, limit: int,
) -> list[ShareRow]:  # fmt: skip
    """What links brought in [since, until): by `content`, or by `member` (each of her links on its own)."""
    whose = "s.member_id" if by == "member" else "NULL::uuid"
    cursor.execute(
        f"""WITH link AS (SELECT s.* FROM share s WHERE s.brand_id = %(brand)s
                             AND (%(member)s::uuid IS NULL OR s.member_id = %(member)s::uuid)),
                 visit AS (SELECT share_id, count(*) AS visits, count(DISTINCT visitor) AS visitors
                             FROM share_visit WHERE brand_id = %(brand)s AND day BETWEEN %(first)s AND %(last)s
                            GROUP BY share_id),
                 credit AS (SELECT share_id, count(*) FILTER (WHERE kind = 'join') AS joins,
                                   count(*) FILTER (WHERE kind = 'order') AS orders,
                                   coalesce(sum(net) FILTER (WHERE kind = 'order'), 0) AS net
                              FROM share_credit WHERE brand_id = %(brand)s AND at >= %(since)s AND at < %(until)s
                             GROUP BY share_id)
            SELECT {whose}, s.kind, s.content, count(*), coalesce(sum(v.visits), 0)::bigint,
                   coalesce(sum(v.visitors), 0)::bigint, coalesce(sum(c.joins), 0)::bigint,
                   coalesce(sum(c.orders), 0)::bigint, coalesce(sum(c.net), 0)::bigint
              FROM link s LEFT JOIN visit v ON v.share_id = s.id LEFT JOIN credit c ON c.share_id = s.id
             GROUP BY 1, 2, 3
             ORDER BY 9 DESC, 8 DESC, 7 DESC, 5 DESC, 2, 3, 1 LIMIT %(limit)s""",
        {
            "brand": brand_id, "member": member_id, "since": since, "until": until, "first": first_day,
            "last": last_day, "limit": limit,
        },
    )  # fmt: skip
    return [ShareRow(*row) for row in cursor.fetchall()]


def counts(
    cursor: Any, *, brand_id: UUID, since: datetime, until: datetime, first_day: date, last_day: date
) -> tuple[int, int]:
    """Members who made a link in the span, and visitors of invitations."""
    cursor.execute(
        """SELECT (SELECT count(DISTINCT member_id) FROM share
                    WHERE brand_id = %(brand)s AND created_at >= %(since)s AND created_at < %(until)s),
                  (SELECT count(DISTINCT v.visitor) FROM share_visit v
                     JOIN share s ON s.member_id = v.member_id AND s.id = v.share_id AND s.kind = 'join'
                    WHERE v.brand_id = %(brand)s AND v.day BETWEEN %(first)s AND %(last)s)""",
        {"brand": brand_id, "since": since, "until": until, "first": first_day, "last": last_day},
    )
    shared, visitors = cursor.fetchone()
    return shared, visitors
