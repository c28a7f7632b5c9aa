"""Counters of coupons: issued in all and today, used, by member, by natural person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from regulars.kit import slots
from regulars.kit.ids import digest
from regulars.kit.sql import plain_array

TABLE = "coupon_slot"


def issued(brand_id: UUID, key: str) -> UUID:
    """The counter of all that was issued of a definition."""
    return digest("coupon-issued", str(brand_id), key)


def issued_on(brand_id: UUID, key: str, day: str) -> UUID:
    """The counter of what was issued on a business day."""
    return digest("coupon-issued", str(brand_id), key, day)


def used(brand_id: UUID, key: str) -> UUID:
    """The counter of uses."""
    return digest("coupon-used", str(brand_id), key)


def take_member(
    cursor: Any, *, brand_id: UUID, definition: str, members: Sequence[UUID], limit: int
) -> set[UUID]:
    """Count one more for each of these (different) members, below their limit; returns who had room."""
    cursor.execute(
        """INSERT INTO coupon_tally AS t (member_id, brand_id, definition, taken)
           SELECT m, %s, %s, 1 FROM unnest(%s::uuid[]) AS m ORDER BY m
           ON CONFLICT (member_id, brand_id, definition) DO UPDATE SET taken = t.taken + 1 WHERE t.taken < %s
           RETURNING member_id""",
        [brand_id, definition, plain_array(members), limit],
    )
    return {row[0] for row in cursor.fetchall()}


def count_members_anew(cursor: Any, *, brand_id: UUID, definition: str) -> None:
    """Count what members have had, for a limit per member that was not there before."""
    cursor.execute(
        """INSERT INTO coupon_tally AS t (member_id, brand_id, definition, taken)
           SELECT member_id, brand_id, definition, count(*) FROM coupon
            WHERE brand_id = %s AND definition = %s AND state <> 'void' GROUP BY 1, 2, 3
           ON CONFLICT (member_id, brand_id, definition) DO UPDATE SET taken = excluded.taken""",
        [brand_id, definition],
    )


def give_back_member(cursor: Any, *, brand_id: UUID, definition: str, members: Iterable[UUID]) -> None:
    cursor.execute(
        """UPDATE coupon_tally SET taken = taken - 1
            WHERE member_id = ANY(%s::uuid[]) AND brand_id = %s AND definition = %s AND taken > 0""",
        [plain_array(members), brand_id, definition],
    )


def person_hash(brand_id: UUID, definition: str, person: UUID) -> UUID:
    return digest("coupon-person", str(brand_id), definition, str(person))


def take_persons(cursor: Any, *, brand_id: UUID, hashes: Iterable[UUID], limit: int) -> set[UUID]:
    """Count one more under each of these (different) hashes, below the limit; returns those that had room."""
    cursor.execute(
        """INSERT INTO coupon_person AS t (key_hash, brand_id, taken)
           SELECT h, %s, 1 FROM unnest(%s::uuid[]) AS h ORDER BY h
           ON CONFLICT (key_hash) DO UPDATE SET taken = t.taken + 1 WHERE t.taken < %s
           RETURNING key_hash""",
        [brand_id, plain_array(hashes), limit],
    )
    return {row[0] for row in cursor.fetchall()}


def give_back_persons(cursor: Any, *, hashes: Iterable[UUID]) -> None:
    cursor.execute(
        """UPDATE coupon_person AS p SET taken = p.taken - v.n
             FROM (SELECT h, count(*) AS n FROM unnest(%s::uuid[]) AS h GROUP BY h) AS v
            WHERE p.key_hash = v.h AND p.taken >= v.n""",
        [plain_array(hashes)],
    )


def take_all(cursor: Any, *, counter: UUID, amount: int, limit: int | None) -> bool:
    """Take `amount` of a counter or nothing."""
    return slots.take(cursor, TABLE, counter=counter, amount=amount, limit=limit)


def count(cursor: Any, amounts: Mapping[UUID, int]) -> None:
    """Count on counters that have no limit."""
    slots.count(cursor, TABLE, amounts)


def give_back(cursor: Any, *, counter: UUID, amount: int) -> None:
    slots.give_back(cursor, TABLE, counter=counter, amount=amount)


def resize(cursor: Any, *, counter: UUID, limit: int | None) -> None:
    slots.resize(cursor, TABLE, counter=counter, limit=limit)


def read(cursor: Any, counters: Iterable[UUID]) -> dict[UUID, slots.Count]:
    return slots.read(cursor, TABLE, counters)
