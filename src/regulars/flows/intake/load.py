"""What a batch must know of its members before the fold: states, accounts; lots and orders where they matter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from regulars.facts.activity import store as activity_store
from regulars.facts.activity.records import ActivityRow, decode_body
from regulars.facts.members import api as members
from regulars.facts.members.states import MembershipRow, PersonalFacts
from regulars.flows.intake.fold import Fold
from regulars.flows.intake.moves import spent_for_good
from regulars.flows.intake.orders import load_json, unknown_order
from regulars.flows.intake.prepare import act_of, order_key_of
from regulars.flows.intake.progress import load_state
from regulars.flows.intake.types import BurnRecord, Event, HoldRecord, OrderRecord
from regulars.flows.known import of_members as known_of_members
from regulars.flows.outside import outside_of
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Brand
from regulars.programme.versions.types import ProgrammeHistory
from regulars.value.ledger import store as ledger_store
from regulars.value.ledger.wallet import Wallet

_NEED_LOTS = frozenset(
    {
        "refund", "burn", "burn_return", "adjust", "hold", "capture", "release", "order_delivered", "lot_activate",
        "lot_cancel", "lot_expiry", "reward_back",
    }
)  # fmt: skip
PERSONAL = frozenset({"member.birthday", "member.age", "member.gender"})


@dataclass(slots=True)
class Loaded:
    """The members of a batch, locked, and their folds, ready."""

    brand: Brand
    history: ProgrammeHistory
    rows: dict[UUID, MembershipRow]
    personal: Mapping[UUID, PersonalFacts]
    store_codes: Mapping[UUID, str]
    folds: dict[UUID, Fold]
    known: Mapping[UUID, Mapping[str, Any]] = field(default_factory=dict)

    def expired_until(self, member_id: UUID, now: datetime) -> datetime | None:
        """When value of the member last expired, where lots are loaded.

        A lot of which a part expired while another was held may end later since: that end has not been yet.
        """
        lots = self.folds[member_id].wallet.lots or ()
        return max((at for lot in lots if lot.expired and (at := lot.expires_at) and at <= now), default=None)

    def expired_since(self, member_id: UUID, event: Event, now: datetime) -> bool:
        """Whether value that the event may want to spend expired after the event: then it is late too."""
        expired = self.expired_until(member_id, now)
        return expired is not None and expired > event.occurred_at


def load(
    cursor: Any,
    *,
    brand: Brand,
    history: ProgrammeHistory,
    rows: dict[UUID, MembershipRow],
    events: Mapping[UUID, Sequence[Event]],
    now: datetime | None = None,
) -> Loaded:
    """Load what the folds of locked members need, one query a table; with `now`, also what rules ask of facts,
    scores and segments.
    """
    personal = _personal(history.fields_used, rows)
    store_codes: Mapping[UUID, str] = (
        {store.id: code for code, store in organisations.stores_of(brand_id=brand.id).items()}
        if "membership.store" in history.fields_used
        else {}
    )
    accounts = ledger_store.load_accounts(cursor, brand_id=brand.id, member_ids=rows)
    wallets = {id_: Wallet(accounts.get(id_, {})) for id_ in rows}
    folds = {
        id_: Fold(
            state=load_state(row, personal.get(id_), store_codes),
            wallet=wallets[id_],
            programme_at=history.at,
        )
        for id_, row in rows.items()
    }
    known = (
        known_of_members(brand=brand, member_ids=rows, fields=history.fields_used, now=now, fresh=True)
        if now is not None
        else {}
    )
    for id_, facts in known.items():
        folds[id_].known = facts
    with_lots = [id_ for id_, items in events.items() if needs_lots(history, items, rows[id_])]
    for id_, lots in ledger_store.load_lots(cursor, brand_id=brand.id, member_ids=with_lots).items():
        wallets[id_].lots = lots
    _load_orders(cursor, brand, rows, folds, events)
    _load_holds(cursor, folds, events)
    return Loaded(brand, history, rows, personal, store_codes, folds, known)


def needs_lots(history: ProgrammeHistory, events: Iterable[Event], row: MembershipRow) -> bool:
    """Whether lots matter to these events: earning alone needs none."""
    return (
        row.waiting > 0
        or history.reads_lots
        or any(unit.expiry.kind == "inactivity_months" for unit in history.live.units.values())
        or any(
            event.type in _NEED_LOTS
            or (event.given.order is not None and event.given.order.delivered)
            or (event.type == "reward" and "extensions" in (event.given.data or {}))
            for event in events
        )
    )


def _personal(
    fields_used: frozenset[str], rows: Mapping[UUID, MembershipRow]
) -> Mapping[UUID, PersonalFacts]:
    if fields_used.isdisjoint(PERSONAL):
        return {}
    return members.personal_facts(member_ids=list(rows))


def _load_orders(
    cursor: Any,
    brand: Brand,
    rows: Mapping[UUID, MembershipRow],
    folds: Mapping[UUID, Fold],
    events: Mapping[UUID, Sequence[Event]],
) -> None:
    wanted: set[tuple[UUID, UUID]] = set()
    for member_id, items in events.items():
        for event in items:
            if event.order_key is None or event.order_key == event.id:
                continue
            if event.type != "order" or rows[member_id].waiting:
                wanted.add((member_id, event.order_key))
    if not wanted:
        return
    claims = activity_store.find_keys(cursor, keys=[key for _, key in wanted])
    burns = [(m, key) for m, key in wanted if key not in claims]
    ids = [(c.member_id, c.activity_id) for c in claims.values()] + burns
    found = activity_store.load(cursor, ids=ids)
    states = activity_store.load_order_states(cursor, keys=sorted(wanted))
    waiting: dict[UUID, list[UUID]] = {}
    for member_id, key in wanted:
        claim = claims.get(key)
        row = found.get(claim.activity_id if claim else key)
        if row is not None and row.member_id != member_id:
            continue  # another member's order: to this one it has not come
        record = record_of(key, row) if row is not None else None
        state = states.get((member_id, key))
        if record is None and state is None:
            continue
        if record is None:
            record = unknown_order(key, "", rows[member_id].joined_at)
        if state is not None:
            load_json(record, state)
            if record.waiting:
                waiting.setdefault(member_id, []).extend(record.waiting)
        folds[member_id].orders[key] = record
    refunds = activity_store.load(cursor, ids=[(m, id_) for m, ids_ in waiting.items() for id_ in ids_])
    for row in refunds.values():
        folds[row.member_id].waiting[row.id] = event_of(brand, row)


def record_of(key: UUID, row: ActivityRow) -> OrderRecord:
    """The order (or the burn without one) of a stored activity."""
    stored = row.stored()
    given = decode_body(row)
    order = given.order
    if order is None:
        record = unknown_order(key, "", row.occurred_at)
        unit, amount = burnt(given.burn, row, stored.parts)
        contra = given.burn.contra if given.burn else "redeemed"
        if not spent_for_good(contra):
            record.burns.append(BurnRecord(row.id, unit, amount, list(stored.parts), contra=contra))
        return record
    return OrderRecord(
        key=key,
        activity_id=row.id,
        number=order.number,
        occurred_at=row.occurred_at,
        amounts=tuple(line.amount for line in order.lines),
        quantities=tuple(line.quantity for line in order.lines),
        earns=tuple(stored.earns),
        effects=outside_of(stored),
    )


def burnt(burn: Any, row: ActivityRow, parts: Sequence[tuple[UUID, int]]) -> tuple[str, int]:
    """Unit and amount that a burn or a captured hold spent."""
    if burn is not None:
        return burn.unit, burn.amount
    data = decode_body(row).data or {}
    return data.get("unit", ""), sum(part for _, part in parts)


def event_of(brand: Brand, row: ActivityRow) -> Event:
    """A stored activity as an event of a replay."""
    given, stored = decode_body(row), row.stored()
    order_key: UUID | None = None
    if given.type == "burn_return":
        order_key = UUID((given.data or {})["burn_key"])
    elif row.subject:
        order_key = order_key_of(brand.id, row.source, row.subject)
    elif given.type == "burn":
        order_key = row.id
    store = None
    if row.store_id is not None:
        store = next(
            (s for s in organisations.stores_of(brand_id=brand.id).values() if s.id == row.store_id), None
        )
    return Event(
        id=row.id,
        member_id=row.member_id,
        type=row.type,
        occurred_at=row.occurred_at,
        given=given,
        act=act_of(given, row.occurred_at, store, given.data or {}),
        order_key=order_key,
        subject=row.subject,
        store_id=row.store_id,
        recorded=stored,
        known=stored.known,
        held=next((str(n["rule"]) for n in stored.notes if n["code"] == "held_for_review"), ""),
    )


def _load_holds(cursor: Any, folds: Mapping[UUID, Fold], events: Mapping[UUID, Sequence[Event]]) -> None:
    wanted = [
        (member_id, UUID((event.given.data or {})["hold"]))
        for member_id, items in events.items()
        for event in items
        if event.type in ("capture", "release")
    ]
    if not wanted:
        return
    # A hold has its activity's id, whose newest effects say which lots hold it: a repair may have changed them.
    for row in activity_store.load(cursor, ids=wanted).values():
        unit = (decode_body(row).data or {})["unit"]
        folds[row.member_id].holds[row.id] = HoldRecord(row.id, unit, tuple(row.stored().parts))
