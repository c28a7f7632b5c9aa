"""A provider that exists nowhere but here, and behaves like one: it takes a payment, lets the payer press a button or
decides by itself, and calls back later, over HTTP, with a signature; its callbacks can be late, lost and repeated.

A callback is a JSON document with the headers `X-Simulator-Timestamp` (seconds) and `X-Simulator-Signature`, the hex
HMAC-SHA256 of `<timestamp>.<body>` under the account's key. It is made again until it is answered with status 200.
"""

from __future__ import annotations

import hmac
import json
import logging
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

import requests
from django.conf import settings
from django.db import transaction
from django.db.models import F

from regulars.kit.ids import new_id
from regulars.kit.text import Text
from regulars.platform.due import api as due
from regulars.platform.payments.models import SimulatedCallback, SimulatedPayment, SimulatedRefund
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

_log = logging.getLogger(__name__)
# address, headers and body of a callback to the status it is answered with
Post = Callable[[str, Mapping[str, str], bytes], int]
FRESH = timedelta(minutes=5)
_TRIES = 12
_AGAIN_SECONDS = (2, 5, 15, 30, 60, 180, 600)
_COUNT = Text("次数", "A number")
_OUTCOMES = (
    ("ask", Text("在支付页面选择", "Asked on the pay page")),
    ("paid", Text("自动成功", "Paid by itself")),
    ("failed", Text("自动失败", "Fails by itself")),
)
_ENDS = _OUTCOMES[1:]


class Simulator:
    """The provider `simulator`."""

    code = "simulator"
    name = Text("支付模拟器", "Payment simulator")
    channels: tuple[Channel, ...] = ("page", "native", "h5", "agreement")
    currencies: frozenset[str] = frozenset()
    can_charge = True
    settings = (
        Setting("key", Text("签名密钥", "Signing key"), secret=True),
        Setting("outcome", Text("结果", "Outcome"), choices=_OUTCOMES),
        Setting("charge_outcome", Text("代扣结果", "Outcome of charges by agreement"), choices=_ENDS),
        Setting("fail_charges", Text("前几次代扣失败", "How many charges fail first"), help=_COUNT),
        Setting("refund_outcome", Text("退款结果", "Outcome of refunds"), choices=_ENDS),
        Setting("delay_seconds", Text("回调延迟（秒）", "Callbacks come after (seconds)")),
        Setting("lose", Text("丢失前几次回调", "How many callbacks are lost first"), help=_COUNT),
        Setting("repeat", Text("成功后重复几次", "How many times a callback comes again"), help=_COUNT),
    )

    def connect(self, account_id: UUID, values: Mapping[str, str]) -> SimulatorGateway:
        return SimulatorGateway(account_id, values)


class SimulatorGateway:
    """The simulated provider as one account sees it."""

    def __init__(self, account_id: UUID, values: Mapping[str, str]) -> None:
        self.account_id = account_id
        self.key = values.get("key", "")
        if not self.key:
            raise BadSetting("key", Text("模拟渠道需要签名密钥", "The simulator needs a signing key"))
        self.outcome = values.get("outcome") or "ask"
        self.charge_outcome = values.get("charge_outcome") or "paid"
        self.refund_outcome = values.get("refund_outcome") or "paid"
        self.fail_charges = _count(values, "fail_charges", 100)
        self.delay = timedelta(seconds=_count(values, "delay_seconds", 7 * 86400))
        self.lose = _count(values, "lose", _TRIES)
        self.repeat = _count(values, "repeat", 20)

    # What we ask of it.

    def create(self, request: PaymentRequest, *, now: datetime) -> Opened:
        made = SimulatedPayment(
            number=request.number,
            account_id=self.account_id,
            amount=request.amount,
            currency=request.currency,
            description=request.description,
            state="pending",
            reference=f"SIM{request.number[-12:].upper()}",
            notify_url=request.notify_url,
            return_url=request.return_url,
            agreement=request.agreement,
            expires_at=request.expires_at,
        )
        with transaction.atomic():
            SimulatedPayment.objects.bulk_create([made], ignore_conflicts=True)
            kept = SimulatedPayment.objects.select_for_update(no_key=True).get(number=request.number)
            if kept.account_id != self.account_id or (kept.amount, kept.currency) != (
                request.amount,
                request.currency,
            ):
                raise ProviderError("number_used", "another payment has this number", again=False)
            decided = self._charge(request) if request.agreement else self.outcome
            if kept.state == "pending" and decided != "ask":
                self._end(kept, "paid" if decided == "paid" else "failed", now)
        url = f"{settings.PUBLIC_URL}/pay/simulator/{self.account_id}/{request.number}?t={self.token(request.number)}"
        if request.channel == "agreement":
            return Opened(Action(), kept.reference)
        kind: Literal["qr", "redirect"] = "qr" if request.channel == "native" else "redirect"
        return Opened(Action(kind, url), kept.reference)

    def query(self, number: str, *, now: datetime) -> PaymentStatus:
        row = SimulatedPayment.objects.filter(number=number, account_id=self.account_id).first()
        return PaymentStatus("unknown") if row is None else self._status(row)

    def close(self, number: str, *, now: datetime) -> PaymentStatus:
        with transaction.atomic():
            row = self._lock(number)
            if row is None:
                return PaymentStatus("closed")
            if row.state == "pending":
                row.state = "closed"
                row.save(update_fields=["state"])
            return self._status(row)

    def refund(self, request: RefundRequest, *, now: datetime) -> RefundState:
        with transaction.atomic():
            paid = self._lock(request.payment_number)
            if paid is None or paid.state != "paid":
                raise ProviderError("not_paid", "there is no such paid payment", again=False)
            known = SimulatedRefund.objects.filter(number=request.number, account_id=self.account_id).first()
            if known is None:
                if paid.refunded + request.amount > paid.amount:
                    raise ProviderError("too_much", "more than was paid", again=False)
                known = SimulatedRefund.objects.create(
                    number=request.number,
                    account_id=self.account_id,
                    payment_number=request.payment_number,
                    amount=request.amount,
                    state="succeeded" if self.refund_outcome == "paid" else "failed",
                    notify_url=request.notify_url,
                    ready_at=now + self.delay,
                )
                if known.state == "succeeded":
                    SimulatedPayment.objects.filter(number=paid.number).update(
                        refunded=F("refunded") + request.amount
                    )
                self._call(known.notify_url, self._refund_body(known), now)
            return self._refund_state(known, now)

    def query_refund(self, number: str, payment_number: str, *, now: datetime) -> RefundState:
        row = SimulatedRefund.objects.filter(number=number, account_id=self.account_id).first()
        return RefundState("unknown") if row is None else self._refund_state(row, now)

    def verify_notice(self, raw: RawNotice, *, now: datetime) -> ReadNotice:
        stamp = raw.headers.get("x-simulator-timestamp", "")
        given = raw.headers.get("x-simulator-signature", "")
        if not hmac.compare_digest(given.encode(), self.sign(stamp, raw.body).encode()):
            raise BadNotice("bad_signature", "the signature does not fit")
        if not stamp.isdigit() or abs(int(stamp) - int(now.timestamp())) > FRESH.total_seconds():
            raise BadNotice("bad_signature", "signed too long ago")
        try:
            told = json.loads(raw.body)
            if told["type"] == "refund":
                state = RefundState(told["state"], told["reference"], int(told["amount"]))
                return ReadNotice(
                    told["id"], told["number"], refund=state, refund_number=told["refund_number"]
                )
            status = PaymentStatus(
                told["state"],
                reference=told["reference"],
                amount=int(told["amount"]),
                currency=told["currency"],
                paid_at=datetime.fromisoformat(told["paid_at"]) if told["paid_at"] else None,
                agreement=told["agreement"],
                code="declined" if told["state"] == "failed" else "",
            )
            return ReadNotice(told["id"], told["number"], payment=status)
        except (KeyError, TypeError, ValueError) as error:
            raise BadNotice("malformed", "not a callback of the simulator") from error

    def answer(self, result: NoticeResult) -> NoticeAnswer:
        if result in ("accepted", "duplicate", "ignored"):
            return NoticeAnswer(200, "application/json", '{"code":"SUCCESS"}')
        status = 401 if result == "bad_signature" else 422
        return NoticeAnswer(status, "application/json", json.dumps({"code": "FAIL", "message": result}))

    def check(self, *, now: datetime) -> None:
        return None

    # What it does on its own side.

    def token(self, number: str) -> str:
        """What the pay page's address carries, so that nobody opens another's."""
        return hmac.digest(self.key.encode(), f"page {number}".encode(), "sha256").hex()[:32]

    def sign(self, stamp: str, body: bytes) -> str:
        return hmac.digest(self.key.encode(), stamp.encode() + b"." + body, "sha256").hex()

    def press(self, number: str, *, outcome: str, now: datetime) -> SimulatedPayment | None:
        """The payer presses a button on the pay page; gives the payment as it then is."""
        with transaction.atomic():
            row = self._lock(number)
            if row is not None and row.state == "pending":
                if now >= row.expires_at:
                    row.state = "closed"
                    row.save(update_fields=["state"])
                else:
                    self._end(row, "paid" if outcome == "paid" else "failed", now)
            return row

    def _charge(self, request: PaymentRequest) -> str:
        before = SimulatedPayment.objects.filter(
            account_id=self.account_id, agreement=request.agreement, state="failed"
        ).count()
        return "failed" if before < self.fail_charges else self.charge_outcome

    def _end(self, row: SimulatedPayment, state: str, now: datetime) -> None:
        row.state = state
        row.paid_at = now if state == "paid" else None
        if state == "paid" and not row.agreement:
            row.agreement = f"AGR{row.number[-12:].upper()}"
        row.save(update_fields=["state", "paid_at", "agreement"])
        self._call(row.notify_url, {"type": "payment", "number": row.number, **self._told(row)}, now)

    def _call(self, url: str, body: dict[str, Any], now: datetime) -> None:
        id_ = new_id()
        text = json.dumps({"id": f"SIMN{id_.hex}", **body}, sort_keys=True)
        SimulatedCallback.objects.create(
            id=id_, account_id=self.account_id, url=url, body=text, drop=self.lose, due_at=now + self.delay
        )

    def _lock(self, number: str) -> SimulatedPayment | None:
        rows = SimulatedPayment.objects.filter(number=number, account_id=self.account_id)
        return rows.select_for_update(no_key=True).first()

    def _told(self, row: SimulatedPayment) -> dict[str, Any]:
        return {
            "state": row.state,
            "reference": row.reference,
            "amount": row.amount,
            "currency": row.currency,
            "paid_at": row.paid_at.isoformat() if row.paid_at else None,
            "agreement": row.agreement,
        }

    def _status(self, row: SimulatedPayment) -> PaymentStatus:
        states: dict[str, Literal["pending", "paid", "failed", "closed"]] = {
            "pending": "pending", "paid": "paid", "failed": "failed", "closed": "closed",
        }  # fmt: skip
        return PaymentStatus(
            states[row.state],
            reference=row.reference,
            amount=row.amount,
            currency=row.currency,
            paid_at=row.paid_at,
            agreement=row.agreement,
            code="declined" if row.state == "failed" else "",
        )

    def _refund_state(self, row: SimulatedRefund, now: datetime) -> RefundState:
        if now < row.ready_at:
            return RefundState("pending", f"SIMR{row.number[-12:].upper()}", row.amount)
        state: Literal["succeeded", "failed"] = "succeeded" if row.state == "succeeded" else "failed"
        return RefundState(state, f"SIMR{row.number[-12:].upper()}", row.amount)

    def _refund_body(self, row: SimulatedRefund) -> dict[str, Any]:
        return {
            "type": "refund",
            "number": row.payment_number,
            "refund_number": row.number,
            "state": row.state,
            "amount": row.amount,
            "reference": f"SIMR{row.number[-12:].upper()}",
        }


def call_back(
    now: datetime,
    *,
    gateways: Callable[[], Mapping[UUID, SimulatorGateway]],
    post: Post | None = None,
    account_id: UUID | None = None,
    limit: int = 50,
) -> int:
    """Make the callbacks that are due (of an account); gives how many. Each is taken for half a minute, so two workers
    share them. `post` takes them instead of the address that they are for, and says with which status.
    """
    taken = due.claim(
        table="simulated_callback",
        key=["id"],
        now=now,
        limit=limit,
        due="due_at",
        lease_seconds=30,
        where="%s::uuid IS NULL OR account_id = %s",
        parameters=[account_id, account_id],
    )
    unheard: Counter[str] = Counter()
    known = gateways() if taken else {}
    for row in SimulatedCallback.objects.filter(id__in=[id_ for (id_,) in taken]).order_by("id"):
        gateway = known.get(row.account_id)
        if gateway is None:
            SimulatedCallback.objects.filter(id=row.id).update(due_at=None)
            continue
        status = 0
        if row.tries >= row.drop:
            try:
                status = (post or _post)(row.url, *_written(gateway, row, now))
            except requests.RequestException as error:
                unheard[type(error).__name__] += 1
        tries = row.tries + 1
        if status == 200:
            again = now if tries <= row.drop + gateway.repeat else None
        elif tries >= _TRIES:
            again = None
        else:
            again = now + timedelta(seconds=_AGAIN_SECONDS[min(tries, len(_AGAIN_SECONDS)) - 1])
        SimulatedCallback.objects.filter(id=row.id).update(tries=tries, due_at=again, answered=status or None)
    for kind, count in unheard.items():
        _log.warning("nobody took %d callbacks of the simulator, they are made again: %s", count, kind)
    return len(taken)


def _written(
    gateway: SimulatorGateway, row: SimulatedCallback, now: datetime
) -> tuple[dict[str, str], bytes]:
    body, stamp = row.body.encode(), str(int(now.timestamp()))
    headers = {
        "Content-Type": "application/json",
        "X-Simulator-Timestamp": stamp,
        "X-Simulator-Signature": gateway.sign(stamp, body),
    }
    return headers, body


def _post(url: str, headers: Mapping[str, str], body: bytes) -> int:
    answer = requests.post(url, data=body, headers=dict(headers), timeout=10, allow_redirects=False)
    return answer.status_code


def _count(values: Mapping[str, str], key: str, most: int) -> int:
    text = values.get(key) or "0"
    if not (text.isascii() and text.isdigit() and len(text) < 10) or int(text) > most:
        raise BadSetting(key, Text(f"应为 0 到 {most} 的整数", f"A whole number from 0 to {most}"))
    return int(text)
