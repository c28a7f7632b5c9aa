"""The addresses of the public API."""

from __future__ import annotations

from django.urls import path

from regulars.surfaces.rest.application import api

urlpatterns = [path("api/v1/", api.urls)]
