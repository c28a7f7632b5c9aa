"""Badges that a condition gives: with what members do, for everybody at once, and back where that is wanted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from tests.missions.world import World

from regulars.engage.missions.api import badges, play
from regulars.engage.missions.models import BadgeGrant
from regulars.facts.members.types import Tag
from regulars.flows.missions import api as flow
from regulars.flows.missions import badges as badge_flow
from regulars.kit import clock
from regulars.kit.errors import Refusal
from regulars.kit.text import Text
from regulars.platform.audit import api as audit
from regulars.platform.outbox.models import OutboxRow

AtOnce = Callable[[list[Callable[[], Any]]], list[Any]]
THREE_ORDERS = {"field": "history.orders", "op": "gte", "value": 3}
RICH = {"field": "balance.points", "op": "gte", "value": 250}


def badge(key: str = "b", when: Any = THREE_ORDERS, **more: Any) -> dict[str, Any]:
    return {"key": key, "name": key, "when": when} | more


def put(world: World, data: dict[str, Any], create: bool = True) -> None:
    flow.put_badge(scope=world.rush.scope, data=data, now=clock.now(), create=create)


def has(world: World, member: UUID, key: str = "b") -> bool:
    return key in play.badges_of(brand_id=world.brand.id, member_id=member)


def told(world: World) -> list[tuple[str, Any]]:
    rows = OutboxRow.objects.filter(topic__startswith="badge.").order_by("id")
    return [(row.topic, row.member_id) for row in rows]


def test_it_comes_with_the_third_order(world: World) -> None:
    put(world, badge())
    one = world.rush.member()
    world.buy(one, "1", 1000)
    world.buy(one, "2", 1000)
    assert not has(world, one)
    world.buy(one, "3", 1000)
    assert has(world, one)
    world.buy(one, "4", 1000)
    assert play.badges_of(brand_id=world.brand.id, member_id=one)["b"].times == 1
    assert told(world) == [("badge.given", one)]


def test_it_stays_or_goes_when_the_condition_fails(world: World) -> None:
    """300 yuan earn 300 points, enough for both; 100 are spent: the one that is taken away goes, the other stays.
    Earned again it is there again, and the history has both times."""
    put(world, badge("stays", RICH))
    put(world, badge("goes", RICH, taken_away=True))
    one = world.rush.member()
    world.buy(one, "1", 30000)
    assert (has(world, one, "stays"), has(world, one, "goes")) == (True, True)
    world.rush.burn(one, 100, "k")
    world.follow()
    assert (has(world, one, "stays"), has(world, one, "goes")) == (True, False)
    world.buy(one, "2", 10000)
    assert has(world, one, "goes")
    mine = badges.history_of(brand_id=world.brand.id, member_id=one)
    assert [(row.badge, row.source, row.revoked_at is None) for row in mine] == [
        ("goes", "condition", True), ("goes", "condition", False), ("stays", "condition", True),
    ]  # fmt: skip
    assert [topic for topic, _ in told(world)] == ["badge.given"] * 2 + ["badge.taken", "badge.given"]


def test_everybody_is_asked_at_once_when_it_is_new(world: World) -> None:
    """Two of three had bought enough before there was a badge: one difference gives it to both, told once for all;
    again there is nothing to do until tomorrow."""
    members = [world.rush.member() for _ in range(3)]
    for number in range(3):
        for member in members[:2]:
            world.buy(member, f"{member}-{number}", 1000)
    put(world, badge())
    assert [has(world, one) for one in members] == [False] * 3
    now = clock.now()
    assert flow.ask_badges(now) == 1
    assert [has(world, one) for one in members] == [True, True, False]
    assert flow.ask_badges(now + timedelta(hours=23)) == 0
    assert flow.ask_badges(now + timedelta(days=1, minutes=1)) == 1
    assert BadgeGrant.objects.count() == 2
    assert [topic for topic, _ in told(world)] == ["badge.filled"]
    entries = audit.list_entries(
        organisation_id=world.rush.scope.organisation_id, action="badge.followed"
    ).items
    assert [(one.subject_id, one.after["given"]) for one in entries] == [("b", 2)]


def test_everybody_is_asked_in_portions(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """One at a time: all three have it and it is told once; taken away again, each is told."""
    monkeypatch.setattr(badge_flow, "PORTION", 1)
    members = [world.rush.member() for _ in range(3)]
    for member in members:
        world.buy(member, f"{member}", 1000)
    put(world, badge(when=THREE_ORDERS | {"value": 1}, taken_away=True))
    assert flow.ask_badge(world.brand, "b", clock.now()) == (3, 0)
    assert [row.payload["given"] for row in OutboxRow.objects.filter(topic="badge.filled")] == [3]
    put(world, badge(when=THREE_ORDERS | {"value": 2}, taken_away=True), create=False)
    assert flow.ask_badge(world.brand, "b", clock.now()) == (0, 3)
    assert [topic for topic, _ in told(world)] == ["badge.filled"] + ["badge.taken"] * 3


def test_a_badge_that_is_changed_meanwhile_is_asked_anew(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second of three is not given it any more by the old condition; the new one, asked next, gives it nobody."""
    monkeypatch.setattr(badge_flow, "PORTION", 1)
    members = [world.rush.member() for _ in range(3)]
    for member in members:
        world.buy(member, f"{member}", 1000)
    put(world, badge(when=THREE_ORDERS | {"value": 1}, taken_away=True))
    really = badge_flow._settle

    def and_change(*given: Any) -> Any:
        came = really(*given)
        put(world, badge(when=THREE_ORDERS | {"value": 9}, taken_away=True), create=False)
        return came

    with monkeypatch.context() as patched:
        patched.setattr(badge_flow, "_settle", and_change)
        assert flow.ask_badge(world.brand, "b", clock.now()) == (1, 0)
    assert badges.following(brand_id=world.brand.id)["b"].followed_at is None
    assert flow.ask_badges(clock.now()) == 1
    assert [has(world, one) for one in members] == [False] * 3


def test_another_condition_asks_everybody_again(world: World) -> None:
    one = world.rush.member()
    world.buy(one, "1", 1000)
    put(world, badge(taken_away=True))
    flow.ask_badges(clock.now())
    assert not has(world, one)
    put(world, badge(when=THREE_ORDERS | {"value": 1}, taken_away=True), create=False)
    flow.ask_badges(clock.now())
    assert has(world, one)
    put(world, badge(taken_away=True), create=False)
    flow.ask_badges(clock.now())
    assert not has(world, one)
    # without a condition it is given by others, and what it gave stays
    put(world, badge(when=THREE_ORDERS | {"value": 1}), create=False)
    flow.ask_badges(clock.now())
    put(world, {"key": "b", "name": "b"}, create=False)
    assert flow.ask_badges(clock.now() + timedelta(days=2)) == 0
    assert has(world, one)


def test_what_somebody_else_gave_stays(world: World) -> None:
    put(world, badge(taken_away=True))
    one = world.rush.member()
    flow.give_badge(scope=world.rush.scope, member_ids=[one], badge="b", key="thanks", now=clock.now())
    flow.ask_badges(clock.now())
    world.buy(one, "1", 1000)
    assert has(world, one)
    assert [row.source for row in badges.history_of(brand_id=world.brand.id, member_id=one)] == ["hand"]


def test_who_is_frozen_loses_nothing(world: World) -> None:
    put(world, badge(when=RICH, taken_away=True))
    one = world.rush.member()
    world.buy(one, "1", 30000)
    world.rush.burn(one, 200, "k")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE membership SET status = 'frozen' WHERE member_id = %s", [one])
    world.follow()
    flow.ask_badges(clock.now())
    assert has(world, one)


def test_facts_are_made_anew_before_they_are_asked(world: World) -> None:
    """Orders of the last 30 days are a fact, kept beside the member: it must be hers of this instant."""
    put(world, badge(when={"field": "fact.orders_30", "op": "gte", "value": 1}))
    one = world.rush.member()
    world.buy(one, "1", 1000)
    assert has(world, one)


def test_a_condition_that_is_gone_is_said(world: World) -> None:
    from regulars.facts.members import api as members

    tag = Tag("vip", Text("贵宾", "VIP"))
    members.put_tag(scope=world.rush.scope, tag=tag, now=clock.now())
    data = badge(
        when={"field": "membership.tags", "op": "contains", "value": "vip"}, how="For our best friends"
    )
    put(world, data)
    with connection.cursor() as cursor:  # as a version of another programme might leave it
        cursor.execute(
            """UPDATE badge SET definition =
                   jsonb_set(definition, '{when}', '{"field": "gone", "op": "gte", "value": 1}')
                WHERE brand_id = %s""",
            [world.brand.id],
        )
    flow.ask_badges(clock.now())
    said = Text.of_kept(badges.following(brand_id=world.brand.id)["b"].problem)
    assert said.zh and said.en and said.zh != said.en
    one = world.rush.member()
    world.buy(one, "1", 1000)  # and stops nothing else


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"when": {"field": "history.nothing", "op": "gte", "value": 1}}, "when.field"),
        ({"when": {"field": "order.amount", "op": "gte", "value": 1}}, "when"),
        ({"when": "orders"}, "when"),
        ({"levels": [{"at": 1, "name": "a"}, {"at": 2, "name": "b"}]}, "levels"),
        ({"when": {"field": "membership.tags", "op": "contains", "value": "vip"}}, "how"),
        ({"taken_away": "yes"}, "taken_away"),
    ],
)
def test_what_is_wrong_is_named(world: World, more: dict[str, Any], field: str) -> None:
    with pytest.raises(Refusal) as wrong:
        put(world, badge(**more))
    assert field in {one.field for one in wrong.value.errors}, [one.field for one in wrong.value.errors]
    assert play.list_badges(brand_id=world.brand.id) == []


def test_a_member_is_told_what_it_takes(world: World) -> None:
    from regulars.surfaces.draw_views import Drawer

    put(world, badge())
    put(world, badge("own", how={"zh": "多来几次", "en": "Come a few times"}, taken_away=True))
    one = world.rush.member()
    wall = Drawer(world.rush.scope, world.brand, one, "en", clock.now()).badges()
    found = {shown.key: (shown.level, shown.how, shown.taken_away) for shown in wall.items}
    assert found["own"] == (0, "Come a few times", True)
    assert found["b"][0] == 0 and "3" in found["b"][1]


def test_a_member_sees_how_far_she_is(world: World) -> None:
    """Two of three orders and 20 of 50 yuan; what is hers has no way to go, nor what no number gives."""
    from regulars.surfaces.draw_views import Drawer

    spent = {"field": "history.spend", "op": "gte", "value": 5000}
    put(world, badge(when={"all": [THREE_ORDERS, spent]}))
    put(world, badge("mine", THREE_ORDERS | {"value": 2}))
    put(world, badge("either", {"any": [THREE_ORDERS, spent]}))
    put(world, {"key": "plain", "name": "plain"})
    one = world.rush.member()
    world.buy(one, "1", 1000)
    world.buy(one, "2", 1000)
    wall = Drawer(world.rush.scope, world.brand, one, "en", clock.now()).badges()
    far = {
        shown.key: [(part.label, part.shown, part.percent, part.done) for part in shown.progress]
        for shown in wall.items
    }
    assert far == {
        "b": [("orders so far", "2 / 3 orders", 66, False), ("spend so far", "¥20.00 / ¥50.00", 40, False)],
        "mine": [],
        "either": [],
        "plain": [],
    }


@pytest.mark.race
def test_asking_everybody_beside_what_members_do(world: World, at_once: AtOnce) -> None:
    """Everybody is asked while members' own acts are followed: nobody has it twice, everybody who should has it."""
    members = [world.rush.member() for _ in range(6)]
    for number in range(2):
        for member in members:
            world.buy(member, f"{member}-{number}", 1000)
    put(world, badge(taken_away=True))
    for member in members[:3]:
        world.rush.post(world.rush.order(member, f"{member}-last", 1000))
    now = clock.now()
    outcomes = at_once(
        [lambda: flow.ask_badge(world.brand, "b", now)] * 4 + [lambda: flow.follow_badges(now)] * 4
    )
    assert [one for one in outcomes if isinstance(one, Exception)] == []
    world.follow()
    assert [has(world, one) for one in members] == [True] * 3 + [False] * 3
    assert BadgeGrant.objects.filter(revoked_at__isnull=True).count() == 3
