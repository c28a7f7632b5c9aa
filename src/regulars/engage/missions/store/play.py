"""Every query of check-ins and badges."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from regulars.engage.missions.policy import play as policy
from regulars.engage.missions.types.play import (
    Badge,
    BadgeGrant,
    CheckinDay,
    CheckinRules,
    HeldBadge,
)
from regulars.kit.errors import ErrorList
from regulars.kit.sql import plain_array, text_array, time_array


def checkin_rules(cursor: Any, *, brand_id: UUID) -> CheckinRules:
    cursor.execute("SELECT definition FROM checkin_setting WHERE brand_id = %s", [brand_id])
    row = cursor.fetchone()
    return policy.parse_checkin(_plain(row[0]), ErrorList()) if row else CheckinRules()


def put_checkin_rules(cursor: Any, *, brand_id: UUID, rules: CheckinRules, now: datetime) -> None:
    cursor.execute(
        """INSERT INTO checkin_setting (brand_id, enabled, definition, updated_at) VALUES (%s, %s, %s, %s)
           ON CONFLICT (brand_id) DO UPDATE
              SET enabled = excluded.enabled, definition = excluded.definition, updated_at = excluded.updated_at""",
        [brand_id, rules.enabled, json.dumps(rules.to_json()), now],
    )


def add_days(
    cursor: Any, *, brand_id: UUID, days: Sequence[tuple[UUID, CheckinDay]]
) -> set[tuple[UUID, date]]:
    """Add days that are not there; gives those that are new."""
    if not days:
        return set()
    cursor.execute(
        """INSERT INTO checkin_day (member_id, brand_id, day, kind, paid_by, bonus, at)
           SELECT v.member_id, %s, v.day, v.kind, v.paid_by, '[]', v.at
             FROM unnest(%s::uuid[], %s::date[], %s::text[], %s::text[], %s::timestamptz[])
                  AS v(member_id, day, kind, paid_by, at)
           ON CONFLICT DO NOTHING RETURNING member_id, day""",
        [
            brand_id,
            plain_array(member for member, _ in days),
            plain_array(one.day for _, one in days),
            text_array(one.kind for _, one in days),
            text_array(one.paid_by for _, one in days),
            time_array(one.at for _, one in days),
        ],
    )
    return set(cursor.fetchall())


def days_of(
    cursor: Any, *, brand_id: UUID, member_ids: Iterable[UUID], since: date | None = None
) -> dict[UUID, list[CheckinDay]]:
    """The days of members, in order."""
    cursor.execute(
        """SELECT member_id, day, kind, paid_by, bonus, at FROM checkin_day
            WHERE member_id = ANY(%s::uuid[]) AND brand_id = %s AND (%s::date IS NULL OR day >= %s::date)
            ORDER BY member_id, day""",
        [plain_array(member_ids), brand_id, since, since],
    )
    found: dict[UUID, list[CheckinDay]] = {}
    for member, day, kind, paid_by, bonus, at in cursor.fetchall():
        found.setdefault(member, []).append(CheckinDay(day, kind, paid_by, tuple(_plain(bonus)), at))
    return found


def note_bonus(cursor: Any, *, brand_id: UUID, bonuses: Sequence[tuple[UUID, date, tuple[int, ...]]]) -> None:
    """Write which lengths of a row were given their bonus on a day."""
    if bonuses:
        cursor.execute(
            """UPDATE checkin_day d SET bonus = v.bonus
                 FROM unnest(%s::uuid[], %s::date[], %s::jsonb[]) AS v(member_id, day, bonus)
                WHERE d.member_id = v.member_id AND d.brand_id = %s AND d.day = v.day""",
            [
                plain_array(m for m, _, _ in bonuses),
                plain_array(d for _, d, _ in bonuses),
                text_array(json.dumps(list(b)) for _, _, b in bonuses),
                brand_id,
            ],
        )


def count_checkins(cursor: Any, *, brand_id: UUID, members: Sequence[tuple[UUID, int, int, int]]) -> None:
    """Add days and cards, and keep the longest row: (member, days, cards, row)."""
    if members:
        cursor.execute(
            """INSERT INTO checkin_state AS s (member_id, brand_id, total, cards, best)
               SELECT v.member_id, %s, v.total, v.cards, v.best
                 FROM unnest(%s::uuid[], %s::int[], %s::int[], %s::int[]) AS v(member_id, total, cards, best)
               ON CONFLICT (member_id, brand_id) DO UPDATE
                  SET total = s.total + excluded.total, cards = s.cards + excluded.cards,
                      best = greatest(s.best, excluded.best)""",
            [
                brand_id,
                plain_array(m for m, *_ in members),
                plain_array(n for _, n, _, _ in members),
                plain_array(n for _, _, n, _ in members),
                plain_array(n for *_, n in members),
            ],
        )


def take_card(cursor: Any, *, brand_id: UUID, member_id: UUID) -> bool:
    """Use an earned make-up card, if there is one."""
    cursor.execute(
        "UPDATE checkin_state SET cards = cards - 1 WHERE member_id = %s AND brand_id = %s AND cards > 0",
        [member_id, brand_id],
    )
    return bool(cursor.rowcount)


def checkin_states(
    cursor: Any, *, brand_id: UUID, member_ids: Iterable[UUID]
) -> dict[UUID, tuple[int, int, int]]:
    """Cards, longest row and days of members."""
    cursor.execute(
        """SELECT member_id, cards, best, total FROM checkin_state
            WHERE member_id = ANY(%s::uuid[]) AND brand_id = %s""",
        [plain_array(member_ids), brand_id],
    )
    return {row[0]: (row[1], row[2], row[3]) for row in cursor.fetchall()}


def checkins_by_day(cursor: Any, *, brand_id: UUID, since: date) -> list[tuple[date, int, int]]:
    """Day, check-ins and made-up days."""
    cursor.execute(
        """SELECT day, count(*) FILTER (WHERE kind = 'checkin'), count(*) FILTER (WHERE kind = 'makeup')
             FROM checkin_day WHERE brand_id = %s AND day >= %s GROUP BY day ORDER BY day""",
        [brand_id, since],
    )
    return list(cursor.fetchall())


def badges(cursor: Any, *, brand_id: UUID, keys: Iterable[str] | None = None) -> dict[str, Badge]:
    cursor.execute(
        """SELECT definition FROM badge WHERE brand_id = %s AND (%s OR key = ANY(%s::text[]))
            ORDER BY created_at, key""",
        [brand_id, keys is None, text_array(keys or ())],
    )
    found = [policy.parse_badge(_plain(row[0]), ErrorList()) for row in cursor.fetchall()]
    return {badge.key: badge for badge in found}


def put_badge(cursor: Any, *, brand_id: UUID, badge: Badge, now: datetime) -> None:
    cursor.execute(
        """INSERT INTO badge (brand_id, key, state, definition, created_at, updated_at)
           VALUES (%s, %s, %s, %s, %s, %s)
           ON CONFLICT (brand_id, key) DO UPDATE
              SET state = excluded.state, definition = excluded.definition, updated_at = excluded.updated_at""",
        [brand_id, badge.key, badge.state, json.dumps(badge.to_json()), now, now],
    )


def add_grants(cursor: Any, *, brand_id: UUID, grants: Sequence[BadgeGrant], now: datetime) -> int:
    """Add grants that are not there; one that was revoked under its key stays revoked."""
    if not grants:
        return 0
    cursor.execute(
        """INSERT INTO badge_grant (member_id, brand_id, badge, key, source, granted_at)
           SELECT v.member_id, %s, v.badge, v.key, v.source, %s
             FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[]) AS v(member_id, badge, key, source)
           ON CONFLICT DO NOTHING""",
        [
            brand_id, now, plain_array(g.member_id for g in grants), text_array(g.badge for g in grants),
            text_array(g.key for g in grants), text_array(g.source for g in grants),
        ],
    )  # fmt: skip
    return int(cursor.rowcount)


def revoke_grants(cursor: Any, *, brand_id: UUID, grants: Sequence[tuple[UUID, str]], now: datetime) -> int:
    """Revoke grants by (member, key)."""
    if not grants:
        return 0
    cursor.execute(
        """UPDATE badge_grant g SET revoked_at = %s FROM unnest(%s::uuid[], %s::text[]) AS v(member_id, key)
            WHERE g.member_id = v.member_id AND g.brand_id = %s AND g.key = v.key AND g.revoked_at IS NULL""",
        [now, plain_array(m for m, _ in grants), text_array(k for _, k in grants), brand_id],
    )
    return int(cursor.rowcount)


def held(cursor: Any, *, brand_id: UUID, member_id: UUID) -> dict[str, HeldBadge]:
    cursor.execute(
        """SELECT badge, count(*), min(granted_at), max(granted_at) FROM badge_grant
            WHERE member_id = %s AND brand_id = %s AND revoked_at IS NULL GROUP BY badge""",
        [member_id, brand_id],
    )
    return {row[0]: HeldBadge(*row) for row in cursor.fetchall()}


def holders(cursor: Any, *, brand_id: UUID) -> dict[str, tuple[int, int]]:
    """Members and grants of each badge."""
    cursor.execute(
        """SELECT badge, count(DISTINCT member_id), count(*) FROM badge_grant
            WHERE brand_id = %s AND revoked_at IS NULL GROUP BY badge""",
        [brand_id],
    )
    return {row[0]: (row[1], row[2]) for row in cursor.fetchall()}


def _plain(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value
