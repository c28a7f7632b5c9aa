"""Values in words: money with its currency, choices by their labels, dates and periods as people say them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from regulars.conditions.catalogue import FieldCatalogue
from regulars.conditions.types import FieldDef, FieldType, Period
from regulars.conditions.values import clock
from regulars.kit.money import show, to_major
from regulars.kit.text import Language

_WEEKDAYS_ZH = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
_WEEKDAYS_EN = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS_EN = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_UNITS_ZH = {"days": "天", "weeks": "周", "months": "个月"}
_LISTED = 6


def money_text(minor: int | Decimal, currency: str, lang: Language) -> str:
    """Return an amount of minor units with its currency: "99.50 元", "¥1,299.00".

    The average of whole amounts is shown rounded half to even.
    """
    whole = int(Decimal(minor).to_integral_value(ROUND_HALF_EVEN))
    if lang == "zh" and currency == "CNY":
        return f"{to_major(whole, currency):,.{0 if whole % 100 == 0 else 2}f} 元"
    return show(whole, currency)


def count_text(number: int | Decimal, unit: FieldDef | None, lang: Language) -> str:
    """Return a number with its field's unit, singular where English wants it; a share in percent."""
    if unit is not None and unit.share:
        return percent_text(number)
    text = f"{number:,f}" if isinstance(number, Decimal) else f"{number:,}"
    if unit is None or unit.unit is None:
        return text
    word = unit.unit.in_language(lang)
    return f"{text} {word[:-1] if lang != 'zh' and number == 1 and word.endswith('s') else word}"


def percent_text(share: int | Decimal) -> str:
    """Return a share in percent, with as many places as it has: "18.83%", "60%"."""
    percent = (Decimal(str(share)) * 100).normalize()
    return f"{percent:,f}%"


def glue(*pieces: str) -> str:
    """Join Chinese pieces, with a space wherever an ideograph meets a digit, a letter or a currency sign."""
    text = ""
    for piece in pieces:
        if text and piece and _ideograph(text[-1]) != _ideograph(piece[0]) and _tight(text[-1], piece[0]):
            text += " "
        text += piece
    return text


def _ideograph(char: str) -> bool:
    return "\u4e00" <= char <= "\u9fff"


def _tight(left: str, right: str) -> bool:
    other = right if _ideograph(left) else left
    return (other.isalnum() and other.isascii()) or other in "¥$€£₩-%"


def value_text(
    value: Any, type: FieldType, field: FieldDef | None, catalogue: FieldCatalogue, lang: Language
) -> str:
    """Return one constant or fact in words."""
    if type is FieldType.MONEY:
        return money_text(value, catalogue.currency, lang)
    if type in (FieldType.INT, FieldType.DECIMAL):
        return count_text(value, field, lang)
    if type is FieldType.BOOL:
        return ("是" if value else "否") if lang == "zh" else ("yes" if value else "no")
    if isinstance(value, datetime):
        return value.astimezone(catalogue.zone).strftime("%Y-%m-%d %H:%M")
    if isinstance(value, date):
        return value.isoformat()
    label = catalogue.word(field, value) if field else None
    text = label.in_language(lang) if label else str(value)
    return f"「{text}」" if lang == "zh" else (text if label else f"“{text}”")


def list_text(items: list[str], lang: Language, *, last: str = "or") -> str:
    """Return "A, B or C" / "「A」「B」「C」"; a long list is cut and counted."""
    shown = items[:_LISTED]
    if lang == "zh":
        glue = "" if shown[0].startswith("「") else "、"
        return glue.join(shown) + (f"等 {len(items)} 项" if len(items) > _LISTED else "")
    if len(items) > _LISTED:
        return ", ".join(shown) + f" and {len(items) - _LISTED} more"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} {last} {shown[-1]}"


def period_text(period: Period, lang: Language) -> str:
    """Return "30 天" / "30 days"."""
    if lang == "zh":
        return f"{period.n} {_UNITS_ZH[period.unit]}"
    return f"{period.n} {period.unit[:-1] if period.n == 1 else period.unit}"


def days_text(days: int, lang: Language) -> str:
    """Return "1 day" / "3 天"."""
    return period_text(Period(days, "days"), lang)


def weekdays_text(days: tuple[int, ...], lang: Language) -> str:
    """Return weekdays by name."""
    names = _WEEKDAYS_ZH if lang == "zh" else _WEEKDAYS_EN
    return (
        list_text([names[day - 1] for day in days], lang)
        if len(days) < 7
        else ("任意一天" if lang == "zh" else "any weekday")
    )


def months_text(months: tuple[int, ...], lang: Language) -> str:
    """Return months by name."""
    if lang == "zh":
        return "、".join(f"{month} 月" for month in months)
    return (
        list_text([_MONTHS_EN[month - 1] for month in months], lang)
        if len(months) <= _LISTED
        else ", ".join(_MONTHS_EN[month - 1] for month in months)
    )


def month_days_text(days: tuple[int, ...], lang: Language) -> str:
    """Return days of the month, -1 as the last one."""
    if lang == "zh":
        return "每月 " + "、".join("最后一天" if day == -1 else f"{day} 日" for day in days)
    named = ["the last day" if day == -1 else f"{day}{_ordinal(day)}" for day in days]
    joined = named[0] if len(named) == 1 else f"{', '.join(named[:-1])} or {named[-1]}"
    return f"{joined if joined.startswith('the ') else 'the ' + joined} of a month"


def times_text(start: int, end: int, lang: Language) -> str:
    """Return "22:00 至次日 06:00" / "22:00 to 06:00 the next day"."""
    over = start > end
    if lang == "zh":
        return f"{clock(start)} 至{'次日' if over else ''} {clock(end)}"
    return f"{clock(start)} and {clock(end)}{' the next day' if over else ''}"


def _ordinal(day: int) -> str:
    if 11 <= day <= 13:
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
