"""Published versions made ready to walk; kept for a minute, for the programme's fields may change."""

from __future__ import annotations

from datetime import datetime, timedelta
from time import monotonic
from typing import Any
from uuid import UUID

from regulars.audience.holdouts import api as holdouts
from regulars.audience.segments import api as segments
from regulars.engage.journeys.policy import reading, timing
from regulars.engage.journeys.policy.reading import Ground
from regulars.engage.journeys.policy.walking import Plan
from regulars.engage.journeys.store import defining
from regulars.engage.journeys.types import Definition
from regulars.facts.activity import api as activities
from regulars.kit import workdays
from regulars.kit.periods import zone
from regulars.platform.calendar import api as calendar
from regulars.platform.organisations.types import Brand

_KEEP_SECONDS = 60.0
_AHEAD = timedelta(days=420)
_kept: dict[tuple[UUID, int], tuple[float, Plan]] = {}
_days: dict[UUID, tuple[float, timing.IsWorkday]] = {}


def ground_of(*, brand_id: UUID, now: datetime) -> Ground:
    """What definitions of the brand are read against now."""
    catalogue = segments.catalogue(brand_id=brand_id, now=now)
    known = {choice.value for choice in catalogue.activity_types()}
    return Ground(catalogue, frozenset(known | set(activities.declared_types(brand_id=brand_id))))


def plan_of(cursor: Any, *, brand_id: UUID, journey_id: UUID, version: int, now: datetime) -> Plan:
    """A version ready to walk. Raises `invalid_input` where the programme no longer has what it asks for."""
    key = (journey_id, version)
    known = _kept.get(key)
    if known is not None and monotonic() - known[0] < _KEEP_SECONDS:
        return known[1]
    found = defining.version(cursor, journey_id=journey_id, number=version)
    assert found is not None
    plan = ready(
        reading.read(found.definition, ground_of(brand_id=brand_id, now=now)), brand_id, journey_id, now
    )
    _kept[key] = (monotonic(), plan)
    return plan


def ready(definition: Definition, brand_id: UUID, journey_id: UUID, now: datetime) -> Plan:
    """A definition ready to walk. Splits are drawn by the journey's id: the same in every version."""
    catalogue = segments.catalogue(brand_id=brand_id, now=now)
    return Plan(definition, catalogue, salt=str(journey_id), bucket=holdouts.bucket_of)


def forget() -> None:
    _kept.clear()
    _days.clear()


def workdays_of(brand: Brand, now: datetime) -> timing.IsWorkday:
    """The brand's working days: the calendar's, and its own."""
    known = _days.get(brand.id)
    if known is not None and monotonic() - known[0] < _KEEP_SECONDS:
        return known[1]
    today = now.astimezone(zone(brand.timezone)).date()
    own = calendar.own_days(brand_id=brand.id, first=today - timedelta(days=30), last=today + _AHEAD)
    test: timing.IsWorkday = lambda day: workdays.works(day, own)  # noqa: E731 - a named function would say no more
    _days[brand.id] = (monotonic(), test)
    return test
