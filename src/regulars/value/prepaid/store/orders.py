"""Purchases that are paid online. They are written in the flow's transaction, under the member's lock."""

from __future__ import annotations

from dataclasses import asdict, fields
from datetime import datetime
from uuid import UUID

from regulars.kit.errors import not_found
from regulars.value.prepaid.models import PrepaidOrder
from regulars.value.prepaid.types import PURCHASE, OrderRow

_COLUMNS = [field.name for field in fields(OrderRow)]


def add(row: OrderRow) -> None:
    PrepaidOrder.objects.bulk_create([PrepaidOrder(**asdict(row))])


def get(*, member_id: UUID, order_id: UUID, lock: bool = False) -> OrderRow:
    """Raises `not_found`."""
    rows = PrepaidOrder.objects.filter(member_id=member_id, id=order_id)
    row = (rows.select_for_update(no_key=True) if lock else rows).first()
    if row is None:
        raise not_found(PURCHASE)
    return _read(row)


def find_open(*, brand_id: UUID, member_id: UUID) -> OrderRow | None:
    """The one that waits for its payment."""
    row = PrepaidOrder.objects.filter(member_id=member_id, brand_id=brand_id, state="open").first()
    return None if row is None else _read(row)


def find_latest(*, brand_id: UUID, member_id: UUID) -> OrderRow | None:
    """The one that she began last, whatever became of it."""
    row = PrepaidOrder.objects.filter(member_id=member_id, brand_id=brand_id).order_by("-id").first()
    return None if row is None else _read(row)


def set_payment(*, member_id: UUID, order_id: UUID, payment_id: UUID) -> None:
    PrepaidOrder.objects.filter(member_id=member_id, id=order_id).update(payment_id=payment_id)


def end(*, member_id: UUID, order_id: UUID, state: str, now: datetime, result_id: UUID | None = None) -> None:
    PrepaidOrder.objects.filter(member_id=member_id, id=order_id, state="open").update(
        state=state, ended_at=now, result_id=result_id
    )


def _read(row: PrepaidOrder) -> OrderRow:
    return OrderRow(**{name: getattr(row, name) for name in _COLUMNS})
