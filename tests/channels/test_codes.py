"""Sign-in codes by the brand's own accounts: at once, in its approved words, told plainly when they do not go."""

from __future__ import annotations

import email
import email.policy
import itertools
import json
import logging
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from tests.channels.conftest import Mailbox, Receiver
from tests.portal.world import BEGAN, PHONE, Browser, make_brand
from tests.portal.world import Brand as World

from regulars.kit.text import Text
from regulars.messaging import api
from regulars.messaging.sending import directly
from regulars.messaging.types import Content
from regulars.platform.organisations.types import Actor, Scope

pytestmark = pytest.mark.django_db
NAME = Text("通道", "Channel")
_numbers = itertools.count(1)


@pytest.fixture
def world(db: None) -> World:
    return make_brand(f"codes-{next(_numbers)}")


class Always(dict[str, Any]):
    """Every path answers the same: the query holds what we sent."""

    def __init__(self, body: Any, status: int = 200) -> None:
        super().__init__()
        self.answer = (status, {}, body if isinstance(body, bytes) else json.dumps(body).encode())

    def get(self, path: str, otherwise: Any = None) -> Any:
        return self.answer


def sms(world: World, receiver: Receiver, **more: Any) -> None:
    values = {"key": "AK", "secret": "SK", "sign": "晨光", "endpoint": receiver.url("")}
    api.put_account(
        scope=world.scope, key="sms", provider="aliyun_sms", name=NAME, values=values,
        **{"sandbox": False, "now": BEGAN, **more},
    )  # fmt: skip


def own_words(world: World, **contents: Content) -> None:
    """The brand's `sign-in-code`, approved."""
    api.save_template(
        scope=world.scope, code="sign-in-code", name=Text("验证码", "Code"), purpose="service",
        contents={channel: {"zh": one, "en": one} for channel, one in contents.items()},
        samples={"code": "135790", "minutes": 5}, now=BEGAN,
    )  # fmt: skip
    api.submit_template(scope=world.scope, code="sign-in-code", now=BEGAN)
    reviewer = Scope(
        world.scope.organisation_id, world.scope.brand_id, Actor("system", None, "reviewer"),
        frozenset({"messages.approve"}),
    )  # fmt: skip
    api.decide_template(scope=reviewer, code="sign-in-code", number=1, approve=True, now=BEGAN)


def kept(world: World) -> Any:
    [one, *_] = api.list_messages(scope=world.scope).items
    return one


TEXT = Content(body="码 {{ code }}，{{ minutes }} 分钟", template="SMS_7", data=(("code", "{{ code }}"),))


def test_a_code_goes_by_the_brand_s_account_under_its_provider_s_template(world, receiver, caplog):
    caplog.set_level(logging.DEBUG)
    receiver.answers = Always({"Code": "OK", "BizId": "B1"})
    sms(world, receiver)
    own_words(world, sms=TEXT)
    world.enrol()
    browser = Browser(world.slug).open()
    assert browser.ask_code().status_code == 202
    [(path, _, _)] = receiver.got
    asked = {k: v[0] for k, v in parse_qs(urlsplit(path).query).items()}
    assert (asked["PhoneNumbers"], asked["SignName"], asked["TemplateCode"]) == (PHONE, "晨光", "SMS_7")
    parameters = json.loads(asked["TemplateParam"])
    assert list(parameters) == ["code"] and len(parameters["code"]) == 6
    # the code is where it was sent, and nowhere else
    code = parameters["code"]
    one = kept(world)
    assert (one.state, one.body, one.template) == ("sent", "", "one_time_code")
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(message::text, '') FROM message")
        assert code not in cursor.fetchone()[0]
    ours = (r.getMessage() for r in caplog.records if not r.name.startswith(("django.db", "urllib3")))
    assert code not in "".join(ours)
    assert browser.give_code(code).json() == {"outcome": "signed_in"}


def test_nobody_writes_the_addresses_of_requests_into_the_log():
    assert logging.getLogger("urllib3.connectionpool").getEffectiveLevel() >= logging.INFO


def test_a_code_by_mail_leaves_by_the_smtp_account_in_our_words_where_the_brand_has_none(
    world: World, mailbox: Mailbox
) -> None:
    values = {
        "host": "localhost", "port": str(mailbox.port), "security": "starttls", "user": "ann", "password": "right",
        "from": "club@morning.example", "ca": mailbox.ca,
    }  # fmt: skip
    api.put_account(
        scope=world.scope, key="mail", provider="smtp", name=NAME, values=values, sandbox=False, now=BEGAN
    )
    assert Browser(world.slug).open().ask_code("ana@mail.example", "email").status_code == 202
    [content] = mailbox.got
    mail = email.message_from_bytes(content, policy=email.policy.default)
    assert mail["To"] == "ana@mail.example" and mail["Subject"] == "Your code for Morning Store"
    assert "your code is" in mail.get_content() and kept(world).body == ""


def test_a_code_that_is_refused_is_said_plainly_and_the_limits_stay(world, receiver):
    receiver.answers = Always({"Code": "isv.BUSINESS_LIMIT_CONTROL", "Message": "too often"})
    sms(world, receiver)
    own_words(world, sms=TEXT)
    browser = Browser(world.slug).open()
    answer = browser.ask_code()
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (502, "code_not_sent")
    assert problem["title"].startswith("The code could not be sent. Please try again in 60 seconds")
    assert problem["data"]["retry_after_seconds"] == 60
    assert "isv." not in answer.content.decode()  # what the provider says is for staff
    assert (kept(world).state, kept(world).error) == ("failed", "isv.BUSINESS_LIMIT_CONTROL: too often")
    assert browser.ask_code().status_code == 429

    receiver.answers = Always({"Code": "isv.MOBILE_NUMBER_ILLEGAL"})
    answer = browser.ask_code("13900139000")
    assert answer.status_code == 422 and answer.json()["errors"][0]["field"] == "address"
    assert answer.json()["errors"][0]["code"] == "cannot_be_reached"


def test_an_answer_that_is_lost_leaves_the_member_on_her_way(world, receiver, monkeypatch):
    receiver.answers = Always(b"slow")
    sms(world, receiver)
    own_words(world, sms=TEXT)
    monkeypatch.setattr(directly, "PATIENCE_SECONDS", 0.3)
    assert Browser(world.slug).open().ask_code().status_code == 202
    assert kept(world).state == "sent" and "no answer" in kept(world).error


def test_sandboxed_accounts_keep_the_code_here_and_paused_ones_send_nothing(world, receiver):
    sms(world, receiver, sandbox=True)
    own_words(world, sms=TEXT)
    assert Browser(world.slug).open().ask_code().status_code == 202
    assert kept(world).state == "sandboxed" and kept(world).body.startswith("码 ")
    sms(world, receiver, is_active=False)
    answer = Browser(world.slug).open().ask_code("13900139000")
    assert answer.json()["code"] == "code_not_sent" and "switched off" in kept(world).error
    assert receiver.got == []


def test_staff_see_whether_codes_can_leave(world, receiver):
    brand_id = world.scope.brand_id
    assert brand_id is not None
    assert api.code_words(brand_id=brand_id) == {"sms": "no_template", "email": "built_in"}
    own_words(world, sms=TEXT, email=Content(subject="{{ code }}", body="{{ code }}"))
    assert api.code_words(brand_id=brand_id) == {"sms": "own", "email": "own"}


def test_words_that_cannot_be_filled_give_way_to_ours(world, receiver):
    receiver.answers = Always({"Code": "OK", "BizId": "B1"})
    sms(world, receiver)
    own_words(world, sms=Content(body="{{ member.name }} {{ code }}", template="SMS_7", sign="暮光"))
    assert Browser(world.slug).open().ask_code().status_code == 202
    asked = {k: v[0] for k, v in parse_qs(urlsplit(receiver.got[0][0]).query).items()}
    assert (asked["TemplateCode"], asked["SignName"]) == ("SMS_7", "暮光")
    assert list(json.loads(asked["TemplateParam"])) == ["code"]


def test_what_the_provider_echoes_of_a_code_is_not_kept(world, monkeypatch):
    class Echo:
        is_local, is_idempotent, batch = False, False, 1

        def deliver_many(self, envelopes: Any) -> Any:
            from regulars.messaging.types import Delivery

            return [
                Delivery("failed", error=f"will not say {envelopes[0].parameters['code']}", reason="refused")
            ]

    api.put_account(
        scope=world.scope, key="sms", provider="aliyun_sms", name=NAME, values={"key": "AK", "secret": "S"},
        sandbox=False, now=BEGAN,
    )  # fmt: skip
    monkeypatch.setattr(directly.connecting, "connect", lambda account: Echo())
    Browser(world.slug).open().ask_code()
    assert kept(world).error == "will not say …"
