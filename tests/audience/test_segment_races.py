"""Two at a segment at once: who edits, archives or leaves it while it is refreshed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from tests.audience.asleep import wait_until_locked
from tests.audience.test_segments import MANY, NOW, buy, inside, make, make_world, tags
from tests.intake.world import World

from regulars.audience.member_facts import api as facts
from regulars.audience.segments import api as segments
from regulars.audience.segments.store import keeping, refreshing
from regulars.facts.members import api as members
from regulars.facts.members.models import Membership
from regulars.facts.members.types import Tag
from regulars.flows import profiling
from regulars.kit.errors import Refusal
from regulars.kit.text import Text

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shop(transactional_db: None) -> tuple[World, UUID]:
    """A brand, and a member who bought twice."""
    its, (one, *_) = make_world()
    buy(its, one, "a")
    buy(its, one, "b")
    facts.refresh_dirty(brand_id=its.scope.brand_id, now=NOW)
    members.put_tag(scope=its.scope, tag=Tag("often", Text("常客", "Often"), "#2f6fb2"), now=NOW)
    return its, one


def while_refreshed(
    together: Any,
    monkeypatch: pytest.MonkeyPatch,
    its: World,
    code: str,
    act: Callable[[], Any],
    now: datetime = NOW,
) -> tuple[Any, Any]:
    """What a refresh ends with, and what is done between its asking and its moving members."""
    real, asked, done = refreshing.fill_wanted, threading.Event(), threading.Event()

    def fill(cursor: Any, question: Any, **more: Any) -> int:
        count = real(cursor, question, **more)
        asked.set()
        assert done.wait(60)
        return count

    def other() -> Any:
        assert asked.wait(60)
        try:
            return act()
        finally:
            done.set()

    monkeypatch.setattr(refreshing, "fill_wanted", fill)
    brand = its.scope.brand_id
    ended, other_ended = together([lambda: segments.refresh(brand_id=brand, code=code, now=now), other])
    monkeypatch.setattr(refreshing, "fill_wanted", real)
    if isinstance(other_ended, BaseException):
        raise other_ended
    return ended, segments.get_segment(brand_id=brand, code=code)


def test_an_archived_segment_stays_empty_and_its_tag_is_gone(
    shop: Any, together: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    its, one = shop
    make(its, "many", MANY, tag="often")
    ended, after = while_refreshed(
        together, monkeypatch, its, "many",
        lambda: segments.set_state(scope=its.scope, code="many", state="archived", now=NOW),
    )  # fmt: skip
    assert isinstance(ended, Refusal) and ended.code == "segment_changed"
    assert (after.state, after.run, after.members, after.next_refresh_at) == ("archived", "idle", 0, None)
    assert inside(its, "many") == set() and tags(one) == []


def test_a_definition_that_changed_meanwhile_is_asked_at_once(
    shop: Any, together: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    its, _ = shop
    make(its, "many", MANY)
    later = NOW + timedelta(seconds=1)
    ended, after = while_refreshed(
        together, monkeypatch, its, "many",
        lambda: segments.update(
            scope=its.scope, code="many", changes={"definition": {**MANY, "value": 3}}, now=later
        ),
    )  # fmt: skip
    # what the first definition found is not put in, and the new one does not wait for its next turn
    assert isinstance(ended, Refusal) and ended.code == "segment_changed"
    assert (after.version, after.run, after.next_refresh_at, after.refreshed_at) == (2, "idle", later, None)
    assert segments.refresh_due(now=later) == 1 and inside(its, "many") == set()


def test_a_paused_segment_keeps_the_members_it_had(
    shop: Any, together: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    its, _ = shop
    make(its, "many", MANY)
    ended, after = while_refreshed(
        together, monkeypatch, its, "many",
        lambda: segments.set_state(scope=its.scope, code="many", state="paused", now=NOW),
    )  # fmt: skip
    assert isinstance(ended, Refusal) and (after.run, after.next_refresh_at) == ("idle", None)
    assert inside(its, "many") == set()


def test_who_switches_profiling_off_meanwhile_does_not_come(
    shop: Any, together: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    its, one = shop
    brand = its.scope.brand_id
    facts.write_scores(brand_id=brand, as_of=NOW, columns={"koc": [88]}, member_ids=[one])
    make(its, "koc", {"field": "score.koc", "op": "gte", "value": 70})
    ended, after = while_refreshed(
        together, monkeypatch, its, "koc",
        lambda: profiling.switch(scope=its.scope, member_id=one, on=False, now=NOW),
    )  # fmt: skip
    assert ended.members == 0 and (after.run, after.members) == ("idle", 0)
    assert inside(its, "koc") == set()


def test_a_list_is_edited_while_she_leaves_it_and_neither_waits_for_ever(shop: Any, together: Any) -> None:
    its, one = shop
    brand = its.scope.brand_id
    facts.write_scores(brand_id=brand, as_of=NOW, columns={"koc": [88]}, member_ids=[one])
    make(its, "taken", profiles=True, members=[one])

    def edit() -> Any:
        return segments.update(scope=its.scope, code="taken", changes={"members": [one]}, now=NOW)

    def leave() -> Any:
        return profiling.switch(scope=its.scope, member_id=one, on=False, now=NOW)

    for ended in together([edit, leave]):
        assert not isinstance(ended, BaseException), ended
    assert inside(its, "taken") == set()


def test_who_lost_the_lease_ends_nobody_else_s(
    shop: Any, together: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    its, one = shop
    brand = its.scope.brand_id
    make(its, "many", MANY)

    def take_over() -> Any:
        with connection.cursor() as cursor:  # it took longer than its lease
            cursor.execute("UPDATE segment SET leased_until = %s", [NOW - timedelta(minutes=1)])
        monkeypatch.undo()
        return segments.refresh(brand_id=brand, code="many", now=NOW)

    ended, after = while_refreshed(together, monkeypatch, its, "many", take_over)
    assert isinstance(ended, Refusal) and ended.code == "cancelled"
    assert (after.run, after.problem, after.members) == ("idle", Text("", ""), 1)
    assert inside(its, "many") == {one}


def test_a_live_segment_that_was_archived_elsewhere_takes_nobody_in(shop: Any) -> None:
    its, one = shop
    brand = its.scope.brand_id
    make(its, "often", MANY, kind="live", tag="often")
    assert segments.has_live(brand_id=brand)  # as this process knows it for two seconds
    with connection.cursor() as cursor:  # as another process archives it
        cursor.execute("UPDATE segment SET state = 'archived' WHERE code = 'often'")
    assert segments.follow(brand_id=brand, member_ids=[one], now=NOW) == 0
    assert inside(its, "often") == set() and tags(one) == []


def told(code: str) -> list[tuple[str, UUID]]:
    """Who was told to have come or gone, in order."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT topic, member_id FROM outbox
                WHERE topic IN ('segment.entered', 'segment.left') AND payload->>'segment' = %s ORDER BY id""",
            [code],
        )
        return list(cursor.fetchall())


def test_who_comes_into_a_live_segment_while_everybody_is_asked_stays(
    shop: Any, together: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    its, one = shop
    brand = its.scope.brand_id
    make(its, "three", {"field": "history.orders", "op": "gte", "value": 3}, kind="live")
    segments.refresh(brand_id=brand, code="three", now=NOW)
    ended, after = while_refreshed(
        together, monkeypatch, its, "three", lambda: buy(its, one, "c")
    )  # her third: she fits, though not when everybody was asked
    assert inside(its, "three") == {one} and after.members == 1
    assert told("three") == [("segment.entered", one)]
    assert (ended.members, ended.entered, ended.gone) == (1, 0, 0)


def test_more_than_may_be_held_up_are_moved_as_they_were_found_and_asked_at_once_again(
    shop: Any, together: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    its, one = shop
    brand = its.scope.brand_id
    monkeypatch.setattr(refreshing, "ASKED_AGAIN", 0)
    few = {"not": {"field": "history.orders", "op": "gte", "value": 3}}
    make(its, "few", few, kind="live")
    everybody = {row.member_id for row in Membership.objects.filter(brand_id=brand)}
    ended, after = while_refreshed(together, monkeypatch, its, "few", lambda: buy(its, one, "c"))
    assert ended.too_many and inside(its, "few") == everybody and after.members == len(everybody)
    assert after.next_refresh_at == NOW
    monkeypatch.undo()
    again = segments.refresh(brand_id=brand, code="few", now=NOW)
    assert (again.entered, again.gone, again.too_many) == (0, 1, False)
    assert inside(its, "few") == everybody - {one}
    assert segments.get_segment(brand_id=brand, code="few").next_refresh_at != NOW


def test_who_stays_in_a_live_segment_by_what_she_just_did_is_not_taken_out(
    shop: Any, together: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    its, one = shop
    brand = its.scope.brand_id
    recently = {"window": {"days": 7, "activity": "order"}, "agg": "count", "op": "gte", "value": 1}
    make(its, "lately", recently, kind="live")
    segments.refresh(brand_id=brand, code="lately", now=NOW)
    assert inside(its, "lately") == {one}
    # a month later she fits no more; but she buys while everybody is asked, and never left
    later = NOW + timedelta(days=30)
    ended, _ = while_refreshed(
        together, monkeypatch, its, "lately", lambda: buy(its, one, "later", at=later), now=later
    )
    assert inside(its, "lately") == {one} and told("lately") == []
    assert (ended.members, ended.entered, ended.gone) == (1, 0, 0)


def test_who_is_followed_by_two_at_once_is_told_of_once(
    shop: Any, together: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By what she does, and by the worker that makes her facts anew."""
    its, one = shop
    brand = its.scope.brand_id
    make(its, "often", {"field": "history.orders", "op": "gte", "value": 2}, kind="live", tag="often")
    real, looked = keeping.is_as_it_was, threading.Event()

    def still(cursor: Any, **given: Any) -> bool:
        found = real(cursor, **given)
        if not looked.is_set():  # the first has looked, and has not moved her yet: the other begins
            looked.set()
            wait_until_locked()
        return found

    def other() -> int:
        assert looked.wait(60)
        return segments.follow(brand_id=brand, member_ids=[one], now=NOW)

    monkeypatch.setattr(keeping, "is_as_it_was", still)
    for ended in together([lambda: buy(its, one, "c"), other]):
        assert not isinstance(ended, BaseException), ended
    assert inside(its, "often") == {one} and told("often") == [("segment.entered", one)]
    assert tags(one) == ["often"]
    assert segments.get_segment(brand_id=brand, code="often").members == 1


@pytest.mark.parametrize("by", ["archived", "untagged"])
def test_a_tagged_segment_is_let_go_while_she_leaves_it_and_neither_waits_for_the_other(
    shop: Any, together: Any, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    its, one = shop
    brand = its.scope.brand_id
    few = {"not": {"field": "history.orders", "op": "gte", "value": 3}}
    make(its, "few", few, kind="live", tag="often")
    segments.refresh(brand_id=brand, code="few", now=NOW)
    assert tags(one) == ["often"]
    real, looked = keeping.is_as_it_was, threading.Event()

    def still(cursor: Any, **given: Any) -> bool:
        if not looked.is_set():  # she is locked, the segment is not: the other begins
            looked.set()
            wait_until_locked()
        return real(cursor, **given)

    def other() -> Any:
        assert looked.wait(60)
        if by == "archived":
            return segments.set_state(scope=its.scope, code="few", state="archived", now=NOW)
        return segments.update(scope=its.scope, code="few", changes={"tag": ""}, now=NOW)

    monkeypatch.setattr(keeping, "is_as_it_was", still)
    for ended in together([lambda: buy(its, one, "c"), other]):
        assert not isinstance(ended, BaseException), ended
    assert one not in inside(its, "few") and tags(one) == []
    assert its.balance(one)[0] > 0
