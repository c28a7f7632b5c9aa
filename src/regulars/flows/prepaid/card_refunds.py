"""Money given back for a gift card that was sold and that nobody has claimed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from regulars.facts.activity import api as activities
from regulars.flows.prepaid import ground
from regulars.flows.prepaid.cards import check_reason, locked_card
from regulars.platform.organisations.types import Scope
from regulars.value.prepaid import api as prepaid
from regulars.value.prepaid.policy.cards import plan_refund
from regulars.value.prepaid.store import cards as store
from regulars.value.prepaid.types import CardRow, GiftRefundRow


def refund_card(
    *,
    scope: Scope,
    card_id: UUID,
    method: str,
    reason: str,
    key: str,
    now: datetime,
    amount: int | None = None,
    reference: str = "",
    store_code: str | None = None,
) -> tuple[CardRow, GiftRefundRow]:
    """Give back money for a sold card that nobody has claimed (None: all that was paid); the card becomes void.

    The ledger knows nothing of a card before it is claimed, so nothing is posted: what was owed for it ends with it.
    Raises `card_unknown`, `card_not_active`, `card_not_refundable`, `law_whole_refund` (409), `invalid_input`.
    """
    check_reason(reason)
    ground.check_method(method)
    store_id = ground.store_of(scope, store_code)
    settings = prepaid.get_settings(brand_id=scope.brand_id)
    with transaction.atomic(), connection.cursor() as cursor:
        card = locked_card(cursor, scope, card_id)
        first = activities.claim(
            brand_id=scope.brand_id, kind="gift_refund", key=key, member_id=ground.NOBODY, subject_id=card_id,
            body=[str(card_id), str(amount), method],
        )  # fmt: skip
        if first is not None:
            return card, store.refunds_of(cursor, brand_id=scope.brand_id, hashes=[card_id])[card_id]
        batch = store.batches_by_id(cursor, brand_id=scope.brand_id, ids=[card.batch_id])[card.batch_id]
        plan = plan_refund(card=card, paid=batch.price, wanted=amount, settings=settings, now=now)
        row = GiftRefundRow(
            card.number_hash, scope.brand_id, batch.id, batch.price, plan.money, method, store_id, plan.by_right,
            reason.strip(), reference, scope.actor.label, now,
        )  # fmt: skip
        store.add_refund(cursor, row)
        card = replace(card, state="void", ended_at=now, ended_reason=reason.strip())
        store.save_card(cursor, card)
        ground.record(
            scope, "gift_card.refund", f"…{card.ending}", now,
            {"batch": batch.code, "paid": batch.price, "money": plan.money, "method": method, "reason": row.reason,
             "reference": reference, "by_right": plan.by_right},
        )  # fmt: skip
        return card, row
