from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.db import connection

from regulars.kit.errors import ErrorList, Refusal
from regulars.kit.text import Text
from regulars.messaging import api
from regulars.messaging.types import Content, RenderFailed
from regulars.platform.organisations.types import Actor, Brand, Scope

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
ANN, BOB = uuid4(), uuid4()


@pytest.fixture
def brand() -> Brand:
    return Brand(
        id=uuid4(), organisation_id=uuid4(), slug="morning", name=Text("晨光", "Morning"), currency="CNY",
        timezone="Asia/Shanghai", theme={}, is_demo=False,
    )  # fmt: skip


def scope(brand: Brand, who=ANN, *permissions: str) -> Scope:
    held = frozenset(permissions or ("messages.read", "messages.write", "messages.approve"))
    return Scope(brand.organisation_id, brand.id, Actor("staff", who, "Ann" if who == ANN else "Bob"), held)


def both(zh: str, en: str) -> dict[str, Content]:
    return {"zh": Content(body=zh), "en": Content(body=en)}


SMS = {"sms": both("{{ member.name | default: '会员' }}您好", "Dear {{ member.name | default: 'member' }}")}


def save(brand: Brand, contents=SMS, code="hello", who=ANN, **more):
    given = {"purpose": "service", "name": Text("问候", "Hello"), **more}
    return api.save_template(scope=scope(brand, who), code=code, contents=contents, now=NOW, **given)


def approved(brand: Brand, contents=SMS, code="hello", **more):
    save(brand, contents, code, **more)
    api.submit_template(scope=scope(brand), code=code, now=NOW)
    number = api.get_template(brand_id=brand.id, code=code).latest.number
    return api.decide_template(scope=scope(brand, BOB), code=code, number=number, approve=True, now=NOW)


def checked(brand: Brand, code: str) -> list[str]:
    errors = ErrorList()
    api.check_template(brand_id=brand.id, code=code, field="template", errors=errors)
    return [one.code for one in errors.errors]


def test_a_template_is_sent_from_the_day_somebody_else_approved_it(brand):
    assert checked(brand, "hello") == ["unknown_template"]
    assert save(brand).version is None
    assert checked(brand, "hello") == ["template_not_approved"]
    api.submit_template(scope=scope(brand), code="hello", now=NOW)
    with pytest.raises(Refusal) as own:
        api.decide_template(scope=scope(brand), code="hello", number=1, approve=True, now=NOW)
    assert own.value.code == "own_version"
    done = api.decide_template(scope=scope(brand, BOB), code="hello", number=1, approve=True, now=NOW)
    assert (done.version.number, done.version.decided_by) == (1, "Bob")
    assert checked(brand, "hello") == []


def test_words_never_change_once_submitted_and_the_old_ones_go_on_until_the_new_are_approved(brand):
    approved(brand)
    changed = save(brand, {"sms": both("新", "New")})
    assert (changed.version.number, changed.latest.number, changed.latest.state) == (1, 2, "draft")
    api.submit_template(scope=scope(brand), code="hello", now=NOW)
    with pytest.raises(Refusal) as waits:
        save(brand, {"sms": both("换掉", "Swapped")})
    assert waits.value.code == "template_waits"
    with pytest.raises(Refusal) as no_reason:
        api.decide_template(scope=scope(brand, BOB), code="hello", number=2, approve=False, now=NOW)
    assert [e.field for e in no_reason.value.errors] == ["note"]
    api.decide_template(scope=scope(brand, BOB), code="hello", number=2, approve=False, note="太短", now=NOW)
    now = api.get_template(brand_id=brand.id, code="hello")
    assert (now.version.number, now.latest.state, now.latest.note) == (1, "rejected", "太短")
    assert save(brand).latest.number == 3


def test_who_may_write_and_who_may_approve(brand):
    with pytest.raises(Refusal) as refused:
        api.save_template(
            scope=scope(brand, ANN, "messages.read"), code="x", name=Text("x", "x"), purpose="service",
            contents=SMS, now=NOW,
        )  # fmt: skip
    assert refused.value.status == 403
    save(brand)
    api.submit_template(scope=scope(brand), code="hello", now=NOW)
    with pytest.raises(Refusal) as refused:
        api.decide_template(
            scope=scope(brand, BOB, "messages.write"), code="hello", number=1, approve=True, now=NOW
        )
    assert refused.value.status == 403


def test_what_is_wrong_with_texts_is_said_by_field_and_line(brand):
    save(brand, {"sms": {"zh": Content(body="您好\n{{ member.nome }}"), "en": Content(body="{% if x %}")}})
    with pytest.raises(Refusal) as refused:
        api.submit_template(scope=scope(brand), code="hello", now=NOW)
    said = {(e.field, e.code): e.message.en for e in refused.value.errors}
    assert "Line 2" in said["contents.sms.zh.body", "unknown_variable"]
    assert ("contents.sms.en.body", "bad_template") in said
    assert api.get_template(brand_id=brand.id, code="hello").latest.state == "draft"


def test_rendering_fills_escapes_and_says_what_is_missing(brand):
    mail = {
        language: Content(
            subject="{{ member.name }}", html="<p>{{ member.name }}</p>", body="{{ member.name }}"
        )
        for language in ("zh", "en")
    }
    version = approved(brand, {"email": mail}).version
    evil = "<script>x</script>\r\nBcc: everybody@example.com"
    done = api.render_template(
        brand=brand, version=version, channel="email", language="zh", values={"member": {"name": evil}}
    )
    assert (
        done.subject == "<script>x</script> Bcc: everybody@example.com"
        and "<script>" not in done.extra["html"]
    )
    with pytest.raises(RenderFailed) as failed:
        api.render_template(
            brand=brand, version=version, channel="email", language="zh", values={"member": {}}
        )
    assert failed.value.code == "missing_variable" and "member.name" in failed.value.message.en
    with pytest.raises(RenderFailed):
        api.render_template(brand=brand, version=version, channel="sms", language="zh", values={})


def test_links_lead_to_the_brand_s_own_places_only(brand):
    for target in (
        "https://evil.example/x",
        "javascript:alert(1)",
        "//evil.example",
        "/\\evil",
        "https://a@evil.example/",
    ):
        with pytest.raises(Refusal) as refused:
            save(brand, links={"main": target})
        assert [e.field for e in refused.value.errors] == ["links.main"]
    assert save(brand, links={"main": "/h/morning/mall"}).latest.links == {"main": "/h/morning/mall"}


def test_audit_says_who_approved_and_brands_do_not_meet(brand):
    approved(brand)
    with connection.cursor() as cursor:
        cursor.execute("SELECT action FROM audit_entry WHERE brand_id = %s ORDER BY id", [brand.id])
        assert [a for (a,) in cursor.fetchall()] == ["template.create", "template.submit", "template.approve"]
    with pytest.raises(Refusal):
        api.get_template(brand_id=uuid4(), code="hello")


def test_channels_keep_the_order_in_which_they_are_tried(brand):
    words = {c: both("您好", "Hello") for c in ("wecom", "sms")}
    saved = save(brand, {**words, "inbox": {n: Content(subject="s", body="b") for n in ("zh", "en")}})
    assert list(saved.latest.contents) == list(saved.latest.channels) == ["wecom", "sms", "inbox"]
