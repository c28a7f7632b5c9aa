"""Late and out-of-order activities: replay the member's history in memory, post the differences.

Only what came after the late activity is decided anew; what came before stands as it was recorded. What people did
(burns, holds, refunds) stays done; its lots may be others. The ledger is never rewritten: `repair` entries that name
the late activity, each dated when what it repairs happened, bring lots and balances to where the replay ends, so live
state and replay agree, and so does every instant of the past.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec.structs import replace

from regulars.facts.activity import store as activity_store
from regulars.facts.activity.records import Stored, encode_stored
from regulars.flows.intake import orders as order_policy
from regulars.flows.intake.fold import Fold
from regulars.flows.intake.load import Loaded, event_of
from regulars.flows.intake.progress import fresh_state
from regulars.flows.intake.types import Event, OrderRecord
from regulars.flows.outside import Outside, difference, outside_of, taken_then
from regulars.kit.errors import Refusal
from regulars.kit.ids import new_ids
from regulars.platform.organisations.types import Brand
from regulars.value.ledger import store as ledger_store
from regulars.value.ledger.store import Movement
from regulars.value.ledger.types import Account, Cause, EntryDraft, Lot, insufficient
from regulars.value.ledger.wallet import Wallet
from regulars.value.tiers import api as tiers
from regulars.value.tiers.types import TierHistoryRow, TierMove


@dataclass(frozen=True, slots=True)
class Outcome:
    """The fold to be written (None: every event was refused) and the answer to each new event."""

    fold: Fold | None
    answers: Mapping[UUID, Stored | Refusal]


def replay(
    fold: Fold, events: Sequence[Event], *, decided_until: datetime | None
) -> dict[UUID, Stored | Refusal]:
    """Apply events in order; those before `decided_until` keep their recorded decisions."""
    answers: dict[UUID, Stored | Refusal] = {}
    for event in events:
        decide_anew = event.recorded is None or (
            decided_until is not None and event.occurred_at >= decided_until
        )
        recorded = event.recorded
        if decide_anew and event.type not in _FACTS:
            event.recorded = None
            event.rooms = taken_then(recorded) if recorded is not None else None
        try:
            answers[event.id] = fold.apply(event)
        except Refusal as refusal:
            answers[event.id] = refusal
        finally:
            event.recorded = recorded
    return answers


_FACTS = frozenset(
    {
        "burn", "burn_return", "hold", "capture", "release", "adjust", "tier_place", "tier_unlock", "lot_activate",
        "lot_cancel", "credit", "lot_expiry", "reward", "reward_back",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Past:
    """What the database holds of one member."""

    events: list[Event]
    lots: dict[UUID, Lot]
    accounts: Mapping[str, Account]
    movements: Mapping[Movement, int]
    moves: Sequence[TierHistoryRow]


def repair(
    cursor: Any, *, brand: Brand, loaded: Loaded, events: Mapping[UUID, Sequence[Event]], now: datetime
) -> dict[UUID, Outcome]:
    """Replay the histories of locked members with their late `events`; the folds hold what must be written."""
    ids = list(events)
    rows = activity_store.history(cursor, brand_id=brand.id, member_ids=ids)
    lots = ledger_store.load_lots(cursor, brand_id=brand.id, member_ids=ids)
    accounts = ledger_store.load_accounts(cursor, brand_id=brand.id, member_ids=ids)
    movements = ledger_store.load_movements(cursor, brand_id=brand.id, member_ids=ids)
    moves = tiers.timelines(brand_id=brand.id, member_ids=ids)
    return {
        id_: _repair_member(
            loaded,
            id_,
            _Past(
                [event_of(brand, row) for row in rows[id_]],
                {lot.id: lot for lot in lots[id_]},
                accounts.get(id_, {}),
                movements.get(id_, {}),
                moves.get(id_, ()),
            ),
            events[id_],
            now,
        )
        for id_ in ids
    }


def _repair_member(
    loaded: Loaded, member_id: UUID, past: _Past, events: Sequence[Event], now: datetime
) -> Outcome:
    since = min(event.occurred_at for event in events)
    accepted = list(events)
    refused: dict[UUID, Stored | Refusal] = {}
    budgets = loaded.folds[member_id].budgets
    left = budgets.snapshot() if budgets is not None else None
    while True:
        fold = _fresh(loaded, member_id)
        fold.budgets = budgets
        if budgets is not None and left is not None:
            budgets.restore(left)
        ordered = sorted([*past.events, *accepted], key=lambda e: (e.occurred_at, e.id))
        answers = replay(fold, ordered, decided_until=since)
        fold.advance(loaded.history.at(now), now)
        wrong = [e for e in accepted if isinstance(answers[e.id], Refusal)]
        if not wrong:
            wrong = _overdrawn(fold, past.accounts, accepted, answers)
        if not wrong:
            wrong = _displaced(past.events, accepted, answers)
        if not wrong:
            break
        for event in wrong:
            refused[event.id] = answers[event.id]
            accepted.remove(event)
        if not accepted:
            if budgets is not None and left is not None:
                budgets.restore(left)
            return Outcome(None, refused)
    cause = Cause(accepted[0].id, loaded.history.at(accepted[0].occurred_at).version, now)
    _settle_differences(fold, past, {e.id for e in accepted}, cause)
    _settle_tiers(fold, past.moves, accepted[0].id)
    fresh = {event.id for event in accepted}
    fold.outside = [one for one in fold.outside if one.cause in fresh]
    for event in past.events:
        answer = answers[event.id]
        assert event.recorded is not None
        if isinstance(answer, Stored) and (answer.effects or event.recorded.effects):
            _settle_outside(fold, event, answer, accepted[0].id)
        if isinstance(answer, Stored) and _differs(answer, event.recorded):
            fold.late_results.setdefault(event.id, answer)
    _count_waiting(loaded, fold, member_id)
    return Outcome(fold, {e.id: answers[e.id] for e in accepted} | refused)


def _fresh(loaded: Loaded, member_id: UUID) -> Fold:
    row = loaded.rows[member_id]
    state = fresh_state(row, loaded.personal.get(member_id), loaded.store_codes)
    return Fold(
        state=state,
        wallet=Wallet({}, []),
        programme_at=loaded.history.at,
        known=loaded.known.get(member_id),
    )


def _overdrawn(
    fold: Fold,
    before: Mapping[str, Account],
    accepted: Sequence[Event],
    answers: dict[UUID, Stored | Refusal],
) -> list[Event]:
    """New acts that spend, covered at their time, whose value has been spent since: they are refused."""
    for event in accepted:
        unit, amount = _spends(event)
        if not amount:
            continue
        debt = before[unit].debt if unit in before else 0
        if fold.wallet.account(unit).debt > debt:
            available = before[unit].available if unit in before else 0
            answers[event.id] = insufficient(unit, available, amount)
            return [event]
    return []


def _spends(event: Event) -> tuple[str, int]:
    """Unit and amount that an act takes out of what is available."""
    burn, data = event.given.burn, event.given.data or {}
    if burn is not None:
        return burn.unit, burn.amount
    if event.type == "hold":
        return data["unit"], data["amount"]
    if event.type == "adjust":
        return data["unit"], max(0, -data["amount"])
    return "", 0


def _displaced(
    past: Sequence[Event], accepted: Sequence[Event], answers: dict[UUID, Stored | Refusal]
) -> list[Event]:
    """New refunds without whom a refund that was taken before would still go through: what was answered stands."""
    for event in past:
        answer = answers[event.id]
        if not isinstance(answer, Refusal) or event.type != "refund" or event.recorded is None:
            continue
        if not any(note["code"] == "refunded" for note in event.recorded.notes):
            continue
        for other in accepted:
            if other.type == "refund" and other.order_key == event.order_key:
                answers[other.id] = answer
                return [other]
    return []


def _settle_differences(fold: Fold, past: _Past, fresh: set[UUID], cause: Cause) -> None:
    """Turn the replayed wallet into entries and lot changes against what the database holds.

    What the late activities themselves moved is posted as it is. For the rest the two histories are held against
    each other, movement by movement, and each difference is posted at the instant at which it belongs: so the past
    can be asked afterwards.
    """
    wallet = fold.wallet
    wanted = {lot.id: lot for lot in wallet.lots or ()}
    for lot in wanted.values():
        old = past.lots.get(lot.id)
        lot.is_new = old is None
        lot.changed = old is not None and _moved(lot, old)
    for old in past.lots.values():
        if old.id not in wanted:
            old.clawed = old.amount - old.expired
            old.remaining = old.held = 0
            old.state, old.changed = "closed", True
            assert wallet.lots is not None
            wallet.lots.append(old)
    wallet.new_lots = [lot for lot in wanted.values() if lot.is_new]
    differences = {movement: -amount for movement, amount in past.movements.items()}
    found: list[tuple[datetime, EntryDraft]] = []
    for entry in wallet.entries:
        if entry.cause.activity_id in fresh:
            found.append((entry.cause.at, entry))
            continue
        movement = (entry.unit, entry.account, entry.contra, entry.lot_id, entry.cause.at)
        differences[movement] = differences.get(movement, 0) + entry.amount
    for (unit, account, contra, lot_id, at), amount in differences.items():
        if amount:
            rule = wanted[lot_id].rule if lot_id in wanted else ""
            why = Cause(cause.activity_id, cause.version, at)
            found.append((at, EntryDraft(unit, "repair", account, contra, amount, 0, lot_id, rule, why)))
    found.sort(key=lambda f: f[0])
    wallet.entries = _running(found, past.accounts)
    for unit in set(past.accounts) | set(wallet.accounts):
        wallet.account(unit).changed = True


def _running(
    found: Sequence[tuple[datetime, EntryDraft]], accounts: Mapping[str, Account]
) -> list[EntryDraft]:
    """The entries with what each leaves behind, as they are posted one after the other."""
    totals: dict[tuple[str, str], int] = {}
    for unit, a in accounts.items():
        for account, amount in (
            ("available", a.available),
            ("pending", a.pending),
            ("held", a.held),
            ("debt", -a.debt),
        ):
            totals[unit, account] = amount
    entries = []
    for _, entry in found:
        here, there = (entry.unit, entry.account), (entry.unit, entry.contra)
        totals[here] = totals.get(here, 0) + entry.amount
        totals[there] = totals.get(there, 0) - entry.amount
        entries.append(replace(entry, balance_after=totals[here]))
    return entries


def _moved(lot: Lot, old: Lot) -> bool:
    return (lot.state, lot.amount, lot.remaining, lot.held, lot.expired, lot.clawed, lot.expires_at) != (
        old.state, old.amount, old.remaining, old.held, old.expired, old.clawed, old.expires_at,
    ) or lot.active_at != old.active_at  # fmt: skip


def _differs(answer: Stored, recorded: Stored) -> bool:
    return (
        [tuple(getattr(e, f) for f in e.__struct_fields__) for e in answer.earns]
        != [tuple(getattr(e, f) for f in e.__struct_fields__) for e in recorded.earns]
        or answer.parts != recorded.parts
        or answer.clawed != recorded.clawed
        or outside_of(answer) != outside_of(recorded)
    )


def _settle_outside(fold: Fold, event: Event, answer: Stored, cause_id: UUID) -> None:
    """What other rooms gave for an activity and give no more, or give now, since something came late."""
    assert event.recorded is not None
    given, gone = difference(outside_of(event.recorded), outside_of(answer))
    for what, effects in (("give", given), ("take_back", gone)):
        if effects:
            fold.outside.append(
                Outside(what, cause_id, event.id, event.member_id, event.store_id, effects)  # type: ignore[arg-type]
            )


def _settle_tiers(fold: Fold, known: Sequence[TierHistoryRow], cause_id: UUID) -> None:
    """Keep of the replayed moves only those that the history does not say already; take back those that fell away."""
    wanted: dict[tuple[str, datetime], tuple[TierMove, UUID | None]] = {}
    for move, activity_id in fold.moves:
        wanted[move.scheme, move.occurred_at] = (move, activity_id)
    told = {(row.scheme, row.occurred_at): row.tier for row in known}
    moves = [
        (move, activity_id)
        for (scheme, at), (move, activity_id) in wanted.items()
        if told.get((scheme, at)) != move.tier
    ]
    for (scheme, at), tier in told.items():
        if (scheme, at) in wanted:
            continue
        row = next(r for r in known if (r.scheme, r.occurred_at) == (scheme, at))
        if row.reason == "joined":
            continue
        earlier = [m for (s, t), (m, _) in wanted.items() if s == scheme and t < at]
        first = next((r.tier for r in known if r.scheme == scheme and r.reason == "joined"), "")
        real = max(earlier, key=lambda m: m.occurred_at).tier if earlier else first
        if real and real != tier:
            moves.append((TierMove(scheme, tier, real, "repaired", at, None), cause_id))
    fold.moves = moves


def _count_waiting(loaded: Loaded, fold: Fold, member_id: UUID) -> None:
    """The number of refunds and deliveries that wait, as the replay has it, in the terms in which `write` counts."""
    still = sum(
        len(order.waiting) + (order.delivered_at is not None)
        for order in fold.orders.values()
        if not order.known
    )
    row = loaded.rows[member_id]
    fold.waiting_added = still - row.waiting + len(fold.late_results)
    for order in fold.orders.values():
        order.changed = bool(order.refunded or order.waiting or order.delivered_at or order.burns)


def save_orders(cursor: Any, brand_id: UUID, orders: Mapping[tuple[UUID, UUID], OrderRecord]) -> None:
    states = {key: order_policy.to_json(order) for key, order in orders.items()}
    activity_store.save_order_states(cursor, brand_id=brand_id, states=states)


def redecide(
    cursor: Any, brand_id: UUID, results: Sequence[tuple[UUID, UUID, Stored]], now: datetime
) -> None:
    """Write the new effects of activities that were posted before."""
    ids = new_ids(len(results))
    rows = [
        (member_id, id_, activity_id, activity_id, stored.version, encode_stored(stored))
        for (member_id, activity_id, stored), id_ in zip(results, ids, strict=True)
    ]
    activity_store.insert_redecisions(cursor, brand_id=brand_id, rows=rows, now=now)
