"""The public API: its parts, its description, its way of saying no."""

from __future__ import annotations

from typing import Any

import msgspec
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema

from regulars import __version__
from regulars.facts.activity.types import ActivityIn, Receipt
from regulars.surfaces import checkout_shapes
from regulars.surfaces.problems import answer_with_problems
from regulars.surfaces.rest import (
    activities,
    blueprint,
    bookings,
    campaigns,
    care,
    categories,
    checkouts,
    consents,
    coupons,
    gift_cards,
    giving,
    insight,
    journeys,
    lifecycle,
    mall,
    members,
    messages,
    outlook,
    plans,
    play,
    prepaid,
    programme,
    recommendations,
    referrals,
    segments,
    templates,
    tiers,
    value,
    voices,
    webhooks,
)
from regulars.surfaces.rest.shapes import PROBLEM_CONTENT, Problem

_DESCRIPTION = """Members, what they do, and what it earns them.

Send an API key as `Authorization: Bearer rk_live_…`; each operation names the permission it needs (`x-permission`).
A key belongs to one brand and sees nothing else. Amounts of money are whole minor units (fen, cents) of the
programme's currency; instants carry their offset. Lists are paged by `cursor`. Refusals are
`application/problem+json` (RFC 9457) with a stable `code`, in the language of `Accept-Language` (zh-CN or en).
"""
_TAGS = [
    {"name": "Members", "description": "Enrol, find, read and change members; identities, tags, notes."},
    {"name": "Activities", "description": "Post what members do; read it; have it explained."},
    {"name": "Checkout", "description": "Quote a cart, commit it, take goods back, cancel, reopen."},
    {"name": "Value", "description": "Balances, lots and ledger; burns, holds, adjustments."},
    {
        "name": "Coupons",
        "description": "Definitions, issuing, codes, verification at a store, gifts; budgets.",
    },
    {
        "name": "Rewards",
        "description": "The rewards mall: catalogue, stock, codes, redemption orders, report.",
    },
    {"name": "Bookings", "description": "Appointments: services, resources, slots, bookings, waiting list."},
    {"name": "Tiers and benefits", "description": "Tier progress and history; benefits and their use."},
    {"name": "Plans", "description": "Paid membership: plans, subscriptions, savings; payments and refunds."},
    {
        "name": "Prepaid value",
        "description": "Stored value, packages, stamps, gifts between members; what is owed.",
    },
    {"name": "Gift cards", "description": "Batches, sales, binding to members, giving on, voiding."},
    {
        "name": "Insight",
        "description": "How fresh what is learned is; RFM; tiers over time; members as of a past instant; stages, "
        "KOC scores, profiles, reports and goals.",
    },
    {
        "name": "Value and churn",
        "description": "What members will be worth, whether they buy again, and why not.",
    },
    {"name": "Recommendations", "description": "What members are recommended; what goes together."},
    {
        "name": "Segments",
        "description": "Groups of members by any condition; facts and scores of a member; profiling.",
    },
    {
        "name": "Templates and links",
        "description": "Message templates: write, preview, submit, approve; short links and where they may lead.",
    },
    {"name": "Voice of members", "description": "What members said, as read: moods, topics, needs."},
    {
        "name": "Campaigns",
        "description": "One offer to an audience: launch, progress, and what it brought against those held out.",
    },
    {
        "name": "Journeys",
        "description": "Paths that members walk step by step: publish, start, stop, counts, dry runs.",
    },
    {
        "name": "Care",
        "description": "Care plans and their results, the calendar, and tasks that staff do for members.",
    },
    {
        "name": "Missions and play",
        "description": "A member's missions, check-in, badges, leaderboards and draws; the log that anybody can check.",
    },
    {
        "name": "Webhooks",
        "description": "Endpoints that are told what happens, their secrets, log and replay.",
    },
    {
        "name": "Messages",
        "description": "Ask for messages, see what became of each; limits of sending, the holdout, closed addresses.",
    },
    {
        "name": "Referrals",
        "description": "Who came by whom, links and what they brought, promoters' commission and statements.",
    },
    {
        "name": "Programme",
        "description": "The live programme, stores, activity types, profile fields, tags, categories.",
    },
]


class _Api(NinjaAPI):
    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        schema = super().get_openapi_schema(**options)
        _complete(schema)
        return schema


def _complete(schema: dict[str, Any]) -> None:
    """Add what the framework leaves out: the hot path's shapes, the problem document as every refusal's answer."""
    components = schema["components"].setdefault("schemas", {})
    _, shapes = msgspec.json.schema_components(
        [ActivityIn, Receipt, *checkout_shapes.ASKED, *checkout_shapes.SHOWN],
        ref_template="#/components/schemas/{name}",
    )
    components.update(shapes)
    components["Problem"] = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    components.update(components["Problem"].pop("$defs", {}))
    components["ActivityBatch"] = {
        "type": "object",
        "description": "Up to 10 000 activities.",
        "properties": {
            "activities": {
                "type": "array",
                "minItems": 1,
                "maxItems": activities.MOST,
                "items": {"$ref": "#/components/schemas/ActivityIn"},
            }
        },
        "required": ["activities"],
        "additionalProperties": False,
    }
    item = {
        "type": "object",
        "properties": {
            "receipt": {"$ref": "#/components/schemas/Receipt"},
            "problem": {"$ref": "#/components/schemas/Problem"},
        },
    }
    components["ActivityBatchResult"] = {
        "type": "object",
        "description": "A receipt or a problem for each activity, in order.",
        "properties": {"items": {"type": "array", "items": item}},
        "required": ["items"],
    }
    for path in schema["paths"].values():
        for operation in path.values():
            refused = {"description": "Refused: the problem", "content": PROBLEM_CONTENT}
            operation["responses"]["default"] = refused
    for scheme in schema["components"]["securitySchemes"].values():
        scheme["description"] = "An API key of the brand, made in the console: `rk_live_…` or `rk_test_…`."


api = _Api(
    title="Regulars API",
    version=__version__,
    description=_DESCRIPTION,
    urls_namespace="rest",
    docs_url=None,
    openapi_url="/openapi.json",
    openapi_extra={
        "tags": _TAGS,
        "info": {"license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
    },
)
answer_with_problems(api)


for part in (
    members, activities, value, coupons, tiers, programme, categories, blueprint, plans, prepaid, giving,
    gift_cards, mall, bookings, checkouts, webhooks, consents, recommendations, voices, outlook, insight,
    lifecycle, segments, campaigns, care, journeys, play, referrals, messages, templates,
):  # fmt: skip
    api.add_router("", part.router)
