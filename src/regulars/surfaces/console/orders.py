"""An order as its page shows it: lines, what each earned, what went back of it since."""

from __future__ import annotations

from decimal import Decimal

from regulars.facts.activity import api as activities
from regulars.facts.activity.records import ActivityRow, Stored, decode_body
from regulars.surfaces.console.card import main_unit
from regulars.surfaces.console.naming import Naming
from regulars.surfaces.console.shapes.members import OrderLineOut, OrderOut, RefundOut

_AT_ONCE = 200


def order_of(naming: Naming, row: ActivityRow, stored: Stored) -> OrderOut | None:
    """The order that a row is, or that a refund is about (None while that has not come)."""
    related = _related(naming, row)
    if row.type == "refund":
        found = next((one for one in related if one.type == "order"), None)
        if found is None:
            return None
        row, stored = found, found.stored()
    given = decode_body(row)
    order = given.order
    if order is None:
        return None
    unit = main_unit(naming)
    points: dict[int, int] = {}
    for earn in stored.earns:
        if earn.unit == unit:
            for place, share in enumerate(earn.shares):
                points[place] = points.get(place, 0) + share
    back_quantity: dict[int, Decimal] = {}
    back_amount: dict[int, int] = {}
    refunds = []
    delivered = order.delivered or any(one.type == "order_delivered" for one in related)
    for refund_row in sorted(
        (one for one in related if one.type == "refund"), key=lambda one: one.occurred_at
    ):
        refund = decode_body(refund_row).refund
        if refund is None or refund_row.status != "applied":
            continue
        refunds.append(
            RefundOut(
                number=refund.number,
                amount=refund_row.amount,
                occurred_at=refund_row.occurred_at,
                reason=refund.reason,
            )
        )
        for place, line in enumerate(order.lines):
            left = line.quantity - back_quantity.get(place, Decimal(0))
            part = next((one for one in refund.lines or () if one.line == place + 1), None)
            if refund.lines is not None and part is None:
                continue
            quantity = min(left, part.quantity) if part is not None and part.quantity is not None else left
            before = back_quantity.get(place, Decimal(0))
            back_quantity[place] = before + quantity
            back_amount[place] = int(line.amount * (before + quantity) / line.quantity)
    return OrderOut(
        number=order.number,
        source=row.source,
        amount=row.amount,
        discount=sum(line.discount for line in order.lines),
        coupon_discount=order.coupon_discount,
        shipping=order.shipping,
        lines=[
            OrderLineOut(
                line=place + 1,
                sku=line.sku,
                name=line.name,
                category=line.category or line.department,
                quantity=_plain(line.quantity),
                amount=line.amount,
                discount=line.discount,
                refunded_quantity=_plain(back_quantity.get(place, Decimal(0))),
                refunded_amount=back_amount.get(place, 0),
                points=points.get(place),
            )
            for place, line in enumerate(order.lines)
        ],
        refunds=refunds,
        delivered=delivered,
    )


def _plain(quantity: Decimal) -> str:
    return f"{quantity.normalize():f}" if quantity else "0"


def _related(naming: Naming, row: ActivityRow) -> list[ActivityRow]:
    """Her orders, refunds and deliveries of the same number from the same source."""
    found: list[ActivityRow] = []
    cursor: str | None = None
    while True:
        page = activities.list_activities(
            brand_id=naming.scope.brand_id,
            member_id=row.member_id,
            types=["refund", "order_delivered", *(["order"] if row.type == "refund" else [])],
            cursor=cursor,
            limit=_AT_ONCE,
        )
        found += [one for one in page.items if (one.source, one.subject) == (row.source, row.subject)]
        cursor = page.next_cursor
        if cursor is None:
            return found
