"""What texts say of a member, read for exactly what they name; previews; proposals by a language model."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from tests.portal.world import BEGAN, make_brand
from tests.portal.world import Brand as World
from tests.webhooks.conftest import Receiver, receiver

from regulars.kit.errors import Refusal
from regulars.kit.text import Text
from regulars.messaging import api
from regulars.messaging.contents import values
from regulars.messaging.types import Ask, Content
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Actor, Brand, Scope

__all__ = ["Receiver", "receiver"]
pytestmark = pytest.mark.django_db
NOW = BEGAN + timedelta(days=400)


@pytest.fixture
def world(db: None) -> World:
    return make_brand("morning")


@pytest.fixture
def brand(world: World) -> Brand:
    return organisations.get_brand(brand_id=world.scope.brand_id)


def scope(world: World, *permissions: str) -> Scope:
    return Scope(world.scope.organisation_id, world.scope.brand_id, world.scope.actor, frozenset(permissions))


def test_what_is_known_of_a_member_in_her_language(world, brand):
    member = world.enrol("+8613800138000", name="王小明", language="zh")
    world.order(member, "N1", 100_00, at=BEGAN + timedelta(days=1))
    names = {
        "member.name",
        "member.years",
        "member.orders",
        "member.tier",
        "points.available",
        "points.name",
        "today",
    }
    found = values.gather(brand=brand, people={member: "zh"}, names=names, now=NOW)[member]
    assert found["member"]["name"] == "王小明" and found["member"]["orders"] == 1
    assert found["member"]["years"] == 1
    assert found["points"]["available"] > 0 and found["points"]["name"]
    masked = values.gather(brand=brand, people={member: "zh"}, names=names, masked=True, now=NOW)[member]
    assert masked["member"]["name"] != "王小明"


def test_only_what_is_named_is_asked(world, brand, django_assert_num_queries):
    member = world.enrol("+8613800138000")
    with django_assert_num_queries(0):
        assert values.gather(
            brand=brand, people={member: "zh"}, names={"brand.name", "coupon.name"}, now=NOW
        ) == {member: {}}


def test_as_many_queries_for_many_as_for_one(world, brand):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    some = [world.enrol(f"+861380013800{n}", name=f"会员{n}") for n in range(8)]
    names = {"member.name", "points.expiring", "facts.orders_365"}
    values.gather(brand=brand, people={some[0]: "zh"}, names=names, now=NOW)  # the programme is compiled
    counts = []
    for people in (some[:1], some):
        with CaptureQueriesContext(connection) as seen:
            values.gather(brand=brand, people=dict.fromkeys(people, "zh"), names=names, now=NOW)
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_her_favourite_category_has_its_name_in_her_language(world, brand):
    from django.db import connection

    from regulars.audience.member_facts import api as member_facts
    from regulars.facts.categories import api as categories
    from regulars.facts.categories.types import CategoryName

    li, al = world.enrol("+8613800138001"), world.enrol("+8613800138002")
    member_facts.refresh(brand_id=brand.id, member_ids=[li, al], now=NOW)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE member_fact SET top_category = '0401' WHERE member_id IN (%s, %s)", [li, al])
    names = {"facts.top_category", "facts.top_category_code"}

    def told() -> dict[Any, Any]:
        found = values.gather(brand=brand, people={li: "zh", al: "en"}, names=names, now=NOW)
        return {member: found[member]["facts"] for member in (li, al)}

    code = {"top_category": "0401", "top_category_code": "0401"}
    assert told() == {li: code, al: code}
    named = [CategoryName("0401", Text("茶", "Tea"))]
    categories.name_categories(scope=scope(world, "settings.write"), categories=named, now=NOW)
    assert told() == {li: {**code, "top_category": "茶"}, al: {**code, "top_category": "Tea"}}


def look(world: World, brand: Brand, text: str, **more: Any) -> Any:
    given: dict[str, Any] = {"channel": "sms", "language": "zh", "links": {}, "samples": {}, **more}
    as_ = given.pop("scope", world.scope)
    return api.preview_template(
        brand=brand, scope=as_, content=Content(body=text, sign="晨光"), now=NOW, **given
    )


def test_a_preview_on_a_member_masks_her_name_from_whoever_may_not_read_it(world, brand):
    member = world.enrol("+8613800138000", name="王小明")
    text = "{{ member.name }}，{{ mine }}，{{ link }}"
    clear = look(world, brand, text, member_id=member, samples={"mine": "好"})
    assert clear.body.startswith("【晨光】王小明，好，http") and clear.segments.parts >= 1
    masked = look(
        world, brand, text, member_id=member, samples={"mine": "好"}, scope=scope(world, "messages.read")
    )
    assert "王小明" not in masked.body
    assert look(world, brand, text, samples={"mine": "好"}).failed is None
    failed = look(world, brand, "一\n{{ mine }}").failed
    assert (failed.field, failed.line, failed.code) == ("body", 2, "missing_variable")


def test_a_proposal_is_asked_for_without_anything_of_a_member(world, brand, receiver):
    said = {"zh": {"body": "春天来了，{{ member.name | default: '您好' }}"}, "en": {"body": "Spring is here"}}
    answer = {"choices": [{"message": {"content": f"```json\n{json.dumps(said, ensure_ascii=False)}\n```"}}]}
    receiver.answers["/v1/chat/completions"] = (200, {}, json.dumps(answer).encode())
    ask = {"scope": world.scope, "brand": brand, "brief": "春季新品", "channel": "sms", "now": NOW}
    with pytest.raises(Refusal) as unset:
        api.propose_text(endpoint=None, **ask)
    assert unset.value.code == "no_copywriter"
    endpoint = (receiver.url("/v1"), "m", "key-1")
    found = api.propose_text(endpoint=endpoint, **ask)
    assert found["zh"].body.startswith("春天来了") and found["en"].body == "Spring is here"
    _, headers, body = receiver.got[0]
    assert headers["authorization"] == "Bearer key-1" and json.loads(body)["model"] == "m"
    assert not api.list_templates(brand_id=brand.id)  # nothing is saved, let alone sent
    for bad in (
        b"{}",
        b"nonsense",
        json.dumps({"choices": [{"message": {"content": '{"zh": {}}'}}]}).encode(),
    ):
        receiver.answers["/v1/chat/completions"] = (200, {}, bad)
        with pytest.raises(Refusal) as refused:
            api.propose_text(endpoint=endpoint, **ask)
        assert refused.value.code == "no_proposal" and "key-1" not in str(refused.value.data)
    receiver.answers["/v1/chat/completions"] = 500
    with pytest.raises(Refusal):
        api.propose_text(endpoint=endpoint, **ask)


def test_ready_made_templates_are_made_once_and_wait_for_a_colleague(world, brand):
    made = api.install_ready_made(scope=world.scope, now=NOW)
    assert len(made) == 18 and api.install_ready_made(scope=world.scope, now=NOW) == []
    assert all(
        one.version is None and one.latest.origin == "ready_made"
        for one in api.list_templates(brand_id=brand.id)
    )


def test_words_show_her_name_to_those_alone_who_may_read_it(world, brand):
    """What was sent, in the sandbox or really, is read by who may read messages; who she is, is another permission."""
    member = world.enrol("+8613800138000", name="王小明", language="zh")
    said = Content(subject="{{ member.name }}的消息", body="{{ member.name }}，您好")
    api.save_template(
        scope=world.scope, code="hi", name=Text("问候", "Hello"), purpose="service", now=NOW,
        contents={"inbox": {"zh": said, "en": said}},
    )  # fmt: skip
    api.submit_template(scope=world.scope, code="hi", now=NOW)
    colleague = replace(world.scope, actor=Actor("staff", uuid4(), "Colleague"))
    api.decide_template(scope=colleague, code="hi", number=1, approve=True, now=NOW)
    api.ask(brand=brand, asks=[Ask(member, "k", "api:x", "service", "hi", ("inbox",))], now=NOW)
    api.send_due(now=NOW)
    [send] = api.list_sends(scope=world.scope).items
    for permissions, subject, body in (
        (("messages.read", "members.read_personal"), "王小明的消息", "王小明，您好"),
        (("messages.read",), "王**的消息", "王**，您好"),
    ):
        reader = scope(world, *permissions)
        found = api.get_send(scope=reader, id_=send.id)
        assert (found.subject, found.body) == (subject, body)
        [listed] = api.list_messages(scope=reader).items
        assert (listed.subject, listed.body) == (subject, body)
    [own] = api.list_inbox(scope=scope(world), member_id=member).items
    assert own.body == "王小明，您好"


def test_a_test_goes_to_the_sandbox_and_is_read_among_the_messages(world, brand):
    api.install_ready_made(scope=world.scope, now=NOW)
    done = api.try_template(
        brand=brand,
        scope=world.scope,
        code="welcome",
        number=1,
        channel="sms",
        language="zh",
        to="13800138000",
        now=NOW,
    )
    assert done.state == "sandboxed"
    [message] = api.list_messages(scope=world.scope).items
    assert (message.template, message.state, message.to) == ("welcome", "sandboxed", "+8613800138000")
    for bad in ({"to": "nobody"}, {"channel": "push"}, {"number": 9}):
        with pytest.raises(Refusal):
            api.try_template(
                brand=brand, scope=world.scope, now=NOW,
                **{"code": "welcome", "number": 1, "channel": "sms", "language": "zh", "to": "13800138000", **bad},
            )  # fmt: skip
