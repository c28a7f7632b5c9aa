"""How a standing moves: recording metrics, instant upgrades, judgement at the end of a period, manual placing.

Every function changes the standing in place and returns the moves it made. The order for an activity at instant `at` is

    judge_due(at) → record(at) → rise(at) → step(at)

and for a refund at `at` of an order at `ordered_at`: judge_due(at) → record(negative, ordered_at) → after_refund(at).
Judging late is judging on time, because nothing is recorded past a due instant before it is judged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from regulars.kit.errors import Refusal, invalid_field
from regulars.kit.periods import add_months, anniversary, start_of_day, zone
from regulars.programme.rules.types import Qualification, Tier, TierScheme, TierStanding
from regulars.value.tiers.types import MoveReason, TierMove

_TICK = timedelta(microseconds=1)
# Periods that begin at a boundary count what happens at that very instant; those that an act began count from after it.
_FROM_BOUNDARY = frozenset({"joined", "kept", "stepped_down", "fell"})


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is asked of a scheme over and over."""

    scheme: TierScheme
    metrics: frozenset[str]
    place: Mapping[str, int]
    top: int
    validity: int
    kept_months: int


_plans: dict[int, _Plan] = {}


def _plan(scheme: TierScheme) -> _Plan:
    """Reckoned once per scheme object (hashing a whole scheme at each activity would cost more than the activity)."""
    plan = _plans.get(id(scheme))
    if plan is None or plan.scheme is not scheme:
        asked = [q.metric for tier in scheme.tiers for q in (*tier.qualify, *(tier.keep or ()))]
        validity = max(1, scheme.validity_months)
        plan = _Plan(
            scheme=scheme,
            metrics=frozenset(asked),
            place={tier.code: i for i, tier in enumerate(scheme.tiers)},
            top=len(scheme.tiers) - 1,
            validity=validity,
            kept_months=validity + 2 + -(-scheme.grace_days // 28),
        )
        if len(_plans) >= 512:
            _plans.clear()
        _plans[id(scheme)] = plan
    return plan


def metrics_used(scheme: TierScheme) -> frozenset[str]:
    """The metrics that the scheme asks for; `record` keeps no others."""
    return _plan(scheme).metrics


def enter(scheme: TierScheme, joined_at: datetime, tz: str) -> TierStanding:
    """The standing of a new member: the lowest tier, which never ends."""
    return TierStanding(tier=scheme.tiers[0].code, since=joined_at.astimezone(UTC), ends_at=None)


def entry_move(scheme: TierScheme, standing: TierStanding) -> TierMove:
    """The first row of a member's history, for a standing fresh from `enter`."""
    return TierMove(scheme.key, "", standing.tier, "joined", standing.since, standing.ends_at)


def is_locked(standing: TierStanding, at: datetime) -> bool:
    """Whether automatic moves are off at `at`."""
    return standing.locked and (standing.locked_until is None or at < standing.locked_until)


def record(
    scheme: TierScheme, standing: TierStanding, metrics: Mapping[str, int], *, at: datetime, tz: str
) -> None:
    """Add metrics (negative: a refund, with `at` the order's instant) to their month and to the period they fall in.

    Months that no window reaches any more are dropped, and what falls into them is ignored. No sum goes below zero:
    a refund of an order from before the scheme asked for its metric takes nothing away.
    """
    plan = _plan(scheme)
    kept = {name: n for name, n in metrics.items() if n and name in plan.metrics}
    if not kept:
        return
    months = standing.months
    key = month_key(_month_index(at, tz))
    month = months.get(key)
    if month is None:
        oldest = month_key(_index_of(max(key, *months)) - plan.kept_months + 1) if months else key
        for old in [k for k in months if k < oldest]:
            del months[old]
        month = {}
        if key >= oldest:
            months[key] = month
    _add(month, kept)
    if not month and key in months:
        del months[key]
    if at > standing.since or (at == standing.since and standing.reason in _FROM_BOUNDARY):
        _add(standing.period, kept)


def rise(
    scheme: TierScheme, standing: TierStanding, *, at: datetime, tz: str, joined_at: datetime
) -> TierMove | None:
    """Upgrade to the highest tier whose `qualify` holds on the trailing validity months, this one included.

    A tier without qualifications is reached by hand or by an effect only. Nothing while locked. Never lowers.
    """
    plan = _plan(scheme)
    here = plan.place.get(standing.tier, 0)
    if here >= plan.top or not standing.months or is_locked(standing, at):
        return None
    totals = _trailing(standing, _month_index(at, tz), plan.validity)
    for i in range(plan.top, here, -1):
        tier = scheme.tiers[i]
        if tier.qualify and holds(tier.qualify, tier.need, totals):
            if standing.reason not in ("upgraded", "refunded"):
                standing.base, standing.base_ends_at = standing.tier, standing.ends_at
            base = standing.base, standing.base_ends_at
            move = _start(scheme, standing, tier, "upgraded", at, _end(scheme, tier, at, tz, joined_at))
            standing.base, standing.base_ends_at = base
            return move
    return None


def next_due(scheme: TierScheme, standing: TierStanding) -> datetime | None:
    """When `judge_due` next has something to do: the lock's end, the grace period's end or the period's end."""
    if standing.locked:
        return standing.locked_until
    return standing.grace_ends_at or standing.ends_at


def judge_due(
    scheme: TierScheme, standing: TierStanding, *, at: datetime, tz: str, joined_at: datetime
) -> list[TierMove]:
    """Everything that fell due up to and including `at`, each at its own instant, several periods if need be.

    At the end of a period: kept if the period meets `keep`; else grace, judged again at its end on the period and the
    grace days together; else one step down, or the tier that was earned. A grace period makes no move and does not
    shift the next period's end. A scheme that no longer has the member's tier puts her where her metrics belong.
    """
    moves: list[TierMove] = []
    if standing.tier not in _plan(scheme).place:
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

    She stays where her qualifications still hold, in the window in which she was upgraded or in the present one, and
    never falls below the tier she held before the upgrades: what a judgement, a person or an effect gave stays.
    The period goes on; a tier she falls back to ends when it would have ended.
    """
    if not scheme.refund_demotes or standing.reason not in ("upgraded", "refunded") or is_locked(standing, at):
        return None
    plan = _plan(scheme)
    here, floor = plan.place.get(standing.tier, 0), plan.place.get(standing.base, 0)
    then = _trailing(standing, _month_index(standing.since, tz), plan.validity)
    today = _trailing(standing, _month_index(at, tz), plan.validity)
    target = floor
    for i in range(here, floor, -1):
        tier = scheme.tiers[i]
        if tier.qualify and (holds(tier.qualify, tier.need, then) or holds(tier.qualify, tier.need, today)):
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
    plan = _plan(scheme)
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
    ends_at: datetime | None = None,
    lock: bool = False,
    locked_until: datetime | None = None,
) -> TierMove:
    """Put the member into a tier by hand: a fresh period, until `ends_at` or as long as the scheme gives.

    `lock` forbids automatic moves until `locked_until`, else until `ends_at`, else until `unlock`. A period that ends
    under a lock is judged when the lock ends. Raises a refusal for an unknown tier or an end that is not ahead.
    """
    to = _plan(scheme).place.get(tier)
    if to is None:
        raise invalid_field("tier", "unknown_tier", f"等级 {tier} 不存在", f"There is no tier {tier}")
    for name, instant in (("ends_at", ends_at), ("locked_until", locked_until)):
        if instant is not None and instant <= at:
            raise _not_ahead(name)
    end = None if to == 0 else _end(scheme, scheme.tiers[to], at, tz, joined_at)
    if ends_at is not None and to > 0:
        end = ends_at.astimezone(UTC)
    until = locked_until or ends_at
    move = _start(scheme, standing, scheme.tiers[to], reason, at, end, comment=comment, actor=actor)
    if lock:
        standing.locked, standing.locked_until = True, until.astimezone(UTC) if until else None
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
    """End a lock now; what it held back (an upgrade, a judgement) follows at once. No moves if nothing was locked."""
    if not standing.locked:
        return []
    moves = _end_lock(scheme, standing, at.astimezone(UTC), tz, joined_at, comment, actor)
    return moves + judge_due(scheme, standing, at=at, tz=tz, joined_at=joined_at)


# --- what the moves are made of; progress.py reads these too ---


def holds(qualifications: tuple[Qualification, ...], need: int | None, totals: Mapping[str, int]) -> bool:
    """Whether `need` of the qualifications (None: all) hold on the totals."""
    count = len(qualifications)
    wanted = count if need is None else min(max(1, need), count)
    return sum(1 for q in qualifications if totals.get(q.metric, 0) >= q.at_least) >= wanted


def to_keep(tier: Tier) -> tuple[Qualification, ...] | None:
    """What keeps a tier. None: nothing does (no qualifications and no `keep`); empty: it keeps itself."""
    if tier.keep is not None:
        return tier.keep
    return tier.qualify or None


def keep_totals(scheme: TierScheme, standing: TierStanding, tz: str) -> dict[str, int]:
    """The metrics that `keep` is judged on.

    Those of the period; for a `fixed` anchor those of the cycle that ends with it (the validity months before the
    fixed date, and the grace days), because an upgrade in mid-cycle leaves a period of any length.
    """
    totals = dict(standing.period)
    if scheme.anchor == "fixed" and standing.ends_at is not None:
        last = _month_index(standing.ends_at - _TICK, tz)
        months = _plan(scheme).validity
        ahead = _index_of(max(standing.months)) - last if standing.months else 0
        for metric, n in _trailing(standing, last + max(0, ahead), months + max(0, ahead)).items():
            totals[metric] = max(n, totals.get(metric, 0))
    return totals


def trailing_totals(scheme: TierScheme, standing: TierStanding, at: datetime, tz: str) -> dict[str, int]:
    """The metrics that `qualify` is judged on at `at`."""
    return _trailing(standing, _month_index(at, tz), _plan(scheme).validity)


def _judge(
    scheme: TierScheme, standing: TierStanding, due: datetime, tz: str, joined_at: datetime
) -> list[TierMove]:
    plan = _plan(scheme)
    here = plan.place[standing.tier]
    tier = scheme.tiers[here]
    ended = standing.ends_at or due
    totals = keep_totals(scheme, standing, tz)
    keep = to_keep(tier)
    target, reason = here, "kept"
    if keep is None or not holds(keep, tier.need, totals):
        if scheme.on_end != "never":
            if standing.grace_ends_at is None and scheme.grace_days > 0:
                last_day = due.astimezone(zone(tz)).date() + timedelta(days=scheme.grace_days)
                standing.grace_ends_at = _day(last_day, tz)
                return []
            if scheme.on_end == "one_step":
                target, reason = here - 1, "stepped_down"
            else:
                recent = _trailing(standing, _month_index(due - _TICK, tz), plan.validity)
                target, reason = _earned(scheme, here, totals, recent), "fell"
                if target == here:
                    reason = "kept"
    to = scheme.tiers[target]
    # the next period follows the one that ended, so that grace shifts no cycle
    end = _end(scheme, to, ended, tz, joined_at)
    while end is not None and end <= due:
        end = _end(scheme, to, end, tz, joined_at)
    return [_start(scheme, standing, to, reason, due, end)]  # type: ignore[arg-type]


def _earned(scheme: TierScheme, here: int, period: Mapping[str, int], recent: Mapping[str, int]) -> int:
    """The highest tier, not above the present one, that the ended period or the trailing months qualify for."""
    for i in range(here, 0, -1):
        tier = scheme.tiers[i]
        if tier.qualify and (holds(tier.qualify, tier.need, period) or holds(tier.qualify, tier.need, recent)):
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
    plan = _plan(scheme)
    recent = _trailing(standing, _month_index(at, tz), plan.validity)
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

    `tier_start`: `validity_months` after the day of `start`. `join`: the first anniversary of joining that is at
    least that late, so that no tier is held for less than its validity. `fixed`: the next fixed date.
    """
    if tier.code == scheme.tiers[0].code:
        return None
    validity = _plan(scheme).validity
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


def _add(totals: dict[str, int], metrics: Mapping[str, int]) -> None:
    for name, n in metrics.items():
        total = totals.get(name, 0) + n
        if total > 0:
            totals[name] = total
        else:
            totals.pop(name, None)


def _trailing(standing: TierStanding, last: int, months: int) -> dict[str, int]:
    """Totals of the `months` calendar months that end with month index `last`."""
    low, high = month_key(last - months + 1), month_key(last)
    totals: dict[str, int] = {}
    for key, metrics in standing.months.items():
        if low <= key <= high:
            for name, n in metrics.items():
                totals[name] = totals.get(name, 0) + n
    return totals


@lru_cache(maxsize=4096)
def month_key(index: int) -> str:
    """`YYYY-MM` of a month counted from the year 0."""
    return f"{index // 12:04d}-{index % 12 + 1:02d}"


def _index_of(key: str) -> int:
    return int(key[:4]) * 12 + int(key[5:]) - 1


def _month_index(at: datetime, tz: str) -> int:
    local = at.astimezone(zone(tz))
    return local.year * 12 + local.month - 1


def _not_ahead(name: str) -> Refusal:
    return invalid_field(name, "not_ahead", "日期必须晚于现在", "The date must lie ahead")
