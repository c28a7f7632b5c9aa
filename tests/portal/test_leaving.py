"""Short links and the way out over HTTP: redirects, one-click by mail readers, the page's two presses."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
from django.test import Client
from tests.portal.world import Brand as World
from tests.portal.world import make_brand

from regulars.facts.consents import api as consents
from regulars.facts.consents.types import ConsentIn
from regulars.kit.ids import new_id
from regulars.kit.text import Text
from regulars.messaging import api
from regulars.messaging.contents import prepare
from regulars.messaging.types import Content, Recipient, Rendered
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Actor, Scope
from regulars.surfaces import rates

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
PHONE = "Mozilla/5.0 (iPhone) MicroMessenger/8.0"


@pytest.fixture
def world(db: None) -> World:
    rates.forget()
    return make_brand("morning")


def linked(world: World, member: UUID) -> tuple[str, str]:
    """The codes of a page link and a way out in a marketing mail to her."""
    held = frozenset({"messages.write", "messages.approve"})
    ann, bob = (
        Scope(world.scope.organisation_id, world.scope.brand_id, Actor("staff", new_id(), n), held)
        for n in "ab"
    )
    text = Content(subject="s", body="{{ link }} {{ unsubscribe_link }}")
    api.save_template(
        scope=ann, code="sale", name=Text("促", "Sale"), purpose="marketing",
        contents={"email": {"zh": text, "en": text}}, now=NOW,
    )  # fmt: skip
    api.submit_template(scope=ann, code="sale", now=NOW)
    version = api.decide_template(scope=bob, code="sale", number=1, approve=True, now=NOW).version
    brand = organisations.get_brand(brand_id=world.scope.brand_id)
    one = Recipient(new_id(), member, "zh", {}, "campaign:x")
    words = prepare.render_many(brand=brand, version=version, channel="email", recipients=[one], now=NOW)[
        one.send_id
    ]
    assert isinstance(words, Rendered)
    page, out = (part.rsplit("/", 1)[1] for part in words.body.split())
    return page, out


def agreed(world: World, member: UUID) -> bool:
    held = consents.states(brand_id=world.scope.brand_id, member_id=member)
    return any(one.channel == "email" and one.granted for one in held)


@pytest.fixture
def member(world: World) -> UUID:
    made = world.enrol("+8613800138000")
    yes = ConsentIn("marketing", "email", True, "1", Text("同意", "Yes"))
    consents.record(scope=world.scope, member_id=made, consents=[yes], source="staff", language="zh", now=NOW)
    return made


def test_a_short_link_leads_on_and_a_forged_one_nowhere(world, member):
    page, out = linked(world, member)
    client = Client(headers={"user-agent": PHONE})
    answer = client.get(f"/s/{page}")
    assert (answer.status_code, answer["Location"]) == (302, "/h/morning/")
    assert answer["Cache-Control"] == "no-store" and answer["Referrer-Policy"] == "no-referrer"
    for forged in (out, page[:-1] + ("A" if page[-1] != "A" else "B"), "x", "%2e%2e", "a" * 500):
        assert client.get(f"/s/{forged}").status_code == 404
    assert client.post(f"/s/{page}").status_code == 405
    # where it leads is fixed: nothing in the address changes it
    assert client.get(f"/s/{page}?url=https://evil.example&next=//evil.example")["Location"] == "/h/morning/"


def test_a_mail_reader_s_one_click_leaves_and_a_look_does_not(world, member):
    _, out = linked(world, member)
    client = Client()
    assert client.get(f"/u/{out}")["Location"] == f"/h/morning/leave/{out}" and agreed(world, member)
    assert client.head(f"/u/{out}").status_code == 302 and agreed(world, member)
    assert client.post(f"/u/{out}", {}).status_code == 400 and agreed(world, member)
    # without cookies and without a token, as RFC 8058 has it
    enforcing = Client(enforce_csrf_checks=True)
    assert enforcing.post(f"/u/{out}", {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert not agreed(world, member)
    assert enforcing.post(f"/u/{out[:-1]}_", {"List-Unsubscribe": "One-Click"}).status_code in (200, 404)


def test_the_page_leaves_with_one_press_and_undoes_it_with_another(world, member):
    _, out = linked(world, member)
    visitor = world.phone() if hasattr(world, "phone") else None
    client = Client(headers={"accept-language": "en"})
    path = f"/api/portal/morning/way-out/{out}"
    seen = client.get(path).json()
    assert (seen["left"], seen["channel"], seen["channel_name"]) == (False, "email", "e-mail")
    post = lambda action: client.post(path, {"action": action}, content_type="application/json")  # noqa: E731
    assert post("leave").json()["left"] and not agreed(world, member)
    assert post("back").json()["left"] is False and agreed(world, member)
    assert post("elsewhere").status_code == 422
    assert client.get("/api/portal/morning/way-out/" + "A" * 22).status_code == 404
    del visitor


def test_another_brand_s_page_does_not_take_the_link(world, member):
    _, out = linked(world, member)
    make_brand("evening")
    assert Client().get(f"/api/portal/evening/way-out/{out}").status_code == 404
