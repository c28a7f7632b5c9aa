"""Stored value: bought by a ladder, given back by its terms."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from regulars.facts.activity import api as activities
from regulars.flows import lots
from regulars.flows.lots import Part
from regulars.flows.prepaid import buyers, grants, ground
from regulars.kit.errors import not_found
from regulars.kit.ids import new_id
from regulars.kit.periods import zone
from regulars.platform.organisations.types import Scope
from regulars.value.ledger import api as ledger
from regulars.value.prepaid import api as prepaid
from regulars.value.prepaid.policy import law_cn, topups
from regulars.value.prepaid.policy.packages import not_refundable
from regulars.value.prepaid.store import purchases as store
from regulars.value.prepaid.types import TOP_UP, Ladder, RepaymentRow, Rung, TopUpRow


def top_up(
    *,
    scope: Scope,
    member_id: UUID,
    ladder: str,
    amount: int,
    method: str,
    key: str,
    now: datetime,
    reference: str = "",
    store_code: str | None = None,
) -> TopUpRow:
    """A member paid `amount`: her principal, her bonus and what else the rung gives are hers at once.

    A repeat of the key answers the first. Raises `invalid_input`, `not_found`, `not_for_sale`, `limit_reached`, and
    where the law of prepaid cards is kept `law_…`.
    """
    ground.check_method(method)
    brand = ground.brand_of(scope)
    store_id = ground.store_of(scope, store_code)
    found = prepaid.get_ladder(brand_id=brand.id, key=ladder)
    rung = topups.choose_rung(found, amount)
    settings = prepaid.get_settings(brand_id=brand.id)
    with transaction.atomic():
        ground.lock(scope, member_id)
        id_ = new_id()
        first = activities.claim(
            brand_id=brand.id, kind="top_up", key=key, member_id=member_id, subject_id=id_,
            body=[ladder, str(amount), method, reference],
        )  # fmt: skip
        if first is not None:
            return prepaid.get_top_up(brand_id=brand.id, member_id=member_id, top_up_id=first)
        balance = _balance(brand.id, member_id, settings.principal)
        with connection.cursor() as cursor:
            times = (
                store.count_top_ups(cursor, brand_id=brand.id, member_id=member_id, ladder=ladder)
                if found.per_member is not None
                else 0
            )
        topups.check_open(
            found,
            store=store_code,
            today=now.astimezone(zone(brand.timezone)).date(),
            times=times,
            balance=balance,
            pay=amount,
        )
        if settings.law == "cn":
            law_cn.check_ends(found)
            buyer = buyers.get_buyer(scope=scope, member_id=member_id)
            law_cn.check_registered(balance_after=balance + amount, paid=amount, method=method, buyer=buyer)
        parts = _parts(found, rung, amount, settings.principal, settings.bonus, now, brand.timezone)
        made = lots.credit(
            scope=scope, member_id=member_id, parts=parts, key=f"top_up:{id_}", now=now, store=store_code,
            subject=f"top_up:{id_}",
        )  # fmt: skip
        after = 2 if rung.bonus else 1
        row = TopUpRow(
            member_id=member_id,
            id=id_,
            brand_id=brand.id,
            ladder=ladder,
            principal=amount,
            bonus=rung.bonus,
            principal_lot=made.lots[0],
            bonus_lot=made.lots[1] if rung.bonus else None,
            refunded=0,
            bonus_taken=0,
            method=method,
            reference=reference,
            store_id=store_id,
            actor=scope.actor.label,
            terms={
                "refundable": found.refundable,
                "contract": settings.contract_version,
                "grants": [
                    {"unit": part.unit, "amount": part.amount, "lot": str(lot)}
                    for part, lot in zip(parts[after:], made.lots[after:], strict=True)
                ],
            },
            activity_id=made.receipt.activity_id,
            created_at=now,
        )
        with connection.cursor() as cursor:
            store.add(cursor, brand_id=brand.id, row=row)
        for place, grant in enumerate(rung.grants):
            if grant.coupon:
                grants.issue_coupon(scope, member_id, grant.coupon, f"top_up:{id_}:{place}", now)
        ground.record(
            scope, "top_up.create", member_id, now,
            {"ladder": ladder, "principal": amount, "bonus": rung.bonus, "method": method},
        )  # fmt: skip
        return row


def refund_top_up(
    *,
    scope: Scope,
    member_id: UUID,
    top_up_id: UUID,
    key: str,
    now: datetime,
    amount: int | None = None,
    reason: str = "",
    reference: str = "",
) -> RepaymentRow:
    """Give `amount` of the principal back (None: all that can be), and take the bonus pro rata.

    Raises `top_up_spent` (409) with what can still go back, `not_refundable` (409) where the terms say no and the law
    does not say yes.
    """
    settings = prepaid.get_settings(brand_id=scope.brand_id)
    with transaction.atomic(), connection.cursor() as cursor:
        ground.lock(scope, member_id)
        id_ = new_id()
        first = activities.claim(
            brand_id=scope.brand_id, kind="top_up_refund", key=key, member_id=member_id, subject_id=id_,
            body=[str(top_up_id), str(amount)],
        )  # fmt: skip
        if first is not None:
            earlier = store.get(cursor, RepaymentRow, brand_id=scope.brand_id, member_id=member_id, id_=first)
            assert earlier is not None
            return earlier
        row = store.get(
            cursor, TopUpRow, brand_id=scope.brand_id, member_id=member_id, id_=top_up_id, lock=True
        )
        if row is None:
            raise not_found(TOP_UP)
        principal_left, bonus_left = _left(row)
        untouched = (principal_left, bonus_left) == (row.principal, row.bonus)
        by_right = settings.law == "cn" and law_cn.may_return_all(
            bought_at=row.created_at, now=now, unused=untouched
        )
        if not row.terms.get("refundable", True) and not by_right:
            raise not_refundable()
        plan = topups.plan_refund(
            wanted=amount,
            principal=row.principal,
            bonus=row.bonus,
            refunded=row.refunded,
            bonus_taken=row.bonus_taken,
            principal_left=principal_left,
            bonus_left=bonus_left,
        )
        lots.burn_from(
            scope=scope, member_id=member_id, unit=settings.principal, amount=plan.principal,
            lots=[row.principal_lot], contra="paid", key=f"top_up_refund:{id_}:principal", now=now, reason=reason,
        )  # fmt: skip
        if plan.bonus and row.bonus_lot is not None:
            lots.burn_from(
                scope=scope, member_id=member_id, unit=settings.bonus, amount=plan.bonus, lots=[row.bonus_lot],
                contra="issued", key=f"top_up_refund:{id_}:bonus", now=now, reason=reason,
            )  # fmt: skip
        _take_grants(scope, row, plan.principal, id_, now)
        store.refund_top_up(cursor, row=row, principal=plan.principal, bonus=plan.bonus)
        repaid = RepaymentRow(
            member_id, id_, "top_up", row.id, plan.principal, plan.principal, plan.bonus, by_right, reason, reference,
            scope.actor.label, now,
        )  # fmt: skip
        store.add(cursor, brand_id=scope.brand_id, row=repaid)
        ground.record(
            scope, "top_up.refund", member_id, now,
            {"top_up": str(row.id), "money": plan.principal, "bonus": plan.bonus, "reason": reason},
        )  # fmt: skip
        return repaid


def most_refundable(row: TopUpRow) -> int:
    """What of a top-up can still be given back, as things stand."""
    principal_left, bonus_left = _left(row)
    return topups.most_refundable(
        principal=row.principal,
        bonus=row.bonus,
        refunded=row.refunded,
        bonus_taken=row.bonus_taken,
        principal_left=principal_left,
        bonus_left=bonus_left,
    )


def _parts(
    ladder: Ladder, rung: Rung, amount: int, principal: str, bonus: str, now: datetime, timezone: str
) -> list[Part]:
    """The principal's lot, the bonus's if there is one, then those of the grants."""
    ref = f"topup:{ladder.key}"
    parts = [Part(principal, amount, topups.ends_after(ladder.principal_days, now, timezone), ref, "paid")]
    if rung.bonus:
        parts.append(Part(bonus, rung.bonus, topups.ends_after(ladder.bonus_days, now, timezone), ref))
    parts += [
        grants.part_of(grant, ref=ref, now=now, timezone=timezone) for grant in rung.grants if grant.unit
    ]
    return parts


def _left(row: TopUpRow) -> tuple[int, int]:
    wanted = [row.principal_lot, *([row.bonus_lot] if row.bonus_lot else [])]
    found = ledger.get_lots(brand_id=row.brand_id, member_id=row.member_id, ids=wanted)
    bonus = found[row.bonus_lot].remaining if row.bonus_lot else 0
    return found[row.principal_lot].remaining, bonus


def _take_grants(scope: Scope, row: TopUpRow, principal: int, id_: UUID, now: datetime) -> None:
    """What was given beside goes back in the same share, as far as it is still there."""
    given = row.terms.get("grants", [])
    ids = [UUID(grant["lot"]) for grant in given]
    found = ledger.get_lots(brand_id=row.brand_id, member_id=row.member_id, ids=ids) if ids else {}
    after = replace(row, refunded=row.refunded + principal)
    for place, grant in enumerate(given):
        due = topups.bonus_due(row.principal, grant["amount"], after.refunded) - topups.bonus_due(
            row.principal, grant["amount"], row.refunded
        )
        taken = min(due, found[ids[place]].remaining)
        if taken:
            lots.burn_from(
                scope=scope, member_id=row.member_id, unit=grant["unit"], amount=taken, lots=[ids[place]],
                contra="issued", key=f"top_up_refund:{id_}:grant:{place}", now=now,
            )  # fmt: skip


def _balance(brand_id: UUID, member_id: UUID, unit: str) -> int:
    accounts = ledger.get_balances(brand_id=brand_id, member_ids=[member_id]).get(member_id, {})
    account = accounts.get(unit)
    return account.available + account.held if account else 0
