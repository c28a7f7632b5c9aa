"""What waits for a member in the next days: a booking, something to pay, a coupon that ends."""

from __future__ import annotations

from datetime import datetime, timedelta

from regulars.flows.prepaid import api as prepaid_flow
from regulars.kit.periods import zone
from regulars.kit.text import Language
from regulars.platform.organisations import api as organisations
from regulars.surfaces.access import MemberAccess
from regulars.surfaces.portal.shapes import NextOut
from regulars.value.bookings import api as bookings
from regulars.value.coupons import api as coupons

_BOOKING_DAYS = 1
_COUPON_FOR = timedelta(days=3)
# As many of her newest coupons are looked through.
_MOST = 50


def waiting(*, member: MemberAccess, language: Language, now: datetime) -> NextOut | None:
    """What has its own hour: a booking of today or tomorrow, then a purchase that waits to be paid."""
    tz = zone(member.brand.timezone)
    today = now.astimezone(tz).date()
    mine = [
        one
        for one in bookings.list_of_member(scope=member.scope, member_id=member.member_id, limit=20).items
        if one.state == "booked"
        and one.ends_at > now
        and one.starts_at.astimezone(tz).date() <= today + timedelta(days=_BOOKING_DAYS)
    ]
    if mine:
        one = min(mine, key=lambda booking: booking.starts_at)
        stores = {store.id: store for store in organisations.stores_of(brand_id=member.brand.id).values()}
        store, local = stores.get(one.store_id), one.starts_at.astimezone(tz)
        said = [f"{local:%H:%M}", one.name.in_language(language)]
        if store is not None:
            said.append(store.name.in_language(language))
        return NextOut(kind="booking", on=local.date(), sentence=" · ".join(said))
    begun = prepaid_flow.latest_purchase(scope=member.scope, member_id=member.member_id)
    if begun and begun.order.state == "open" and begun.payment and begun.payment.expires_at > now:
        return NextOut(kind="pay", amount=begun.order.amount)
    return None


def ending_coupon(*, member: MemberAccess, language: Language, now: datetime) -> NextOut | None:
    """The coupon that ends first, if it does in the next days and can be used."""
    held = coupons.list_coupons(
        brand_id=member.brand.id, member_id=member.member_id, states=("claimed",), limit=_MOST
    ).items
    ends = [
        (one.coupon.expires_at, one)
        for one in held
        if one.coupon.expires_at is not None
        and one.coupon.starts_at <= now < one.coupon.expires_at <= now + _COUPON_FOR
    ]
    if not ends:
        return None
    end, one = min(ends, key=lambda pair: pair[0])
    last = (end - timedelta(microseconds=1)).astimezone(zone(member.brand.timezone)).date()
    return NextOut(kind="coupon", on=last, sentence=one.definition.name.in_language(language))
