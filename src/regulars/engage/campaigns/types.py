"""Campaigns as other rooms see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from regulars.kit.text import Text

CampaignState = Literal[
    "draft", "submitted", "approved", "running", "paused", "finished", "cancelled", "archived"
]
RunState = Literal["listing", "sending", "testing", "settling", "finished", "cancelled"]
MemberState = Literal["pending", "asked", "sent", "failed", "skipped", "held"]
Metric = Literal["conversion", "money"]
Otherwise = Literal["first", "split", "none"]
Stratify = Literal["", "value_decile", "rfm_group"]

CAMPAIGN = Text("活动", "Campaign")
RUN = Text("活动批次", "Campaign run")
STATES: Mapping[str, Text] = {
    "draft": Text("草稿", "draft"),
    "submitted": Text("待审批", "waiting for approval"),
    "approved": Text("已批准", "approved"),
    "running": Text("进行中", "running"),
    "paused": Text("已暂停", "paused"),
    "finished": Text("已完成", "finished"),
    "cancelled": Text("已取消", "cancelled"),
    "archived": Text("已归档", "archived"),
}
RUN_STATES: Mapping[str, Text] = {
    "listing": Text("正在圈定人群", "listing the audience"),
    "sending": Text("正在发放", "sending"),
    "testing": Text("测试中，等待评出优胜版本", "testing, before the winner is judged"),
    "settling": Text("等待送达结果", "waiting for the last outcomes"),
    "finished": Text("已完成", "finished"),
    "cancelled": Text("已取消", "cancelled"),
}
MEMBER_STATES: Mapping[str, Text] = {
    "pending": Text("待处理", "waiting"),
    "asked": Text("已提交发送", "handed to messaging"),
    "sent": Text("已发送", "sent"),
    "failed": Text("失败", "failed"),
    "skipped": Text("跳过", "skipped"),
    "held": Text("对照组", "held out"),
}
METRICS: Mapping[str, Text] = {
    "conversion": Text("下单率", "share who ordered"),
    "money": Text("人均消费", "money per member"),
}
# Arms of those who get nothing; every other arm is a variant's key.
HOLDOUT, PROGRAMME = "holdout", "programme"
OPEN_RUNS: tuple[RunState, ...] = ("listing", "sending", "testing", "settling")


@dataclass(frozen=True, slots=True)
class Audience:
    """Who: in one of the segments and holding the condition, in none of the excluded segments; or everybody.

    `sample_percent` or `sample_count` of those, chosen by a hash.
    """

    everybody: bool = False
    segments: tuple[str, ...] = ()
    condition: Mapping[str, Any] | None = None
    exclude: tuple[str, ...] = ()
    sample_percent: int | None = None
    sample_count: int | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "everybody": self.everybody,
            "segments": list(self.segments),
            "condition": dict(self.condition) if self.condition else None,
            "exclude": list(self.exclude),
            "sample_percent": self.sample_percent,
            "sample_count": self.sample_count,
        }


@dataclass(frozen=True, slots=True)
class Message:
    """A template, the channels in the order they are tried (none: the template's), values put in beside."""

    template: str
    channels: tuple[str, ...] = ()
    purpose: Literal["marketing", "service"] = "marketing"
    values: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {
            "template": self.template,
            "channels": list(self.channels),
            "purpose": self.purpose,
            "values": dict(self.values),
        }


@dataclass(frozen=True, slots=True)
class Variant:
    """One version of the offer. `share` is its weight among the variants; `cost` what one member's costs the budget,
    in minor units. Rewards are JSON as flows read them."""

    key: str
    name: Text
    share: int = 1
    message: Message | None = None
    rewards: tuple[Mapping[str, Any], ...] = ()
    cost: int = 0

    def to_json(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "name": self.name.to_json(),
            "share": self.share,
            "message": self.message.to_json() if self.message else None,
            "rewards": [dict(one) for one in self.rewards],
            "cost": self.cost,
        }


@dataclass(frozen=True, slots=True)
class Trial:
    """The test of variants: `percent` of the treated get them first, `hours` later the winner is judged once by
    `metric` at `alpha` (two-sided), with at least `min_sample` in each. `otherwise`: what the rest get when there is no
    winner: the first variant, every variant by its share, or nothing."""

    percent: int = 20
    hours: int = 24
    metric: Metric = "conversion"
    alpha_permille: int = 50
    min_sample: int = 100
    otherwise: Otherwise = "first"

    def to_json(self) -> dict[str, Any]:
        return {
            "percent": self.percent,
            "hours": self.hours,
            "metric": self.metric,
            "alpha_permille": self.alpha_permille,
            "min_sample": self.min_sample,
            "otherwise": self.otherwise,
        }


@dataclass(frozen=True, slots=True)
class Schedule:
    """When: once, `at` an instant (None: when it is launched); or again and again at `time` of business days.

    `every` day, week (on `weekdays`, 1 is Monday) or month (on `days`, 31 is the last), between `first` and `last`.
    """

    kind: Literal["once", "recurring"] = "once"
    at: datetime | None = None
    every: Literal["day", "week", "month"] = "day"
    weekdays: tuple[int, ...] = ()
    days: tuple[int, ...] = ()
    time: str = "10:00"
    first: date | None = None
    last: date | None = None

    def to_json(self) -> dict[str, Any]:
        if self.kind == "once":
            return {"kind": "once", "at": self.at.isoformat() if self.at else None}
        return {
            "kind": "recurring",
            "every": self.every,
            "weekdays": list(self.weekdays),
            "days": list(self.days),
            "time": self.time,
            "first": self.first.isoformat() if self.first else None,
            "last": self.last.isoformat() if self.last else None,
        }


@dataclass(frozen=True, slots=True)
class Goal:
    """What it shall reach among the treated: a share who order (permille), money or buyers."""

    metric: Literal["conversion", "money", "buyers"]
    target: int

    def to_json(self) -> dict[str, Any]:
        return {"metric": self.metric, "target": self.target}


@dataclass(frozen=True, slots=True)
class Definition:
    """What a campaign is. `window_days`: how long after the launch orders count; `pre_days`: how long before it is
    looked at to take out differences that were there already. `margin_permille` None: the brand's."""

    audience: Audience
    variants: tuple[Variant, ...]
    schedule: Schedule = field(default_factory=Schedule)
    holdout_percent: int = 10
    stratify: Stratify = ""
    trial: Trial | None = None
    budget: str = ""
    priority: int = 50
    expires_in_hours: int = 72
    window_days: int = 14
    pre_days: int = 28
    margin_permille: int | None = None
    goal: Goal | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "audience": self.audience.to_json(),
            "variants": [one.to_json() for one in self.variants],
            "schedule": self.schedule.to_json(),
            "holdout_percent": self.holdout_percent,
            "stratify": self.stratify,
            "trial": self.trial.to_json() if self.trial else None,
            "budget": self.budget,
            "priority": self.priority,
            "expires_in_hours": self.expires_in_hours,
            "window_days": self.window_days,
            "pre_days": self.pre_days,
            "margin_permille": self.margin_permille,
            "goal": self.goal.to_json() if self.goal else None,
        }


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign as it stands. `next_at`: its next occurrence. `salt` is made once and never changes."""

    id: UUID
    brand_id: UUID
    code: str
    name: Text
    note: str
    state: CampaignState
    definition: Definition
    salt: str
    revision: int
    next_at: datetime | None
    runs: int
    created_at: datetime
    created_by: str
    edited_at: datetime
    edited_by: str
    edited_by_id: UUID | None
    submitted_at: datetime | None
    submitted_by: str
    submitted_by_id: UUID | None
    approved_at: datetime | None
    approved_by: str
    launched_at: datetime | None
    launched_by: str
    refused: str


@dataclass(frozen=True, slots=True)
class Run:
    """One occurrence. `counts`: members by arm, then by `state` or `state:reason`; as of `counted_at`.

    `after` is how far its listing is; `winner` what the test said, `none` without one; `paused`: nobody works on it.
    """

    id: UUID
    campaign_id: UUID
    brand_id: UUID
    number: int
    state: RunState
    definition: Definition
    salt: str
    paused: bool
    planned_at: datetime
    started_at: datetime | None
    decide_at: datetime | None
    wave: int
    winner: str
    decision: Mapping[str, Any]
    rest_at: datetime | None
    ended_at: datetime | None
    cancelled_at: datetime | None
    cancelled_by: str
    after: UUID | None
    seen: int
    counts: Mapping[str, Mapping[str, int]]
    counted_at: datetime | None
    problem: str
    next_run_at: datetime | None

    @property
    def audience(self) -> int:
        """Everybody who is in it, held out or not."""
        return sum(sum(states.values()) for states in self.counts.values())

    @property
    def treated(self) -> int:
        """Those it is for: everybody but the held out."""
        return sum(
            sum(states.values()) for arm, states in self.counts.items() if arm not in (HOLDOUT, PROGRAMME)
        )

    def total(self, *states: str) -> int:
        """Members of the treated arms in these states, whatever the reason."""
        return sum(
            count
            for arm, known in self.counts.items()
            if arm not in (HOLDOUT, PROGRAMME)
            for name, count in known.items()
            if name.partition(":")[0] in states
        )

    @property
    def is_whole(self) -> bool:
        """Whether every treated member has her outcome."""
        return self.total("sent", "failed", "skipped") == self.treated


@dataclass(frozen=True, slots=True)
class InRun:
    """A member in a run, for her page and the run's list."""

    member_id: UUID
    run_id: UUID
    campaign: str
    name: Text
    number: int
    arm: str
    state: MemberState
    reason: str
    value: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """A member whose turn has come: her arm (empty before the winner is known) and her place in the hashed order."""

    member_id: UUID
    arm: str
    place: int


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of a member in a portion. `value`: what she was given costs the budget."""

    member_id: UUID
    arm: str
    state: MemberState
    reason: str = ""
    value: int = 0


@dataclass(frozen=True, slots=True)
class Result:
    """What a run brought, as it was last reckoned; `figures` is plain JSON made by the nightly step."""

    run_id: UUID
    computed_at: datetime
    as_of: datetime
    period_from: datetime
    period_to: datetime
    is_final: bool
    figures: Mapping[str, Any]
