"""Short links, the way out of marketing, and what providers report of messages. No session: the address is the key."""

from __future__ import annotations

import logging
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.csrf import csrf_exempt

from regulars.kit import clock
from regulars.kit.errors import Refusal
from regulars.kit.text import Text
from regulars.messaging import api as messaging
from regulars.surfaces import access, rates

_log = logging.getLogger(__name__)
MOST_BYTES = 512 * 1024
_NOT_THERE = Text("链接不存在或已失效", "This link does not exist, or has ended")
_QUIET = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow"}


def follow(request: HttpRequest, code: str) -> HttpResponse:
    """On to where a short link leads."""
    if request.method not in ("GET", "HEAD"):
        return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
    try:
        rates.charge_address(access.client_ip(request))
        target = messaging.follow(
            code=code,
            method=request.method,
            headers=_headers(request),
            address=access.client_ip(request),
            now=clock.now(),
        )
    except Refusal as refusal:
        return _refused(request, refusal)
    return HttpResponseRedirect(target, headers=_QUIET)


@csrf_exempt
def way_out(request: HttpRequest, code: str) -> HttpResponse:
    """GET leads to the page with the one button; a POST is the mail reader's own button (RFC 8058)."""
    if request.method not in ("GET", "HEAD", "POST"):
        return HttpResponse(status=405, headers={"Allow": "GET, HEAD, POST"})
    try:
        rates.charge_address(access.client_ip(request))
        found = messaging.get_way_out(code=code)
        if request.method == "POST":
            if request.POST.get("List-Unsubscribe") != "One-Click":
                return HttpResponse(status=400, headers=_QUIET)
            messaging.leave(code=code, language=found.language, now=clock.now())
            return HttpResponse(status=200, headers=_QUIET)
    except Refusal as refusal:
        return _refused(request, refusal)
    return HttpResponseRedirect(f"/h/{found.brand.slug}/leave/{code}", headers=_QUIET)


@csrf_exempt
def take_report(request: HttpRequest, account_id: UUID, key: str) -> HttpResponse:
    """A provider's report. Refusals are said by status alone."""
    if request.method not in ("GET", "POST"):
        return HttpResponse(status=405, headers={"Allow": "GET, POST"})
    try:
        rates.charge_notice(access.client_ip(request))
        if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
            return HttpResponse(status=413)
        said = messaging.take_report(
            account_id=account_id,
            key=key,
            method=request.method,
            query={name: str(value) for name, value in request.GET.items()},
            body=request.body,
            headers=_headers(request),
            now=clock.now(),
        )
    except ValueError:
        return HttpResponse(status=400)
    except Refusal as refusal:
        if refusal.status >= 500:
            _log.error("a report of messages could not be read: %s", refusal.code)
        return HttpResponse(status=refusal.status)
    return HttpResponse(said.answer, content_type=said.content_type, headers={"Cache-Control": "no-store"})


def _headers(request: HttpRequest) -> dict[str, str]:
    return {name.lower(): value for name, value in request.headers.items()}


def _refused(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    if refusal.status == 404:
        text = _NOT_THERE.in_language(access.language(request))
        return HttpResponse(text, status=404, content_type="text/plain; charset=utf-8", headers=_QUIET)
    return HttpResponse(status=refusal.status, headers=_QUIET)
