"""Liquid in a sandbox: no files, no clock, no attributes, bounded loops, output and time; values are plain data."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache
from time import monotonic
from typing import Any
from urllib.parse import quote

from liquid import BoundTemplate, Environment
from liquid import escape as _escape
from liquid.builtin import content, illegal, output
from liquid.builtin.filters import misc, string
from liquid.builtin.tags import (
    assign_tag,
    capture_tag,
    case_tag,
    comment_tag,
    for_tag,
    if_tag,
    unless_tag,
)
from liquid.context import RenderContext
from liquid.exceptions import FilterArgumentError, LiquidError, ResourceLimitError, UndefinedError
from liquid.undefined import FalsyStrictUndefined, is_undefined

from regulars.kit.text import Text
from regulars.kit.wording import MONTHS_EN
from regulars.messaging.policy import plain
from regulars.messaging.wording import RenderFailed

_log = logging.getLogger(__name__)

MOST_SOURCE = 60_000
MOST_OUTPUT = 200_000
MOST_ROUNDS = 1000
MOST_VALUE = 20_000
SECONDS = 2.0
_BIGGEST = Decimal(10) ** 15
_TAGS = (
    content.Literal, output.Output, illegal.Illegal, if_tag.IfTag, unless_tag.UnlessTag, case_tag.CaseTag,
    for_tag.ForTag, for_tag.BreakTag, for_tag.ContinueTag, assign_tag.AssignTag, capture_tag.CaptureTag,
    comment_tag.CommentTag,
)  # fmt: skip


class Group(dict[str, Any]):
    """Named parts. It has no text of its own, so that nobody prints all that is known of a member."""

    def __str__(self) -> str:
        raise FilterArgumentError("a group has no text; name one of its parts", token=None)

    __repr__ = __str__


class TooMuch(ResourceLimitError):
    """A text went on too long."""


class _Context(RenderContext):
    """Counts every round of every loop, and looks at the time."""

    __slots__ = ("deadline", "rounds")

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self.rounds = 0
        self.deadline = monotonic() + SECONDS

    def raise_for_loop_limit(self, length: int = 1) -> None:
        self.rounds += length
        if self.rounds > MOST_ROUNDS:
            raise TooMuch("too many rounds", token=None)

    def get(self, path: list[object], *, token: Any, default: object = ...) -> object:
        if monotonic() > self.deadline:
            raise TooMuch("too slow", token=token)
        return (
            super().get(path, token=token)
            if default is ...
            else super().get(path, token=token, default=default)
        )

    def get_item(self, obj: Any, key: Any) -> Any:
        """Keys of mappings and places of lists; nothing else has parts."""
        if isinstance(obj, dict):
            return (
                obj["size"] if key == "size" and "size" in obj else (len(obj) if key == "size" else obj[key])
            )
        if isinstance(obj, list | tuple):
            if key == "size":
                return len(obj)
            if key in ("first", "last"):
                return obj[0 if key == "first" else -1]
            if isinstance(key, int) and not isinstance(key, bool):
                return obj[key]
        if isinstance(obj, str) and key == "size":
            return len(obj)
        if is_undefined(obj):
            return obj[key]
        raise KeyError(key)


class _Bound(BoundTemplate):
    context_class = _Context


class _Environment(Environment):
    block_nesting_limit = 12
    context_depth_limit = 12
    loop_iteration_limit = MOST_ROUNDS
    local_namespace_limit = 200_000
    output_stream_limit = MOST_OUTPUT
    template_class = _Bound

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        for tag in _TAGS:
            self.add_tag(tag)
        for name, filter_ in _FILTERS.items():
            self.add_filter(name, filter_)


def _text(value: Any) -> str:
    if is_undefined(value):
        str(value)  # says which is missing
    if isinstance(value, list | tuple | dict | range):
        raise FilterArgumentError("a text is needed, not a list", token=None)
    if isinstance(value, bool):
        return "true" if value else "false"
    said = value if isinstance(value, str) else str(value)
    if len(said) > MOST_VALUE:
        raise TooMuch("a value is too long", token=None)
    return said


def _number(value: Any) -> Decimal:
    if is_undefined(value):
        str(value)
    try:
        if isinstance(value, bool) or (isinstance(value, str) and len(value) > 40):
            raise InvalidOperation
        number = Decimal(str(value))
        if not number.is_finite() or abs(number) > _BIGGEST:
            raise InvalidOperation
    except InvalidOperation:
        raise FilterArgumentError("a number is needed", token=None) from None
    return number


def _plain(number: Decimal) -> int | Decimal:
    if abs(number) > _BIGGEST:
        raise FilterArgumentError("the number is too large", token=None)
    number = number.quantize(Decimal("0.000001")).normalize()
    return int(number) if number == number.to_integral_value() else number


def _listed(value: Any) -> list[Any]:
    if is_undefined(value):
        str(value)
    if not isinstance(value, list | tuple):
        raise FilterArgumentError("a list is needed", token=None)
    return list(value)


def _divided_by(value: Any, by: Any) -> int | Decimal:
    if not _number(by):
        raise FilterArgumentError("divided by zero", token=None)
    return _plain(_number(value) / _number(by))


def _round(value: Any, digits: Any = 0) -> int | Decimal:
    places = max(0, min(6, int(_number(digits))))
    return _plain(_number(value).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP))


def _date(value: Any, pattern: Any = "%Y-%m-%d") -> str:
    """A day or instant in a pattern of strftime's %Y %m %d %H %M %-m %-d, %B in English."""
    said = _text(value)
    try:
        day: date = datetime.fromisoformat(said) if len(said) > 10 else date.fromisoformat(said)
    except ValueError:
        raise FilterArgumentError("a day is needed", token=None) from None
    at = day if isinstance(day, datetime) else datetime(day.year, day.month, day.day)  # noqa: DTZ001
    places = {
        "%Y": f"{at.year:04d}", "%m": f"{at.month:02d}", "%d": f"{at.day:02d}", "%-m": str(at.month),
        "%-d": str(at.day), "%H": f"{at.hour:02d}", "%M": f"{at.minute:02d}", "%B": MONTHS_EN[at.month - 1],
    }  # fmt: skip
    shown = _text(pattern)[:100]
    for place in ("%-m", "%-d", "%Y", "%m", "%d", "%H", "%M", "%B"):
        shown = shown.replace(place, places[place])
    return shown


def _replace(value: Any, old: Any, new: Any = "") -> str:
    said, before, after = _text(value), _text(old), _text(new)
    if not before or len(said) + said.count(before) * len(after) > MOST_VALUE:
        raise TooMuch("the replaced text is too long", token=None)
    return said.replace(before, after)


def _money(value: Any, digits: Any = 2) -> str:
    """Minor units as an amount with thousands: 128050 → 1,280.50."""
    places = max(0, min(3, int(_number(digits))))
    return f"{_number(value) / 10**places:,.{places}f}"


def _default(value: Any, other: Any = "") -> Any:
    return misc.default(value, other)


_FILTERS: dict[str, Any] = {
    "default": _default,
    "append": lambda value, more: _text(_text(value) + _text(more)),
    "prepend": lambda value, more: _text(_text(more) + _text(value)),
    "upcase": lambda value: _text(value).upper(),
    "downcase": lambda value: _text(value).lower(),
    "capitalize": lambda value: _text(value).capitalize(),
    "strip": lambda value: _text(value).strip(),
    "escape": lambda value: _escape(_text(value)),
    "newline_to_br": string.newline_to_br,
    "truncate": lambda value, most=50, end="…": _truncated(_text(value), int(_number(most)), _text(end)),
    "replace": _replace,
    "url_encode": lambda value: quote(_text(value), safe=""),
    "plus": lambda value, other: _plain(_number(value) + _number(other)),
    "minus": lambda value, other: _plain(_number(value) - _number(other)),
    "times": lambda value, other: _plain(_number(value) * _number(other)),
    "divided_by": _divided_by,
    "round": _round,
    "date": _date,
    "money": _money,
    "size": lambda value: len(value) if isinstance(value, list | tuple | dict) else len(_text(value)),
    "first": lambda value: (_listed(value) or [""])[0],
    "last": lambda value: (_listed(value) or [""])[-1],
    "join": lambda value, by="、": _text(_text(by).join(_text(one) for one in _listed(value)[:200])),
}
FILTERS = tuple(_FILTERS)


def _truncated(said: str, most: int, end: str) -> str:
    return said if len(said) <= most else said[: max(0, most - len(end))] + end


_PLAIN = _Environment(undefined=FalsyStrictUndefined)
_HTML = _Environment(undefined=FalsyStrictUndefined, autoescape=True)


@lru_cache(maxsize=2000)
def compiled(source: str, is_html: bool = False) -> BoundTemplate:
    """A text that has been read. Raises `LiquidError` for what is no Liquid or is not allowed here."""
    if len(source) > MOST_SOURCE:
        raise TooMuch("the text is too long", token=None)
    return (_HTML if is_html else _PLAIN).from_string(source)


@lru_cache(maxsize=2000)
def _planned(source: str, is_html: bool) -> Callable[[Mapping[str, Any]], str] | None:
    """A quicker way that says the same; None where there is none, or where the text is no Liquid."""
    try:
        return plain.plan(compiled(source, is_html), filters=_FILTERS, group=Group, is_html=is_html)
    except LiquidError:
        return None


def fill(source: str, values: Mapping[str, Any], *, place: str, is_html: bool = False) -> str:
    """A text with its values put in. Raises `RenderFailed`."""
    if "{{" not in source and "{%" not in source:
        return source
    known: Group = values if type(values) is Group else data_of(values)
    quick = _planned(source, is_html)
    if quick is not None:
        try:
            said = quick(known)
            if len(said) <= MOST_OUTPUT // 4:  # of bytes, however many a sign has
                return said
        except Exception:  # Liquid can, or says what is wrong
            _log.debug("a text is left to Liquid")
    try:
        return compiled(source, is_html).render(known)
    except UndefinedError as error:
        name = _missing(error)
        raise RenderFailed(
            "missing_variable",
            f"{place}:{line_of(error, source)}",
            Text("缺少变量 {n}", "The variable {n} has no value").format(n=name),
        ) from error
    except ResourceLimitError as error:
        raise RenderFailed(
            "too_much",
            f"{place}:{line_of(error, source)}",
            Text("内容过长或循环过多", "The text is too long or loops too often"),
        ) from error
    except (LiquidError, ArithmeticError, ValueError, TypeError, RecursionError, AssertionError) as error:
        line = line_of(error, source) if isinstance(error, LiquidError) else 1
        raise RenderFailed(
            "broken",
            f"{place}:{line}",
            Text("模板无法填充：{e}", "The text cannot be filled: {e}").format(e=said_by(error)),
        ) from error


def line_of(error: LiquidError, source: str) -> int:
    """The line an error names, from 1."""
    token = error.token
    if token is None or token.start_index < 0:
        return 1
    return source.count("\n", 0, token.start_index) + 1


def said_by(error: BaseException) -> str:
    message = error.message if isinstance(error, LiquidError) else type(error).__name__
    return str(message)[:200]


def _missing(error: UndefinedError) -> str:
    return str(error.message).split(" is undefined")[0].strip("'\"")[:100]


def data_of(value: Any) -> Any:
    """Plain data as texts may see it: None is left out (it counts as missing), days become ISO texts, anything else
    its text, as are floats with which no text may reckon. What is a group already stays what it is."""
    if value is None or isinstance(value, str | int | Decimal) or type(value) is Group:
        return value
    if isinstance(value, Text):
        return value.zh
    if isinstance(value, Mapping):
        return Group({str(key): data_of(one) for key, one in value.items() if one is not None})
    if isinstance(value, list | tuple | set | frozenset):
        return [data_of(one) for one in value if one is not None]
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, float) and abs(value) <= float(_BIGGEST):
        return _plain(Decimal(repr(value)))
    return str(value)
