"""Shapes of care plans, the calendar and staff tasks, shared by the public API and the console."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from ninja import Field, Schema
from pydantic import ConfigDict, StringConstraints

from regulars.kit.text import Text
from regulars.surfaces.bodies import Day

_CLEAN = r"^[^\x00]*$"
CareKey = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=_CLEAN)]
FestivalCode = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=_CLEAN)]
_Words = Annotated[str, StringConstraints(max_length=4000, pattern=_CLEAN)]
_Name = Annotated[str, StringConstraints(max_length=80, pattern=_CLEAN)]
_Note = Annotated[str, StringConstraints(max_length=2000, pattern=_CLEAN)]


class _Shape(Schema):
    model_config = ConfigDict(extra="forbid")


class CareNameIO(_Shape):
    """A name in Chinese and English; one left empty borrows the other."""

    zh: _Words = ""
    en: _Words = ""

    def to_text(self) -> Text:
        zh, en = self.zh.strip(), self.en.strip()
        return Text(zh or en, en or zh)


class CareChoiceOut(_Shape):
    code: str
    label: str


class CarePlanIn(_Shape):
    """A plan's definition; see docs/care.md for the settings of each kind."""

    definition: dict[str, Any]


class CareStateIn(_Shape):
    state: Literal["active", "paused", "ended"]


class CarePlanOut(_Shape):
    """A plan as it stands. `results` is what the last measuring found, empty before, and `words` says its codes;
    `problem` says why its last pass could not be made."""

    key: str
    name: CareNameIO
    label: str
    kind: str
    kind_label: str
    state: Literal["draft", "active", "paused", "ended"]
    definition: dict[str, Any]
    rewards: list[str]
    activated_at: datetime | None
    updated_at: datetime
    next_run_at: datetime | None
    problem: str
    results: dict[str, Any]
    words: dict[str, str]
    results_at: datetime | None


class CareDayOut(_Shape):
    day: date
    members: int


class CareMemberOut(_Shape):
    id: UUID
    code: str
    name: str


class CareNextOut(_Shape):
    """One of those who come next."""

    member: CareMemberOut
    on: date
    occasion: str


class CareAheadOut(_Shape):
    """Who would get it in the next 30 days. `basis`: planned | now | lately | near. Not `whole`: at least so many."""

    basis: Literal["planned", "now", "lately", "near"]
    days: list[CareDayOut]
    members: list[CareNextOut]
    total: int
    whole: bool
    held_out: int


class CareReachedOut(_Shape):
    """Whose turn it was under a plan. `arm`: treated, or holdout (left alone for comparison)."""

    member: CareMemberOut
    occasion: str
    on: date
    arm: Literal["treated", "holdout", "before"]
    at: datetime
    bought_at: datetime | None
    orders: int
    spend: int


class CareReadyMadeOut(_Shape):
    """A plan to begin with. `definition` gives what of the brand's own coupons and benefits fits; `lacks` names what
    its words promise and the brand has nothing of. `taken`: a plan of this key is there already."""

    key: str
    label: str
    kind: str
    kind_label: str
    definition: dict[str, Any]
    rewards: list[str]
    lacks: list[Literal["coupon", "benefit"]]
    taken: bool


class CareFormOut(_Shape):
    """What the editor of a plan offers."""

    kinds: list[CareChoiceOut]
    variables: list[CareChoiceOut]
    festivals: list[CareChoiceOut]
    activities: list[CareChoiceOut]
    tiers: list[CareChoiceOut]
    stages: list[CareChoiceOut]
    task_kinds: list[CareChoiceOut]
    channels: list[CareChoiceOut]
    members_choose_calendar: bool
    ready_made: list[CareReadyMadeOut]


class CareDoneOut(_Shape):
    """What a plan did for one member."""

    plan: str
    label: str
    occasion: str
    on: date
    at: datetime
    bought_at: datetime | None
    orders: int
    spend: int


class CareItemOut(_Shape):
    """Something a member bought that a plan reminds her of. `ended`: empty, returned, resold, done or over."""

    plan: str
    label: str
    thing: str
    item: str
    bought_on: date
    times: int
    interval_days: int | None
    next_on: date | None
    ended: str


class CareOfMemberOut(_Shape):
    done: list[CareDoneOut]
    items: list[CareItemOut]
    tasks: list[StaffTaskOut]


class CareItemIn(_Shape):
    """A thing of a plan that a member no longer has."""

    plan: CareKey
    thing: Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=_CLEAN)]


class NamedDayOut(_Shape):
    code: str
    name: CareNameIO
    label: str
    day: date
    own: bool


class HolidayOut(_Shape):
    day: date
    label: str


class OwnDayIO(_Shape):
    """A day that the brand works, or does not, whatever the public calendar says."""

    day: Day
    works: bool
    name: CareNameIO = Field(default_factory=CareNameIO)


class OwnDayChangeIn(_Shape):
    works: bool
    name: CareNameIO = Field(default_factory=CareNameIO)


class OwnFestivalIO(_Shape):
    """A festival of the brand's own: a month and day of the solar or lunar calendar, every year or in one."""

    code: FestivalCode
    name: CareNameIO
    reckoning: Literal["solar", "lunar"] = "solar"
    month: int
    day: int
    year: int | None = None


class OwnFestivalChangeIn(_Shape):
    name: CareNameIO
    reckoning: Literal["solar", "lunar"] = "solar"
    month: int
    day: int
    year: int | None = None


class CalendarYearOut(_Shape):
    """A year. Where `known` is false no public holidays are known of it: Monday to Friday are worked."""

    year: int
    known: bool
    lunar_known: bool
    known_from: int
    known_to: int
    festivals: list[NamedDayOut]
    holidays: list[HolidayOut]
    moved: list[HolidayOut]
    own_days: list[OwnDayIO]
    own_festivals: list[OwnFestivalIO]


class StaffTaskOut(_Shape):
    """Something to do for a member. `mine`: it is the caller's."""

    id: UUID
    member: CareMemberOut
    kind: Literal["call", "visit", "wecom", "service", "other"]
    kind_label: str
    title: str
    script: str
    store: str
    store_label: str
    assignee: UUID | None
    assignee_name: str
    mine: bool
    due_on: date
    expires_on: date
    overdue: bool
    state: Literal["open", "taken", "done", "skipped", "expired"]
    outcome: str
    outcome_label: str
    satisfaction: int | None
    note: str
    next_on: date | None
    source: str
    contacts: int
    created_at: datetime
    taken_at: datetime | None
    finished_at: datetime | None
    finished_by: str


class StaffTaskIn(_Shape):
    """A task by hand. The same `key` of the same member is the same task."""

    member: str
    key: Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=_CLEAN)]
    kind: Literal["call", "visit", "wecom", "service", "other"] = "call"
    title: CareNameIO
    script: CareNameIO = Field(default_factory=CareNameIO)
    store: str | None = None
    assignee: UUID | None = None
    due_on: Day


class StaffTaskEndIn(_Shape):
    """`done` with an outcome, or `skipped` with a note why."""

    state: Literal["done", "skipped"] = "done"
    outcome: str = ""
    satisfaction: int | None = None
    note: _Note = ""
    next_on: Day | None = None


class StaffTaskMoveIn(_Shape):
    """To somebody (null: whoever comes first), to another store, to another day."""

    assignee: UUID | None = None
    store: str | None = None
    due_on: Day | None = None


class StaffTaskCountsOut(_Shape):
    overdue: int
    today: int
    coming: int
    taken: int
    done_today: int


class StaffTaskFormOut(_Shape):
    """What the worklist offers: outcomes, kinds, and who may be given tasks."""

    today: date
    kinds: list[CareChoiceOut]
    outcomes: list[StaffOutcomeOut]
    people: list[StaffPersonOut]
    stores: list[CareChoiceOut]


class StaffOutcomeOut(_Shape):
    """`reached`: somebody was spoken to, so satisfaction may be asked."""

    code: str
    label: str
    reached: bool


class StaffPersonOut(_Shape):
    id: UUID
    name: str


class StaffLoadOut(_Shape):
    """How much somebody has and did in the last 30 days; `assignee` null is what nobody has been given."""

    assignee: UUID | None
    name: str
    waiting: int
    overdue: int
    done: int
    skipped: int
    expired: int
    reached: int
    satisfaction: float | None
    days: list[CareDayOut]


CareOfMemberOut.model_rebuild()
StaffTaskFormOut.model_rebuild()
