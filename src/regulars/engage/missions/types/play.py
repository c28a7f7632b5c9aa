"""Check-ins, badges and leaderboards as other rooms see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from regulars.kit.text import Text

BADGE = Text("徽章", "Badge")
NO_WORDS = Text("", "")
BOARD = Text("排行榜", "Leaderboard")
BoardState = Literal["draft", "active", "ended"]
BOARD_STATES: dict[str, Text] = {
    "draft": Text("草稿", "draft"),
    "active": Text("进行中", "active"),
    "ended": Text("已结束", "ended"),
}
PERIODS: dict[str, Text] = {
    "day": Text("日榜", "day"),
    "week": Text("周榜", "week"),
    "month": Text("月榜", "month"),
    "ever": Text("总榜", "all of it"),
}
BOARD_SOURCES: dict[str, Text] = {
    "spend": Text("消费额", "Spend"),
    "points": Text("赚取的积分", "Points earned"),
    "checkins": Text("签到天数", "Check-ins"),
    "referrals": Text("达成的推荐", "Friends who qualified"),
    "activity": Text("某种行为", "An activity"),
}
BOARD_MEASURES: dict[str, Text] = {
    "count": Text("次数", "times"),
    "amount": Text("订单金额", "order amount"),
    "unit": Text("获得的积分", "points earned"),
}


@dataclass(frozen=True, slots=True)
class Rung:
    """What a row of `days` days gives, and how many make-up cards with it."""

    days: int
    rewards: tuple[Mapping[str, Any], ...] = ()
    cards: int = 0


@dataclass(frozen=True, slots=True)
class CheckinRules:
    """`rewards` are for every day, the ladder's for rows of days; `again_after` days the ladder begins anew (0: never).
    Of the last `makeup_days` days one that was missed can be made up for with a card: `cards_a_month` are free, others
    are earned on the ladder.
    """

    enabled: bool = False
    rewards: tuple[Mapping[str, Any], ...] = ()
    ladder: tuple[Rung, ...] = ()
    again_after: int = 0
    makeup_days: int = 7
    cards_a_month: int = 1

    def to_json(self) -> dict[str, Any]:
        return {
            "enabled": self.enabled,
            "rewards": [dict(one) for one in self.rewards],
            "ladder": [
                {"days": rung.days, "rewards": [dict(one) for one in rung.rewards], "cards": rung.cards}
                for rung in self.ladder
            ],
            "again_after": self.again_after,
            "makeup_days": self.makeup_days,
            "cards_a_month": self.cards_a_month,
        }


@dataclass(frozen=True, slots=True)
class CheckinDay:
    """A day that counts. `bonus` are the lengths of the row whose bonus was given on it."""

    day: date
    kind: Literal["checkin", "makeup"]
    paid_by: str = ""
    bonus: tuple[int, ...] = ()
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CheckinStanding:
    """A member's check-ins: the present row of days (a row that ended yesterday stands until today is over)."""

    today: date
    checked_in: bool
    streak: int
    best: int
    total: int
    cards: int  # earned
    free_cards: int  # of this month
    can_make_up: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class BadgeLevel:
    """Reached when the badge was given `at` times."""

    at: int
    name: Text


@dataclass(frozen=True, slots=True)
class Badge:
    """A badge. With `when`, a condition of members as segments have them, everybody it holds for has the badge, and
    with `taken_away` only as long as it does; `how` says in the shop's words what it takes.
    """

    key: str
    name: Text
    description: Text
    icon: str
    colour: str
    levels: tuple[BadgeLevel, ...]
    state: Literal["active", "archived"] = "active"
    when: Mapping[str, Any] | None = None
    how: Text = NO_WORDS
    taken_away: bool = False

    def to_json(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "name": self.name.to_json(),
            "description": self.description.to_json(),
            "icon": self.icon,
            "colour": self.colour,
            "levels": [{"at": level.at, "name": level.name.to_json()} for level in self.levels],
            "state": self.state,
            "when": dict(self.when) if self.when else None,
            "how": self.how.to_json(),
            "taken_away": self.taken_away,
        }

    def level_of(self, times: int) -> int:
        """Which level `times` make; 0 is none yet."""
        return sum(times >= level.at for level in self.levels)


@dataclass(frozen=True, slots=True)
class BadgeGrant:
    """A badge that a member shall be given for `key`."""

    member_id: UUID
    badge: str
    key: str
    source: str


@dataclass(frozen=True, slots=True)
class Following:
    """How a badge's condition was last asked of everybody; `problem` is what went wrong since."""

    followed_at: datetime | None
    problem: str


@dataclass(frozen=True, slots=True)
class Granted:
    """One time that a member was given a badge, and when it was taken back. `source` is what gave it: `condition`
    (its own), `hand`, `mission:<key>`, `draw:<key>` …
    """

    badge: str
    source: str
    granted_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class HeldBadge:
    """How often a member was given a badge that stands, and when first and last."""

    badge: str
    times: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Prize:
    """What the places from `first` to `last` get when a period is over."""

    first: int
    last: int
    rewards: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Board:
    """A leaderboard. `by` is what members are ranked by: `spend` (orders net of what went back, that hold `where`),
    `points` (what rules gave of `unit` for whatever they did), `checkins`, `referrals` (friends who qualified), or
    `activity`: counts, amounts, or what was earned of `unit`, by activities of a type that hold `where`. `per_store`:
    one ranking for each store. The best `shown` are shown. What was done from `counts_from` on counts: where it is
    opened in the middle of a period, from the period's beginning; `filling`: that is being counted still.
    """

    key: str
    name: Text
    description: Text
    activity: str
    where: Mapping[str, Any] | None
    measure: Literal["count", "amount", "unit"]
    unit: str
    period: Literal["day", "week", "month", "ever"]
    per_store: bool
    shown: int
    prizes: tuple[Prize, ...]
    budget: str = ""
    ends_on: date | None = None
    state: BoardState = "draft"
    live_at: datetime | None = None
    counts_from: datetime | None = None
    filling: bool = False
    by: Literal["spend", "points", "checkins", "referrals", "activity"] = "activity"

    def to_json(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "name": self.name.to_json(),
            "description": self.description.to_json(),
            "by": self.by,
            "activity": self.activity,
            "where": dict(self.where) if self.where else None,
            "measure": self.measure,
            "unit": self.unit,
            "period": self.period,
            "per_store": self.per_store,
            "shown": self.shown,
            "prizes": [
                {"first": p.first, "last": p.last, "rewards": [dict(one) for one in p.rewards]}
                for p in self.prizes
            ],
            "budget": self.budget,
            "ends_on": self.ends_on.isoformat() if self.ends_on else None,
        }


@dataclass(frozen=True, slots=True)
class BoardMark:
    """What an activity adds to a member's score in a period."""

    member_id: UUID
    board: str
    activity_id: UUID
    period: str
    store_id: UUID | None
    amount: int
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class Filling:
    """How far what happened before a board was opened is counted: up to `at`, and of that instant up to `after`."""

    board: Board
    at: datetime
    after: UUID | None
    until: datetime


@dataclass(frozen=True, slots=True)
class Ranked:
    """A place on a board. Of equal scores the one that was reached first is ahead."""

    rank: int
    member_id: UUID
    score: int
    reached_at: datetime


@dataclass(frozen=True, slots=True)
class Closed:
    """A period that is over, as it was."""

    board: str
    period: str
    place: str
    rows: tuple[Mapping[str, Any], ...]
    members: int
    prizes: int
    closed_at: datetime
