"""Manual adjustments that wait for a second person, and those that were decided."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from django.http import HttpRequest
from ninja import Router

from regulars.facts.members import api as members
from regulars.flows import value
from regulars.flows.value import REASONS
from regulars.kit import clock
from regulars.kit.text import Text
from regulars.platform.audit import api as audit
from regulars.surfaces.access import language, scope_of
from regulars.surfaces.console.asking import PAGE, Code, Cursor, Limit, member_id_of, needs, uuid_of
from regulars.surfaces.console.naming import Naming
from regulars.surfaces.console.shapes.members import AdjustmentOut, DecideIn
from regulars.surfaces.console.shapes.shared import PageOut
from regulars.value.ledger import records
from regulars.value.ledger.types import AdjustmentRow

router = Router(tags=["Adjustments"])


@router.get("/adjustments", response=PageOut[AdjustmentOut], **needs("ledger.read"))
def list_adjustments(
    request: HttpRequest,
    state: Literal["waiting", "posted", "rejected"] | None = None,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> Any:
    """Adjustments of the brand, newest first."""
    scope = scope_of(request)
    naming = Naming(scope, language(request), clock.now())
    page = records.list_adjustments(brand_id=scope.brand_id, state=state, cursor=cursor, limit=limit)
    return PageOut[AdjustmentOut](items=adjustment_out(naming, page.items), next_cursor=page.next_cursor)


@router.post("/adjustments/{member}/{adjustment_id}", response=AdjustmentOut, **needs("ledger.approve"))
def decide(request: HttpRequest, member: Code, adjustment_id: Code, given: DecideIn) -> Any:
    """The second person's yes or no. 403 `own_adjustment` for who asked for it."""
    scope, now = scope_of(request), clock.now()
    row = value.decide_adjustment(
        scope=scope,
        member_id=member_id_of(scope, member),
        adjustment_id=uuid_of(adjustment_id, Text("调整申请", "Adjustment")),
        approve=given.approve,
        now=now,
    )
    if given.comment.strip():
        audit.record(
            organisation_id=scope.organisation_id,
            brand_id=scope.brand_id,
            actor=scope.actor,
            action="adjustment.comment",
            subject_type="adjustment",
            subject_id=row.id,
            after={"comment": given.comment.strip()},
            now=now,
        )
    return adjustment_out(Naming(scope, language(request), now), [row])[0]


def adjustment_out(naming: Naming, rows: Sequence[AdjustmentRow]) -> list[AdjustmentOut]:
    named = members.names_of(scope=naming.scope, member_ids={row.member_id for row in rows}) if rows else {}
    return [
        AdjustmentOut(
            id=str(row.id),
            member=named.get(row.member_id, ("", ""))[0],
            member_name=named.get(row.member_id, ("", ""))[1],
            unit=row.unit,
            unit_name=naming.unit(row.unit),
            amount=row.amount,
            reason=row.reason,
            reason_name=naming.say(REASONS.get(row.reason, Text(row.reason, row.reason))),
            comment=row.comment,
            state=row.state,
            asked_by=row.asked_by_label,
            decided_by=row.decided_by_label,
            created_at=row.created_at,
            decided_at=row.decided_at,
            own=row.asked_by == naming.scope.actor.id,
        )
        for row in rows
    ]
