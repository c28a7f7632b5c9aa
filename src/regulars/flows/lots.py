"""Doors for flows that bring whole lots into a wallet, spend chosen ones, or let one end at another time.

Each is an internal activity of the intake, posted under the member's lock; call them inside the flow's transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from regulars.facts.activity import api as activities
from regulars.facts.activity.types import ActivityIn, BurnIn, MemberRef, Receipt
from regulars.flows.intake import api as intake
from regulars.flows.intake.moves import lot_id
from regulars.kit.errors import Refusal
from regulars.platform.organisations.types import Scope

BurnContra = Literal["redeemed", "paid", "issued", "transferred"]
CreditContra = Literal["issued", "paid", "transferred", "claimed", "adjusted"]


@dataclass(frozen=True, slots=True)
class Part:
    """A new lot: `amount` of `unit`. `ref` is kept as the lot's rule, e.g. `topup:spring`."""

    unit: str
    amount: int
    expires_at: datetime | None = None
    ref: str = ""
    contra: CreditContra = "issued"

    def to_json(self) -> dict[str, Any]:
        ends = self.expires_at.isoformat() if self.expires_at else None
        return {
            "unit": self.unit,
            "amount": self.amount,
            "expires_at": ends,
            "ref": self.ref,
            "contra": self.contra,
        }


@dataclass(frozen=True, slots=True)
class Credited:
    """`lots[i]` is the lot that part `i` made."""

    receipt: Receipt
    lots: tuple[UUID, ...]


def credit(
    *,
    scope: Scope,
    member_id: UUID,
    parts: Sequence[Part],
    key: str,
    now: datetime,
    subject: str = "",
    store: str | None = None,
    channel: str | None = None,
) -> Credited:
    """New lots for a member; a repeat of the key answers the first. Raises `unknown_unit`, what the intake refuses."""
    given = ActivityIn(
        type="credit",
        member=MemberRef(id=member_id),
        occurred_at=now,
        source="regulars",
        store=store,
        channel=channel,
        key=f"credit:{key}",
        data={"parts": [part.to_json() for part in parts], **({"subject": subject} if subject else {})},
    )
    receipt = _post(scope, given, now)
    return Credited(receipt, tuple(lot_id(receipt.activity_id, part.unit, i) for i, part in enumerate(parts)))


def burn_from(
    *,
    scope: Scope,
    member_id: UUID,
    unit: str,
    amount: int,
    key: str,
    now: datetime,
    lots: Sequence[UUID] | None = None,
    contra: BurnContra = "redeemed",
    reason: str = "",
    store: str | None = None,
    source: str = "regulars",
) -> tuple[Receipt, list[tuple[UUID, int]]]:
    """Spend value, from `lots` only if given; also answers the parts by lot. Raises `insufficient_balance` (409)."""
    given = ActivityIn(
        type="burn",
        member=MemberRef(id=member_id),
        occurred_at=now,
        source=source,
        store=store,
        key=f"burn:{key}",
        burn=BurnIn(
            unit=unit, amount=amount, reason=reason, lots=tuple(lots) if lots is not None else None, contra=contra
        ),
    )  # fmt: skip
    receipt = _post(scope, given, now)
    row = activities.get_activity(
        brand_id=scope.brand_id, member_id=member_id, activity_id=receipt.activity_id
    )
    return receipt, list(row.stored().parts)


def end_lot_at(
    *, scope: Scope, member_id: UUID, lot: UUID, expires_at: datetime | None, key: str, now: datetime
) -> Receipt:
    """Let an open lot end at another instant, or never. Raises `not_found`."""
    given = ActivityIn(
        type="lot_expiry",
        member=MemberRef(id=member_id),
        occurred_at=now,
        source="regulars",
        key=f"lot_expiry:{key}",
        data={"lot": str(lot), "expires_at": expires_at.isoformat() if expires_at else None},
    )
    return _post(scope, given, now)


def _post(scope: Scope, given: ActivityIn, now: datetime) -> Receipt:
    # the flow has asked whether the actor may act at the store; its own moves need not name one
    free = replace(scope, store_ids=None)
    result = intake.post(scope=free, activities=[given], now=now, internal=True)[0]
    if isinstance(result, Refusal):
        raise result
    return result
