"""What orders and refunds mean for referrals, links and promoters: read from the outbox, written exactly once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

from regulars.engage.referrals import api as referrals
from regulars.engage.referrals.types import OrderFacts
from regulars.facts.activity import store as activities
from regulars.facts.activity.records import ActivityRow, decode_body
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Brand
from regulars.platform.outbox import api as outbox
from regulars.platform.outbox.types import NOBODY, Event

CONSUMER = "referrals"
BATCH = 500
_NOT_COUNTING = frozenset({"refused", "returned"})


def follow(now: datetime) -> int:
    """Work through the next orders and refunds; gives how many events that was."""

    def handle(events: Sequence[Event]) -> None:
        by_brand: dict[UUID, list[Event]] = {}
        for event in events:
            if event.member_id != NOBODY and event.payload.get("type") in ("order", "refund"):
                by_brand.setdefault(event.brand_id, []).append(event)
        for brand_id, mine in sorted(by_brand.items()):
            follow_brand(organisations.get_brand(brand_id=brand_id), mine, now)

    outbox.subscribe(name=CONSUMER, from_start=False)
    return outbox.consume(name=CONSUMER, handle=handle, now=now, batch=BATCH, topics=["activity.posted"])


def follow_brand(brand: Brand, events: Sequence[Event], now: datetime) -> None:
    """Orders and refunds of members who came by another, or by a link; in the caller's transaction."""
    known = referrals.known_members(brand_id=brand.id, member_ids={event.member_id for event in events})
    mine = [
        event for event in events if event.member_id in known and event.payload.get("status") == "applied"
    ]
    if not mine:
        return
    bought = [(e.member_id, UUID(e.payload["activity_id"])) for e in mine if e.payload["type"] == "order"]
    back = [(e.member_id, UUID(e.payload["activity_id"])) for e in mine if e.payload["type"] == "refund"]
    orders = facts_of(brand=brand, ids=bought)
    refunded = facts_of(brand=brand, ids=orders_of_refunds(brand=brand, ids=back))
    referrals.note_orders(
        brand=brand, orders=[(o.member_id, o.order_id, o.ordered_at, o.net) for o in orders], now=now
    )
    _promote(brand, orders, now)
    referrals.note_refunds(brand=brand, orders=[(o.member_id, o.order_id) for o in refunded], now=now)
    referrals.follow_credits(brand_id=brand.id, orders=refunded)
    referrals.follow_commission(brand=brand, orders=refunded, now=now)


def _promote(brand: Brand, orders: Sequence[OrderFacts], now: datetime) -> None:
    """Orders by links and of promoters' friends: the last link before the order counts, else who recruited her."""
    if not orders:
        return
    by_link = referrals.credit_orders(brand=brand, orders=orders, now=now)
    terms = referrals.get_settings(brand_id=brand.id).commission
    if not terms.enabled:
        return
    buyers = {order.member_id for order in orders}
    came = referrals.referrals_of(brand_id=brand.id, member_ids=buyers)
    same = referrals.same_people(brand_id=brand.id, member_ids=buyers)
    found: list[tuple[OrderFacts, UUID, str, UUID | None]] = []
    for order in orders:
        link = by_link.get(order.order_id)
        row = came.get(order.member_id)
        if link is not None:
            promoter, via, share = link[0], "share", link[1]
        elif (
            row is not None
            and row.state not in _NOT_COUNTING
            and row.joined_at <= order.ordered_at <= row.joined_at + timedelta(days=terms.friend_days)
        ):
            promoter, via, share = row.recruiter_id, "friend", None
        else:
            continue
        # nobody earns by what she buys herself, under whatever account
        if promoter != order.member_id and promoter not in same.get(order.member_id, ()):
            found.append((order, promoter, via, share))
    referrals.earn_commission(brand=brand, orders=found, now=now)


def facts_of(*, brand: Brand, ids: Iterable[tuple[UUID, UUID]]) -> list[OrderFacts]:
    """Orders (member, activity) with what of each line has not gone back."""
    wanted = sorted(set(ids))
    if not wanted:
        return []
    with connection.cursor() as cursor:
        rows = activities.load(cursor, ids=wanted)
        orders = {row.id: row for row in rows.values() if row.type == "order" and row.brand_id == brand.id}
        bodies = {id_: decode_body(row) for id_, row in orders.items()}
        keys = {
            id_: (row.member_id, _order_key(brand, row.source, body.order.number))
            for id_, row in orders.items()
            if (body := bodies[id_]).order is not None
        }
        states = activities.load_order_states(cursor, keys=list(keys.values()))
    found = []
    for id_, key in keys.items():
        order = bodies[id_].order
        assert order is not None
        gone = {int(n): int(money) for n, (_, money) in states.get(key, {}).get("refunded", {}).items()}
        found.append(
            OrderFacts(
                orders[id_].member_id,
                id_,
                orders[id_].occurred_at,
                tuple(
                    (line.category, line.amount, line.amount - gone.get(n, 0))
                    for n, line in enumerate(order.lines)
                ),
            )
        )
    return found


def orders_of(*, brand: Brand, joined: Mapping[UUID, datetime]) -> list[OrderFacts]:
    """Every order of members since they joined, with what of it has not gone back."""
    if not joined:
        return []
    with connection.cursor() as cursor:
        history = activities.history(cursor, brand_id=brand.id, member_ids=sorted(joined))
    return facts_of(
        brand=brand,
        ids=[
            (row.member_id, row.id)
            for rows in history.values()
            for row in rows
            if row.type == "order" and row.status == "applied" and row.occurred_at >= joined[row.member_id]
        ],
    )


def orders_of_refunds(*, brand: Brand, ids: Sequence[tuple[UUID, UUID]]) -> list[tuple[UUID, UUID]]:
    """(member, activity) of the orders that refunds (member, activity) are of; of those that are there."""
    if not ids:
        return []
    with connection.cursor() as cursor:
        rows = activities.load(cursor, ids=ids)
        keys = [key for row in rows.values() if (key := _refunded_key(brand, row)) is not None]
        return [
            (claim.member_id, claim.activity_id) for claim in activities.find_keys(cursor, keys=keys).values()
        ]


def _refunded_key(brand: Brand, row: ActivityRow) -> UUID | None:
    refund = decode_body(row).refund
    return None if refund is None else _order_key(brand, row.source, refund.order)


def _order_key(brand: Brand, source: str, number: str) -> UUID:
    return activities.key_hash(brand.id, "order", source, number)
