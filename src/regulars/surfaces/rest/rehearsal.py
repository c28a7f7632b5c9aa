"""Test mode: with a test key every write is checked, decided and answered as always, and then none of it is kept."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction
from django.http import HttpRequest, HttpResponseBase

_READS = frozenset({"GET", "HEAD", "OPTIONS"})
HEADER = "X-Regulars-Test"


def rehearse(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware: writes of test keys run in a transaction that is rolled back; the answer says so in `HEADER`."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if not is_rehearsal(request):
            return get_response(request)
        with transaction.atomic():
            response = get_response(request)
            transaction.set_rollback(True)
        response[HEADER] = "true"
        return response

    return middleware


def is_rehearsal(request: HttpRequest) -> bool:
    """Whether this is a write with a test key. The key itself is proven further in."""
    return (
        request.method not in _READS
        and request.path_info.startswith("/api/v1/")
        and request.headers.get("Authorization", "").startswith("Bearer rk_test_")
    )
