"""What another scheme would make of a standing, and thresholds that give a wanted distribution."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from regulars.programme.rules.types import TierScheme, TierStanding
from regulars.value.tiers.policy.metrics import holds, month_index, plan_of, qualifies, to_keep, trailing
from regulars.value.tiers.policy.moves import is_locked
from regulars.value.tiers.types import Forecast


def forecast(
    live: TierScheme, draft: TierScheme, standing: TierStanding, *, now: datetime, tz: str
) -> Forecast:
    """Where a member would be by the draft, and where by the scheme as it is, on the months that are kept of her.

    Up: at once, her metrics of the validity months reach it. Down: when her period ends and the same metrics do not
    keep the tier, by the scheme's way of ending. Locked members stay. A tier that the draft does not have any more puts
    her where her metrics belong.
    """
    return Forecast(standing.tier, _result(draft, standing, now, tz), _result(live, standing, now, tz))


def _result(scheme: TierScheme, standing: TierStanding, now: datetime, tz: str) -> str:
    plan = plan_of(scheme)
    totals = trailing(standing, month_index(now, tz), plan.validity)
    earned = next((i for i in range(plan.top, 0, -1) if qualifies(scheme.tiers[i], totals)), 0)
    here = plan.place.get(standing.tier)
    if here is None:
        return scheme.tiers[earned].code
    if is_locked(standing, now) or earned == here:
        return standing.tier
    if earned > here:
        return scheme.tiers[earned].code
    keep = to_keep(scheme.tiers[here])
    if scheme.on_end == "never" or (keep is not None and holds(keep, scheme.tiers[here].need, totals)):
        return standing.tier
    return scheme.tiers[earned if scheme.on_end == "earned" else here - 1].code


def places_of(shares: Sequence[tuple[str, int]], members: int) -> dict[str, int]:
    """By tier, the rank (from 1) of the last member who should reach it; `shares` are percents, lowest tier first.

    Counted from the top: who is in a higher tier has reached the lower ones too. Tiers with no member are left out.
    """
    places: dict[str, int] = {}
    above = 0
    for tier, percent in reversed(shares):
        above += percent
        place = members * above // 100
        if place:
            places[tier] = place
    return places


def readable(value: int, least: int = 1) -> int:
    """A number that people can remember, near `value`: two significant figures, the second 0 or 5 from 100 on.

    Rounded half up; never below `least`, which keeps thresholds ascending.
    """
    if value < 10:
        return max(least, value)
    step: int = 10 ** (len(str(value)) - 2)
    if value >= 100:
        step *= 5
    rounded = (value + step // 2) // step * step
    while rounded < least:
        rounded += step
    return rounded


def thresholds(tiers: Sequence[str], values: Mapping[str, int], *, unit: int = 1) -> dict[str, int]:
    """Readable thresholds from the metric's value at each tier's rank, ascending; `unit` is what is not split
    (100 for fen, so that prices are in yuan). A tier whose value is 0 gets the least that sets it apart."""
    found: dict[str, int] = {}
    least = 1
    for tier in tiers:
        if tier in values:
            found[tier] = readable(max(values[tier] // unit, least), least) * unit
            least = found[tier] // unit + 1
    return found
