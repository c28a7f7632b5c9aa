"""Leaderboards: what members do adds to their scores; a period that is over is kept, and its prizes are given once."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from regulars.engage.missions.api import play
from regulars.engage.missions.policy import play as policy
from regulars.engage.missions.types.play import Board, BoardMark, Closed
from regulars.facts.members import api as members
from regulars.flows import rewarding
from regulars.flows.missions.acts import Done
from regulars.flows.rewarding import Gift
from regulars.kit.text import Text
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import SYSTEM, Brand, Scope
from regulars.programme.rules.api import compile_acting
from regulars.programme.versions import api as versions

_log = logging.getLogger(__name__)
# How long after its end a period is closed: what happened in it may still be on its way.
SETTLES_AFTER = timedelta(hours=2)
MOST_KEPT = 200


@dataclass(frozen=True, slots=True)
class Friend:
    """Somebody who came by `recruiter_id` and qualified, or (`counts` false) does not any more."""

    recruiter_id: UUID
    friend_id: UUID
    at: datetime
    counts: bool


def count(brand: Brand, done: Sequence[Done], now: datetime) -> None:
    """Add activities to the scores of the brand's boards, net of what went back of them."""
    boards = play.list_boards(brand_id=brand.id, state="active")
    play.put_board_marks(brand_id=brand.id, marks=marks_of(brand, boards, done, now))


def marks_of(brand: Brand, boards: Sequence[Board], done: Sequence[Done], now: datetime) -> list[BoardMark]:
    """What activities add to the scores of boards."""
    marks: list[BoardMark] = []
    if not boards or not done:
        return marks
    catalogue = versions.catalogue_of(brand_id=brand.id)
    programme = versions.in_force(brand_id=brand.id, now=now).live
    for board in boards:
        test = compile_acting(programme, catalogue, board.where)
        for one in done:
            if not _is_of(board, one) or not _is_open(board, one.occurred_at):
                continue
            if board.per_store and one.store_id is None:
                continue
            period, ends = policy.board_period(board, one.occurred_at, brand.timezone)
            if ends is not None and one.occurred_at >= ends:
                continue
            counts = one.act is not None and test(one.act)
            amount = _score(board, one) if counts else 0
            if board.by == "points" and not amount and one.type != "order":
                continue  # only what was earned by orders can go back
            marks.append(
                BoardMark(
                    one.member_id,
                    board.key,
                    one.activity_id,
                    period,
                    one.store_id if board.per_store else None,
                    amount,
                    one.occurred_at,
                )
            )
    return marks


def _is_open(board: Board, at: datetime) -> bool:
    """Whether what happens at an instant counts already."""
    since = board.counts_from or board.live_at
    return since is not None and since <= at


def _is_of(board: Board, one: Done) -> bool:
    """Whether an activity is of the kind that a board counts."""
    return board.by == "points" or (board.by != "referrals" and one.type == board.activity)


def count_friends(brand: Brand, friends: Sequence[Friend]) -> None:
    """Add friends who qualified to the scores of who brought them, and take off whose order went back."""
    if not friends:
        return
    play.hold_filling(brand_id=brand.id)
    boards = [one for one in play.list_boards(brand_id=brand.id, state="active") if one.by == "referrals"]
    play.put_board_marks(brand_id=brand.id, marks=marks_of_friends(brand, boards, friends))


def marks_of_friends(brand: Brand, boards: Sequence[Board], friends: Sequence[Friend]) -> list[BoardMark]:
    """What friends add to the scores of boards."""
    marks = []
    for board in boards:
        for one in friends:
            period, ends = policy.board_period(board, one.at, brand.timezone)
            if _is_open(board, one.at) and (ends is None or one.at < ends):
                marks.append(
                    BoardMark(
                        one.recruiter_id, board.key, one.friend_id, period, None, int(one.counts), one.at
                    )
                )
    return marks


def _score(board: Board, one: Done) -> int:
    if board.measure == "amount":
        return one.amount
    if board.measure == "unit":
        return max(0, one.earned.get(board.unit, 0))
    return 1


def close_due(now: datetime) -> int:
    """Due work: close the periods that are over and give their prizes; gives how many were closed."""
    return sum(_close_brand(brand, now) for brand in organisations.list_brands())


def _close_brand(brand: Brand, now: datetime) -> int:
    closed = 0
    for board in play.list_boards(brand_id=brand.id):
        if board.state == "draft" or board.filling:
            continue
        for period, store_id in play.open_periods(brand_id=brand.id, board=board.key):
            ends = policy.period_end(board, period, brand.timezone)
            # one that staff ended counts nothing any more, not even what goes back: it is closed as it stands
            if board.state == "ended" or (ends is not None and ends + SETTLES_AFTER <= now):
                try:
                    closed += close(brand, board, period, store_id, now)
                except Exception:  # it is tried again in the next turn, and keeps no other waiting
                    _log.exception(
                        "%s of leaderboard %s of %s could not be closed", period, board.key, brand.id
                    )
    return closed


def close(brand: Brand, board: Board, period: str, store_id: UUID | None, now: datetime) -> int:
    """Keep the places of a period and give the prizes, in one transaction; 0 where that was done before."""
    place = policy.place_key(store_id)
    with transaction.atomic():
        ranked = play.ranking(
            brand_id=brand.id, board=board.key, period=period, store_id=store_id, limit=MOST_KEPT
        )
        names = names_of(brand, [one.member_id for one in ranked])
        gifts = []
        rows: list[dict[str, Any]] = []
        for one in ranked:
            prize = policy.prize_of(board, one.rank)
            rows.append(
                {
                    "rank": one.rank,
                    "member": str(one.member_id),
                    "name": names.get(one.member_id, ""),
                    "score": one.score,
                    "prize": prize is not None,
                }
            )
            if prize is not None and prize.rewards:
                gifts.append(
                    Gift(
                        one.member_id,
                        f"board:{board.key}:{period}:{place}",
                        f"board:{board.key}",
                        rewarding.rewards_of(prize.rewards),
                        title=Text(f"{board.name.zh} 第 {one.rank} 名", f"{board.name.en}: place {one.rank}"),
                        budget=board.budget,
                    )
                )
        members_in = play.count_ranked(brand_id=brand.id, board=board.key, period=period, store_id=store_id)
        kept = Closed(board.key, period, place, tuple(rows), members_in, len(gifts), now)
        if not play.close_period(brand_id=brand.id, closed=kept):
            return 0
        rewarding.give(brand=brand, gifts=gifts, now=now)
    return 1


def names_of(brand: Brand, member_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Members as other members may see them."""
    scope = Scope(
        brand.organisation_id, brand.id, SYSTEM, frozenset()
    )  # may not read names: gets them masked
    found = members.names_of(scope=scope, member_ids=member_ids)
    return {id_: policy.masked(code, name) for id_, (code, name) in found.items()}
