"""What a decision can know before the activity comes: which rules can fire on a day, period names, expiry instants.

A plan hangs on its programme and opens each (activity type, business day) once; the days after the first cost a
dictionary look-up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from regulars.conditions.api import FieldCatalogue
from regulars.conditions.types import Reason
from regulars.kit.periods import period_key, start_of_day, zone
from regulars.programme.rules.expiry import expires_at
from regulars.programme.rules.facts import FactReader
from regulars.programme.rules.types import (
    GRANTS,
    Benefit,
    Cap,
    ExtendExpiryEffect,
    GrantEffect,
    MemberDays,
    Outcome,
    PointsEffect,
    Programme,
    Rule,
    RuleBudget,
    TagEffect,
    TierStepEffect,
)

_DAYS_KEPT = 4000
_DAY = timedelta(days=1)
FIXED, PER_AMOUNT, MULTIPLY, TABLE = range(4)
_MODES = {"fixed": FIXED, "per_amount": PER_AMOUNT, "multiply": MULTIPLY, "table": TABLE}


class DayPoints(NamedTuple):
    """A points effect on one day. `numerator / denominator` is the factor above 1."""

    mode: int
    unit: str
    amount: int
    per: int
    numerator: int
    denominator: int
    table: Mapping[str, int]
    lines: Callable[[dict[str, Any]], bool] | None
    limit: int | None
    waits: timedelta | None
    until_delivered: bool
    expires_at: datetime | None


class DayCap(NamedTuple):
    """A cap on one day: the name of the period the day lies in, and what to say when it is used up."""

    period: str
    times: int | None
    amount: int | None
    reached: Outcome


class DayExtra(NamedTuple):
    """What only some rules have: shared caps, a budget, things that other rooms give."""

    campaign: str  # as its use is counted in the state
    caps: tuple[DayCap, ...]
    budget: RuleBudget | None
    grants: tuple[GrantEffect, ...]
    gives_value: bool
    used_up: Outcome


class DayRule(NamedTuple):
    """A rule that may fire on one day."""

    place: int
    key: str
    clock: Callable[[datetime, datetime], Outcome | None] | None
    condition: Callable[[dict[str, Any]], bool] | None
    caps: tuple[DayCap, ...]
    group: str | None
    points: tuple[DayPoints, ...]
    tags: tuple[TagEffect, ...]
    tier_steps: tuple[TierStepEffect, ...]
    extensions: tuple[ExtendExpiryEffect, ...]
    extra: DayExtra | None
    fired: Outcome
    condition_failed: Outcome
    nothing: Outcome


class DayMultiplier(NamedTuple):
    """A tier's multiplier benefit on one day."""

    key: str
    points: DayPoints
    fired: Outcome
    nothing: Outcome


@dataclass(frozen=True, slots=True)
class Day:
    """One activity type on one business day. `outcomes` is filled in for the rules that cannot fire today."""

    outcomes: list[Outcome]
    rules: tuple[DayRule, ...]
    multipliers: tuple[
        tuple[str, str, Mapping[str, tuple[DayMultiplier, ...]]], ...
    ]  # scheme, lowest tier, by tier
    asks: bool  # some rule has a condition
    capped: Mapping[str, tuple[str, ...]]  # rule → names of the periods its caps count in
    campaigns: Mapping[
        str, tuple[str, tuple[str, ...]]
    ]  # rule → its campaign, names of the periods its caps count in


class Plan:
    """The days of one programme. Threads may share it: an opened day is only ever added whole."""

    __slots__ = ("catalogue", "days", "explainers", "facts", "programme", "readers", "zone")

    def __init__(self, programme: Programme, catalogue: FieldCatalogue) -> None:
        self.programme = programme
        self.catalogue = catalogue
        self.zone: ZoneInfo = zone(programme.timezone)
        self.facts = FactReader(programme, catalogue).read
        self.readers: dict[frozenset[str], FactReader] = {}  # of the fields that offers ask
        self.days: dict[tuple[str, date], Day] = {}
        self.explainers: dict[
            str, Callable[[Mapping[str, Any]], tuple[Reason, ...]]
        ] = {}  # made when asked for

    def open_day(self, activity_type: str, day: date) -> Day:
        """Reckon the day and keep it."""
        if len(self.days) >= _DAYS_KEPT:
            self.days.clear()
        opened = _open(self.programme, activity_type, day)
        self.days[activity_type, day] = opened
        return opened


def in_order(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """Rules in the order they are tried: what earns by amount, then the rest, each by priority (higher first), then
    key.

    Multipliers need to know what was earned by amount, whatever their priority. A stacking group is tried as one, so
    that its own priorities hold.
    """
    early_groups = {r.stacking_group for r in rules if r.stacking_group and earns_by_amount(r)}
    return tuple(
        sorted(
            rules,
            key=lambda r: (not (earns_by_amount(r) or r.stacking_group in early_groups), -r.priority, r.key),
        )
    )


def earns_by_amount(rule: Rule) -> bool:
    return any(isinstance(e, PointsEffect) and e.mode == "per_amount" for e in rule.effects)


def multiplies(rule: Rule) -> bool:
    return any(isinstance(e, PointsEffect) and e.mode == "multiply" for e in rule.effects)


def is_member_day(days: MemberDays, day: date) -> bool:
    return day.day in days.days_of_month or day.isoweekday() in days.weekdays


def _open(programme: Programme, activity_type: str, day: date) -> Day:
    outcomes: list[Outcome] = []
    rules: list[DayRule] = []
    for index, rule in enumerate(programme.rules_of.get(activity_type, ())):
        closed = _closed_all_day(rule, programme, day)
        outcomes.append(closed or Outcome(rule.key, False, "condition"))
        if closed is None:
            rules.append(_day_rule(index, rule, programme, day))
    return Day(
        outcomes=outcomes,
        rules=tuple(rules),
        multipliers=_multipliers(programme, day),
        asks=any(r.condition is not None for r in rules),
        capped={r.key: tuple(dict.fromkeys(cap.period for cap in r.caps)) for r in rules if r.caps},
        campaigns={
            r.key: (r.extra.campaign, tuple(dict.fromkeys(cap.period for cap in r.extra.caps)))
            for r in rules
            if r.extra is not None and r.extra.caps
        },
    )


def _closed_all_day(rule: Rule, programme: Programme, day: date) -> Outcome | None:
    """Why the rule cannot fire at any time of the business day, or None."""
    start, end = start_of_day(day, programme.timezone), start_of_day(day + _DAY, programme.timezone)
    if rule.starts_at is not None and rule.starts_at >= end:
        return _not_started(rule)
    if rule.ends_at is not None and rule.ends_at <= start:
        return _ended(rule)
    if _runs_over_midnight(rule):
        return None  # depends on the time: the small hours belong to the day before
    return _wrong_day(rule, programme.member_days, day)


def _day_rule(index: int, rule: Rule, programme: Programme, day: date) -> DayRule:
    def of(kind: type[Any]) -> tuple[Any, ...]:
        return tuple(e for e in rule.effects if isinstance(e, kind))

    noon = datetime.combine(day, time(12))
    return DayRule(
        place=index,
        key=rule.key,
        clock=_clock(rule, programme, day),
        condition=rule.condition,
        caps=_day_caps(rule, rule.caps, noon, {}),
        group=rule.stacking_group,
        points=tuple(_day_points(e, programme, day) for e in of(PointsEffect)),
        tags=of(TagEffect),
        tier_steps=of(TierStepEffect),
        extensions=of(ExtendExpiryEffect),
        extra=_extra(rule, programme, noon),
        fired=Outcome(rule.key, True),
        condition_failed=Outcome(rule.key, False, "condition"),
        nothing=Outcome(rule.key, False, "no_amount"),
    )


def _day_caps(rule: Rule, caps: tuple[Cap, ...], noon: datetime, more: dict[str, Any]) -> tuple[DayCap, ...]:
    return tuple(
        DayCap(
            period=period_key(noon, cap.period),
            times=cap.times,
            amount=cap.amount,
            reached=Outcome(
                rule.key,
                False,
                "cap_reached",
                {"period": cap.period}
                | ({"times": cap.times} if cap.times is not None else {})
                | ({"amount": cap.amount} if cap.amount is not None else {})
                | more,
            ),
        )
        for cap in caps
    )


def _extra(rule: Rule, programme: Programme, noon: datetime) -> DayExtra | None:
    grants = tuple(e for e in rule.effects if isinstance(e, GRANTS))
    campaign = next((c for c in programme.campaigns if c.key == rule.campaign), None)
    if not grants and rule.budget is None and (campaign is None or not campaign.caps):
        return None
    caps = _day_caps(rule, campaign.caps, noon, {"campaign": campaign.key}) if campaign else ()
    return DayExtra(
        campaign=f"campaign:{rule.campaign}" if caps else "",
        caps=caps,
        budget=rule.budget,
        grants=grants,
        gives_value=any(isinstance(e, PointsEffect) for e in rule.effects),
        used_up=Outcome(
            rule.key, False, "budget_used_up", {"budget": rule.budget.key} if rule.budget else {}
        ),
    )


def _day_points(effect: PointsEffect, programme: Programme, day: date) -> DayPoints:
    above_one = effect.factor - 1
    pending = effect.pending
    expiry = effect.expiry or programme.units[effect.unit].expiry
    return DayPoints(
        mode=_MODES[effect.mode],
        unit=effect.unit,
        amount=effect.amount,
        per=effect.per,
        numerator=above_one.numerator,
        denominator=above_one.denominator,
        table=effect.table,
        lines=effect.lines,
        limit=effect.limit,
        waits=timedelta(days=pending.days) if pending is not None and pending.until == "days" else None,
        until_delivered=pending is not None and pending.until == "delivered",
        expires_at=expires_at(expiry, day, programme.timezone),
    )


def _multipliers(
    programme: Programme, day: date
) -> tuple[tuple[str, str, Mapping[str, tuple[DayMultiplier, ...]]], ...]:
    found = []
    for scheme in programme.schemes:
        by_tier: dict[str, tuple[DayMultiplier, ...]] = {}
        for benefit in programme.benefits:
            if benefit.kind == "multiplier" and benefit.scheme == scheme.key and benefit.factor > 1:
                multiplier = _multiplier(benefit, programme, day)
                for tier in benefit.tiers:
                    by_tier[tier] = (*by_tier.get(tier, ()), multiplier)
        if by_tier:
            found.append((scheme.key, scheme.tiers[0].code, by_tier))
    return tuple(found)


def _multiplier(benefit: Benefit, programme: Programme, day: date) -> DayMultiplier:
    key = f"benefit:{benefit.key}"
    effect = PointsEffect(unit=benefit.unit, mode="multiply", factor=benefit.factor)
    return DayMultiplier(
        key=key,
        points=_day_points(effect, programme, day),
        fired=Outcome(key, True),
        nothing=Outcome(key, False, "no_amount"),
    )


def _clock(
    rule: Rule, programme: Programme, day: date
) -> Callable[[datetime, datetime], Outcome | None] | None:
    """The check that needs the time of day, `(instant, local) -> why not`, or None where the day decides alone."""
    start, end = start_of_day(day, programme.timezone), start_of_day(day + _DAY, programme.timezone)
    starts_at = rule.starts_at if rule.starts_at is not None and rule.starts_at > start else None
    ends_at = rule.ends_at if rule.ends_at is not None and rule.ends_at < end else None
    if starts_at is None and ends_at is None and not rule.dayparts:
        return None
    dayparts, member_days = rule.dayparts, programme.member_days
    over_midnight = _runs_over_midnight(rule)
    not_started = _not_started(rule) if starts_at is not None else None
    ended = _ended(rule) if ends_at is not None else None
    outside = Outcome(rule.key, False, "outside_hours")

    def check(instant: datetime, local: datetime) -> Outcome | None:
        if starts_at is not None and instant < starts_at:
            return not_started
        if ends_at is not None and instant >= ends_at:
            return ended
        if not dayparts:
            return None
        at = local.time()
        why_not = outside
        for first, last in dayparts:
            if first < last:
                if first <= at < last:
                    begun_on = day
                else:
                    continue
            elif at >= first:
                begun_on = day
            elif at < last:
                begun_on = day - _DAY
            else:
                continue
            wrong = _wrong_day(rule, member_days, begun_on) if over_midnight else None
            if wrong is None:
                return None
            why_not = wrong
        return why_not

    return check


def _wrong_day(rule: Rule, member_days: MemberDays, day: date) -> Outcome | None:
    if rule.weekdays is not None and day.isoweekday() not in rule.weekdays:
        return Outcome(rule.key, False, "wrong_day")
    if rule.member_day and not is_member_day(member_days, day):
        return Outcome(rule.key, False, "not_member_day")
    return None


def _runs_over_midnight(rule: Rule) -> bool:
    return any(first > last for first, last in rule.dayparts)


def _not_started(rule: Rule) -> Outcome:
    return Outcome(rule.key, False, "not_started")


def _ended(rule: Rule) -> Outcome:
    return Outcome(rule.key, False, "ended")
