"""The two cookies of the portal: the session, and the proof that is carried from the code to the form."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from regulars.platform.organisations.types import Brand
from regulars.platform.signin import api as signin
from regulars.platform.signin import policy as limits
from regulars.surfaces.access import member_cookie
from regulars.surfaces.portal.shapes import SignInOut
from regulars.surfaces.portal.signing import Entrance

_VISITOR_SECONDS = 365 * 86_400


def enter(response: HttpResponse, brand: Brand, entrance: Entrance) -> SignInOut:
    """Give the browser what it has to keep, and say what comes next."""
    if entrance.token:
        _set(response, member_cookie(brand), entrance.token, limits.SESSION_LIFE.total_seconds())
        response.delete_cookie(_proof_cookie(brand), path=_api(brand), samesite="Lax")
        return SignInOut(outcome="signed_in")
    _set(response, _proof_cookie(brand), entrance.proof, limits.TICKET_LIFE.total_seconds(), path=_api(brand))
    return SignInOut(outcome="enrol")


def leave(request: HttpRequest, response: HttpResponse, brand: Brand) -> None:
    """End the session here and on the server."""
    signin.close_session(token=request.COOKIES.get(member_cookie(brand), ""))
    response.delete_cookie(member_cookie(brand), path="/", samesite="Lax")
    response.delete_cookie(_proof_cookie(brand), path=_api(brand), samesite="Lax")


def proof(request: HttpRequest, brand: Brand) -> str:
    return request.COOKIES.get(_proof_cookie(brand), "")


def visitor(request: HttpRequest, brand: Brand) -> UUID | None:
    """Who opened links from this browser before; None for somebody new, or for what is no id of ours."""
    try:
        return UUID(request.COOKIES.get(f"visitor_{brand.slug}", ""))
    except ValueError:
        return None


def keep_visitor(response: HttpResponse, brand: Brand, visitor_id: UUID) -> None:
    """Remember a visitor for a year; the id says nothing of her."""
    _set(response, f"visitor_{brand.slug}", str(visitor_id), _VISITOR_SECONDS, path=_api(brand))


def _set(response: HttpResponse, name: str, value: str, seconds: float, *, path: str = "/") -> None:
    response.set_cookie(
        name,
        value,
        max_age=int(seconds),
        path=path,
        httponly=True,
        secure=bool(settings.SESSION_COOKIE_SECURE),
        samesite="Lax",
    )


def _proof_cookie(brand: Brand) -> str:
    return f"proof_{brand.slug}"


def _api(brand: Brand) -> str:
    return f"/api/portal/{brand.slug}/"
