"""Two workers, ones that die, and staff who reach for the same task."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from tests.care.given import JANUARY, House, at, chore, open_house, said
from tests.tasks.given import NOON
from tests.tasks.given import open_house as open_store

from regulars.engage.care.models import CareMark, CarePlan
from regulars.engage.tasks import api as tasks
from regulars.engage.tasks.models import StaffTask
from regulars.flows.care import api as flow
from regulars.flows.care import passes
from regulars.messaging.models import Send

pytestmark = pytest.mark.race
Together = Callable[[list[Callable[[], Any]]], list[Any]]


def crowd(house: House, count: int) -> list[Any]:
    return [house.member(birthday="1990-03-01", store_id=house.store()) for _ in range(count)]


def test_two_workers_greet_everybody_once(together: Together, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixty members in portions of seven, three plans, four workers: each plan greets each member once."""
    from regulars.engage.care.api import passing

    monkeypatch.setattr(passing, "PORTION", 7)
    find = passing.find.__kwdefaults__
    monkeypatch.setitem(find, "limit", 7)
    house = open_house()
    house.hire("ann")
    ids = crowd(house, 60)
    points = [{"kind": "points", "unit": "points", "amount": 10}]
    for key in ("a", "b", "c"):
        house.plan("birthday", JANUARY, key=key, rewards=points, message=said(), task=chore())
    for _ in range(50):  # what was due at the start
        if not flow.run_due(JANUARY):
            break

    def work() -> int:
        done = 0
        for _ in range(400):
            done += flow.run_due(at("2024-03-01"))
            if not CarePlan.objects.filter(next_run_at__lte=at("2024-03-01")).exists():
                break
        return done

    answers = together([work] * 4)
    assert all(isinstance(one, int) for one in answers), answers
    assert CareMark.objects.count() == Send.objects.count() == StaffTask.objects.count() == 180
    assert Counter(CareMark.objects.values_list("member_id", flat=True)) == Counter(dict.fromkeys(ids, 3))
    assert [house.its.balance(one)[0] for one in ids] == [30] * 60
    assert not CarePlan.objects.exclude(problem="").exists()
    house.its.clean()


def test_a_pass_that_dies_goes_on_where_it_was(real_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed in the middle of a portion, again and again: nothing of it is there, and in the end everything once."""
    from regulars.engage.care.api import passing

    monkeypatch.setitem(passing.find.__kwdefaults__, "limit", 9)
    house = open_house()
    ids = crowd(house, 30)
    house.plan("birthday", JANUARY)
    flow.run_due(JANUARY)
    turns = {"left": 3}
    tell = passes._tell

    def dies(*given: Any, **more: Any) -> None:
        tell(*given, **more)
        if turns["left"]:
            turns["left"] -= 1
            raise KeyboardInterrupt

    monkeypatch.setattr(passes, "_tell", dies)
    for _ in range(40):
        before = Send.objects.count()
        try:
            if not flow.run_due(at("2024-03-01")):
                break
        except KeyboardInterrupt:
            assert Send.objects.count() == before == CareMark.objects.count()
    assert turns["left"] == 0
    assert {one.member_id for one in Send.objects.all()} == set(ids) and Send.objects.count() == 30


def test_a_task_is_taken_by_one(together: Together) -> None:
    house = open_store()
    house.add()
    task_id = house.only().id
    takes = [
        lambda scope=scope: tasks.take(scope=scope, task_id=task_id, now=NOON)
        for scope in (house.ann, house.bob, house.owner)
    ]
    answers = together(takes)
    assert sum(not isinstance(one, Exception) for one in answers) == 1
    ends = [
        lambda rating=rating: tasks.finish(
            scope=house.owner, task_id=task_id, outcome="reached", satisfaction=rating, now=NOON
        )
        for rating in (1, 2, 3, 4, 5)
    ]
    answers = together(ends)
    assert sum(not isinstance(one, Exception) for one in answers) == 1
    assert StaffTask.objects.get().satisfaction in range(1, 6)


def test_the_same_task_added_from_many_places_is_one(together: Together) -> None:
    house = open_store()
    member, _ = house.add("first")
    lock = threading.Lock()
    news: list[int] = []

    def add() -> None:
        made = house.add("same", member=member)[1]
        with lock:
            news.append(made)

    together([add] * 8)
    assert sorted(news) == [0] * 7 + [1]
    assert StaffTask.objects.filter(key="same").count() == 1
