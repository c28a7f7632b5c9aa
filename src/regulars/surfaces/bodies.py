"""The hot path's request bodies: parsed strictly by msgspec, and what is wrong with them in words."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, TypeVar

import msgspec
from pydantic import AfterValidator

from regulars.kit.errors import Refusal, invalid_field
from regulars.kit.text import Text

T = TypeVar("T")


def _of_our_time(day: date) -> date:
    if not 1900 <= day.year <= 2200:
        raise ValueError("out of range")
    return day


# A calendar day between 1900 and 2200.
Day = Annotated[date, AfterValidator(_of_our_time)]
# An escaped NUL; an escaped backslash before `u0000` is a backslash and five more characters.
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_PATH = re.compile(r" - at `(?:key in )?\$\.?(.*)`$")
_MISSING = re.compile(r"^Object missing required field `(.+?)`")
_UNKNOWN = re.compile(r"^Object contains unknown field `(.+?)`", re.DOTALL)
_WRONG = re.compile(r"^Expected `(.+?)`, got `(.+?)`")
_BOUND = re.compile(r"^Expected `(.+?)` (?:of length )?(<=|>=|<|>) (.+)$")
_TYPES = {
    "int": "整数",
    "str": "文本",
    "array": "列表",
    "object": "对象",
    "bool": "true 或 false",
    "decimal": "数字",
    "uuid": "UUID",
    "datetime": "带时区的时间",
}
_BOUNDS = {
    "<=": ("不超过", "at most"),
    ">=": ("不少于", "at least"),
    "<": ("小于", "below"),
    ">": ("大于", "above"),
}


def bad_json() -> Refusal:
    return Refusal("bad_json", Text("请求内容不是有效的 JSON", "The body is not valid JSON"), status=400)


def decode(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    """A strict parse of a body, or of one item of it.

    Raises `bad_json` and `bad_character` (400), or `invalid_input` (422) with the path of what is wrong.
    """
    try:
        value = decoder.decode(body)
    except msgspec.ValidationError as error:
        raise wrong_shape(error) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise bad_json() from None
    return value


def refuse_nul(body: bytes) -> None:
    """NUL is a character of JSON, and none of a database's text."""
    if b"u0000" in body and _NUL.search(body):
        raise Refusal("bad_character", Text("文本中不能有空字符", "Text cannot contain NUL"), status=400)


def wrong_shape(error: msgspec.ValidationError) -> Refusal:
    """A strict parse's complaint as a refusal that names the field."""
    text = str(error)
    found = _PATH.search(text)
    path = found.group(1) if found else ""
    said = text[: found.start()] if found else text
    path = path.replace("[...]", "{}")
    if match := _MISSING.match(said):
        return invalid_field(_under(path, match[1]), "missing", "必填", "Required")
    if match := _UNKNOWN.match(said):
        return invalid_field(
            _under(path, match[1])[:120], "unknown_field", "没有这个字段", "There is no such field"
        )
    if match := _BOUND.match(said):
        zh, en = _BOUNDS[match[2]]
        of = " 长度" if "of length" in said else ""
        length = "length " if of else ""
        return invalid_field(
            path or "body",
            "out_of_range",
            f"须{zh} {match[3]}{of}".strip(),
            f"Must be {length}{en} {match[3]}",
        )
    if match := _WRONG.match(said):
        names = " / ".join(
            _TYPES.get(t.strip(), t.strip()) for t in match[1].split("|") if t.strip() != "null"
        )
        wanted = match[1].replace(" | null", "")
        return invalid_field(
            path or "body", "wrong_type", f"须为{names}", f"Must be {wanted}, not {match[2]}"
        )
    return invalid_field(path or "body", "invalid", "格式不正确", said[:200])


def _under(path: str, field: str) -> str:
    return f"{path}.{field}" if path else field
