"""Boards that were opened in the middle of their period count what happened before, some at a time."""

from __future__ import annotations

from datetime import datetime, timedelta
from time import monotonic

from django.db import transaction

from regulars.engage.missions.api import play
from regulars.engage.missions.types.play import Filling
from regulars.engage.referrals import api as referrals
from regulars.facts.activity import api as activities
from regulars.flows.missions import acts, boards
from regulars.flows.missions.boards import Friend
from regulars.platform.due import api as due
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Brand

PORTION = 2000
SLICE = timedelta(hours=6)  # of what happened: as much is looked through at a time
CLOCKS = timedelta(minutes=5)  # what others say happened may lie a little ahead of when it was told
SECONDS = 5.0
_LEASE_SECONDS = 120.0


def fill_due(now: datetime) -> int:
    """Due work: fill the board that waits longest, for some seconds; gives 1, or 0 where none waits."""
    rows = due.claim(
        table="board", key=("brand_id", "key"), now=now, limit=1, due="fill_at", lease_seconds=_LEASE_SECONDS
    )
    for brand_id, key in rows:
        fill(organisations.get_brand(brand_id=brand_id), key, now)
    return len(rows)


def fill(brand: Brand, key: str, now: datetime) -> bool:
    """Go on filling a board for some seconds; whether it is full.

    Each portion holds the board, and whoever counts what members do now waits for it: so what went back meanwhile is
    never overwritten by what was read before.
    """
    ends = monotonic() + SECONDS
    while True:
        with transaction.atomic():
            filling = play.get_filling(brand_id=brand.id, key=key)
            if filling is None:
                return True
            _fill_some(brand, filling, now)
        if monotonic() >= ends:
            return False


def _fill_some(brand: Brand, filling: Filling, now: datetime) -> None:
    board, since, until = filling.board, filling.at, filling.until + CLOCKS
    if board.by == "referrals":
        found = referrals.qualified_between(brand_id=brand.id, since=since, until=until)
        friends = [Friend(recruiter, friend, at, True) for recruiter, friend, at in found]
        play.put_board_marks(brand_id=brand.id, marks=boards.marks_of_friends(brand, [board], friends))
        play.note_filled(brand_id=brand.id, key=board.key, at=until, after=None, again_at=None)
        return
    slice_ends = min(since + SLICE, until)
    rows = activities.next_occurred(
        brand_id=brand.id,
        kind=board.activity,
        since=since,
        after=filling.after,
        until=slice_ends,
        limit=PORTION,
    )
    done = acts.load(brand, [(member, id_) for member, id_, _ in rows])
    play.put_board_marks(brand_id=brand.id, marks=boards.marks_of(brand, [board], done, now))
    if len(rows) == PORTION:
        play.note_filled(brand_id=brand.id, key=board.key, at=rows[-1][2], after=rows[-1][1], again_at=now)
    else:
        again = now if slice_ends < until else None
        play.note_filled(brand_id=brand.id, key=board.key, at=slice_ends, after=None, again_at=again)
