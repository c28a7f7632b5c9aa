"""What members, other systems and the audit log are told of subscriptions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import connection

from regulars.facts.members import states
from regulars.kit import money
from regulars.kit.ids import new_id
from regulars.kit.text import Text
from regulars.messaging import api as messaging
from regulars.messaging.types import Notice
from regulars.platform.audit import api as audit
from regulars.platform.organisations.types import Brand, Scope
from regulars.platform.outbox import api as outbox
from regulars.platform.outbox.types import Event
from regulars.value.plans.types import Subscription, Terms

_MONTHS_EN = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def announce(
    *, brand: Brand, held: Subscription, topic: str, now: datetime, more: Mapping[str, Any] | None = None
) -> None:
    """Write `subscription.<topic>` to the outbox, in the transaction that made it so."""
    outbox.append(
        [
            Event(
                id=new_id(),
                organisation_id=brand.organisation_id,
                brand_id=brand.id,
                topic=f"subscription.{topic}",
                payload={
                    "subscription_id": str(held.id),
                    "plan": held.plan,
                    "period": held.period,
                    "state": held.state,
                    "ends_on": held.ends_on.isoformat() if held.ends_on else None,
                    **(more or {}),
                },
                occurred_at=now,
                recorded_at=now,
                member_id=held.member_id,
            )
        ]
    )


def audited(
    *, scope: Scope, held: Subscription, action: str, now: datetime, after: Mapping[str, Any]
) -> None:
    """The entry of an act that staff, a key or a member did."""
    audit.record(
        organisation_id=scope.organisation_id,
        brand_id=scope.brand_id,
        actor=scope.actor,
        action=f"subscription.{action}",
        subject_type="member",
        subject_id=held.member_id,
        after={"plan": held.plan, **after},
        now=now,
    )


def tell(
    *,
    brand: Brand,
    held: Subscription,
    terms: Terms,
    kind: str,
    key: str,
    price: int,
    days: int,
    now: datetime,
) -> int:
    """Put a message into her inbox, once for each key; gives how many that were (0 or 1)."""
    with connection.cursor() as cursor:
        languages = states.languages(cursor, brand_id=brand.id, member_ids=[held.member_id])
    if held.member_id not in languages or held.ends_on is None:
        return 0
    notice = Notice(
        member_id=held.member_id,
        kind=kind,
        key=f"{held.id}:{key}",
        template=kind,
        language=languages[held.member_id],
        values={
            "plan": terms.name,
            "day": day_text(held.ends_on),
            "price": money.show(price, held.currency),
            "left": Text("1 天", "1 day") if days == 1 else Text(f"{days} 天", f"{days} days"),
        },
    )
    return messaging.send_many(brand=brand, notices=[notice], now=now)


def day_text(on: date) -> Text:
    return Text("{year} 年 {month} 月 {day} 日", "{day} {month} {year}").format(
        year=on.year, month=Text(str(on.month), _MONTHS_EN[on.month - 1]), day=on.day
    )
