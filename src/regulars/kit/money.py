"""Money is an integer of the smallest unit (fen, cent) with its currency; parts always add up to the whole."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation

# ISO 4217 minor-unit exponents of the currencies that differ from two.
_EXPONENTS = {
    "JPY": 0,
    "KRW": 0,
    "VND": 0,
    "CLP": 0,
    "ISK": 0,
    "BHD": 3,
    "KWD": 3,
    "JOD": 3,
    "OMR": 3,
    "TND": 3,
}
_SYMBOLS = {
    "CNY": "¥",
    "USD": "$",
    "EUR": "€",
    "GBP": "£",
    "JPY": "¥",
    "HKD": "HK$",
    "TWD": "NT$",
    "KRW": "₩",
}


def exponent(currency: str) -> int:
    """Digits after the decimal point (ISO 4217)."""
    return _EXPONENTS.get(currency, 2)


def to_minor(amount: Decimal | str | int, currency: str) -> int:
    """`"12.30"` CNY → 1230. Rounds half to even. Raises ValueError for what is not a finite number."""
    try:
        value = Decimal(amount)
        return int(value.scaleb(exponent(currency)).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))
    except InvalidOperation as error:
        raise ValueError(f"not an amount: {amount!r}") from error


def to_major(minor: int, currency: str) -> Decimal:
    return Decimal(minor).scaleb(-exponent(currency))


def show(minor: int, currency: str) -> str:
    """For people: `¥1,234.50`."""
    digits = exponent(currency)
    sign = "-" if minor < 0 else ""
    return f"{sign}{_SYMBOLS.get(currency, currency + ' ')}{to_major(abs(minor), currency):,.{digits}f}"


def allocate(total: int, weights: Sequence[int]) -> list[int]:
    """Split `total` in proportion to `weights` (≥ 0) by largest remainder; the parts add up to `total`.

    Ties go to the earlier part. All-zero weights split evenly. Works for negative totals by symmetry.
    """
    if not weights:
        if total:
            raise ValueError("nothing to allocate to")
        return []
    if total < 0:
        return [-part for part in allocate(-total, weights)]
    whole = sum(weights)
    if whole == 0:
        weights = [1] * len(weights)
        whole = len(weights)
    parts = [total * w // whole for w in weights]
    missing = total - sum(parts)
    if missing:
        by_remainder = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
        for i in by_remainder[:missing]:
            parts[i] += 1
    return parts
