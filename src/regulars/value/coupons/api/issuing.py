"""Issuing: one coupon or a million go the same way, counted by every limit, never twice for one key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Brand
from regulars.platform.outbox import api as outbox
from regulars.value.coupons import events
from regulars.value.coupons.policy import usable
from regulars.value.coupons.store import codes, counting, definitions, holding, segments
from regulars.value.coupons.types import Definition, IssueRow, Outcome

ISSUED, REPEATED = "issued", "repeated"
_SAID_ONE_BY_ONE = 1000
_NO_PERSONS: Mapping[UUID, Sequence[UUID]] = {}


def issue_id(*, brand_id: UUID, definition: str, key: str, member_id: UUID) -> UUID:
    """The id of the coupon that a member gets for a source's key: the same each time."""
    return segments.coupon_id(segments.prefix(brand_id, definition, key), member_id)


def issue(
    *,
    brand_id: UUID,
    definition: str,
    member_ids: Sequence[UUID],
    now: datetime,
    source: str,
    key: str,
    persons: Mapping[UUID, Sequence[UUID]] = _NO_PERSONS,
    quiet: bool = False,
) -> list[Outcome]:
    """Issue one coupon of a definition to each of these members; a member has one for each key, however often asked.

    Any number of members; some 20 000 at a time are quick. `persons` are, by member, hashes of what else makes a
    natural person known (her phones), for the limit per person. Whoever reaches a limit is refused alone, the others
    are issued. `quiet` announces the portion once instead of every coupon. Raises `not_found`.
    """
    prefix = segments.prefix(brand_id, definition, key)
    rows = [
        IssueRow(member_id, definition, segments.coupon_id(prefix, member_id), source)
        for member_id in dict.fromkeys(member_ids)
    ]
    return issue_rows(brand_id=brand_id, rows=rows, now=now, persons=persons, quiet=quiet)


def issue_portion(
    *,
    brand_id: UUID,
    definition: str,
    member_ids: Sequence[UUID],
    now: datetime,
    source: str,
    key: str,
    persons: Mapping[UUID, Sequence[UUID]] = _NO_PERSONS,
) -> dict[str, int]:
    """`issue` for a portion of very many (different) members: how often each result came, and one event for all.

    Where neither codes nor natural persons are looked at, and the counters have room for the whole portion, the
    database does it in one statement.
    """
    brand = organisations.get_brand(brand_id=brand_id)
    with connection.cursor() as cursor:
        made = definitions.read(cursor, brand_id=brand_id, keys=[definition]).get(definition)
    plain = made is not None and made.codes == "none" and made.limits.per_person is None
    if (
        made is not None
        and plain
        and usable.why_not_claimable(made, "issue", now=now, tz=brand.timezone, tiers={}) is None
    ):
        counted = _issue_at_once(brand, made, member_ids, now, source, key)
        if counted is not None:
            return counted
    outcomes = issue(
        brand_id=brand_id,
        definition=definition,
        member_ids=member_ids,
        now=now,
        source=source,
        key=key,
        persons=persons,
        quiet=True,
    )
    return dict(Counter(outcome.result for outcome in outcomes))


def issue_rows(
    *,
    brand_id: UUID,
    rows: Sequence[IssueRow],
    now: datetime,
    persons: Mapping[UUID, Sequence[UUID]] = _NO_PERSONS,
    quiet: bool = False,
) -> list[Outcome]:
    """Issue coupons under ids of the caller's, in the caller's transaction; an outcome per row, in order.

    A row whose id is there already is `repeated`: replays issue nothing twice. Call once for each transaction, members
    locked. Definitions that are not active (`coupon_not_open`) or unknown (`coupon_unknown`) refuse their rows.
    """
    brand = organisations.get_brand(brand_id=brand_id)
    results: dict[tuple[UUID, UUID], str] = {}
    with transaction.atomic(), connection.cursor() as cursor:
        known = definitions.read(cursor, brand_id=brand_id, keys={row.definition for row in rows})
        there = holding.existing(cursor, pairs=[(row.member_id, row.id) for row in rows])
        by_definition: dict[str, list[IssueRow]] = {}
        for row in rows:
            if (row.member_id, row.id) in there:
                results[row.member_id, row.id] = REPEATED
            elif (row.member_id, row.id) not in results:
                results[row.member_id, row.id] = ""
                by_definition.setdefault(row.definition, []).append(row)
        for key in sorted(by_definition):
            made = known.get(key)
            refused = (
                "coupon_unknown"
                if made is None
                else usable.why_not_claimable(made, "issue", now=now, tz=brand.timezone, tiers={})
            )
            for row in by_definition[key] if refused else ():
                results[row.member_id, row.id] = refused or ""
            if made is None or refused:
                continue
            issued = []
            for turn in _rounds(by_definition[key]):
                part = _issue(cursor, brand, made, turn, now, persons)
                results.update(part)
                issued += [row for row in turn if part[row.member_id, row.id] == ISSUED]
            _say(brand, made, issued, now, quiet)
    return [Outcome(row.member_id, row.id, results[row.member_id, row.id]) for row in rows]


def _issue_at_once(
    brand: Brand, made: Definition, members: Sequence[UUID], now: datetime, source: str, key: str
) -> dict[str, int] | None:
    """All of a portion in one statement; None, and nothing done, where a counter lacks room or others interfered."""
    starts, ends = usable.window(made, now, brand.timezone)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            fresh, room, new = segments.insert(
                cursor,
                brand_id=brand.id,
                definition=made.key,
                key=key,
                members=members,
                source=source,
                per_member=made.limits.per_member,
                claimed_at=now,
                starts_at=starts,
                expires_at=ends,
            )
            if new < room:
                raise _Interfered
            for counter, limit, code in _counters(brand, made, now):
                if not counting.take_all(cursor, counter=counter, amount=new, limit=limit):
                    raise _RunOut(counter, limit, code)
            if new:
                events.say_issued(brand=brand, definition=made.key, source=source, count=new, now=now)
    except (_Interfered, _RunOut):
        return None
    counts = {ISSUED: new, REPEATED: len(members) - fresh, "coupon_member_limit": fresh - room}
    return {result: count for result, count in counts.items() if count}


class _Interfered(Exception):
    """Another transaction issued some of the same at the same moment."""


def _issue(
    cursor: Any,
    brand: Brand,
    made: Definition,
    rows: Sequence[IssueRow],
    now: datetime,
    persons: Mapping[UUID, Sequence[UUID]],
) -> dict[tuple[UUID, UUID], str]:
    """Issue to (different) members who do not have these ids yet: limits from the members' own to those of all."""
    results = dict.fromkeys(((row.member_id, row.id) for row in rows), ISSUED)
    left = list(rows)

    def refuse(gone: Sequence[IssueRow], code: str) -> None:
        for row in gone:
            results[row.member_id, row.id] = code

    if made.limits.per_member is not None:
        room = counting.take_member(
            cursor,
            brand_id=brand.id,
            definition=made.key,
            members=[row.member_id for row in left],
            limit=made.limits.per_member,
        )
        refuse([row for row in left if row.member_id not in room], "coupon_member_limit")
        left = [row for row in left if row.member_id in room]
    hashes: dict[UUID, list[UUID]] = {}
    if made.limits.per_person is not None:
        known, left = _take_persons(cursor, brand, made, left, persons, refuse)
        hashes.update(known)
    pool: list[tuple[UUID, str]] = []
    if made.codes == "pool":
        pool = codes.free(cursor, brand_id=brand.id, definition=made.key, count=len(left))
        left = _cut(cursor, brand, made, left, len(pool), hashes, refuse, "coupon_no_codes")
    got, code = _count(cursor, brand, made, len(left), now)
    left = _cut(cursor, brand, made, left, got, hashes, refuse, code)
    if not left:
        return results
    starts, ends = usable.window(made, now, brand.timezone)
    new = holding.insert(
        cursor,
        brand_id=brand.id,
        definition=made.key,
        rows=[
            (
                row.member_id,
                row.id,
                row.source,
                pool[n][1] if pool else None,
                hashes.get(row.member_id, ()),
            )
            for n, row in enumerate(left)
        ],
        claimed_at=now,
        starts_at=starts,
        expires_at=ends,
    )
    if pool:
        bound = [
            (pool[n][0], row.member_id, row.id)
            for n, row in enumerate(left)
            if (row.member_id, row.id) in new
        ]
        codes.bind(cursor, rows=bound, now=now)
    double = [row for row in left if (row.member_id, row.id) not in new]
    if double:  # another transaction issued the same at the same moment
        refuse(double, REPEATED)
        _uncount(cursor, brand, made, double, hashes)
        for counter, _, _ in _counters(brand, made, now):
            counting.give_back(cursor, counter=counter, amount=len(double))
    return results


def _count(cursor: Any, brand: Brand, made: Definition, wanted: int, now: datetime) -> tuple[int, str]:
    """Take as many of `wanted` as all counters have left; returns how many, and the code of what ran out.

    What lacks is rolled back rather than given back: so nobody holds a slot while waiting for others' slots.
    """
    got, code = wanted, ""
    while got > 0:
        try:
            with transaction.atomic():
                for counter, limit, lacking in _counters(brand, made, now):
                    if not counting.take_all(cursor, counter=counter, amount=got, limit=limit):
                        raise _RunOut(counter, limit, lacking)
                return got, code
        except _RunOut as out:
            count = counting.read(cursor, [out.counter]).get(out.counter)
            rest = count.remaining if count else out.limit or 0
            got, code = max(0, min(got - 1, rest)), out.code
    return 0, code


class _RunOut(Exception):
    def __init__(self, counter: UUID, limit: int | None, code: str) -> None:
        super().__init__(code)
        self.counter, self.limit, self.code = counter, limit, code


def _take_persons(
    cursor: Any,
    brand: Brand,
    made: Definition,
    rows: Sequence[IssueRow],
    persons: Mapping[UUID, Sequence[UUID]],
    refuse: Any,
) -> tuple[dict[UUID, list[UUID]], list[IssueRow]]:
    """Count each person under all that makes her known; who has no room under one of them is refused."""
    wanted = {
        row.member_id: [
            counting.person_hash(brand.id, made.key, person)
            for person in dict.fromkeys((row.member_id, *persons.get(row.member_id, ())))
        ]
        for row in rows
    }
    left, taken = list(rows), {}
    kept: list[IssueRow] = []
    while left:  # two members of one batch may be one person: one round each
        seen: set[UUID] = set()
        now_: list[IssueRow] = []
        later: list[IssueRow] = []
        for row in left:
            (later if seen & set(wanted[row.member_id]) else now_).append(row)
            seen.update(wanted[row.member_id])
        room = counting.take_persons(
            cursor,
            brand_id=brand.id,
            hashes=[h for row in now_ for h in wanted[row.member_id]],
            limit=made.limits.per_person or 1,
        )
        gone = [row for row in now_ if not room.issuperset(wanted[row.member_id])]
        if gone:
            counting.give_back_persons(
                cursor, hashes=[h for row in gone for h in wanted[row.member_id] if h in room]
            )
            _uncount(cursor, brand, made, gone, {})
            refuse(gone, "coupon_person_limit")
        lost = {row.member_id for row in gone}
        for row in now_:
            if row.member_id not in lost:
                taken[row.member_id] = wanted[row.member_id]
                kept.append(row)
        left = later
    return taken, kept


def _cut(
    cursor: Any,
    brand: Brand,
    made: Definition,
    rows: list[IssueRow],
    count: int,
    hashes: dict[UUID, list[UUID]],
    refuse: Any,
    code: str,
) -> list[IssueRow]:
    """The first `count` rows; the rest are refused and taken out of their members' counts."""
    gone = rows[count:]
    if gone:
        refuse(gone, code)
        _uncount(cursor, brand, made, gone, hashes)
    return rows[:count]


def _uncount(
    cursor: Any,
    brand: Brand,
    made: Definition,
    rows: Sequence[IssueRow],
    hashes: Mapping[UUID, Sequence[UUID]],
) -> None:
    members = [row.member_id for row in rows]
    if made.limits.per_member is not None:
        counting.give_back_member(cursor, brand_id=brand.id, definition=made.key, members=members)
    if made.limits.per_person is not None:
        counting.give_back_persons(cursor, hashes=[h for m in members for h in hashes.get(m, ())])


def _counters(brand: Brand, made: Definition, now: datetime) -> list[tuple[UUID, int | None, str]]:
    """(counter, limit, code of its refusal) of what all members share."""
    counters: list[tuple[UUID, int | None, str]] = [
        (counting.issued(brand.id, made.key), made.limits.total, "coupon_sold_out")
    ]
    if made.limits.per_day is not None:
        day = usable.day_of(now, brand.timezone)
        counters.append(
            (counting.issued_on(brand.id, made.key, day), made.limits.per_day, "coupon_sold_out_today")
        )
    return counters


def _rounds(rows: Sequence[IssueRow]) -> list[list[IssueRow]]:
    """Rows split so that no member has two in a round."""
    rounds: list[list[IssueRow]] = []
    turns: dict[UUID, int] = {}
    for row in rows:
        turn = turns.get(row.member_id, 0)
        turns[row.member_id] = turn + 1
        if len(rounds) <= turn:
            rounds.append([])
        rounds[turn].append(row)
    return rounds


def _say(brand: Brand, made: Definition, issued: Sequence[IssueRow], now: datetime, quiet: bool) -> None:
    if not issued:
        return
    if quiet or len(issued) > _SAID_ONE_BY_ONE:
        events.say_issued(
            brand=brand, definition=made.key, source=issued[0].source, count=len(issued), now=now
        )
        return
    outbox.append(
        [
            events.of(brand, "claimed", row.member_id, row.id, made.key, now, now, source=row.source)
            for row in issued
        ]
    )
