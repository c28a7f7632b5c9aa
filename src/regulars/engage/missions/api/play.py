"""Check-ins, badges and boards: kept, counted, ranked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import connection, transaction

from regulars.engage.missions.policy import play as policy
from regulars.engage.missions.store import boards as board_store
from regulars.engage.missions.store import play as store
from regulars.engage.missions.types.play import (
    BADGE,
    BOARD,
    BOARD_STATES,
    Badge,
    BadgeGrant,
    Board,
    BoardMark,
    CheckinDay,
    CheckinRules,
    CheckinStanding,
    Closed,
    Filling,
    HeldBadge,
    Ranked,
    Rung,
)
from regulars.facts.members import api as members
from regulars.kit.errors import FieldError, Refusal, conflict, not_found
from regulars.kit.text import Text
from regulars.platform.audit import api as audit
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Scope

_STRIDE = 400  # days that are read at first; further back only as far as a row goes on


def get_checkin(*, brand_id: UUID) -> CheckinRules:
    """How the brand's check-in works; switched off where nobody set it."""
    with connection.cursor() as cursor:
        return store.checkin_rules(cursor, brand_id=brand_id)


def put_checkin(*, scope: Scope, rules: CheckinRules, now: datetime) -> CheckinRules:
    """Change how the check-in works, from the next one on."""
    with transaction.atomic(), connection.cursor() as cursor:
        before = store.checkin_rules(cursor, brand_id=scope.brand_id)
        if before != rules:
            store.put_checkin_rules(cursor, brand_id=scope.brand_id, rules=rules, now=now)
            _audit(scope, "checkin.changed", "checkin", "checkin", before.to_json(), rules.to_json(), now)
    return rules


def add_days(*, brand_id: UUID, days: Sequence[tuple[UUID, CheckinDay]]) -> set[tuple[UUID, date]]:
    """Count days of members once each, in the caller's transaction, members locked; gives the new ones."""
    with connection.cursor() as cursor:
        return store.add_days(cursor, brand_id=brand_id, days=days)


def take_ladder(
    *, brand_id: UUID, rules: CheckinRules, members: Sequence[tuple[UUID, date]]
) -> dict[UUID, list[tuple[int, Rung]]]:
    """After a new day of each of these members: the bonuses that her row has earned now, noted as given on that day,
    with make-up cards and her longest row. Members locked.
    """
    if not members:
        return {}
    due: dict[UUID, list[tuple[int, Rung]]] = {}
    notes, counts = [], []
    with connection.cursor() as cursor:
        found = _days_of(cursor, brand_id, members)
        for member_id, day in members:
            days = {one.day: one for one in found.get(member_id, ())}
            bonuses = policy.bonuses_due(rules, days, day)
            row = policy.row_of(days, day)
            length = (row[1] - row[0]).days + 1 if row else 0
            counts.append((member_id, 1, sum(rung.cards for _, rung in bonuses), length))
            if bonuses:
                due[member_id] = bonuses
                before = days[day].bonus
                notes.append((member_id, day, (*before, *(length for length, _ in bonuses))))
        store.note_bonus(cursor, brand_id=brand_id, bonuses=notes)
        store.count_checkins(cursor, brand_id=brand_id, members=_summed(counts))
    return due


def _days_of(
    cursor: object, brand_id: UUID, members: Sequence[tuple[UUID, date]]
) -> dict[UUID, list[CheckinDay]]:
    """Days of members, back from each one's earliest day as far as the row around it reaches at least."""
    found: dict[UUID, list[CheckinDay]] = {}
    from_ = {member: min(day for who, day in members if who == member) for member in {m for m, _ in members}}
    stride = _STRIDE
    while from_:
        since = min(from_.values()) - timedelta(days=stride)
        read = store.days_of(cursor, brand_id=brand_id, member_ids=from_, since=since)
        found |= {member: read.get(member, []) for member in from_}
        rows = {m: policy.row_of({one.day for one in found[m]}, day) for m, day in from_.items()}
        from_ = {m: day for m, day in from_.items() if (row := rows[m]) is not None and row[0] <= since}
        stride *= 2
    return found


def _summed(counts: Sequence[tuple[UUID, int, int, int]]) -> list[tuple[UUID, int, int, int]]:
    sums: dict[UUID, tuple[int, int, int]] = {}
    for member, days, cards, length in counts:
        had = sums.get(member, (0, 0, 0))
        sums[member] = (had[0] + days, had[1] + cards, max(had[2], length))
    return [(member, *one) for member, one in sums.items()]


def checkin_standing(
    *, brand_id: UUID, member_id: UUID, rules: CheckinRules, today: date, timezone: str
) -> tuple[CheckinStanding, list[CheckinDay]]:
    """Where a member stands, and her days as far back as a row may reach."""
    with connection.cursor() as cursor:
        yesterday = today - timedelta(days=1)
        days = _days_of(cursor, brand_id, [(member_id, yesterday)])[member_id]
        cards, best, total = store.checkin_states(cursor, brand_id=brand_id, member_ids=[member_id]).get(
            member_id, (0, 0, 0)
        )
    local = [replace(one, at=policy.local(one.at, timezone)) if one.at else one for one in days]
    known = members.reach(brand_id=brand_id, member_ids=[member_id]).get(member_id)
    joined = policy.business_day(known.joined_at, timezone) if known else None
    standing = policy.standing(rules, local, today=today, cards=cards, best=best, total=total, joined=joined)
    return standing, days


def take_card(*, brand_id: UUID, member_id: UUID) -> bool:
    """Use an earned make-up card, if there is one; members locked."""
    with connection.cursor() as cursor:
        return store.take_card(cursor, brand_id=brand_id, member_id=member_id)


def checkins_by_day(*, brand_id: UUID, since: date) -> list[tuple[date, int, int]]:
    """Day, check-ins and made-up days."""
    with connection.cursor() as cursor:
        return store.checkins_by_day(cursor, brand_id=brand_id, since=since)


def list_badges(*, brand_id: UUID, archived: bool = False) -> list[Badge]:
    """The brand's badges, oldest first."""
    with connection.cursor() as cursor:
        found = store.badges(cursor, brand_id=brand_id).values()
    return [one for one in found if archived or one.state == "active"]


def get_badge(*, brand_id: UUID, key: str) -> Badge:
    """Raises `not_found`."""
    with connection.cursor() as cursor:
        found = store.badges(cursor, brand_id=brand_id, keys=[key]).get(key)
    if found is None:
        raise not_found(BADGE)
    return found


def put_badge(*, scope: Scope, badge: Badge, now: datetime, create: bool | None = None) -> Badge:
    """Make a badge or change it; levels follow from how often it was given, so they move at once."""
    with transaction.atomic(), connection.cursor() as cursor:
        before = store.badges(cursor, brand_id=scope.brand_id, keys=[badge.key]).get(badge.key)
        if before is None and create is False:
            raise not_found(BADGE)
        if before is not None and create:
            raise conflict("key_taken", f"编码 {badge.key} 已存在", f"The key {badge.key} is taken")
        if before != badge:
            store.put_badge(cursor, brand_id=scope.brand_id, badge=badge, now=now)
            action = "badge.changed" if before else "badge.created"
            _audit(
                scope, action, "badge", badge.key, before.to_json() if before else None, badge.to_json(), now
            )
    return badge


def grant_badges(*, brand_id: UUID, grants: Sequence[BadgeGrant], now: datetime) -> int:
    """Give badges once for each member and key, in the caller's transaction; gives how many were new."""
    with connection.cursor() as cursor:
        return store.add_grants(cursor, brand_id=brand_id, grants=grants, now=now)


def revoke_badges(*, brand_id: UUID, grants: Sequence[tuple[UUID, str]], now: datetime) -> int:
    """Take back what was given under these (member, key)."""
    with connection.cursor() as cursor:
        return store.revoke_grants(cursor, brand_id=brand_id, grants=grants, now=now)


def badges_of(*, brand_id: UUID, member_id: UUID) -> dict[str, HeldBadge]:
    """A member's badges, by key."""
    with connection.cursor() as cursor:
        return store.held(cursor, brand_id=brand_id, member_id=member_id)


def count_holders(*, brand_id: UUID) -> dict[str, tuple[int, int]]:
    """Members who hold each badge, and how often it was given."""
    with connection.cursor() as cursor:
        return store.holders(cursor, brand_id=brand_id)


def list_boards(*, brand_id: UUID, state: str = "") -> list[Board]:
    """The brand's boards, oldest first."""
    with connection.cursor() as cursor:
        found = board_store.boards(cursor, brand_id=brand_id).values()
    return [one for one in found if not state or one.state == state]


def get_board(*, brand_id: UUID, key: str) -> Board:
    """Raises `not_found`."""
    with connection.cursor() as cursor:
        found = board_store.boards(cursor, brand_id=brand_id, keys=[key]).get(key)
    if found is None:
        raise not_found(BOARD)
    return found


def put_board(*, scope: Scope, board: Board, now: datetime, create: bool | None = None) -> Board:
    """Make a board (a draft) or change it. What is counted stays as it is once it is active (`board_fixed`, 409)."""
    with transaction.atomic(), connection.cursor() as cursor:
        before = board_store.boards(cursor, brand_id=scope.brand_id, keys=[board.key], lock=True).get(
            board.key
        )
        if before is None and create is False:
            raise not_found(BOARD)
        if before is not None and create:
            raise conflict("key_taken", f"编码 {board.key} 已存在", f"The key {board.key} is taken")
        if before is not None and before.state != "draft":
            _keep_counted(before, board)
        made = (
            board
            if before is None
            else replace(
                board,
                state=before.state,
                live_at=before.live_at,
                counts_from=before.counts_from,
                filling=before.filling,
            )
        )
        if made != before:
            board_store.put_board(cursor, brand_id=scope.brand_id, board=made, now=now)
            action = "board.changed" if before else "board.created"
            _audit(
                scope, action, "board", board.key, before.to_json() if before else None, made.to_json(), now
            )
    return made


_COUNTED = ("by", "activity", "where", "measure", "unit", "period", "per_store")


def _keep_counted(before: Board, after: Board) -> None:
    said = Text(
        "进行中的榜单不能改统计口径，请新建榜单", "What an active board counts stays as it is; make another"
    )
    fields = [name for name in _COUNTED if getattr(before, name) != getattr(after, name)]
    if fields:
        errors = [FieldError(name, "board_fixed", said) for name in fields]
        raise Refusal("board_fixed", said, status=409, errors=errors)


def set_board_state(*, scope: Scope, key: str, state: str, now: datetime) -> Board:
    """Open a board, or end it. Opened in the middle of a period it counts from the period's beginning: what happened
    before the opening is due to be counted now. Raises `wrong_state` (409).
    """
    with transaction.atomic(), connection.cursor() as cursor:
        before = board_store.boards(cursor, brand_id=scope.brand_id, keys=[key], lock=True).get(key)
        if before is None:
            raise not_found(BOARD)
        if before.state == state:
            return before
        if (before.state, state) not in (("draft", "active"), ("active", "ended")):
            here, there = BOARD_STATES[before.state], BOARD_STATES.get(state, Text(state, state))
            raise Refusal(
                "wrong_state",
                Text("{here}的榜单不能变为{there}", "A board that is {here} cannot become {there}").format(
                    here=here, there=there
                ),
                status=409,
            )
        after = replace(before, state=state, live_at=before.live_at or now)  # type: ignore[arg-type]
        board_store.put_board(cursor, brand_id=scope.brand_id, board=after, now=now)
        if before.state == "draft":
            timezone = organisations.get_brand(brand_id=scope.brand_id).timezone
            since = policy.counts_from(before, now, timezone)
            board_store.begin_filling(cursor, brand_id=scope.brand_id, board=key, since=since, now=now)
            after = replace(after, counts_from=since, filling=since < now)
        said: tuple[dict[str, object], dict[str, object]] = ({"state": before.state}, {"state": state})
        _audit(scope, f"board.{state}", "board", key, *said, now)
    return after


def hold_filling(*, brand_id: UUID) -> None:
    """Until the caller's transaction ends nothing of before their opening is counted for boards: what she reads of
    activities from now on is newer than what that reckoned with.
    """
    with connection.cursor() as cursor:
        board_store.hold_filling(cursor, brand_id=brand_id)


def get_filling(*, brand_id: UUID, key: str) -> Filling | None:
    """How far a board is filled, the board held alone in the caller's transaction; None where it is full."""
    with connection.cursor() as cursor:
        return board_store.filling(cursor, brand_id=brand_id, board=key)


def note_filled(
    *, brand_id: UUID, key: str, at: datetime, after: UUID | None, again_at: datetime | None
) -> None:
    """A held board is filled up to here; go on at `again_at`, or (None) it is full."""
    with connection.cursor() as cursor:
        board_store.note_filled(cursor, brand_id=brand_id, board=key, at=at, after=after, again_at=again_at)


def put_board_marks(*, brand_id: UUID, marks: Sequence[BoardMark]) -> None:
    """Write what activities add to scores; again with another amount it is that amount."""
    with connection.cursor() as cursor:
        board_store.put_board_marks(cursor, brand_id=brand_id, marks=marks)


def ranking(
    *, brand_id: UUID, board: str, period: str, store_id: UUID | None = None, limit: int = 100
) -> list[Ranked]:
    """The best of a period, without those who do not want to be on boards."""
    with connection.cursor() as cursor:
        return board_store.ranking(
            cursor, brand_id=brand_id, board=board, period=period, store_id=store_id, limit=limit
        )


def rank_of(
    *, brand_id: UUID, board: str, period: str, member_id: UUID, store_id: UUID | None = None
) -> Ranked | None:
    """A member's place; None where she has none."""
    with connection.cursor() as cursor:
        return board_store.rank_of(
            cursor, brand_id=brand_id, board=board, period=period, store_id=store_id, member_id=member_id
        )


def count_ranked(*, brand_id: UUID, board: str, period: str, store_id: UUID | None = None) -> int:
    """How many have a place."""
    with connection.cursor() as cursor:
        return board_store.count_ranked(
            cursor, brand_id=brand_id, board=board, period=period, store_id=store_id
        )


def store_of(*, brand_id: UUID, board: str, period: str, member_id: UUID | None = None) -> UUID | None:
    """Of a board with one ranking for each store: the one to show first, a member or staff."""
    with connection.cursor() as cursor:
        return board_store.store_of(
            cursor, brand_id=brand_id, board=board, period=period, member_id=member_id
        )


def open_periods(*, brand_id: UUID, board: str) -> list[tuple[str, UUID | None]]:
    """Periods (and stores) in which something counted and that were not closed."""
    with connection.cursor() as cursor:
        return board_store.open_periods(cursor, brand_id=brand_id, board=board)


def close_period(*, brand_id: UUID, closed: Closed) -> bool:
    """Keep how a period ended; False where that was done before. In the transaction that gives the prizes."""
    with connection.cursor() as cursor:
        return board_store.add_close(cursor, brand_id=brand_id, closed=closed)


def list_closed(*, brand_id: UUID, board: str, place: str | None = None, limit: int = 24) -> list[Closed]:
    """Periods that are over, newest first."""
    with connection.cursor() as cursor:
        return board_store.closes(cursor, brand_id=brand_id, board=board, place=place, limit=limit)


def hide(*, brand_id: UUID, member_id: UUID, hidden: bool, now: datetime) -> None:
    """Whether a member wants to be on boards."""
    with connection.cursor() as cursor:
        board_store.set_hidden(cursor, brand_id=brand_id, member_id=member_id, hidden=hidden, now=now)


def is_hidden(*, brand_id: UUID, member_id: UUID) -> bool:
    with connection.cursor() as cursor:
        return board_store.is_hidden(cursor, brand_id=brand_id, member_id=member_id)


def find_badges(*, brand_id: UUID, keys: Iterable[str]) -> dict[str, Badge]:
    """Active badges among these keys."""
    with connection.cursor() as cursor:
        found = store.badges(cursor, brand_id=brand_id, keys=keys)
    return {key: badge for key, badge in found.items() if badge.state == "active"}


def _audit(
    scope: Scope, action: str, kind: str, key: str, before: dict[str, object] | None, after: dict[str, object],
    now: datetime,
) -> None:  # fmt: skip
    audit.record(
        organisation_id=scope.organisation_id,
        brand_id=scope.brand_id,
        actor=scope.actor,
        action=action,
        subject_type=kind,
        subject_id=key,
        before=before,
        after=after,
        now=now,
    )
