"""What a standing counts: metrics by month and by period, and what is asked of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from regulars.kit.periods import zone
from regulars.programme.rules.types import Qualification, Tier, TierScheme, TierStanding

TICK = timedelta(microseconds=1)
# A period that a boundary began counts what happens at that very instant; one that an act began does not.
_FROM_BOUNDARY = frozenset({"joined", "kept", "stepped_down", "fell"})


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked of a scheme over and over."""

    scheme: TierScheme
    metrics: frozenset[str]
    place: Mapping[str, int]
    top: int
    validity: int
    kept_months: int


_plans: dict[int, Plan] = {}


def plan_of(scheme: TierScheme) -> Plan:
    """Reckoned once per scheme object: hashing a whole scheme costs more than recording an activity."""
    plan = _plans.get(id(scheme))
    if plan is None or plan.scheme is not scheme:
        asked = [q.metric for tier in scheme.tiers for q in (*tier.qualify, *(tier.keep or ()))]
        validity = max(1, scheme.validity_months)
        plan = Plan(
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
    return plan_of(scheme).metrics


def record(
    scheme: TierScheme, standing: TierStanding, metrics: Mapping[str, int], *, at: datetime, tz: str
) -> None:
    """Add metrics to their month and period; for a refund they are negative and `at` is the order's instant.

    Months that no window reaches any more are dropped, and what falls into them is ignored. No sum goes below
    zero: a refund of an order from before the scheme asked for its metric takes nothing away.
    """
    plan = plan_of(scheme)
    kept = {name: n for name, n in metrics.items() if n and name in plan.metrics}
    if not kept:
        return
    months = standing.months
    key = month_key(month_index(at, tz))
    month = months.get(key)
    if month is None:
        oldest = month_key(index_of(max(key, *months)) - plan.kept_months + 1) if months else key
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


def holds(qualifications: tuple[Qualification, ...], need: int | None, totals: Mapping[str, int]) -> bool:
    """Whether `need` of the qualifications (None: all) hold on the totals."""
    count = len(qualifications)
    wanted = count if need is None else min(max(1, need), count)
    return sum(1 for q in qualifications if totals.get(q.metric, 0) >= q.at_least) >= wanted


def qualifies(tier: Tier, totals: Mapping[str, int]) -> bool:
    """Whether the totals reach a tier. One without qualifications is reached by hand or by an effect only."""
    return bool(tier.qualify) and holds(tier.qualify, tier.need, totals)


def to_keep(tier: Tier) -> tuple[Qualification, ...] | None:
    """What keeps a tier. None: nothing does (no qualifications and no `keep`); empty: it keeps itself."""
    if tier.keep is not None:
        return tier.keep
    return tier.qualify or None


def keep_totals(scheme: TierScheme, standing: TierStanding, tz: str) -> dict[str, int]:
    """The metrics that `keep` is judged on.

    Those of the period; for a `fixed` anchor those of the cycle that ends with it (the validity months before
    the fixed date, and the grace days), because an upgrade in mid-cycle leaves a period of any length.
    """
    totals = dict(standing.period)
    if scheme.anchor == "fixed" and standing.ends_at is not None:
        last = month_index(standing.ends_at - TICK, tz)
        months = plan_of(scheme).validity
        ahead = index_of(max(standing.months)) - last if standing.months else 0
        for metric, n in trailing(standing, last + max(0, ahead), months + max(0, ahead)).items():
            totals[metric] = max(n, totals.get(metric, 0))
    return totals


def trailing_totals(scheme: TierScheme, standing: TierStanding, at: datetime, tz: str) -> dict[str, int]:
    """The metrics that `qualify` is judged on at `at`."""
    return trailing(standing, month_index(at, tz), plan_of(scheme).validity)


def _add(totals: dict[str, int], metrics: Mapping[str, int]) -> None:
    for name, n in metrics.items():
        total = totals.get(name, 0) + n
        if total > 0:
            totals[name] = total
        else:
            totals.pop(name, None)


def trailing(standing: TierStanding, last: int, months: int) -> dict[str, int]:
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


def index_of(key: str) -> int:
    return int(key[:4]) * 12 + int(key[5:]) - 1


def month_index(at: datetime, tz: str) -> int:
    local = at.astimezone(zone(tz))
    return local.year * 12 + local.month - 1
