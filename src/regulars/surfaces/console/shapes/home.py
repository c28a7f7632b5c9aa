"""The figures of the dashboard."""

from __future__ import annotations

from datetime import date, datetime

from regulars.surfaces.console.shapes.shared import Shape, TierOut


class FigureOut(Shape):
    """A number of the period beside the same number of the period before."""

    value: int
    before: int | None = None


class DayOut(Shape):
    """One business day (or week) of activity."""

    day: date
    joined: int
    orders: int
    amount: int
    active: int


class PointsDayOut(Shape):
    """What points did on one business day (or week), of the programme's main unit."""

    day: date
    earned: int
    burned: int
    expired: int


class ExpiringOut(Shape):
    """`amount` ends within the month that begins on `month`."""

    month: date
    amount: int


class TierCountOut(Shape):
    tier: TierOut
    members: int


class StoreSalesOut(Shape):
    code: str
    name: str
    orders: int
    amount: int
    members: int


class HomeOut(Shape):
    """The dashboard over the last `days` business days; `as_of` is when the figures were counted."""

    as_of: datetime
    days: int
    first: date
    last: date
    step: str
    unit: str
    unit_name: str
    currency: str
    members: int
    joined: FigureOut
    active: FigureOut
    orders: FigureOut
    amount: FigureOut
    earned: FigureOut
    burned: FigureOut
    outstanding: int
    pending: int
    series: list[DayOut]
    points: list[PointsDayOut]
    expiring: list[ExpiringOut]
    tiers: list[TierCountOut]
    stores: list[StoreSalesOut]
    approvals_waiting: int
    drafts_waiting: int
