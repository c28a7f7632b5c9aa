"""The addresses of the public API."""

from __future__ import annotations

from django.urls import path

from regulars.surfaces.rest.application import api

# Addresses are tried one after the other: those of tills and shops come first, or each of them looks at 170 others.
_FIRST = ("quotes", "checkouts", "activities", "activities/batch")

_patterns, _application, _namespace = api.urls
_patterns = sorted(_patterns, key=lambda one: str(one.pattern) not in _FIRST)
urlpatterns = [path("api/v1/", (_patterns, _application, _namespace))]
