"""Addresses that others call: payment providers with their notices, and the simulated provider's pay page."""

from __future__ import annotations

from django.urls import path

from regulars.surfaces.inbound.notices import take_notice
from regulars.surfaces.inbound.simulator import pay_page

urlpatterns = [
    path("pay/notice/<slug:provider>/<uuid:account_id>", take_notice),
    path("pay/simulator/<uuid:account_id>/<slug:number>", pay_page),
]
