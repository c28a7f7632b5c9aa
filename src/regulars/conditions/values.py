"""Constants: from JSON to typed values and back, each refusal naming the field and what is allowed."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar

from regulars.conditions.language import (
    KINDS,
    MAX_ANNIVERSARY_DAYS,
    MAX_DECIMAL_DIGITS,
    MAX_DECIMAL_PLACES,
    MAX_INT,
    MAX_LIST,
    MAX_PERIOD,
    MAX_TEXT,
    MAX_YEAR,
    MIN_YEAR,
    ValueKind,
)
from regulars.conditions.types import Anniversary, Choice, FieldType, Op, Period, TimeRange, Value

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_DATETIME = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})", re.ASCII)
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00", re.ASCII)
_DECIMAL = re.compile(r"-?\d+(\.\d+)?", re.ASCII)

CURRENT = "current"

D = TypeVar("D", bound=date)


class BadValue(Exception):
    """A constant that cannot be taken: where below the operator's value, the code and the words."""

    def __init__(self, path: str, code: str, zh: str, en: str) -> None:
        self.path = path
        self.code = code
        self.zh = zh
        self.en = en
        super().__init__(en)


def parse_value(op: Op, type: FieldType, choices: tuple[Choice, ...], raw: Any) -> Value:
    """Return the typed constant of `op` on a field of `type`.

    Raises:
        BadValue: `raw` is not what the operator takes on this type.
    """
    kind = KINDS[op]
    if kind is ValueKind.ONE:
        single: Value = _one(op, type, choices, raw, "")
        return single
    if kind is ValueKind.LIST:
        return _list(op, type, choices, raw)
    if kind is ValueKind.RANGE:
        return _range(op, type, raw)
    return _SHAPES[kind](raw)


def wire_value(value: Value) -> Any:
    """Return the JSON of a typed constant; parsing it gives the same constant again."""
    if isinstance(value, tuple):
        return [wire_value(item) for item in value]
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date):  # a datetime is one too
        return value.isoformat()
    if isinstance(value, Period):
        return {value.unit: value.n}
    if isinstance(value, TimeRange):
        return [clock(value.start), clock(value.end)]
    if isinstance(value, Anniversary):
        return {"before": value.before, "after": value.after}
    return value


def clock(minutes: int) -> str:
    """Return minutes of the day as HH:MM."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _one(op: Op, type: FieldType, choices: tuple[Choice, ...], raw: Any, path: str) -> Any:
    if type in (FieldType.INT, FieldType.MONEY):
        return _int(raw, path, type)
    if type is FieldType.DECIMAL:
        return _decimal(raw, path)
    if type is FieldType.BOOL:
        if not isinstance(raw, bool):
            raise BadValue(path, "wrong_type", "只能是 true 或 false", "must be true or false")
        return raw
    if type is FieldType.DATE:
        return _date(raw, path)
    if type is FieldType.DATETIME:
        return _day_or_instant(raw, path, day_only=op in (Op.EQ, Op.NE))
    text = _text(raw, path)
    if type is FieldType.ENUM and all(choice.value != text for choice in choices):
        allowed = ", ".join(choice.value for choice in choices[:20]) + (", …" if len(choices) > 20 else "")
        raise BadValue(path, "not_a_choice", f"只能是：{allowed}", f"must be one of: {allowed}")
    return text


def _list(op: Op, type: FieldType, choices: tuple[Choice, ...], raw: Any) -> Value:
    if not isinstance(raw, list):
        raise BadValue("", "wrong_type", "必须是列表", "must be a list")
    if not raw:
        raise BadValue("", "empty_list", "列表至少要有一项", "must have at least one item")
    if len(raw) > MAX_LIST:
        raise BadValue("", "list_too_long", f"列表最多 {MAX_LIST} 项", f"must have at most {MAX_LIST} items")
    items = [_one(op, type, choices, item, f"/{index}") for index, item in enumerate(raw)]
    return tuple(dict.fromkeys(items))


def _range(op: Op, type: FieldType, raw: Any) -> Value:
    if not isinstance(raw, list) or len(raw) != 2:
        raise BadValue(
            "", "wrong_type", "必须是两个值的列表 [起, 止]", "must be a list of two values [from, to]"
        )
    low, high = (_one(op, type, (), item, f"/{index}") for index, item in enumerate(raw))
    if isinstance(low, datetime) != isinstance(high, datetime):
        raise BadValue(
            "",
            "bad_format",
            "起止必须同为日期或同为时刻",
            "both ends must be dates, or both must be date-times",
        )
    if low > high:
        raise BadValue("", "out_of_range", "起不能大于止", "the first value must not exceed the second")
    return (low, high)


def _int(raw: Any, path: str, type: FieldType) -> int:
    if isinstance(raw, bool) or not isinstance(raw, int):
        if type is FieldType.MONEY:
            raise BadValue(
                path,
                "wrong_type",
                "必须是以最小货币单位（分）计的整数",
                "must be a whole number of the smallest currency unit",
            )
        raise BadValue(path, "wrong_type", "必须是整数", "must be a whole number")
    if abs(raw) > MAX_INT:
        raise BadValue(
            path, "out_of_range", f"必须在 ±{MAX_INT} 之内", f"must lie between -{MAX_INT} and {MAX_INT}"
        )
    return raw


def _decimal(raw: Any, path: str) -> Decimal:
    number = None
    if isinstance(raw, int) and not isinstance(raw, bool):
        number = Decimal(raw) if abs(raw) < 10**MAX_DECIMAL_DIGITS else Decimal(10) ** MAX_DECIMAL_DIGITS
    elif isinstance(raw, float) and math.isfinite(raw):
        number = Decimal(repr(raw))
    elif isinstance(raw, str) and len(raw) <= MAX_TEXT and _DECIMAL.fullmatch(raw):
        number = Decimal(raw)
    if number is None:
        raise BadValue(path, "wrong_type", '必须是数字，例如 "12.50"', 'must be a number, such as "12.50"')
    _, digits, exponent = number.as_tuple()
    places = -int(exponent) if int(exponent) < 0 else 0
    whole = max(len(digits) + int(exponent), 0)
    if places > MAX_DECIMAL_PLACES or whole + places > MAX_DECIMAL_DIGITS:
        raise BadValue(
            path,
            "out_of_range",
            f"最多 {MAX_DECIMAL_DIGITS} 位数字，其中小数 {MAX_DECIMAL_PLACES} 位",
            f"must have at most {MAX_DECIMAL_DIGITS} digits, {MAX_DECIMAL_PLACES} of them decimal places",
        )
    return number


def _text(raw: Any, path: str) -> str:
    if not isinstance(raw, str):
        raise BadValue(path, "wrong_type", "必须是文本", "must be text")
    if not raw:
        raise BadValue(
            path,
            "empty_text",
            "不能是空文本，请改用 is_empty",
            "must not be empty text; use is_empty instead",
        )
    if len(raw) > MAX_TEXT:
        raise BadValue(
            path, "text_too_long", f"最多 {MAX_TEXT} 个字符", f"must have at most {MAX_TEXT} characters"
        )
    if "\0" in raw or any("\ud800" <= char <= "\udfff" for char in raw):
        raise BadValue(path, "bad_format", "含有不可存储的字符", "holds a character that cannot be stored")
    return raw


def _date(raw: Any, path: str) -> date:
    if isinstance(raw, str) and _DATE.fullmatch(raw):
        try:
            return _in_range(date.fromisoformat(raw), path)
        except ValueError:
            pass
    raise BadValue(path, "bad_format", "必须是日期，例如 2026-05-01", "must be a date, such as 2026-05-01")


def _day_or_instant(raw: Any, path: str, *, day_only: bool) -> date | datetime:
    if day_only:
        return _date(raw, path)
    if isinstance(raw, str) and _DATETIME.fullmatch(raw):
        try:
            return _in_range(datetime.fromisoformat(raw), path)
        except ValueError:
            pass
    if isinstance(raw, str) and _DATE.fullmatch(raw):
        return _date(raw, path)
    raise BadValue(
        path,
        "bad_format",
        "必须是日期（2026-05-01，按营业时区）或带时差的时刻（2026-05-01T09:00:00+08:00）",
        "must be a date in business time (2026-05-01) or a date-time with offset (2026-05-01T09:00:00+08:00)",
    )


def _in_range(day: D, path: str) -> D:
    if not MIN_YEAR <= day.year <= MAX_YEAR:
        raise BadValue(
            path,
            "out_of_range",
            f"年份必须在 {MIN_YEAR} 到 {MAX_YEAR} 之间",
            f"the year must lie between {MIN_YEAR} and {MAX_YEAR}",
        )
    return day


def _period(raw: Any) -> Value:
    if isinstance(raw, dict) and len(raw) == 1:
        unit, n = next(iter(raw.items()))
        most = MAX_PERIOD.get(unit)
        if most is not None:
            if isinstance(n, bool) or not isinstance(n, int):
                raise BadValue(f"/{unit}", "wrong_type", "必须是整数", "must be a whole number")
            if not 1 <= n <= most:
                raise BadValue(
                    f"/{unit}", "out_of_range", f"必须在 1 到 {most} 之间", f"must lie between 1 and {most}"
                )
            return Period(n, unit)
    raise BadValue(
        "",
        "wrong_type",
        '必须是 {"days": n}、{"weeks": n} 或 {"months": n}',
        'must be {"days": n}, {"weeks": n} or {"months": n}',
    )


def _numbers(raw: Any, low: int, high: int, extra: tuple[int, ...], zh: str, en: str) -> tuple[int, ...]:
    items = raw if isinstance(raw, list) else [raw]
    if not items:
        raise BadValue("", "empty_list", "列表至少要有一项", "must have at least one item")
    if len(items) > MAX_LIST:
        raise BadValue("", "list_too_long", f"列表最多 {MAX_LIST} 项", f"must have at most {MAX_LIST} items")
    for index, item in enumerate(items):
        if isinstance(item, bool) or not isinstance(item, int) or not (low <= item <= high or item in extra):
            raise BadValue(f"/{index}" if isinstance(raw, list) else "", "out_of_range", zh, en)
    return tuple(sorted(set(items), key=lambda n: (n < 0, n)))


def _months(raw: Any) -> Value:
    if raw == CURRENT:
        return CURRENT
    return _numbers(
        raw, 1, 12, (), '必须是 1 到 12 的月份，或 "current"（当月）', 'must be months 1 to 12, or "current"'
    )


def _month_days(raw: Any) -> Value:
    return _numbers(
        raw,
        1,
        31,
        (-1,),
        "必须是 1 到 31 的日子，或 -1（当月最后一天）",
        "must be days 1 to 31, or -1 for the last day of the month",
    )


def _weekdays(raw: Any) -> Value:
    return _numbers(
        raw, 1, 7, (), "必须是 1（周一）到 7（周日）", "must be weekdays 1 (Monday) to 7 (Sunday)"
    )


def _times(raw: Any) -> Value:
    if (
        isinstance(raw, list)
        and len(raw) == 2
        and all(isinstance(item, str) and _TIME.fullmatch(item) for item in raw)
    ):
        start, end = (int(item[:2]) * 60 + int(item[3:]) for item in raw)
        if start != end and start != 1440:
            return TimeRange(start, end)
    raise BadValue(
        "",
        "bad_format",
        '必须是两个不同的钟点 ["22:00", "06:00"]，含起不含止，可跨零点',
        'must be two different times ["22:00", "06:00"], the first included, over midnight if need be',
    )


def _anniversary(raw: Any) -> Value:
    if isinstance(raw, dict) and raw and set(raw) <= {"before", "after"}:
        for key, n in raw.items():
            if isinstance(n, bool) or not isinstance(n, int) or not 0 <= n <= MAX_ANNIVERSARY_DAYS:
                raise BadValue(
                    f"/{key}",
                    "out_of_range",
                    f"必须是 0 到 {MAX_ANNIVERSARY_DAYS} 的整数天",
                    f"must be a whole number of days from 0 to {MAX_ANNIVERSARY_DAYS}",
                )
        return Anniversary(raw.get("before", 0), raw.get("after", 0))
    raise BadValue(
        "",
        "wrong_type",
        '必须是 {"before": 天数, "after": 天数}',
        'must be {"before": days, "after": days}',
    )


_SHAPES: dict[ValueKind, Callable[[Any], Value]] = {
    ValueKind.PERIOD: _period,
    ValueKind.MONTHS: _months,
    ValueKind.MONTH_DAYS: _month_days,
    ValueKind.WEEKDAYS: _weekdays,
    ValueKind.TIMES: _times,
    ValueKind.ANNIVERSARY: _anniversary,
}
