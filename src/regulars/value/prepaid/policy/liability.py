"""What is owed to members in money, and when it is expected to become revenue. Pure.

IFRS 15: prepaid value and points are a contract liability until they are used (paragraphs 105–106, B40, B46); what is
expected never to be used (breakage) is not waited for (B46–B47). Here liability = outstanding × cost × (1 − breakage),
rounded half up per cohort, and it is expected to be used evenly over the months until it ends, or over the unit's
`months` where it never does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from regulars.kit.money import allocate
from regulars.kit.periods import add_months
from regulars.value.prepaid.types import Cohort, LiabilityLine, ScheduleLine, UnitCost

LONGEST = 240


def lines(cohorts: Sequence[Cohort], costs: Mapping[str, UnitCost]) -> list[LiabilityLine]:
    """Cohorts in money, by unit and month. A unit without settings costs 1 and has no breakage."""
    found = []
    for cohort in cohorts:
        cost = costs.get(cohort.unit, UnitCost())
        gross = Decimal(cohort.outstanding) * cost.cost
        found.append(
            LiabilityLine(
                cohort.unit,
                cohort.month,
                cohort.issued,
                cohort.outstanding,
                cost.cost,
                cost.breakage,
                _minor(gross),
                _minor(gross * (1 - cost.breakage)),
            )
        )
    return found


def schedule(
    outstanding: Sequence[tuple[str, date | None, int]], costs: Mapping[str, UnitCost], *, today: date
) -> list[ScheduleLine]:
    """From (unit, month in which it ends or None, outstanding) to what becomes revenue in which month.

    Parts are split by largest remainder, so they add up to the liability of each group.
    """
    first = today.replace(day=1)
    sums: dict[tuple[str, date], int] = {}
    for unit, ends, amount in outstanding:
        cost = costs.get(unit, UnitCost())
        worth = _minor(Decimal(amount) * cost.cost * (1 - cost.breakage))
        months = cost.months if ends is None else _months_between(first, ends) + 1
        months = max(1, min(LONGEST, months))
        for place, part in enumerate(allocate(worth, [1] * months)):
            if part:
                key = (unit, add_months(first, place))
                sums[key] = sums.get(key, 0) + part
    return [ScheduleLine(unit, month, amount) for (unit, month), amount in sorted(sums.items())]


def _months_between(first: date, last: date) -> int:
    return (last.year - first.year) * 12 + last.month - first.month


def _minor(value: Decimal) -> int:
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))
