"""What keeps a tier, what reaches the next one, and where the present pace leads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID

from regulars.kit.periods import start_of_day, zone
from regulars.kit.text import Text
from regulars.programme.rules.types import Qualification, Tier, TierScheme, TierStanding
from regulars.value.tiers.policy.metrics import (
    TICK,
    holds,
    keep_totals,
    month_index,
    month_key,
    to_keep,
    trailing_totals,
)
from regulars.value.tiers.policy.moves import is_locked, judged_at
from regulars.value.tiers.policy.wording import keep_sentence, reach_sentence
from regulars.value.tiers.types import Ending, Requirement, Shortfall, TierProgress

_DAY_SECONDS = 86_400
# A pace is judged on at least a week: one purchase on the first day projects to nothing sensible.
_LEAST_PACE = 7 * _DAY_SECONDS
_NO_NAMES: Mapping[str, Text] = {}


def progress(
    scheme: TierScheme,
    standing: TierStanding,
    *,
    now: datetime,
    tz: str,
    currency: str = "CNY",
    names: Mapping[str, Text] = _NO_NAMES,
) -> TierProgress:
    """Progress of a standing that is judged up to `now`.

    `names` gives people's words for metrics `unit:<code>` and `activity:<type>`; without one, the code shows.
    A tier locked for good, the lowest tier and a scheme that never lowers have nothing to keep; a locked member has
    nothing to reach.
    """
    here = next((i for i, tier in enumerate(scheme.tiers) if tier.code == standing.tier), 0)
    tier = scheme.tiers[here]
    locked = is_locked(standing, now)
    keep = _keep(scheme, standing, tier, now, tz)
    following = next((t for t in scheme.tiers[here + 1 :] if t.qualify), None)
    reach = None if locked or following is None else _reach(scheme, standing, following, now, tz)
    if keep is not None:
        keep = replace(keep, sentence=keep_sentence(keep, tier, now, tz, currency, names))
    if reach is not None and following is not None:
        reach = replace(reach, sentence=reach_sentence(reach, following, currency, names))
    return TierProgress(
        scheme=scheme.key,
        tier=tier.code,
        name=tier.name,
        colour=tier.colour,
        since=standing.since,
        ends_at=standing.ends_at,
        grace_ends_at=standing.grace_ends_at,
        locked=locked,
        to_keep=keep,
        to_next=reach,
        sentences=tuple(r.sentence for r in (keep, reach) if r is not None and r.sentence.zh),
    )


def plan_endings(
    scheme: TierScheme,
    standings: Iterable[tuple[UUID, TierStanding]],
    *,
    now: datetime,
    tz: str,
    within_days: int,
    currency: str = "CNY",
    names: Mapping[str, Text] = _NO_NAMES,
) -> list[Ending]:
    """Whose tier would end within `within_days` as things stand, with what still keeps it, in the order given.

    Left out: tiers locked for good, schemes that never lower, and members who have met what keeps the tier. A
    member in grace counts by the end of grace.
    """
    if scheme.on_end == "never":
        return []
    endings = []
    for member_id, standing in standings:
        ends_at = judged_at(standing)
        if ends_at is None or ends_at <= now:
            continue
        # counted in business days: what ends tonight has 0 days left
        last = (ends_at - TICK).astimezone(zone(tz)).date()
        left = (last - now.astimezone(zone(tz)).date()).days
        if left > within_days:
            continue
        shown = progress(scheme, standing, now=now, tz=tz, currency=currency, names=names)
        if shown.to_keep is None or not shown.to_keep.met:
            endings.append(Ending(member_id, shown, left))
    return endings


def _keep(
    scheme: TierScheme, standing: TierStanding, tier: Tier, now: datetime, tz: str
) -> Requirement | None:
    asked = to_keep(tier)
    ends_at = judged_at(standing)
    if not asked or ends_at is None or scheme.on_end == "never" or tier.code == scheme.tiers[0].code:
        return None
    totals = keep_totals(scheme, standing, tz)
    start = standing.since
    if scheme.anchor == "fixed" and standing.months:
        start = min(start, _month_start(min(standing.months), tz))
    parts = _parts(asked, totals, elapsed=_seconds(start, now), whole=_seconds(start, ends_at))
    return Requirement(
        tier=tier.code,
        parts=parts,
        need=_need(tier, asked),
        met=holds(asked, tier.need, totals),
        by=(ends_at - TICK).astimezone(zone(tz)).date(),
        on_course=_on_course(tier, asked, parts),
    )


def _reach(scheme: TierScheme, standing: TierStanding, tier: Tier, now: datetime, tz: str) -> Requirement:
    totals = trailing_totals(scheme, standing, now, tz)
    months = max(1, scheme.validity_months)
    local = now.astimezone(zone(tz))
    first = month_key(month_index(now, tz) - months + 1)
    # the pace since the first month of the window that has anything in it
    begun = min((key for key in standing.months if key >= first), default=first)
    start = max(_month_start(begun, tz), _month_start(first, tz))
    elapsed = _seconds(start, now)
    whole = months * 30 * _DAY_SECONDS  # a full window's length; at a steady pace the sum grows no further
    parts = _parts(tier.qualify, totals, elapsed=elapsed, whole=max(whole, elapsed))
    need = _need(tier, tier.qualify)
    met = holds(tier.qualify, tier.need, totals)
    course = _on_course(tier, tier.qualify, parts)
    expected = None
    if course and not met:
        # each part alone takes missing ÷ pace; the need-th soonest part decides
        waits = sorted(
            0 if not p.missing else -(-p.missing * elapsed // (p.have * _DAY_SECONDS))
            for p in parts
            if not p.missing or p.have
        )
        if len(waits) >= need:
            expected = local.date() + timedelta(days=waits[need - 1])
    return Requirement(
        tier=tier.code, parts=parts, need=need, met=met, by=None, on_course=course, expected_on=expected
    )


def _parts(
    asked: tuple[Qualification, ...], totals: Mapping[str, int], *, elapsed: int, whole: int
) -> tuple[Shortfall, ...]:
    parts = []
    for q in asked:
        have = totals.get(q.metric, 0)
        projected = have * max(whole, elapsed) // elapsed if elapsed >= _LEAST_PACE else None
        parts.append(Shortfall(q.metric, have, q.at_least, projected))
    return tuple(parts)


def _on_course(tier: Tier, asked: tuple[Qualification, ...], parts: tuple[Shortfall, ...]) -> bool | None:
    if any(part.projected is None for part in parts):
        return None
    return holds(asked, tier.need, {p.metric: p.projected or 0 for p in parts})


def _need(tier: Tier, asked: tuple[Qualification, ...]) -> int:
    return len(asked) if tier.need is None else min(max(1, tier.need), len(asked))


def _seconds(start: datetime, end: datetime) -> int:
    return max(0, int((end - start).total_seconds()))


def _month_start(key: str, tz: str) -> datetime:
    return start_of_day(date(int(key[:4]), int(key[5:]), 1), tz)
