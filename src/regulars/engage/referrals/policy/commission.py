"""What a promoter earns by an order, and what a month's statement pays. Pure; everything in minor units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from regulars.kit.money import allocate


def commission(lines: Sequence[tuple[int, Fraction]]) -> tuple[int, list[int]]:
    """The commission of (amount, percent) lines, and what each line has of it.

    The order's exact sum is rounded down once; lines share it by largest remainder, so that they add up.
    """
    exact = [Fraction(amount) * percent / 100 for amount, percent in lines]
    total = int(sum(exact, Fraction(0)))
    if not total:
        return 0, [0] * len(lines)
    whole = lcm(*(one.denominator for one in exact))
    return total, allocate(total, [int(one * whole) for one in exact])


@dataclass(frozen=True, slots=True)
class Payout:
    """`payout` + `carried` = opening + earned + clawed + adjusted."""

    payout: int
    carried: int


def settle(*, opening: int, earned: int, clawed: int, adjusted: int, open_now: int) -> Payout:
    """What a statement pays: what its month closes with, not more than is still there, never less than nothing.

    `clawed` is negative. `open_now` is the balance now: what was taken back after the month's end is not paid out
    first and asked back later.
    """
    closing = opening + earned + clawed + adjusted
    payout = max(0, min(closing, open_now))
    return Payout(payout, closing - payout)
