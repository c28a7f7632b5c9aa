"""Alipay 支付宝 open platform, RSA2, spoken directly: `cryptography` signs, `requests` sends (docs/dependencies.md says
why no library stands between).

A request's parameters are sorted, joined as `key=value&…` and signed with SHA256withRSA; an answer is signed over the
exact text of its `…_response` member; a callback is signed like a request, without `sign` and `sign_type`.
Formats: https://opendocs.alipay.com/common/02kf5q (signatures), https://opendocs.alipay.com/open/270/105902 (callback).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Literal
from urllib.parse import parse_qsl, urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

import requests
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from regulars.kit.money import to_major
from regulars.kit.text import Text
from regulars.platform.payments.types import (
    Action,
    BadNotice,
    BadSetting,
    Channel,
    NoticeAnswer,
    NoticeResult,
    Opened,
    PaymentRequest,
    PaymentStatus,
    ProviderError,
    RawNotice,
    ReadNotice,
    RefundRequest,
    RefundState,
    Setting,
)

BASE = "https://openapi.alipay.com/gateway.do"
_TIMEOUT = (5, 15)
_BEIJING = ZoneInfo("Asia/Shanghai")
_PAGES = {
    "page": ("alipay.trade.page.pay", "FAST_INSTANT_TRADE_PAY"),
    "h5": ("alipay.trade.wap.pay", "QUICK_WAP_WAY"),
}
_STATES: dict[str, Literal["pending", "paid", "failed", "closed"]] = {
    "WAIT_BUYER_PAY": "pending",
    "TRADE_SUCCESS": "paid",
    "TRADE_FINISHED": "paid",
    "TRADE_CLOSED": "closed",
}
_DECODER = json.JSONDecoder()
_NO_KEY = Text(
    "密钥无法读取：应为 RSA 密钥（PEM 或 Base64）", "Not a readable key: an RSA key, as PEM or base64"
)


class Alipay:
    """The provider `alipay`."""

    code = "alipay"
    name = Text("支付宝", "Alipay")
    channels: tuple[Channel, ...] = ("page", "h5", "native")
    currencies = frozenset({"CNY"})
    can_charge = False
    settings = (
        Setting("app_id", Text("应用 ID（app_id）", "App id"), required=True),
        Setting(
            "private_key", Text("应用私钥", "App private key"), secret=True, required=True, multiline=True
        ),
        Setting("public_key", Text("支付宝公钥", "Alipay public key"), required=True, multiline=True),
    )

    def __init__(self, base: str = BASE) -> None:
        self._base = base

    def connect(self, account_id: UUID, values: Mapping[str, str]) -> AlipayGateway:
        return AlipayGateway(values, self._base)


class AlipayGateway:
    """Alipay with one app's keys."""

    def __init__(self, values: Mapping[str, str], base: str) -> None:
        self._app_id, self._base = values.get("app_id", ""), base
        self._key = _private_key(values.get("private_key", ""))
        self._public = _public_key(values.get("public_key", ""))

    def create(self, request: PaymentRequest, *, now: datetime) -> Opened:
        business = {
            "out_trade_no": request.number,
            "total_amount": str(to_major(request.amount, request.currency)),
            "subject": request.description[:256],
            "time_expire": request.expires_at.astimezone(_BEIJING).strftime("%Y-%m-%d %H:%M:%S"),
        }
        if request.channel == "native":
            told = self._ask("alipay.trade.precreate", business, now, notify_url=request.notify_url)
            return Opened(Action("qr", str(told["qr_code"])))
        if request.channel not in _PAGES:
            raise ProviderError("channel", f"no such channel: {request.channel}", again=False)
        method, product = _PAGES[request.channel]
        business["product_code"] = product
        signed = self._signed(
            method, business, now, notify_url=request.notify_url, return_url=request.return_url
        )
        return Opened(Action("redirect", f"{self._base}?{urlencode(signed)}"))

    def query(self, number: str, *, now: datetime) -> PaymentStatus:
        try:
            told = self._ask("alipay.trade.query", {"out_trade_no": number}, now)
        except ProviderError as error:
            if error.code == "ACQ.TRADE_NOT_EXIST":
                return PaymentStatus("unknown")
            raise
        return _status(told, str(told.get("send_pay_date") or ""))

    def close(self, number: str, *, now: datetime) -> PaymentStatus:
        try:
            self._ask("alipay.trade.close", {"out_trade_no": number}, now)
        except ProviderError as error:
            if error.code == "ACQ.TRADE_STATUS_ERROR":
                return self.query(number, now=now)
            # what no payer has opened yet does not exist there; its address stops working at `time_expire`
            if error.code != "ACQ.TRADE_NOT_EXIST":
                raise
        return PaymentStatus("closed")

    def refund(self, request: RefundRequest, *, now: datetime) -> RefundState:
        business = {
            "out_trade_no": request.payment_number,
            "out_request_no": request.number,
            "refund_amount": str(to_major(request.amount, request.currency)),
            "refund_reason": request.reason[:256] or "refund",
        }
        told = self._ask("alipay.trade.refund", business, now)
        if told.get("fund_change") == "Y":
            return RefundState("succeeded", str(told.get("trade_no") or ""), request.amount)
        return RefundState("pending", str(told.get("trade_no") or ""))

    def query_refund(self, number: str, payment_number: str, *, now: datetime) -> RefundState:
        business = {"out_trade_no": payment_number, "out_request_no": number}
        try:
            told = self._ask("alipay.trade.fastpay.refund.query", business, now)
        except ProviderError as error:
            if error.code in ("ACQ.TRADE_NOT_EXIST", "TRADE_NOT_EXIST"):
                return RefundState("unknown")
            raise
        if told.get("refund_status") == "REFUND_SUCCESS":
            return RefundState("succeeded", str(told.get("trade_no") or ""), _fen(told.get("refund_amount")))
        return RefundState("unknown" if not told.get("refund_amount") else "pending")

    def verify_notice(self, raw: RawNotice, *, now: datetime) -> ReadNotice:
        try:
            told = dict(
                parse_qsl(raw.body.decode(), keep_blank_values=True, strict_parsing=True, max_num_fields=100)
            )
        except ValueError as error:
            raise BadNotice("malformed", "not a form") from error
        signature = told.pop("sign", "")
        if told.pop("sign_type", "") != "RSA2" or not self._verify(_all_joined(told), signature):
            raise BadNotice("bad_signature", "the signature does not fit")
        if told.get("app_id") != self._app_id:
            raise BadNotice("bad_signature", "of another app")
        try:
            number, notice = told["out_trade_no"], told["notify_id"]
            refund = told.get("out_biz_no", "") if told.get("gmt_refund") else ""
            if refund:
                # `refund_fee` is the total paid back so far; what this one brought is asked for
                return ReadNotice(notice, number, refund=RefundState("pending"), refund_number=refund)
            return ReadNotice(notice, number, payment=_status(told, told.get("gmt_payment", "")))
        except (KeyError, ValueError, InvalidOperation) as error:
            raise BadNotice("malformed", "not a callback of Alipay") from error

    def answer(self, result: NoticeResult) -> NoticeAnswer:
        good = result in ("accepted", "duplicate", "ignored")
        return NoticeAnswer(200, "text/plain", "success" if good else "failure")

    def check(self, *, now: datetime) -> None:
        """Ask for a payment that does not exist: a signed answer proves app id and both keys."""
        self.query("0" * 31 + "1", now=now)

    def _signed(self, method: str, business: Mapping[str, str], now: datetime, **more: str) -> dict[str, str]:
        given = {
            "app_id": self._app_id,
            "method": method,
            "format": "JSON",
            "charset": "utf-8",
            "sign_type": "RSA2",
            "timestamp": now.astimezone(_BEIJING).strftime("%Y-%m-%d %H:%M:%S"),
            "version": "1.0",
            "biz_content": json.dumps(business, ensure_ascii=False, separators=(",", ":")),
            **{key: value for key, value in more.items() if value},
        }
        signature = self._key.sign(_joined(given).encode(), PKCS1v15(), SHA256())
        return {**given, "sign": base64.b64encode(signature).decode()}

    def _ask(self, method: str, business: Mapping[str, str], now: datetime, **more: str) -> dict[str, Any]:
        try:
            answer = requests.post(
                self._base,
                data=self._signed(method, business, now, **more),
                headers={"Content-Type": "application/x-www-form-urlencoded;charset=utf-8"},
                timeout=_TIMEOUT,
                allow_redirects=False,
            )
            answer.encoding = "utf-8"
        except requests.RequestException as error:
            raise ProviderError("unreachable", type(error).__name__, again=True) from error
        if answer.status_code != 200:
            code = f"HTTP_{answer.status_code}"
            raise ProviderError(code, "", again=answer.status_code >= 500 or answer.status_code == 429)
        told = self._read(answer.text, method.replace(".", "_") + "_response")
        if told.get("code") == "10000":
            return told
        code = str(told.get("sub_code") or told.get("code") or "unknown")
        again = told.get("code") in ("20000", "10003") or code in ("ACQ.SYSTEM_ERROR", "aop.ACQ.SYSTEM_ERROR")
        raise ProviderError(code, str(told.get("sub_msg") or told.get("msg") or "")[:200], again=again)

    def _read(self, text: str, member: str) -> dict[str, Any]:
        """The member of an answer, if its signature is right. Raises `ProviderError`."""
        try:
            whole = json.loads(text)
            name = member if member in whole else "error_response"
            mark = f'"{name}":'
            start = text.index(mark) + len(mark)
            while text[start].isspace():
                start += 1
            told, end = _DECODER.raw_decode(text, start)
        except (ValueError, TypeError, IndexError) as error:
            raise ProviderError("bad_answer", "not an answer of Alipay", again=True) from error
        signature = str(whole.get("sign") or "")
        # errors about our own keys come unsigned; nothing is done on their word but to say so
        if not self._verify(text[start:end], signature) and (signature or name == member):
            raise ProviderError("bad_answer", "the answer's signature does not fit", again=True)
        return told if isinstance(told, dict) else {}

    def _verify(self, text: str, signature: str) -> bool:
        try:
            self._public.verify(
                base64.b64decode(signature, validate=True), text.encode(), PKCS1v15(), SHA256()
            )
        except (InvalidSignature, ValueError):
            return False
        return bool(signature)


def _status(told: Mapping[str, Any], paid_at: str) -> PaymentStatus:
    state = _STATES.get(str(told.get("trade_status")), "pending")
    stamp = None
    if paid_at:
        stamp = datetime.strptime(paid_at, "%Y-%m-%d %H:%M:%S").replace(tzinfo=_BEIJING)
    return PaymentStatus(
        state,
        reference=str(told.get("trade_no") or ""),
        amount=_fen(told.get("total_amount")),
        currency=str(told.get("trans_currency") or "CNY"),
        paid_at=stamp,
    )


def _fen(text: Any) -> int | None:
    """`"12.30"` → 1230. Raises for what is no whole number of fen."""
    if text is None:
        return None
    scaled = Decimal(str(text)) * 100
    if scaled != scaled.to_integral_value():
        raise ValueError(f"not an amount in fen: {text!r}")
    return int(scaled)


def _joined(given: Mapping[str, str]) -> str:
    """What a request's signature is over: nothing empty is sent."""
    return _all_joined({key: value for key, value in given.items() if value})


def _all_joined(given: Mapping[str, str]) -> str:
    return "&".join(f"{key}={given[key]}" for key in sorted(given))


def _private_key(text: str) -> RSAPrivateKey:
    """PEM or bare base64, PKCS#8 or PKCS#1. Raises `BadSetting`."""
    key: object = None
    with suppress(ValueError, TypeError, UnsupportedAlgorithm):
        if "-----BEGIN" in text:
            key = serialization.load_pem_private_key(text.strip().encode(), password=None)
        else:
            key = serialization.load_der_private_key(base64.b64decode("".join(text.split())), password=None)
    if not isinstance(key, RSAPrivateKey):
        raise BadSetting("private_key", _NO_KEY)
    return key


def _public_key(text: str) -> RSAPublicKey:
    """PEM or bare base64. Raises `BadSetting`."""
    key: object = None
    with suppress(ValueError, TypeError, UnsupportedAlgorithm):
        if "-----BEGIN" in text:
            key = serialization.load_pem_public_key(text.strip().encode())
        else:
            key = serialization.load_der_public_key(base64.b64decode("".join(text.split())))
    if not isinstance(key, RSAPublicKey):
        raise BadSetting("public_key", _NO_KEY)
    return key
