"""Alipay on the wire: RSA2 over sorted parameters, answers signed over the exact text of their member, form callbacks.

The other end is written after https://opendocs.alipay.com/common/02kf5q with `cryptography` alone.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from tests.payments.loopback import Got, Keys, Wire, make_keys, serving

from regulars.kit.ids import new_id
from regulars.platform.payments.providers.alipay import Alipay, AlipayGateway
from regulars.platform.payments.types import (
    BadNotice,
    PaymentRequest,
    ProviderError,
    RawNotice,
    RefundRequest,
)

NOW = datetime(2026, 5, 13, 4, tzinfo=UTC)
APP, PLATFORM = make_keys(), make_keys()
NUMBER = "0190000000007000800000000000abcd"


def signed(keys: Keys, text: str) -> str:
    return base64.b64encode(keys.private.sign(text.encode(), PKCS1v15(), SHA256())).decode()


def check_request(given: dict[str, str]) -> dict[str, Any]:
    """A request's signature by the app's public key; gives its business content."""
    signature = given.pop("sign")
    text = "&".join(f"{key}={given[key]}" for key in sorted(given))
    APP.private.public_key().verify(base64.b64decode(signature), text.encode(), PKCS1v15(), SHA256())
    assert (given["app_id"], given["sign_type"], given["charset"]) == ("2021000000000001", "RSA2", "utf-8")
    assert given["timestamp"] == "2026-05-13 12:00:00"  # Beijing's time, whatever the machine's
    content: dict[str, Any] = json.loads(given["biz_content"])
    return content


class Other:
    """The other end: answers by method."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.answers: dict[str, Any] = {}
        self.asked: list[dict[str, Any]] = []
        self.spoil = False
        wire.answer = self._answer

    def _answer(self, got: Got) -> tuple[int, dict[str, str], bytes]:
        given = dict(parse_qsl(got.body.decode(), keep_blank_values=True))
        method = given["method"]
        self.asked.append(check_request(given))
        member = json.dumps(self.answers[method], ensure_ascii=False, separators=(",", ":"))
        signature = signed(PLATFORM, member)
        if self.spoil:
            member = member.replace("300.00", "0.01")
        text = f'{{"{method.replace(".", "_")}_response":{member},"sign":"{signature}"}}'
        return 200, {"Content-Type": "text/html;charset=utf-8"}, text.encode()


@pytest.fixture
def other() -> Iterator[Other]:
    with serving() as wire:
        yield Other(wire)


@pytest.fixture
def gateway(other: Other) -> AlipayGateway:
    return connect(f"{other.wire.url}/gateway.do")


def connect(base: str, **more: str) -> AlipayGateway:
    # the way Alipay's own tool gives keys: bare base64 without PEM's lines
    bare = "".join(line for line in PLATFORM.public_pem.splitlines() if "-----" not in line)
    values = {"app_id": "2021000000000001", "private_key": APP.private_pem, "public_key": bare}
    return Alipay(base).connect(new_id(), {**values, **more})


def request(channel: Any = "page") -> PaymentRequest:
    return PaymentRequest(
        number=NUMBER,
        amount=30000,
        currency="CNY",
        description="常客 尊享会员",
        channel=channel,
        notify_url="https://shop.example/pay/notice/alipay/1",
        expires_at=NOW + timedelta(minutes=30),
        return_url="https://shop.example/h/a",
    )


@pytest.mark.parametrize(
    ("channel", "method", "product"),
    [
        ("page", "alipay.trade.page.pay", "FAST_INSTANT_TRADE_PAY"),
        ("h5", "alipay.trade.wap.pay", "QUICK_WAP_WAY"),
    ],
)
def test_a_page_is_a_signed_address(gateway: AlipayGateway, channel: str, method: str, product: str) -> None:
    url = gateway.create(request(channel), now=NOW).action.url
    given = dict(parse_qsl(urlsplit(url).query))
    assert (given["method"], given["return_url"]) == (method, "https://shop.example/h/a")
    assert given["notify_url"] == "https://shop.example/pay/notice/alipay/1"
    content = check_request(given)
    assert content == {
        "out_trade_no": NUMBER,
        "total_amount": "300.00",
        "subject": "常客 尊享会员",
        "time_expire": "2026-05-13 12:30:00",
        "product_code": product,
    }


def test_a_code_to_scan(other: Other, gateway: AlipayGateway) -> None:
    other.answers["alipay.trade.precreate"] = {
        "code": "10000",
        "msg": "Success",
        "qr_code": "https://qr.alipay.com/b",
    }
    opened = gateway.create(request("native"), now=NOW)
    assert (opened.action.kind, opened.action.url) == ("qr", "https://qr.alipay.com/b")


TRADE = {
    "code": "10000",
    "msg": "Success",
    "out_trade_no": NUMBER,
    "trade_no": "2026051322001400000000000001",
    "trade_status": "TRADE_SUCCESS",
    "total_amount": "300.00",
    "send_pay_date": "2026-05-13 12:01:00",
    "buyer_logon_id": "张***@example.com",
}


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ("TRADE_SUCCESS", "paid"),
        ("TRADE_FINISHED", "paid"),
        ("WAIT_BUYER_PAY", "pending"),
        ("TRADE_CLOSED", "closed"),
    ],
)
def test_query(other: Other, gateway: AlipayGateway, said: str, state: str) -> None:
    other.answers["alipay.trade.query"] = {**TRADE, "trade_status": said}
    told = gateway.query(NUMBER, now=NOW)
    assert (told.state, told.amount, told.currency) == (state, 30000, "CNY")
    assert told.paid_at is not None and told.paid_at.astimezone(UTC) == datetime(
        2026, 5, 13, 4, 1, tzinfo=UTC
    )


def test_query_of_what_nobody_opened(other: Other, gateway: AlipayGateway) -> None:
    other.answers["alipay.trade.query"] = {
        "code": "40004",
        "sub_code": "ACQ.TRADE_NOT_EXIST",
        "msg": "Business Failed",
    }
    assert gateway.query(NUMBER, now=NOW).state == "unknown"


def test_an_answer_that_was_changed_is_not_believed(other: Other, gateway: AlipayGateway) -> None:
    other.answers["alipay.trade.query"], other.spoil = TRADE, True
    with pytest.raises(ProviderError) as raised:
        gateway.query(NUMBER, now=NOW)
    assert raised.value.code == "bad_answer"


def test_close_refund_and_refund_query(other: Other, gateway: AlipayGateway) -> None:
    other.answers["alipay.trade.close"] = {"code": "40004", "sub_code": "ACQ.TRADE_NOT_EXIST"}
    assert gateway.close(NUMBER, now=NOW).state == "closed"
    other.answers["alipay.trade.close"] = {"code": "40004", "sub_code": "ACQ.TRADE_STATUS_ERROR"}
    other.answers["alipay.trade.query"] = TRADE
    assert gateway.close(NUMBER, now=NOW).state == "paid"
    asked = RefundRequest("r" * 32, NUMBER, "", 1205, 30000, "CNY", "unused days", "https://shop.example/n")
    other.answers["alipay.trade.refund"] = {"code": "10000", "fund_change": "Y", "refund_fee": "12.05"}
    assert gateway.refund(asked, now=NOW).state == "succeeded"
    assert other.asked[-1] == {
        "out_trade_no": NUMBER, "out_request_no": "r" * 32, "refund_amount": "12.05", "refund_reason": "unused days",
    }  # fmt: skip
    other.answers["alipay.trade.fastpay.refund.query"] = {
        "code": "10000", "refund_status": "REFUND_SUCCESS", "refund_amount": "12.05",
    }  # fmt: skip
    told = gateway.query_refund("r" * 32, NUMBER, now=NOW)
    assert (told.state, told.amount) == ("succeeded", 1205)
    other.answers["alipay.trade.fastpay.refund.query"] = {"code": "10000"}
    assert gateway.query_refund("r" * 32, NUMBER, now=NOW).state == "unknown"


CALLBACK = {
    "app_id": "2021000000000001",
    "notify_id": "2026051300222120103000000001",
    "notify_type": "trade_status_sync",
    "out_trade_no": NUMBER,
    "trade_no": "2026051322001400000000000001",
    "trade_status": "TRADE_SUCCESS",
    "total_amount": "300.00",
    "gmt_payment": "2026-05-13 12:01:00",
    "subject": "常客 尊享会员",
    "fund_bill_list": '[{"amount":"300.00","fundChannel":"ALIPAYACCOUNT"}]',
}


def notice(keys: Keys = PLATFORM, **more: str) -> RawNotice:
    given = {**CALLBACK, **more}
    text = "&".join(f"{key}={given[key]}" for key in sorted(given))
    body = urlencode({**given, "sign": signed(keys, text), "sign_type": "RSA2"})
    return RawNotice({"content-type": "application/x-www-form-urlencoded"}, body.encode())


def test_a_callback_is_read(gateway: AlipayGateway) -> None:
    read = gateway.verify_notice(notice(), now=NOW)
    assert (read.id, read.number) == ("2026051300222120103000000001", NUMBER)
    assert read.payment is not None
    assert (read.payment.state, read.payment.amount) == ("paid", 30000)
    read = gateway.verify_notice(
        notice(gmt_refund="2026-05-14 09:00:00", out_biz_no="r" * 32, refund_fee="12.05"), now=NOW
    )
    assert (read.payment, read.refund_number) == (None, "r" * 32)
    assert gateway.answer("accepted").body == "success"
    assert gateway.answer("wrong_amount").body == "failure"


def test_callbacks_that_are_not_believed(gateway: AlipayGateway) -> None:
    good = notice()
    for raw in (
        RawNotice(good.headers, good.body.replace(b"300.00", b"000.01")),
        notice(APP),
        notice(app_id="2021000000000002"),
        RawNotice(good.headers, good.body.replace(b"sign_type=RSA2", b"sign_type=RSA")),
    ):
        with pytest.raises(BadNotice) as raised:
            gateway.verify_notice(raw, now=NOW)
        assert raised.value.result == "bad_signature"
    for body in (b"\xff\xfe", b"no form"):
        with pytest.raises(BadNotice) as raised:
            gateway.verify_notice(RawNotice({}, body), now=NOW)
        assert raised.value.result == "malformed"
    with pytest.raises(BadNotice) as raised:
        gateway.verify_notice(notice(total_amount="300.001"), now=NOW)
    assert raised.value.result == "malformed"


def test_silence_may_be_tried_again(other: Other) -> None:
    other.wire.answer = lambda got: (502, {}, b"")
    with pytest.raises(ProviderError) as raised:
        connect(other.wire.url).query(NUMBER, now=NOW)
    assert raised.value.again
    with pytest.raises(ProviderError) as raised:
        connect("http://127.0.0.1:9").query(NUMBER, now=NOW)
    assert (raised.value.code, raised.value.again) == ("unreachable", True)


def test_what_cannot_be_settings_is_said() -> None:
    for wrong in ({"private_key": "no key"}, {"public_key": "bm8ga2V5"}):
        with pytest.raises(ValueError):
            connect("http://127.0.0.1:9", **wrong)
