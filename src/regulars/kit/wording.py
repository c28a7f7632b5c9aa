"""Small pieces of sentences in both languages: lists, money, days, hours, factors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from fractions import Fraction

from regulars.kit.money import exponent, show, to_major
from regulars.kit.periods import zone
from regulars.kit.text import Language, Text

WEEKDAYS = (
    Text("周一", "Monday"),
    Text("周二", "Tuesday"),
    Text("周三", "Wednesday"),
    Text("周四", "Thursday"),
    Text("周五", "Friday"),
    Text("周六", "Saturday"),
    Text("周日", "Sunday"),
)
MONTHS_EN = tuple(date(2000, month, 1).strftime("%B") for month in range(1, 13))


def listed(items: Iterable[str], language: Language, *, last: str = "and") -> str:
    """`A、B` in Chinese; `A, B and C` in English."""
    words = list(items)
    if language == "zh":
        return "、".join(words)
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def money(minor: int, currency: str, language: Language) -> str:
    if language == "zh" and currency == "CNY":
        return f"{to_major(minor, currency):,.{0 if minor % 100 == 0 else 2}f} 元"
    whole = minor % 10 ** exponent(currency) == 0
    return show(minor, currency).split(".")[0] if whole else show(minor, currency)


def show_ratio(value: Fraction) -> str:
    """`1.25`, or `4/3` where no decimal is exact."""
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if rest != 1:
        return f"{value.numerator}/{value.denominator}"
    return f"{(Decimal(value.numerator) / Decimal(value.denominator)).normalize():f}"


def weekdays(days: Iterable[int], language: Language) -> str:
    """`周六、周日`; `Saturdays and Sundays`."""
    names = [WEEKDAYS[d - 1].in_language(language) for d in sorted(days)]
    return listed([f"{n}s" for n in names] if language == "en" else names, language)


def days_of_month(days: Iterable[int], language: Language) -> str:
    """`每月 8 日、18 日`; `the 8th and 18th of every month`."""
    wanted = sorted(days)
    if language == "zh":
        return "每月 " + "、".join(f"{d} 日" for d in wanted)
    return f"the {listed([ordinal(d) for d in wanted], 'en')} of every month"


def ordinal(number: int) -> str:
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def hours(parts: Sequence[tuple[time, time]], language: Language) -> str:
    return listed([f"{a:%H:%M}–{_end(b)}" for a, b in parts], language, last="or")


def _end(at: time) -> str:
    return "24:00" if at == time() else f"{at:%H:%M}"


def instant(at: datetime, timezone: str, language: Language) -> str:
    """In business time; midnight is shown as the day."""
    local = at.astimezone(zone(timezone))
    shown = day(local.date(), language)
    return shown if local.time() == time() else f"{shown} {local:%H:%M}"


def day(on: date, language: Language) -> str:
    if language == "zh":
        return f"{on.year} 年 {on.month} 月 {on.day} 日"
    return f"{on.day} {MONTHS_EN[on.month - 1]} {on.year}"


def times(count: int, language: Language) -> str:
    if language == "zh":
        return f"{count} 次"
    return {1: "once", 2: "twice"}.get(count, f"{count:,} times")


def counted(count: int, zh: str, en: str, language: Language) -> str:
    """`30 天`; `30 days`, `1 day` (`en` is the singular)."""
    return f"{count:,} {zh}" if language == "zh" else f"{count:,} {en}{'' if count == 1 else 's'}"
