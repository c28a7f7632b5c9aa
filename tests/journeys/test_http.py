"""Journeys over the public API: made, refused with paths, published, started, counted, tried without writing."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from tests.rest.shop import ALL, Shop, open_shop

from regulars.audience.holdouts import api as holdouts
from regulars.engage.journeys.engine import plans
from regulars.flows.journeys import due
from regulars.kit import clock
from regulars.messaging import api as messaging

pytestmark = pytest.mark.django_db

WALK: dict[str, Any] = {
    "nodes": [
        {"id": "in", "kind": "trigger", "on": "call"},
        {"id": "wait", "kind": "wait", "mode": "duration", "amount": 1, "unit": "days"},
        {"id": "tell", "kind": "webhook", "event": "done"},
    ],
    "edges": [{"from": "in", "to": "wait"}, {"from": "wait", "to": "tell"}],
}


@pytest.fixture
def shop() -> Iterator[Shop]:
    plans.forget()
    yield open_shop()


def made(shop: Shop, definition: Any = WALK, code: str = "walk") -> Any:
    return shop.call.post(
        "/journeys", {"code": code, "name": {"zh": "旅程", "en": "Walk"}, "definition": definition}
    )


def test_a_journey_is_made_published_started_and_counted(shop: Shop) -> None:
    her = shop.enrol()
    draft = made(shop)
    assert (draft["state"], draft["version"], draft["errors"]) == ("draft", 0, [])
    assert draft["sentences"]["wait"] == "Wait 1 day"
    live = shop.call.post("/journeys/walk/publish", {"note": "first"})
    assert (live["state"], live["version"], live["has_draft"]) == ("running", 1, False)
    start = {"member": her, "key": "k1"}
    assert shop.call.post("/journeys/walk/starts", start) == {"started": 1, "refused": ""}
    assert shop.call.post("/journeys/walk/starts", start) == {"started": 0, "refused": "not_now"}
    while due.step(clock.now()):
        pass
    counts = shop.call.get("/journeys/walk/counts")
    assert (counts["started"], counts["active"]) == (1, 1)
    here = {one["node"]: (one["entered"], one["here"]) for one in counts["nodes"]}
    assert here == {"in": (1, 0), "wait": (1, 1)}
    (run,) = shop.call.get("/journeys/walk/runs?state=active")["items"]
    assert (run["member_id"], run["node"], run["version"]) == (her, "wait", 1)
    assert shop.call.post("/journeys/walk/removals", {"member": her}) == {"ended": 1}
    (mine,) = shop.call.get(f"/members/{her}/journeys")["items"]
    assert (mine["code"], mine["run"]["reason"]) == ("walk", "removed")


def test_a_member_s_journeys_say_what_became_of_each_message(shop: Shop) -> None:
    her = shop.enrol()
    words = {"zh": {"subject": "问候", "body": "您好"}, "en": {"subject": "Hello", "body": "Hello"}}
    template = {"name": {"zh": "问候", "en": "Hello"}, "purpose": "service", "contents": {"inbox": words}}
    shop.call("PUT", "/templates/hello", template).ok()
    shop.call.post("/templates/hello/submit")
    shop.key(ALL).post("/templates/hello/decide", {"number": 1, "approve": True})
    walk = {
        "nodes": [
            {"id": "in", "kind": "trigger", "on": "call"},
            {"id": "hi", "kind": "message", "template": "hello", "purpose": "service"},
            {"id": "tell", "kind": "webhook", "event": "done"},
        ],
        "edges": [{"from": "in", "to": "hi"}, {"from": "hi", "to": "tell"}],
    }
    selling = [one if one["id"] != "hi" else one | {"purpose": "marketing"} for one in walk["nodes"]]
    errors = shop.call.post("/journeys/check", {"definition": walk | {"nodes": selling}})["errors"]
    assert [(e["field"], e["code"]) for e in errors] == [("nodes[1].purpose", "not_the_template's")]
    made(shop, walk)
    shop.call.post("/journeys/walk/publish", {})
    shop.call.post("/journeys/walk/starts", {"member": her})
    while due.step(clock.now()):
        pass

    def told() -> dict[str, Any]:
        (one,) = shop.call.get(f"/members/{her}/journeys")["items"]
        return {act["node"]: act["message"] for act in one["actions"]}

    waiting = told()
    assert waiting["tell"] is None
    assert (waiting["hi"]["state"], waiting["hi"]["reason_name"], waiting["hi"]["at"]) == ("queued", "", None)
    messaging.send_due(now=clock.now())
    sent = told()["hi"]
    assert (sent["id"], sent["state"], sent["channel_name"]) == (waiting["hi"]["id"], "sent", "Inbox")
    assert sent["at"] is not None
    (send,) = shop.call.get(f"/messages?member={her}")["items"]
    assert send["id"] == sent["id"]


def test_a_draft_keeps_its_errors_and_publishing_refuses_them_by_path(shop: Shop) -> None:
    wrong = {
        "nodes": [
            {"id": "in", "kind": "trigger", "on": "segment_entered", "segment": "nobody"},
            {"id": "hi", "kind": "message", "template": "nothing"},
            {"id": "gift", "kind": "reward", "rewards": [{"kind": "points", "unit": "gold", "amount": 1}]},
            {"id": "mark", "kind": "tag", "add": ["none"]},
        ],
        "edges": [{"from": "in", "to": "hi"}, {"from": "hi", "to": "gift"}, {"from": "gift", "to": "mark"}],
    }
    draft = made(shop, wrong)
    expected = {"nodes[0].segment", "nodes[1].template", "nodes[2].rewards[0].unit", "nodes[3].add[0]"}
    assert {error["field"] for error in draft["errors"]} == expected
    problem = shop.call.refused("POST", "/journeys/walk/publish", {})
    assert (problem["status"], problem["code"]) == (422, "invalid_input")
    assert {error["field"] for error in problem["errors"]} == expected
    assert shop.call.get("/journeys/walk")["state"] == "draft"
    form = shop.call.post("/journeys/check", {"definition": {"nodes": [{"id": "in", "kind": "trigger"}]}})
    assert [error["field"] for error in form["errors"]] == ["nodes[0].on"]
    bare = shop.call.post("/journeys/check", {"definition": {"nodes": []}})
    assert [(e["field"], e["message"]) for e in bare["errors"]] == [("nodes", "A journey needs a trigger")]
    for kind in (["trigger"], {"trigger": 1}, 5):
        odd = shop.call.post("/journeys/check", {"definition": {"nodes": [{"id": "in", "kind": kind}]}})
        assert [error["field"] for error in odd["errors"]] == ["nodes[0].kind"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("POST", "/journeys", {"code": "walk", "name": {"zh": "a", "en": "a"}}, 409, "code_taken"),
        ("POST", "/journeys", {"code": "Bad Code", "name": {"zh": "a", "en": "a"}}, 422, "invalid_input"),
        ("POST", "/journeys", {"code": "x", "name": {"zh": "", "en": ""}}, 422, "invalid_input"),
        ("GET", "/journeys/none", None, 404, "not_found"),
        ("POST", "/journeys/walk/state", {"state": "running"}, 409, "bad_state"),
        ("POST", "/journeys/walk/starts", {"member": "NOBODY22"}, 404, "member_not_found"),
        ("DELETE", "/journeys/walk/draft", None, 409, "nothing_published"),
        ("POST", "/journeys/walk/dry-run", {"member": "NOBODY22"}, 404, "member_not_found"),
    ],
)
def test_what_cannot_be_is_refused(
    shop: Shop, method: str, path: str, body: Any, status: int, code: str
) -> None:
    made(shop)
    problem = shop.call.refused(method, path, body)
    assert (problem["status"], problem["code"]) == (status, code)


def test_a_dry_run_says_what_would_happen_and_writes_nothing(shop: Shop) -> None:
    her = shop.enrol()
    definition = {
        "nodes": [
            {"id": "in", "kind": "trigger", "on": "call"},
            {
                "id": "order", "kind": "wait", "mode": "activity", "activity": "order",
                "timeout": {"amount": 5, "unit": "days"},
            },
            {"id": "thanks", "kind": "webhook", "event": "thanks"},
            {"id": "sorry", "kind": "webhook", "event": "sorry"},
        ],
        "edges": [
            {"from": "in", "to": "order"},
            {"from": "order", "port": "happened", "to": "thanks"},
            {"from": "order", "port": "timeout", "to": "sorry"},
        ],
    }  # fmt: skip
    made(shop, definition)
    quiet = shop.call.post("/journeys/walk/dry-run", {"member": her, "days": 30})
    assert quiet["enters"] and quiet["assumptions"]
    assert [(line["node"], line["kind"]) for line in quiet["lines"]] == [
        ("in", "entered"), ("order", "wait"), ("order", "step"), ("sorry", "action"), ("sorry", "end"),
    ]  # fmt: skip
    busy = shop.call.post("/journeys/walk/dry-run", {"member": her, "days": 30, "happens": {"order": 24}})
    assert "thanks" in [line["node"] for line in busy["lines"]]
    short = shop.call.post("/journeys/walk/dry-run", {"member": her, "days": 3})
    assert [line["node"] for line in short["lines"]] == ["in", "order"]
    assert shop.call.get(f"/members/{her}/journeys")["items"] == []


EACH: list[dict[str, Any]] = [
    {"id": "order", "kind": "trigger", "on": "activity", "activity": "order"},
    {"id": "tier", "kind": "trigger", "on": "tier_changed"},
    {"id": "up", "kind": "trigger", "on": "tier_changed", "direction": "up", "tiers": ["gold", "silver"]},
    {"id": "birthday", "kind": "trigger", "on": "date", "field": "member.birthday", "yearly": True,
     "time": "10:00"},
    {"id": "call", "kind": "trigger", "on": "call"},
    {"id": "hi", "kind": "message", "template": "hello"},
    {"id": "two", "kind": "wait", "mode": "duration", "amount": 2, "unit": "days"},
    {"id": "ten", "kind": "wait", "mode": "time", "time": "10:00"},
    {"id": "buys", "kind": "wait", "mode": "activity", "activity": "order", "timeout": {"amount": 1, "unit": "weeks"}},
    {"id": "lot", "kind": "split", "arms": [{"key": "a", "percent": 50}, {"key": "b", "percent": 50}]},
    {"id": "has", "kind": "branch", "arms": [
        {"key": "yes", "name": {"zh": "已下单", "en": "Has bought"},
         "when": {"field": "history.orders", "op": "gte", "value": 1}}]},
    {"id": "gift", "kind": "reward", "rewards": [{"kind": "points", "unit": "points", "amount": 5}]},
    {"id": "mark", "kind": "tag", "add": ["vip"]},
    {"id": "ask", "kind": "task", "task": "call", "title": {"zh": "回访", "en": "Call her"}, "due_in_days": 1},
    {"id": "tell", "kind": "webhook", "event": "done"},
    {"id": "next", "kind": "journey", "journey": "other"},
    {"id": "bye", "kind": "exit"},
    {"id": "goal", "kind": "goal", "activity": "order", "within": {"amount": 1, "unit": "days"}, "ends": True},
]  # fmt: skip


def test_every_kind_of_node_is_said_in_words_with_nothing_but_what_it_needs(shop: Shop) -> None:
    line = [one["id"] for one in EACH[5:-1]]
    ports = {"buys": "timeout", "lot": "a", "has": "else"}
    edges = [{"from": one["id"], "to": "hi"} for one in EACH[:5]]
    edges += [{"from": a, "port": ports.get(a, "next"), "to": b} for a, b in itertools.pairwise(line)]
    seen = made(shop, {"nodes": EACH, "edges": edges})
    assert [one for one in seen["errors"] if not one["code"].startswith("unknown_")] == []
    assert set(seen["sentences"]) == {one["id"] for one in EACH}
    said = seen["sentences"]
    assert said["tier"] == "When the tier changes"
    assert said["goal"] == "Order within 1 day, which ends the run"
    assert {node for node, text in said.items() if text[:1].islower() or "  " in text} == set()


def test_a_journey_raises_a_tier(shop: Shop) -> None:
    """Of the retail programme's tiers she stands in the lowest; the journey's step leads to the second."""
    her = shop.enrol()
    (before,) = shop.call.get(f"/members/{her}/tiers")["items"]
    step = {"kind": "tier_step", "scheme": before["scheme"], "steps": 1}
    nodes = [{"id": "in", "kind": "trigger", "on": "call"}, {"id": "up", "kind": "reward", "rewards": [step]}]
    seen = made(shop, {"nodes": nodes, "edges": [{"from": "in", "to": "up"}]})
    assert seen["errors"] == [] and seen["sentences"]["up"].startswith("Give 1 tier up in ")
    shop.call.post("/journeys/walk/publish", {})
    shop.call.post("/journeys/walk/starts", {"member": her})
    while due.step(clock.now()):
        pass
    (after,) = shop.call.get(f"/members/{her}/tiers")["items"]
    assert (before["tier"], after["tier"]) == ("normal", "silver")


def test_a_note_is_in_both_languages(shop: Shop) -> None:
    made(shop)
    note = {"zh": "欢迎新会员", "en": "Welcomes new members"}
    seen = shop.call("PATCH", "/journeys/walk", {"note": note}).ok()
    assert (seen["note"], seen["about"]) == (note, "Welcomes new members")
    seen = shop.call("PATCH", "/journeys/walk", {"note": "One for both"}).ok()
    assert seen["note"] == {"zh": "One for both", "en": "One for both"}
    assert shop.call("PATCH", "/journeys/walk", {"note": {"zh": "只有中文"}}).ok()["about"] == "只有中文"
    for wrong, path in (
        ({"zh": "长" * 501}, "note.zh"),
        ("长" * 501, "note.zh"),
        ({"fr": "x"}, "note.fr"),
        (7, "note"),
    ):
        problem = shop.call.refused("PATCH", "/journeys/walk", {"note": wrong})
        assert (problem["status"], problem["errors"][0]["field"]) == (422, path)


def test_what_became_of_messages_is_told_by_node(shop: Shop) -> None:
    from regulars.messaging import api as messaging

    scope = shop.scope
    messaging.install_ready_made(scope=scope, now=clock.now(), approve=True)
    template = messaging.list_templates(brand_id=scope.brand_id)[0].code
    walk = {
        "nodes": [
            {"id": "in", "kind": "trigger", "on": "call"},
            {"id": "hi", "kind": "message", "template": template, "channels": ["sms"]},
        ],
        "edges": [{"from": "in", "to": "hi"}],
    }
    made(shop, walk, "tell")
    shop.call.post("/journeys/tell/publish", {})
    assert shop.call.get("/journeys/tell/messages") == {"version": 1, "nodes": []}
    shop.call.post("/journeys/tell/starts", {"member": shop.enrol()})
    while due.step(clock.now()):
        pass
    (hi,) = shop.call.get("/journeys/tell/messages")["nodes"]
    assert (hi["node"], hi["asked"], hi["waiting"], hi["skipped"]) == ("hi", 1, 1, 0)
    messaging.send_due(now=clock.now())
    (hi,) = shop.call.get("/journeys/tell/messages?version=1")["nodes"]
    assert (hi["asked"], hi["waiting"], hi["skipped"]) == (1, 0, 1)
    assert hi["skipped_for"] == [{"code": "no_consent", "label": "No consent", "count": 1}]
    assert shop.call.get("/journeys/tell/messages?version=2") == {"version": 2, "nodes": []}


def test_the_ready_made_ones_are_there_once(shop: Shop) -> None:
    assert len(shop.call.post("/journeys/ready-made")["items"]) == 10
    assert shop.call.post("/journeys/ready-made")["items"] == []
    assert len(shop.call.get("/journeys")["items"]) == 10


def test_a_dry_run_says_who_would_not_come_in(shop: Shop) -> None:
    her = shop.enrol()
    made(shop)
    ask = {"member": her, "days": 30}
    assert shop.call.post("/journeys/walk/dry-run", ask)["enters"] is True
    shop.call.post("/journeys/walk/publish", {})
    shop.call.post("/journeys/walk/starts", {"member": her, "key": "k1"})
    again = shop.call.post("/journeys/walk/dry-run", ask)
    assert (again["enters"], again["why_not"]) == (False, "not_now") and again["lines"]
    holdouts.set_holdout(scope=shop.scope, percent=50, reason="to measure", redraw=False, now=clock.now())
    held = next(one for one in (shop.enrol(f"139{n:08d}") for n in range(20)) if held_out(shop, one))
    out = shop.call.post("/journeys/walk/dry-run", {"member": held, "days": 30})
    assert (out["enters"], out["why_not"]) == (False, "holdout")
    all_in = {**WALK, "settings": {"holdout": False}}
    within = shop.call.post("/journeys/walk/dry-run", {"member": held, "days": 30, "definition": all_in})
    assert within["enters"] is True
    problem = shop.call.refused("POST", "/journeys/walk/dry-run", {**ask, "happens": {"wait": 3}})
    assert [one["field"] for one in problem["errors"]] == ["happens.wait"]


def held_out(shop: Shop, member: str) -> bool:
    return bool(holdouts.held_out(brand_id=shop.scope.brand_id, member_ids=[UUID(member)]))
