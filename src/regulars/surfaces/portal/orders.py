"""A member's orders with what went back of them, newest first."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from uuid import UUID

from regulars.facts.activity import api as activities
from regulars.facts.activity.records import ActivityRow, decode_body
from regulars.facts.activity.types import LineIn
from regulars.facts.categories import api as categories
from regulars.kit.text import Language, Text
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Brand
from regulars.surfaces.access import MemberAccess
from regulars.surfaces.portal.shapes import LineOut, OrderOut, PageOut, RefundOut

_LIMIT = 20
_REFUNDS_AT_ONCE = 200


def page(*, member: MemberAccess, language: Language, cursor: str | None) -> PageOut[OrderOut]:
    """One page of orders; each knows all refunds of it, whenever they came."""
    brand = member.brand
    found = activities.list_activities(
        brand_id=brand.id, member_id=member.member_id, types=["order"], cursor=cursor, limit=_LIMIT
    )
    refunds = _refunds(member) if found.items else {}
    stores = {store.id: store.name for store in organisations.list_stores(brand_id=brand.id)}
    return PageOut[OrderOut](
        items=[
            _order(row, refunds.get((row.source, row.subject), []), stores, brand, language)
            for row in found.items
        ],
        next_cursor=found.next_cursor,
    )


def _refunds(member: MemberAccess) -> dict[tuple[str, str], list[ActivityRow]]:
    """All her refunds by source and order number: a refund may come long after its order."""
    by_order: dict[tuple[str, str], list[ActivityRow]] = {}
    cursor: str | None = None
    while True:
        found = activities.list_activities(
            brand_id=member.brand.id,
            member_id=member.member_id,
            types=["refund"],
            cursor=cursor,
            limit=_REFUNDS_AT_ONCE,
        )
        for row in found.items:
            if row.status == "applied":
                by_order.setdefault((row.source, row.subject), []).append(row)
        cursor = found.next_cursor
        if cursor is None:
            return by_order


def _order(
    row: ActivityRow,
    refunds: list[ActivityRow],
    stores: Mapping[UUID, Text],
    brand: Brand,
    language: Language,
) -> OrderOut:
    given = decode_body(row)
    order = given.order
    store = stores.get(row.store_id) if row.store_id else None
    return OrderOut(
        id=row.id,
        number=row.subject,
        at=row.occurred_at,
        store=store.in_language(language) if store else None,
        currency=brand.currency,
        total=row.amount,
        refunded=-sum(refund.amount for refund in refunds),
        lines=[_line(line, brand.id, language) for line in order.lines] if order else [],
        refunds=[
            RefundOut(id=refund.id, at=refund.occurred_at, amount=-refund.amount)
            for refund in sorted(refunds, key=lambda r: r.occurred_at)
        ],
    )


def _line(line: LineIn, brand_id: UUID, language: Language) -> LineOut:
    quantity = line.quantity.normalize() if line.quantity else Decimal(1)
    name = line.name
    if not name and line.category:
        name = categories.name_of(brand_id=brand_id, code=line.category).in_language(language)
    return LineOut(name=name or line.sku, quantity=f"{quantity:f}", amount=line.amount)
