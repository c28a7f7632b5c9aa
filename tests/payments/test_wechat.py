"""WeChat Pay v3 on the wire: what we send is signed as the documentation says, what comes back is checked.

The other end is written after https://pay.weixin.qq.com/doc/v3/merchant/4012081606 with `cryptography` alone, so that
it does not share the adapter's reading of it.
"""

from __future__ import annotations

import base64
import json
import re
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from tests.payments.loopback import Got, Keys, Wire, make_keys, serving

from regulars.kit.ids import new_id
from regulars.platform.payments.providers.wechat import WeChatGateway, WeChatPayV3
from regulars.platform.payments.types import (
    BadNotice,
    PaymentRequest,
    ProviderError,
    RawNotice,
    RefundRequest,
)

NOW = datetime(2026, 5, 13, 4, tzinfo=UTC)
MERCHANT, PLATFORM = make_keys(), make_keys()
APIV3, SERIAL, PUBLIC_ID = "k" * 32, "5F3A0C", "PUB_KEY_ID_0114232134912410000000000000"
NUMBER = "0190000000007000800000000000abcd"


def signed(keys: Keys, text: str) -> str:
    return base64.b64encode(keys.private.sign(text.encode(), PKCS1v15(), SHA256())).decode()


def platform_headers(body: str, *, at: datetime | None = None, serial: str = PUBLIC_ID) -> dict[str, str]:
    stamp, nonce = str(int((at or datetime.now(UTC)).timestamp())), secrets.token_hex(8)
    return {
        "Content-Type": "application/json",
        "Wechatpay-Timestamp": stamp,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Serial": serial,
        "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
        "Wechatpay-Signature": signed(PLATFORM, f"{stamp}\n{nonce}\n{body}\n"),
    }


def check_request(got: Got) -> None:
    """The request's own signature, by the merchant's public key."""
    match = re.fullmatch(
        r'WECHATPAY2-SHA256-RSA2048 mchid="(\w+)",nonce_str="(\w+)",signature="([^"]+)",'
        r'timestamp="(\d+)",serial_no="(\w+)"',
        got.headers["authorization"],
    )
    assert match, got.headers["authorization"]
    mchid, nonce, signature, stamp, serial = match.groups()
    assert (mchid, serial) == ("1900000001", SERIAL)
    text = f"{got.method}\n{got.path}\n{stamp}\n{nonce}\n{got.body.decode()}\n"
    MERCHANT.private.public_key().verify(base64.b64decode(signature), text.encode(), PKCS1v15(), SHA256())


class WeChat:
    """The other end: answers by path, each answer signed."""

    def __init__(self, wire: Wire) -> None:
        self.wire, self.answers = wire, {}
        wire.answer = self._answer
        self.answers: dict[tuple[str, str], tuple[int, Any]] = {}

    def on(self, method: str, path: str, told: Any, status: int = 200) -> None:
        self.answers[method, path] = (status, told)

    def _answer(self, got: Got) -> tuple[int, dict[str, str], bytes]:
        check_request(got)
        status, told = self.answers[got.method, got.path.partition("?")[0]]
        body = "" if told is None else json.dumps(told, ensure_ascii=False)
        return status, platform_headers(body), body.encode()


@pytest.fixture
def wechat() -> Iterator[WeChat]:
    with serving() as wire:
        yield WeChat(wire)


@pytest.fixture
def gateway(wechat: WeChat) -> WeChatGateway:
    return connect(wechat.wire.url)


def connect(base: str, **other: str) -> WeChatGateway:
    values = {
        "mchid": "1900000001",
        "appid": "wx0000000000000001",
        "serial": SERIAL,
        "private_key": MERCHANT.private_pem,
        "apiv3_key": APIV3,
        "public_key_id": PUBLIC_ID,
        "public_key": PLATFORM.public_pem,
    }
    return WeChatPayV3(base).connect(new_id(), {**values, **other})


def request(channel: Any = "native", **more: Any) -> PaymentRequest:
    given: dict[str, Any] = {
        "number": NUMBER,
        "amount": 30000,
        "currency": "CNY",
        "description": "常客 尊享会员",
        "channel": channel,
        "notify_url": "https://shop.example/pay/notice/wechat/1",
        "expires_at": NOW + timedelta(minutes=30),
    }
    return PaymentRequest(**{**given, **more})


TRANSACTION = {
    "mchid": "1900000001",
    "appid": "wx0000000000000001",
    "out_trade_no": NUMBER,
    "transaction_id": "4200001234202605130000000001",
    "trade_state": "SUCCESS",
    "success_time": "2026-05-13T12:01:00+08:00",
    "amount": {"total": 30000, "payer_total": 30000, "currency": "CNY", "payer_currency": "CNY"},
}


def notice(
    resource: Any = TRANSACTION,
    kind: str = "TRANSACTION.SUCCESS",
    *,
    key: str = APIV3,
    at: datetime = NOW,
    serial: str = PUBLIC_ID,
) -> RawNotice:
    nonce, associated = secrets.token_hex(6), "transaction"
    sealed = AESGCM(key.encode()).encrypt(nonce.encode(), json.dumps(resource).encode(), associated.encode())
    body = json.dumps(
        {
            "id": "EV-2018022511223320873",
            "create_time": "2026-05-13T12:01:00+08:00",
            "resource_type": "encrypt-resource",
            "event_type": kind,
            "summary": "支付成功",
            "resource": {
                "original_type": "transaction",
                "algorithm": "AEAD_AES_256_GCM",
                "ciphertext": base64.b64encode(sealed).decode(),
                "associated_data": associated,
                "nonce": nonce,
            },
        },
        ensure_ascii=False,
    )
    headers = {name.lower(): value for name, value in platform_headers(body, at=at, serial=serial).items()}
    return RawNotice(headers, body.encode())


def test_native_gives_a_code_to_scan(wechat: WeChat, gateway: WeChatGateway) -> None:
    wechat.on("POST", "/v3/pay/transactions/native", {"code_url": "weixin://wxpay/bizpayurl?pr=abc"})
    opened = gateway.create(request(), now=NOW)
    assert (opened.action.kind, opened.action.url) == ("qr", "weixin://wxpay/bizpayurl?pr=abc")
    sent = json.loads(wechat.wire.got[0].body)
    assert sent == {
        "appid": "wx0000000000000001",
        "mchid": "1900000001",
        "description": "常客 尊享会员",
        "out_trade_no": NUMBER,
        "time_expire": "2026-05-13T12:30:00+08:00",
        "notify_url": "https://shop.example/pay/notice/wechat/1",
        "amount": {"total": 30000, "currency": "CNY"},
    }


def test_jsapi_gives_what_the_page_hands_to_wechat(wechat: WeChat, gateway: WeChatGateway) -> None:
    wechat.on("POST", "/v3/pay/transactions/jsapi", {"prepay_id": "wx1320"})
    values = gateway.create(request("jsapi", payer="oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"), now=NOW).action.values
    assert json.loads(wechat.wire.got[0].body)["payer"] == {"openid": "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"}
    assert (values["package"], values["signType"]) == ("prepay_id=wx1320", "RSA")
    text = f"{values['appId']}\n{values['timeStamp']}\n{values['nonceStr']}\n{values['package']}\n"
    MERCHANT.private.public_key().verify(
        base64.b64decode(values["paySign"]), text.encode(), PKCS1v15(), SHA256()
    )
    with pytest.raises(ProviderError, match="openid"):
        gateway.create(request("jsapi"), now=NOW)


def test_h5_leads_back(wechat: WeChat, gateway: WeChatGateway) -> None:
    wechat.on("POST", "/v3/pay/transactions/h5", {"h5_url": "https://wx.tenpay.com/x?prepay_id=1"})
    opened = gateway.create(
        request("h5", return_url="https://shop.example/h/a?b=c", payer_ip="1.2.3.4"), now=NOW
    )
    assert opened.action.url == (
        "https://wx.tenpay.com/x?prepay_id=1&redirect_url=https%3A%2F%2Fshop.example%2Fh%2Fa%3Fb%3Dc"
    )
    assert json.loads(wechat.wire.got[0].body)["scene_info"]["payer_client_ip"] == "1.2.3.4"


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ("SUCCESS", "paid"),
        ("REFUND", "paid"),
        ("NOTPAY", "pending"),
        ("CLOSED", "closed"),
        ("PAYERROR", "failed"),
    ],
)
def test_query(wechat: WeChat, gateway: WeChatGateway, said: str, state: str) -> None:
    wechat.on("GET", f"/v3/pay/transactions/out-trade-no/{NUMBER}", {**TRANSACTION, "trade_state": said})
    told = gateway.query(NUMBER, now=NOW)
    assert (told.state, told.amount, told.currency) == (state, 30000, "CNY")
    assert told.reference == "4200001234202605130000000001"


def test_query_of_what_wechat_does_not_know(wechat: WeChat, gateway: WeChatGateway) -> None:
    path = f"/v3/pay/transactions/out-trade-no/{NUMBER}"
    wechat.on("GET", path, {"code": "ORDER_NOT_EXIST", "message": "订单不存在"}, 404)
    assert gateway.query(NUMBER, now=NOW).state == "unknown"


def test_close_and_close_too_late(wechat: WeChat, gateway: WeChatGateway) -> None:
    path = f"/v3/pay/transactions/out-trade-no/{NUMBER}"
    wechat.on("POST", f"{path}/close", None, 204)
    assert gateway.close(NUMBER, now=NOW).state == "closed"
    wechat.on("POST", f"{path}/close", {"code": "ORDERPAID", "message": "订单已支付"}, 400)
    wechat.on("GET", path, TRANSACTION)
    assert gateway.close(NUMBER, now=NOW).state == "paid"


def test_refund_and_its_query(wechat: WeChat, gateway: WeChatGateway) -> None:
    told = {"refund_id": "50000000382019052709732678859", "status": "PROCESSING", "amount": {"refund": 1200}}
    wechat.on("POST", "/v3/refund/domestic/refunds", told)
    asked = RefundRequest("r" * 32, NUMBER, "", 1200, 30000, "CNY", "unused days", "https://shop.example/n")
    assert gateway.refund(asked, now=NOW).state == "pending"
    sent = json.loads(wechat.wire.got[0].body)
    assert sent["amount"] == {"refund": 1200, "total": 30000, "currency": "CNY"}
    assert (sent["out_trade_no"], sent["out_refund_no"]) == (NUMBER, "r" * 32)
    wechat.on("GET", f"/v3/refund/domestic/refunds/{'r' * 32}", {**told, "status": "SUCCESS"})
    after = gateway.query_refund("r" * 32, NUMBER, now=NOW)
    assert (after.state, after.amount) == ("succeeded", 1200)
    wechat.on("GET", f"/v3/refund/domestic/refunds/{'r' * 32}", {**told, "status": "ABNORMAL"})
    assert gateway.query_refund("r" * 32, NUMBER, now=NOW).state == "failed"


def test_an_answer_that_is_not_wechats_is_not_believed(wechat: WeChat, gateway: WeChatGateway) -> None:
    body = json.dumps(TRANSACTION)
    forged = {**platform_headers(body), "Wechatpay-Signature": signed(MERCHANT, "something else")}
    wechat.wire.answer = lambda got: (200, forged, body.encode())
    with pytest.raises(ProviderError) as raised:
        gateway.query(NUMBER, now=NOW)
    assert (raised.value.code, raised.value.again) == ("bad_answer", True)


def test_silence_may_be_tried_again(gateway: WeChatGateway, wechat: WeChat) -> None:
    wechat.on("POST", "/v3/pay/transactions/native", {"code": "SYSTEM_ERROR", "message": "x"}, 500)
    with pytest.raises(ProviderError) as raised:
        gateway.create(request(), now=NOW)
    assert raised.value.again
    with pytest.raises(ProviderError) as raised:
        connect("http://127.0.0.1:9").query(NUMBER, now=NOW)
    assert (raised.value.code, raised.value.again) == ("unreachable", True)
    wechat.on("POST", "/v3/pay/transactions/native", {"code": "PARAM_ERROR", "message": "x"}, 400)
    with pytest.raises(ProviderError) as raised:
        gateway.create(request(), now=NOW)
    assert not raised.value.again


def test_a_notice_is_opened(gateway: WeChatGateway) -> None:
    read = gateway.verify_notice(notice(), now=NOW)
    assert (read.id, read.number) == ("EV-2018022511223320873", NUMBER)
    assert read.payment is not None
    assert (read.payment.state, read.payment.amount, read.payment.currency) == ("paid", 30000, "CNY")
    refund = {
        "mchid": "1900000001", "out_trade_no": NUMBER, "out_refund_no": "r" * 32, "refund_id": "5",
        "refund_status": "SUCCESS", "amount": {"total": 30000, "refund": 1200},
    }  # fmt: skip
    read = gateway.verify_notice(notice(refund, "REFUND.SUCCESS"), now=NOW)
    assert read.refund is not None
    assert (read.refund_number, read.refund.state, read.refund.amount) == ("r" * 32, "succeeded", 1200)


def test_notices_that_are_not_believed(gateway: WeChatGateway, wechat: WeChat) -> None:
    good = notice()
    changed = RawNotice(good.headers, good.body.replace(b"TRANSACTION", b"TRANSACTIOM"))
    unsigned = RawNotice({"content-type": "application/json"}, good.body)
    for raw in (
        changed,
        unsigned,
        notice(key="w" * 32),
        notice(at=NOW - timedelta(minutes=6)),
        notice(serial="PUB_KEY_ID_OTHER"),
        notice({**TRANSACTION, "mchid": "1900000002"}),
        notice({**TRANSACTION, "appid": "wx0000000000000002"}),
    ):
        with pytest.raises(BadNotice) as raised:
            gateway.verify_notice(raw, now=NOW)
        assert raised.value.result == "bad_signature"
    assert wechat.wire.got == []  # no stranger makes us ask WeChat for certificates


def test_what_cannot_be_settings_is_said() -> None:
    for wrong in ({"apiv3_key": "short"}, {"private_key": "no key"}, {"public_key": "no key"}):
        with pytest.raises(ValueError):
            connect("http://127.0.0.1:9", **wrong)
