"""Every refusal of an API as `application/problem+json` (RFC 9457), in the caller's language."""

from __future__ import annotations

import json
import logging
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from regulars.kit.errors import FieldError, Refusal, invalid, not_found
from regulars.kit.text import Text
from regulars.surfaces.access import language, signed_out

_log = logging.getLogger(__name__)
# What pydantic says, by the kind of error, in words for people; anything else is "not valid".
_WORDS = {
    "missing": Text("必填", "Required"),
    "extra_forbidden": Text("没有这个字段", "There is no such field"),
    "string_too_long": Text("内容过长", "Too long"),
    "string_too_short": Text("内容过短", "Too short"),
    "int_parsing": Text("须为整数", "Must be a whole number"),
    "int_type": Text("须为整数", "Must be a whole number"),
    "string_type": Text("须为文本", "Must be text"),
    "literal_error": Text("不是可选的值", "Not one of the allowed values"),
    "uuid_parsing": Text("须为 UUID", "Must be a UUID"),
    "json_invalid": Text("不是有效的 JSON", "Not valid JSON"),
}
_OTHER = Text("格式不正确", "Not valid")


def problem(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """The response that tells a refusal."""
    response = HttpResponse(
        json.dumps(refusal.to_problem(language(request)), ensure_ascii=False),
        status=refusal.status,
        content_type="application/problem+json",
    )
    response["Cache-Control"] = "no-store"
    response["Content-Language"] = "zh-CN" if language(request) == "zh" else "en"
    wait = refusal.data.get("retry_after_seconds")
    if wait:
        response["Retry-After"] = str(wait)
    return response


def answer_with_problems(api: NinjaAPI) -> None:
    """Have an API answer every refusal and every failure of its own as a problem document."""

    def on_refusal(request: HttpRequest, raised: Any) -> HttpResponse:
        return problem(request, raised)

    def on_invalid(request: HttpRequest, raised: Any) -> HttpResponse:
        return problem(request, invalid(*(_field_error(one) for one in raised.errors)))

    def on_unknown_caller(request: HttpRequest, raised: Any) -> HttpResponse:
        return problem(request, signed_out())

    def on_missing(request: HttpRequest, raised: Any) -> HttpResponse:
        return problem(request, not_found(Text("内容", "It")))

    def on_http_error(request: HttpRequest, raised: Any) -> HttpResponse:
        malformed = Text("无法读取请求内容", "The request cannot be read")
        return problem(request, Refusal("bad_request", malformed, status=raised.status_code))

    def on_failure(request: HttpRequest, raised: Any) -> HttpResponse:
        _log.error("request failed: %s %s", request.method, request.path, exc_info=raised)
        failed = Text("服务器出错了，请稍后重试", "Something failed on our side; please try again later")
        return problem(request, Refusal("internal", failed, status=500))

    api.add_exception_handler(Refusal, on_refusal)
    api.add_exception_handler(ValidationError, on_invalid)
    api.add_exception_handler(AuthenticationError, on_unknown_caller)
    api.add_exception_handler(Http404, on_missing)
    api.add_exception_handler(HttpError, on_http_error)
    api.add_exception_handler(Exception, on_failure)


def _field_error(error: dict[str, Any]) -> FieldError:
    """`("body", "given", "lines", 2, "amount")` → `lines[2].amount`."""
    path = ""
    for part in list(error.get("loc", ()))[2:] or list(error.get("loc", ()))[-1:]:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
    kind = str(error.get("type", "invalid"))
    return FieldError(path or "body", kind, _WORDS.get(kind, _OTHER))
