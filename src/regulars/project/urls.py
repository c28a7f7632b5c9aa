"""Which address leads where: the surfaces' own addresses, the two front ends, the API's documentation, health."""

from __future__ import annotations

import importlib.util

from django.urls import URLPattern, URLResolver, include, path, re_path

from regulars.project import pages

_SURFACES = ("rest", "console", "portal", "inbound")


def _surfaces() -> list[URLPattern | URLResolver]:
    names = [f"regulars.surfaces.{surface}" for surface in _SURFACES]
    present = [
        name for name in names if importlib.util.find_spec(name) and importlib.util.find_spec(f"{name}.urls")
    ]
    return [path("", include(f"{name}.urls")) for name in present]


urlpatterns: list[URLPattern | URLResolver] = [
    *_surfaces(),
    path("healthz", pages.health),
    path("api/docs", pages.documentation),
    path("", pages.home),
    re_path(r"^console(?:/.*)?$", pages.console),
    re_path(r"^h/[a-z0-9][a-z0-9-]*(?:/.*)?$", pages.portal),
]
