"""Who may come in: the brand of the address, the same site for every write, a signed-in member where one is needed."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja.utils import check_csrf

from regulars.kit import clock
from regulars.kit.errors import Refusal
from regulars.kit.text import Text
from regulars.platform.organisations.types import Brand
from regulars.surfaces import access
from regulars.surfaces.access import MemberAccess

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class AnyVisitor:
    """Anybody, but writes only from our own pages (CSRF)."""

    def __call__(self, request: HttpRequest) -> Any:
        _same_site(request)
        return brand_of(request)


class SignedIn:
    """A member signed in to the brand of the address; `request.auth` is her `MemberAccess`."""

    def __call__(self, request: HttpRequest) -> MemberAccess:
        _same_site(request)
        found = access.member_access(request, brand_of(request), clock.now())
        if found is None:
            raise access.signed_out()
        return found


def brand_of(request: HttpRequest) -> Brand:
    """The brand in the address. Raises `not_found`."""
    match = request.resolver_match
    return access.brand_of_slug(str(match.kwargs.get("slug", "")) if match else "")


def member_of(request: HttpRequest) -> MemberAccess:
    """Whom `SignedIn` let in."""
    found: MemberAccess = request.auth  # type: ignore[attr-defined]
    return found


def _same_site(request: HttpRequest) -> None:
    if request.method not in _SAFE and check_csrf(request) is not None:
        raise Refusal(
            "csrf_failed",
            Text("页面已过期，请刷新后重试", "This page is out of date; reload it and try again"),
            status=403,
        )
