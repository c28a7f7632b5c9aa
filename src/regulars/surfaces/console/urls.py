"""The address of the console's API."""

from __future__ import annotations

from django.urls import path

from regulars.surfaces.console.application import api

urlpatterns = [path("api/console/", api.urls)]
