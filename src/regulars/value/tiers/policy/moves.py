"""How a standing moves: instant upgrades, judgement at the end of a period, refunds, placing by hand.

Every function changes the standing in place and returns the moves it made. The order for an activity at `at`:

    judge_due(at) → record(at) → rise(at) → step(at)

and for a refund at `at` of an order of `ordered_at`:

    judge_due(at) → record(negative, ordered_at) → after_refund(at)

Judging late is judging on time, because nothing is recorded past a due instant before it is judged.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

from regulars.kit.errors import Refusal, invalid_field
from regulars.kit.periods import add_months, anniversary, start_of_day, zone
from regulars.programme.rules.types import Tier, TierScheme, TierStanding
from regulars.value.tiers.policy.metrics import (
    TICK,
    holds,
    keep_totals,
    month_index,
    plan_of,
    qualifies,
    to_keep,
    trailing,
)
from regulars.value.tiers.types import MoveReason, TierMove

# Periods that the metrics raised: a refund may take these back, and nothing else.
_BY_METRICS = ("upgraded", "refunded")


def enter(scheme: TierScheme, joined_at: datetime, tz: str) -> TierStanding:
    """The standing of a new member: the lowest tier, which never ends."""
    return TierStanding(tier=scheme.tiers[0].code, since=joined_at.astimezone(UTC), ends_at=None)


def entry_move(scheme: TierScheme, standing: TierStanding) -> TierMove:
    """The first row of a member's history, for a standing fresh from `enter`."""
    return TierMove(scheme.key, "", standing.tier, "joined", standing.since, standing.ends_at)


def is_locked(standing: TierStanding, at: datetime) -> bool:
    """Whether automatic moves are off at `at`."""
    return standing.locked and (standing.locked_until is None or at < standing.locked_until)


def rise(
    scheme: TierScheme, standing: TierStanding, *, at: datetime, tz: str, joined_at: datetime
) -> TierMove | None:
    """Upgrade to the highest tier whose `qualify` holds on the trailing validity months, this one included.

    A tier without qualifications is reached by hand or by an effect only. Nothing while locked. Never lowers.
    """
    plan = plan_of(scheme)
    here = plan.place.get(standing.tier, 0)
    if here >= plan.top or not standing.months or is_locked(standing, at):
        return None
    totals = trailing(standing, month_index(at, tz), plan.validity)
    for i in range(plan.top, here, -1):
        tier = scheme.tiers[i]
        if qualifies(tier, totals):
            if standing.reason not in _BY_METRICS:
                standing.base, standing.base_ends_at = standing.tier, standing.ends_at
            base = standing.base, standing.base_ends_at
            move = _start(scheme, standing, tier, "upgraded", at, _end(scheme, tier, at, tz, joined_at))
            standing.base, standing.base_ends_at = base
            return move
    return None


def next_due(scheme: TierScheme, standing: TierStanding) -> datetime | None:
    """When `judge_due` next has something to do: the end of the lock, of grace or of the period."""
    if standing.locked:
        return standing.locked_until
    return standing.grace_ends_at or standing.ends_at


def judged_at(standing: TierStanding) -> datetime | None:
    """When the present period will be judged: at its end or that of grace, and not before a lock ends."""
    end = standing.grace_ends_at or standing.ends_at
    if end is None or not standing.locked:
        return end
    return None if standing.locked_until is None else max(end, standing.locked_until)


def judge_due(
    scheme: TierScheme, standing: TierStanding, *, at: datetime, tz: str, joined_at: datetime
) -> list[TierMove]:
    """Everything that fell due up to and including `at`, each at its own instant, several periods if need be.

    At the end of a period: kept if the period meets `keep`; else grace, judged again at its end on the period
    and the grace days together; else one step down, or the tier that was earned. A grace period makes no move
    and does not shift the next period's end. A scheme that has lost the member's tier puts her where her
    metrics belong.
    """
    moves: list[TierMove] = []
    if standing.tier not in plan_of(scheme).place:
        moves.append(_adopt(scheme, standing, at, tz, joined_at))
    while True:
        due = next_due(scheme, standing)
        if due is None or due > at:
            return moves
        if standing.locked:
            moves.extend(_end_lock(scheme, standing, due, tz, joined_at, "", ""))
        else:
            moves.extend(_judge(scheme, standing, due, tz, joined_at))


def after_refund(scheme: TierScheme, standing: TierStanding, *, at: datetime, tz: str) -> TierMove | None:
    """Take back an upgrade of the present period that the refund has undone, if the scheme says so.

    She stays where her qualifications still hold, in the window in which she was upgraded or in the present
    one, and never falls below the tier held before the upgrades: what a judgement, a person or an effect gave
    stays. The period goes on; a tier she falls back to ends when it would have ended.
    """
    if not scheme.refund_demotes or standing.reason not in _BY_METRICS or is_locked(standing, at):
        return None
    plan = plan_of(scheme)
    here, floor = plan.place.get(standing.tier, 0), plan.place.get(standing.base, 0)
    then = trailing(standing, month_index(standing.since, tz), plan.validity)
    today = trailing(standing, month_index(at, tz), plan.validity)
    target = floor
    for i in range(here, floor, -1):
        tier = scheme.tiers[i]
        if qualifies(tier, then) or qualifies(tier, today):
            target = i
            break
    if target >= here:
        return None
    previous, standing.tier = standing.tier, scheme.tiers[target].code
    standing.reason = "refunded"
    standing.grace_ends_at = None
    if target == 0:
        standing.ends_at = None
    elif target == floor and standing.base_ends_at is not None:
        standing.ends_at = max(standing.base_ends_at, at.astimezone(UTC))
    return TierMove(scheme.key, previous, standing.tier, "refunded", at.astimezone(UTC), standing.ends_at)


def step(
    scheme: TierScheme,
    standing: TierStanding,
    *,
    at: datetime,
    tz: str,
    joined_at: datetime,
    steps: int = 0,
    tier: str | None = None,
) -> TierMove | None:
    """Raise by `steps` tiers, or to `tier`, for the scheme's validity. Never lowers; nothing while locked."""
    plan = plan_of(scheme)
    here = plan.place.get(standing.tier, 0)
    target = plan.place.get(tier, 0) if tier is not None else min(here + max(0, steps), plan.top)
    if target <= here or is_locked(standing, at):
        return None
    to = scheme.tiers[target]
    return _start(scheme, standing, to, "step", at, _end(scheme, to, at, tz, joined_at))


def place(
    scheme: TierScheme,
    standing: TierStanding,
    *,
    tier: str,
    at: datetime,
    tz: str,
    joined_at: datetime,
    reason: MoveReason = "manual",
    comment: str = "",
    actor: str = "",
    until: datetime | None = None,
    locked: bool = False,
    locked_until: datetime | None = None,
) -> TierMove:
    """Put the member into a tier by hand: a fresh period, to `until` or as long as the scheme gives.

    `locked` forbids automatic moves until `locked_until`, else until `until`, else until `unlock`. A period that
    ends under a lock is judged when the lock ends. Refuses an unknown tier and an end that is not ahead.
    """
    to = plan_of(scheme).place.get(tier)
    if to is None:
        raise invalid_field("tier", "unknown_tier", f"等级 {tier} 不存在", f"There is no tier {tier}")
    for name, instant in (("until", until), ("locked_until", locked_until)):
        if instant is not None and instant <= at:
            raise _not_ahead(name)
    end = _end(scheme, scheme.tiers[to], at, tz, joined_at)
    if until is not None and end is not None:
        end = until.astimezone(UTC)
    move = _start(scheme, standing, scheme.tiers[to], reason, at, end, comment=comment, actor=actor)
    if locked:
        last = locked_until or until
        standing.locked, standing.locked_until = True, last.astimezone(UTC) if last else None
    return move


def unlock(
    scheme: TierScheme,
    standing: TierStanding,
    *,
    at: datetime,
    tz: str,
    joined_at: datetime,
    comment: str = "",
    actor: str = "",
) -> list[TierMove]:
    """End a lock now; what it held back (an upgrade, a judgement) follows at once. None without a lock."""
    if not standing.locked:
        return []
    moves = _end_lock(scheme, standing, at.astimezone(UTC), tz, joined_at, comment, actor)
    return moves + judge_due(scheme, standing, at=at, tz=tz, joined_at=joined_at)


def _judge(
    scheme: TierScheme, standing: TierStanding, due: datetime, tz: str, joined_at: datetime
) -> list[TierMove]:
    plan = plan_of(scheme)
    here = plan.place[standing.tier]
    if here == 0:  # a later version of the scheme made it the lowest: it no longer ends
        standing.ends_at = standing.grace_ends_at = None
        return []
    tier = scheme.tiers[here]
    ended = standing.ends_at or due
    totals = keep_totals(scheme, standing, tz)
    keep = to_keep(tier)
    target = here
    if scheme.on_end != "never" and (keep is None or not holds(keep, tier.need, totals)):
        if standing.grace_ends_at is None and scheme.grace_days > 0:
            day = due.astimezone(zone(tz)).date() + timedelta(days=scheme.grace_days)
            standing.grace_ends_at = _day(day, tz)
            return []
        if scheme.on_end == "one_step":
            target = here - 1
        else:
            recent = trailing(standing, month_index(due - TICK, tz), plan.validity)
            target = _earned(scheme, here, totals, recent)
    reason: MoveReason = (
        "kept" if target == here else "stepped_down" if scheme.on_end == "one_step" else "fell"
    )
    to = scheme.tiers[target]
    # the next period follows the one that ended, so that grace shifts no cycle
    end = _end(scheme, to, ended, tz, joined_at)
    while end is not None and end <= due:
        end = _end(scheme, to, end, tz, joined_at)
    return [_start(scheme, standing, to, reason, due, end)]


def _earned(scheme: TierScheme, here: int, period: Mapping[str, int], recent: Mapping[str, int]) -> int:
    """The highest tier, not above the present, that the ended period or the trailing months qualify for."""
    for i in range(here, 0, -1):
        tier = scheme.tiers[i]
        if qualifies(tier, period) or qualifies(tier, recent):
            return i
    return 0


def _end_lock(
    scheme: TierScheme,
    standing: TierStanding,
    at: datetime,
    tz: str,
    joined_at: datetime,
    comment: str,
    actor: str,
) -> list[TierMove]:
    standing.locked, standing.locked_until = False, None
    if standing.ends_at is not None and standing.ends_at < at:
        standing.ends_at = at
    if standing.grace_ends_at is not None and standing.grace_ends_at < at:
        standing.grace_ends_at = at
    tier = standing.tier
    moves = [TierMove(scheme.key, tier, tier, "unlocked", at, standing.ends_at, comment, actor)]
    up = rise(scheme, standing, at=at, tz=tz, joined_at=joined_at)
    return [*moves, up] if up else moves


def _adopt(
    scheme: TierScheme, standing: TierStanding, at: datetime, tz: str, joined_at: datetime
) -> TierMove:
    plan = plan_of(scheme)
    recent = trailing(standing, month_index(at, tz), plan.validity)
    to = scheme.tiers[_earned(scheme, plan.top, recent, recent)]
    return _start(scheme, standing, to, "repaired", at, _end(scheme, to, at, tz, joined_at))


def _start(
    scheme: TierScheme,
    standing: TierStanding,
    tier: Tier,
    reason: MoveReason,
    at: datetime,
    ends_at: datetime | None,
    *,
    comment: str = "",
    actor: str = "",
) -> TierMove:
    """Begin a fresh period in `tier` at `at`."""
    previous = standing.tier
    at = at.astimezone(UTC)
    standing.tier = tier.code
    standing.since = at
    standing.ends_at = ends_at
    standing.grace_ends_at = None
    standing.locked, standing.locked_until = False, None
    standing.period = {}
    standing.reason = reason
    standing.base, standing.base_ends_at = "", None
    return TierMove(scheme.key, previous, tier.code, reason, at, ends_at, comment, actor)


def _end(scheme: TierScheme, tier: Tier, start: datetime, tz: str, joined_at: datetime) -> datetime | None:
    """Where a period of `tier` that starts at `start` ends: always the start of a business day after `start`.

    `tier_start`: `validity_months` after the day of `start`. `join`: the first anniversary of joining that is
    at least that late, so that no tier is held for less than its validity. `fixed`: the next fixed date.
    """
    if tier.code == scheme.tiers[0].code:
        return None
    validity = plan_of(scheme).validity
    day = start.astimezone(zone(tz)).date()
    if scheme.anchor == "join":
        joined = joined_at.astimezone(zone(tz)).date()
        earliest = add_months(day, validity)
        year = earliest.year
        if anniversary(joined, year) < earliest:
            year += 1
        return _day(anniversary(joined, year), tz)
    if scheme.anchor == "fixed":
        fixed = _fixed(scheme, day.year)
        return _day(fixed if fixed > day else _fixed(scheme, day.year + 1), tz)
    return _day(add_months(day, validity), tz)


def _fixed(scheme: TierScheme, year: int) -> date:
    first = date(year, scheme.fixed_month, 1)
    last = add_months(first, 1) - timedelta(days=1)
    return first.replace(day=min(scheme.fixed_day, last.day))


def _day(day: date, tz: str) -> datetime:
    return start_of_day(day, tz).astimezone(UTC)


def _not_ahead(name: str) -> Refusal:
    return invalid_field(name, "not_ahead", "日期必须晚于现在", "The date must lie ahead")
