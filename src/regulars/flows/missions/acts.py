"""What members did, as missions and boards count it: orders net of what went back, everything else as it came."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from msgspec.structs import replace

from regulars.facts.activity import store as activity_store
from regulars.facts.activity.records import ActivityRow, decode_body
from regulars.flows.intake.orders import load_json
from regulars.flows.intake.prepare import act_of, order_key_of
from regulars.flows.intake.types import OrderRecord
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Brand, Store
from regulars.programme.rules.types import Act

NOBODYS_DOING = frozenset(
    {"reward", "reward_back", "adjust", "lot_activate", "lot_cancel", "lot_expiry", "release"}
)


@dataclass(frozen=True, slots=True)
class Done:
    """One activity. `act` is None where all of it went back; an order is its lines that were kept."""

    member_id: UUID
    activity_id: UUID
    type: str
    occurred_at: datetime
    recorded_at: datetime
    act: Act | None
    store_id: UUID | None
    store: str
    earned: Mapping[str, int]

    @property
    def amount(self) -> int:
        return self.act.amount if self.act else 0


def load(brand: Brand, ids: Sequence[tuple[UUID, UUID]]) -> list[Done]:
    """The activities (member, id); of a refund the order that it is about."""
    with connection.cursor() as cursor:
        rows = activity_store.load(cursor, ids=ids)
        refunds = [row for row in rows.values() if row.type == "refund" and row.subject]
        keys = {row.id: order_key_of(brand.id, row.source, row.subject) for row in refunds}
        claims = activity_store.find_keys(cursor, keys=list(set(keys.values())))
        wanted = [(claim.member_id, claim.activity_id) for claim in claims.values()]
        orders = activity_store.load(cursor, ids=[pair for pair in wanted if pair[1] not in rows])
        found = {**rows, **orders}
        order_keys = {
            (row.member_id, order_key_of(brand.id, row.source, row.subject)): row
            for row in found.values()
            if row.type == "order"
        }
        states = activity_store.load_order_states(cursor, keys=sorted(order_keys))
    of_state = {row.id: states[pair] for pair, row in order_keys.items() if pair in states}
    stores = {store.id: store for store in organisations.stores_of(brand_id=brand.id).values()}
    return [
        _done(row, of_state.get(row.id), stores)
        for row in found.values()
        if row.brand_id == brand.id and row.type not in NOBODYS_DOING and row.type != "refund"
    ]


def _done(row: ActivityRow, state: Mapping[str, Any] | None, stores: Mapping[UUID, Store]) -> Done:
    given = decode_body(row)
    store = stores.get(row.store_id) if row.store_id else None
    if given.store is None and store is not None:
        given = replace(given, store=store.code)
    gone = False
    if given.order is not None and state is not None and state.get("refunded"):
        lines = given.order.lines
        record = OrderRecord(
            row.id, row.id, row.subject, row.occurred_at, tuple(line.amount for line in lines),
            tuple(line.quantity for line in lines), (),
        )  # fmt: skip
        load_json(record, state)
        kept = []
        for place, line in enumerate(lines):
            quantity, money = record.refunded.get(place, (Decimal(0), 0))
            if line.quantity > quantity:
                kept.append(replace(line, quantity=line.quantity - quantity, amount=line.amount - money))
        gone = not kept
        if kept:
            given = replace(given, order=replace(given.order, lines=tuple(kept)))
    data = dict(given.data or {})
    return Done(
        member_id=row.member_id,
        activity_id=row.id,
        type=row.type,
        occurred_at=row.occurred_at,
        recorded_at=row.recorded_at,
        act=None if gone else act_of(given, row.occurred_at, store, data),
        store_id=row.store_id,
        store=store.code if store else "",
        earned={} if gone else _earned(row),
    )


def _earned(row: ActivityRow) -> Mapping[str, int]:
    """By unit, what rules gave for it, less what was taken back since."""
    stored = row.stored()
    sums: dict[str, int] = {}
    for earn in stored.earns:
        sums[earn.unit] = sums.get(earn.unit, 0) + earn.amount
    return sums


def ids_of(events: Iterable[Any]) -> list[tuple[UUID, UUID]]:
    """(member, activity) of the outbox's `activity.posted`."""
    return [
        (event.member_id, UUID(event.payload["activity_id"]))
        for event in events
        if event.topic == "activity.posted" and event.payload.get("type") not in NOBODYS_DOING
    ]
