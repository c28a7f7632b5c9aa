"""The console's API under /api/console: every part of it. For the console's own pages; integrations use /api/v1."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI

from regulars import __version__
from regulars.surfaces.console import (
    adjustments,
    audit,
    brand,
    choices,
    fields,
    home,
    imports,
    keys,
    lots,
    members,
    messages,
    people,
    programme,
    roles,
    session,
    stores,
    tags,
    timeline,
    trials,
    types,
    value,
)
from regulars.surfaces.problems import StrictJson, answer_with_problems


class _Api(NinjaAPI):
    """Answers hold people's data, so no cache may keep them."""

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
    session, home, choices, members, timeline, lots, value, adjustments, tags, stores, brand, fields, types, people,
    roles, keys, audit, messages, programme, trials, imports,
):  # fmt: skip
    api.add_router("", part.router)
