"""Care plans, the calendar, and staff tasks."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Status

from regulars.kit import clock
from regulars.surfaces.access import language
from regulars.surfaces.bodies import Day
from regulars.surfaces.care_shapes import (
    CalendarYearOut,
    CareAheadOut,
    CareItemIn,
    CareItemOut,
    CareKey,
    CareOfMemberOut,
    CarePlanIn,
    CarePlanOut,
    CareReachedOut,
    CareReadyMadeOut,
    CareStateIn,
    FestivalCode,
    OwnDayChangeIn,
    OwnDayIO,
    OwnFestivalChangeIn,
    OwnFestivalIO,
    StaffLoadOut,
    StaffTaskEndIn,
    StaffTaskIn,
    StaffTaskMoveIn,
    StaffTaskOut,
)
from regulars.surfaces.care_views import CareViewer
from regulars.surfaces.rest import finding
from regulars.surfaces.rest.finding import MemberPath
from regulars.surfaces.rest.keys import needs, scope_of
from regulars.surfaces.rest.shapes import PAGE, Cursor, Limit, ListOut, PageOut
from regulars.surfaces.task_views import TaskViewer

router = Router(tags=["Care"])
READ, WRITE = needs("care.read"), needs("care.write")
SEE, WORK = needs("tasks.read"), needs("tasks.work")
TaskState = Literal["waiting", "open", "taken", "done", "skipped", "expired", "all"]
TaskDue = Literal["today", "coming", "overdue"]


def viewer(request: HttpRequest) -> CareViewer:
    return CareViewer(scope_of(request), language(request), clock.now())


def worker(request: HttpRequest) -> TaskViewer:
    return TaskViewer(scope_of(request), language(request), clock.now())


@router.get("/care/plans", response=ListOut[CarePlanOut], **READ)
def list_plans(request: HttpRequest) -> Any:
    """The brand's care plans with their results."""
    return {"items": viewer(request).listed()}


@router.post("/care/preview", response=CareAheadOut, **READ)
def preview_plan(request: HttpRequest, given: CarePlanIn) -> Any:
    """Who would get it in the next 30 days; nothing is saved."""
    return viewer(request).ahead(given.definition)


@router.get("/care/ready-made", response=ListOut[CareReadyMadeOut], **READ)
def list_ready_made_plans(request: HttpRequest) -> Any:
    """Plans to begin with, each with what of the brand's own coupons and benefits it would give. To use one, put its
    definition under a key of yours; its template is made with it, a draft."""
    return {"items": viewer(request).ready_made()}


@router.get("/care/plans/{care_plan}", response=CarePlanOut, **READ)
def get_plan(request: HttpRequest, care_plan: CareKey) -> Any:
    """One plan."""
    return viewer(request).one(care_plan)


@router.put("/care/plans/{care_plan}", response=CarePlanOut, **WRITE)
def put_plan(request: HttpRequest, care_plan: CareKey, given: CarePlanIn) -> Any:
    """Make a plan, a draft, or change one."""
    return viewer(request).put(care_plan, given.definition, create=None)


@router.post("/care/plans/{care_plan}/state", response=CarePlanOut, **WRITE)
def set_plan_state(request: HttpRequest, care_plan: CareKey, given: CareStateIn) -> Any:
    """Start it, pause it, end it for good."""
    return viewer(request).move(care_plan, given.state)


@router.get("/care/plans/{care_plan}/reached", response=PageOut[CareReachedOut], **READ)
def list_reached(request: HttpRequest, care_plan: CareKey, cursor: Cursor = None, limit: Limit = PAGE) -> Any:
    """Whose turn it was, newest first, with what she bought afterwards."""
    return viewer(request).reached(care_plan, cursor, limit)


@router.get("/members/{member}/care", response=CareOfMemberOut, **READ)
def get_care_of_member(request: HttpRequest, member: MemberPath) -> Any:
    """What was done for a member, what she is reminded of, her tasks."""
    seen = viewer(request)
    member_id = finding.member_id(seen.scope, member)
    return CareOfMemberOut(
        done=seen.done_for(member_id),
        items=seen.items_of(member_id),
        tasks=worker(request).of_member(member_id) if seen.scope.allows("tasks.read") else [],
    )


@router.post("/members/{member}/care/ended", response=ListOut[CareItemOut], **WRITE)
def end_care_item(request: HttpRequest, member: MemberPath, given: CareItemIn) -> Any:
    """She no longer has a thing (resold, given away): no reminder of it again."""
    seen = viewer(request)
    return {"items": seen.end_item(finding.member_id(seen.scope, member), given.plan, given.thing)}


@router.get("/calendar/{year}", response=CalendarYearOut, **READ)
def get_calendar(request: HttpRequest, year: int) -> Any:
    """A year: festivals, public holidays, weekend days that are worked, the brand's own days."""
    return viewer(request).year(year)


@router.put("/calendar/days/{day}", response=OwnDayIO, **WRITE)
def put_own_day(request: HttpRequest, day: Day, given: OwnDayChangeIn) -> Any:
    """Say that the brand works on a day, or does not."""
    return viewer(request).put_day(day, given.works, given.name)


@router.delete("/calendar/days/{day}", response={204: None}, **WRITE)
def remove_own_day(request: HttpRequest, day: Day) -> Any:
    """The public calendar counts again for a day."""
    viewer(request).remove_day(day)
    return Status(204, None)


@router.put("/calendar/festivals/{festival}", response=OwnFestivalIO, **WRITE)
def put_own_festival(request: HttpRequest, festival: FestivalCode, given: OwnFestivalChangeIn) -> Any:
    """Make a festival of the brand's own, or change it."""
    return viewer(request).put_festival(festival, given)


@router.delete("/calendar/festivals/{festival}", response={204: None}, **WRITE)
def remove_own_festival(request: HttpRequest, festival: FestivalCode) -> Any:
    """Forget a festival of the brand's own."""
    viewer(request).remove_festival(festival)
    return Status(204, None)


@router.get("/tasks", response=PageOut[StaffTaskOut], **SEE)
def list_tasks(
    request: HttpRequest,
    state: TaskState = "waiting",
    kind: Literal["call", "visit", "wecom", "service", "other"] | None = None,
    store: Annotated[str | None, Query(max_length=64)] = None,
    assignee: UUID | None = None,
    unassigned: bool = False,
    due: TaskDue | None = None,
    source: Annotated[str | None, Query(max_length=120)] = None,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> Any:
    """Staff tasks by the day they are due."""
    seen = worker(request)
    given = seen.filter(
        state=state, kind=kind, store=store, assignee=assignee, unassigned=unassigned, due=due, source=source
    )
    return seen.listed(given, cursor, limit)


@router.post("/tasks", response={200: StaffTaskOut, 201: StaffTaskOut}, **WORK)
def add_task(request: HttpRequest, given: StaffTaskIn) -> Any:
    """Put a task on the worklist, once for its member and key."""
    seen = worker(request)
    made, new = seen.add(finding.member_id(seen.scope, given.member), given)
    return Status(201 if new else 200, made)


@router.get("/tasks/workload", response=ListOut[StaffLoadOut], **SEE)
def list_workload(request: HttpRequest) -> Any:
    """How much everybody has before her, and did in the last 30 days."""
    return {"items": worker(request).workload()}


@router.get("/tasks/{task_id}", response=StaffTaskOut, **SEE)
def get_task(request: HttpRequest, task_id: UUID) -> Any:
    """One task."""
    return worker(request).one(task_id)


@router.post("/tasks/{task_id}/finish", response=StaffTaskOut, **WORK)
def finish_task(request: HttpRequest, task_id: UUID, given: StaffTaskEndIn) -> Any:
    """What came of it; `next_on` makes the task that follows. 409 `task_finished` for another end than before."""
    return worker(request).finish(task_id, given)


@router.post("/tasks/{task_id}/reassign", response=StaffTaskOut, **WORK)
def reassign_task(request: HttpRequest, task_id: UUID, given: StaffTaskMoveIn) -> Any:
    """Give it to somebody else, to nobody, to another store or another day."""
    return worker(request).move(task_id, given)
