"""Balances: what she can spend, what expires when, what is still to come."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from regulars.kit.periods import zone
from regulars.kit.text import Language
from regulars.programme.rules.types import QUIET_KINDS, Programme
from regulars.surfaces.access import MemberAccess
from regulars.surfaces.portal import standing
from regulars.surfaces.portal.shapes import BalanceOut, ExpiryOut, LaterOut, PointsBalanceOut, PointsOut
from regulars.value.ledger import api as ledger
from regulars.value.ledger.types import Account, ExpiryDay, LotRow

_ALL = 10_000


def balances(*, member: MemberAccess, programme: Programme | None, language: Language) -> list[BalanceOut]:
    """Units that can be spent first, in the programme's order; a unit she has none of counts too."""
    accounts = _accounts(member)
    schedule = _schedule(member)
    return [
        _balance(code, accounts.get(code) or Account(), schedule, programme, language)
        for code in _units(programme, accounts)
    ]


def points(*, member: MemberAccess, language: Language, now: datetime) -> PointsOut:
    """Every balance with its whole schedule."""
    programme = standing.live(member.brand, now)
    accounts = _accounts(member)
    schedule = _schedule(member)
    lots = ledger.list_lots(brand_id=member.brand.id, member_id=member.member_id, limit=_ALL)
    return PointsOut(
        balances=[
            PointsBalanceOut(
                **_balance(code, accounts.get(code) or Account(), schedule, programme, language).dict(),
                expiries=[_last_day(day) for day in schedule if day.unit == code],
                never_expires=sum(
                    lot.remaining
                    for lot in lots
                    if lot.unit == code and lot.state == "active" and lot.expires_at is None
                ),
                later_active=_later([lot for lot in lots if lot.unit == code], member.brand.timezone),
            )
            for code in _units(programme, accounts)
        ]
    )


def _accounts(member: MemberAccess) -> dict[str, Account]:
    found = ledger.get_balances(brand_id=member.brand.id, member_ids=[member.member_id])
    return dict(found.get(member.member_id) or {})


def _schedule(member: MemberAccess) -> Sequence[ExpiryDay]:
    return ledger.expiry_schedule(
        brand_id=member.brand.id, member_id=member.member_id, timezone=member.brand.timezone
    )


def _units(programme: Programme | None, accounts: dict[str, Account]) -> list[str]:
    """The programme's units, those that can be spent first, then units of older programmes with something left."""
    units = [
        unit
        for unit in (programme.units.values() if programme else ())
        if unit.kind not in QUIET_KINDS or unit.code in accounts
    ]
    ordered = [u.code for u in units if u.can_burn] + [u.code for u in units if not u.can_burn]
    left = [
        code
        for code, a in accounts.items()
        if code not in ordered and (a.available or a.pending or a.held or a.debt)
    ]
    return ordered + sorted(left)


def _balance(
    code: str,
    account: Account,
    schedule: Sequence[ExpiryDay],
    programme: Programme | None,
    language: Language,
) -> BalanceOut:
    first = next((day for day in schedule if day.unit == code), None)
    return BalanceOut(
        unit=standing.unit_out(programme, code, language),
        spendable=programme is None or code not in programme.units or programme.units[code].can_burn,
        available=account.available,
        pending=account.pending,
        held=account.held,
        debt=account.debt,
        next_expiry=_last_day(first) if first else None,
    )


def _last_day(day: ExpiryDay) -> ExpiryOut:
    """The ledger names the first day without it; people ask for the last day with it."""
    return ExpiryOut(on=day.on - timedelta(days=1), amount=day.amount)


def _later(lots: Sequence[LotRow], timezone: str) -> list[LaterOut]:
    """Pending value by the day it becomes hers; what waits for a delivery last."""
    sums: dict[date | None, int] = {}
    for lot in lots:
        if lot.state == "pending" and lot.remaining:
            day = lot.active_at.astimezone(zone(timezone)).date() if lot.active_at else None
            sums[day] = sums.get(day, 0) + lot.remaining
    days = sorted(day for day in sums if day is not None)
    return [LaterOut(on=day, amount=sums[day]) for day in [*days, *([None] if None in sums else [])]]
