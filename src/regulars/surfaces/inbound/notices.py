"""Where payment providers call back. No session, no key: the provider's signature is what counts."""

from __future__ import annotations

import logging
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from regulars.flows import payments
from regulars.flows.mall import api as mall
from regulars.flows.plans import api as plans
from regulars.flows.prepaid import api as prepaid
from regulars.kit import clock
from regulars.kit.errors import Refusal
from regulars.platform.payments.types import RawNotice
from regulars.surfaces import access, rates

_log = logging.getLogger(__name__)
MOST_BYTES = 64 * 1024
# The flows whose payments may be paid here have to be loaded: they say by `payments.takes` what that means.
TAKERS = (mall, plans, prepaid)


@csrf_exempt
def take_notice(request: HttpRequest, provider: str, account_id: UUID) -> HttpResponse:
    """A callback. Refusals are said by status alone: whoever calls is a machine, or nobody who should be told more."""
    if request.method != "POST":
        return HttpResponse(status=405, headers={"Allow": "POST"})
    try:
        rates.charge_notice(access.client_ip(request))
        if int(request.META.get("CONTENT_LENGTH") or 0) > MOST_BYTES:
            return HttpResponse(status=413)
        raw = RawNotice(
            headers={name.lower(): value for name, value in request.headers.items()}, body=request.body
        )
        answer = payments.take_notice(provider=provider, account_id=account_id, raw=raw, now=clock.now())
    except ValueError:
        return HttpResponse(status=400)
    except Refusal as refusal:
        if refusal.status >= 500:
            _log.error("a payment notice could not be read: %s", refusal.code)
        return HttpResponse(status=refusal.status)
    return HttpResponse(
        answer.body,
        status=answer.status,
        content_type=answer.content_type,
        headers={"Cache-Control": "no-store"},
    )
