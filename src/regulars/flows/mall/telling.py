"""Who hears of an order: the audit log of what staff did, the outbox, the member's inbox."""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from regulars.facts.members import states
from regulars.kit.ids import new_id
from regulars.messaging import api as messaging
from regulars.messaging.types import Notice
from regulars.platform.audit import api as audit
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Scope
from regulars.platform.outbox import api as outbox
from regulars.platform.outbox.types import Event
from regulars.value.rewards.types import Redemption

_TOPICS = {
    "shipped": "redemption.shipped",
    "verified": "redemption.verified",
    "completed": "redemption.completed",
    "cancelled": "redemption.cancelled",
    "expired": "redemption.expired",
}


def announce(scope: Scope, order: Redemption, topic: str, now: datetime) -> None:
    """One event for all that acts on it after the commit."""
    outbox.append(
        [
            Event(
                id=new_id(),
                organisation_id=scope.organisation_id,
                brand_id=scope.brand_id,
                topic=topic,
                payload={
                    "redemption_id": str(order.id),
                    "reward": order.reward_key,
                    "state": order.state,
                    "quantity": order.quantity,
                    "unit": order.unit,
                    "points": order.points,
                    "cash": order.cash,
                },
                occurred_at=now,
                recorded_at=now,
                member_id=order.member_id,
            )
        ]
    )


def record_placed(scope: Scope, order: Redemption, now: datetime) -> None:
    """A new order: in the outbox, and in the audit log unless she placed it herself."""
    announce(scope, order, "redemption.placed", now)
    if scope.actor.kind == "member":
        return
    audit.record(
        organisation_id=scope.organisation_id,
        brand_id=scope.brand_id,
        actor=scope.actor,
        action="redemption.place",
        subject_type="member",
        subject_id=order.member_id,
        after={
            "redemption": str(order.id),
            "reward": order.reward_key,
            "quantity": order.quantity,
            "points": order.points,
            "cash": order.cash,
        },
        now=now,
    )


def record(scope: Scope, before: Redemption, after: Redemption, verb: str, now: datetime) -> None:
    """An act on an order: in the outbox, and in the audit log unless she did it herself."""
    announce(scope, after, _TOPICS.get(after.state, "redemption.placed"), now)
    if scope.actor.kind == "member":
        return
    audit.record(
        organisation_id=scope.organisation_id,
        brand_id=scope.brand_id,
        actor=scope.actor,
        action=f"redemption.{verb}",
        subject_type="member",
        subject_id=after.member_id,
        before={"state": before.state},
        after={
            "state": after.state,
            "redemption": str(after.id),
            "reward": after.reward_key,
            "carrier": after.carrier,
            "tracking": after.tracking,
        },
        now=now,
    )


def tell(scope: Scope, order: Redemption, what: str, now: datetime) -> None:
    """A message in her inbox, once."""
    brand = organisations.get_brand(brand_id=scope.brand_id)
    with connection.cursor() as cursor:
        languages = states.languages(cursor, brand_id=brand.id, member_ids=[order.member_id])
    if order.member_id not in languages:
        return
    notice = Notice(
        member_id=order.member_id,
        kind="redemption",
        key=f"{order.id}:{what}:{order.tracking}"[:200],
        template=f"redemption_{what}",
        language=languages[order.member_id],
        values={
            "reward": order.name,
            "carrier": order.carrier,
            "tracking": order.tracking,
            "points": f"{order.points:,}",
        },
    )
    messaging.send_many(brand=brand, notices=[notice], now=now)
