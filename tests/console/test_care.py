"""Care and tasks as the console's API answers: store staff, permissions, wrong input by field."""

from __future__ import annotations

from typing import Any

import pytest
from tests.tasks.given import NOON, TODAY, House, days, open_house

from regulars.surfaces.care_shapes import StaffTaskEndIn, StaffTaskIn, StaffTaskMoveIn
from regulars.surfaces.task_views import TaskViewer

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> House:
    return open_house()


def viewer(house: House, who: str, language: Any = "zh") -> TaskViewer:
    return TaskViewer(getattr(house, who), language, NOON)


def test_a_worklist_in_the_readers_language_and_stores(house: House) -> None:
    house.add("a", assignee=house.ann.actor.id)
    house.add("b", due_on=TODAY - days(2))
    house.add("c", due_on=TODAY + days(3), store_id=house.second)
    seen = viewer(house, "ann", "en")
    late, mine = seen.listed(seen.filter(due="today"), None, 50).items
    assert (late.overdue, late.title, late.kind_label, late.assignee_name) == (
        True,
        "Return call",
        "Call",
        "",
    )
    assert (mine.mine, mine.assignee_name, mine.store_label) == (True, "Ann", "First")
    assert seen.listed(seen.filter(due="overdue"), None, 50).items == [late]
    assert seen.listed(seen.filter(mine=True), None, 50).items == [mine]
    assert seen.listed(seen.filter(due="coming"), None, 50).items == []
    assert len(viewer(house, "cat").listed(seen.filter(due="coming"), None, 50).items) == 1
    form = viewer(house, "ann").form()
    assert {one.name for one in form.people} == {"Owner", "Ann", "Bob"}
    assert [one.code for one in form.stores] == ["S1"]
    assert [one.label for one in form.outcomes][:2] == ["已联系上", "联系后成交"]


def test_by_hand_once_moved_and_finished(house: House) -> None:
    member, _ = house.add("other")
    given = StaffTaskIn(
        member="x", key="gift", title={"zh": "送礼", "en": "Bring a gift"}, store="S1", due_on=TODAY
    )
    seen = viewer(house, "owner", "en")
    made, new = seen.add(member, given)
    assert new and made.title == "Bring a gift" and made.source == "hand"
    assert seen.add(member, given) == (made, False)
    moved = seen.move(
        made.id, StaffTaskMoveIn(assignee=house.cat.actor.id, store="S2", due_on=TODAY + days(1))
    )
    assert (moved.assignee_name, moved.store) == ("Cat", "S2")
    ended = viewer(house, "cat", "en").finish(made.id, StaffTaskEndIn(outcome="sent", satisfaction=4))
    assert (ended.state, ended.outcome_label, ended.finished_by) == ("done", "Message sent", "Cat")
    (load,) = [one for one in seen.workload() if one.name == "Cat"]
    assert (load.done, load.satisfaction) == (1, 4.0)
