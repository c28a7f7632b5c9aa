"""The demo's paid plan: 尊享会员 with subscribers in every state, paid through the simulated provider.

The data set has no paid membership: the plan's description says that it is a demo. A second call makes nothing twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from django.db import connection, transaction

from regulars.flows import payments as paying
from regulars.flows.plans import api as plan_flow
from regulars.kit.errors import Refusal
from regulars.kit.text import Text
from regulars.platform.organisations.types import Scope
from regulars.platform.payments import api as payments
from regulars.value.plans import api as plans
from regulars.value.plans.types import NewSaving

MEMBERS = 24
_NOTE = Text(
    "（演示）每周一杯咖啡、会员价与免邮。", "(Demo) A coffee a week, member prices and free delivery."
)
_PRIME: dict[str, Any] = {
    "key": "prime",
    "state": "active",
    "name": {"zh": "尊享会员", "en": "Prime"},
    "description": _NOTE.to_json(),
    "prices": {"month": 1500, "quarter": 3900, "year": 14800},
    "trial_days": 14,
    "benefits": [
        {
            "key": "prime-price",
            "name": {"zh": "尊享价", "en": "Prime price"},
            "kind": "price_discount",
            "factor": "0.97",
        },
        {
            "key": "prime-delivery",
            "name": {"zh": "免邮", "en": "Free delivery"},
            "kind": "free_shipping",
            "quota": 4,
            "period": "month",
        },
        {
            "key": "prime-coffee",
            "name": {"zh": "每周一杯咖啡", "en": "A coffee a week"},
            "kind": "product",
            "quota": 1,
            "period": "week",
        },
    ],
    "pause": {"max_days": 30, "times": 2},
    "transferable": True,
    "refund": {"rule": "unused_days", "full_within_days": 3, "minus_savings": False},
}
_FAMILY: dict[str, Any] = {
    **_PRIME,
    "key": "family",
    "name": {"zh": "家庭会员", "en": "Family"},
    "description": Text("（演示）两倍免邮。", "(Demo) Twice the free deliveries.").to_json(),
    "prices": {"month": 2500, "year": 24800},
    "trial_days": 0,
    "benefits": [{**one, "key": one["key"].replace("prime", "family")} for one in _PRIME["benefits"]],
}


def fill(scope: Scope, member_ids: Sequence[UUID], now: datetime) -> None:
    """Two plans, an account at the simulated provider, and the first `MEMBERS` members given as subscribers."""
    known = {one["key"] for one in plans.export_definitions(brand_id=scope.brand_id)}
    for definition in (_PRIME, _FAMILY):
        if definition["key"] not in known:
            plans.apply_definition(scope=scope, definition=definition, now=now)
    _account(scope, now)
    for n, member_id in enumerate(member_ids[:MEMBERS]):
        if not plans.list_of_member(brand_id=scope.brand_id, member_id=member_id):
            # whole or not at all: a worker beside it would close a payment of last week that waits
            with transaction.atomic():
                _subscribe(scope, member_id, n, now)


def _account(scope: Scope, now: datetime) -> None:
    try:
        payments.default_account(brand_id=scope.brand_id)
    except Refusal:
        payments.put_account(
            scope=scope,
            key="demo",
            provider="simulator",
            name=Text("演示收款（模拟器）", "Demo account (simulator)"),
            values={"outcome": "ask"},
            is_default=True,
            now=now,
        )


def _subscribe(scope: Scope, member_id: UUID, n: int, now: datetime) -> None:
    """Every sixth is on trial; the others bought one to twenty days ago, one in five by the year."""
    then = now - timedelta(days=1 + n * 7 % 20, hours=n % 5)
    if n % 6 == 5:
        plan_flow.begin_trial(
            scope=scope, member_id=member_id, plan="prime", key="demo", now=now - timedelta(days=n % 5)
        )
        return
    made = plan_flow.buy(
        scope=scope,
        member_id=member_id,
        plan="family" if n % 4 == 3 else "prime",
        period="year" if n % 5 == 4 else "month",
        key="demo",
        now=then,
    )
    if made.payment is None:
        return
    parts = urlsplit(made.payment.action.url)
    payments.simulated_press(
        account_id=made.payment.account_id,
        number=made.payment.number,
        token=parse_qs(parts.query)["t"][0],
        outcome="paid",
        now=then,
    )
    paying.call_back_here(account_id=made.payment.account_id, now=then)
    paying.check(payment=made.payment, now=then)
    held = plans.find_live(brand_id=scope.brand_id, member_id=member_id)
    if held is None:
        return
    _save(scope, member_id, held.plan, n, then, held.currency)
    if n % 8 == 1:
        plan_flow.pause(scope=scope, member_id=member_id, subscription_id=held.id, key="demo-pause", now=now)
    elif n % 8 == 2:
        plan_flow.set_renewal(
            scope=scope, member_id=member_id, subscription_id=held.id, on=False, key="demo-off", now=now
        )


def _save(scope: Scope, member_id: UUID, plan: str, n: int, then: datetime, currency: str) -> None:
    """What the plan saved her so far, made up and named so."""
    savings = [
        NewSaving(
            member_id=member_id,
            benefit=f"{plan}-{what}",
            amount=amount,
            currency=currency,
            source=f"demo:{turn}",
            at=then + timedelta(hours=2 + turn),
        )
        for turn, (what, amount) in enumerate((("coffee", 1200), ("price", 90 + 35 * n), ("delivery", 600)))
    ]
    with connection.cursor() as cursor:
        plans.record_saving(cursor, brand_id=scope.brand_id, savings=savings)
