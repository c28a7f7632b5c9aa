"""Check-ins, badges and boards: read what staff set, reckon rows of days, periods and places. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, cast
from uuid import UUID

from regulars.engage.missions.policy.missions import object_of, period_of, rewards_in
from regulars.engage.missions.types.play import (
    BOARD_MEASURES,
    BOARD_SOURCES,
    PERIODS,
    Badge,
    BadgeLevel,
    Board,
    CheckinDay,
    CheckinRules,
    CheckinStanding,
    Prize,
    Rung,
)
from regulars.kit.errors import ErrorList
from regulars.kit.periods import start_of_day, zone
from regulars.kit.reader import Node
from regulars.kit.text import Text

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
ICONS = ("star", "medal", "crown", "heart", "flame", "leaf", "cup", "gift", "flag", "gem")
MOST_SHOWN = 100


def parse_checkin(data: Any, errors: ErrorList) -> CheckinRules:
    """A brand's check-in from its JSON."""
    node = Node(
        data, "", errors, ("enabled", "rewards", "ladder", "again_after", "makeup_days", "cards_a_month")
    )
    ladder: list[Rung] = []
    for child in node.children("ladder", ("days", "rewards", "cards"), most=20):
        days = child.integer("days", least=2, most=366)
        if days is not None and ladder and days <= ladder[-1].days:
            child.bad("days", "not_ascending", "天数须递增", "Must be longer than the one before")
        cards = child.integer("cards", least=0, most=10, default=0)
        ladder.append(Rung(days or 0, rewards_in(child), cards))
    again = node.integer("again_after", least=0, most=366, default=0)
    if again and ladder and again < ladder[-1].days:
        node.bad(
            "again_after", "too_short", "不能短于最长的连续天数", "Must not be shorter than the longest row"
        )
    return CheckinRules(
        enabled=node.flag("enabled", False),
        rewards=rewards_in(node),
        ladder=tuple(ladder),
        again_after=again,
        makeup_days=node.integer("makeup_days", least=0, most=31, default=7),
        cards_a_month=node.integer("cards_a_month", least=0, most=31, default=1),
    )


def row_of(days: Collection[date], day: date) -> tuple[date, date] | None:
    """The unbroken row of days that `day` lies in: its first and last; None where `day` is none of them."""
    if day not in days:
        return None
    first = last = day
    while first - timedelta(days=1) in days:
        first -= timedelta(days=1)
    while last + timedelta(days=1) in days:
        last += timedelta(days=1)
    return first, last


def standing(
    rules: CheckinRules,
    days: Sequence[CheckinDay],
    *,
    today: date,
    cards: int,
    best: int,
    total: int,
    joined: date | None = None,
) -> CheckinStanding:
    """Where a member stands today. `days` reach back as far as her present row does; what lies before the day she
    `joined` she has not missed."""
    there = {one.day for one in days}
    row = row_of(there, today) or row_of(there, today - timedelta(days=1))
    streak = (row[1] - row[0]).days + 1 if row else 0
    used = sum(one.paid_by == "month" and one.at is not None and _same_month(one.at, today) for one in days)
    missed = tuple(
        today - timedelta(days=n)
        for n in range(1, rules.makeup_days + 1)
        if today - timedelta(days=n) not in there and (joined is None or today - timedelta(days=n) >= joined)
    )
    return CheckinStanding(
        today=today,
        checked_in=today in there,
        streak=streak,
        best=max(best, streak),
        total=total,
        cards=cards,
        free_cards=max(0, rules.cards_a_month - used),
        can_make_up=missed,
    )


def _same_month(at: datetime, today: date) -> bool:
    return (at.year, at.month) == (today.year, today.month)


def bonuses_due(rules: CheckinRules, days: Mapping[date, CheckinDay], day: date) -> list[tuple[int, Rung]]:
    """The ladder's bonuses that the row around `day` has earned and not been given: length and rung."""
    row = row_of(days, day)
    if row is None:
        return []
    length = (row[1] - row[0]).days + 1
    given = {bonus for n in range(length) for bonus in days[row[0] + timedelta(days=n)].bonus}
    due = []
    turn = 0
    while True:
        reached = False
        for rung in rules.ladder:
            wanted = rung.days + turn * rules.again_after
            if wanted <= length:
                reached = True
                if wanted not in given:
                    due.append((wanted, rung))
        turn += 1
        if not reached or not rules.again_after:
            return due


_BADGE = (
    "key", "name", "description", "icon", "colour", "levels", "state", "when", "how", "taken_away",
)  # fmt: skip


def parse_badge(data: Any, errors: ErrorList) -> Badge:
    """A badge from its JSON; without levels it has one, reached at once."""
    node = Node(data, "", errors, _BADGE)
    name = node.text("name", most=40)
    levels: list[BadgeLevel] = []
    for child in node.children("levels", ("at", "name"), most=10):
        at = child.integer("at", least=1, most=100_000)
        if at is not None and levels and at <= levels[-1].at:
            child.bad("at", "not_ascending", "次数须递增", "Must be above the one before")
        levels.append(BadgeLevel(at or 1, child.text("name", most=40)))
    colour = node.string("colour", most=7, default="#d99a2b")
    if colour and not _COLOUR.fullmatch(colour):
        node.bad("colour", "bad_colour", "颜色须形如 #1a2b3c", "A colour looks like #1a2b3c")
    when = object_of(node, "when")
    if when and len(levels) > 1:
        node.bad(
            "levels",
            "one_level",
            "按条件授予的徽章只有一个等级，请为每一级各建一枚徽章",
            "A badge given by a condition has one level; make a badge for each",
        )
    return Badge(
        key=node.code("key") or "",
        name=name,
        description=node.text("description", Text("", ""), most=300),
        icon=node.choice("icon", ICONS, "star"),
        colour=colour or "",
        levels=tuple(levels) or (BadgeLevel(1, name),),
        state=node.choice("state", ("active", "archived"), "active"),
        when=when,
        how=node.text("how", Text("", ""), most=200),
        taken_away=bool(when) and node.flag("taken_away", False),
    )


_BOARD = (
    "key", "name", "description", "by", "activity", "where", "measure", "unit", "period", "per_store", "shown",
    "prizes", "budget", "ends_on",
)  # fmt: skip
# activity and measure of boards that say what they rank by themselves
_SAID = {
    "spend": ("order", "amount"),
    "points": ("", "unit"),
    "checkins": ("checkin", "count"),
    "referrals": ("", "count"),
}


def parse_board(data: Any, errors: ErrorList) -> Board:
    """A board from its JSON, its form alone."""
    node = Node(data, "", errors, _BOARD)
    prizes: list[Prize] = []
    for child in node.children("prizes", ("first", "last", "rewards"), most=20):
        first = child.integer("first", least=1, most=MOST_SHOWN) or 1
        last = child.integer("last", least=1, most=MOST_SHOWN, default=first)
        if last < first or (prizes and first <= prizes[-1].last):
            child.bad("first", "overlap", "名次须递增且不重叠", "Places must rise and not overlap")
        prizes.append(Prize(first, last, rewards_in(child)))
    by = node.choice("by", tuple(BOARD_SOURCES), "activity")
    where = object_of(node, "where")
    per_store = node.flag("per_store", False)
    unit = node.string("unit", most=40, default="")
    if by in _SAID:
        activity, measure = _SAID[by]
    else:
        measure = node.choice("measure", tuple(BOARD_MEASURES), "count")
        activity = node.string("activity", most=64)
    if where and not activity and by in _SAID:
        node.bad("where", "not_here", "这种榜单不能再加条件", "Such a board takes no condition")
    if per_store and by == "referrals":
        node.bad("per_store", "not_here", "推荐不分门店", "Friends are not of a store")
    if measure == "amount" and activity not in (None, "order"):
        node.bad("measure", "only_orders", "只有订单有金额", "Only orders have an amount")
    if measure == "unit" and not unit:
        node.bad("unit", "required", "请选择积分单位", "Choose the unit")
    return Board(
        key=node.code("key") or "",
        name=node.text("name", most=60),
        description=node.text("description", Text("", ""), most=300),
        activity=activity or "",
        where=where,
        measure=cast(Any, measure),
        unit=unit if measure == "unit" else "",
        period=node.choice("period", tuple(PERIODS), "month"),
        per_store=per_store,
        shown=node.integer("shown", least=3, most=MOST_SHOWN, default=20),
        prizes=tuple(prizes),
        budget=node.string("budget", most=40, default="") or "",
        ends_on=node.day("ends_on", None),
        by=cast(Any, by),
    )


def board_period(board: Board, at: datetime, timezone: str) -> tuple[str, datetime | None]:
    """The name of the period an instant lies in, and when that is over (None: never)."""
    ends = start_of_day(board.ends_on + timedelta(days=1), timezone) if board.ends_on else None
    if board.period == "ever":
        return "ever", ends
    name, _, after = period_of(at, board.period, timezone)
    return name, after if ends is None else min(after, ends)


def counts_from(board: Board, opened_at: datetime, timezone: str) -> datetime:
    """From when on acts count on a board that is opened at an instant: from the beginning of the period it lies in; of
    a board that has no periods, from its opening.
    """
    if board.period == "ever":
        return opened_at
    return period_of(opened_at, board.period, timezone)[1]


def period_end(board: Board, period: str, timezone: str) -> datetime | None:
    """When a period of a board, named as `board_period` does, is over."""
    ends = start_of_day(board.ends_on + timedelta(days=1), timezone) if board.ends_on else None
    if period == "ever":
        return ends
    if board.period == "day":
        first = date.fromisoformat(period)
    elif board.period == "week":
        year, week = period.split("-W")
        first = date.fromisocalendar(int(year), int(week), 1)
    else:
        first = date.fromisoformat(f"{period}-01")
    after = period_of(start_of_day(first, timezone), board.period, timezone)[2]
    return after if ends is None else min(after, ends)


def prize_of(board: Board, rank: int) -> Prize | None:
    return next((prize for prize in board.prizes if prize.first <= rank <= prize.last), None)


def masked(code: str, name: str) -> str:
    """A member as other members may see her: the first letter of her name, and the end of her code, which tells apart
    those who share it.
    """
    first = name.strip()[:1]
    return f"{first}**{code[-2:]}" if first and first != "*" else f"**{code[-3:]}"


def business_day(at: datetime, timezone: str) -> date:
    return at.astimezone(zone(timezone)).date()


def place_key(store_id: UUID | None) -> str:
    return str(store_id) if store_id else ""


def local(at: datetime, timezone: str) -> datetime:
    return at.astimezone(zone(timezone))
