"""What conditions and messages may read of an activity that brought a member to a journey, as a run keeps it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import connection

from regulars.audience.segments import api as segments
from regulars.conditions.api import parse_condition
from regulars.engage.journeys.api import Happened, plain
from regulars.facts.activity import store as activity_store
from regulars.facts.activity.records import ActivityRow
from regulars.flows.intake.load import event_of
from regulars.platform.organisations.types import Brand


def data_of(brand: Brand, happened: Sequence[Happened], *, now: Any) -> dict[UUID, Mapping[str, Any]]:
    """By activity: `facts` by field of the condition language, `values` for messages, the order's `number`."""
    with connection.cursor() as cursor:
        rows = activity_store.load(cursor, ids=[(one.member_id, one.activity_id) for one in happened])
    first = _first_orders(brand, [row.member_id for row in rows.values() if row.type == "order"], now)
    return {id_: _of_row(brand, row, first) for id_, row in rows.items()}


def _of_row(brand: Brand, row: ActivityRow, first: Mapping[UUID, Any]) -> Mapping[str, Any]:
    act = event_of(brand, row).act
    facts: dict[str, Any] = {
        "activity.type": act.type,
        "activity.channel": act.channel,
        "activity.source": act.source,
        "activity.occurred_at": act.occurred_at,
        "store.code": act.store,
        **{key if key.startswith("store.") else f"store.{key}": one for key, one in act.store_facts.items()},
    }
    if act.type in ("order", "refund"):
        facts |= {
            "order.amount": act.amount,
            "order.discount": act.discount,
            "order.quantity": act.quantity,
            "order.currency": brand.currency,
            "order.coupon_used": act.coupon_discount > 0,
            "order.is_first": act.type == "order" and first.get(row.member_id) == act.occurred_at,
            "lines": act.lines,
        }
    facts |= {f"activity.{act.type}.{name}": value for name, value in act.data.items()}
    values = {"order_number": row.subject} if act.type == "order" and row.subject else {}
    named = {
        name: value
        for name, value in act.data.items()
        if isinstance(value, (str, int)) and len(str(value)) < 200
    }
    return {
        "activity": str(row.id),
        "facts": plain(facts),
        "values": {**plain(named), **values},
        "key": row.subject,
    }


def _first_orders(brand: Brand, member_ids: Sequence[UUID], now: Any) -> Mapping[UUID, Any]:
    if not member_ids:
        return {}
    field = "history.first_order_at"
    asked = parse_condition(
        data={"field": field, "op": "is_set"}, catalogue=segments.catalogue(brand_id=brand.id, now=now)
    )
    known = segments.values_of(
        brand_id=brand.id, conditions=[asked], member_ids=list(set(member_ids)), now=now
    )
    return {id_: facts[field] for id_, facts in known.items()}
