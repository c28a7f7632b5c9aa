"""What every flow of prepaid value begins with: the members locked in key order, the store, the audit entry."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from regulars.facts.members import states
from regulars.flows.intake.post import not_active
from regulars.kit.errors import invalid_field, not_found
from regulars.kit.text import Text
from regulars.platform.audit import api as audit
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Brand, Scope

METHODS = ("cash", "card", "wechat", "alipay", "transfer", "online", "other")
NOBODY = UUID(int=0)  # whose key it is where no member is concerned


def lock(scope: Scope, *member_ids: UUID) -> None:
    """Lock members until the transaction ends. Raises `not_found`, `membership_not_active`."""
    with connection.cursor() as cursor:
        rows = states.lock(cursor, brand_id=scope.brand_id, member_ids=set(member_ids))
    for member_id in member_ids:
        row = rows.get(member_id)
        if row is None:
            raise not_found(Text("会员", "Member"))
        if row.status != "active" and scope.actor.kind != "system":
            raise not_active(row.status)


def brand_of(scope: Scope) -> Brand:
    return organisations.get_brand(brand_id=scope.brand_id)


def store_of(scope: Scope, code: str | None) -> UUID | None:
    """The store of a code, where the actor may act. Raises `unknown_store` (422), `store_not_allowed` (403)."""
    found: UUID | None = None
    if code is not None:
        store = organisations.stores_of(brand_id=scope.brand_id, codes={code}).get(code)
        if store is None:
            raise invalid_field("store", "unknown_store", f"没有门店 {code}", f"There is no store {code}")
        found = store.id
    scope.require_store(found)
    return found


def check_method(method: str) -> None:
    if method not in METHODS:
        known = ", ".join(METHODS)
        raise invalid_field("method", "unknown_method", f"只能是：{known}", f"must be one of: {known}")


def record(scope: Scope, action: str, subject: UUID | str, now: datetime, after: Mapping[str, Any]) -> None:
    """The audit entry of something that staff, keys or members did."""
    audit.record(
        organisation_id=scope.organisation_id,
        brand_id=scope.brand_id,
        actor=scope.actor,
        action=action,
        subject_type="member" if isinstance(subject, UUID) else "prepaid",
        subject_id=subject,
        after=after,
        now=now,
    )
