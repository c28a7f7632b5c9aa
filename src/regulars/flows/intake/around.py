"""What posting does around the fold: looks for what is suspicious, shows budgets, tells what other rooms refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from regulars.facts.activity.records import encode_stored, receipt
from regulars.flows import effects, suspicion
from regulars.flows.intake.fold import Fold
from regulars.flows.intake.load import Loaded
from regulars.flows.intake.prepare import Prepared
from regulars.flows.intake.types import Event
from regulars.kit.ids import new_ids
from regulars.platform.outbox.types import Event as OutboxEvent
from regulars.value.tiers.types import TierMove

if TYPE_CHECKING:
    from regulars.flows.intake.post import Work


def suspect(
    work: Work, by_member: dict[UUID, list[tuple[Event, Prepared]]]
) -> dict[UUID, suspicion.Suspicion]:
    """What looks unusual: its value is held back; what would spend is refused, with a case for somebody to look at."""
    if not suspicion.is_watched(brand_id=work.brand.id):
        return {}
    acts = [
        suspicion.Act(
            event.id, event.member_id, event.type, event.occurred_at, event.given.device or "", event.store_id
        )
        for items in by_member.values()
        for event, _ in items
    ]
    found = suspicion.look(scope=work.scope, acts=acts, now=work.now)
    cases = []
    for member_id, items in list(by_member.items()) if found else ():
        kept = []
        for event, prepared in items:
            why = found.get(event.id)
            if why is None or event.type not in suspicion.SPENDING:
                event.held = why.rule if why else ""
                kept.append((event, prepared))
                continue
            data = event.given.data or {}
            burn = event.given.burn
            detail = {
                "type": event.type,
                "unit": burn.unit if burn else data.get("unit", ""),
                "amount": burn.amount if burn else data.get("amount", 0),
            }
            kind: Any = "burn" if event.type == "burn" else "staff"
            case = suspicion.case_of(work.scope, why, member_id, kind, None, event.store_id, detail, work.now)
            cases.append(case)
            work.refuse(event, prepared, suspicion.HeldForReview(why.rule, case))
        if kept:
            by_member[member_id] = kept
        else:
            del by_member[member_id]
    if cases:
        suspicion.open_cases(scope=work.scope, cases=cases)
    return found


def open_cases(
    work: Work, folds: Mapping[UUID, Fold], suspicions: Mapping[UUID, suspicion.Suspicion]
) -> None:
    """A case for each activity that was taken with its value held back."""
    cases = []
    for row in work.rows:
        why = suspicions.get(row.id)
        if why is None:
            continue
        earned = {
            unit: sum(e.amount for e in row.stored().earns if e.unit == unit)
            for unit in dict.fromkeys(e.unit for e in row.stored().earns)
        }
        detail = {
            "type": row.type,
            "earned": earned,
            "subject": row.subject,
            "effects": folds[row.member_id].withheld.get(row.id, []),
        }
        kind: Any = "staff" if why.rule == "self_dealing" else "earn"
        cases.append(
            suspicion.case_of(work.scope, why, row.member_id, kind, row.id, row.store_id, detail, work.now)
        )
    suspicion.open_cases(scope=work.scope, cases=cases)


def open_budgets(
    work: Work,
    loaded: Loaded,
    by_member: dict[UUID, list[tuple[Event, Prepared]]],
    used_up: frozenset[str],
) -> None:
    """Let the folds see what is left of the budgets that rules take from; they share it."""
    stores = {event.store_id for items in by_member.values() for event, _ in items}
    left = effects.budgets_left(
        brand_id=work.brand.id, keys=loaded.history.budgets, stores=stores, now=work.now, none_of=used_up
    )
    for fold in loaded.folds.values():
        fold.budgets = left


def tell_refused(work: Work, by_member: dict[UUID, list[tuple[Event, Prepared]]], done: effects.Done) -> None:
    """Note in an activity what other rooms would not give for it."""
    if not done.refused:
        return
    places = {row.id: place for place, row in enumerate(work.rows)}
    for items in by_member.values():
        for event, prepared in items:
            wrong = done.refused.get(event.id)
            if wrong and event.id in places:
                row = work.rows[places[event.id]]
                stored = row.stored()
                lost = {one.get("coupon") for one in wrong}
                for effect in stored.effects:
                    if effect["kind"] == "coupon":
                        effect["coupons"] = [id_ for id_ in effect["coupons"] if id_ not in lost]
                stored.notes += [{k: v for k, v in one.items() if k != "coupon"} for one in wrong]
                work.rows[places[event.id]] = msgspec.structs.replace(row, receipt=encode_stored(stored))
                if not work.brief:
                    work.results[prepared.index] = receipt(
                        activity_id=event.id, member_id=event.member_id, status=row.status, stored=stored
                    )


def announce(work: Work) -> list[OutboxEvent]:
    """One event an activity, for all that acts on it after the commit."""
    ids = new_ids(len(work.rows))
    events = []
    for row, id_ in zip(work.rows, ids, strict=True):
        payload = {"activity_id": str(row.id), "type": row.type, "status": row.status, "amount": row.amount}
        events.append(
            OutboxEvent(
                id=id_,
                organisation_id=work.scope.organisation_id,
                brand_id=row.brand_id,
                topic="activity.posted",
                payload=payload,
                occurred_at=row.occurred_at,
                recorded_at=work.now,
                member_id=row.member_id,
            )
        )
    return events


def announce_moves(work: Work, changes: Iterable[tuple[UUID, TierMove, UUID | None]]) -> list[OutboxEvent]:
    """One event for each tier that became another; kept and unlocked ones are no news."""
    changed = [(member_id, move) for member_id, move, _ in changes if move.changed]
    return [
        OutboxEvent(
            id=id_,
            organisation_id=work.brand.organisation_id,
            brand_id=work.brand.id,
            topic="tier.changed",
            payload={
                "scheme": move.scheme,
                "previous": move.previous,
                "tier": move.tier,
                "reason": move.reason,
                "ends_at": move.ends_at.isoformat() if move.ends_at else None,
            },
            occurred_at=move.occurred_at,
            recorded_at=work.now,
            member_id=member_id,
        )
        for (member_id, move), id_ in zip(changed, new_ids(len(changed)), strict=True)
    ]
