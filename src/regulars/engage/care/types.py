"""Care plans as other rooms see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any, Literal
from uuid import UUID

from regulars.kit.text import Text

PlanKind = Literal[
    "welcome",
    "birthday",
    "anniversary",
    "festival",
    "milestone",
    "service",
    "refill",
    "visit",
    "dormant",
    "behaviour",
    "churn",
]
PlanState = Literal["draft", "active", "paused", "ended"]
Arm = Literal["treated", "holdout", "before"]

PLAN = Text("关怀计划", "Care plan")
ITEM = Text("提醒", "Reminder")
KINDS: dict[str, Text] = {
    "welcome": Text("入会礼包", "Welcome pack"),
    "birthday": Text("生日", "Birthday"),
    "anniversary": Text("入会周年", "Join anniversary"),
    "festival": Text("节日问候", "Festival greeting"),
    "milestone": Text("里程碑感谢信", "Thank-you letter at a milestone"),
    "service": Text("售后服务提醒", "Service reminder"),
    "refill": Text("补货提醒", "Refill reminder"),
    "visit": Text("回访计划", "Return visits"),
    "dormant": Text("沉睡唤醒", "Dormant wake-up"),
    "behaviour": Text("行为唤醒", "Wake-up by behaviour"),
    "churn": Text("流失干预", "Churn intervention"),
}
STATES: dict[str, Text] = {
    "draft": Text("草稿", "draft"),
    "active": Text("运行中", "running"),
    "paused": Text("已暂停", "paused"),
    "ended": Text("已结束", "ended"),
}
# what texts of tasks may name, beside what templates know of the member and the brand
VARIABLES: dict[str, Text] = {
    "occasion": Text("由头", "the occasion"),
    "years": Text("第几年", "years"),
    "festival": Text("节日", "festival"),
    "count": Text("次数或金额", "count or amount"),
    "item": Text("商品", "item"),
    "bought_on": Text("购买日", "bought on"),
    "last_order_on": Text("最近购买日", "last order"),
    "orders": Text("累计订单", "orders"),
    "days": Text("天数", "days"),
    "tier": Text("等级", "tier"),
}
# from how many percent on a member counts as likely to leave, and how far back something is made up for
GRACE_DAYS = {"birthday": 3, "anniversary": 3, "festival": 1, "dormant": 7, "service": 14, "refill": 14}
BIRTHDAY_GAP_DAYS = 300
KINDS_BY_SCORE = frozenset({"churn", "refill"})


@dataclass(frozen=True, slots=True)
class Said:
    """The message of a plan. Without channels those of the template are tried."""

    template: str
    purpose: str = "marketing"
    channels: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {"template": self.template, "purpose": self.purpose, "channels": list(self.channels)}


@dataclass(frozen=True, slots=True)
class Chore:
    """The staff task of a plan. `assign`: `owner` (who looked after her last, else who recruited her, else by turns
    in her store), `store` (by turns in her store) or `nobody` (whoever takes it). `per_day`: at most so many tasks a
    day for one of the staff; what does not fit within `spread_days` work days waits (visits) or stays unassigned."""

    kind: str
    title: Text
    script: Text
    assign: str = "owner"
    due_in_days: int = 0
    per_day: int = 8
    spread_days: int = 5

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "title": self.title.to_json(),
            "script": self.script.to_json(),
            "assign": self.assign,
            "due_in_days": self.due_in_days,
            "per_day": self.per_day,
            "spread_days": self.spread_days,
        }


@dataclass(frozen=True, slots=True)
class Definition:
    """What a plan does for whom and when. `settings` are those of its kind, complete and checked; `audience` is a
    condition's JSON or None for everybody; `rewards` is canonical JSON. Of `holdout_percent` of those whose turn it is
    nothing is done, for comparison; `win_back_days` is how long a purchase counts as one that followed. `at` is the
    time of day, in the brand's zone, from which its day's work is done. `contact_cost`: minor units for each contact.
    """

    key: str
    name: Text
    kind: PlanKind
    settings: Mapping[str, Any]
    audience: Any = None
    message: Said | None = None
    rewards: tuple[Mapping[str, Any], ...] = ()
    budget: str = ""
    task: Chore | None = None
    holdout_percent: int = 0
    win_back_days: int = 30
    at: time = time(9, 30)
    contact_cost: int = 0

    def to_json(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "name": self.name.to_json(),
            "kind": self.kind,
            "settings": dict(self.settings),
            "audience": self.audience,
            "message": self.message.to_json() if self.message else None,
            "rewards": [dict(one) for one in self.rewards],
            "budget": self.budget,
            "task": self.task.to_json() if self.task else None,
            "holdout_percent": self.holdout_percent,
            "win_back_days": self.win_back_days,
            "at": f"{self.at:%H:%M}",
            "contact_cost": self.contact_cost,
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan and how it stands. `problem` says why its last pass could not be made; `results` is what the last
    measuring found (see docs/care.md)."""

    id: UUID
    brand_id: UUID
    definition: Definition
    state: PlanState
    salt: str
    activated_at: datetime | None
    updated_at: datetime
    next_run_at: datetime | None
    pass_day: date | None
    pass_after: UUID | None
    looked_until: datetime | None
    look_to: datetime | None
    rebuilding: bool
    rebuilt_after: UUID | None
    typical: Mapping[str, int]
    problem: str
    results: Mapping[str, Any] = field(default_factory=dict)
    results_at: datetime | None = None

    @property
    def key(self) -> str:
        return self.definition.key

    @property
    def source(self) -> str:
        return f"care:{self.definition.key}"


@dataclass(frozen=True, slots=True)
class Due:
    """Whose turn it is: `occasion` is what makes it once and for all (of this member and plan), `on` its day, `values`
    what texts may name. `store_id` and `recruiter` are her home."""

    member_id: UUID
    occasion: str
    on: date
    values: Mapping[str, Any] = field(default_factory=dict)
    store_id: UUID | None = None
    recruiter: str = ""
    weeks: int = 0


@dataclass(frozen=True, slots=True)
class Mark:
    """That a plan did, or on purpose did not do, something for a member."""

    member_id: UUID
    plan_key: str
    occasion: str
    on: date
    arm: Arm
    at: datetime
    bought_at: datetime | None
    orders: int
    spend: int


@dataclass(frozen=True, slots=True)
class Item:
    """Something a member bought that a plan reminds her of. `next_on` is None when it is over."""

    member_id: UUID
    plan_key: str
    thing: str
    label: str
    bought_on: date
    times: int
    interval_days: int | None
    next_on: date | None
    ended_why: str


@dataclass(frozen=True, slots=True)
class Bought:
    """What a member bought that a plan looks at: by `thing`, every day on which it was bought and not brought back."""

    member_id: UUID
    thing: str
    label: str
    category: str
    days: tuple[date, ...]
    gone: bool
