"""What coupons announce: `coupon.claimed`, `.used`, `.given_back`, `.returned`, `.voided`, `.expired`, `.gifted`,
`.issued`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from regulars.kit.ids import new_id
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Brand
from regulars.platform.outbox import api as outbox
from regulars.platform.outbox.types import Event
from regulars.value.coupons.types import Coupon, UseRow


def say(*, brand_id: UUID, what: str, coupons: Iterable[Coupon], now: datetime, **more: Any) -> None:
    """One event for each coupon, in the caller's transaction."""
    brand = organisations.get_brand(brand_id=brand_id)
    outbox.append(
        [
            of(brand, what, coupon.member_id, coupon.id, coupon.definition, now, now, **_used(coupon), **more)
            for coupon in coupons
        ]
    )


def say_used(*, brand_id: UUID, rows: Iterable[UseRow], now: datetime) -> None:
    """One event for each use, in the caller's transaction."""
    brand = organisations.get_brand(brand_id=brand_id)
    outbox.append(
        [
            of(
                brand,
                "used",
                row.coupon.member_id,
                row.coupon.id,
                row.coupon.definition.key,
                now,
                now,
                order=row.order,
                amount=row.amount,
                store_id=str(row.store_id) if row.store_id else None,
                channel=row.channel,
            )
            for row in rows
        ]
    )


def of(
    brand: Brand,
    what: str,
    member_id: UUID,
    coupon_id: UUID,
    definition: str,
    at: datetime,
    now: datetime,
    **more: Any,
) -> Event:
    """The event of one coupon."""
    payload = {"coupon": str(coupon_id), "definition": definition, **more}
    return Event(
        new_id(), brand.organisation_id, brand.id, f"coupon.{what}", payload, at, now, member_id=member_id
    )


def say_issued(*, brand: Brand, definition: str, source: str, count: int, now: datetime) -> None:
    """One event for a portion of a bulk issue: its members' coupons name the source."""
    payload = {"definition": definition, "source": source, "count": count}
    outbox.append([Event(new_id(), brand.organisation_id, brand.id, "coupon.issued", payload, now, now)])


def _used(coupon: Coupon) -> dict[str, Any]:
    if coupon.order is None:
        return {}
    return {
        "order": coupon.order,
        "amount": coupon.amount,
        "store_id": str(coupon.store_id) if coupon.store_id else None,
        "channel": coupon.channel,
    }
