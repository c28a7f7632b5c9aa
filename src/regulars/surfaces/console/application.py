"""The console's API under /api/console: every part of it. For the console's own pages; integrations use /api/v1."""

from __future__ import annotations

from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema

from regulars import __version__
from regulars.surfaces import checkout_shapes
from regulars.surfaces.console import (
    adjustments,
    audit,
    bookings,
    brand,
    budgets,
    campaigns,
    care,
    categories,
    choices,
    consents,
    coupon_codes,
    coupon_issues,
    coupons,
    fields,
    gift_cards,
    home,
    households,
    imports,
    insight,
    journeys,
    keys,
    liability,
    lifecycle,
    lots,
    member_coupons,
    member_play,
    members,
    messages,
    missions,
    outlook,
    payments,
    people,
    plans,
    play,
    prepaid,
    programme,
    recommend,
    redemptions,
    referrals,
    reports,
    reviews,
    rewards,
    roles,
    segments,
    sends,
    session,
    stores,
    tags,
    templates,
    tier_editor,
    till,
    timeline,
    trials,
    types,
    value,
    verifying,
    voices,
    webhooks,
)
from regulars.surfaces.problems import StrictJson, answer_with_problems


class _Api(NinjaAPI):
    """Answers hold people's data, so no cache may keep them."""

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        schema = super().get_openapi_schema(**options)
        _, shapes = msgspec.json.schema_components(
            [*checkout_shapes.ASKED, *checkout_shapes.SHOWN], ref_template="#/components/schemas/{name}"
        )
        schema["components"].setdefault("schemas", {}).update(shapes)
        return schema

    def create_response(self, request: HttpRequest, *given: Any, **options: Any) -> HttpResponse:
        answer = super().create_response(request, *given, **options)
        answer["Cache-Control"] = "no-store"
        return answer


api = _Api(
    title="Regulars console",
    version=__version__,
    description="What the operator's pages ask. Staff sign in with a session cookie; writes carry the CSRF token; the "
    "header `X-Regulars-Brand` names the brand. Not for integrations: those use /api/v1.",
    urls_namespace="console",
    parser=StrictJson(),
    docs_url=None,
    openapi_url=None,
)
answer_with_problems(api)

for part in (
    session, home, choices, members, timeline, lots, value, adjustments, tags, stores, brand, fields, types,
    categories, people, roles, keys, audit, messages, templates, programme, tier_editor, reviews, verifying, trials,
    imports, rewards,
    redemptions, bookings, till,
    coupons, coupon_issues, coupon_codes, member_coupons, budgets, prepaid, gift_cards, households, liability,
    plans, payments, webhooks, consents, recommend, voices, outlook,
    lifecycle, reports, insight, segments, campaigns, care, missions, play, member_play, journeys, referrals, sends,
):  # fmt: skip
    api.add_router("", part.router)
