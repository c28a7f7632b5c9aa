"""What store staff are asked to do for a member, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from regulars.kit.text import Text

TaskKind = Literal["call", "visit", "wecom", "service", "other"]
TaskState = Literal["open", "taken", "done", "skipped", "expired"]

TASK = Text("待办", "Task")
KINDS: dict[str, Text] = {
    "call": Text("电话回访", "Call"),
    "visit": Text("到店回访", "Visit"),
    "wecom": Text("企业微信", "WeCom message"),
    "service": Text("售后服务", "After-sales service"),
    "other": Text("其他", "Other"),
}
STATES: dict[str, Text] = {
    "open": Text("待处理", "Open"),
    "taken": Text("处理中", "Taken"),
    "done": Text("已完成", "Done"),
    "skipped": Text("已跳过", "Skipped"),
    "expired": Text("已过期", "Expired"),
}
# code → words, whether the member was spoken to
OUTCOMES: dict[str, tuple[Text, bool]] = {
    "reached": (Text("已联系上", "Reached"), True),
    "bought": (Text("联系后成交", "Bought"), True),
    "will_come": (Text("约定到店", "Will come"), True),
    "sent": (Text("消息已发出", "Message sent"), True),
    "not_interested": (Text("暂无意向", "Not interested"), True),
    "do_not_contact": (Text("不愿再被联系", "Wants no more contact"), True),
    "no_answer": (Text("未接通", "No answer"), False),
    "wrong_number": (Text("号码有误", "Wrong number"), False),
    "call_later": (Text("稍后再联系", "Later"), False),
}
SATISFACTION = (1, 5)
EXPIRES_IN_DAYS = 14


@dataclass(frozen=True, slots=True)
class NewTask:
    """Something to do for a member. Added again under the same `key` (one of hers) it is the same task.

    `title` and `script` are words for staff; a plain text stands for both languages. Without an `assignee` whoever
    works at the store (or, without a store, in the brand) may take it. `expires_on` is the first day on which nobody
    need do it any more; two weeks after it is due where none is given. `source` is who asks (`care:<code>`,
    `journey:<code>`, `message` …), `origin` its own id of the act.
    """

    member_id: UUID
    key: str
    kind: TaskKind
    title: Text | str
    script: Text | str
    store_id: UUID | None
    assignee: UUID | None
    due_on: date
    source: str
    origin: str = ""
    expires_on: date | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """`finished_by` is a name as it was then. `contacts` counts how often somebody tried before it was finished."""

    id: UUID
    member_id: UUID
    key: str
    kind: TaskKind
    title: Text
    script: Text
    store_id: UUID | None
    assignee: UUID | None
    due_on: date
    expires_on: date
    state: TaskState
    outcome: str
    satisfaction: int | None
    note: str
    next_on: date | None
    source: str
    origin: str
    contacts: int
    created_at: datetime
    taken_at: datetime | None
    finished_at: datetime | None
    finished_by: str


@dataclass(frozen=True, slots=True)
class TaskFilter:
    """Which tasks: `due_from`/`due_to` are days, both included; `open_only` is what still waits to be done."""

    open_only: bool = True
    states: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    store_id: UUID | None = None
    assignee: UUID | None = None
    unassigned: bool = False
    due_from: date | None = None
    due_to: date | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Load:
    """How much somebody has: `assignee` None is what nobody has been given. Numbers of the days asked for."""

    assignee: UUID | None
    waiting: int
    overdue: int
    done: int
    skipped: int
    expired: int
    reached: int
    satisfaction: float | None
    by_day: Mapping[date, int]


@dataclass(frozen=True, slots=True)
class Counts:
    """The head of a worklist."""

    overdue: int
    today: int
    coming: int
    taken: int
    done_today: int
