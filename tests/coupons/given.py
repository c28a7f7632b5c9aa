"""Definitions and a brand for the coupon tests."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from regulars.kit.errors import Refusal
from regulars.kit.ids import new_id
from regulars.kit.text import Text
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Actor, Scope
from regulars.platform.staff.types import PERMISSIONS
from regulars.value.coupons import api as coupons
from regulars.value.coupons.types import Outcome

SHANGHAI = "Asia/Shanghai"
MARCH = datetime.fromisoformat("2026-03-10T12:00:00+08:00")


def definition(key: str = "tea", **settings: Any) -> dict[str, Any]:
    """A coupon of ¥10 off, 30 days from the claim, to be changed by `settings`."""
    given: dict[str, Any] = {
        "key": key,
        "name": {"zh": "十元券", "en": "Ten off"},
        "state": "active",
        "offer": {"kind": "amount", "amount": 1000},
        "validity": {"kind": "after_claim", "days": 30},
    }
    return given | settings


def open_brand() -> Scope:
    organisation = organisations.create_organisation(name=Text("茶", "Tea"), now=MARCH)
    brand = organisations.create_brand(
        organisation_id=organisation.id, slug="tea", name=Text("茶", "Tea"), now=MARCH, timezone=SHANGHAI
    )
    return Scope(organisation.id, brand.id, Actor("staff", new_id(), "店长"), frozenset(PERMISSIONS))


def put(scope: Scope, key: str = "tea", **settings: Any) -> None:
    coupons.apply_definition(scope=scope, definition=definition(key, **settings), now=MARCH)


def issue(
    scope: Scope, *members: UUID, key: str = "k", definition: str = "tea", **more: Any
) -> list[Outcome]:
    now = more.pop("now", MARCH)
    return coupons.issue(
        brand_id=scope.brand_id,
        definition=definition,
        member_ids=members,
        now=now,
        source="test",
        key=key,
        **more,
    )


def one(scope: Scope, member: UUID, key: str = "k", definition: str = "tea", **more: Any) -> UUID:
    (outcome,) = issue(scope, member, key=key, definition=definition, **more)
    assert outcome.result == "issued", outcome.result
    return outcome.coupon_id


def code_of(call: Any) -> str:
    """The code of the refusal that a call ends in."""
    try:
        call()
    except Refusal as refusal:
        return refusal.code
    return "done"
