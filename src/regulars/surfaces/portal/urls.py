"""Addresses of the portal: its API, its pages."""

from __future__ import annotations

from django.urls import path, re_path

from regulars.surfaces.portal.application import api
from regulars.surfaces.portal.page import page

urlpatterns = [
    path("api/portal/", api.urls),
    re_path(r"^h/(?P<slug>[a-z0-9][a-z0-9-]*)(?P<rest>/.*)?$", page, name="portal-page"),
]
