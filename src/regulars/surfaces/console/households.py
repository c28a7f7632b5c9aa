"""Households in the console: whom a member lets draw of her value, or of whose she draws."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router, Status

from regulars.facts.members import api as members
from regulars.flows.prepaid import api as flows
from regulars.kit import clock
from regulars.platform.organisations.types import Scope
from regulars.surfaces.access import language, scope_of
from regulars.surfaces.console.asking import Code, member_id_of, needs
from regulars.surfaces.console.naming import Naming
from regulars.surfaces.console.shapes.prepaid import (
    DrawIn,
    HouseholdMemberOut,
    HouseholdOut,
    HouseholdUnitOut,
    PersonIn,
)
from regulars.value.ledger import api as ledger

router = Router(tags=["Households"])


@router.get("/members/{code}/household", response=HouseholdOut, **needs("ledger.read"))
def get_household(request: HttpRequest, code: Code) -> Any:
    """The household she heads or is in, and what its head has to draw of."""
    scope = scope_of(request)
    return _household(request, scope, code)


@router.post("/members/{code}/household/members", response=HouseholdOut, **needs("prepaid.use"))
def add_to_household(request: HttpRequest, code: Code, given: PersonIn) -> Any:
    """Let a member draw of hers. 409 `households_off`, `household_taken`, `household_full`."""
    scope = scope_of(request)
    flows.join_household(
        scope=scope,
        head_id=member_id_of(scope, code),
        member_id=member_id_of(scope, given.member),
        now=clock.now(),
    )
    return _household(request, scope, code)


@router.delete("/members/{code}/household/members/{other}", response=HouseholdOut, **needs("prepaid.use"))
def remove_from_household(request: HttpRequest, code: Code, other: Code) -> Any:
    """A member of hers draws no more; what she has drawn stays hers."""
    scope = scope_of(request)
    flows.leave_household(
        scope=scope,
        member_id=member_id_of(scope, other),
        head_id=member_id_of(scope, code),
        now=clock.now(),
    )
    return _household(request, scope, code)


@router.delete("/members/{code}/household", response={204: None}, **needs("prepaid.use"))
def leave_household(request: HttpRequest, code: Code) -> Any:
    """She draws no more of her head's."""
    scope = scope_of(request)
    flows.leave_household(scope=scope, member_id=member_id_of(scope, code), now=clock.now())
    return Status(204, None)


@router.post("/members/{code}/household/draws", response={201: HouseholdOut}, **needs("prepaid.use"))
def draw(request: HttpRequest, code: Code, given: DrawIn) -> Any:
    """Bring value of the head into her wallet, with its ends. 409 `insufficient_balance`: the head's."""
    scope = scope_of(request)
    flows.draw(
        scope=scope,
        member_id=member_id_of(scope, code),
        unit=given.unit,
        amount=given.amount,
        key=given.key,
        now=clock.now(),
    )
    return Status(201, _household(request, scope, code))


def _household(request: HttpRequest, scope: Scope, code: str) -> HouseholdOut:
    naming = Naming(scope, language(request), clock.now())
    member_id = member_id_of(scope, code)
    found = flows.get_household(scope=scope, member_id=member_id)
    ids = {one for one, _ in found.members} | ({found.head} if found.head else set())
    named = members.names_of(scope=scope, member_ids=ids) if ids else {}
    purse = found.head or member_id
    balances = ledger.get_balances(brand_id=scope.brand_id, member_ids=[purse]).get(purse, {})
    return HouseholdOut(
        enabled=found.rule.enabled,
        most=found.rule.most,
        heads=found.head == member_id,
        head=named[found.head][0] if found.head in named else None,
        head_name=named[found.head][1] if found.head in named else "",
        units=[
            HouseholdUnitOut(
                unit=unit,
                name=naming.unit(unit),
                money=naming.is_money(unit),
                available=balances[unit].available if unit in balances else 0,
            )
            for unit in sorted(found.rule.units)
        ],
        members=[
            HouseholdMemberOut(code=named[one][0], name=named[one][1], since=at)
            for one, at in found.members
            if one in named
        ],
    )
