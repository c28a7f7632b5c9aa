"""Value given by one member to another: taken soonest-ending first, kept with its ends."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from regulars.facts.activity import api as activities
from regulars.flows import lots
from regulars.flows.lots import Part
from regulars.flows.prepaid import ground
from regulars.flows.prepaid.packages import add_transfers
from regulars.kit.errors import invalid_field
from regulars.kit.ids import new_id
from regulars.kit.periods import start_of_day, zone
from regulars.platform.organisations.types import Scope
from regulars.value.ledger import api as ledger
from regulars.value.prepaid import api as prepaid
from regulars.value.prepaid.policy import transfers
from regulars.value.prepaid.store import purchases
from regulars.value.prepaid.types import TransferRow


def transfer(
    *,
    scope: Scope,
    member_id: UUID,
    to: UUID,
    unit: str,
    amount: int,
    key: str,
    now: datetime,
    message: str = "",
) -> TransferRow:
    """Give `amount` of a unit to another member of the brand: two activities, one transaction.

    Raises `transfers_off`, `transfer_limit`, `insufficient_balance` (409), `membership_not_active` for either.
    """
    if amount <= 0:
        raise invalid_field("amount", "not_positive", "必须大于 0", "must be above 0")
    if len(message) > 200:
        raise invalid_field("message", "too_long", "最长 200 字", "at most 200 characters")
    brand = ground.brand_of(scope)
    rule = prepaid.get_settings(brand_id=brand.id).transfer
    with transaction.atomic(), connection.cursor() as cursor:
        ground.lock(scope, member_id, to)
        id_ = new_id()
        first = activities.claim(
            brand_id=brand.id, kind="transfer", key=key, member_id=member_id, subject_id=id_,
            body=[str(to), unit, str(amount)],
        )  # fmt: skip
        if first is not None:
            earlier = purchases.get(cursor, TransferRow, brand_id=brand.id, member_id=member_id, id_=first)
            assert earlier is not None
            return earlier
        today = start_of_day(now.astimezone(zone(brand.timezone)).date(), brand.timezone)
        given, times = purchases.given_since(
            cursor, brand_id=brand.id, member_id=member_id, unit=unit, since=today
        )
        transfers.check(
            rule,
            sender=member_id,
            receiver=to,
            unit=unit,
            amount=amount,
            given_today=given,
            times_today=times,
        )
        row = move(
            cursor, scope=scope, giver=member_id, receiver=to, unit=unit, amount=amount, what="value",
            message=message, id_=id_, now=now,
        )  # fmt: skip
        ground.record(
            scope, "transfer.create", member_id, now, {"to": str(to), "unit": unit, "amount": amount}
        )
        return row


def given_today(*, scope: Scope, member_id: UUID, unit: str, now: datetime) -> int:
    """What of a unit a member has given away since the business day began."""
    brand = ground.brand_of(scope)
    today = start_of_day(now.astimezone(zone(brand.timezone)).date(), brand.timezone)
    with connection.cursor() as cursor:
        given, _ = purchases.given_since(
            cursor, brand_id=brand.id, member_id=member_id, unit=unit, since=today
        )
    return given


def move(
    cursor: Any,
    *,
    scope: Scope,
    giver: UUID,
    receiver: UUID,
    unit: str,
    amount: int,
    what: str,
    message: str,
    id_: UUID,
    now: datetime,
) -> TransferRow:
    """Value of one locked member to another: soonest-ending first, with its ends. Answers the giver's row."""
    _, taken = lots.burn_from(
        scope=scope, member_id=giver, unit=unit, amount=amount, contra="transferred", key=f"transfer:{id_}", now=now,
        reason=message,
    )  # fmt: skip
    found = ledger.get_lots(brand_id=scope.brand_id, member_id=giver, ids=[lot for lot, _ in taken])
    by_end: dict[datetime | None, int] = {}
    for lot, part in taken:
        ends = found[lot].expires_at
        by_end[ends] = by_end.get(ends, 0) + part
    lots.credit(
        scope=scope, member_id=receiver,
        parts=[Part(unit, part, ends, "transfer", "transferred") for ends, part in by_end.items()],
        key=f"transfer:{id_}", now=now,
    )  # fmt: skip
    return add_transfers(cursor, scope, giver, receiver, what, unit, amount, message, now, id_=id_)
