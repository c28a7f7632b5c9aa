"""Every refusal of an API as `application/problem+json` (RFC 9457), in the caller's language.

`answer_with_problems` teaches an API its own; `frame` is the middleware around all of `/api/`: it gives each request an
id, refuses what is too large or of the wrong type before it is read, and turns what other layers answer (an unknown
path, a method not allowed, a failure) into problem documents too.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from typing import Any

import orjson
from django.db import DataError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.parser import Parser

from regulars.kit.errors import FieldError, Refusal, invalid, not_found
from regulars.kit.ids import new_id
from regulars.kit.text import Text
from regulars.platform.audit import api as audit
from regulars.platform.audit.types import Circumstances
from regulars.surfaces import rates
from regulars.surfaces.access import client_ip, language, signed_out

_log = logging.getLogger(__name__)
MAX_BODY_BYTES = 10 * 1024 * 1024
# Files come as multipart and are streamed to disk; the door of stored files has the limits of each kind.
MAX_UPLOAD_BYTES = 2 * 1024 * 1024 * 1024
_JSON = "application/json"
_MULTIPART = "multipart/form-data"
_YAML, _READ_AS_YAML = "application/yaml", "/api/v1/programme/blueprint/"
_REQUEST_ID = re.compile(r"^[A-Za-z0-9._-]{8,64}$")

# What pydantic says, by the kind of error, in words for people; anything else is "not valid".
_WORDS = {
    "missing": Text("必填", "Required"),
    "extra_forbidden": Text("没有这个字段", "There is no such field"),
    "string_too_long": Text("最多 {max_length} 个字符", "At most {max_length} characters"),
    "string_too_short": Text("至少 {min_length} 个字符", "At least {min_length} characters"),
    "string_pattern_mismatch": Text("格式不正确", "Not in the right form"),
    "string_type": Text("须为文本", "Must be text"),
    "int_parsing": Text("须为整数", "Must be a whole number"),
    "int_type": Text("须为整数", "Must be a whole number"),
    "int_from_float": Text("须为整数", "Must be a whole number"),
    "int_parsing_size": Text("数值过大", "Too large a number"),
    "float_type": Text("须为数字", "Must be a number"),
    "decimal_type": Text("须为数字", "Must be a number"),
    "decimal_parsing": Text("须为数字", "Must be a number"),
    "bool_type": Text("须为 true 或 false", "Must be true or false"),
    "bool_parsing": Text("须为 true 或 false", "Must be true or false"),
    "greater_than": Text("必须大于 {gt}", "Must be more than {gt}"),
    "greater_than_equal": Text("不能小于 {ge}", "Must be at least {ge}"),
    "less_than": Text("必须小于 {lt}", "Must be less than {lt}"),
    "less_than_equal": Text("不能大于 {le}", "Must be at most {le}"),
    "too_long": Text("最多 {max_length} 项", "At most {max_length} items"),
    "too_short": Text("至少 {min_length} 项", "At least {min_length} items"),
    "list_type": Text("须为列表", "Must be a list"),
    "dict_type": Text("须为对象", "Must be an object"),
    "model_attributes_type": Text("须为对象", "Must be an object"),
    "model_type": Text("须为对象", "Must be an object"),
    "literal_error": Text("不是可选的值", "Not one of the allowed values"),
    "enum": Text("不是可选的值", "Not one of the allowed values"),
    "uuid_parsing": Text("须为 UUID", "Must be a UUID"),
    "uuid_type": Text("须为 UUID", "Must be a UUID"),
    "date_parsing": Text("须为日期，如 2026-03-31", "Must be a date such as 2026-03-31"),
    "date_from_datetime_parsing": Text("须为日期，如 2026-03-31", "Must be a date such as 2026-03-31"),
    "datetime_parsing": Text(
        "须为时间，如 2026-03-31T12:00:00+08:00", "Must be an instant such as 2026-03-31T12:00:00+08:00"
    ),
    "datetime_from_date_parsing": Text(
        "须为时间，如 2026-03-31T12:00:00+08:00", "Must be an instant such as 2026-03-31T12:00:00+08:00"
    ),
    "timezone_aware": Text("须带时区", "Needs a time zone"),
    "json_invalid": Text("不是有效的 JSON", "Not valid JSON"),
}
_OTHER = Text("格式不正确", "Not valid")
_BY_STATUS = {
    400: ("bad_request", Text("无法读取请求内容", "The request cannot be read")),
    401: ("signed_out", Text("请先登录", "Please sign in first")),
    403: ("forbidden", Text("没有权限", "Not allowed")),
    404: ("not_found", Text("找不到该地址", "There is nothing at this address")),
    405: ("method_not_allowed", Text("该地址不支持此方法", "This address does not take this method")),
    413: ("too_large", Text("请求内容过大", "The request is too large")),
    415: (
        "unsupported_media_type",
        Text("请以 JSON 发送（application/json）", "Send JSON (application/json)"),
    ),
    429: ("too_many_requests", Text("请求过于频繁，请稍后再试", "Too many requests; slow down")),
}
_FAILED = Text("服务器出错了，请稍后重试", "Something failed on our side; please try again later")


class StrictJson(Parser):
    """Reads JSON bodies as RFC 8259 has it: no NaN, no lone surrogates, and no NUL, which no column can hold."""

    def parse_body(self, request: HttpRequest) -> Any:
        body = request.body
        try:
            value = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise Refusal(
                "bad_json",
                Text("不是有效的 JSON（第 {l} 行第 {c} 列）", "Not valid JSON (line {l}, column {c})").format(
                    l=error.lineno, c=error.colno
                ),
                status=400,
            ) from error
        if b"\\u0000" in body and _has_nul(value):
            raise Refusal("bad_character", Text("文本中不能有空字符", "Text cannot contain NUL"), status=400)
        return value


def problem(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """The response that tells a refusal."""
    document = refusal.to_problem(language(request))
    request_id = getattr(request, "request_id", "")
    if request_id:
        document["instance"] = f"urn:regulars:request:{request_id}"
    response = HttpResponse(
        json.dumps(document, ensure_ascii=False),
        status=refusal.status,
        content_type="application/problem+json",
    )
    response["Cache-Control"] = "no-store"
    response["Content-Language"] = "zh-CN" if language(request) == "zh" else "en"
    wait = refusal.data.get("retry_after_seconds")
    if wait:
        response["Retry-After"] = str(wait)
    if refusal.code == "bad_api_key":
        response["WWW-Authenticate"] = "Bearer"
    return response


def answer_with_problems(api: NinjaAPI) -> None:
    """Have an API answer every refusal and every failure of its own as a problem document, and read JSON strictly."""
    api.parser = StrictJson()

    def on_refusal(request: HttpRequest, raised: Any) -> HttpResponse:
        return problem(request, raised)

    def on_invalid(request: HttpRequest, raised: Any) -> HttpResponse:
        return problem(request, invalid(*(_field_error(one) for one in raised.errors)))

    def on_unknown_caller(request: HttpRequest, raised: Any) -> HttpResponse:
        return problem(request, signed_out())

    def on_missing(request: HttpRequest, raised: Any) -> HttpResponse:
        return problem(request, not_found(Text("内容", "It")))

    def on_http_error(request: HttpRequest, raised: Any) -> HttpResponse:
        cause = raised.__cause__ or raised.__context__
        return problem(request, cause if isinstance(cause, Refusal) else _of_status(raised.status_code))

    api.add_exception_handler(Refusal, on_refusal)
    api.add_exception_handler(ValidationError, on_invalid)
    api.add_exception_handler(AuthenticationError, on_unknown_caller)
    api.add_exception_handler(Http404, on_missing)
    api.add_exception_handler(HttpError, on_http_error)
    api.add_exception_handler(Exception, _on_failure)


def frame(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware around every request; only `/api/` is answered with problem documents."""

    def middleware(request: HttpRequest) -> HttpResponse:
        sent = request.headers.get("X-Request-Id", "")
        request_id = sent if _REQUEST_ID.match(sent) else new_id().hex
        request.request_id = request_id  # type: ignore[attr-defined]
        ip = client_ip(request)
        with audit.under(Circumstances(ip=ip or None, request_id=request_id)):
            response = _answer(request, ip, get_response) if _is_api(request) else get_response(request)
        response["X-Request-Id"] = request_id
        return response

    return middleware


def _answer(
    request: HttpRequest, ip: str, get_response: Callable[[HttpRequest], HttpResponse]
) -> HttpResponse:
    try:
        _check_before_reading(request)
        if not request.headers.get("Authorization", "").startswith("Bearer "):
            rates.charge_address(ip)
    except Refusal as refusal:
        return problem(request, refusal)
    response = get_response(request)
    if response.status_code < 400 or response.headers.get("Content-Type", "").startswith("application/"):
        return response
    # Another layer's page: an unknown path, a method not allowed, a failure outside the API.
    told = problem(request, _of_status(response.status_code))
    if "Allow" in response.headers:
        told["Allow"] = response["Allow"]
    return told


def _check_before_reading(request: HttpRequest) -> None:
    if "%00" in request.META.get("QUERY_STRING", "") or "\x00" in request.path:
        raise Refusal("bad_character", Text("文本中不能有空字符", "Text cannot contain NUL"), status=400)
    try:
        length = int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        raise _of_status(400) from None
    multipart = request.content_type == _MULTIPART
    limit = MAX_UPLOAD_BYTES if multipart else MAX_BODY_BYTES
    if length > limit:
        code, _ = _BY_STATUS[413]
        raise Refusal(
            code,
            Text("请求内容超过 {m} MB", "The request is larger than {m} MB").format(m=limit // (1024 * 1024)),
            status=413,
            data={"max_bytes": limit},
        )
    kind = request.content_type or ""
    if kind == _YAML and request.path.startswith(_READ_AS_YAML):
        return
    if length > 0 and not multipart and kind != _JSON and not kind.endswith("+json"):
        raise _of_status(415)


def _on_failure(request: HttpRequest, raised: Any) -> HttpResponse:
    if isinstance(raised, DataError):
        _log.warning("a value the database cannot hold: %s %s", request.method, request.path, exc_info=raised)
        return problem(
            request, Refusal("out_of_range", Text("有数值超出范围", "A value is out of range"), status=422)
        )
    if isinstance(raised, (OperationalError, InterfaceError)):
        _log.error("database not available: %s %s", request.method, request.path, exc_info=raised)
        busy = Text(
            "数据库暂时不可用，请稍后重试", "The database is not available just now; please try again"
        )
        return problem(request, Refusal("unavailable", busy, status=503, data={"retry_after_seconds": 1}))
    _log.error("request failed: %s %s", request.method, request.path, exc_info=raised)
    return problem(request, Refusal("internal", _FAILED, status=500))


def _of_status(status: int) -> Refusal:
    code, text = _BY_STATUS.get(status, ("internal", _FAILED) if status >= 500 else _BY_STATUS[400])
    return Refusal(code, text, status=status)


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")


def _has_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\x00" in value
    if isinstance(value, dict):
        return any("\x00" in key or _has_nul(inner) for key, inner in value.items())
    if isinstance(value, list):
        return any(_has_nul(inner) for inner in value)
    return False


def _field_error(error: dict[str, Any]) -> FieldError:
    """`("body", "given", "lines", 2, "amount")` → `lines[2].amount`; `("query", "limit")` → `limit`."""
    place = list(error.get("loc", ()))
    inner = place[2:] if place[:1] == ["body"] else place[-1:]
    path = ""
    for part in inner:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
    kind = str(error.get("type", "invalid"))
    context = {key: str(value) for key, value in (error.get("ctx") or {}).items()}
    text = _WORDS.get(kind, _OTHER)
    try:
        text = text.format(**context)
    except (KeyError, IndexError):
        text = _OTHER
    return FieldError(path or "body", kind, text)
