"""Addresses that others call: payment providers with their notices, the simulated provider's pay page, short links,
ways out of marketing, and the reports of those who carry messages."""

from __future__ import annotations

from django.urls import path

from regulars.surfaces.inbound.links import follow, take_report, way_out
from regulars.surfaces.inbound.notices import take_notice
from regulars.surfaces.inbound.simulator import pay_page

urlpatterns = [
    path("s/<str:code>", follow),
    path("u/<str:code>", way_out),
    path("m/receipts/<uuid:account_id>/<str:key>", take_report),
    path("pay/notice/<slug:provider>/<uuid:account_id>", take_notice),
    path("pay/simulator/<uuid:account_id>/<slug:number>", pay_page),
]
