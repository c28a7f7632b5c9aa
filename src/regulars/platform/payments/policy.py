"""What a payment may become, and what a provider's word about it is worth. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import urlsplit

from regulars.kit.errors import ErrorList, Refusal, conflict
from regulars.kit.text import Text
from regulars.platform.payments.types import (
    OPEN,
    NoticeResult,
    Payment,
    PaymentState,
    PaymentStatus,
    Provider,
)

KEY = re.compile(r"^[a-z0-9][a-z0-9-]{0,38}$")
# A provider that does not answer is asked again later and later; then once an hour until the payment expires.
_WAITS = (5, 10, 20, 60, 180, 600, 1800)
_LAST_WAIT = 3600
# How long after its end a payment is still asked about before it is closed.
GRACE = timedelta(seconds=30)
MOST = 10**11
_LONGEST_VALUE = 8000

Kind = Literal["paid", "failed", "closed"]


def judge(payment: Payment, told: PaymentStatus) -> tuple[NoticeResult, Kind | None]:
    """What a provider's word makes of a payment: how it is recorded, and what the payment becomes, if anything.

    Money that arrived counts even when the payment was closed or had failed; nothing un-pays a payment but a refund.
    """
    if told.state == "paid":
        if told.currency and told.currency != payment.currency:
            return "wrong_currency", None
        if told.amount != payment.amount:
            return "wrong_amount", None
        if payment.state in OPEN or payment.state in ("failed", "closed"):
            return "accepted", "paid"
        return "ignored", None
    if payment.state in OPEN:
        if told.state == "failed":
            return "accepted", "failed"
        if told.state == "closed":
            return "accepted", "closed"
    return "ignored", None


def state_after_refunds(*, amount: int, refunded: int, refunding: int) -> PaymentState:
    """The state of a paid payment, from what was and is being paid back."""
    if refunding:
        return "refunding"
    if refunded >= amount:
        return "refunded"
    return "partly_refunded" if refunded else "paid"


def next_check(attempts: int, now: datetime) -> datetime:
    """When to ask the provider again after so many askings."""
    seconds = _WAITS[attempts] if attempts < len(_WAITS) else _LAST_WAIT
    return now + timedelta(seconds=seconds)


def check_refund(payment: Payment, amount: int) -> None:
    """Raises `not_refundable` (409) unless that much can be paid back still."""
    if not 0 < amount <= payment.left:
        raise conflict(
            "not_refundable",
            f"最多可退 {payment.left}（最小货币单位）",
            f"At most {payment.left} minor units can be paid back",
            left=payment.left,
            state=payment.state,
        )


def check_account(
    errors: ErrorList,
    *,
    provider: Provider,
    key: str,
    name: Text,
    values: Mapping[str, str],
    known_secrets: frozenset[str],
) -> None:
    """Gather what is wrong with an account's form. Secrets that are set already need not be given again."""
    if not KEY.match(key):
        errors.add(
            "key", "bad_key", "1–39 位小写字母、数字或连字符", "1 to 39 lower-case letters, digits or -"
        )
    for language, said in (("zh", name.zh), ("en", name.en)):
        if not 0 < len(said.strip()) <= 60:
            errors.add(f"name.{language}", "bad_name", "名称为 1–60 个字符", "A name has 1 to 60 characters")
    fields = {setting.key: setting for setting in provider.settings}
    for given in sorted(values.keys() - fields.keys()):
        errors.add(f"settings.{given}", "unknown_field", "没有这个字段", "There is no such field")
    for field, setting in fields.items():
        value = values.get(field, "")
        if not isinstance(value, str) or len(value) > _LONGEST_VALUE or "\x00" in value:
            errors.add(f"settings.{field}", "bad_value", "过长或无法读取", "Too long or unreadable")
        elif setting.required and not value and field not in known_secrets:
            errors.add(f"settings.{field}", "required", "请填写", "This is needed")
        elif value and setting.choices and value not in {choice for choice, _ in setting.choices}:
            known = ", ".join(choice for choice, _ in setting.choices)
            errors.add(f"settings.{field}", "unknown_choice", f"只能是：{known}", f"must be one of: {known}")


def check_return_url(errors: ErrorList, url: str) -> None:
    """A page to go back to: empty, a path of ours, or an http(s) address."""
    parts = urlsplit(url)
    own = url.startswith("/") and not url.startswith(("//", "/\\"))
    if url and (len(url) > 500 or not (own or (parts.scheme in ("http", "https") and parts.netloc))):
        errors.add("return_url", "bad_url", "须为 http(s) 地址", "Must be an http(s) address")


def not_supported(what: str, provider: Provider) -> Refusal:
    return Refusal(
        "payment_not_supported",
        Text("{p}不支持 {w}", "{p} does not support {w}").format(p=provider.name, w=what),
        status=422,
        data={"what": what},
    )
