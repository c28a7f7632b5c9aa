"""Value by hand on a member's page: adjustments, holds, tiers, benefits."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router, Status

from regulars.facts.activity.types import MemberRef
from regulars.flows import value, verifying
from regulars.kit import clock
from regulars.kit.text import Text
from regulars.surfaces.access import language, scope_of
from regulars.surfaces.console import card
from regulars.surfaces.console.adjustments import adjustment_out
from regulars.surfaces.console.asking import Code, member_id_of, needs, store_id_of, uuid_of
from regulars.surfaces.console.naming import Naming
from regulars.surfaces.console.shapes.members import (
    AdjustIn,
    AdjustmentOut,
    HoldIn,
    HoldOut,
    KeyIn,
    MemberOut,
    TierIn,
    UseBenefitIn,
)

router = Router(tags=["Value"])
_HOLD = Text("冻结记录", "Hold")


@router.post("/members/{code}/adjustments", response={201: AdjustmentOut}, **needs("ledger.adjust"))
def adjust(request: HttpRequest, code: Code, given: AdjustIn) -> Any:
    """Posted at once within one's limit, else it waits for a second person."""
    scope, now = scope_of(request), clock.now()
    row = value.adjust(
        scope=scope,
        member_id=member_id_of(scope, code),
        unit=given.unit,
        amount=given.amount,
        reason=given.reason,
        comment=given.comment,
        key=given.key,
        now=now,
    )
    return Status(201, adjustment_out(Naming(scope, language(request), now), [row])[0])


@router.post("/members/{code}/holds", response={201: HoldOut}, **needs("ledger.burn"))
def hold(request: HttpRequest, code: Code, given: HoldIn) -> Any:
    """Set value aside; it comes back by itself."""
    scope = scope_of(request)
    held = value.hold(
        scope=scope,
        member=MemberRef(id=member_id_of(scope, code)),
        unit=given.unit,
        amount=given.amount,
        expires_in_seconds=given.minutes * 60,
        subject=given.subject,
        key=given.key,
        now=clock.now(),
    )
    return Status(201, card.hold_out(held.hold))


@router.post("/members/{code}/holds/{hold_id}/release", response=HoldOut, **needs("ledger.burn"))
def release_hold(request: HttpRequest, code: Code, hold_id: Code, given: KeyIn) -> Any:
    """Let what is held go back."""
    return _end(request, code, hold_id, given, capture=False)


@router.post("/members/{code}/holds/{hold_id}/capture", response=HoldOut, **needs("ledger.burn"))
def capture_hold(request: HttpRequest, code: Code, hold_id: Code, given: KeyIn) -> Any:
    """Spend what is held."""
    return _end(request, code, hold_id, given, capture=True)


def _end(request: HttpRequest, code: str, hold_id: str, given: KeyIn, *, capture: bool) -> HoldOut:
    scope = scope_of(request)
    ended = value.end_hold(
        scope=scope,
        member_id=member_id_of(scope, code),
        hold_id=uuid_of(hold_id, _HOLD),
        capture=capture,
        key=given.key,
        now=clock.now(),
    )
    return card.hold_out(ended.hold)


@router.post("/members/{code}/tiers/{scheme}", response=MemberOut, **needs("tiers.adjust"))
def place_tier(request: HttpRequest, code: Code, scheme: Code, given: TierIn) -> Any:
    """Put her into a tier by hand, perhaps locked, perhaps until a day."""
    scope, now = scope_of(request), clock.now()
    member_id = member_id_of(scope, code)
    value.place_tier(
        scope=scope,
        member_id=member_id,
        scheme=scheme,
        tier=given.tier,
        reason="manual",
        comment=given.reason,
        locked=given.locked,
        until=given.ends_at,
        key=given.key,
        now=now,
    )
    return card.card(Naming(scope, language(request), now), member_id, now)


@router.post("/members/{code}/tiers/{scheme}/unlock", response=MemberOut, **needs("tiers.adjust"))
def unlock_tier(request: HttpRequest, code: Code, scheme: Code, given: KeyIn) -> Any:
    """End a lock: the tier follows the rules again."""
    scope, now = scope_of(request), clock.now()
    member_id = member_id_of(scope, code)
    value.unlock_tier(scope=scope, member_id=member_id, scheme=scheme, comment="", key=given.key, now=now)
    return card.card(Naming(scope, language(request), now), member_id, now)


@router.post("/members/{code}/benefits/{benefit}/uses", response={201: MemberOut}, **needs("benefits.use"))
def use_benefit(request: HttpRequest, code: Code, benefit: Code, given: UseBenefitIn) -> Any:
    """Use a benefit once 核销."""
    scope, now = scope_of(request), clock.now()
    member_id = member_id_of(scope, code)
    verifying.use(
        scope=scope,
        member_id=member_id,
        benefit=benefit,
        key=given.key,
        store_id=store_id_of(scope, given.store),
        now=now,
    )
    return Status(201, card.card(Naming(scope, language(request), now), member_id, now))
