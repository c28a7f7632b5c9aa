"""Providers' wire formats on loopback: what is asked, how it is signed, what answers mean."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from tests.channels.conftest import Receiver, envelope
from tests.channels.wires import NOW, answers, deliver

from regulars.messaging.channels import aliyun, tencent, wecom
from regulars.messaging.channels.registry import PROVIDERS
from regulars.messaging.channels.wire import Refused
from regulars.platform.webhooks import policy as webhooks

SECRET = webhooks.write_secret(bytes(32))


def sms(to: str = "+8613800138000", **more: Any) -> Any:
    extra = {"template": "SMS_1", "sign": "晨光"}
    return envelope(to, channel="sms", extra=extra, parameters={"name": "王", "n": "3"}, **more)


# -- Alibaba Cloud --------------------------------------------------------------------------------------------------


def test_the_documented_example_of_alibaba_cloud_s_signature():
    # Alibaba Cloud SDK, "V3 request body and signature", example of fixed parameters
    headers = {
        "x-acs-action": "RunInstances", "x-acs-version": "2014-05-26", "x-acs-date": "2023-10-26T10:22:32Z",
        "x-acs-signature-nonce": "3156853299f313e23d1673dc12e1703d",
    }  # fmt: skip
    query = {"ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd", "RegionId": "cn-shanghai"}
    said = aliyun.authorise(
        method="POST", host="ecs.cn-shanghai.aliyuncs.com", path="/", query=query, headers=headers, body=b"",
        key="YourAccessKeyId", secret="YourAccessKeySecret",
    )  # fmt: skip
    assert said.endswith("Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0")


def ali(receiver: Receiver) -> dict[str, str]:
    return {"key": "AK", "secret": "SK", "endpoint": receiver.url("")}


def test_a_text_message_as_alibaba_cloud_wants_it(receiver):
    one = sms()
    receiver.answers = {}
    [done] = deliver("aliyun_sms", ali(receiver), one)
    path, headers, body = receiver.got[0]
    asked = {k: v[0] for k, v in parse_qs(urlsplit(path).query).items()}
    assert asked == {
        "PhoneNumbers": "13800138000", "SignName": "晨光", "TemplateCode": "SMS_1", "OutId": str(one.id),
        "TemplateParam": '{"name": "王", "n": "3"}',
    }  # fmt: skip
    assert (headers["x-acs-action"], headers["x-acs-version"], headers["x-acs-date"]) == (
        "SendSms", "2017-05-25", "2026-03-01T08:00:00Z",
    )  # fmt: skip
    # signed again from what arrived
    signed = {k: headers[k] for k in ("x-acs-action", "x-acs-version", "x-acs-date", "x-acs-signature-nonce")}
    assert headers["authorization"] == aliyun.authorise(
        method="POST",
        host=headers["host"],
        path="/",
        query=asked,
        headers=signed,
        body=body,
        key="AK",
        secret="SK",
    )
    assert headers["x-acs-content-sha256"] == hashlib.sha256(b"").hexdigest()
    assert done.state == "uncertain"  # the receiver answered without saying anything


@pytest.mark.parametrize(
    ("answer", "status", "state", "reason"),
    [
        ({"Code": "OK", "BizId": "B1"}, 200, "sent", ""),
        ({"Code": "isv.MOBILE_NUMBER_ILLEGAL", "Message": "x"}, 400, "failed", "bad_address"),
        ({"Code": "isv.SMS_TEMPLATE_ILLEGAL"}, 400, "failed", "refused"),
        ({"Code": "isv.BUSINESS_LIMIT_CONTROL"}, 200, "retry", ""),
        ({"Code": "isv.AMOUNT_NOT_ENOUGH"}, 200, "retry", ""),
        ({"Code": "SignatureDoesNotMatch"}, 400, "retry", ""),
        ({"Code": "Throttling.User"}, 400, "retry", ""),
        ({}, 503, "retry", ""),
        (b"<html>", 500, "uncertain", ""),
        (b"<html>", 404, "failed", "refused"),
    ],
)
def test_what_alibaba_cloud_says_and_what_it_means(receiver, answer, status, state, reason):
    provider = aliyun.AliyunProvider().connect(ali(receiver), "", lambda: NOW)
    one = sms()
    real = receiver.answers

    class Any_(dict):  # every path answers the same: the query holds a nonce of ours
        def get(self, path: str, otherwise: Any = None) -> Any:
            return (status, {}, answer if isinstance(answer, bytes) else json.dumps(answer).encode())

    receiver.answers = Any_(real)
    [done] = provider.deliver_many([one])
    assert (done.state, done.reason) == (state, reason)
    if state == "sent":
        assert done.reference == "B1"


# -- Tencent Cloud --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mark", "with_action", "signature"),
    [
        # the examples of the documents of Tencent Cloud's signature v3, of 2022 and of 2019
        ("*******", True, "be4f67d323c78ab9acb7395e43c0dbcf822a9cfac32fea2449a7bc7726b770a3"),
        ("EXAMPLE", False, "72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168"),
    ],
)
def test_the_documented_examples_of_tencent_cloud_s_signature(mark, with_action, signature):
    body = b'{"Limit": 1, "Filters": [{"Values": ["\\u672a\\u547d\\u540d"], "Name": "instance-name"}]}'
    said = tencent.authorise(
        service="cvm", host="cvm.tencentcloudapi.com", action="DescribeInstances", body=body,
        at=datetime.fromtimestamp(1551113065, UTC), key=f"AKIDz8krbsJ5yKBZQpn74WFkmLPx3{mark}",
        secret=f"Gu5t9xGARNpq86cd98joQYCN3{mark}", with_action=with_action,
    )  # fmt: skip
    assert said.endswith(f"Signature={signature}")


def test_a_text_message_as_tencent_cloud_wants_it(receiver):
    ok = {"Response": {"SendStatusSet": [{"Code": "Ok", "SerialNo": "S1"}], "RequestId": "r"}}
    answers(receiver, "/", ok)
    values = {"key": "AK", "secret": "SK", "app": "1400", "endpoint": receiver.url("")}
    one = sms()
    [done] = deliver("tencent_sms", values, one)
    assert (done.state, done.reference) == ("sent", "S1")
    _, headers, body = receiver.got[0]
    assert json.loads(body) == {
        "PhoneNumberSet": ["+8613800138000"], "SmsSdkAppId": "1400", "SignName": "晨光", "TemplateId": "SMS_1",
        "TemplateParamSet": ["王", "3"], "SessionContext": str(one.id),
    }  # fmt: skip
    assert headers["x-tc-timestamp"] == str(int(NOW.timestamp()))
    assert headers["authorization"] == tencent.authorise(
        service="sms", host=headers["host"], action="SendSms", body=body, at=NOW, key="AK", secret="SK"
    )
    for code, state in (
        ("InvalidParameterValue.IncorrectPhoneNumber", ("failed", "bad_address")),
        ("FailedOperation.TemplateIncorrectOrUnapproved", ("failed", "refused")),
        ("LimitExceeded.PhoneNumberDailyLimit", ("retry", "")),
        ("AuthFailure.SignatureFailure", ("retry", "")),
    ):
        answers(receiver, "/", {"Response": {"Error": {"Code": code, "Message": "m"}}})
        [done] = deliver("tencent_sms", values, one)
        assert (done.state, done.reason) == state, code
    answers(receiver, "/", {"Response": {}})
    assert deliver("tencent_sms", values, one)[0].state == "uncertain"


def test_a_text_message_without_an_approved_template_is_not_tried(receiver):
    bare = envelope("+8613800138000", channel="sms")
    for provider, values in (("aliyun_sms", ali(receiver)), ("tencent_sms", {"app": "1", **ali(receiver)})):
        assert deliver(provider, values, bare)[0].state == "failed"
    assert receiver.got == []


def test_what_was_not_reached_is_tried_again_and_what_was_not_answered_is_in_doubt(receiver):
    values = {"key": "AK", "secret": "SK", "app": "1", "endpoint": "http://127.0.0.1:9"}
    assert deliver("tencent_sms", values, sms())[0].state == "retry"
    receiver.answers = {"/": (200, {"Content-Type": "text/plain"}, b"not json")}
    assert deliver("tencent_sms", {**values, "endpoint": receiver.url("")}, sms())[0].state == "uncertain"


# -- WeChat, WeCom --------------------------------------------------------------------------------------------------


def test_tokens_are_asked_for_and_refusals_are_said(receiver):
    values = {"app": "wx1", "secret": "s", "endpoint": receiver.url("")}
    answers(receiver, "/cgi-bin/stable_token", {"access_token": "T", "expires_in": 7200})
    access = PROVIDERS["wechat_official"].grant(values, lambda: NOW)
    assert (access.token, access.seconds) == ("T", 7200)
    assert json.loads(receiver.got[0][2]) == {
        "grant_type": "client_credential",
        "appid": "wx1",
        "secret": "s",
    }
    answers(receiver, "/cgi-bin/stable_token", {"errcode": 40125, "errmsg": "invalid appsecret"})
    with pytest.raises(Refused, match="40125"):
        PROVIDERS["wechat_mini"].grant(values, lambda: NOW)


def test_template_and_subscribe_messages_as_wechat_wants_them(receiver):
    one = envelope(
        "o-1", channel="wechat", extra={"template": "TM", "url": "https://m.example.com/s/x"},
        parameters={"thing1": "王", "time2": "3月1日"},
    )  # fmt: skip
    values = {
        "app": "wx1",
        "secret": "s",
        "endpoint": receiver.url(""),
        "mini_app": "wx2",
        "mini_page": "p/a",
    }
    path = "/cgi-bin/message/template/send?access_token=T"
    answers(receiver, path, {"errcode": 0, "msgid": 200228332})
    [done] = deliver("wechat_official", values, one)
    assert (done.state, done.reference) == ("sent", "200228332")
    assert json.loads(receiver.messages(path)[0][1]) == {
        "touser": "o-1", "template_id": "TM", "url": "https://m.example.com/s/x", "client_msg_id": one.id.hex,
        "miniprogram": {"appid": "wx2", "pagepath": "p/a"},
        "data": {"thing1": {"value": "王"}, "time2": {"value": "3月1日"}},
    }  # fmt: skip
    for code, state in (
        (40001, ("retry", "stale_token")), (42001, ("retry", "stale_token")), (40003, ("failed", "bad_address")),
        (43004, ("failed", "not_followed")), (45009, ("retry", "")), (-1, ("retry", "")),
        (47003, ("failed", "refused")),
    ):  # fmt: skip
        answers(receiver, path, {"errcode": code, "errmsg": "m"})
        [done] = deliver("wechat_official", values, one)
        assert (done.state, done.reason) == state, code
    mini = "/cgi-bin/message/subscribe/send?access_token=T"
    answers(receiver, mini, {"errcode": 0})
    [done] = deliver("wechat_mini", values, one)
    sent = json.loads(receiver.messages(mini)[0][1])
    assert done.state == "sent" and (sent["page"], sent["lang"], sent["miniprogram_state"]) == (
        "https://m.example.com/s/x", "zh_CN", "formal",
    )  # fmt: skip


def test_wecom_makes_one_task_for_the_same_words_and_staff_s_answers_are_fetched(receiver):
    values = {"corp": "c", "secret": "s", "endpoint": receiver.url("")}
    path = "/cgi-bin/externalcontact/add_msg_template?access_token=T"
    answers(receiver, path, {"errcode": 0, "fail_list": ["w3"], "msgid": "M1"})
    same = [
        envelope(f"w{n}", channel="wecom", body="春季上新", extra={"url": "https://x.example/"})
        for n in (1, 2, 3)
    ]
    done = deliver("wecom", values, *same, envelope("w4", channel="wecom", body="别的"))
    assert [one.state for one in done] == ["sent", "sent", "failed", "sent"]
    assert [one.reference for one in done] == ["M1:w1", "M1:w2", "", "M1:w4"]
    first = json.loads(receiver.messages(path)[0][1])
    assert first["external_userid"] == ["w1", "w2", "w3"] and first["chat_type"] == "single"
    assert first["attachments"] == [
        {"msgtype": "link", "link": {"title": "春季上新", "url": "https://x.example/"}}
    ]
    at = "/cgi-bin/externalcontact/"
    answers(receiver, f"{at}get_groupmsg_task?access_token=T", {"errcode": 0, "task_list": [{"userid": "z"}]})
    sent = [
        {"external_userid": "w1", "status": 1, "send_time": int(NOW.timestamp())},
        {"external_userid": "w2", "status": 3},
        {"external_userid": "w4", "status": 0},
    ]
    answers(receiver, f"{at}get_groupmsg_send_result?access_token=T", {"errcode": 0, "send_list": sent})
    found = wecom.results(values=values, token="T", task="M1")
    assert [(one.reference, one.state) for one in found] == [("M1:w1", "delivered"), ("M1:w2", "failed")]
    assert "four messages" in found[1].detail


# -- push, webhook --------------------------------------------------------------------------------------------------


def test_a_push_as_jpush_wants_it(receiver):
    answers(receiver, "/v3/push", {"sendno": "0", "msg_id": "18"})
    values = {"key": "k", "secret": "m", "endpoint": receiver.url("")}
    one = envelope("reg1", channel="push", extra={"url": "https://m.example.com/s/x"})
    assert deliver("jpush", values, one)[0].reference == "18"
    _, headers, body = receiver.got[0]
    assert base64.b64decode(headers["authorization"].removeprefix("Basic ")) == b"k:m"
    sent = json.loads(body)
    assert sent["audience"] == {"registration_id": ["reg1"]}
    assert sent["notification"]["android"]["title"] == "晨光好礼"
    for code, status, state in (
        (1011, 400, ("failed", "bad_address")),
        (2002, 400, ("retry", "")),
        (1003, 400, ("failed", "refused")),
    ):
        answers(receiver, "/v3/push", {"error": {"code": code, "message": "m"}}, status)
        [done] = deliver("jpush", values, one)
        assert (done.state, done.reason) == state


def test_a_call_is_signed_and_has_the_send_s_id_each_time(receiver):
    values = {"url": receiver.url("/in"), "secret": SECRET}
    one = envelope("m", channel="webhook", member_id=UUID(int=9), parameters={"a": '"}, {"x": 1'})
    assert deliver("webhook", values, one)[0].state == "sent"
    [(headers, body)] = receiver.messages("/in")
    assert headers["webhook-id"] == str(one.id)
    assert (
        headers["webhook-signature"]
        == webhooks.sign(id_=str(one.id), at=NOW, body=body, secrets=[SECRET])["webhook-signature"]
    )
    assert json.loads(body)["data"]["fields"] == {"a": '"}, {"x": 1'}
    for status, state in ((500, "retry"), (400, "retry"), (410, "failed")):
        receiver.answers["/in"] = status
        assert deliver("webhook", values, one)[0].state == state
    for bad in ({**values, "url": "ftp://x"}, {**values, "secret": "short"}):
        with pytest.raises(ValueError):
            PROVIDERS["webhook"].connect(bad, "", lambda: NOW)
