"""Posting: one transaction for a batch of activities, in a few set-based statements.

Claim keys → lock the members in key order → load → fold in memory → write each table once → commit. The caller is
answered after the commit. A refused activity leaves nothing behind.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from msgspec.structs import replace

from regulars.facts.activity import api as activities
from regulars.facts.activity import store as activity_store
from regulars.facts.activity.records import (
    ActivityRow,
    Stored,
    decode_stored,
    encode_body,
    encode_stored,
    receipt,
)
from regulars.facts.activity.store import KeyClaim
from regulars.facts.activity.types import ActivityIn, ActivityStatus, Receipt
from regulars.facts.members import api as members
from regulars.facts.members import states
from regulars.facts.members.states import MembershipRow
from regulars.flows import effects, known
from regulars.flows.intake import around, repair
from regulars.flows.intake.fold import Fold, inactive_from
from regulars.flows.intake.load import Loaded, load
from regulars.flows.intake.planned import planned
from regulars.flows.intake.prepare import Prepared, prepare
from regulars.flows.intake.progress import latest, save_state
from regulars.flows.intake.types import Event
from regulars.kit.errors import Refusal, not_found
from regulars.kit.ids import new_ids
from regulars.kit.text import Text
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Brand, Scope
from regulars.platform.outbox import api as outbox
from regulars.programme.versions import api as versions
from regulars.value.ledger import store as ledger_store
from regulars.value.ledger.wallet import Wallet
from regulars.value.tiers import api as tiers

BATCH = 1000
_MEMBER = Text("会员", "Member")

Result = Receipt | Refusal


def post(
    *,
    scope: Scope,
    activities: Sequence[ActivityIn],
    now: datetime,
    internal: bool = False,
    brief: bool = False,
) -> list[Result]:
    """Post activities into the scope's brand; one receipt or refusal each, in order.

    Every `BATCH` of them is one transaction; an activity is answered only after the commit that holds it. A key that
    was used before with the same body answers the first receipt, with another body `idempotency_conflict` (409).
    `internal` admits the types that only Regulars' own flows post; `brief` leaves outcomes and balances out of the
    receipts, for callers who only count. Within a transaction of the caller's it joins that.
    """
    results: list[Result] = []
    for start in range(0, len(activities), BATCH):
        results += _post(scope, activities[start : start + BATCH], now, internal, brief)
    return results


@dataclass(slots=True)
class Work:
    """One transaction's work: what to write, and the answers."""

    scope: Scope
    brand: Brand
    now: datetime
    results: list[Result | None]
    brief: bool = False
    internal: bool = False
    rows: list[ActivityRow] = field(default_factory=list)
    released: list[UUID] = field(default_factory=list)
    repeats: list[tuple[int, Prepared, KeyClaim]] = field(default_factory=list)

    refused: dict[UUID, Refusal] = field(default_factory=dict)

    def mark(self) -> tuple[int, int, dict[UUID, Refusal]]:
        """Where the work stands now, for `back_to`."""
        return len(self.rows), len(self.released), dict(self.refused)

    def back_to(self, mark: tuple[int, int, dict[UUID, Refusal]]) -> None:
        """Forget what was decided since; answers are given anew."""
        del self.rows[mark[0] :]
        del self.released[mark[1] :]
        self.refused = dict(mark[2])

    def refuse(self, event: Event, prepared: Prepared, refusal: Refusal) -> None:
        self.results[prepared.index] = refusal
        self.refused[event.id] = refusal
        self.released += prepared.keys


def _post(
    scope: Scope, given: Sequence[ActivityIn], now: datetime, internal: bool, brief: bool
) -> list[Result]:
    brand = organisations.get_brand(brand_id=scope.brand_id)
    results: list[Result | None] = [None] * len(given)
    stores = organisations.stores_of(brand_id=brand.id, codes={a.store for a in given if a.store is not None})
    declared = activities.declared_types(brand_id=brand.id)
    ready: list[Prepared] = []
    for index, activity in enumerate(given):
        try:
            prepared = prepare(
                index, activity, brand=brand, stores=stores, declared=declared, now=now, internal=internal
            )
            if scope.store_ids is not None:
                scope.require_store(prepared.store_id)
            ready.append(prepared)
        except Refusal as refusal:
            results[index] = refusal
    if ready:
        with transaction.atomic(), planned(connection) as cursor:
            work = Work(scope, brand, now, results, brief, internal)
            _transact(cursor, work, ready)
    return [result for result in results if result is not None]


def _transact(cursor: Any, work: Work, ready: list[Prepared]) -> None:
    found = _members(work, ready)
    events = _claim(cursor, work, found)
    if events:
        history = versions.in_force(brand_id=work.brand.id, now=work.now)
        rows = states.lock(cursor, brand_id=work.brand.id, member_ids={e.member_id for e, _ in events})
        by_member: dict[UUID, list[tuple[Event, Prepared]]] = {}
        for event, prepared in events:
            row = rows.get(event.member_id)
            if row is None:
                work.refuse(event, prepared, not_found(_MEMBER))
            elif row.status != "active" and not (work.internal and work.scope.actor.kind == "system"):
                work.refuse(event, prepared, not_active(row.status))
            else:
                by_member.setdefault(event.member_id, []).append((event, prepared))
        for items in by_member.values():
            items.sort(key=lambda item: (item[0].occurred_at, item[0].id))
        suspicions = around.suspect(work, by_member)
        held = {id_: rows[id_] for id_ in by_member}
        used_up: frozenset[str] = frozenset()
        before = work.mark()
        for attempt in itertools.count():
            loaded = load(
                cursor,
                brand=work.brand,
                history=history,
                rows=held,
                events={id_: [event for event, _ in items] for id_, items in by_member.items()},
                now=work.now,
            )
            if history.budgets:
                around.open_budgets(work, loaded, by_member, used_up)
            folds, late = _fold(work, loaded, by_member)
            if late:
                folds |= _repair(cursor, work, loaded, {id_: by_member[id_] for id_ in late})
            outside = [one for fold in folds.values() for one in fold.outside]
            if not outside:
                break
            done = effects.carry_out(brand_id=work.brand.id, outside=outside, now=work.now)
            if isinstance(done, effects.Done):
                around.tell_refused(work, by_member, done)
                break
            # a budget ran out between look and take: decide again by what is left now, at last without it
            used_up = used_up | done if attempt else frozenset()
            work.back_to(before)
        write(cursor, work, loaded, folds)
        if suspicions:
            around.open_cases(work, folds, suspicions)
        activity_store.insert(cursor, work.rows)
        outbox.append(around.announce(work))
        known.follow(brand_id=work.brand.id, member_ids=list(folds), fields=history.fields_used, now=work.now)
    activity_store.release_keys(cursor, keys=work.released)
    _answer_repeats(cursor, work)


def _members(work: Work, ready: list[Prepared]) -> list[tuple[Prepared, UUID]]:
    """Who did it. References by id are looked up with the lock; others by one query for all."""
    unknown = [
        p for p in ready if p.given.member.id is None or p.given.member.code or p.given.member.identity
    ]
    answers = (
        members.resolve(
            organisation_id=work.scope.organisation_id,
            brand_id=work.brand.id,
            refs=[p.given.member for p in unknown],
        )
        if unknown
        else []
    )
    resolved = {p.index: answer for p, answer in zip(unknown, answers, strict=True)}
    found = []
    for prepared in ready:
        answer = resolved.get(prepared.index, prepared.given.member.id)
        if isinstance(answer, Refusal):
            work.results[prepared.index] = answer
        else:
            assert answer is not None
            found.append((prepared, answer))
    return found


def _claim(cursor: Any, work: Work, found: list[tuple[Prepared, UUID]]) -> list[tuple[Event, Prepared]]:
    """Claim keys. What was posted before, in this batch or earlier, goes to the repeats."""
    events: list[tuple[Event, Prepared]] = []
    claims: dict[UUID, KeyClaim] = {}
    ids = new_ids(len(found))
    for (prepared, member_id), id_ in zip(found, ids, strict=True):
        mine = [KeyClaim(key, member_id, id_, prepared.body_hash) for key in prepared.keys]
        earlier = next((claims[c.key_hash] for c in mine if c.key_hash in claims), None)
        if earlier is not None:
            work.repeats.append((prepared.index, prepared, earlier))
            continue
        claims.update({c.key_hash: c for c in mine})
        events.append((_event(prepared, member_id, id_), prepared))
    taken = activity_store.claim_keys(cursor, brand_id=work.brand.id, claims=list(claims.values()))
    if not taken:
        return events
    fresh = []
    for event, prepared in events:
        earlier = next((taken[key] for key in prepared.keys if key in taken), None)
        if earlier is None:
            fresh.append((event, prepared))
            continue
        work.released += [key for key in prepared.keys if key not in taken]
        work.repeats.append((prepared.index, prepared, earlier))
    return fresh


def _event(prepared: Prepared, member_id: UUID, id_: UUID) -> Event:
    order_key = prepared.order_key
    if order_key is None and prepared.given.type == "burn":
        order_key = id_
    return Event(
        id=id_,
        member_id=member_id,
        type=prepared.given.type,
        occurred_at=prepared.occurred_at,
        given=prepared.given,
        act=prepared.act,
        order_key=order_key,
        subject=prepared.subject,
        store_id=prepared.store_id,
    )


def _fold(
    work: Work, loaded: Loaded, by_member: dict[UUID, list[tuple[Event, Prepared]]]
) -> tuple[dict[UUID, Fold], list[UUID]]:
    """Fold each member's activities; members with a late one are left for the repair."""
    folds: dict[UUID, Fold] = {}
    late = []
    for member_id, items in by_member.items():
        fold = loaded.folds[member_id]
        known = latest(fold.state)
        if work.internal:
            _not_before(
                items, max(filter(None, (known, loaded.expired_until(member_id, work.now))), default=None)
            )
        if (known is not None and items[0][0].occurred_at < known) or loaded.expired_since(
            member_id, items[0][0], work.now
        ):
            late.append(member_id)
            continue
        folds[member_id] = fold
        for event, prepared in items:
            try:
                stored = fold.apply(event)
            except Refusal as refusal:
                work.refuse(event, prepared, refusal)
            else:
                _accept(work, event, prepared, stored)
    return folds, late


def _not_before(items: list[tuple[Event, Prepared]], known: datetime | None) -> None:
    """What flows post happens now. Their now was read before the member was locked: who waited for that is not late."""
    for event, _ in items:
        if known is not None and event.occurred_at <= known:
            event.occurred_at = known + timedelta(microseconds=1)
            event.act = replace(event.act, occurred_at=event.occurred_at)
        known = event.occurred_at


def _accept(work: Work, event: Event, prepared: Prepared, stored: Stored) -> None:
    status: ActivityStatus = "waiting" if event.waiting else "applied"
    work.rows.append(activity_row(work, event, stored, status))
    work.results[prepared.index] = (
        Receipt(event.id, event.member_id, status, stored.version, stored.earned)
        if work.brief
        else receipt(activity_id=event.id, member_id=event.member_id, status=status, stored=stored)
    )


def activity_row(work: Work, event: Event, stored: Stored, status: str) -> ActivityRow:
    amount = event.act.amount
    for note in stored.notes:
        if note["code"] == "refunded":
            amount = -note["amount"]
    return ActivityRow(
        id=event.id,
        member_id=event.member_id,
        brand_id=work.brand.id,
        type=event.type,
        status=status,
        occurred_at=event.occurred_at,
        recorded_at=work.now,
        source=event.given.source,
        channel=event.given.channel or "",
        store_id=event.store_id,
        subject=event.subject,
        amount=amount,
        version=stored.version,
        actor=work.scope.actor.label,
        body=encode_body(event.given),
        receipt=encode_stored(stored),
    )


def write(cursor: Any, work: Work, loaded: Loaded, folds: dict[UUID, Fold]) -> None:
    """Write what the folds hold: value, states, tiers, tags, orders."""
    brand_id = work.brand.id
    wallets: dict[UUID, Wallet] = {}
    rows: list[MembershipRow] = []
    moved: list[MembershipRow] = []
    changes = []
    tags = {}
    orders = {}
    redecided = []
    for member_id, fold in folds.items():
        fold.wallet.refresh_due(inactive_from(loaded.history.live, fold.state.last_at))
        wallets[member_id] = fold.wallet
        row = loaded.rows[member_id]
        save_state(row, fold.state)
        row.waiting = max(0, row.waiting + fold.waiting_added - len(fold.late_results))
        rows.append(row)
        if place(row, fold, loaded):
            moved.append(row)
        changes += [(member_id, move, activity_id) for move, activity_id in fold.moves]
        if fold.tags_changed:
            tags[member_id] = fold.state.tags
        for key, order in fold.orders.items():
            if order.changed:
                orders[member_id, key] = order
        redecided += [(member_id, activity_id, stored) for activity_id, stored in fold.late_results.items()]
    ledger_store.save(cursor, brand_id=brand_id, wallets=wallets, now=work.now)
    states.save(cursor, brand_id=brand_id, rows=rows)
    states.save_tiers(cursor, brand_id=brand_id, rows=moved)
    states.save_tags(cursor, brand_id=brand_id, tags=tags)
    tiers.add_changes(cursor, brand_id=brand_id, changes=changes, now=work.now)
    outbox.append(around.announce_moves(work, changes))
    repair.save_orders(cursor, brand_id, orders)
    repair.redecide(cursor, brand_id, redecided, work.now)


def place(row: MembershipRow, fold: Fold, loaded: Loaded) -> bool:
    """Put tier and due instant into the row; true if either changed."""
    live = loaded.history.live
    due = fold.next_due(live)
    first = live.schemes[0].key if live.schemes else None
    standing = fold.state.tiers.get(first) if first else None
    tier = standing.tier if standing else ""
    changed = tier != row.tier or due != row.due_at
    row.tier, row.due_at = tier, due
    return changed


def _repair(
    cursor: Any,
    work: Work,
    loaded: Loaded,
    by_member: dict[UUID, list[tuple[Event, Prepared]]],
) -> dict[UUID, Fold]:
    """Replay the members for whom something came late: the folds hold what differs."""
    outcomes = repair.repair(
        cursor,
        brand=work.brand,
        loaded=loaded,
        events={id_: [event for event, _ in items] for id_, items in by_member.items()},
        now=work.now,
    )
    for member_id, items in by_member.items():
        for event, prepared in items:
            answer = outcomes[member_id].answers[event.id]
            if isinstance(answer, Refusal):
                work.refuse(event, prepared, answer)
            else:
                _accept(work, event, prepared, answer)
    return {id_: o.fold for id_, o in outcomes.items() if o.fold is not None}


def _answer_repeats(cursor: Any, work: Work) -> None:
    """The first receipt for the same body, 409 for another; the answer of this batch where the first is in it."""
    if not work.repeats:
        return
    answers = {r.activity_id: r for r in work.results if isinstance(r, Receipt)}
    missing = [
        (claim.member_id, claim.activity_id)
        for _, _, claim in work.repeats
        if claim.activity_id not in answers
    ]
    stored = activity_store.first_receipts(cursor, ids=missing)
    for index, prepared, claim in work.repeats:
        if claim.body_hash != prepared.body_hash:
            work.results[index] = activities.key_conflict(claim.activity_id)
        elif claim.activity_id in answers:
            first = answers[claim.activity_id]
            work.results[index] = Receipt(
                **{f: getattr(first, f) for f in first.__struct_fields__ if f != "duplicate"}, duplicate=True
            )
        elif claim.activity_id in stored:
            member_id, status, raw = stored[claim.activity_id]
            work.results[index] = receipt(
                activity_id=claim.activity_id,
                member_id=member_id,
                status=status,
                stored=decode_stored(raw),
                duplicate=True,
            )
        else:  # the first with this key came in this batch and was refused: so is its repeat
            work.results[index] = work.refused[claim.activity_id]


def not_active(status: str) -> Refusal:
    name = Text("已冻结", "frozen") if status == "frozen" else Text("已退会", "closed")
    return Refusal(
        "membership_not_active",
        Text("会员资格{name}", "The membership is {name}").format(name=name),
        status=409,
        data={"status": status},
    )
