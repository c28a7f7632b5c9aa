"""WeChat Pay API v3 微信支付, for a merchant of its own, by the library `wechatpayv3`.

The library signs requests, verifies answers and callbacks and opens callbacks' AES-256-GCM resources, all with the
WeChat Pay public key (微信支付公钥 mode). What it leaves open is closed here: a time-out on every request, callbacks
that are old, of another merchant or under an unknown serial, and its bare exceptions.
Formats: https://pay.weixin.qq.com/doc/v3/merchant/4012081606 (signatures), …/4012791861 (payment callback).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Literal
from urllib.parse import quote
from uuid import UUID
from zoneinfo import ZoneInfo

import requests
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from wechatpayv3 import WeChatPay, WeChatPayType
from wechatpayv3.utils import load_private_key, load_public_key

from regulars.kit.ids import new_code
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

BASE = "https://api.mch.weixin.qq.com"
FRESH = timedelta(minutes=5)
_TIMEOUT = (5, 15)
_BEIJING = ZoneInfo("Asia/Shanghai")
_TYPES = {
    "jsapi": WeChatPayType.JSAPI,
    "native": WeChatPayType.NATIVE,
    "h5": WeChatPayType.H5,
}
# REFUND is a payment that was paid and is being, or was, paid back.
_STATES: dict[str, Literal["pending", "paid", "failed", "closed"]] = {
    "SUCCESS": "paid",
    "REFUND": "paid",
    "NOTPAY": "pending",
    "USERPAYING": "pending",
    "CLOSED": "closed",
    "REVOKED": "closed",
    "PAYERROR": "failed",
}
_REFUNDS: dict[str, Literal["pending", "succeeded", "failed"]] = {
    "SUCCESS": "succeeded",
    "PROCESSING": "pending",
    "CLOSED": "failed",
    "ABNORMAL": "failed",
}
_SIGNED_HEADERS = ("signature", "timestamp", "nonce", "serial", "signature-type")


class WeChatPayV3:
    """The provider `wechat`."""

    code = "wechat"
    name = Text("微信支付", "WeChat Pay")
    channels: tuple[Channel, ...] = ("jsapi", "native", "h5")
    currencies = frozenset({"CNY"})
    can_charge = False
    settings = (
        Setting("mchid", Text("商户号", "Merchant id"), required=True),
        Setting("appid", Text("应用 ID（appid）", "App id"), required=True),
        Setting("serial", Text("商户证书序列号", "Serial of the merchant certificate"), required=True),
        Setting(
            "private_key",
            Text("商户私钥", "Merchant private key"),
            secret=True,
            required=True,
            multiline=True,
        ),
        Setting("apiv3_key", Text("APIv3 密钥", "APIv3 key"), secret=True, required=True),
        Setting("public_key_id", Text("微信支付公钥 ID", "WeChat Pay public key id"), required=True),
        Setting("public_key", Text("微信支付公钥", "WeChat Pay public key"), required=True, multiline=True),
    )

    def __init__(self, base: str = BASE) -> None:
        self._base = base

    def connect(self, account_id: UUID, values: Mapping[str, str]) -> WeChatGateway:
        return WeChatGateway(values, self._base)


class WeChatGateway:
    """WeChat Pay with one merchant's keys."""

    def __init__(self, values: Mapping[str, str], base: str) -> None:
        self._mchid, self._appid = values.get("mchid", ""), values.get("appid", "")
        self._public_key_id = values.get("public_key_id", "")
        if len(values.get("apiv3_key", "").encode()) != 32:
            raise BadSetting("apiv3_key", Text("APIv3 密钥为 32 个字符", "An APIv3 key has 32 characters"))
        _check_key("private_key", load_private_key, RSAPrivateKey, values)
        _check_key("public_key", load_public_key, RSAPublicKey, values)
        try:
            self._client = WeChatPay(
                wechatpay_type=WeChatPayType.NATIVE,
                mchid=self._mchid,
                private_key=values.get("private_key", ""),
                cert_serial_no=values.get("serial", ""),
                appid=self._appid,
                apiv3_key=values["apiv3_key"],
                timeout=_TIMEOUT,
                public_key=values.get("public_key", ""),
                public_key_id=self._public_key_id,
            )
        except Exception as error:
            raise ValueError("the settings cannot be used") from error
        self._client._core._gate_way = base

    def create(self, request: PaymentRequest, *, now: datetime) -> Opened:
        if request.channel not in _TYPES:
            raise ProviderError("channel", f"no such channel: {request.channel}", again=False)
        given: dict[str, Any] = {
            "description": request.description[:127],
            "out_trade_no": request.number,
            "amount": {"total": request.amount, "currency": request.currency},
            "time_expire": request.expires_at.astimezone(_BEIJING).isoformat(timespec="seconds"),
            "notify_url": request.notify_url,
            "pay_type": _TYPES[request.channel],
        }
        if request.channel == "jsapi":
            if not request.payer:
                raise ProviderError("payer", "a JSAPI payment needs the payer's openid", again=False)
            given["payer"] = {"openid": request.payer}
        if request.channel == "h5":
            ip = request.payer_ip or "127.0.0.1"
            given["scene_info"] = {"payer_client_ip": ip, "h5_info": {"type": "Wap"}}
        told = self._ask(lambda: self._client.pay(**given))
        if request.channel == "native":
            return Opened(Action("qr", str(told["code_url"])))
        if request.channel == "h5":
            back = f"&redirect_url={quote(request.return_url, safe='')}" if request.return_url else ""
            return Opened(Action("redirect", f"{told['h5_url']}{back}"))
        return Opened(Action("jsapi", values=self._jsapi(str(told["prepay_id"]), now)))

    def query(self, number: str, *, now: datetime) -> PaymentStatus:
        try:
            told = self._ask(lambda: self._client.query(out_trade_no=number))
        except ProviderError as error:
            if error.code in ("ORDER_NOT_EXIST", "RESOURCE_NOT_EXISTS"):
                return PaymentStatus("unknown")
            raise
        return self._status(told)

    def close(self, number: str, *, now: datetime) -> PaymentStatus:
        try:
            self._ask(lambda: self._client.close(out_trade_no=number))
        except ProviderError as error:
            if error.code in ("ORDERPAID", "ORDER_PAID", "TRADE_STATE_ERROR", "ORDER_CLOSED", "ORDERCLOSED"):
                return self.query(number, now=now)
            if error.code not in ("ORDER_NOT_EXIST", "RESOURCE_NOT_EXISTS"):
                raise
        return PaymentStatus("closed")

    def refund(self, request: RefundRequest, *, now: datetime) -> RefundState:
        told = self._ask(
            lambda: self._client.refund(
                out_refund_no=request.number,
                out_trade_no=request.payment_number,
                amount={"refund": request.amount, "total": request.total, "currency": request.currency},
                reason=request.reason[:80] or None,
                notify_url=request.notify_url,
            )
        )
        return self._refund(told)

    def query_refund(self, number: str, payment_number: str, *, now: datetime) -> RefundState:
        try:
            return self._refund(self._ask(lambda: self._client.query_refund(out_refund_no=number)))
        except ProviderError as error:
            if error.code in ("RESOURCE_NOT_EXISTS", "REFUND_NOT_EXISTS"):
                return RefundState("unknown")
            raise

    def verify_notice(self, raw: RawNotice, *, now: datetime) -> ReadNotice:
        headers = {
            f"Wechatpay-{_title(part)}": raw.headers.get(f"wechatpay-{part}", "") for part in _SIGNED_HEADERS
        }
        stamp = headers["Wechatpay-Timestamp"]
        if headers["Wechatpay-Serial"] != self._public_key_id:
            # the library would go and fetch certificates for any serial a stranger sends
            raise BadNotice("bad_signature", "signed under another key")
        if not stamp.isdigit() or abs(int(stamp) - int(now.timestamp())) > FRESH.total_seconds():
            raise BadNotice("bad_signature", "signed too long ago")
        try:
            told = self._client.callback(headers, raw.body)
        except Exception as error:
            raise BadNotice("bad_signature", "the signature or the content cannot be read") from error
        if not told:
            raise BadNotice("bad_signature", "the signature does not fit")
        try:
            resource, kind = told["resource"], str(told["event_type"])
            if resource.get("mchid") != self._mchid:
                raise BadNotice("bad_signature", "of another merchant")
            if kind.startswith("REFUND."):
                return ReadNotice(
                    str(told["id"]),
                    str(resource["out_trade_no"]),
                    refund=self._refund(resource),
                    refund_number=str(resource["out_refund_no"]),
                )
            if resource.get("appid") != self._appid:
                raise BadNotice("bad_signature", "of another app")
            return ReadNotice(str(told["id"]), str(resource["out_trade_no"]), payment=self._status(resource))
        except (KeyError, TypeError, ValueError) as error:
            raise BadNotice("malformed", "not a callback of WeChat Pay") from error

    def answer(self, result: NoticeResult) -> NoticeAnswer:
        if result in ("accepted", "duplicate", "ignored"):
            return NoticeAnswer(204, "application/json", "")
        status = 401 if result == "bad_signature" else 422
        return NoticeAnswer(status, "application/json", json.dumps({"code": "FAIL", "message": result}))

    def check(self, *, now: datetime) -> None:
        """Ask for a payment that does not exist: a 404 proves merchant id, serial and both keys."""
        self.query("0" * 31 + "1", now=now)

    def _ask(self, call: Callable[[], tuple[int, Any]]) -> dict[str, Any]:
        try:
            status, message = call()
        except requests.RequestException as error:
            raise ProviderError("unreachable", type(error).__name__, again=True) from error
        except Exception as error:
            raise ProviderError("bad_answer", str(error)[:200], again=True) from error
        try:
            told = json.loads(message) if message else {}
        except ValueError:
            told = {}
        if 200 <= status < 300:
            return told if isinstance(told, dict) else {}
        code = str(told.get("code") or f"HTTP_{status}") if isinstance(told, dict) else f"HTTP_{status}"
        words = str(told.get("message", ""))[:200] if isinstance(told, dict) else ""
        again = status >= 500 or status == 429 or code in ("FREQUENCY_LIMITED", "USERPAYING")
        raise ProviderError(code, words, again=again)

    def _status(self, told: Mapping[str, Any]) -> PaymentStatus:
        amount = told.get("amount") or {}
        paid_at = told.get("success_time")
        state = _STATES.get(str(told.get("trade_state")), "pending")
        return PaymentStatus(
            state,
            reference=str(told.get("transaction_id") or ""),
            amount=int(amount["total"]) if "total" in amount else None,
            currency=str(amount.get("currency") or ""),
            paid_at=datetime.fromisoformat(str(paid_at)) if paid_at else None,
            code=str(told.get("trade_state")) if state == "failed" else "",
        )

    def _refund(self, told: Mapping[str, Any]) -> RefundState:
        status = str(told.get("status") or told.get("refund_status"))
        amount = told.get("amount") or {}
        return RefundState(
            _REFUNDS.get(status, "pending"),
            reference=str(told.get("refund_id") or ""),
            amount=int(amount["refund"]) if "refund" in amount else None,
            code="" if status in ("SUCCESS", "PROCESSING") else status,
        )

    def _jsapi(self, prepay_id: str, now: datetime) -> dict[str, str]:
        stamp, nonce, package = str(int(now.timestamp())), new_code(24), f"prepay_id={prepay_id}"
        return {
            "appId": self._appid,
            "timeStamp": stamp,
            "nonceStr": nonce,
            "package": package,
            "signType": "RSA",
            "paySign": str(self._client.sign([self._appid, stamp, nonce, package])),
        }


def _title(part: str) -> str:
    return "-".join(word.capitalize() for word in part.split("-"))


def _check_key(field: str, load: Callable[[str], object], kind: type, values: Mapping[str, str]) -> None:
    """The library says of every setting alike that something is wrong; this says which key, as it reads them."""
    key: object = None
    with suppress(Exception):  # the library raises bare ones
        key = load(values.get(field, ""))
    if not isinstance(key, kind):
        raise BadSetting(
            field, Text("密钥无法读取：应为 PEM 格式的 RSA 密钥", "Not a readable key: an RSA key in PEM")
        )
