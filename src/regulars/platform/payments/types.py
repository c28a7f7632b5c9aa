"""Payments, and what a payment provider is: everything the rest of the program and a plugin need to know of both.

A provider is an object that fits `Provider`. Regulars brings a simulator, WeChat Pay v3 and Alipay; others come by the
entry point group `regulars.payments`. Amounts are integers of the currency's smallest unit everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol
from uuid import UUID

from regulars.kit.text import Text

PaymentState = Literal[
    "created", "pending", "paid", "failed", "closed", "refunding", "partly_refunded", "refunded"
]
RefundStatus = Literal["pending", "succeeded", "failed"]
Channel = Literal["jsapi", "native", "h5", "page", "agreement"]
ActionKind = Literal["none", "redirect", "qr", "jsapi"]
NoticeResult = Literal[
    "accepted",
    "duplicate",
    "bad_signature",
    "malformed",
    "unknown_payment",
    "wrong_amount",
    "wrong_currency",
    "ignored",
]

PAYMENT_STATES: dict[str, Text] = {
    "created": Text("已创建", "Created"),
    "pending": Text("待支付", "Waiting for payment"),
    "paid": Text("已支付", "Paid"),
    "failed": Text("支付失败", "Failed"),
    "closed": Text("已关闭", "Closed"),
    "refunding": Text("退款中", "Refund under way"),
    "partly_refunded": Text("部分退款", "Partly refunded"),
    "refunded": Text("已退款", "Refunded"),
}
REFUND_STATES: dict[str, Text] = {
    "pending": Text("处理中", "Under way"),
    "succeeded": Text("已到账", "Paid back"),
    "failed": Text("失败", "Failed"),
}
CHANNELS: dict[str, Text] = {
    "jsapi": Text("微信内支付", "Inside WeChat"),
    "native": Text("扫码支付", "By QR code"),
    "h5": Text("手机网页支付", "Mobile page"),
    "page": Text("网页支付", "Web page"),
    "agreement": Text("签约代扣", "By agreement"),
}
NOTICE_RESULTS: dict[str, Text] = {
    "accepted": Text("已接受", "Accepted"),
    "duplicate": Text("重复通知", "Repeated"),
    "bad_signature": Text("签名无效", "Bad signature"),
    "malformed": Text("无法读取", "Cannot be read"),
    "unknown_payment": Text("找不到支付单", "Unknown payment"),
    "wrong_amount": Text("金额不符", "Wrong amount"),
    "wrong_currency": Text("币种不符", "Wrong currency"),
    "ignored": Text("无需处理", "Nothing to do"),
}
PAYMENT = Text("支付单", "Payment")
ACCOUNT = Text("收款账户", "Payment account")

# A payment in one of these has no more to come but refunds.
FINAL: frozenset[str] = frozenset({"failed", "closed"})
OPEN: frozenset[str] = frozenset({"created", "pending"})


# -- what a provider is told and tells -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Setting:
    """One field of a provider's settings form. A `secret` is kept encrypted and never shown again."""

    key: str
    name: Text
    secret: bool = False
    required: bool = False
    multiline: bool = False
    choices: tuple[tuple[str, Text], ...] = ()
    help: Text = field(default_factory=lambda: Text("", ""))


@dataclass(frozen=True, slots=True)
class PaymentRequest:
    """What to ask a provider for. `number` (32 letters and digits) is ours, one for each payment.

    `payer` is what the provider calls the payer (WeChat: her openid), where the channel needs it; with `agreement`
    the provider charges without her. `return_url` is where she goes afterwards.
    """

    number: str
    amount: int
    currency: str
    description: str
    channel: Channel
    notify_url: str
    expires_at: datetime
    return_url: str = ""
    payer: str = ""
    payer_ip: str = ""
    agreement: str = ""


@dataclass(frozen=True, slots=True)
class Action:
    """What the payer has to do: open `url`, scan `url` as a QR code, or hand `values` to the app around the page."""

    kind: ActionKind = "none"
    url: str = ""
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Opened:
    """A payment the provider knows now."""

    action: Action
    reference: str = ""


@dataclass(frozen=True, slots=True)
class PaymentStatus:
    """How a payment stands at the provider. `reference` is the provider's number of it; `code` says why it failed.

    `agreement` is what future charges may be made with, if the payer agreed to that.
    """

    state: Literal["unknown", "pending", "paid", "failed", "closed"]
    reference: str = ""
    amount: int | None = None
    currency: str = ""
    paid_at: datetime | None = None
    code: str = ""
    agreement: str = ""


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """Pay back `amount` of the `total` of a payment."""

    number: str
    payment_number: str
    payment_reference: str
    amount: int
    total: int
    currency: str
    reason: str
    notify_url: str


@dataclass(frozen=True, slots=True)
class RefundState:
    """How a refund stands at the provider."""

    state: Literal["unknown", "pending", "succeeded", "failed"]
    reference: str = ""
    amount: int | None = None
    code: str = ""


@dataclass(frozen=True, slots=True)
class RawNotice:
    """A callback as it came: header names in lower case."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class ReadNotice:
    """A callback whose signature was right. `id` is the provider's id of it, the same when it is repeated;
    `number` is ours of the payment, `refund_number` of the refund if it is about one."""

    id: str
    number: str
    payment: PaymentStatus | None = None
    refund: RefundState | None = None
    refund_number: str = ""


@dataclass(frozen=True, slots=True)
class NoticeAnswer:
    """What a provider wants to hear."""

    status: int
    content_type: str
    body: str


class BadNotice(Exception):
    """A callback that is not to be believed (`bad_signature`) or cannot be read (`malformed`)."""

    def __init__(self, result: Literal["bad_signature", "malformed"], why: str) -> None:
        super().__init__(why)
        self.result: Literal["bad_signature", "malformed"] = result


class ProviderError(Exception):
    """The provider refused or could not be reached. `again`: the same request may work later, and may have worked."""

    def __init__(self, code: str, message: str, *, again: bool) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.again = again


class BadSetting(ValueError):
    """A setting of an account that cannot work, and why, in words for who typed it."""

    def __init__(self, field: str, message: Text) -> None:
        super().__init__(message.en)
        self.field = field
        self.message = message


class Gateway(Protocol):
    """A provider with one brand's settings. Every call may raise `ProviderError`; none is made inside a transaction
    that holds locks, but the simulator's."""

    def create(self, request: PaymentRequest, *, now: datetime) -> Opened: ...
    def query(self, number: str, *, now: datetime) -> PaymentStatus: ...
    def close(self, number: str, *, now: datetime) -> PaymentStatus: ...
    def refund(self, request: RefundRequest, *, now: datetime) -> RefundState: ...
    def query_refund(self, number: str, payment_number: str, *, now: datetime) -> RefundState: ...
    def verify_notice(self, raw: RawNotice, *, now: datetime) -> ReadNotice: ...
    def answer(self, result: NoticeResult) -> NoticeAnswer: ...
    def check(self, *, now: datetime) -> None:
        """Ask something harmless: that the settings work. Raises `ProviderError`."""


class Provider(Protocol):
    """A way to pay. `can_charge`: with an agreement it charges a member who is not there (renewals)."""

    @property
    def code(self) -> str: ...
    @property
    def name(self) -> Text: ...
    @property
    def settings(self) -> tuple[Setting, ...]: ...
    @property
    def channels(self) -> tuple[Channel, ...]: ...
    @property
    def currencies(self) -> frozenset[str]:
        """Empty: any."""

    @property
    def can_charge(self) -> bool: ...
    def connect(self, account_id: UUID, values: Mapping[str, str]) -> Gateway:
        """With the account's settings and opened secrets. Raises `BadSetting`, which names the one that cannot be."""


# -- what the room hands out ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Account:
    """Where a brand's money goes. `secrets` names those that are set; their values never leave the room."""

    id: UUID
    organisation_id: UUID
    brand_id: UUID
    key: str
    provider: str
    name: Text
    state: Literal["active", "paused"]
    settings: Mapping[str, str]
    secrets: tuple[str, ...]
    is_default: bool
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class NewPayment:
    """A payment to be made. `subject_type` and `subject_id` name what it is for; the flow that made it is told when
    it is paid, fails, is closed or paid back."""

    member_id: UUID
    subject_type: str
    subject_id: UUID
    amount: int
    currency: str
    description: str
    channel: Channel
    expires_at: datetime
    return_url: str = ""
    payer: str = ""
    payer_ip: str = ""
    agreement: str = ""


@dataclass(frozen=True, slots=True)
class Payment:
    """`refunded` is paid back, `refunding` under way. `number` is what the provider knows it by."""

    id: UUID
    member_id: UUID
    organisation_id: UUID
    brand_id: UUID
    account_id: UUID
    provider: str
    subject_type: str
    subject_id: UUID
    amount: int
    currency: str
    state: PaymentState
    refunded: int
    refunding: int
    description: str
    channel: Channel
    action: Action
    return_url: str
    payer_ip: str
    reference: str
    code: str
    attempts: int
    created_at: datetime
    expires_at: datetime
    paid_at: datetime | None
    ended_at: datetime | None
    has_agreement: bool

    @property
    def number(self) -> str:
        return self.id.hex

    @property
    def left(self) -> int:
        """What can still be paid back."""
        paid = self.state not in OPEN and self.state not in FINAL
        return self.amount - self.refunded - self.refunding if paid else 0


@dataclass(frozen=True, slots=True)
class Refund:
    """Money going back."""

    id: UUID
    member_id: UUID
    payment_id: UUID
    amount: int
    currency: str
    state: RefundStatus
    reason: str
    reference: str
    code: str
    created_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Change:
    """What just happened to a payment: what the flow it belongs to is told. `refund` is set for refunds only."""

    payment: Payment
    kind: Literal["paid", "failed", "closed", "refunded", "refund_failed"]
    before: PaymentState
    refund: Refund | None = None
    agreement: str = ""


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """A callback as it was kept. `body` is opened for those who may manage accounts, else empty."""

    id: UUID
    account_id: UUID
    provider: str
    payment_id: UUID | None
    notice_id: str
    result: NoticeResult
    detail: str
    headers: Mapping[str, Any]
    body: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a callback: what to answer, and what changed, if anything did."""

    answer: NoticeAnswer
    result: NoticeResult
    change: Change | None = None
