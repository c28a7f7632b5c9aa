"""The figures of the dashboard: members, activity, value, tiers, stores; each by one set-based query over a window."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from regulars.facts.activity import api as activities
from regulars.facts.activity.totals import DayTotals, StoreTotals
from regulars.facts.members import api as members
from regulars.kit.periods import add_months, start_of_day, zone
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Scope
from regulars.programme.versions import api as versions
from regulars.value.ledger import api as ledger


@dataclass(frozen=True, slots=True)
class Window:
    """Figures of business days [first, last]. Money in minor units."""

    first: date
    last: date
    joined: int
    active: int
    orders: int
    amount: int
    earned: int
    burned: int
    expired: int
    days: tuple[DayTotals, ...]
    joined_by_day: dict[date, int]
    points_by_day: dict[date, dict[str, int]]


@dataclass(frozen=True, slots=True)
class Home:
    as_of: datetime
    unit: str
    members: int
    now: Window
    before: Window
    outstanding: dict[str, dict[str, int]]
    expiring: tuple[tuple[date, int], ...]  # (first of month, amount), the next twelve months
    tiers: dict[str, int]
    stores: tuple[StoreTotals, ...]


def get_home(*, scope: Scope, days: int, now: datetime) -> Home:
    """The last `days` business days, today included, beside the same number of days before them."""
    brand = organisations.get_brand(brand_id=scope.brand_id)
    today = now.astimezone(zone(brand.timezone)).date()
    first = today - timedelta(days=days - 1)
    units = versions.in_force(brand_id=brand.id, now=now).live.units
    unit = next((u.code for u in units.values() if u.kind == "points"), next(iter(units), ""))
    since = start_of_day(first, brand.timezone)
    return Home(
        as_of=now,
        unit=unit,
        members=members.count_members(brand_id=brand.id),
        now=_window(brand.id, brand.timezone, unit, first, today),
        before=_window(
            brand.id, brand.timezone, unit, first - timedelta(days=days), first - timedelta(days=1)
        ),
        outstanding=ledger.get_outstanding(brand_id=brand.id),
        expiring=_expiring(brand.id, brand.timezone, unit, today),
        tiers=members.count_by_tier(brand_id=brand.id),
        stores=tuple(activities.totals_by_store(brand_id=brand.id, since=since, until=now, limit=10)),
    )


def _window(brand_id: UUID, timezone: str, unit: str, first: date, last: date) -> Window:
    since, until = start_of_day(first, timezone), start_of_day(last + timedelta(days=1), timezone)
    days = activities.totals_by_day(brand_id=brand_id, since=since, until=until, timezone=timezone)
    joined = members.count_joined_by_day(brand_id=brand_id, since=since, until=until, timezone=timezone)
    points: dict[date, dict[str, int]] = {}
    for day, kind, amount in ledger.daily_totals(
        brand_id=brand_id, unit=unit, since=first, until=last + timedelta(days=1), timezone=timezone
    ):
        points.setdefault(day, {})[kind] = amount
    return Window(
        first=first,
        last=last,
        joined=sum(joined.values()),
        active=activities.count_active(brand_id=brand_id, since=since, until=until),
        orders=sum(d.orders for d in days),
        amount=sum(d.amount for d in days),
        earned=sum(p.get("earn", 0) for p in points.values()),
        burned=-sum(p.get("burn", 0) for p in points.values()),
        expired=-sum(p.get("expire", 0) for p in points.values()),
        days=tuple(days),
        joined_by_day=joined,
        points_by_day=points,
    )


def _expiring(brand_id: UUID, timezone: str, unit: str, today: date) -> tuple[tuple[date, int], ...]:
    by_month = ledger.expiring_by_month(
        brand_id=brand_id, unit=unit, until=start_of_day(add_months(today, 13), timezone), timezone=timezone
    )
    month = today.replace(day=1)
    return tuple((add_months(month, n), by_month.get(add_months(month, n), 0)) for n in range(13))
