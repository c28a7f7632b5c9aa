"""What a member's state is after an activity; the same live and in a replay: only the order of occurrence counts.

Refunds lower the spend and count as refunds; they give back neither the order count nor what caps have used (else
buying and returning would open a cap again).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from regulars.programme.rules.facts import window_start
from regulars.programme.rules.plan import Plan
from regulars.programme.rules.types import Act, Decision, MemberState, Programme

_VISITS = frozenset({"order", "checkin"})
_DAY = timedelta(days=1)


def apply(programme: Programme, state: MemberState, act: Act, decision: Decision) -> None:
    """Change `state` to what it is after `act` was decided as `decision`. Tiers are not touched."""
    plan: Plan = programme.plan
    kind, occurred_at = act.type, act.occurred_at
    day = occurred_at.astimezone(plan.zone).date()
    if kind == "order":
        state.orders += 1
        state.spend += act.amount
        if state.first_order_at is None:
            state.first_order_at = occurred_at
        state.last_order_at = occurred_at
    if kind in _VISITS and (state.last_visit_on is None or day > state.last_visit_on):
        state.visits += 1
        state.last_visit_on = day
    if kind in programme.streaks:
        _count_day(state, kind, day)
    days = programme.windows.get(kind)
    if days is not None:
        _remember(state, kind, act, window_start(day, days, programme.timezone))
    for effect in decision.tags:
        if effect.remove:
            state.tags.discard(effect.tag)
        else:
            state.tags.add(effect.tag)
    today = plan.days.get((kind, day)) or plan.open_day(kind, day)
    if today.capped:
        _use_caps(state, decision, today.capped)
    if today.campaigns:
        _use_campaigns(state, decision, today.campaigns)
    state.last_at = occurred_at


def apply_refund(state: MemberState, *, amount: int, occurred_at: datetime) -> None:
    """Count a refund of `amount` minor units."""
    state.refunds += 1
    state.spend -= amount
    state.last_at = occurred_at


def _count_day(state: MemberState, kind: str, day: date) -> None:
    last, length = state.streaks.get(kind, (None, 0))
    if last is None or day > last + _DAY:
        state.streaks[kind] = (day, 1)
    elif day == last + _DAY:
        state.streaks[kind] = (day, length + 1)


def _remember(state: MemberState, kind: str, act: Act, since: datetime) -> None:
    """Add the act to what windows look back on, and forget what no window reaches any more."""
    recent = state.recent.setdefault(kind, [])
    gone = 0
    while gone < len(recent) and recent[gone][0] < since:
        gone += 1
    if gone:
        del recent[:gone]
    recent.append((act.occurred_at, act.amount))


def _use_caps(state: MemberState, decision: Decision, capped: Mapping[str, tuple[str, ...]]) -> None:
    """Count firings and value in the periods that `act` lies in; what earlier periods used is forgotten."""
    for outcome in decision.outcomes:
        periods = capped.get(outcome.rule)
        if periods is None or not outcome.fired:
            continue
        key = outcome.rule
        value = sum(earn.amount for earn in decision.earns if earn.rule == key)
        before = state.caps.get(key, {})
        usage = {}
        for period in periods:
            times, amount = before.get(period, (0, 0))
            usage[period] = [times + 1, amount + value]
        state.caps[key] = usage


def _use_campaigns(
    state: MemberState, decision: Decision, campaigns: Mapping[str, tuple[str, tuple[str, ...]]]
) -> None:
    """The same for what the rules of a campaign gave together."""
    given: dict[str, tuple[tuple[str, ...], int, int]] = {}
    for outcome in decision.outcomes:
        found = campaigns.get(outcome.rule)
        if found is None or not outcome.fired:
            continue
        campaign, periods = found
        _, times, amount = given.get(campaign, (periods, 0, 0))
        value = sum(earn.amount for earn in decision.earns if earn.rule == outcome.rule)
        given[campaign] = (periods, times + 1, amount + value)
    for campaign, (periods, times, amount) in given.items():
        before = state.caps.get(campaign, {})
        state.caps[campaign] = {
            period: [before.get(period, (0, 0))[0] + times, before.get(period, (0, 0))[1] + amount]
            for period in periods
        }
