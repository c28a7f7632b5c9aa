"""The dashboard: figures of the last days beside those before, kept for a short while."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from threading import Lock
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router

from regulars.flows import home as figures
from regulars.flows.home import Home, Window
from regulars.kit import clock
from regulars.kit.periods import zone
from regulars.platform.organisations.types import Scope
from regulars.programme.versions import api as versions
from regulars.surfaces.access import language, scope_of
from regulars.surfaces.console.asking import needs
from regulars.surfaces.console.naming import Naming
from regulars.surfaces.console.shapes.home import (
    DayOut,
    ExpiringOut,
    FigureOut,
    HomeOut,
    PointsDayOut,
    StoreSalesOut,
    TierCountOut,
)
from regulars.value.ledger import records

router = Router(tags=["Home"])
# Operators look at the dashboard often and all at once; the sums over a large brand take a while.
_FRESH = timedelta(seconds=30)
_WEEKS_FROM_DAYS = 120
_NO_STORE = "—"


@dataclass(frozen=True, slots=True)
class _Kept:
    at: datetime
    home: Home


_kept: dict[tuple[UUID, int], _Kept] = {}
_lock = Lock()


@router.get("/home", response=HomeOut, **needs("reports.read"))
def get_home(request: HttpRequest, days: Annotated[int, Query(ge=1, le=731)] = 30) -> Any:
    """The figures of the last `days` business days, today included."""
    scope, now = scope_of(request), clock.now()
    naming = Naming(scope, language(request), now)
    if naming.programme is None:
        return _empty(naming, days, now)
    home = _figures(scope, days, now)
    sums = home.outstanding.get(home.unit, {})
    window, before = home.now, home.before
    step = 7 if days > _WEEKS_FROM_DAYS else 1
    return HomeOut(
        as_of=home.as_of,
        days=days,
        first=window.first,
        last=window.last,
        step="week" if step == 7 else "day",
        unit=home.unit,
        unit_name=naming.unit(home.unit),
        currency=naming.brand.currency,
        members=home.members,
        joined=FigureOut(value=window.joined, before=before.joined),
        active=FigureOut(value=window.active, before=before.active),
        orders=FigureOut(value=window.orders, before=before.orders),
        amount=FigureOut(value=window.amount, before=before.amount),
        earned=FigureOut(value=window.earned, before=before.earned),
        burned=FigureOut(value=window.burned, before=before.burned),
        outstanding=sums.get("available", 0) + sums.get("held", 0),
        pending=sums.get("pending", 0),
        series=_series(window, step),
        points=_points(window, step),
        expiring=[ExpiringOut(month=month, amount=amount) for month, amount in home.expiring],
        tiers=[
            TierCountOut(tier=naming.tier_badge(tier), members=home.tiers.get(tier.code, 0))
            for tier in (naming.scheme.tiers if naming.scheme else ())
        ],
        stores=[
            StoreSalesOut(
                code=store.code if store else "",
                name=store.name if store else _NO_STORE,
                orders=row.orders,
                amount=row.amount,
                members=row.members,
            )
            for row in home.stores
            if (store := naming.store(row.store_id)) is not None
        ],
        approvals_waiting=_waiting(scope),
        drafts_waiting=_in_review(scope, now),
    )


def _figures(scope: Scope, days: int, now: datetime) -> Home:
    key = (scope.brand_id, days)
    with _lock:
        kept = _kept.get(key)
    if kept is not None and now - kept.at < _FRESH:
        return kept.home
    home = figures.get_home(scope=scope, days=days, now=now)
    with _lock:
        _kept[key] = _Kept(now, home)
        for old in [one for one, value in _kept.items() if now - value.at > _FRESH]:
            del _kept[old]
    return home


def _spans(window: Window, step: int) -> Iterable[list[date]]:
    """The days of the window, in runs of `step`, the last run whole."""
    days = [window.first + timedelta(days=n) for n in range((window.last - window.first).days + 1)]
    spare = len(days) % step
    runs = [days[:spare]] if spare else []
    return [*runs, *(days[n : n + step] for n in range(spare, len(days), step))]


def _series(window: Window, step: int) -> list[DayOut]:
    totals = {one.day: one for one in window.days}
    found = []
    for run in _spans(window, step):
        present = [totals[day] for day in run if day in totals]
        found.append(
            DayOut(
                day=run[0],
                joined=sum(window.joined_by_day.get(day, 0) for day in run),
                orders=sum(one.orders for one in present),
                amount=sum(one.amount for one in present),
                active=round(sum(one.active for one in present) / len(run)),
            )
        )
    return found


def _points(window: Window, step: int) -> list[PointsDayOut]:
    def total(run: list[date], kind: str) -> int:
        return sum(window.points_by_day.get(day, {}).get(kind, 0) for day in run)

    return [
        PointsDayOut(
            day=run[0],
            earned=total(run, "earn"),
            burned=-total(run, "burn"),
            expired=-total(run, "expire"),
        )
        for run in _spans(window, step)
    ]


def _waiting(scope: Scope) -> int:
    """Adjustments that wait; 200 stands for "200 or more"."""
    if not scope.allows("ledger.approve"):
        return 0
    page = records.list_adjustments(brand_id=scope.brand_id, state="waiting", limit=200)
    return sum(1 for one in page.items if one.asked_by != scope.actor.id)


def _in_review(scope: Scope, now: datetime) -> int:
    if not (scope.allows("programme.read") and scope.allows("programme.review")):
        return 0
    me = f"{scope.actor.kind}:{scope.actor.id}"
    return sum(
        1
        for one in versions.list_versions(scope=scope, now=now)
        if one.state == "in_review" and me not in one.authors
    )


def _empty(naming: Naming, days: int, now: datetime) -> HomeOut:
    """A brand that has published no programme yet: nothing can have been earned."""
    last = now.astimezone(zone(naming.brand.timezone)).date()
    none = FigureOut(value=0)
    return HomeOut(
        as_of=now, days=days, first=last - timedelta(days=days - 1), last=last, step="day", unit="", unit_name="",
        currency=naming.brand.currency, members=0, joined=none, active=none, orders=none, amount=none, earned=none,
        burned=none, outstanding=0, pending=0, series=[], points=[], expiring=[], tiers=[], stores=[],
        approvals_waiting=0, drafts_waiting=0,
    )  # fmt: skip
