"""Missions: what is to be done, in what order, by when, for what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from regulars.kit.text import Text

MISSION = Text("任务", "Mission")
MissionState = Literal["draft", "active", "paused", "ended"]
MISSION_STATES: dict[str, Text] = {
    "draft": Text("草稿", "draft"),
    "active": Text("进行中", "active"),
    "paused": Text("已暂停", "paused"),
    "ended": Text("已结束", "ended"),
}
RunState = Literal["running", "finished", "expired", "withdrawn"]
RUN_STATES: dict[str, Text] = {
    "running": Text("进行中", "running"),
    "finished": Text("已完成", "finished"),
    "expired": Text("已过期", "expired"),
    "withdrawn": Text("已撤回", "withdrawn"),
}
Measure = Literal["count", "amount", "days", "stores"]
MEASURES: dict[str, Text] = {
    "count": Text("次数", "times"),
    "amount": Text("金额", "amount"),
    "days": Text("不同天数", "different days"),
    "stores": Text("不同门店数", "different stores"),
}
Repeat = Literal["once", "day", "week", "month", "times"]
REPEATS: dict[str, Text] = {
    "once": Text("一次", "once"),
    "day": Text("每天一次", "once a day"),
    "week": Text("每周一次", "once a week"),
    "month": Text("每月一次", "once a month"),
    "times": Text("最多 n 次", "up to n times"),
}
WHOLE = "*"  # stands for the mission where a step is named


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do. Of kind `act`: activities of a type that hold `where`, counted by `measure` up to `goal`
    (amounts in minor units). Of kind `state`: a condition of the member that holds once (her profile is complete).
    """

    key: str
    name: Text
    kind: Literal["act", "state"]
    activity: str = ""
    where: Mapping[str, Any] | None = None
    measure: Measure = "count"
    goal: int = 1
    rewards: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Definition:
    """A mission. Days `starts_on` … `ends_on` are business days, included; `days` counts from the start of a run,
    which is the first act that counts, or the joining (`since` joined). `times` is for repeat `times`.
    """

    key: str
    name: Text
    description: Text
    steps: tuple[Step, ...]
    in_order: bool = False
    opt_in: bool = False
    audience: Mapping[str, Any] | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    days: int | None = None
    since: Literal["start", "joined"] = "start"
    repeat: Repeat = "once"
    times: int = 1
    rewards: tuple[Mapping[str, Any], ...] = ()
    budget: str = ""
    group: Literal["", "new_member"] = ""

    def step(self, key: str) -> Step | None:
        return next((step for step in self.steps if step.key == key), None)

    def to_json(self) -> dict[str, Any]:
        """The canonical form."""
        return {
            "key": self.key,
            "name": self.name.to_json(),
            "description": self.description.to_json(),
            "steps": [
                {
                    "key": step.key,
                    "name": step.name.to_json(),
                    "kind": step.kind,
                    "activity": step.activity,
                    "where": dict(step.where) if step.where else None,
                    "measure": step.measure,
                    "goal": step.goal,
                    "rewards": [dict(one) for one in step.rewards],
                }
                for step in self.steps
            ],
            "in_order": self.in_order,
            "opt_in": self.opt_in,
            "audience": dict(self.audience) if self.audience else None,
            "starts_on": self.starts_on.isoformat() if self.starts_on else None,
            "ends_on": self.ends_on.isoformat() if self.ends_on else None,
            "days": self.days,
            "since": self.since,
            "repeat": self.repeat,
            "times": self.times,
            "rewards": [dict(one) for one in self.rewards],
            "budget": self.budget,
            "group": self.group,
        }


@dataclass(frozen=True, slots=True)
class Mission:
    """A mission as staff see it: what is edited, and the version that new runs start under. `stops`: from when until
    when it stood still, paused or ended (None: still does).
    """

    key: str
    state: MissionState
    definition: Definition
    live: int
    live_at: datetime | None
    revision: int
    updated_at: datetime
    stops: tuple[tuple[datetime, datetime | None], ...] = ()


@dataclass(frozen=True, slots=True)
class Mark:
    """An activity that counted for a step. `place` is the day or the store where those are told apart."""

    step: str
    activity_id: UUID
    occurred_at: datetime
    amount: int
    place: str = ""


@dataclass(frozen=True, slots=True)
class StepProgress:
    """How far a step is. `round` counts how often it was undone: each time it is done anew it is another gift."""

    value: int = 0
    done_at: datetime | None = None
    round: int = 0


@dataclass(slots=True)
class Run:
    """A member at a mission."""

    member_id: UUID
    mission: str
    run: str
    version: int
    state: RunState
    started_at: datetime
    ends_at: datetime | None
    steps: dict[str, StepProgress] = field(default_factory=dict)
    round: int = 0
    rolled_back: int = 0
    started_by: str = ""
    finished_at: datetime | None = None
    check_at: datetime | None = None

    @property
    def pair(self) -> tuple[UUID, str, str]:
        return self.member_id, self.mission, self.run


@dataclass(frozen=True, slots=True)
class Opening:
    """The run that an act at some instant belongs to."""

    run: str
    started_at: datetime
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class Start:
    """A mission that a member shall have started for `key`: by hand, by a journey, as a reward."""

    member_id: UUID
    mission: str
    key: str


@dataclass(frozen=True, slots=True)
class MissionTally:
    """What became of a mission: members who began, runs by state, how often it was undone, steps done."""

    members: int = 0
    started: int = 0
    running: int = 0
    finished: int = 0
    expired: int = 0
    withdrawn: int = 0
    rolled_back: int = 0
    steps: Mapping[str, int] = field(default_factory=dict)
