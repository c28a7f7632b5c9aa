"""What is owed to members in money, and when it is expected to become revenue. Pure.

IFRS 15: prepaid value and points are a contract liability until they are used (paragraphs 105–106, B44); what is
expected never to be used (breakage) becomes revenue in proportion to what is used (B46). Of a cohort of which I came,
R was used and the share b is expected never to be, I × (1 − b) is expected to be used, so that R / (I × (1 − b)) of the
breakage I × b is taken off by now: R × b / (1 − b), at most I × b. What expired is off anyway, and counts towards it.
Nothing is taken off before something is used; nothing is owed any more when as much was used as was expected.

What is owed is expected to become revenue evenly over the months until the value ends, or over the unit's `months`
where it never does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction

from regulars.kit.money import allocate
from regulars.kit.periods import add_months
from regulars.value.prepaid.types import Cohort, LiabilityLine, ScheduleLine, UnitCost

LONGEST = 240


def lines(cohorts: Sequence[Cohort], costs: Mapping[str, UnitCost]) -> list[LiabilityLine]:
    """Cohorts in money, by unit and month. A unit without settings costs 1 and has no breakage."""
    found = []
    for cohort in cohorts:
        cost = costs.get(cohort.unit, UnitCost())
        found.append(
            LiabilityLine(
                cohort.unit,
                cohort.month,
                cohort.issued,
                cohort.outstanding,
                cost.cost,
                cost.breakage,
                _minor(Fraction(cohort.outstanding) * Fraction(cost.cost)),
                _minor((cohort.outstanding - _taken_off(cohort, cost)) * Fraction(cost.cost)),
            )
        )
    return found


def _taken_off(cohort: Cohort, cost: UnitCost) -> Fraction:
    """The breakage that was taken off what is outstanding, in units."""
    share = Fraction(cost.breakage)
    expected = cohort.issued * (1 - share)
    used = max(0, cohort.issued - cohort.outstanding - cohort.expired)
    done = min(Fraction(1), used / expected) if expected > 0 else Fraction(1)
    return max(Fraction(0), min(Fraction(cohort.outstanding), cohort.issued * share * done - cohort.expired))


def schedule(
    outstanding: Sequence[tuple[str, date | None, int]],
    owed: Mapping[str, int],
    costs: Mapping[str, UnitCost],
    *,
    today: date,
) -> list[ScheduleLine]:
    """From (unit, month in which it ends or None, outstanding) and what is owed by unit to what becomes revenue in
    which month.

    What is owed of a unit is split over its ends by what is outstanding, by largest remainder, so parts add up to it.
    """
    first = today.replace(day=1)
    sums: dict[tuple[str, date], int] = {}
    for unit in dict.fromkeys(unit for unit, _, _ in outstanding):
        ends = [(end, amount) for one, end, amount in outstanding if one == unit]
        cost = costs.get(unit, UnitCost())
        for (end, _), worth in zip(
            ends, allocate(owed.get(unit, 0), [amount for _, amount in ends]), strict=True
        ):
            months = cost.months if end is None else _months_between(first, end) + 1
            months = max(1, min(LONGEST, months))
            for place, part in enumerate(allocate(worth, [1] * months)):
                if part:
                    key = (unit, add_months(first, place))
                    sums[key] = sums.get(key, 0) + part
    return [ScheduleLine(unit, month, amount) for (unit, month), amount in sorted(sums.items())]


def _months_between(first: date, last: date) -> int:
    return (last.year - first.year) * 12 + last.month - first.month


def _minor(value: Fraction) -> int:
    """Rounded half up."""
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)
