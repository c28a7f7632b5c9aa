"""The door of budgets: hard limits of money or uses, taken at once and never overshot, given back exactly."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from regulars.kit import paging, slots
from regulars.kit.errors import Refusal, conflict, not_found
from regulars.kit.ids import new_id
from regulars.kit.paging import Page
from regulars.kit.slots import Count
from regulars.platform.audit import api as audit
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Brand, Scope
from regulars.platform.outbox import api as outbox
from regulars.platform.outbox.types import Event
from regulars.value.budgets import policy, store
from regulars.value.budgets.types import BUDGET, AlertRow, Budget, Left, Take, TakeRow, Use


def left(
    *, brand_id: UUID, keys: Iterable[str], store_id: UUID | None = None, now: datetime
) -> dict[str, Left]:
    """What budgets have now at a store (or without one), by key; unknown keys are left out."""
    brand = organisations.get_brand(brand_id=brand_id)
    with connection.cursor() as cursor:
        found = store.read(cursor, brand_id=brand_id, keys=set(keys))
        if not found:
            return {}
        counters = {key: _counter(brand, budget, store_id, now) for key, budget in found.items()}
        counts = store.counts(cursor, counters.values())
    return {
        key: _left(budget, policy.period_of(budget, now, brand.timezone), counts.get(counters[key]))
        for key, budget in found.items()
    }


def take(*, brand_id: UUID, takes: Sequence[Take], now: datetime) -> list[Refusal]:
    """Take from budgets, all or nothing, in the caller's transaction. Returns why not; empty when all was taken.

    Refusals: `budget_used_up`, `budget_not_active`, `budget_unknown` (409), each naming its budget. A budget of uses
    counts one for each take above 0. Call once for each transaction, after members and coupons are locked.
    """
    wanted = [one for one in takes if one.amount > 0]
    if not wanted:
        return []
    brand = organisations.get_brand(brand_id=brand_id)
    with connection.cursor() as cursor:
        found = store.read(cursor, brand_id=brand_id, keys={one.key for one in wanted})
        refused = [
            policy.not_active(key, found[key].state if key in found else None)
            for key in sorted({one.key for one in wanted})
            if key not in found or found[key].state != "active"
        ]
        if refused:
            return refused
        rows: dict[tuple[UUID, str], tuple[UUID, str, str, UUID | None, str, int]] = {}
        sums: dict[UUID, int] = {}
        whose: dict[UUID, tuple[Budget, UUID | None, str]] = {}
        for one in wanted:
            budget = found[one.key]
            place, period = (
                policy.place_of(budget, one.store_id),
                policy.period_of(budget, now, brand.timezone),
            )
            counter = policy.counter_of(brand_id, budget, place, period)
            amount = 1 if budget.kind == "count" else one.amount
            whose[counter] = (budget, place, period)
            sums[counter] = sums.get(counter, 0) + amount
            before = rows.get((counter, one.subject))
            whole = amount + (before[5] if before else 0)
            rows[counter, one.subject] = (counter, one.subject, one.key, place, period, whole)
        try:
            with transaction.atomic():
                store.note_takes(cursor, brand_id=brand_id, rows=list(rows.values()), now=now)
                lacking = [
                    counter
                    for counter in sorted(sums)
                    if not slots.take(
                        cursor,
                        store.SLOTS,
                        counter=counter,
                        amount=sums[counter],
                        limit=whose[counter][0].amount,
                    )
                ]
                if lacking:
                    raise _Lacking(lacking)
        except _Lacking as lack:
            counts = store.counts(cursor, lack.counters)
            return [
                policy.used_up(
                    whose[counter][0],
                    counts[counter].remaining if counter in counts else whose[counter][0].amount,
                    brand.currency,
                )
                for counter in lack.counters
            ]
        _say(cursor, brand, {counter: whose[counter] for counter in sums}, now)
    return []


def give_back(
    *, brand_id: UUID, subject: str, amounts: Mapping[str, int] | None = None, now: datetime
) -> dict[str, int]:
    """Give back what a subject took: `amounts` by budget key, or all of it. Never more than it took; again is harmless.

    It goes back to the period and store that it was taken from. Returns what went back, by key.
    """
    back: dict[str, int] = {}
    by_counter: dict[UUID, int] = {}
    open_ = None if amounts is None else dict(amounts)
    with transaction.atomic(), connection.cursor() as cursor:
        for counter, key, rest in store.lock_takes(cursor, brand_id=brand_id, subject=subject):
            amount = rest if open_ is None else min(rest, open_.get(key, 0))
            if amount <= 0:
                continue
            if open_ is not None:
                open_[key] -= amount
            store.note_back(cursor, brand_id=brand_id, subject=subject, counter=counter, amount=amount)
            by_counter[counter] = amount
            back[key] = back.get(key, 0) + amount
        for counter in sorted(by_counter):
            slots.give_back(cursor, store.SLOTS, counter=counter, amount=by_counter[counter])
    return back


def list_budgets(*, brand_id: UUID) -> list[Budget]:
    """The brand's budgets by key."""
    with connection.cursor() as cursor:
        return list(store.read(cursor, brand_id=brand_id).values())


def get_budget(*, brand_id: UUID, key: str) -> Budget:
    """Raises `not_found`."""
    with connection.cursor() as cursor:
        found = store.read(cursor, brand_id=brand_id, keys=[key]).get(key)
    if found is None:
        raise not_found(BUDGET)
    return found


def list_use(
    *, brand_id: UUID, budgets: Sequence[Budget], stores: Sequence[UUID], now: datetime
) -> dict[str, list[Use]]:
    """How far budgets are in the present period: of the brand, or of these stores and of what has no store."""
    brand = organisations.get_brand(brand_id=brand_id)
    places: dict[UUID, tuple[Budget, UUID | None]] = {}
    for budget in budgets:
        for place in [None, *stores] if budget.per_store else [None]:
            places[_counter(brand, budget, place, now)] = (budget, place)
    with connection.cursor() as cursor:
        counts = store.counts(cursor, places)
        warned = store.alerted(cursor, counters=places)
    uses: dict[str, list[Use]] = {budget.key: [] for budget in budgets}
    for counter, (budget, place) in places.items():
        if place is None and budget.per_store and counter not in counts:
            continue
        now_left = _left(budget, policy.period_of(budget, now, brand.timezone), counts.get(counter))
        uses[budget.key].append(Use(place, now_left.period, now_left.taken, now_left.left, counter in warned))
    return uses


def put_budget(*, scope: Scope, budget: Budget, now: datetime, create: bool | None = None) -> Budget:
    """Make a budget or change one; its period and place stay (`budget_fixed`, 409). Taken stays taken.

    `create`: True refuses an existing key (`key_taken`, 409), False an unknown one (`not_found`).
    """
    with transaction.atomic(), connection.cursor() as cursor:
        before = store.lock(cursor, brand_id=scope.brand_id, key=budget.key)
        if before is None and create is False:
            raise not_found(BUDGET)
        if before is not None and create:
            raise conflict(
                "key_taken", f"编码 {budget.key} 已存在", f"The key {budget.key} is taken", key=budget.key
            )
        if before is not None and (before.kind, before.period, before.per_store) != (
            budget.kind,
            budget.period,
            budget.per_store,
        ):
            raise conflict(
                "budget_fixed",
                "预算的类型、周期和门店口径不能修改，请新建预算",
                "A budget's kind, period and place stay as they are; make another",
                budget=budget.key,
            )
        if before is not None and before.to_json() == budget.to_json():
            return before
        store.put(cursor, brand_id=scope.brand_id, budget=budget, now=now)
        if before is not None and before.amount != budget.amount:
            _resize(cursor, organisations.get_brand(brand_id=scope.brand_id), budget, now)
        audit.record(
            organisation_id=scope.organisation_id,
            brand_id=scope.brand_id,
            actor=scope.actor,
            action="budget.changed" if before else "budget.created",
            subject_type="budget",
            subject_id=budget.key,
            before=before.to_json() if before else None,
            after=budget.to_json(),
            now=now,
        )
    return get_budget(brand_id=scope.brand_id, key=budget.key)


def read_budget(data: Mapping[str, Any]) -> Budget:
    """A budget from its JSON. Raises `invalid_input` naming every wrong field."""
    return policy.parse(data)


def export_definitions(*, brand_id: UUID) -> list[dict[str, Any]]:
    """Every budget's canonical JSON, by key."""
    return [budget.to_json() for budget in list_budgets(brand_id=brand_id)]


def apply_definition(*, scope: Scope, definition: Mapping[str, Any], now: datetime) -> Budget:
    """Create or change a budget from its JSON. Raises `invalid_input` naming the fields."""
    return put_budget(scope=scope, budget=policy.parse(definition), now=now)


def list_takes(
    *, brand_id: UUID, key: str, cursor: str | None = None, limit: int = paging.DEFAULT_LIMIT
) -> Page[TakeRow]:
    """Who took from a budget, newest first."""
    limit = max(1, min(limit, paging.MAX_LIMIT))
    after = paging.decode_at(cursor)
    with connection.cursor() as db:
        rows = store.list_takes(
            db,
            brand_id=brand_id,
            key=key,
            before=after,
            limit=limit + 1,
        )
    page = paging.cut(rows, limit, lambda row: [row[0].taken_at.isoformat(), row[1]])
    return page.map(lambda row: row[0])


def list_alerts(*, brand_id: UUID, now: datetime, days: int = 30, limit: int = 50) -> list[AlertRow]:
    """Budgets that passed their alert level or were used up lately, newest first."""
    with connection.cursor() as cursor:
        return store.list_alerts(cursor, brand_id=brand_id, since=now - timedelta(days=days), limit=limit)


class _Lacking(Exception):
    def __init__(self, counters: list[UUID]) -> None:
        super().__init__(str(counters))
        self.counters = counters


def _counter(brand: Brand, budget: Budget, store_id: UUID | None, now: datetime) -> UUID:
    period = policy.period_of(budget, now, brand.timezone)
    return policy.counter_of(brand.id, budget, policy.place_of(budget, store_id), period)


def _left(budget: Budget, period: str, count: Count | None) -> Left:
    rest = count.remaining if count else budget.amount
    return Left(
        budget=budget,
        period=period,
        taken=count.taken if count else 0,
        left=max(0, rest) if budget.state == "active" else 0,
    )


def _resize(cursor: Any, brand: Brand, budget: Budget, now: datetime) -> None:
    """The new amount holds for the period that runs; periods that are over stay as they were."""
    stores = [store.id for store in organisations.stores_of(brand_id=brand.id).values()]
    counters = {
        _counter(brand, budget, place, now) for place in ([None, *stores] if budget.per_store else [None])
    }
    for counter in sorted(counters):
        slots.resize(cursor, store.SLOTS, counter=counter, limit=budget.amount)
    store.drop_alerts(cursor, counters=counters)


def _say(
    cursor: Any, brand: Brand, touched: Mapping[UUID, tuple[Budget, UUID | None, str]], now: datetime
) -> None:
    """Announce counters that have passed their alert level or are used up, each once."""
    events = []
    counts = store.counts(cursor, touched)
    for counter, (budget, place, period) in touched.items():
        count = counts.get(counter)
        if count is None or not policy.has_passed(budget, count.taken):
            continue
        for level, holds in (("alert", True), ("used_up", count.remaining <= 0)):
            row = AlertRow(budget.key, level, place, period, count.taken, budget.amount, now)
            if not holds or not store.note_alert(cursor, brand_id=brand.id, counter=counter, row=row):
                continue
            payload = {
                "budget": budget.key,
                "period": period,
                "store_id": str(place) if place else None,
                "taken": count.taken,
                "amount": budget.amount,
                "alert_percent": budget.alert_percent,
            }
            events.append(
                Event(new_id(), brand.organisation_id, brand.id, f"budget.{level}", payload, now, now)
            )
    outbox.append(events)
