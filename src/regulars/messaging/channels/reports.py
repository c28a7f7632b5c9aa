"""What providers report of messages and what people answer, in each provider's own words. Pure, the key aside.

Whoever calls has shown the key that stands in the address the provider was given; WeChat signs as well.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID
from xml.etree import ElementTree

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from regulars.messaging.types import Receipt

_CHINA = timezone(timedelta(hours=8))
MOST = 2000
# What members answer to a text message when they want no more.
_STOP = re.compile(r"^\s*(R|TD|T|N|退订|拒收|取消|STOP|UNSUBSCRIBE)\s*$", re.IGNORECASE)
_BAD_NUMBER = ("MK:0001", "MI:0011", "ID:0012", "NOT_EXIST", "空号", "UNDELIV_EMPTY")


class BadReport(Exception):
    """Not what the provider sends, or not signed by it."""


@dataclass(frozen=True, slots=True)
class Said:
    """A report read: `receipts`, and `stopped`, identities (type, value) that want no more. `answer` goes back."""

    receipts: tuple[Receipt, ...] = ()
    stopped: tuple[tuple[str, str], ...] = ()
    answer: str = "ok"
    content_type: str = "text/plain"


@dataclass(frozen=True, slots=True)
class Report:
    """A call as it came in; header names are lower-case."""

    method: str
    query: Mapping[str, str]
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


def read(provider: str, report: Report, values: Mapping[str, str], now: datetime) -> Said:
    """Raises `BadReport`."""
    reader = _READERS.get(provider)
    if reader is None:
        raise BadReport("this provider reports nothing")
    try:
        return reader(report, values, now)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, ElementTree.ParseError) as error:
        raise BadReport(type(error).__name__) from error


def _aliyun(report: Report, values: Mapping[str, str], now: datetime) -> Said:
    receipts, stopped = [], []
    for one in _list(json.loads(report.body)):
        if "content" in one:
            if _STOP.match(str(one["content"])):
                stopped.append(("phone", str(one.get("phone_number", ""))))
            continue
        good = one.get("success") in (True, "true")
        code = str(one.get("err_code", ""))
        kind = "delivered" if good else "bounced" if any(bad in code for bad in _BAD_NUMBER) else "failed"
        receipts.append(
            Receipt(
                kind,
                _local(one.get("report_time"), now),
                send_id=_uuid(one.get("out_id")),
                channel="sms",
                reference=str(one.get("biz_id", "")),
                detail="" if good else f"{code} {one.get('err_msg', '')}".strip()[:200],
            )
        )
    return Said(tuple(receipts), tuple(stopped), json.dumps({"code": 0, "msg": "OK"}), "application/json")


def _tencent(report: Report, values: Mapping[str, str], now: datetime) -> Said:
    receipts, stopped = [], []
    given = json.loads(report.body)
    for one in _list([given] if isinstance(given, dict) else given):
        if "text" in one:
            if _STOP.match(str(one["text"])):
                stopped.append(("phone", f"+{one.get('nationcode', '86')}{one.get('mobile', '')}"))
            continue
        good = one.get("report_status") == "SUCCESS"
        said = str(one.get("errmsg", ""))
        kind = "delivered" if good else "bounced" if any(bad in said for bad in _BAD_NUMBER) else "failed"
        receipts.append(
            Receipt(
                kind,
                _local(one.get("user_receive_time"), now),
                send_id=_uuid(one.get("ext")),
                channel="sms",
                reference=str(one.get("sid", "")),
                detail="" if good else f"{said} {one.get('description', '')}".strip()[:200],
            )
        )
    return Said(
        tuple(receipts), tuple(stopped), json.dumps({"result": 0, "errmsg": "OK"}), "application/json"
    )


def _generic(report: Report, values: Mapping[str, str], now: datetime) -> Said:
    """`{"events": [{"type": "bounced", "id": "<send id or Message-ID>", "at": "…Z", "detail": "…"}]}`."""
    receipts = []
    for one in _list(json.loads(report.body)["events"]):
        kind = str(one["type"])
        if kind not in ("delivered", "failed", "bounced", "complained", "opted_out"):
            raise BadReport("unknown type")
        at = datetime.fromisoformat(str(one["at"])) if one.get("at") else now
        send_id = _uuid(str(one["id"]).strip("<>").partition("@")[0])
        if send_id is None:
            raise BadReport("not an id")
        receipts.append(
            Receipt(kind, _past(at, now), send_id=send_id, detail=str(one.get("detail", ""))[:200])
        )
    return Said(tuple(receipts), answer=json.dumps({"taken": len(receipts)}), content_type="application/json")


def _wechat(report: Report, values: Mapping[str, str], now: datetime) -> Said:
    token = values.get("token", "")
    stamp, nonce = report.query.get("timestamp", ""), report.query.get("nonce", "")
    if not token or abs(now.timestamp() - float(stamp)) > 3600:
        raise BadReport("no token is set, or the call is old")
    if report.method == "GET":
        if not _same(_digest(token, stamp, nonce), report.query.get("signature", "")):
            raise BadReport("not signed")
        return Said(answer=report.query.get("echostr", ""))
    root = _xml(report.body)
    sealed = root.findtext("Encrypt")
    if sealed is not None:
        signature = report.query.get("msg_signature", "")
        if not _same(_digest(token, stamp, nonce, sealed), signature):
            raise BadReport("not signed")
        root = _xml(_opened(sealed, values))
    elif values.get("aes_key") or not _same(_digest(token, stamp, nonce), report.query.get("signature", "")):
        # where a key is set only sealed messages count: in plain ones the body is not signed
        raise BadReport("not signed")
    event = root.findtext("Event", "")
    if event == "TEMPLATESENDJOBFINISH":
        status = root.findtext("Status", "")
        receipt = Receipt(
            "delivered" if status == "success" else "failed",
            _past(datetime.fromtimestamp(int(root.findtext("CreateTime", "0")), UTC), now),
            channel="wechat",
            reference=root.findtext("MsgID", ""),
            detail="" if status == "success" else status[:200],
        )
        return Said((receipt,), answer="success")
    if event == "unsubscribe":
        return Said(stopped=(("wechat_openid", root.findtext("FromUserName", "")),), answer="success")
    return Said(answer="success")


def _xml(body: bytes) -> ElementTree.Element:
    if b"<!" in body.replace(b"<![CDATA[", b""):
        raise BadReport("declarations are not read")
    return ElementTree.fromstring(body)  # noqa: S314 — neither doctypes nor entities come this far


def _opened(sealed: str, values: Mapping[str, str]) -> bytes:
    """AES-256-CBC as WeChat seals: 16 random bytes, the length, the message, the account's AppID."""
    key = base64.b64decode(values.get("aes_key", "") + "=")
    plain = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
    opened = plain.update(base64.b64decode(sealed)) + plain.finalize()
    opened = opened[: -opened[-1]]
    length = int.from_bytes(opened[16:20], "big")
    if opened[20 + length :].decode() != values.get("app", ""):
        raise BadReport("meant for another account")
    return opened[20 : 20 + length]


def _digest(*words: str) -> str:
    return hashlib.sha1("".join(sorted(words)).encode()).hexdigest()  # noqa: S324 — WeChat's own scheme


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def _list(given: Any) -> list[Mapping[str, Any]]:
    if not isinstance(given, list) or len(given) > MOST or any(not isinstance(one, dict) for one in given):
        raise BadReport("not a list of reports")
    return given


def _uuid(text: Any) -> UUID | None:
    try:
        return UUID(str(text))
    except ValueError:
        return None


def _local(text: Any, now: datetime) -> datetime:
    """Times of Chinese providers are China's."""
    try:
        at = datetime.strptime(str(text), "%Y-%m-%d %H:%M:%S").replace(tzinfo=_CHINA)
    except ValueError:
        return now
    return _past(at, now)


def _past(at: datetime, now: datetime) -> datetime:
    return min(at if at.tzinfo else at.replace(tzinfo=UTC), now)


_READERS: dict[str, Callable[[Report, Mapping[str, str], datetime], Said]] = {
    "aliyun_sms": _aliyun,
    "tencent_sms": _tencent,
    "smtp": _generic,
    "webhook": _generic,
    "wechat_official": _wechat,
}
