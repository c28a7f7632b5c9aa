"""Reads untrusted JSON field by field and gathers every error with its path, so that a form is mended once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from fractions import Fraction
from typing import Any

from regulars.kit.errors import ErrorList
from regulars.kit.periods import zone
from regulars.kit.text import Text

_CODE = re.compile(r"[a-z0-9][a-z0-9_\-]{0,39}")
_MISSING: Any = object()
MAX_TEXT = 500
MAX_VALUE = 10**12


class Node:
    """One JSON object under reading. `get…` methods note an error and return the default when the value is bad."""

    def __init__(self, value: Any, path: str, errors: ErrorList, known: Sequence[str]) -> None:
        self.path = path
        self.errors = errors
        self.whole = isinstance(value, Mapping)
        self.values: Mapping[str, Any] = value if isinstance(value, Mapping) else {}
        if not self.whole:
            errors.add(path or "/", "not_an_object", "应为对象", "Must be an object")
        for key in self.values:
            if key not in known:
                close = get_close_matches(str(key), known, n=1)
                zh, en = (f"，是否想写 {close[0]}？", f"; did you mean {close[0]}?") if close else ("", "")
                errors.add(self.at(str(key)), "unknown_field", f"未知字段{zh}", f"Unknown field{en}")

    def at(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key

    def bad(self, key: str, code: str, zh: str, en: str) -> None:
        self.errors.add(self.at(key), code, zh, en)

    def has(self, key: str) -> bool:
        return self.values.get(key) is not None

    def raw(self, key: str, default: Any = _MISSING) -> Any:
        """The value, or the default where it is missing or null; a missing required value is an error."""
        value = self.values.get(key)
        if value is not None:
            return value
        if default is _MISSING:
            if self.whole:
                self.bad(key, "required", "必填", "Required")
            return None
        return default

    def integer(self, key: str, *, least: int = 0, most: int = MAX_VALUE, default: Any = _MISSING) -> Any:
        value = self.raw(key, default)
        if value is None or value is default:
            return value
        if isinstance(value, bool) or not isinstance(value, int):
            self.bad(key, "not_a_whole_number", "应为整数", "Must be a whole number")
        elif not least <= value <= most:
            self.bad(
                key, "out_of_range", f"应在 {least} 到 {most} 之间", f"Must lie between {least} and {most}"
            )
        else:
            return value
        return None if default is _MISSING else default

    def flag(self, key: str, default: bool) -> bool:
        value = self.raw(key, default)
        if isinstance(value, bool):
            return value
        self.bad(key, "not_a_flag", "应为是或否", "Must be true or false")
        return default

    def choice(self, key: str, choices: Sequence[str], default: Any = _MISSING) -> Any:
        value = self.raw(key, default)
        if value is None or value in choices:
            return value
        shown = ", ".join(choices)
        self.bad(key, "unknown_choice", f"应为其中之一：{shown}", f"Must be one of: {shown}")
        return None if default is _MISSING else default

    def code(self, key: str, default: Any = _MISSING) -> Any:
        value = self.raw(key, default)
        if value is None or value is default:
            return value
        if isinstance(value, str) and _CODE.fullmatch(value):
            return value
        self.bad(
            key,
            "bad_code",
            "只能用小写字母、数字、- 和 _，最长 40",
            "Use a-z, 0-9, - and _, at most 40 characters",
        )
        return None if default is _MISSING else default

    def string(self, key: str, *, most: int = 64, default: Any = _MISSING) -> Any:
        value = self.raw(key, default)
        if value is None or value is default:
            return value
        if isinstance(value, str) and len(value.strip()) > 0 and len(value) <= most:
            return value
        self.bad(key, "bad_text", f"应为 1–{most} 个字的文本", f"Must be text of 1 to {most} characters")
        return None if default is _MISSING else default

    def text(self, key: str, default: Any = _MISSING, *, most: int = MAX_TEXT) -> Text:
        """A text in both languages: `{"zh": …, "en": …}`; one may be left out, or one string serves for both."""
        value = self.raw(key, default)
        if isinstance(value, Text):
            return value
        if isinstance(value, str):
            value = {"zh": value, "en": value}
        if (
            isinstance(value, Mapping)
            and set(value) <= {"zh", "en"}
            and all(isinstance(v, str) and len(v) <= most for v in value.values())
            and any(v.strip() for v in value.values())
        ):
            return Text.from_json(value)
        if value is not None:
            self.bad(
                key,
                "bad_text",
                f"应为中英文文本，各不超过 {most} 字",
                f"Must be text in zh and en, at most {most} characters each",
            )
        return Text("", "")

    def ratio(self, key: str, *, most: int = 1000) -> Fraction | None:
        """A number without floating point: `2`, `"1.25"` or `"4/3"`. JSON's 1.25 is read as it is written."""
        value = self.raw(key)
        if value is None:
            return None
        try:
            if isinstance(value, bool) or not isinstance(value, (int, float, str)):
                raise ValueError
            if isinstance(value, str) and "/" in value:
                result = Fraction(value)
            else:
                result = Fraction(Decimal(str(value)))
            if result > most or result.denominator > 1_000_000:
                raise ValueError
            return result
        except (ValueError, InvalidOperation, ZeroDivisionError, OverflowError):
            self.bad(key, "bad_number", f"应为不超过 {most} 的数", f"Must be a number of at most {most}")
            return None

    def day(self, key: str, default: Any = _MISSING) -> date | None:
        value = self.raw(key, default)
        if value is None:
            return None
        try:
            return date.fromisoformat(value)
        except (TypeError, ValueError):
            self.bad(key, "bad_date", "日期应如 2026-01-31", "Must be a date such as 2026-01-31")
            return None

    def instant(self, key: str, timezone: str) -> datetime | None:
        """An instant; one without an offset is read in the business time zone."""
        value = self.raw(key, None)
        if value is None:
            return None
        try:
            result = datetime.fromisoformat(value)
        except (TypeError, ValueError):
            self.bad(
                key,
                "bad_instant",
                "时间应如 2026-11-11T00:00:00+08:00",
                "Must be a time such as 2026-11-11T00:00:00+08:00",
            )
            return None
        return result if result.tzinfo else result.replace(tzinfo=zone(timezone))

    def items(self, key: str, *, most: int, required: bool = False) -> list[tuple[str, Any]]:
        """The members of a list with their paths."""
        value = self.raw(key) if required else self.raw(key, [])
        if value is None:
            return []
        if not isinstance(value, list):
            self.bad(key, "not_a_list", "应为列表", "Must be a list")
            return []
        if len(value) > most:
            self.bad(key, "too_many", f"最多 {most} 个", f"At most {most}")
            value = value[:most]
        if required and not value:
            self.bad(key, "empty", "至少要有一个", "At least one is needed")
        return [(f"{self.at(key)}[{i}]", item) for i, item in enumerate(value)]

    def integers(self, key: str, *, least: int, most: int) -> frozenset[int]:
        """A list of different whole numbers."""
        found: set[int] = set()
        for path, value in self.items(key, most=most - least + 1):
            if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
                self.errors.add(
                    path,
                    "out_of_range",
                    f"应为 {least} 到 {most} 的整数",
                    f"Must be a whole number from {least} to {most}",
                )
            elif value in found:
                self.errors.add(path, "duplicate", "重复", "Given twice")
            else:
                found.add(value)
        return frozenset(found)

    def children(
        self, key: str, known: Sequence[str], *, most: int, required: bool = False
    ) -> Iterator[Node]:
        for path, value in self.items(key, most=most, required=required):
            yield Node(value, path, self.errors, known)

    def child(self, key: str, known: Sequence[str]) -> Node | None:
        value = self.values.get(key)
        return None if value is None else Node(value, self.at(key), self.errors, known)


def check_texts(value: Any, errors: ErrorList) -> None:
    """Refuse every text in a JSON value that a database cannot keep: with a NUL or half a surrogate pair."""
    waiting: list[tuple[str, Any]] = [("", value)]
    while waiting:
        path, item = waiting.pop()
        if isinstance(item, str):
            if not is_storable(item):
                errors.add(
                    path or "/", "bad_text", "含有无法保存的字符", "Holds a character that cannot be kept"
                )
        elif isinstance(item, Mapping):
            for key, inner in item.items():
                if not is_storable(str(key)):
                    errors.add(
                        path or "/", "bad_text", "含有无法保存的字符", "Holds a character that cannot be kept"
                    )
                else:
                    waiting.append((f"{path}.{key}" if path else str(key), inner))
        elif isinstance(item, list):
            waiting.extend((f"{path}[{i}]", inner) for i, inner in enumerate(item))


def is_storable(text: str) -> bool:
    return "\x00" not in text and not any("\ud800" <= char <= "\udfff" for char in text)


def time_of_day(value: Any) -> time | None:
    """`"07:30"` → 07:30, None for anything else. `24:00` is read as the midnight at the day's end."""
    if not isinstance(value, str) or not re.fullmatch(r"\d\d:\d\d", value):
        return None
    hours, minutes = int(value[:2]), int(value[3:])
    if (hours, minutes) == (24, 0):
        return time()
    return time(hours, minutes) if hours < 24 and minutes < 60 else None
