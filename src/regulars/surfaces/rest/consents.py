"""What members agreed to: what holds, the ledger behind it, and recording what was given or taken back elsewhere."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router

from regulars.facts.consents import api as consents
from regulars.kit import clock
from regulars.platform.organisations import api as organisations
from regulars.surfaces.access import language
from regulars.surfaces.consent_views import (
    ConsentActOut,
    ConsentHeldOut,
    ConsentsIn,
    act_out,
    given,
    held_out,
)
from regulars.surfaces.rest import finding
from regulars.surfaces.rest.keys import needs, scope_of
from regulars.surfaces.rest.shapes import PAGE, Cursor, Limit, ListOut, PageOut

router = Router(tags=["Members"])


@router.get("/members/{member}/consents", response=ListOut[ConsentHeldOut], **needs("members.read"))
def get_consents(request: HttpRequest, member: finding.MemberPath) -> Any:
    """What holds for the terms and for marketing by each channel."""
    scope = scope_of(request)
    found = consents.states(brand_id=scope.brand_id, member_id=finding.member_id(scope, member))
    return {"items": held_out(found)}


@router.post("/members/{member}/consents", response=ListOut[ConsentHeldOut], **needs("members.write"))
def record_consents(request: HttpRequest, member: finding.MemberPath, body: ConsentsIn) -> Any:
    """Record what she said yes or no to elsewhere. An act older than what holds is kept, and changes nothing."""
    scope = scope_of(request)
    found = consents.record(
        scope=scope,
        member_id=finding.member_id(scope, member),
        consents=given(organisations.get_brand(brand_id=scope.brand_id), body.consents),
        source="api",
        language=language(request),
        now=clock.now(),
    )
    return {"items": held_out(found)}


@router.get("/members/{member}/consents/history", response=PageOut[ConsentActOut], **needs("members.read"))
def list_consent_acts(
    request: HttpRequest, member: finding.MemberPath, cursor: Cursor = None, limit: Limit = PAGE
) -> Any:
    """Her acts with the texts she was shown, the one recorded last first."""
    scope = scope_of(request)
    page = consents.history(
        scope=scope, member_id=finding.member_id(scope, member), cursor=cursor, limit=limit
    )
    return {"items": [act_out(act) for act in page.items], "next_cursor": page.next_cursor}
