"""Staff tasks as the public API and the console show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from uuid import UUID

from regulars.engage.tasks import api as tasks
from regulars.engage.tasks.types import KINDS, OUTCOMES, NewTask, Task, TaskFilter
from regulars.kit.errors import ErrorList, invalid_field
from regulars.kit.paging import Page
from regulars.kit.periods import zone
from regulars.kit.text import Language, Text
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Brand, Scope, Store
from regulars.platform.staff import api as staff
from regulars.surfaces.care_shapes import (
    CareChoiceOut,
    CareDayOut,
    CareMemberOut,
    StaffLoadOut,
    StaffOutcomeOut,
    StaffPersonOut,
    StaffTaskCountsOut,
    StaffTaskEndIn,
    StaffTaskFormOut,
    StaffTaskIn,
    StaffTaskMoveIn,
    StaffTaskOut,
)
from regulars.surfaces.care_views import people_of

_NOBODY = UUID(int=0)


@dataclass(frozen=True)
class TaskViewer:
    """What one caller sees of her stores' tasks, in her language."""

    scope: Scope
    language: Language
    now: datetime

    def say(self, text: Text) -> str:
        return text.in_language(self.language)

    @cached_property
    def brand(self) -> Brand:
        return organisations.get_brand(brand_id=self.scope.brand_id)

    @cached_property
    def today(self) -> date:
        return self.now.astimezone(zone(self.brand.timezone)).date()

    @cached_property
    def stores(self) -> dict[UUID, Store]:
        return {one.id: one for one in organisations.stores_of(brand_id=self.scope.brand_id).values()}

    @cached_property
    def names(self) -> dict[UUID, str]:
        found = staff.list_staff(organisation_id=self.scope.organisation_id)
        return {one.id: one.name for one in found}

    def listed(self, given: TaskFilter, cursor: str | None, limit: int) -> Page[StaffTaskOut]:
        page = tasks.list_tasks(scope=self.scope, given=given, cursor=cursor, limit=limit)
        return Page(self.shown(page.items), page.next_cursor)

    def filter(
        self,
        *,
        state: str | None = None,
        kind: str | None = None,
        store: str | None = None,
        mine: bool = False,
        unassigned: bool = False,
        assignee: UUID | None = None,
        due: str | None = None,
        source: str | None = None,
    ) -> TaskFilter:
        """From what an address asks: `due` is today (with what is overdue), coming, or overdue."""
        return TaskFilter(
            open_only=state in (None, "waiting"),
            states=() if state in (None, "waiting", "all") else (str(state),),
            kinds=(kind,) if kind else (),
            store_id=self.store_id(store),
            assignee=(self.scope.actor.id or _NOBODY) if mine else assignee,
            unassigned=unassigned,
            due_from=date.fromordinal(self.today.toordinal() + 1) if due == "coming" else None,
            due_to=self.today
            if due == "today"
            else date.fromordinal(self.today.toordinal() - 1)
            if due == "overdue"
            else None,
            source=source or "",
        )

    def store_id(self, code: str | None) -> UUID | None:
        if not code:
            return None
        found = organisations.stores_of(brand_id=self.scope.brand_id, codes=[code]).get(code)
        if found is None:
            raise invalid_field("store", "unknown_store", "没有这个门店", "There is no such store")
        return found.id

    def of_member(self, member_id: UUID) -> list[StaffTaskOut]:
        return self.shown(tasks.list_of_member(scope=self.scope, member_id=member_id, limit=20).items)

    def one(self, task_id: UUID) -> StaffTaskOut:
        return self.shown([tasks.get_task(scope=self.scope, task_id=task_id)])[0]

    def counts(self, given: TaskFilter) -> StaffTaskCountsOut:
        found = tasks.count_tasks(scope=self.scope, given=given, now=self.now)
        return StaffTaskCountsOut(
            overdue=found.overdue,
            today=found.today,
            coming=found.coming,
            taken=found.taken,
            done_today=found.done_today,
        )

    def add(self, member_id: UUID, given: StaffTaskIn) -> tuple[StaffTaskOut, bool]:
        """The task, and whether it is new."""
        store_id = self.store_id(given.store)
        self.scope.require_store(store_id)
        if given.assignee is not None and not tasks.may_work(
            brand_id=self.scope.brand_id, staff_id=given.assignee, store_id=store_id
        ):
            raise invalid_field(
                "assignee",
                "cannot_work_there",
                "该员工不能处理这家门店的待办",
                "This member of staff may not work on this store's tasks",
            )
        errors = ErrorList()
        if not self.today <= given.due_on <= date.fromordinal(self.today.toordinal() + 800):
            errors.add("due_on", "out_of_range", "应为今天或之后两年内", "Today or within two years")
        errors.refuse()
        key = f"hand:{given.key}"
        new = tasks.add_many(
            brand=self.brand,
            tasks=[
                NewTask(
                    member_id=member_id,
                    key=key,
                    kind=given.kind,
                    title=given.title.to_text(),
                    script=given.script.to_text(),
                    store_id=store_id,
                    assignee=given.assignee,
                    due_on=given.due_on,
                    source="api" if self.scope.actor.kind == "api_key" else "hand",
                )
            ],
            now=self.now,
        )
        found = tasks.list_of_member(scope=self.scope, member_id=member_id, limit=200).items
        return self.shown([next(one for one in found if one.key == key)])[0], bool(new)

    def take(self, task_id: UUID) -> StaffTaskOut:
        return self.shown([tasks.take(scope=self.scope, task_id=task_id, now=self.now)])[0]

    def finish(self, task_id: UUID, given: StaffTaskEndIn) -> StaffTaskOut:
        done = tasks.finish(
            scope=self.scope,
            task_id=task_id,
            state=given.state,
            outcome=given.outcome,
            satisfaction=given.satisfaction,
            note=given.note.strip(),
            next_on=given.next_on,
            now=self.now,
        )
        return self.shown([done])[0]

    def move(self, task_id: UUID, given: StaffTaskMoveIn) -> StaffTaskOut:
        moved = tasks.reassign(
            scope=self.scope,
            task_id=task_id,
            assignee=given.assignee,
            store_id=self.store_id(given.store),
            due_on=given.due_on,
            now=self.now,
        )
        return self.shown([moved])[0]

    def workload(self) -> list[StaffLoadOut]:
        return [
            StaffLoadOut(
                assignee=one.assignee,
                name=self.names.get(one.assignee, "") if one.assignee else "",
                waiting=one.waiting,
                overdue=one.overdue,
                done=one.done,
                skipped=one.skipped,
                expired=one.expired,
                reached=one.reached,
                satisfaction=one.satisfaction,
                days=[CareDayOut(day=day, members=count) for day, count in one.by_day.items()],
            )
            for one in tasks.workload(scope=self.scope, now=self.now)
        ]

    def form(self) -> StaffTaskFormOut:
        mine = self.scope.store_ids
        return StaffTaskFormOut(
            today=self.today,
            kinds=[CareChoiceOut(code=code, label=self.say(text)) for code, text in KINDS.items()],
            outcomes=[
                StaffOutcomeOut(code=code, label=self.say(text), reached=reached)
                for code, (text, reached) in OUTCOMES.items()
            ],
            people=[
                StaffPersonOut(id=id_, name=self.names.get(id_, ""))
                for id_ in tasks.people(brand_id=self.scope.brand_id, store_ids=mine)
            ],
            stores=[
                CareChoiceOut(code=one.code, label=self.say(one.name))
                for one in sorted(self.stores.values(), key=lambda one: one.code)
                if mine is None or one.id in mine
            ],
        )

    def shown(self, found: Sequence[Task]) -> list[StaffTaskOut]:
        people = people_of(self.scope, (one.member_id for one in found))
        return [
            StaffTaskOut(
                id=one.id,
                member=people.get(one.member_id) or CareMemberOut(id=one.member_id, code="", name=""),
                kind=one.kind,
                kind_label=self.say(KINDS[one.kind]),
                title=self.say(one.title),
                script=self.say(one.script),
                store=self.stores[one.store_id].code if one.store_id in self.stores else "",
                store_label=self.say(self.stores[one.store_id].name) if one.store_id in self.stores else "",
                assignee=one.assignee,
                assignee_name=self.names.get(one.assignee, "") if one.assignee else "",
                mine=one.assignee is not None and one.assignee == self.scope.actor.id,
                due_on=one.due_on,
                expires_on=one.expires_on,
                overdue=one.state in ("open", "taken") and one.due_on < self.today,
                state=one.state,
                outcome=one.outcome,
                outcome_label=self.say(OUTCOMES[one.outcome][0]) if one.outcome in OUTCOMES else "",
                satisfaction=one.satisfaction,
                note=self.say(Text.of_kept(one.note)),
                next_on=one.next_on,
                source=one.source,
                contacts=one.contacts,
                created_at=one.created_at,
                taken_at=one.taken_at,
                finished_at=one.finished_at,
                finished_by=one.finished_by,
            )
            for one in found
        ]
