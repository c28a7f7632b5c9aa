"""Value moved by hand or by a till: burns and their return, holds, adjustments, manual tiers.

Each is an activity of an internal type, so keys, locks, history and replay are the intake's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from regulars.facts.activity import api as activities
from regulars.facts.activity.types import ActivityIn, BurnIn, MemberRef, Receipt
from regulars.flows.intake import api as intake
from regulars.flows.intake.prepare import order_key_of
from regulars.flows.intake.refusals import no_such_burn, not_spendable
from regulars.kit.errors import ErrorList, Refusal, conflict, invalid_field, not_found
from regulars.kit.ids import new_id
from regulars.kit.periods import zone
from regulars.kit.text import Text
from regulars.platform.audit import api as audit
from regulars.platform.organisations.types import Scope
from regulars.programme.rules.api import expires_at
from regulars.programme.versions import api as versions
from regulars.value.ledger import api as ledger
from regulars.value.ledger import records as ledger_records
from regulars.value.ledger.types import AdjustmentRow, HoldRow

MAX_HOLD = timedelta(days=30)

# What one person may post alone, of any unit, either way; more waits for a second person.
_ALONE, _ALONE_LARGE = 1_000, 10_000

# Reason codes of manual adjustments.
REASONS: dict[str, Text] = {
    "goodwill": Text("客户关怀", "Goodwill"),
    "complaint": Text("投诉补偿", "Complaint"),
    "missing": Text("漏积补登", "Missing points"),
    "correction": Text("差错更正", "Correction"),
    "migration": Text("历史迁移", "Migration"),
    "campaign": Text("活动奖励", "Campaign"),
    "fraud": Text("违规扣除", "Fraud"),
}


@dataclass(frozen=True, slots=True)
class Held:
    hold: HoldRow
    receipt: Receipt


def burn(
    *,
    scope: Scope,
    member: MemberRef,
    unit: str,
    amount: int,
    key: str,
    now: datetime,
    order: str | None = None,
    source: str = "api",
    store: str | None = None,
    reason: str = "",
) -> Receipt:
    """Spend value. Raises `insufficient_balance` (409), `unit_not_spendable`, and what the intake refuses."""
    given = ActivityIn(
        type="burn",
        member=member,
        occurred_at=now,
        source=source,
        store=store,
        key=key,
        burn=BurnIn(unit=unit, amount=amount, order=order, reason=reason),
    )
    return _post(scope, given, now)


def return_burn(
    *,
    scope: Scope,
    member_id: UUID,
    burn_id: UUID,
    key: str,
    now: datetime,
    amount: int | None = None,
    reason: str = "",
) -> Receipt:
    """Give a burn back, whole or in part, to its source lots with their original expiry."""
    row = activities.get_activity(brand_id=scope.brand_id, member_id=member_id, activity_id=burn_id)
    if row.type not in ("burn", "capture"):
        raise no_such_burn()
    burn_key = order_key_of(scope.brand_id, row.source, row.subject) if row.subject else row.id
    data: dict[str, Any] = {"burn": str(burn_id), "burn_key": str(burn_key), "reason": reason}
    if amount is not None:
        if amount <= 0:
            raise invalid_field("amount", "not_positive", "必须大于 0", "must be above 0")
        data["amount"] = amount
    return _post(scope, _internal("burn_return", member_id, key, data, now), now)


def hold(
    *,
    scope: Scope,
    member: MemberRef,
    unit: str,
    amount: int,
    expires_in_seconds: int,
    key: str,
    now: datetime,
    subject: str = "",
) -> Held:
    """Set value aside for a while; it is released by itself at the end. At most 30 days."""
    errors = ErrorList()
    if amount <= 0:
        errors.add("amount", "not_positive", "必须大于 0", "must be above 0")
    if not 1 <= expires_in_seconds <= MAX_HOLD.total_seconds():
        errors.add("expires_in_seconds", "out_of_range", "1 秒到 30 天", "1 second to 30 days")
    errors.refuse()
    data: dict[str, Any] = {"unit": unit, "amount": amount, "subject": subject}
    data["expires_at"] = (now + timedelta(seconds=expires_in_seconds)).isoformat()
    with transaction.atomic():
        receipt = _post(scope, _internal("hold", member, key, data, now), now)
        activity = activities.get_activity(
            brand_id=scope.brand_id, member_id=receipt.member_id, activity_id=receipt.activity_id
        )
        if receipt.duplicate:
            first = ledger.get_holds(ids=[(receipt.member_id, activity.id)])
            return Held(first[activity.id], receipt)
        row = HoldRow(
            id=receipt.activity_id,
            member_id=receipt.member_id,
            unit=unit,
            amount=amount,
            state="held",
            parts=list(activity.stored().parts),
            subject=subject,
            created_at=now,
            expires_at=now + timedelta(seconds=expires_in_seconds),
            ended_at=None,
        )
        ledger_records.add_hold(brand_id=scope.brand_id, hold=row)
        return Held(row, receipt)


def end_hold(
    *,
    scope: Scope,
    member_id: UUID,
    hold_id: UUID,
    capture: bool,
    key: str,
    now: datetime,
    amount: int | None = None,
) -> Held:
    """Capture a hold (all, or `amount` and release the rest) or release it. Raises `hold_ended` (409)."""
    with transaction.atomic():
        found = ledger_records.lock_hold(brand_id=scope.brand_id, member_id=member_id, hold_id=hold_id)
        if found is None:
            raise not_found(Text("冻结记录", "Hold"))
        type_ = "capture" if capture else "release"
        if amount is not None and not 0 < amount <= found.amount:
            raise invalid_field(
                "amount", "out_of_range", f"1 到 {found.amount}", f"must be 1 to {found.amount}"
            )
        data: dict[str, Any] = {"hold": str(hold_id), "unit": found.unit}
        if amount is not None:
            data["amount"] = amount
        if found.state != "held" and not activities.is_key_used(
            brand_id=scope.brand_id, key=f"{type_}:{key}"
        ):
            raise conflict(
                "hold_ended", "冻结已结束", f"The hold is {found.state} already", state=found.state
            )
        receipt = _post(scope, _internal(type_, member_id, key, data, now), now)
        if not receipt.duplicate:
            state = "captured" if capture else "released"
            found = ledger_records.end_hold(hold=found, state=state, now=now)
        return Held(found, receipt)


def adjust_limit(scope: Scope) -> int:
    """What the actor's role lets her adjust without a second person."""
    return _ALONE_LARGE if scope.allows("ledger.adjust_large") else _ALONE


def adjust(
    *,
    scope: Scope,
    member_id: UUID,
    unit: str,
    amount: int,
    reason: str,
    comment: str,
    key: str,
    now: datetime,
) -> AdjustmentRow:
    """Ask for a manual adjustment: posted at once within `adjust_limit`, else it waits for a second person."""
    errors = ErrorList()
    if amount == 0 or abs(amount) > 10**9:
        errors.add(
            "amount",
            "out_of_range",
            "不能为 0，绝对值不超过 10 亿",
            "not 0, at most 1 000 000 000 either way",
        )
    if reason not in REASONS:
        known = ", ".join(REASONS)
        errors.add("reason", "unknown_reason", f"原因代码只能是：{known}", f"must be one of: {known}")
    if len(comment) > 500:
        errors.add("comment", "too_long", "最长 500 字", "at most 500 characters")
    live = versions.in_force(brand_id=scope.brand_id, now=now).live
    if unit not in live.units:
        known = ", ".join(live.units)
        errors.add("unit", "unknown_unit", f"单位只能是：{known}", f"must be one of: {known}")
    errors.refuse()
    with transaction.atomic():
        id_ = new_id()
        first = activities.claim(
            brand_id=scope.brand_id,
            kind="adjustment",
            key=key,
            member_id=member_id,
            subject_id=id_,
            body=[unit, str(amount), reason],
        )
        if first is not None:
            return ledger_records.get_adjustment(
                brand_id=scope.brand_id, member_id=member_id, adjustment_id=first
            )
        row = ledger_records.add_adjustment(
            id_=id_,
            brand_id=scope.brand_id,
            member_id=member_id,
            unit=unit,
            amount=amount,
            reason=reason,
            comment=comment,
            actor=scope.actor,
            now=now,
        )
        if abs(amount) <= adjust_limit(scope):
            row = _post_adjustment(scope, row, None, now)
        audit.record(
            organisation_id=scope.organisation_id,
            brand_id=scope.brand_id,
            actor=scope.actor,
            action="adjustment.posted" if row.state == "posted" else "adjustment.asked",
            subject_type="member",
            subject_id=member_id,
            after={"unit": unit, "amount": amount, "reason": reason, "state": row.state},
            now=now,
        )
        return row


def decide_adjustment(
    *, scope: Scope, member_id: UUID, adjustment_id: UUID, approve: bool, now: datetime
) -> AdjustmentRow:
    """The second person's yes or no. Raises `own_adjustment` (403) for the one who asked, `adjustment_decided`."""
    with transaction.atomic():
        row = ledger_records.lock_adjustment(
            brand_id=scope.brand_id, member_id=member_id, adjustment_id=adjustment_id
        )
        if row is None:
            raise not_found(Text("调整申请", "Adjustment"))
        if row.state != "waiting":
            raise conflict(
                "adjustment_decided", "该申请已处理", "The adjustment is decided already", state=row.state
            )
        if scope.actor.id is None or row.asked_by == scope.actor.id:
            raise Refusal(
                "own_adjustment",
                Text("不能审批自己的申请，请由他人审批", "Somebody other than the one who asked must decide"),
                status=403,
            )
        if approve:
            row = _post_adjustment(scope, row, scope, now)
        else:
            row = ledger_records.decide(
                row=row, state="rejected", actor=scope.actor, activity_id=None, now=now
            )
        audit.record(
            organisation_id=scope.organisation_id,
            brand_id=scope.brand_id,
            actor=scope.actor,
            action=f"adjustment.{'approved' if approve else 'rejected'}",
            subject_type="member",
            subject_id=member_id,
            before={"state": "waiting"},
            after={"unit": row.unit, "amount": row.amount, "state": row.state},
            now=now,
        )
        return row


def _post_adjustment(scope: Scope, row: AdjustmentRow, second: Scope | None, now: datetime) -> AdjustmentRow:
    live = versions.in_force(brand_id=scope.brand_id, now=now).live
    if row.unit not in live.units:  # it was there when the adjustment was asked for
        raise conflict(
            "unit_gone", f"单位 {row.unit} 已不存在", f"The unit {row.unit} is gone", unit=row.unit
        )
    data: dict[str, Any] = {
        "unit": row.unit,
        "amount": row.amount,
        "reason": row.reason,
        "adjustment": str(row.id),
    }
    if row.amount > 0:
        day = now.astimezone(zone(live.timezone)).date()
        expires = expires_at(live.units[row.unit].expiry, day, live.timezone)
        if expires is not None:
            data["expires_at"] = expires.isoformat()
    receipt = _post(scope, _internal("adjust", row.member_id, f"adjust:{row.id}", data, now), now)
    return ledger_records.decide(
        row=row,
        state="posted",
        actor=second.actor if second else None,
        activity_id=receipt.activity_id,
        now=now,
    )


def end_pending(
    *, scope: Scope, member_id: UUID, lot_id: UUID, cancel: bool, comment: str, key: str, now: datetime
) -> Receipt:
    """Make a pending lot spendable before its time, or cancel it. Raises `lot_not_pending` (409), `not_found`."""
    if not comment.strip() or len(comment) > 500:
        raise invalid_field(
            "comment", "required", "请说明原因，最长 500 字", "say why, in at most 500 characters"
        )
    data = {"lot": str(lot_id), "comment": comment, "actor": scope.actor.label}
    type_, action = ("lot_cancel", "lot.cancelled") if cancel else ("lot_activate", "lot.activated")
    return _audited(scope, type_, action, member_id, key, data, now)


def place_tier(
    *,
    scope: Scope,
    member_id: UUID,
    scheme: str,
    tier: str,
    reason: str,
    comment: str,
    locked: bool,
    until: datetime | None,
    key: str,
    now: datetime,
) -> Receipt:
    """Put a member into a tier by hand (`manual`) or by tier match (`match`), perhaps locked, perhaps until a day."""
    live = versions.in_force(brand_id=scope.brand_id, now=now).live
    errors = ErrorList()
    found = next((s for s in live.schemes if s.key == scheme), None)
    if found is None:
        errors.add("scheme", "unknown_scheme", f"没有等级体系 {scheme}", f"there is no scheme {scheme}")
    elif tier not in {t.code for t in found.tiers}:
        known = ", ".join(t.code for t in found.tiers)
        errors.add("tier", "unknown_tier", f"等级只能是：{known}", f"must be one of: {known}")
    if reason not in ("manual", "match"):
        errors.add("reason", "unknown_reason", "只能是 manual 或 match", "must be manual or match")
    if until is not None and (until.tzinfo is None or until <= now):
        errors.add("until", "not_future", "必须是将来的时间", "must lie in the future")
    if not comment.strip() or len(comment) > 500:
        errors.add("comment", "required", "请说明原因，最长 500 字", "say why, in at most 500 characters")
    errors.refuse()
    data = {"scheme": scheme, "tier": tier, "reason": reason, "comment": comment, "locked": locked}
    data |= {"until": until.isoformat() if until else None, "actor": scope.actor.label}
    return _audited(scope, "tier_place", "tier.placed", member_id, key, data, now)


def unlock_tier(
    *, scope: Scope, member_id: UUID, scheme: str, comment: str, key: str, now: datetime
) -> Receipt:
    """End a lock early: the tier follows the rules again."""
    data = {"scheme": scheme, "comment": comment, "actor": scope.actor.label}
    return _audited(scope, "tier_unlock", "tier.unlocked", member_id, key, data, now)


def _audited(
    scope: Scope, type_: str, action: str, member_id: UUID, key: str, data: dict[str, Any], now: datetime
) -> Receipt:
    with transaction.atomic():
        receipt = _post(scope, _internal(type_, member_id, key, data, now), now)
        audit.record(
            organisation_id=scope.organisation_id,
            brand_id=scope.brand_id,
            actor=scope.actor,
            action=action,
            subject_type="member",
            subject_id=member_id,
            after=data,
            now=now,
        )
    return receipt


def _internal(
    type_: str, member: UUID | MemberRef, key: str, data: Mapping[str, Any], now: datetime
) -> ActivityIn:
    ref = member if isinstance(member, MemberRef) else MemberRef(id=member)
    return ActivityIn(
        type=type_, member=ref, occurred_at=now, source="regulars", key=f"{type_}:{key}", data=dict(data)
    )


def _post(scope: Scope, given: ActivityIn, now: datetime) -> Receipt:
    result = intake.post(scope=scope, activities=[given], now=now, internal=True)[0]
    if isinstance(result, Refusal):
        raise result
    return result


__all__ = [
    "REASONS",
    "Held",
    "adjust",
    "adjust_limit",
    "burn",
    "decide_adjustment",
    "end_hold",
    "end_pending",
    "hold",
    "not_spendable",
    "place_tier",
    "return_burn",
    "unlock_tier",
]
