"""Pages that belong to no surface: the front ends' entry pages, the API's documentation, health."""

from __future__ import annotations

from django.conf import settings
from django.db import OperationalError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


def _entry(front_end: str) -> HttpResponse:
    """A front end's page: never stored, for it names the assets of the version that is installed now."""
    try:
        content = (settings.PACKAGE / "static" / front_end / "index.html").read_bytes()
    except FileNotFoundError:
        return HttpResponse(f"{front_end}: make web", status=503, content_type="text/plain; charset=utf-8")
    return HttpResponse(content, headers={"Cache-Control": "no-store"})


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Staff are the ones who type the bare address."""
    return HttpResponseRedirect("/console/")


@require_safe
def console(request: HttpRequest) -> HttpResponse:
    """Any address below /console/ is the console's own to read."""
    return _entry("console") if request.path != "/console" else HttpResponseRedirect("/console/")


@require_safe
def portal(request: HttpRequest) -> HttpResponse:
    """The portal of the brand named in the address."""
    return _entry("portal")


@require_safe
def documentation(request: HttpRequest) -> HttpResponse:
    """The public API, to be read and tried out; everything the page loads is ours."""
    answer = render(request, "api_documentation.html")
    answer["Cache-Control"] = "no-store"
    return answer


@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """200 while this process and the database answer, 503 otherwise."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except OperationalError:
        answer = JsonResponse({"status": "unavailable", "database": False}, status=503)
        answer._has_been_logged = True  # type: ignore[attr-defined]  # asked every second while the database restarts
        return answer
    return JsonResponse({"status": "ok", "database": True})
