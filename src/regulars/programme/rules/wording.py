"""Small pieces of sentences that name the programme's units and periods; the others are `kit.wording`'s."""

from __future__ import annotations

import re
from fractions import Fraction

from regulars.kit.text import Language, Text
from regulars.kit.wording import (
    MONTHS_EN,
    WEEKDAYS,
    counted,
    day,
    days_of_month,
    hours,
    instant,
    listed,
    money,
    ordinal,
    times,
    weekdays,
)
from regulars.programme.rules.dump import show_ratio
from regulars.programme.rules.types import MONEY_KINDS, Programme

__all__ = [
    "MONTHS_EN",
    "PERIODS",
    "WEEKDAYS",
    "amount_of",
    "counted",
    "day",
    "days_of_month",
    "factor",
    "hours",
    "instant",
    "listed",
    "money",
    "ordinal",
    "times",
    "unit_name",
    "weekdays",
]

# period → "每月", "a month", and for a cap that is used up "本月", "this month"
PERIODS = {
    "day": (Text("每天", "a day"), Text("今天", "today")),
    "week": (Text("每周", "a week"), Text("本周", "this week")),
    "month": (Text("每月", "a month"), Text("本月", "this month")),
    "year": (Text("每年", "a year"), Text("今年", "this year")),
    "ever": (Text("累计", "in all"), Text("累计", "in all")),
}


def unit_name(programme: Programme, code: str, language: Language) -> str:
    """The brand's own word for the unit, else the unit's name."""
    word = programme.words.get(code)
    if word is None:
        unit = programme.units.get(code)
        word = unit.name if unit is not None else Text(code, code)
    return word.in_language(language)


def amount_of(programme: Programme, amount: int, code: str, language: Language) -> str:
    """`100 积分`, `100 points`, `1 point`; units that are money as money: `50 元储值赠金`."""
    name = unit_name(programme, code, language)
    unit = programme.units.get(code)
    if unit is not None and unit.kind in MONEY_KINDS:
        sum_ = money(amount, programme.currency, language)
        return f"{sum_}{name}" if language == "zh" else f"{sum_} of {name}"
    if language == "en" and amount == 1 and re.search(r"[a-z]s$", name) and not name.endswith("ss"):
        name = name[:-1]
    return f"{amount:,} {name}"


def factor(value: Fraction) -> str:
    return f"×{show_ratio(value)}"
