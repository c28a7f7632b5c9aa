"""Request bodies: how large, of which type, and what is wrong with them, in words."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import orjson
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from django.http.request import RawPostDataException
from ninja.parser import Parser

from regulars.kit.errors import Refusal, invalid_field
from regulars.kit.text import Text

LARGEST_BODY = 10 * 1024 * 1024
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


def read_body(request: HttpRequest) -> bytes:
    """The body, of JSON, at most 10 MB. Raises `body_too_large` (413) and `not_json` (415)."""
    kind = request.content_type or ""
    if kind and kind != "application/json" and not kind.endswith("+json"):
        raise Refusal(
            "not_json",
            Text("请求内容须为 application/json", "The content type must be application/json"),
            status=415,
        )
    try:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
        body = b"" if length > LARGEST_BODY else request.body
    except RequestDataTooBig:
        length, body = LARGEST_BODY + 1, b""
    except (RawPostDataException, OSError):
        raise malformed() from None
    if length > LARGEST_BODY or len(body) > LARGEST_BODY:
        raise too_large()
    return body


def too_large() -> Refusal:
    return Refusal(
        "body_too_large",
        Text("请求内容不能超过 10 MB，请分批提交", "The body is larger than 10 MB; send it in parts"),
        status=413,
    )


def malformed() -> Refusal:
    return Refusal(
        "malformed_json", Text("请求内容不是有效的 JSON", "The body is not valid JSON"), status=400
    )


class JsonParser(Parser):
    """Strict JSON for the operations that ninja reads; refusals travel as the cause of ninja's own error."""

    def parse_body(self, request: HttpRequest) -> Any:
        body = read_body(request)
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError:
            raise malformed() from None


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
