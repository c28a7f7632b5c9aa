"""Journeys as others know them: what a definition is made of, a member's run through it, what its nodes did.

A definition is nodes and edges. An edge leaves a node by a port: `next`, `happened` and `timeout` of a wait for an
activity, the keys of the arms of a branch or split, `else` of a branch. A port without an edge ends the run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any, Literal
from uuid import UUID

from regulars.conditions.types import ALWAYS, Condition
from regulars.kit.text import Text

JOURNEY = Text("旅程", "Journey")
RUN = Text("旅程行程", "Run")

NodeKind = Literal[
    "trigger",
    "wait",
    "branch",
    "split",
    "message",
    "reward",
    "tag",
    "task",
    "webhook",
    "journey",
    "goal",
    "exit",
]
KINDS: Mapping[str, Text] = {
    "trigger": Text("触发", "Trigger"),
    "wait": Text("等待", "Wait"),
    "branch": Text("条件分支", "Branch"),
    "split": Text("随机分流", "Split"),
    "message": Text("发送消息", "Message"),
    "reward": Text("发放奖励", "Reward"),
    "tag": Text("打标签", "Tag"),
    "task": Text("员工待办", "Staff task"),
    "webhook": Text("Webhook", "Webhook"),
    "journey": Text("进入另一旅程", "Start another journey"),
    "goal": Text("目标", "Goal"),
    "exit": Text("退出", "Exit"),
}
TriggerKind = Literal[
    "activity", "joined", "segment_entered", "segment_left", "date", "daily", "tier_changed", "call"
]
TRIGGERS: Mapping[str, Text] = {
    "activity": Text("发生行为", "An activity"),
    "joined": Text("入会", "Joining"),
    "segment_entered": Text("进入人群", "Entering a segment"),
    "segment_left": Text("离开人群", "Leaving a segment"),
    "date": Text("日期到达", "A date comes"),
    "daily": Text("每天检查条件", "A condition, asked daily"),
    "tier_changed": Text("等级变动", "A tier changed"),
    "call": Text("由接口、员工或另一旅程发起", "Started by the API, by staff or by another journey"),
}
SWEEPS = frozenset({"date", "daily"})
WaitMode = Literal["duration", "time", "activity"]
WAITS: Mapping[str, Text] = {
    "duration": Text("一段时间", "For a time"),
    "time": Text("到某个时刻", "Until a time of day"),
    "activity": Text("直到发生行为", "Until an activity"),
}
Unit = Literal["minutes", "hours", "days", "weeks", "months"]
UNITS: Mapping[str, Text] = {
    "minutes": Text("分钟", "minutes"),
    "hours": Text("小时", "hours"),
    "days": Text("天", "days"),
    "weeks": Text("周", "weeks"),
    "months": Text("个月", "months"),
}
Again = Literal["once", "period", "days", "after_exit", "keyed"]
AGAINS: Mapping[str, Text] = {
    "once": Text("每人一次", "Once a member"),
    "period": Text("每个周期一次", "Once a period"),
    "days": Text("间隔若干天", "Again after some days"),
    "after_exit": Text("退出后可再次进入", "Again after leaving"),
    "keyed": Text("每个触发对象一次（如每笔订单）", "Once for each thing that triggers it, such as an order"),
}
PERIODS = ("day", "week", "month", "year")
State = Literal["draft", "running", "paused", "stopped", "archived"]
STATES: Mapping[str, Text] = {
    "draft": Text("草稿", "Draft"),
    "running": Text("运行中", "Running"),
    "paused": Text("已暂停", "Paused"),
    "stopped": Text("已停止", "Stopped"),
    "archived": Text("已归档", "Archived"),
}
# why a run ended
REASONS: Mapping[str, Text] = {
    "completed": Text("走完旅程", "Came to its end"),
    "exit": Text("到达退出节点", "Came to an exit"),
    "goal": Text("达成目标", "Reached the goal"),
    "left_segment": Text("离开人群", "Left the segment"),
    "opted_out": Text("退订", "Opted out"),
    "membership_closed": Text("会员冻结或退会", "Membership frozen or left"),
    "stopped": Text("旅程停止", "The journey was stopped"),
    "removed": Text("员工移出", "Taken out by staff"),
    "migrated": Text("版本迁移时节点已不存在", "Its node was gone in the version it was moved to"),
    "too_many_steps": Text("步数过多", "Too many steps"),
    "failed": Text("出错，多次重试未成功", "Failed, tried again without success"),
}


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time. Minutes and hours are elapsed time; days, weeks and months keep the local time of day."""

    amount: int
    unit: Unit


@dataclass(frozen=True, slots=True)
class Trigger:
    """What lets members in. `where` is asked of the activity and of the member; see the module for each `on`.

    `date`: `date_field` is a date of the member, moved by `offset_days`, each year if `yearly`, at `at`.
    """

    on: TriggerKind
    activity: str = ""
    where: Condition = ALWAYS
    where_json: Mapping[str, Any] = field(default_factory=dict)
    segment: str = ""
    existing: bool = False
    date_field: str = ""
    offset_days: int = 0
    yearly: bool = False
    at: time = time(10)
    weekdays: frozenset[int] = frozenset()
    scheme: str = ""
    tiers: frozenset[str] = frozenset()
    direction: Literal["any", "up", "down"] = "any"


@dataclass(frozen=True, slots=True)
class Wait:
    """`time`: the next instant with this time of day on one of `weekdays` (all if empty) or on a working day."""

    mode: WaitMode
    span: Span | None = None
    at: time | None = None
    weekdays: frozenset[int] = frozenset()
    workdays: bool = False
    activity: str = ""
    where: Condition = ALWAYS
    where_json: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Arm:
    """A way out of a branch (`when`) or of a split (`percent`)."""

    key: str
    name: Text
    when: Condition = ALWAYS
    when_json: Mapping[str, Any] = field(default_factory=dict)
    percent: int = 0


@dataclass(frozen=True, slots=True)
class Goal:
    """Reached by an activity within `within` of the start, also after the run has ended; `ends` the run if it runs."""

    activity: str
    within: Span
    ends: bool
    where: Condition = ALWAYS
    where_json: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Node:
    """One step. `action` holds what an action of its kind needs, as JSON (see docs/journeys.md)."""

    id: str
    kind: NodeKind
    name: Text
    trigger: Trigger | None = None
    wait: Wait | None = None
    arms: tuple[Arm, ...] = ()
    goal: Goal | None = None
    action: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ports(self) -> tuple[str, ...]:
        """The ways out, in order."""
        match self.kind:
            case "branch":
                return (*(arm.key for arm in self.arms), "else")
            case "split":
                return tuple(arm.key for arm in self.arms)
            case "wait" if self.wait is not None and self.wait.mode == "activity":
                return ("happened", "timeout")
            case "exit" | "goal":
                return ()
        return ("next",)


@dataclass(frozen=True, slots=True)
class Settings:
    """`when`: who may enter. `again`: how often; `period` and `every_days` belong to it. `leave_segment`: who leaves
    this segment leaves the journey. `holdout`: members of the programme's holdout do not enter. `priority`: of its
    messages, 0 to 100."""

    when: Condition = ALWAYS
    when_json: Mapping[str, Any] = field(default_factory=dict)
    again: Again = "once"
    period: Literal["day", "week", "month", "year"] = "month"
    every_days: int = 30
    leave_segment: str = ""
    leave_on_opt_out: bool = True
    holdout: bool = True
    priority: int = 50


@dataclass(frozen=True, slots=True)
class Definition:
    """A journey that can run. `edges`: (node, port) → node; `at`: where each node stands on the canvas."""

    nodes: Mapping[str, Node]
    edges: Mapping[tuple[str, str], str]
    settings: Settings

    @property
    def triggers(self) -> list[Node]:
        return [node for node in self.nodes.values() if node.kind == "trigger"]

    @property
    def goal(self) -> Node | None:
        return next((node for node in self.nodes.values() if node.kind == "goal"), None)


@dataclass(frozen=True, slots=True)
class Journey:
    """A journey as it stands. `version` is the published one, 0 before the first; `draft` is what is being edited."""

    id: UUID
    brand_id: UUID
    code: str
    name: Text
    note: Text
    state: State
    version: int
    draft: Mapping[str, Any] | None
    draft_changed_at: datetime | None
    priority: int
    started_at: datetime | None
    created_at: datetime
    created_by: str
    updated_at: datetime
    problem: str = ""


@dataclass(frozen=True, slots=True)
class JourneyVersion:
    number: int
    definition: Mapping[str, Any]
    note: str
    created_at: datetime
    created_by: str


@dataclass(frozen=True, slots=True)
class Numbers:
    """Of a journey: runs that were started, are under way, have ended, reached the goal."""

    started: int = 0
    active: int = 0
    ended: int = 0
    converted: int = 0


@dataclass(frozen=True, slots=True)
class NodeCounts:
    """`entered`: who came to the node; `here`: who is there; `ports`: left by each way; `ended`: there, by reason."""

    node: str
    entered: int
    here: int
    ports: Mapping[str, int]
    ended: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class MessageSum:
    """So many messages that a node asked for are in a state for a reason by a channel; so many had a link clicked."""

    version: int
    node: str
    state: str
    reason: str
    channel: str
    messages: int
    clicked: int


@dataclass(frozen=True, slots=True)
class Run:
    """One member's way through a journey. `key` tells her runs of one journey apart."""

    id: UUID
    member_id: UUID
    journey_id: UUID
    version: int
    state: Literal["active", "ended"]
    node: str
    steps: int
    key: str
    trigger: str
    data: Mapping[str, Any]
    started_at: datetime
    since: datetime
    next_run_at: datetime | None
    ended_at: datetime | None
    reason: str
    converted_at: datetime | None
    problem: str


@dataclass(frozen=True, slots=True)
class ActionRow:
    """Something a run did, once: `visit` is the step of the run."""

    run_id: UUID
    node: str
    visit: int
    kind: str
    at: datetime
    outcome: str
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """A member whom something brings to a journey. `event` is the id of that something, `key` its name for keyed
    journeys (an order's number), `data` what conditions and messages may read of it."""

    member_id: UUID
    event: str
    key: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entered:
    """How many came in, and why others did not: by `not_now` (she runs or ran), `when`, `closed`, `holdout`."""

    runs: int
    refused: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Forecast:
    """One line of a dry run: what would happen when. `kind`: entered | step | action | wait | end."""

    at: datetime
    node: str
    kind: str
    port: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DryRun:
    """What would happen to a member; `assumptions` are said with it."""

    enters: bool
    why_not: str
    lines: tuple[Forecast, ...]
    assumptions: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class SweepDay:
    """The business day a date or daily trigger is asked for, and how far it is."""

    journey_id: UUID
    node: str
    day: date
    after: UUID | None
