"""Effects of rules that tell or ask somebody: read, said in words, carried out once, taken back where that can be."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.missions.test_draws import wheel
from tests.missions.world import World, mission
from tests.programme.making import definition, programme, read, rule
from tests.races.test_rule_budgets import publish

from regulars.engage.missions.api import draws, play
from regulars.engage.tasks import api as tasks
from regulars.facts.activity import api as activities
from regulars.flows.missions import api as mission_flow
from regulars.kit import clock
from regulars.kit.errors import Refusal
from regulars.kit.ids import new_id
from regulars.kit.text import Text
from regulars.messaging import api as messaging
from regulars.messaging.types import Content
from regulars.platform.organisations.types import Actor
from regulars.platform.outbox.models import OutboxRow
from regulars.programme.rules import api as rules

ALL: list[dict[str, Any]] = [
    {"type": "message", "template": "thanks", "channels": ["inbox"]},
    {"type": "task", "kind": "call", "title": {"zh": "致谢", "en": "Say thanks"}, "days": 2},
    {"type": "webhook", "event": "big_order"},
    {"type": "badge", "badge": "regular"},
    {"type": "mission", "mission": "again"},
    {"type": "draw_chance", "draw": "wheel", "count": 3},
]


def furnish(world: World) -> None:
    """A template, a badge, a mission and a draw."""
    scope = world.rush.scope
    now = clock.now()
    content = {"inbox": {"zh": Content("谢谢", "谢谢惠顾"), "en": Content("Thanks", "Thank you")}}
    messaging.save_template(
        scope=scope, code="thanks", name=Text("致谢", "Thanks"), purpose="service", contents=content, now=now
    )
    messaging.submit_template(scope=scope, code="thanks", now=now)
    chief = replace(scope, actor=Actor("staff", new_id(), "Chief"))
    messaging.decide_template(scope=chief, code="thanks", number=1, approve=True, note="", now=now)
    mission_flow.put_badge(scope=scope, data={"key": "regular", "name": "regular"}, now=now, create=True)
    world.put(mission("again"))
    world.draw(wheel())


def message_of(world: World, member: UUID, activity: UUID) -> str:
    """The state and reason of the message that an order brought."""
    row = activities.get_activity(brand_id=world.rush.scope.brand_id, member_id=member, activity_id=activity)
    keys = [one["key"] for one in row.stored().effects if one["kind"] == "message"]
    found = messaging.states_of(brand_id=world.rush.scope.brand_id, keys=[(member, key) for key in keys])
    return " ".join(sorted(f"{one.state} {one.reason}".strip() for one in found.values()))


def told(world: World, member: UUID) -> list[str]:
    rows = OutboxRow.objects.filter(brand_id=world.rush.scope.brand_id, member_id=member)
    return sorted(row.topic for row in rows if row.topic.startswith("rule."))


def badges(world: World, member: UUID) -> int:
    held = play.badges_of(brand_id=world.rush.scope.brand_id, member_id=member).get("regular")
    return held.times if held else 0


def chances(world: World, member: UUID) -> int:
    return draws.chances_of(brand_id=world.rush.scope.brand_id, member_id=member).get("wheel", 0)


def waiting(world: World, member: UUID) -> int:
    return len(tasks.list_of_member(scope=world.rush.scope, member_id=member).items)


def test_all_of_them_are_carried_out_once_and_taken_back_as_far_as_they_can_be(world: World) -> None:
    furnish(world)
    publish(world.rush, rule("big", *ALL))
    ann = world.rush.member()
    order = world.rush.order(ann, "N1", 10_000)
    first = world.rush.post(order)
    again = world.rush.post(order)
    assert again.duplicate
    assert message_of(world, ann, first.activity_id) == "queued"
    assert (badges(world, ann), chances(world, ann), waiting(world, ann)) == (1, 3, 1)
    assert [run.state for run in world.runs(ann, "again")] == ["running"]
    assert told(world, ann) == ["rule.big_order"]

    world.rush.post(world.rush.refund(ann, "R1", "N1"))
    assert message_of(world, ann, first.activity_id) == "skipped withdrawn"
    assert (badges(world, ann), chances(world, ann)) == (0, 0)
    assert waiting(world, ann) == 1, "what was asked of staff stays"
    assert told(world, ann) == ["rule.big_order", "rule.taken_back"]
    assert "running" not in [run.state for run in world.runs(ann, "again")]
    world.rush.books_balance()


def test_a_partial_refund_takes_nothing_back(world: World) -> None:
    furnish(world)
    publish(world.rush, rule("big", *ALL))
    ann = world.rush.member()
    first = world.rush.post(world.rush.order(ann, "N1", 5_000, 5_000))
    world.give_back(ann, "R1", "N1", 1)
    assert message_of(world, ann, first.activity_id) == "queued"
    assert badges(world, ann) == 1


def test_what_comes_late_gives_each_once(world: World) -> None:
    """Only the first order of all brings something; a till that was offline brings an earlier one afterwards."""
    furnish(world)
    first_only = {"field": "history.orders", "op": "eq", "value": 0}
    # a mission that can be begun once, and was, is not begun anew: it is left out here
    some = [one for one in ALL if one["type"] != "mission"]
    publish(world.rush, rule("first", *some, condition=first_only))
    ann = world.rush.member()
    before, after = clock.now(), clock.now()
    later = world.rush.post(world.rush.order(ann, "N2", 10_000, at=after))
    assert (badges(world, ann), chances(world, ann)) == (1, 3)
    earlier = world.rush.post(world.rush.order(ann, "N1", 10_000, at=before))
    assert (badges(world, ann), chances(world, ann)) == (1, 3)
    assert message_of(world, ann, earlier.activity_id) == "queued"
    rows = OutboxRow.objects.filter(brand_id=world.rush.scope.brand_id, member_id=ann)
    undone = [r.payload["activity_id"] for r in rows if r.topic == "rule.taken_back"]
    assert undone == [str(later.activity_id)]


def test_nobody_is_told_of_something_long_past(world: World) -> None:
    furnish(world)
    publish(world.rush, rule("big", *ALL))
    ann = world.rush.member()
    old = world.rush.post(world.rush.order(ann, "N1", 10_000, at=clock.now() - timedelta(days=30)))
    assert message_of(world, ann, old.activity_id) == ""
    assert waiting(world, ann) == 0


def test_what_is_not_there_is_noted_and_stops_nothing(world: World) -> None:
    publish(world.rush, rule("big", *ALL, {"type": "points", "unit": "points", "mode": "fixed", "amount": 7}))
    ann = world.rush.member()
    receipt = world.rush.post(world.rush.order(ann, "N1", 10_000))
    assert receipt.earned == {"points": 7}
    noted = {(n["kind"], n["reason"]) for n in receipt.notes if n["code"] == "act_not_done"}
    assert noted == {
        ("message", "unknown_template"),
        ("badge", "badge_unknown"),
        ("mission", "mission_not_active"),
        ("draw_chance", "draw_over"),
    }
    assert waiting(world, ann) == 1


def test_they_are_said_in_words() -> None:
    made = programme(rule("big", *ALL))
    zh = rules.describe(made.rules[0], made, "zh")
    en = rules.describe(made.rules[0], made, "en")
    for words in (
        "发送消息“thanks”，依次尝试站内信",
        "门店待办：电话回访“致谢”（2 天后）",
        "通知 Webhook 事件 rule.big_order",
        "授予徽章“regular”",
        "开启任务“again”",
        "送“wheel”抽奖机会 3 次",
    ):
        assert words in zh, zh
    for words in (
        "the message “thanks”, by inbox",
        "a call for staff after 2 days: “Say thanks”",
        "the webhook event rule.big_order",
        "the badge “regular”",
        "3 chances in the draw “wheel”",
    ):
        assert words in en, en


def test_they_go_there_and_back() -> None:
    more = [
        {"type": "message", "template": "t", "purpose": "marketing", "cancel_on_refund": False},
        {"type": "badge", "badge": "b", "void_on_refund": False},
        {
            "type": "task",
            "kind": "visit",
            "title": {"zh": "访", "en": "See"},
            "script": {"zh": "您", "en": "Hi"},
            "days": 0,
        },
    ]
    given = definition(rule("big", *ALL), rule("more", *more))

    first = rules.dump(read(given))
    assert [one["effects"] for one in first["rules"]] == [ALL, more]
    assert rules.dump(read(first)) == first


@pytest.mark.parametrize(
    ("effect", "field"),
    [
        ({"type": "message"}, "template"),
        ({"type": "message", "template": "t", "channels": ["pigeon"]}, "channels[0]"),
        ({"type": "message", "template": "t", "channels": ["sms", "sms"]}, "channels[1]"),
        ({"type": "message", "template": "t", "purpose": "spam"}, "purpose"),
        ({"type": "task", "kind": "dance", "title": "x"}, "kind"),
        ({"type": "task", "kind": "call"}, "title"),
        ({"type": "task", "kind": "call", "title": "x", "days": 999}, "days"),
        ({"type": "webhook", "event": "Big Order"}, "event"),
        ({"type": "webhook", "event": "taken_back"}, "event"),
        ({"type": "badge"}, "badge"),
        ({"type": "draw_chance", "draw": "w", "count": 0}, "count"),
        ({"type": "mission", "mission": "m", "badge": "b"}, "badge"),
    ],
)
def test_bad_input_names_its_field(effect: dict[str, Any], field: str) -> None:
    with pytest.raises(Refusal) as caught:
        programme(rule("big", effect))
    assert f"rules[0].effects[0].{field}" in [error.field for error in caught.value.errors]
