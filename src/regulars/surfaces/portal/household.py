"""Her household: whom she lets draw of her value, or of whose she draws."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Path, Router, Status

from regulars.facts.members import api as members
from regulars.facts.members.types import ById
from regulars.flows.prepaid import api as flows
from regulars.kit import clock
from regulars.kit.errors import Refusal
from regulars.surfaces.access import MemberAccess
from regulars.surfaces.portal.guard import SignedIn, member_of
from regulars.surfaces.portal.prepaid_shapes import (
    DrawIn,
    HouseholdMemberIn,
    HouseholdMemberOut,
    HouseholdOut,
)

mine = Router(auth=SignedIn(), tags=["household"])


@mine.get("/household", response=HouseholdOut)
def get_household(request: HttpRequest, slug: Path[str]) -> Any:
    """The household she heads or is in."""
    return _household(member_of(request))


@mine.post("/household/members", response=HouseholdOut)
def add_to_household(request: HttpRequest, slug: Path[str], given: HouseholdMemberIn) -> Any:
    """Let a member draw of hers. 409 `households_off`, `household_taken`, `household_full`."""
    member = member_of(request)
    flows.join_household(
        scope=member.scope,
        head_id=member.member_id,
        member_id=_found(member, given.code),
        now=clock.now(),
    )
    return _household(member)


@mine.delete("/household/members/{code}", response=HouseholdOut)
def remove_from_household(request: HttpRequest, slug: Path[str], code: str) -> Any:
    """A member of hers draws no more."""
    member = member_of(request)
    flows.leave_household(
        scope=member.scope, member_id=_found(member, code[:64]), head_id=member.member_id, now=clock.now()
    )
    return _household(member)


@mine.delete("/household", response={204: None})
def leave_household(request: HttpRequest, slug: Path[str]) -> Any:
    """She leaves; what she has drawn stays hers."""
    member = member_of(request)
    flows.leave_household(scope=member.scope, member_id=member.member_id, now=clock.now())
    return Status(204, None)


@mine.post("/household/draws", response={201: HouseholdOut})
def draw(request: HttpRequest, slug: Path[str], given: DrawIn) -> Any:
    """Bring value of the head into her own wallet, with its ends. 409 `insufficient_balance`: the head's."""
    member = member_of(request)
    flows.draw(
        scope=member.scope,
        member_id=member.member_id,
        unit=given.unit,
        amount=given.amount,
        key=given.key,
        now=clock.now(),
    )
    return Status(201, _household(member))


def _found(member: MemberAccess, code: str) -> UUID:
    (found,) = members.resolve(
        organisation_id=member.brand.organisation_id, brand_id=member.brand.id, refs=[ById(code=code.strip())]
    )
    if isinstance(found, Refusal):
        raise found
    return found


def _household(member: MemberAccess) -> HouseholdOut:
    found = flows.get_household(scope=member.scope, member_id=member.member_id)
    ids = {member_id for member_id, _ in found.members} | ({found.head} if found.head else set())
    named = members.names_of(scope=member.scope, member_ids=ids) if ids else {}
    return HouseholdOut(
        enabled=found.rule.enabled,
        most=found.rule.most,
        units=sorted(found.rule.units),
        heads=found.head == member.member_id,
        head=named[found.head][0] if found.head else None,
        members=[
            HouseholdMemberOut(code=named[member_id][0], name=named[member_id][1], since=at)
            for member_id, at in found.members
            if member_id in named
        ],
    )
