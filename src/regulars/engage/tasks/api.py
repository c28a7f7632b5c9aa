"""The door of staff tasks: what store staff do for members, by whom, until when, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import connection, transaction

from regulars.engage.tasks import policy, store, telling
from regulars.engage.tasks.types import TASK, Counts, Load, NewTask, Task, TaskFilter
from regulars.kit import paging
from regulars.kit.errors import ErrorList, Refusal, conflict, invalid_field, not_found
from regulars.kit.paging import Page
from regulars.kit.periods import start_of_day, zone
from regulars.kit.text import Text
from regulars.platform.audit import api as audit
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Brand, Scope
from regulars.platform.outbox import api as outbox
from regulars.platform.staff import api as staff

_BATCH = 500
_DECLINED_FOR = timedelta(days=365)
_EVERYTHING = TaskFilter()
_LONGEST_ROOT = 140  # of a key that others are made of
_SPARED = Text("会员不愿再被联系", "She wants no more contact")


def add_many(*, brand: Brand, tasks: Sequence[NewTask], now: datetime) -> int:
    """Put tasks on the worklist in the caller's transaction, each once by its member and key; gives how many are new.

    Raises `invalid_input` naming the fields of a task that cannot be.
    """
    if not tasks:
        return 0
    errors = ErrorList()
    for number, one in enumerate(tasks):
        policy.check_new(one, errors, field=f"tasks[{number}]" if len(tasks) > 1 else "")
    errors.refuse()
    with transaction.atomic(), connection.cursor() as cursor:
        added = store.add(
            cursor, organisation_id=brand.organisation_id, brand_id=brand.id, tasks=tasks, now=now
        )
        asked = {(one.member_id, one.key): one for one in tasks}
        outbox.append(
            telling.added(brand, [(asked[member_id, key], task_id) for member_id, task_id, key in added], now)
        )
    return len(added)


def get_task(*, scope: Scope, task_id: UUID) -> Task:
    """One task of the actor's stores, or given to her. Raises `not_found`."""
    with connection.cursor() as cursor:
        return _mine(scope, store.read(cursor, brand_id=scope.brand_id, task_id=task_id))


def list_tasks(
    *,
    scope: Scope,
    given: TaskFilter = _EVERYTHING,
    cursor: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> Page[Task]:
    """Tasks by the day they are due; of limited staff those of their stores and those given to them."""
    limit = max(1, min(limit, paging.MAX_LIMIT))
    after = paging.decode_as(cursor, date.fromisoformat, UUID)
    with connection.cursor() as db:
        rows = store.page(
            db,
            brand_id=scope.brand_id,
            given=given,
            stores=scope.store_ids,
            me=scope.actor.id,
            after=(after[0], after[1]) if after else None,
            limit=limit + 1,
        )
    return paging.cut(rows, limit, lambda task: (task.due_on.isoformat(), str(task.id)))


def list_of_member(
    *, scope: Scope, member_id: UUID, cursor: str | None = None, limit: int = paging.DEFAULT_LIMIT
) -> Page[Task]:
    """Everything that was to be done for one member in the brand, newest first."""
    limit = max(1, min(limit, paging.MAX_LIMIT))
    with connection.cursor() as db:
        rows = store.of_member(
            db,
            brand_id=scope.brand_id,
            member_id=member_id,
            before=paging.decode_id(cursor),
            limit=limit + 1,
        )
    return paging.cut(rows, limit, lambda task: [task.id])


def count_tasks(*, scope: Scope, given: TaskFilter = _EVERYTHING, now: datetime) -> Counts:
    """The head of a worklist: overdue, today's, coming, taken, done today."""
    brand = organisations.get_brand(brand_id=scope.brand_id)
    today = _today(brand, now)
    with connection.cursor() as cursor:
        return store.counts(
            cursor,
            brand_id=scope.brand_id,
            given=given,
            stores=scope.store_ids,
            me=scope.actor.id,
            today=today,
            since=start_of_day(today, brand.timezone),
        )


def take(*, scope: Scope, task_id: UUID, now: datetime) -> Task:
    """The actor begins with a task. Who has it already keeps it as long as she may work on it: `task_taken` (409)
    names her; again is harmless."""
    me = _worker(scope)
    with transaction.atomic(), connection.cursor() as cursor:
        task = _open(scope, store.read(cursor, brand_id=scope.brand_id, task_id=task_id, lock=True))
        if task.state == "taken" and task.assignee == me:
            return task
        if _is_anothers(scope, task):
            raise _held(scope, task)
        store.take(cursor, task=task, assignee=me, now=now)
        return _again(cursor, scope, task_id)


def finish(
    *,
    scope: Scope,
    task_id: UUID,
    state: str = "done",
    outcome: str = "",
    satisfaction: int | None = None,
    note: str = "",
    next_on: date | None = None,
    now: datetime,
) -> Task:
    """Finish a task as `done` with its outcome, or `skipped` with a word why; `next_on` makes the one that follows.

    A second finish with the same answer changes nothing; with another it is `task_finished` (409). A task somebody
    else has taken is hers to finish (`task_taken`), unless the actor works for the whole brand. With a member who wants
    no more contact end the other tasks that care plans asked for her.
    Raises `invalid_input` naming the fields.
    """
    brand = organisations.get_brand(brand_id=scope.brand_id)
    policy.check_end(
        state=state,
        outcome=outcome,
        satisfaction=satisfaction,
        note=note,
        next_on=next_on,
        today=_today(brand, now),
    ).refuse()
    with transaction.atomic(), connection.cursor() as cursor:
        found = _mine(scope, store.read(cursor, brand_id=scope.brand_id, task_id=task_id, lock=True))
        said = (state, outcome, satisfaction, note, next_on)
        if said == (found.state, found.outcome, found.satisfaction, found.note, found.next_on):
            return found
        task = _open(scope, found)
        if scope.store_ids is not None and _is_anothers(scope, task):
            raise _held(scope, task)
        store.finish(
            cursor,
            task=task,
            state=state,
            outcome=outcome,
            satisfaction=satisfaction,
            note=note,
            next_on=next_on,
            by=scope.actor.id if scope.actor.kind == "staff" else None,
            name=scope.actor.label,
            now=now,
        )
        if next_on is not None:
            following = _follow_up(scope, task, next_on)
            if not add_many(brand=brand, tasks=[following], now=now):
                # done before its day, and wanted again on that day
                another = replace(following, key=f"{following.key}>{task.id}")
                add_many(brand=brand, tasks=[another], now=now)
        if outcome == "do_not_contact":
            spared = store.spare(
                cursor,
                brand_id=scope.brand_id,
                member_id=task.member_id,
                note=_SPARED.kept(),
                by=scope.actor.id if scope.actor.kind == "staff" else None,
                name=scope.actor.label,
                now=now,
            )
            outbox.append([telling.ended(brand, one, "skipped", "", None, now) for one in spared])
        audit.record(
            organisation_id=scope.organisation_id,
            brand_id=scope.brand_id,
            actor=scope.actor,
            action=f"task.{state}",
            subject_type="task",
            subject_id=task.id,
            before={"state": task.state},
            after={"state": state, "outcome": outcome, "satisfaction": satisfaction},
            now=now,
        )
        outbox.append([telling.ended(brand, task, state, outcome, satisfaction, now)])
        return _again(cursor, scope, task_id)


def reassign(
    *,
    scope: Scope,
    task_id: UUID,
    assignee: UUID | None,
    store_id: UUID | None = None,
    due_on: date | None = None,
    now: datetime,
) -> Task:
    """Give a task to somebody else, to nobody (whoever comes first), to another store or another day.

    The new one must be able to work on tasks there: `invalid_input` on `assignee`. Audited.
    """
    brand = organisations.get_brand(brand_id=scope.brand_id)
    today = _today(brand, now)
    if due_on is not None and not today <= due_on <= today + policy.FARTHEST:
        raise invalid_field("due_on", "out_of_range", "应为今天或之后两年内", "Today or within two years")
    with transaction.atomic(), connection.cursor() as cursor:
        task = _open(scope, store.read(cursor, brand_id=scope.brand_id, task_id=task_id, lock=True))
        place = store_id or task.store_id
        if place is not None and place != task.store_id:
            organisations.get_store(brand_id=scope.brand_id, store_id=place)
            scope.require_store(place)
        if assignee is not None and not may_work(brand_id=scope.brand_id, staff_id=assignee, store_id=place):
            raise invalid_field(
                "assignee",
                "cannot_work_there",
                "该员工不能处理这家门店的待办",
                "This member of staff may not work on this store's tasks",
            )
        store.reassign(cursor, task=task, assignee=assignee, store_id=place, due_on=due_on or task.due_on)
        after = _again(cursor, scope, task_id)
        audit.record(
            organisation_id=scope.organisation_id,
            brand_id=scope.brand_id,
            actor=scope.actor,
            action="task.reassigned",
            subject_type="task",
            subject_id=task.id,
            before=_place(task),
            after=_place(after),
            now=now,
        )
        return after


def give_out(
    *,
    people: Sequence[UUID],
    load: MutableMapping[tuple[UUID, date], int],
    days: Sequence[date],
    limit: int,
    preferred: UUID | None = None,
) -> tuple[UUID, date] | None:
    """Who does the next task and on which of `days`; None when nobody has room. What is given is added to `load`."""
    return policy.give_out(people, load, days, limit=limit, preferred=preferred)


def may_work(*, brand_id: UUID, staff_id: UUID, store_id: UUID | None) -> bool:
    """Whether somebody of the staff may work on tasks of a store (without one: of any)."""
    access = staff.get_access(staff_id=staff_id, brand_id=brand_id)
    limit = access.stores.get("tasks.work", frozenset())
    return limit is None or (bool(limit) and store_id in (None, *limit))


def people(*, brand_id: UUID, store_ids: Iterable[UUID] | None = None) -> list[UUID]:
    """Active staff who may work on tasks of the brand: of these stores, or anywhere; in the order of their ids."""
    at, everywhere = places_of(brand=organisations.get_brand(brand_id=brand_id))
    wanted = None if store_ids is None else set(store_ids)
    mine = {one for store, group in at.items() if wanted is None or store in wanted for one in group}
    return sorted(mine | set(everywhere))


def places_of(*, brand: Brand) -> tuple[dict[UUID, list[UUID]], list[UUID]]:
    """(store → who may work on its tasks, who may everywhere), active staff only, in the order of their ids."""
    stores = organisations.list_stores(brand_id=brand.id)
    at: dict[UUID, list[UUID]] = {store.id: [] for store in stores}
    everywhere: list[UUID] = []
    for person in staff.list_staff(organisation_id=brand.organisation_id):
        mine: set[UUID] = set()
        whole = False
        for one in person.assignments if person.is_active else ():
            place = one.place
            if "tasks.work" not in one.role.permissions or place.brand_id not in (None, brand.id):
                continue
            if place.store_id is not None:
                mine.add(place.store_id)
            elif place.region_id is not None:
                mine |= {store.id for store in stores if store.region_id == place.region_id}
            else:
                whole = True
        for store_id in sorted(mine & at.keys()):
            at[store_id].append(person.id)
        if whole:
            everywhere.append(person.id)
    return at, everywhere


def workload(*, scope: Scope, now: datetime, days: int = 14, back: int = 30) -> list[Load]:
    """What everybody of the actor's stores has to do in the coming days, and did in the last `back` ones."""
    brand = organisations.get_brand(brand_id=scope.brand_id)
    today = _today(brand, now)
    with connection.cursor() as cursor:
        return store.workload(
            cursor,
            brand_id=scope.brand_id,
            stores=scope.store_ids,
            today=today,
            since=start_of_day(today - timedelta(days=back), brand.timezone),
            last_day=today + timedelta(days=days - 1),
        )


def load_of(
    *, brand_id: UUID, staff_ids: Iterable[UUID], first: date, last: date
) -> dict[tuple[UUID, date], int]:
    """(who, day) → how many tasks she has that day, done ones among them."""
    with connection.cursor() as cursor:
        return store.load_of(cursor, brand_id=brand_id, staff=staff_ids, first=first, last=last)


def last_reached(*, brand_id: UUID, member_ids: Iterable[UUID]) -> dict[UUID, tuple[datetime, UUID | None]]:
    """Member → when staff last reached her, and who that was; members nobody reached are left out."""
    with connection.cursor() as cursor:
        return store.last_of(cursor, brand_id=brand_id, member_ids=member_ids)


def declined(*, brand_id: UUID, member_ids: Iterable[UUID], now: datetime) -> set[UUID]:
    """Those who said within the last year that they want no more contact by staff."""
    with connection.cursor() as cursor:
        return store.declined(cursor, brand_id=brand_id, member_ids=member_ids, since=now - _DECLINED_FOR)


def counts_of(*, brand_id: UUID, source: str) -> tuple[dict[str, int], dict[str, int], float | None]:
    """(state → tasks, outcome → tasks, mean satisfaction) of what one source asked for."""
    with connection.cursor() as cursor:
        return store.by_source(cursor, brand_id=brand_id, source=source)


def expire_due(*, now: datetime) -> int:
    """Due work: end what nobody did in time, a batch for each brand; gives how many."""
    total = 0
    for brand in organisations.list_brands():
        with transaction.atomic(), connection.cursor() as cursor:
            ended = store.expire(cursor, brand_id=brand.id, today=_today(brand, now), now=now, limit=_BATCH)
            outbox.append([telling.ended(brand, task, "expired", "", None, now) for task in ended])
            total += len(ended)
    return total


def _follow_up(scope: Scope, task: Task, next_on: date) -> NewTask:
    root = task.key.partition(">")[0][:_LONGEST_ROOT]
    keeps = task.assignee is not None and may_work(
        brand_id=scope.brand_id, staff_id=task.assignee, store_id=task.store_id
    )
    return NewTask(
        member_id=task.member_id,
        key=f"{root}>{next_on.isoformat()}",
        kind=task.kind,
        title=task.title,
        script=task.script,
        store_id=task.store_id,
        assignee=task.assignee if keeps else scope.actor.id if scope.actor.kind == "staff" else None,
        due_on=next_on,
        source=task.source,
        origin=task.origin,
    )


def _mine(scope: Scope, task: Task | None) -> Task:
    """The task, if the actor may see it. Raises `not_found`."""
    if task is None or (
        scope.store_ids is not None
        and task.store_id not in scope.store_ids
        and task.assignee != scope.actor.id
    ):
        raise not_found(TASK)
    return task


def _open(scope: Scope, task: Task | None) -> Task:
    found = _mine(scope, task)
    if found.state not in ("open", "taken"):
        raise conflict(
            "task_finished", "这条待办已经结束", "This task has been finished already", state=found.state
        )
    return found


def _again(cursor: object, scope: Scope, task_id: UUID) -> Task:
    found = store.read(cursor, brand_id=scope.brand_id, task_id=task_id)
    assert found is not None
    return found


def _is_anothers(scope: Scope, task: Task) -> bool:
    """Whether a task is somebody else's who may still work on it: what she had who left is anybody's."""
    return task.assignee not in (None, scope.actor.id) and may_work(
        brand_id=scope.brand_id, staff_id=task.assignee, store_id=task.store_id
    )


def _held(scope: Scope, task: Task) -> Refusal:
    names = {one.id: one.name for one in staff.list_staff(organisation_id=scope.organisation_id)}
    who = names.get(task.assignee, "") if task.assignee else ""
    return Refusal(
        "task_taken",
        Text("这条待办已由{who}负责", "This task is {who}'s").format(
            who=Text(who or "其他人", who or "somebody else")
        ),
        status=409,
        data={"assignee": str(task.assignee) if task.assignee else None},
    )


def _worker(scope: Scope) -> UUID:
    """Tasks are done by people: an API key may finish them, but not take them for itself."""
    if scope.actor.kind != "staff" or scope.actor.id is None:
        raise Refusal("staff_only", Text("只有员工可以领取待办", "Only staff take tasks"), status=409)
    return scope.actor.id


def _place(task: Task) -> dict[str, object]:
    return {
        "assignee": str(task.assignee) if task.assignee else None,
        "store_id": str(task.store_id) if task.store_id else None,
        "due_on": task.due_on.isoformat(),
    }


def _today(brand: Brand, now: datetime) -> date:
    return now.astimezone(zone(brand.timezone)).date()
