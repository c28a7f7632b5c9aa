"""Keeping segments true: whole, when due or asked for; member by member, at each activity."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from time import perf_counter
from typing import Any
from uuid import UUID

import psycopg.errors
from django.db import connection, transaction
from django.db.utils import OperationalError

from regulars.audience.member_facts import api as member_facts
from regulars.audience.segments import places, telling
from regulars.audience.segments.api.making import LEASE, SECONDS, cancelled, hold, make
from regulars.audience.segments.policy.leaning import in_order
from regulars.audience.segments.store import asking, keeping, refreshing
from regulars.audience.segments.types import Refreshed, Segment
from regulars.kit.errors import Refusal, conflict, not_found
from regulars.kit.text import Text
from regulars.platform.organisations.types import Scope

_RETRY = timedelta(minutes=15)
_DIRTY_FIRST = 20
_SEGMENT = Text("人群", "Segment")


def refresh(*, brand_id: UUID, code: str, now: datetime, seconds: float = SECONDS) -> Refreshed | None:
    """Bring a segment to what its condition says now, or make a list that is `being_made`. None while another process
    is at it, and for other static ones.

    Members whose facts changed are refreshed first. Any statement may take `seconds`. What goes wrong is kept with
    the segment and raised: `too_slow`, `cancelled` (409), `not_found`, of a list `seed_too_small` (409). What was
    changed meanwhile raises `segment_changed` (409) and is due again.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        segment = keeping.find(cursor, brand_id=brand_id, code=code)
        if segment is None:
            raise not_found(_SEGMENT)
        if not (segment.follows or segment.being_made) or not keeping.take_lease(
            cursor, segment_id=segment.id, now=now, until=now + LEASE
        ):
            return None
        # the lease is this backend's, the definition the one in force now
        segment = keeping.find(cursor, brand_id=brand_id, code=code)
        assert segment is not None
    being_made = segment.being_made
    again = None if being_made else now + timedelta(minutes=segment.every_minutes or 1440)
    try:
        if being_made or any(key in str(segment.definition) for key in ("fact.", "score.")):
            for _ in range(_DIRTY_FIRST):
                if not member_facts.refresh_dirty(brand_id=brand_id, now=now):
                    break
        done = make(segment, now=now) if being_made else _refresh(segment, now, seconds)
    except Exception as error:
        refusal = _said(error, seconds)
        code_ = refusal.code if isinstance(refusal, Refusal) else ""
        # a list that cannot be made, or was stopped, waits for somebody; what broke is tried again
        retry = not being_made or code_ in ("", "too_slow")
        with connection.cursor() as cursor:
            keeping.end_lease(
                cursor,
                segment_id=segment.id,
                version=segment.version,
                run={"cancelled": "cancelled", "segment_changed": "idle"}.get(code_, "failed"),
                problem=None if code_ == "segment_changed" else _words(refusal),
                next_refresh_at=now + _RETRY if retry else None,
            )
        if refusal is error:
            raise
        raise refusal from error
    with connection.cursor() as cursor:
        keeping.end_lease(
            cursor,
            segment_id=segment.id,
            version=segment.version,
            run="idle",
            problem=None,
            next_refresh_at=now if done.too_many else again,
        )
    return done


def begin_again(*, scope: Scope, code: str, now: datetime) -> None:
    """Have a list that was not made, for it was stopped or could not be, made after all.

    Raises `not_found`, `refresh_running` (409) while it is being made, `not_in_use` (409) for a paused one.
    """
    scope.require_store(None)
    with transaction.atomic(), connection.cursor() as cursor:
        segment = keeping.find(cursor, brand_id=scope.brand_id, code=code, lock=True)
        if segment is None or not segment.being_made:
            raise not_found(_SEGMENT)
        if segment.state != "active":
            raise conflict("not_in_use", "人群已暂停，请先继续", "The segment is paused; let it go on first")
        if segment.run == "running":
            raise running()
        keeping.change(
            cursor,
            segment_id=segment.id,
            values={"run": "idle", "problem": "", "progress": 0, "next_refresh_at": now},
        )


def running() -> Refusal:
    return Refusal("refresh_running", Text("正在刷新", "It is being refreshed already"), status=409)


def refresh_due(*, now: datetime, limit: int = 1) -> int:
    """Refresh the segments that are due, those waiting longest first; gives how many were looked at."""
    with connection.cursor() as cursor:
        waiting = keeping.due(cursor, now=now, limit=limit)
    for brand_id, code in waiting:
        try:
            refresh(brand_id=brand_id, code=code, now=now)
        except Refusal:
            continue  # kept with the segment, and shown there
    return len(waiting)


def refresh_all(*, brand_id: UUID, now: datetime) -> dict[str, str]:
    """Every active segment that follows a condition, each after those it is made of; gives what went wrong by code."""
    with connection.cursor() as cursor:
        found = {
            one.code: one
            for one in keeping.listed(cursor, brand_id=brand_id, archived=False)
            if one.follows and one.state == "active"
        }
    wrong = {}
    for code in in_order({code: one.uses for code, one in found.items()}):
        try:
            refresh(brand_id=brand_id, code=code, now=now)
        except Refusal as refusal:
            wrong[code] = refusal.message.en
    return wrong


def cancel(*, brand_id: UUID, code: str) -> bool:
    """Stop a segment's refresh; its members stay as they were. False if none runs. Raises `not_found`."""
    with transaction.atomic(), connection.cursor() as cursor:
        segment = keeping.find(cursor, brand_id=brand_id, code=code)
        if segment is None:
            raise not_found(_SEGMENT)
        if keeping.cancel(cursor, segment_id=segment.id):
            return True
        waits = segment.being_made and segment.next_refresh_at is not None
        if waits:
            keeping.change(
                cursor, segment_id=segment.id, values={"run": "cancelled", "next_refresh_at": None}
            )
        return waits


def has_live(*, brand_id: UUID) -> bool:
    """Whether the brand has live segments; costs nothing while it has none."""
    with connection.cursor() as cursor:
        return bool(telling.live_segments(cursor, brand_id))


def follow(*, brand_id: UUID, member_ids: Sequence[UUID], now: datetime) -> int:
    """Bring the live segments to what they say of these members now, within the caller's transaction.

    Facts they ask for are made anew first, so that an order counts at once. Gives how many came or went.
    """
    if not member_ids:
        return 0
    with transaction.atomic(), connection.cursor() as cursor:
        live = telling.live_segments(cursor, brand_id)
        if not live:
            return 0
        # who posts has them already; who follows later must not move whom another moves now
        refreshing.lock_members(cursor, brand_id=brand_id, member_ids=member_ids)
        if any("fact." in str(one.definition) for one in live):
            member_facts.refresh(brand_id=brand_id, member_ids=member_ids, now=now)
        place = places.place_of(brand_id=brand_id, now=now)
        by_code = {one.code: one for one in live}
        moves = 0
        for code in in_order({one.code: one.uses for one in live}):
            segment = by_code[code]
            try:
                condition = places.read_condition(place, segment.definition)
            except Refusal:
                continue  # a field of it is gone; its refresh says so
            question = asking.ask(place, condition, profiles=segment.profiles)
            wanted = asking.among(cursor, question, member_ids)
            came, gone = refreshing.difference(
                cursor,
                segment=segment,
                wanted=wanted,
                among=member_ids,
                now=now,
                still=partial(keeping.is_as_it_was, cursor, segment=segment),
            )
            if came or gone:
                telling.moved(cursor, segment=segment, came=came, gone=gone, now=now, one_by_one=True)
                refreshing.note_count(
                    cursor,
                    segment=segment,
                    entered=len(came),
                    gone=len(gone),
                    now=now,
                    took_ms=None,
                    whole=False,
                )
                moves += len(came) + len(gone)
        return moves


def wait_for_profiled(*, brand_id: UUID) -> None:
    """Wait till nobody puts members into what stands on scores, and have nobody begin, till the transaction ends.

    Who takes a member out asks for it before she locks her: who puts her in locks her after.
    """
    with connection.cursor() as cursor:
        keeping.lock_profiled(cursor, brand_id=brand_id, alone=True)


def leave_profiled(*, brand_id: UUID, member_id: UUID, now: datetime) -> int:
    """Take a member out of every segment that stands on scores: she switched profiling off. Gives of how many."""
    with transaction.atomic(), connection.cursor() as cursor:
        wait_for_profiled(brand_id=brand_id)
        profiled = [one for one in keeping.listed(cursor, brand_id=brand_id, archived=True) if one.profiles]
        out = 0
        for segment in profiled:
            _, gone = refreshing.difference(cursor, segment=segment, wanted=(), among=[member_id], now=now)
            if gone:
                telling.moved(cursor, segment=segment, came=[], gone=gone, now=now, one_by_one=True)
                refreshing.note_count(
                    cursor, segment=segment, entered=0, gone=1, now=now, took_ms=None, whole=False
                )
                out += 1
        return out


def _refresh(segment: Segment, now: datetime, seconds: float) -> Refreshed:
    started = perf_counter()
    place = places.place_of(brand_id=segment.brand_id, now=now)
    condition = places.read_condition(place, segment.definition)
    with asking.limited(seconds) as cursor:
        # what it is made of may stand on scores since
        profiles = places.stands_on_scores(cursor, place, condition)
        question = asking.ask(place, condition, profiles=profiles)
        refreshing.fill_wanted(cursor, question, told=lambda: _go_on(segment.id))
        segment = hold(cursor, segment)
        if profiles:
            keeping.lock_profiled(cursor, brand_id=segment.brand_id)
        live = segment.kind == "live"
        asked_again = live and refreshing.ask_again(
            cursor, segment=segment, question=question, told=lambda: _go_on(segment.id)
        )
        came, gone = refreshing.settle(
            cursor, segment=segment, profiles=profiles, now=now, asked_again=asked_again
        )
        _go_on(segment.id)
        # who was in when it was first filled did not come in then: that is told once, not a million times
        first = segment.refreshed_at is None
        telling.moved(cursor, segment=segment, came=came, gone=gone, now=now, one_by_one=not first)
        took_ms = round((perf_counter() - started) * 1000)
        if profiles != segment.profiles:
            keeping.change(cursor, segment_id=segment.id, values={"profiles": profiles})
        members = refreshing.note_count(
            cursor,
            segment=segment,
            entered=len(came),
            gone=len(gone),
            now=now,
            took_ms=took_ms,
            whole=True,
        )
    return Refreshed(members, len(came), len(gone), took_ms, too_many=live and not asked_again)


def _go_on(segment_id: UUID) -> None:
    """Between chunks: has somebody cancelled?"""
    with connection.cursor() as cursor:
        if not keeping.is_running(cursor, segment_id=segment_id):
            raise cancelled()


def _said(error: Exception, seconds: float) -> Exception:
    """What went wrong, as a refusal where somebody caused it."""
    late = isinstance(error, OperationalError) and isinstance(error.__cause__, psycopg.errors.QueryCanceled)
    if late or (isinstance(error, Refusal) and error.code == "too_slow"):
        if "user request" in str(error.__cause__):
            return cancelled()
        return asking.too_slow(seconds) if late else error
    return error


def _words(error: Exception) -> Text:
    """What is kept with the segment for who looks at it."""
    if isinstance(error, Refusal):
        return error.errors[0].message if error.errors else error.message
    return Text(f"刷新出错：{error}", f"The refresh broke off: {error}")


def staleness(segment: Segment, now: datetime) -> Any:
    """How long ago everybody was asked; None before the first time and for static lists."""
    return None if segment.refreshed_at is None or not segment.follows else now - segment.refreshed_at
