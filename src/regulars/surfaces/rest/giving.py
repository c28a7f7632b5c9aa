"""What members give each other, and what a household shares."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router, Status

from regulars.facts.members import api as members
from regulars.flows.prepaid import api as flows
from regulars.kit import clock
from regulars.platform.organisations.types import Scope
from regulars.surfaces.rest import finding
from regulars.surfaces.rest.keys import needs, scope_of
from regulars.surfaces.rest.prepaid_shapes import (
    DrawIn,
    HeadIn,
    HouseholdMemberOut,
    HouseholdOut,
    TransferIn,
    TransferOut,
)
from regulars.surfaces.rest.shapes import PAGE, Cursor, Limit, PageOut
from regulars.surfaces.rest.value import Key
from regulars.value.prepaid import api as prepaid

router = Router(tags=["Prepaid value"])


@router.get("/members/{member}/transfers", response=PageOut[TransferOut], **needs("ledger.read"))
def list_transfers(
    request: HttpRequest, member: finding.MemberPath, cursor: Cursor = None, limit: Limit = PAGE
) -> Any:
    """What she gave and got, newest first."""
    scope = scope_of(request)
    page = prepaid.list_transfers(
        brand_id=scope.brand_id, member_id=finding.member_id(scope, member), cursor=cursor, limit=limit
    )
    return page.map(TransferOut.of)


@router.post("/members/{member}/transfers", response={201: TransferOut}, **needs("prepaid.use"))
def transfer(
    request: HttpRequest, member: finding.MemberPath, given: TransferIn, idempotency_key: Key
) -> Any:
    """Give value to another member, with its ends. 409 `transfers_off`, `transfer_limit`, `insufficient_balance`."""
    scope = scope_of(request)
    row = flows.transfer(
        scope=scope,
        member_id=finding.member_id(scope, member),
        to=finding.member_id(scope, given.to),
        unit=given.unit,
        amount=given.amount,
        message=given.message,
        key=idempotency_key,
        now=clock.now(),
    )
    return Status(201, TransferOut.of(row))


@router.get("/members/{member}/household", response=HouseholdOut, **needs("ledger.read"))
def get_household(request: HttpRequest, member: finding.MemberPath) -> Any:
    """The household she is in or heads."""
    scope = scope_of(request)
    return _household(scope, flows.get_household(scope=scope, member_id=finding.member_id(scope, member)))


@router.put("/members/{member}/household", response=HouseholdOut, **needs("prepaid.use"))
def join_household(request: HttpRequest, member: finding.MemberPath, given: HeadIn) -> Any:
    """Let her draw value of a head. 409 `households_off`, `household_taken`, `household_full`."""
    scope = scope_of(request)
    member_id = finding.member_id(scope, member)
    head_id = finding.member_id(scope, given.head)
    return _household(
        scope, flows.join_household(scope=scope, head_id=head_id, member_id=member_id, now=clock.now())
    )


@router.delete("/members/{member}/household", response={204: None}, **needs("prepaid.use"))
def leave_household(request: HttpRequest, member: finding.MemberPath) -> Any:
    """She draws no more; what she has drawn stays hers."""
    scope = scope_of(request)
    flows.leave_household(scope=scope, member_id=finding.member_id(scope, member), now=clock.now())
    return Status(204, None)


@router.post("/members/{member}/household/draws", response={201: TransferOut}, **needs("prepaid.use"))
def draw(request: HttpRequest, member: finding.MemberPath, given: DrawIn, idempotency_key: Key) -> Any:
    """Bring value of the head into her wallet, with its ends. 409 `insufficient_balance`: the head has too little."""
    scope = scope_of(request)
    row = flows.draw(
        scope=scope,
        member_id=finding.member_id(scope, member),
        unit=given.unit,
        amount=given.amount,
        key=idempotency_key,
        now=clock.now(),
    )
    return Status(201, TransferOut.of(row))


def _household(scope: Scope, found: flows.Household) -> HouseholdOut:
    named = members.names_of(scope=scope, member_ids=[member_id for member_id, _ in found.members])
    return HouseholdOut(
        enabled=found.rule.enabled,
        units=sorted(found.rule.units),
        head=found.head,
        members=[
            HouseholdMemberOut(id=member_id, code=named[member_id][0], since=at)
            for member_id, at in found.members
            if member_id in named
        ],
    )
