"""Accounts: secrets sealed, the sandbox until somebody says otherwise, tokens under a lease; receipts over HTTP."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test import Client
from tests.channels.conftest import Mailbox, Receiver, envelope
from tests.portal.world import Brand as World
from tests.portal.world import make_brand

from regulars.facts.consents import api as consents
from regulars.facts.consents.types import ConsentIn
from regulars.kit.errors import Refusal
from regulars.kit.ids import new_id
from regulars.kit.text import Text
from regulars.messaging import api, channels
from regulars.messaging.channels import connecting, wecom
from regulars.messaging.channels.wechat import OfficialAccount
from regulars.messaging.channels.wire import Access, Refused
from regulars.messaging.models import ChannelAccount, Send
from regulars.messaging.types import Rendered
from regulars.platform.organisations.types import Scope

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
NAME = Text("通道", "Channel")


@pytest.fixture
def world(db: None) -> World:
    return make_brand("morning")


def sms(world: World, **more: Any) -> Any:
    given: dict[str, Any] = {
        "key": "sms", "provider": "aliyun_sms", "values": {"key": "AK", "secret": "very-secret", "sign": "晨光"},
        **more,
    }  # fmt: skip
    return api.put_account(scope=world.scope, name=NAME, now=NOW, **given)


def route(world: World, kind: Any = "sms") -> Any:
    return channels.route_of(brand_id=world.scope.brand_id, kind=kind)


def test_nothing_leaves_until_somebody_says_so(world):
    assert route(world).account == "sandbox"
    assert sms(world).sandbox
    assert route(world).channel.deliver_many([envelope("+8613800138000")])[0].state == "sandboxed"
    sms(world, values={"key": "AK"}, sandbox=False, per_second=7, per_day=100)
    live = route(world)
    assert (live.account, live.per_second, live.per_day, live.channel.is_local) == ("sms", 7, 100, False)
    sms(world, values={"key": "AK"}, is_active=False)
    assert route(world) is None


def test_secrets_are_sealed_kept_when_left_out_and_shown_to_nobody(world):
    sms(world)
    shown = sms(world, values={"key": "AK2"})
    assert shown.settings == {"key": "AK2"} and shown.secrets_set == ("secret",)
    with connection.cursor() as cursor:
        cursor.execute("SELECT channel_account::text FROM channel_account")
        row = cursor.fetchone()[0]
        cursor.execute(
            "SELECT string_agg(coalesce(before::text, '') || coalesce(after::text, ''), '') FROM audit_entry"
        )
        audited = cursor.fetchone()[0]
    assert "very-secret" not in row and "very-secret" not in audited
    assert "very-secret" not in repr(shown)
    reader = Scope(
        world.scope.organisation_id, world.scope.brand_id, world.scope.actor, frozenset({"messages.read"})
    )
    for act in (
        lambda: api.put_account(scope=reader, key="x", provider="smtp", name=NAME, values={}, now=NOW),
        lambda: api.remove_account(scope=reader, key="sms", now=NOW),
        lambda: api.receipt_address(scope=reader, key="sms"),
        lambda: api.check_account(scope=reader, key="sms", now=NOW),
    ):
        with pytest.raises(Refusal) as refused:
            act()
        assert refused.value.status == 403


def mail(**more: str) -> dict[str, Any]:
    values = {"host": "h", "port": "465", "security": "tls", "from": "a@b.example", **more}
    return {"provider": "smtp", "values": values}


@pytest.mark.parametrize(
    ("more", "fields"),
    [
        ({"key": "Bad Key"}, ["key"]),
        ({"provider": "pigeon"}, ["provider"]),
        ({"values": {"key": "AK"}}, ["settings.secret"]),
        ({"values": {"key": "AK", "secret": "s", "x": "1"}}, ["settings.x"]),
        ({"values": {"key": "a\nb", "secret": "s"}}, ["settings.key"]),
        ({"values": {"key": "AK", "secret": "s", "endpoint": "file:///etc/passwd"}}, ["settings.endpoint"]),
        ({"per_second": 0, "per_day": -1}, ["per_second", "per_day"]),
        (
            {
                "provider": "smtp",
                "values": {"host": "h", "port": "99999", "security": "tls", "from": "a@b.example"},
            },
            ["settings.port"],
        ),
        (
            {
                "provider": "smtp",
                "values": {"host": "h", "port": "25", "security": "rot13", "from": "a@b.example"},
            },
            ["settings.security"],
        ),
        (mail(**{"from": "nobody"}), ["settings.from"]),
        (mail(reply_to="a b@c.example"), ["settings.reply_to"]),
        (mail(ca="no certificate"), ["settings.ca"]),
        (mail(security="none", password="p"), ["settings.security"]),
        ({"provider": "webhook", "values": {"url": "ftp://x", "secret": "whsec_AAAA"}}, ["settings.url"]),
        (
            {"provider": "webhook", "values": {"url": "https://a.example/in", "secret": "whsec_AAAA"}},
            ["settings.secret"],
        ),
        (
            {"provider": "wechat_official", "values": {"app": "a", "secret": "s", "aes_key": "short"}},
            ["settings.aes_key"],
        ),
        ({"provider": "fcm", "values": {"service_account": "{}"}}, ["settings.service_account"]),
        (
            {"provider": "fcm", "values": {"service_account": "{}", "token_endpoint": "x"}},
            ["settings.token_endpoint"],
        ),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_kept(world, more, fields):
    with pytest.raises(Refusal) as refused:
        sms(world, **more)
    assert [one.field for one in refused.value.errors] == fields
    assert all(one.message.zh != one.message.en for one in refused.value.errors)
    assert not ChannelAccount.objects.exists()


def test_one_default_a_channel_and_a_provider_that_never_changes(world):
    assert sms(world).is_default
    other = sms(world, key="second", is_default=True)
    assert other.is_default and not {a.key: a for a in api.list_accounts(scope=world.scope)}["sms"].is_default
    api.remove_account(scope=world.scope, key="second", now=NOW)
    assert route(world).account == "sandbox" or route(world) is not None
    assert [a.is_default for a in api.list_accounts(scope=world.scope)] == [True]
    with pytest.raises(Refusal):
        sms(world, provider="tencent_sms")


def test_a_mail_account_is_checked_and_sends(world, mailbox: Mailbox):
    values = {
        "host": "localhost", "port": str(mailbox.port), "security": "starttls", "user": "ann", "password": "right",
        "from": "club@morning.example", "ca": mailbox.ca,
    }  # fmt: skip
    api.put_account(
        scope=world.scope, key="mail", provider="smtp", name=NAME, values=values, sandbox=False, now=NOW
    )
    api.check_account(scope=world.scope, key="mail", now=NOW)
    [done] = route(world, "email").channel.deliver_many([envelope("her@mail.example")])
    assert done.state == "sent" and len(mailbox.got) == 1
    api.put_account(
        scope=world.scope,
        key="mail",
        provider="smtp",
        name=NAME,
        values={**values, "password": "wrong"},
        now=NOW,
    )
    with pytest.raises(Refusal) as refused:
        api.check_account(scope=world.scope, key="mail", now=NOW)
    assert refused.value.code == "channel_provider" and "wrong" not in str(refused.value)


def answers(receiver: Receiver, path: str, body: Any) -> None:
    receiver.answers[path] = (200, {}, json.dumps(body).encode())


def test_tokens_are_fetched_before_they_end_and_again_when_refused(world, receiver: Receiver):
    values = {"app": "wx1", "secret": "s", "endpoint": receiver.url("")}
    api.put_account(
        scope=world.scope,
        key="wx",
        provider="wechat_official",
        name=NAME,
        values=values,
        sandbox=False,
        now=NOW,
    )
    one = envelope("o-1", channel="wechat", extra={"template": "TM"})
    [waits] = route(world, "wechat").channel.deliver_many([one])
    assert waits.state == "retry" and receiver.got == []
    answers(receiver, "/cgi-bin/stable_token", {"access_token": "T1", "expires_in": 7200})
    assert api.refresh_tokens(NOW) == 1 and api.refresh_tokens(NOW) == 0
    answers(receiver, "/cgi-bin/message/template/send?access_token=T1", {"errcode": 0, "msgid": 1})
    assert route(world, "wechat").channel.deliver_many([one])[0].state == "sent"
    assert api.refresh_tokens(NOW + timedelta(minutes=111)) == 1  # ten minutes before it ends
    # WeChat does not take it any more: it is asked for again at once
    answers(receiver, "/cgi-bin/message/template/send?access_token=T1", {"errcode": 40001, "errmsg": "m"})
    assert route(world, "wechat").channel.deliver_many([one])[0].state == "retry"
    later = NOW + timedelta(minutes=112)
    assert route(world, "wechat").channel.deliver_many([one])[0].error == "the access token is being fetched"
    answers(receiver, "/cgi-bin/stable_token", {"access_token": "T2", "expires_in": 7200})
    assert api.refresh_tokens(later) == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT channel_account::text FROM channel_account")
        assert "T2" not in cursor.fetchone()[0].replace(str(ChannelAccount.objects.get().id), "")
    answers(receiver, "/cgi-bin/message/template/send?access_token=T2", {"errcode": 0, "msgid": 2})
    assert route(world, "wechat").channel.deliver_many([one])[0].reference == "2"


def test_a_test_by_an_account_that_cannot_send_says_so(world, receiver: Receiver, settings):
    words = Rendered("s", "b", 1)
    tried = partial(
        api.send_test, scope=world.scope, to="o-1", words=words, language="zh", template="hello", now=NOW
    )
    values = {"url": receiver.url("/in"), "secret": "whsec_" + "QUJDREVGR0hJSktMTU5PUFFS"}
    put = partial(api.put_account, scope=world.scope, name=NAME, sandbox=False, now=NOW)
    put(key="hook", provider="webhook", values=values)
    put(
        key="wx", provider="wechat_official", values={"app": "a", "secret": "s", "endpoint": receiver.url("")}
    )
    assert tried(key="hook").state == "sent"
    # no token yet: nobody is asked with an empty one
    assert tried(key="wx").error == "the access token is being fetched"
    assert [path for path, *_ in receiver.got] == ["/in"]
    settings.ALLOWED_NETWORKS = ""  # the operator closes what was open
    with pytest.raises(Refusal) as refused:
        tried(key="hook")
    assert (refused.value.code, refused.value.status) == ("account_broken", 409)
    assert "REGULARS_ALLOWED_NETWORKS" in refused.value.message.en
    assert "REGULARS_ALLOWED_NETWORKS" in refused.value.message.zh


def test_a_token_asked_for_with_the_settings_of_before_is_not_kept(world, receiver: Receiver, monkeypatch):
    """An account is given to another app while a worker asks for a token of the old one's."""

    def put(app: str, now: datetime) -> None:
        values = {"app": app, "secret": f"s-{app}", "endpoint": receiver.url("")}
        api.put_account(
            scope=world.scope, key="wx", provider="wechat_official", name=NAME, values=values, sandbox=False, now=now
        )  # fmt: skip

    put("old", NOW)
    granted = OfficialAccount.grant

    def changed_meanwhile(self: OfficialAccount, values: Any, clock: Any) -> Access:
        found = granted(self, values, clock)
        if values["app"] == "old":
            put("new", NOW + timedelta(seconds=1))
        return found

    monkeypatch.setattr(OfficialAccount, "grant", changed_meanwhile)
    answers(receiver, "/cgi-bin/stable_token", {"access_token": "of-old", "expires_in": 7200})
    assert api.refresh_tokens(NOW) == 0
    one = envelope("o-1", channel="wechat", extra={"template": "TM"})
    [waits] = route(world, "wechat").channel.deliver_many([one])
    assert (waits.state, waits.error) == ("retry", "the access token is being fetched")
    answers(receiver, "/cgi-bin/stable_token", {"access_token": "of-new", "expires_in": 7200})
    assert api.refresh_tokens(NOW + timedelta(seconds=2)) == 1
    answers(receiver, "/cgi-bin/message/template/send?access_token=of-new", {"errcode": 0, "msgid": 1})
    assert route(world, "wechat").channel.deliver_many([one])[0].state == "sent"


def test_a_refusal_of_the_settings_of_before_says_nothing_of_the_new(world, receiver: Receiver, monkeypatch):
    values = {"app": "old", "secret": "s", "endpoint": receiver.url("")}
    put = partial(
        api.put_account, scope=world.scope, key="wx", provider="wechat_official", name=NAME, sandbox=False
    )
    put(values=values, now=NOW)

    def refused(self: OfficialAccount, given: Any, clock: Any) -> Access:
        put(values={**values, "app": "new"}, now=NOW + timedelta(seconds=1))
        raise Refused("40125", "invalid appsecret")

    monkeypatch.setattr(OfficialAccount, "grant", refused)
    assert api.refresh_tokens(NOW) == 0
    row = ChannelAccount.objects.get()
    assert (row.token_error, row.token_due_at) == ("", NOW + timedelta(seconds=1))


def sent(world: World, member: UUID, channel: str, reference: str, account: str = "sms") -> UUID:
    id_ = new_id()
    Send.objects.create(
        member_id=member, id=id_, brand_id=world.scope.brand_id, shard=0, key=str(id_), source="campaign:x",
        purpose="marketing", template="t", channels=[channel], channel=channel, account=account, state="sent",
        reference=reference, created_at=NOW, sent_at=NOW,
    )  # fmt: skip
    return id_


def test_receipts_come_home_over_http_and_only_to_who_knows_the_key(world):
    sms(world)
    member = world.enrol("+8613800138000")
    yes = ConsentIn("marketing", "sms", True, "1", Text("同意", "Yes"))
    consents.record(
        scope=world.scope, member_id=member, consents=[yes], source="staff", language="zh", now=NOW
    )
    id_ = sent(world, member, "sms", "B1")
    url = api.receipt_address(scope=world.scope, key="sms")
    path = "/" + url.split("/", 3)[3]
    report = [
        {
            "phone_number": "13800138000",
            "success": True,
            "report_time": "2026-03-01 16:00:00",
            "biz_id": "B1",
            "out_id": str(id_),
        }
    ]
    post = lambda at, body: Client().post(at, body, content_type="application/json")  # noqa: E731
    assert post(path[:-1] + ("A" if path[-1] != "A" else "B"), json.dumps(report)).status_code == 404
    assert post(path.replace(path.split("/")[3], str(uuid4())), json.dumps(report)).status_code == 404
    assert post(path, "[").status_code == 400
    assert Send.objects.get(id=id_).state == "sent"
    good = post(path, json.dumps(report))
    assert good.status_code == 200 and json.loads(good.content)["code"] == 0
    assert Send.objects.get(id=id_).state == "delivered"
    stop = [{"phone_number": "13800138000", "content": "R", "send_time": "x"}]
    assert post(path, json.dumps(stop)).status_code == 200
    held = consents.states(brand_id=world.scope.brand_id, member_id=member)
    assert [(one.channel, one.granted) for one in held] == [("sms", False)]
    [account] = api.list_accounts(scope=world.scope)
    assert account.receipts == 2


def test_what_staff_confirmed_in_wecom_is_fetched(world, receiver: Receiver):
    values = {"corp": "c", "secret": "s", "endpoint": receiver.url("")}
    api.put_account(
        scope=world.scope, key="wc", provider="wecom", name=NAME, values=values, sandbox=False, now=NOW
    )
    answers(receiver, "/cgi-bin/gettoken?corpid=c&corpsecret=s", {"access_token": "T", "expires_in": 7200})
    receiver.answers["/cgi-bin/gettoken?corpid=c&corpsecret=s"] = (200, {}, b'{"access_token": "T"}')
    ChannelAccount.objects.update(token_due_at=None)
    row = ChannelAccount.objects.get()
    connecting.keep_token(row, "T", NOW, 7200)
    going = sent(world, uuid4(), "wecom", "M1:w1", "wc")
    full = sent(world, uuid4(), "wecom", "M1:w2", "wc")
    waiting = sent(world, uuid4(), "wecom", "M1:w3", "wc")
    at = "/cgi-bin/externalcontact/"
    answers(receiver, f"{at}get_groupmsg_task?access_token=T", {"errcode": 0, "task_list": [{"userid": "z"}]})
    results = [
        {"external_userid": "w1", "status": 1, "send_time": int(NOW.timestamp())},
        {"external_userid": "w2", "status": 3},
        {"external_userid": "w3", "status": 0},
    ]
    answers(receiver, f"{at}get_groupmsg_send_result?access_token=T", {"errcode": 0, "send_list": results})
    assert api.ask_wecom(NOW + timedelta(minutes=10)) == 2
    states = {one.id: one.state for one in Send.objects.all()}
    assert (states[going], states[full], states[waiting]) == ("delivered", "failed", "sent")


def wecom_account(world: World, key: str = "wc", now: datetime = NOW) -> None:
    api.put_account(
        scope=world.scope, key=key, provider="wecom", name=NAME, values={"corp": "c", "secret": "s"},
        sandbox=False, now=now,
    )  # fmt: skip
    connecting.keep_token(ChannelAccount.objects.get(brand_id=world.scope.brand_id, key=key), "T", now, 7200)


def test_every_task_of_wecom_is_asked_about_in_turn_however_many_wait(world, monkeypatch):
    """Words with a name in them make a task of each customer's own: there are hundreds."""
    wecom_account(world)
    for n in range(120):
        sent(world, uuid4(), "wecom", f"M{n:03d}:w", "wc")
    asked: list[str] = []

    def results(*, values: Any, token: str, task: str) -> list[Any]:
        asked.append(task)
        return []

    monkeypatch.setattr(wecom, "results", results)
    for turn in range(1, 4):
        before = len(asked)
        api.ask_wecom(NOW + turn * timedelta(minutes=10))
        assert len(asked) - before <= 50
    assert set(asked) == {f"M{n:03d}" for n in range(120)}


def test_a_task_that_wecom_no_longer_knows_keeps_no_other_waiting(world, monkeypatch):
    wecom_account(world)
    gone, good = sent(world, uuid4(), "wecom", "M1:w", "wc"), sent(world, uuid4(), "wecom", "M2:w", "wc")

    def results(*, values: Any, token: str, task: str) -> list[Any]:
        if task == "M1":
            raise Refused("41063", "invalid msgid")
        return [wecom.Confirmed(f"{task}:w", "delivered", "", NOW)]

    monkeypatch.setattr(wecom, "results", results)
    assert api.ask_wecom(NOW + timedelta(minutes=10)) == 1
    states = {one.id: one.state for one in Send.objects.all()}
    assert (states[gone], states[good]) == ("sent", "delivered")


def test_a_brand_whose_answers_cannot_be_read_keeps_no_other_waiting(world, monkeypatch):
    other = make_brand("evening")
    for one in (world, other):
        wecom_account(one)
    asked: list[str] = []
    ids = [sent(one, uuid4(), "wecom", f"{one.scope.brand_id.hex}:w", "wc") for one in (world, other)]

    def results(*, values: Any, token: str, task: str) -> list[Any]:
        asked.append(task)
        if len(asked) == 1:
            raise KeyError("userid")
        return [wecom.Confirmed(f"{task}:w", "delivered", "", NOW)]

    monkeypatch.setattr(wecom, "results", results)
    assert api.ask_wecom(NOW + timedelta(minutes=10)) == 1
    states = {one.id: one.state for one in Send.objects.all()}
    assert sorted(states[id_] for id_ in ids) == ["delivered", "sent"]
