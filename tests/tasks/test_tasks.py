"""Staff tasks through the door: added once, taken by one, finished with what came of it, seen where they may be."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.tasks.given import NOON, TODAY, House, days, open_house

from regulars.engage.tasks import api as tasks
from regulars.engage.tasks import policy
from regulars.engage.tasks.types import TaskFilter
from regulars.kit.errors import Refusal
from regulars.kit.ids import new_id
from regulars.platform.organisations.types import SYSTEM, Scope
from regulars.platform.outbox.models import OutboxRow
from regulars.platform.staff import api as staff


@pytest.fixture
def house(db: None) -> House:
    return open_house()


def refused(call: Any) -> tuple[str, list[str]]:
    with pytest.raises(Refusal) as caught:
        call()
    return caught.value.code, [error.field for error in caught.value.errors]


def topics() -> list[str]:
    return list(OutboxRow.objects.filter(topic__startswith="task.").values_list("topic", flat=True))


def test_the_same_key_is_the_same_task(house: House) -> None:
    member, new = house.add()
    assert new == 1
    assert house.add(member=member)[1] == 0
    assert house.add("other", member=member)[1] == 1
    assert house.add()[1] == 1, "another member's key is her own"
    assert len(tasks.list_tasks(scope=house.owner).items) == 3
    assert topics() == ["task.added"] * 3


def test_a_task_that_cannot_be_is_refused_by_field(house: House) -> None:
    wrong = {"kind": "dance", "title": "", "expires_on": TODAY}
    assert refused(lambda: house.add("", **wrong)) == (
        "invalid_input",
        ["kind", "key", "title", "expires_on"],
    )
    assert tasks.list_tasks(scope=house.owner).items == []


def test_taken_by_one_finished_once(house: House) -> None:
    house.add()
    task = tasks.take(scope=house.ann, task_id=house.only().id, now=NOON)
    assert (task.state, task.assignee, task.contacts) == ("taken", house.ann.actor.id, 1)
    assert tasks.take(scope=house.ann, task_id=task.id, now=NOON) == task, "again is harmless"
    assert refused(lambda: tasks.take(scope=house.bob, task_id=task.id, now=NOON))[0] == "task_taken"
    done: dict[str, Any] = {"task_id": task.id, "outcome": "reached", "satisfaction": 5, "note": "很满意"}
    assert refused(lambda: tasks.finish(scope=house.bob, now=NOON, **done))[0] == "task_taken"
    finished = tasks.finish(scope=house.ann, now=NOON, **done)
    assert (finished.state, finished.satisfaction, finished.finished_by) == ("done", 5, "Ann")
    assert tasks.finish(scope=house.ann, now=NOON + days(1), **done) == finished
    other = done | {"satisfaction": 1}
    assert refused(lambda: tasks.finish(scope=house.ann, now=NOON, **other))[0] == "task_finished"
    assert topics() == ["task.added", "task.finished"]
    assert tasks.list_tasks(scope=house.owner).items == []


def test_an_end_needs_its_words(house: House) -> None:
    house.add()
    task_id = house.only().id
    end = lambda **given: refused(  # noqa: E731
        lambda: tasks.finish(scope=house.ann, task_id=task_id, now=NOON, **given)
    )[1]
    assert end() == ["outcome"]
    assert end(state="skipped") == ["note"]
    assert end(state="skipped", outcome="reached", note="x") == ["outcome"]
    assert end(outcome="no_answer", satisfaction=3) == ["satisfaction"]
    assert end(outcome="reached", satisfaction=6) == ["satisfaction"]
    assert end(outcome="reached", next_on=TODAY) == ["next_on"]
    assert end(outcome="do_not_contact", next_on=TODAY + days(7)) == ["next_on"]
    assert house.only().state == "open"


def test_the_next_time_is_a_task_of_its_own(house: House) -> None:
    member, _ = house.add()
    for week in (1, 2):
        tasks.finish(
            scope=house.ann,
            task_id=house.only().id,
            outcome="reached",
            next_on=TODAY + days(7 * week),
            now=NOON + days(7 * (week - 1)),
        )
        following = house.only()
        assert (following.due_on, following.member_id) == (TODAY + days(7 * week), member)
        assert following.key == f"visit>{following.due_on}"
        assert following.assignee == house.ann.actor.id
    history = tasks.list_of_member(scope=house.ann, member_id=member).items
    assert [one.state for one in history] == ["open", "done", "done"]
    reached = tasks.last_reached(brand_id=house.brand.id, member_ids=[member, new_id()])
    assert reached == {member: (NOON + days(7), house.ann.actor.id)}


def test_stores_see_their_own(house: House) -> None:
    house.add()
    task_id = house.only().id
    assert house.only(house.ann).id == task_id
    assert tasks.list_tasks(scope=house.cat).items == []
    for call in (
        lambda: tasks.get_task(scope=house.cat, task_id=task_id),
        lambda: tasks.take(scope=house.cat, task_id=task_id, now=NOON),
        lambda: tasks.finish(scope=house.cat, task_id=task_id, outcome="reached", now=NOON),
        lambda: tasks.reassign(scope=house.cat, task_id=task_id, assignee=None, now=NOON),
        lambda: tasks.get_task(scope=open_house("spa").owner, task_id=task_id),
    ):
        assert refused(call)[0] == "not_found"


def test_given_to_somebody_who_may(house: House) -> None:
    house.add()
    task_id = house.only().id
    cat = house.cat.actor.id
    give: dict[str, Any] = {"task_id": task_id, "assignee": cat, "now": NOON}
    assert refused(lambda: tasks.reassign(scope=house.ann, **give)) == ("invalid_input", ["assignee"])
    assert (
        refused(lambda: tasks.reassign(scope=house.ann, store_id=house.second, **give))[0]
        == "store_not_allowed"
    )
    moved = tasks.reassign(scope=house.owner, store_id=house.second, due_on=TODAY + days(2), **give)
    assert (moved.store_id, moved.assignee, moved.due_on) == (house.second, cat, TODAY + days(2))
    assert moved.expires_on == TODAY + days(16)
    assert tasks.list_tasks(scope=house.ann).items == []
    assert house.only(house.cat).id == task_id
    assert refused(lambda: tasks.reassign(scope=house.owner, **give | {"due_on": TODAY - days(1)}))[1] == [
        "due_on"
    ]


def test_paged_by_the_day_they_are_due(house: House) -> None:
    for number in range(7):
        house.add(f"k{number}", due_on=TODAY + days(number % 3), expires_on=TODAY + days(30))
    seen, cursor = [], None
    while True:
        page = tasks.list_tasks(scope=house.ann, cursor=cursor, limit=3)
        seen += [one.due_on for one in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == sorted(seen) and len(seen) == 7
    today = TaskFilter(due_to=TODAY)
    assert len(tasks.list_tasks(scope=house.ann, given=today).items) == 3
    assert refused(lambda: tasks.list_tasks(scope=house.ann, cursor="WyIxIiwgIjIiXQ")) == (
        "invalid_input",
        ["cursor"],
    )


def test_what_nobody_did_expires(house: House) -> None:
    """Two weeks after the day it was due, by the brand's calendar, not by UTC's."""
    house.add()
    evening = NOON.replace(hour=23, minute=59) + days(13)
    assert tasks.expire_due(now=evening) == 0
    assert tasks.expire_due(now=evening.replace(hour=0, minute=0) + days(1)) == 1
    assert tasks.expire_due(now=evening + days(1)) == 0
    (ended,) = tasks.list_tasks(scope=house.owner, given=TaskFilter(open_only=False)).items
    assert ended.state == "expired"
    assert topics() == ["task.added", "task.expired"]


def test_how_much_everybody_has(house: House) -> None:
    ann, bob = house.ann.actor.id, house.bob.actor.id
    house.add("a1", assignee=ann)
    house.add("a2", assignee=ann, due_on=TODAY - days(1))
    house.add("b1", assignee=bob, due_on=TODAY + days(1))
    house.add("n1")
    done = house.add("a3", assignee=ann)[0]
    task = tasks.list_of_member(scope=house.ann, member_id=done).items[0]
    tasks.finish(scope=house.ann, task_id=task.id, outcome="bought", satisfaction=4, now=NOON)
    found = {load.assignee: load for load in tasks.workload(scope=house.ann, now=NOON)}
    assert (found[ann].waiting, found[ann].overdue, found[ann].done, found[ann].reached) == (2, 1, 1, 1)
    assert found[ann].by_day == {TODAY: 1}
    assert found[ann].satisfaction == 4.0
    assert found[bob].by_day == {TODAY + days(1): 1}
    assert found[None].waiting == 1
    assert tasks.workload(scope=house.cat, now=NOON) == []
    counts = tasks.count_tasks(scope=house.ann, now=NOON)
    assert (counts.overdue, counts.today, counts.coming, counts.done_today) == (1, 2, 1, 1)
    load = tasks.load_of(brand_id=house.brand.id, staff_ids=[ann, bob], first=TODAY, last=TODAY)
    assert load == {(ann, TODAY): 2}
    states, outcomes, satisfied = tasks.counts_of(brand_id=house.brand.id, source="care:visit")
    assert (states, outcomes, satisfied) == ({"open": 4, "done": 1}, {"bought": 1}, 4.0)


def test_who_declined(house: House) -> None:
    member, _ = house.add()
    tasks.finish(scope=house.ann, task_id=house.only().id, outcome="do_not_contact", now=NOON)
    ask: dict[str, Any] = {"brand_id": house.brand.id, "member_ids": [member, new_id()]}
    assert tasks.declined(now=NOON + days(365), **ask) == {member}
    assert tasks.declined(now=NOON + days(366), **ask) == set()


@given(
    people=st.integers(1, 6),
    limit=st.integers(1, 4),
    span=st.integers(1, 5),
    wanted=st.lists(st.integers(-1, 5), max_size=60),
)
def test_nobody_is_given_more_than_the_limit(people: int, limit: int, span: int, wanted: list[int]) -> None:
    """Everybody gets a place while there is one; nobody has more than `limit` a day."""
    ids = [new_id() for _ in range(people)]
    span_days = [TODAY + days(n) for n in range(span)]
    load: dict[Any, int] = {}
    given_out = [
        policy.give_out(ids, load, span_days, limit=limit, preferred=ids[one] if 0 <= one < people else None)
        for one in wanted
    ]
    assert sum(one is not None for one in given_out) == min(len(wanted), people * limit * span)
    assert all(count <= limit for count in load.values())
    assert sum(load.values()) == sum(one is not None for one in given_out)


def test_her_own_person_first_and_round_the_others() -> None:
    ann, bob = new_id(), new_id()
    load: dict[Any, int] = {}
    give = lambda who=None: policy.give_out(  # noqa: E731
        [ann, bob], load, [TODAY, TODAY + days(1)], limit=2, preferred=who
    )
    assert [give(ann), give(ann)] == [(ann, TODAY)] * 2
    assert give(ann) == (ann, TODAY + days(1)), "she is waited for"
    assert [give(), give(), give()] == [(bob, TODAY), (bob, TODAY), (bob, TODAY + days(1))]


def leaves(house: House, who: Scope) -> None:
    """She works here no more."""
    assert who.actor.id is not None
    staff.update_staff(
        organisation_id=house.brand.organisation_id,
        by=SYSTEM,
        staff_id=who.actor.id,
        is_active=False,
        now=NOON,
    )


def test_what_somebody_had_who_left_is_anybodys_of_the_store(house: House) -> None:
    """Ann had taken one task and was given another. Bob takes the first and finishes the second; what follows it is
    his. Of a colleague who still works there he takes nothing."""
    ann = house.ann.actor.id
    house.add("taken", assignee=ann)
    taken = house.only()
    tasks.take(scope=house.ann, task_id=taken.id, now=NOON)
    house.add("given", assignee=ann)
    (given_,) = [one for one in tasks.list_tasks(scope=house.ann).items if one.id != taken.id]
    for one in (taken, given_):
        assert (
            refused(lambda one=one: tasks.take(scope=house.bob, task_id=one.id, now=NOON))[0] == "task_taken"
        )
    leaves(house, house.ann)
    assert tasks.take(scope=house.bob, task_id=taken.id, now=NOON).assignee == house.bob.actor.id
    done = tasks.finish(
        scope=house.bob, task_id=given_.id, outcome="reached", next_on=TODAY + days(7), now=NOON
    )
    assert (done.state, done.finished_by) == ("done", "Bob")
    (following,) = [one for one in tasks.list_tasks(scope=house.owner).items if one.id != taken.id]
    assert (following.assignee, following.due_on) == (house.bob.actor.id, TODAY + days(7))


def test_a_task_done_early_can_be_followed_on_the_day_it_was_for(house: House) -> None:
    """The follow-up of the 17th is called on the 12th and asked to call on the 17th as agreed: that is a new task."""
    house.add("x" * 195)
    tasks.finish(
        scope=house.ann, task_id=house.only().id, outcome="reached", next_on=TODAY + days(7), now=NOON
    )
    early = house.only()
    tasks.finish(
        scope=house.ann, task_id=early.id, outcome="call_later", next_on=TODAY + days(7), now=NOON + days(2)
    )
    again = house.only()
    assert (again.due_on, again.state) == (TODAY + days(7), "open")
    assert again.id != early.id


def test_who_wants_no_more_contact_is_called_by_no_plan_that_asked_before(house: House) -> None:
    """What plans and journeys asked for ends with it, said why; what staff made by hand, and others' tasks, stay."""
    member, _ = house.add("one", source="care:visit")
    house.add("two", member=member, source="care:churn", store_id=house.second)
    house.add("three", member=member, source="")
    house.add("four")
    (first,) = [one for one in tasks.list_tasks(scope=house.ann).items if one.key == "one"]
    tasks.finish(scope=house.ann, task_id=first.id, outcome="do_not_contact", now=NOON)
    left = {one.key: one for one in tasks.list_of_member(scope=house.owner, member_id=member).items}
    assert {key: one.state for key, one in left.items()} == {"one": "done", "two": "skipped", "three": "open"}
    assert left["two"].note and left["two"].finished_by == "Ann"
    assert [one.key for one in tasks.list_tasks(scope=house.owner).items] == ["three", "four"]
    assert topics().count("task.finished") == 2
