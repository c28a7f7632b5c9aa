"""Splits an amount over lines exactly: largest remainder, ties to the earlier line, never above a line's own."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction


def split(total: int, weights: Sequence[int]) -> list[int]:
    """`total` (0 ≤ total ≤ Σ weights) in proportion to `weights`; no part is above its weight.

    What the floors leave over is fewer than the parts that have a remainder, and a part with a remainder lies below
    its weight, so handing it out one by one (Hamilton's method) stays within the weights.
    """
    whole = sum(weights)
    if total == whole:
        return list(weights)
    if total <= 0:
        return [0] * len(weights)
    parts = []
    remainders = []
    missing = total
    for weight in weights:
        part, rest = divmod(total * weight, whole)
        parts.append(part)
        remainders.append(rest)
        missing -= part
    if missing:
        order = sorted(range(len(parts)), key=remainders.__getitem__, reverse=True)  # stable: earlier first
        for place in order[:missing]:
            parts[place] += 1
    return parts


def half_up(amount: int, share: Fraction) -> int:
    """`amount` × `share`, rounded half up."""
    numerator, denominator = share.numerator, share.denominator
    return (2 * amount * numerator + denominator) // (2 * denominator)
