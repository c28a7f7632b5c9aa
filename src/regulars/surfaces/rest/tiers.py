"""Tiers and benefits of a member: progress, history, placing by hand; using a benefit and undoing it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router, Schema, Status
from pydantic import StringConstraints

from regulars.facts.members import api as members
from regulars.flows import value, verifying
from regulars.flows.plans import api as plan_flow
from regulars.flows.plans.types import Given
from regulars.kit import clock
from regulars.kit.text import Language
from regulars.platform.organisations.types import Scope
from regulars.programme.rules.types import Programme
from regulars.surfaces.access import language
from regulars.surfaces.rest import finding, standing
from regulars.surfaces.rest.activities import RECEIPTS, answer
from regulars.surfaces.rest.keys import needs, scope_of
from regulars.surfaces.rest.shapes import PAGE, Cursor, In, Instant, Limit, ListOut, PageOut, TextOut, Word
from regulars.surfaces.rest.value import Key
from regulars.value.benefits import api as benefits
from regulars.value.benefits.types import BenefitUseRow, UseReceipt
from regulars.value.tiers import api as tiers
from regulars.value.tiers.types import Requirement, TierProgress

router = Router(tags=["Tiers and benefits"])
SchemePath = Annotated[str, Path(max_length=64, pattern=r"^[^\x00]*$")]
Said = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\x00]*$")]


class PartOut(Schema):
    """`have` of `at_least` of a metric; `spend` in minor units."""

    metric: str
    have: int
    at_least: int
    missing: int


class RequirementOut(Schema):
    """`need` of `parts` must hold, by the last day `by`."""

    tier: str
    parts: list[PartOut]
    need: int
    met: bool
    by: date | None
    sentence: str


class ProgressOut(Schema):
    """A tier now, what keeps it, what reaches the next; sentences in the caller's language."""

    scheme: str
    tier: str
    name: TextOut
    colour: str
    since: datetime
    ends_at: datetime | None
    grace_ends_at: datetime | None
    locked: bool
    to_keep: RequirementOut | None
    to_next: RequirementOut | None
    sentences: list[str]


class TierAsOfOut(Schema):
    scheme: str
    tier: str | None
    since: datetime | None


class TierChangeOut(Schema):
    """From `occurred_at` on the member is in `tier`."""

    id: UUID
    scheme: str
    previous: str
    tier: str
    reason: str
    comment: str
    ends_at: datetime | None
    activity_id: UUID | None
    actor: str
    occurred_at: datetime
    recorded_at: datetime


class PlaceIn(In):
    """`locked`: automatic moves are off, until `until` if given."""

    tier: Word
    reason: Literal["manual", "match"] = "manual"
    comment: Said
    locked: bool = False
    until: Instant | None = None


class UnlockIn(In):
    comment: Said


class BenefitOut(Schema):
    """`quota` and `remaining` are null without a quota; `automatic` ones take effect by themselves."""

    key: str
    name: TextOut
    description: TextOut
    kind: str
    period: str
    resets_at: datetime | None
    quota: int | None
    used: int
    remaining: int | None
    automatic: bool


class UseIn(In):
    """`store`: the code of the store where it is used; `device` the till it comes from, for rules against abuse."""

    store: Word | None = None
    device: Word | None = None


class UseOut(Schema):
    id: UUID
    benefit: str
    period: str
    store: str | None
    actor: str
    used_at: datetime
    undone_at: datetime | None


class UseReceiptOut(Schema):
    """`repeated`: it had been done before, nothing was done again."""

    use: UseOut
    remaining: int | None
    repeated: bool


@router.get("/members/{member}/tiers", response=ListOut[ProgressOut], **needs("ledger.read"))
def get_tiers(request: HttpRequest, member: finding.MemberPath) -> Any:
    """Where a member stands in each scheme, and what it takes to keep it and to rise."""
    scope, now = scope_of(request), clock.now()
    member_id = finding.member_id(scope, member)
    programme = standing.required(scope, now)
    joined_at = members.get_card(scope=scope, member_id=member_id).joined_at
    standings = standing.standings(scope, programme, member_id, joined_at)
    names = standing.metric_names(scope, programme)
    said = language(request)
    return {
        "items": [
            _progress(
                tiers.progress(
                    scheme,
                    standings[scheme.key],
                    now=now,
                    tz=programme.timezone,
                    currency=programme.currency,
                    names=names,
                ),
                said,
            )
            for scheme in programme.schemes
        ]
    }


@router.get("/members/{member}/tiers/as-of", response=ListOut[TierAsOfOut], **needs("ledger.read"))
def get_tiers_as_of(
    request: HttpRequest,
    member: finding.MemberPath,
    at: Annotated[Instant, Query()],
    known_at: Annotated[Instant | None, Query(description="by what was known then; otherwise now")] = None,
) -> Any:
    """Which tiers a member was in at an instant, by what is known now or was known at another."""
    scope = scope_of(request)
    member_id = finding.member_id(scope, member)
    items = []
    for scheme in standing.required(scope, clock.now()).schemes:
        row = tiers.tier_as_of(scope=scope, member_id=member_id, scheme=scheme.key, at=at, known_at=known_at)
        items.append(
            {
                "scheme": scheme.key,
                "tier": row.tier if row else None,
                "since": row.occurred_at if row else None,
            }
        )
    return {"items": items}


@router.get("/members/{member}/tiers/history", response=PageOut[TierChangeOut], **needs("ledger.read"))
def list_tier_history(
    request: HttpRequest,
    member: finding.MemberPath,
    scheme: Annotated[Word | None, Query()] = None,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> Any:
    """Every move, newest first."""
    scope = scope_of(request)
    page = tiers.list_history(
        scope=scope, member_id=finding.member_id(scope, member), scheme=scheme, cursor=cursor, limit=limit
    )
    return page.map(finding.plain)


@router.post("/members/{member}/tiers/{scheme}", **needs("tiers.adjust", {"responses": RECEIPTS}))
def place_in_tier(
    request: HttpRequest, member: finding.MemberPath, scheme: SchemePath, given: PlaceIn, idempotency_key: Key
) -> HttpResponse:
    """Put a member into a tier by hand, or by matching the tier she has elsewhere."""
    scope = scope_of(request)
    receipt = value.place_tier(
        scope=scope,
        member_id=finding.member_id(scope, member),
        scheme=scheme,
        tier=given.tier,
        reason=given.reason,
        comment=given.comment,
        locked=given.locked,
        until=given.until,
        key=idempotency_key,
        now=clock.now(),
    )
    return answer(receipt)


@router.post("/members/{member}/tiers/{scheme}/unlock", **needs("tiers.adjust", {"responses": RECEIPTS}))
def unlock_tier(
    request: HttpRequest,
    member: finding.MemberPath,
    scheme: SchemePath,
    given: UnlockIn,
    idempotency_key: Key,
) -> HttpResponse:
    """End a lock early: the tier follows the rules again."""
    scope = scope_of(request)
    receipt = value.unlock_tier(
        scope=scope,
        member_id=finding.member_id(scope, member),
        scheme=scheme,
        comment=given.comment,
        key=idempotency_key,
        now=clock.now(),
    )
    return answer(receipt)


@router.get("/members/{member}/benefits", response=ListOut[BenefitOut], **needs("ledger.read"))
def list_benefits(request: HttpRequest, member: finding.MemberPath) -> Any:
    """The benefits that a member's tiers and her plan give now, each with what is left of its quota."""
    scope, now = scope_of(request), clock.now()
    member_id = finding.member_id(scope, member)
    given = _with_plan(scope, standing.required(scope, now), member_id, now)
    allowances = benefits.list_for(
        scope=scope, programme=given.programme, member_id=member_id, tiers=given.tiers, now=now
    )
    return {
        "items": [
            {
                **finding.plain(allowance),
                "key": allowance.benefit.key,
                "name": allowance.benefit.name,
                "description": allowance.benefit.description,
                "kind": allowance.benefit.kind,
            }
            for allowance in allowances
        ]
    }


@router.get("/members/{member}/benefits/uses", response=PageOut[UseOut], **needs("ledger.read"))
def list_uses(
    request: HttpRequest,
    member: finding.MemberPath,
    benefit: Annotated[Word | None, Query()] = None,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> Any:
    """Uses of benefits, newest first, undone ones included."""
    scope = scope_of(request)
    page = benefits.list_uses(
        scope=scope, member_id=finding.member_id(scope, member), benefit=benefit, cursor=cursor, limit=limit
    )
    stores = finding.store_codes(scope)
    return page.map(lambda row: _use(row, stores))


@router.post(
    "/members/{member}/benefits/{benefit}/uses",
    response={201: UseReceiptOut, 200: UseReceiptOut},
    **needs("benefits.use"),
)
def use_benefit(
    request: HttpRequest, member: finding.MemberPath, benefit: SchemePath, given: UseIn, idempotency_key: Key
) -> Any:
    """Use a benefit once 核销. 409 when nothing is left of its quota in this period."""
    scope, now = scope_of(request), clock.now()
    member_id = finding.member_id(scope, member)
    done = verifying.use(
        scope=scope,
        member_id=member_id,
        benefit=benefit,
        store_id=finding.store_id(scope, given.store),
        key=idempotency_key,
        device=given.device or "",
        now=now,
    )
    return Status(200 if done.repeated else 201, _use_receipt(done, finding.store_codes(scope)))


@router.post("/members/{member}/benefits/uses/{use_id}/undo", response=UseReceiptOut, **needs("benefits.use"))
def undo_use(request: HttpRequest, member: finding.MemberPath, use_id: UUID) -> Any:
    """Take a use back: it counts no more. 409 `undo_too_late` when the benefit's time for it is over."""
    scope, now = scope_of(request), clock.now()
    member_id = finding.member_id(scope, member)
    done = verifying.undo(scope=scope, member_id=member_id, use_id=use_id, now=now)
    return _use_receipt(done, finding.store_codes(scope))


def _with_plan(scope: Scope, programme: Programme, member_id: UUID, now: datetime) -> Given:
    tiers = _tiers(scope, programme, member_id)
    return plan_flow.with_plan(scope=scope, member_id=member_id, programme=programme, tiers=tiers, now=now)


def _tiers(scope: Any, programme: Any, member_id: UUID) -> dict[str, str]:
    joined_at = members.get_card(scope=scope, member_id=member_id).joined_at
    return {key: one.tier for key, one in standing.standings(scope, programme, member_id, joined_at).items()}


def _progress(progress: TierProgress, said: Language) -> dict[str, Any]:
    return {
        **finding.plain(progress),
        "to_keep": _requirement(progress.to_keep, said),
        "to_next": _requirement(progress.to_next, said),
        "sentences": [sentence.in_language(said) for sentence in progress.sentences],
    }


def _requirement(requirement: Requirement | None, said: Language) -> dict[str, Any] | None:
    if requirement is None:
        return None
    return {
        **finding.plain(requirement),
        "parts": [{**finding.plain(part), "missing": part.missing} for part in requirement.parts],
        "sentence": requirement.sentence.in_language(said),
    }


def _use(row: BenefitUseRow, stores: Any) -> dict[str, Any]:
    return {**finding.plain(row), "store": stores.get(row.store_id)}


def _use_receipt(done: UseReceipt, stores: Any) -> dict[str, Any]:
    return {"use": _use(done.use, stores), "remaining": done.remaining, "repeated": done.repeated}
