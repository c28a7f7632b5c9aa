"""What providers tell afterwards: deliveries, bounces, events; what is no report is refused."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from tests.channels.wires import NOW

from regulars.messaging.channels import reports
from regulars.messaging.channels.reports import BadReport, Report
from regulars.platform.webhooks import policy as webhooks

SECRET = webhooks.write_secret(bytes(32))


def told(provider: str, body: Any, values: dict[str, str] | None = None, **more: Any) -> Any:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return reports.read(provider, Report(more.pop("method", "POST"), more, content), values or {}, NOW)


ID = "0195aa00-0000-7000-8000-000000000001"


def test_reports_of_text_messages():
    ali_ = [
        {"phone_number": "13800138000", "report_time": "2026-03-01 15:59:00", "success": True, "err_code": "DELIVERED",
         "biz_id": "B1", "out_id": ID},
        {"phone_number": "1", "report_time": "x", "success": False, "err_code": "MK:0001", "biz_id": "B2",
         "out_id": ""},
    ]  # fmt: skip
    said = told("aliyun_sms", ali_)
    assert [(r.kind, r.send_id, r.reference) for r in said.receipts] == [
        ("delivered", UUID(ID), "B1"), ("bounced", None, "B2"),
    ]  # fmt: skip
    assert said.receipts[0].at == datetime(2026, 3, 1, 7, 59, tzinfo=UTC) and '"code": 0' in said.answer
    up = [
        {"phone_number": "13800138000", "content": " td ", "send_time": "x"},
        {"phone_number": "2", "content": "谢谢"},
    ]
    assert told("aliyun_sms", up).stopped == (("phone", "13800138000"),)
    ten = [
        {
            "user_receive_time": "2026-03-01 15:59:00",
            "report_status": "FAIL",
            "errmsg": "MI:0011",
            "sid": "S",
            "ext": ID,
        }
    ]
    [one] = told("tencent_sms", ten).receipts
    assert (one.kind, one.send_id, one.reference) == ("bounced", UUID(ID), "S")
    stop = {"mobile": "13800138000", "nationcode": "86", "text": "退订"}
    assert told("tencent_sms", stop).stopped == (("phone", "+8613800138000"),)


def test_bounces_by_message_id():
    events = [
        {"type": "bounced", "id": f"<{ID}@morning.example>", "at": "2026-03-01T07:00:00Z", "detail": "5.1.1"}
    ]
    [one] = told("smtp", {"events": events}).receipts
    assert (one.kind, one.send_id) == ("bounced", UUID(ID))


@pytest.mark.parametrize(
    "body",
    [b"", b"[", b"null", b"{}", b'{"events": 1}', b'{"events": [{"type": "x", "id": "1"}]}', b"[1]", b"\xff"],
)
@pytest.mark.parametrize("provider", ["aliyun_sms", "tencent_sms", "smtp", "wechat_official", "jpush"])
def test_what_is_no_report_is_refused(provider, body):
    if provider == "tencent_sms" and body.startswith(b"{"):
        return  # an object is one report, and this one names no message
    with pytest.raises(BadReport):
        told(provider, body, {"token": "t"}, timestamp=str(int(NOW.timestamp())), nonce="n", signature="s")


def wechat(xml: str, *, token: str = "tok", aes_key: str = "", forged: bool = False) -> Any:
    stamp = str(int(NOW.timestamp()))
    values = {"token": "tok", "app": "wx1", **({"aes_key": aes_key} if aes_key else {})}
    signed = hashlib.sha1("".join(sorted((token, stamp, "n"))).encode()).hexdigest()
    query = {"timestamp": stamp, "nonce": "n", "signature": "0" * 40 if forged else signed}
    return told("wechat_official", xml.encode(), values, **query)


EVENT = (
    "<xml><ToUserName><![CDATA[gh]]></ToUserName><FromUserName><![CDATA[o-1]]></FromUserName>"
    "<CreateTime>1772352000</CreateTime><MsgType><![CDATA[event]]></MsgType><Event><![CDATA[{}]]></Event>"
    "<MsgID>200163836</MsgID><Status><![CDATA[{}]]></Status></xml>"
)


def test_events_of_wechat_are_checked_and_read():
    [one] = wechat(EVENT.format("TEMPLATESENDJOBFINISH", "success")).receipts
    assert (one.kind, one.reference) == ("delivered", "200163836")
    [one] = wechat(EVENT.format("TEMPLATESENDJOBFINISH", "failed:user block")).receipts
    assert (one.kind, one.detail) == ("failed", "failed:user block")
    assert wechat(EVENT.format("unsubscribe", "")).stopped == (("wechat_openid", "o-1"),)
    for bad in (
        lambda: wechat(EVENT.format("unsubscribe", ""), forged=True),
        lambda: wechat(EVENT.format("unsubscribe", ""), token="other"),
        lambda: wechat('<!DOCTYPE x [<!ENTITY a "b">]><xml>&a;</xml>'),
        # where messages are sealed, a plain one is nobody's
        lambda: wechat(EVENT.format("unsubscribe", ""), aes_key="a" * 43),
    ):
        with pytest.raises(BadReport):
            bad()


def test_sealed_events_of_wechat_are_opened():
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    aes_key = base64.b64encode(bytes(range(32))).decode().rstrip("=")
    key = base64.b64decode(aes_key + "=")
    words = EVENT.format("unsubscribe", "").encode()
    plain = bytes(16) + len(words).to_bytes(4, "big") + words + b"wx1"
    pad = 32 - len(plain) % 32
    sealer = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    sealed = base64.b64encode(sealer.update(plain + bytes([pad]) * pad) + sealer.finalize()).decode()
    stamp = str(int(NOW.timestamp()))
    signature = hashlib.sha1("".join(sorted(("tok", stamp, "n", sealed))).encode()).hexdigest()
    values = {"token": "tok", "app": "wx1", "aes_key": aes_key}
    body = f"<xml><Encrypt><![CDATA[{sealed}]]></Encrypt></xml>".encode()
    query = {"timestamp": stamp, "nonce": "n", "msg_signature": signature}
    assert told("wechat_official", body, values, **query).stopped == (("wechat_openid", "o-1"),)
    with pytest.raises(BadReport):
        told("wechat_official", body, {**values, "app": "wx2"}, **query)
    with pytest.raises(BadReport):
        told("wechat_official", body, values, **{**query, "msg_signature": "0" * 40})
