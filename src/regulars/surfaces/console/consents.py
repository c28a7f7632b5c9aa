"""A member's consents in the console: what holds, the ledger, and recording what she told staff."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router

from regulars.facts.consents import api as consents
from regulars.kit import clock
from regulars.surfaces.access import language, scope_of
from regulars.surfaces.consent_views import (
    ConsentActOut,
    ConsentHeldOut,
    ConsentsIn,
    act_out,
    given,
    held_out,
)
from regulars.surfaces.console.asking import PAGE, Code, Cursor, Limit, brand_of, member_id_of, needs
from regulars.surfaces.console.shapes.shared import PageOut

router = Router(tags=["Members"])


@router.get("/members/{code}/consents", response=list[ConsentHeldOut], **needs("members.read"))
def get_consents(request: HttpRequest, code: Code) -> Any:
    """What holds for the terms and for marketing by each channel."""
    scope = scope_of(request)
    return held_out(consents.states(brand_id=scope.brand_id, member_id=member_id_of(scope, code)))


@router.post("/members/{code}/consents", response=list[ConsentHeldOut], **needs("members.write"))
def record_consents(request: HttpRequest, code: Code, body: ConsentsIn) -> Any:
    """Record what she told staff, with a note of how. Audited."""
    scope = scope_of(request)
    found = consents.record(
        scope=scope,
        member_id=member_id_of(scope, code),
        consents=given(brand_of(scope), body.consents),
        source="store" if scope.store_ids is not None else "staff",
        language=language(request),
        now=clock.now(),
    )
    return held_out(found)


@router.get("/members/{code}/consents/history", response=PageOut[ConsentActOut], **needs("members.read"))
def list_consent_acts(request: HttpRequest, code: Code, cursor: Cursor = None, limit: Limit = PAGE) -> Any:
    """Her acts with the texts she was shown, the one recorded last first."""
    scope = scope_of(request)
    page = consents.history(scope=scope, member_id=member_id_of(scope, code), cursor=cursor, limit=limit)
    return {"items": [act_out(act) for act in page.items], "next_cursor": page.next_cursor}
