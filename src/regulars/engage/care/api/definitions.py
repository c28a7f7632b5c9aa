"""Plans: made, changed, started, paused, ended."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from regulars.engage.care import policy
from regulars.engage.care.models import CarePlan
from regulars.engage.care.store import plans as store
from regulars.engage.care.types import PLAN, Definition, Plan
from regulars.kit.errors import ErrorList, Refusal, conflict, not_found
from regulars.kit.ids import new_id
from regulars.kit.text import Text
from regulars.platform.audit import api as audit
from regulars.platform.organisations.types import Scope

MOST_PLANS = 200
# what must be looked at before such a plan begins: what members bought, or have reached already
_LOOKS_BACK = frozenset({"service", "refill", "milestone"})
_MOVES = {
    "draft": ("active",),
    "active": ("paused", "ended"),
    "paused": ("active", "ended"),
    "ended": (),
}


def read_definition(*, value: Any, errors: ErrorList) -> Definition | None:
    """A plan from its JSON; errors are noted with their paths. What it names is not looked up."""
    return policy.read_definition(value, errors)


def stored_definition(*, data: Mapping[str, Any]) -> Definition:
    """A plan from the canonical JSON of `Definition.to_json`."""
    return store.definition_of(data)


def list_plans(*, brand_id: UUID) -> list[Plan]:
    """The brand's plans in the order in which they were made."""
    return store.list_of(brand_id=brand_id)


def names_of(*, brand_id: UUID, keys: Collection[str]) -> dict[str, Text]:
    """The names of plans by key."""
    return store.names(brand_id=brand_id, keys=keys) if keys else {}


def get_plan(*, brand_id: UUID, key: str) -> Plan:
    """Raises `not_found`."""
    row = store.find(brand_id=brand_id, key=key)
    if row is None:
        raise not_found(PLAN)
    return store.view(row)


def put_plan(*, scope: Scope, definition: Definition, create: bool | None = None, now: datetime) -> Plan:
    """Make a plan (a draft) or change one; its kind stays (`plan_fixed`, 409), and what has ended stays ended.

    `create`: True refuses an existing key (`key_taken`), False an unknown one (`not_found`). What the definition
    names must have been checked. Audited.
    """
    wanted = definition.to_json()
    with transaction.atomic():
        row = store.find(brand_id=scope.brand_id, key=definition.key, lock=True)
        if row is None and create is False:
            raise not_found(PLAN)
        if row is not None and create:
            raise conflict("key_taken", f"编码 {row.key} 已存在", f"The key {row.key} is taken", key=row.key)
        if row is not None and (row.kind != definition.kind or row.state == "ended"):
            raise conflict(
                "plan_fixed",
                "计划的类型不能修改，已结束的计划不能再编辑；请新建计划",
                "A plan keeps its kind, and one that has ended stays as it is; make another",
            )
        if row is not None and row.definition == wanted:
            return store.view(row)
        before = row.definition if row else None
        if row is None:
            if CarePlan.objects.filter(brand_id=scope.brand_id).count() >= MOST_PLANS:
                raise conflict("too_many_plans", f"最多 {MOST_PLANS} 个计划", f"At most {MOST_PLANS} plans")
            row = CarePlan(
                brand_id=scope.brand_id,
                key=definition.key,
                id=new_id(),
                organisation_id=scope.organisation_id,
                kind=definition.kind,
                salt=secrets.token_hex(8),
                created_at=now,
            )
        again = (
            row.state != "draft"
            and definition.kind in _LOOKS_BACK
            and (before or {}).get("settings") != wanted["settings"]
        )
        row.definition, row.updated_at, row.problem = wanted, now, ""
        if again:
            row.rebuilding, row.rebuilt_after = True, None
        if row.state == "active":
            row.next_run_at, row.pass_after = now, None
        row.save(force_insert=before is None, force_update=before is not None)
        _record(scope, "care_plan.changed" if before else "care_plan.created", row, before, wanted, now)
    return get_plan(brand_id=scope.brand_id, key=definition.key)


def set_state(*, scope: Scope, key: str, state: str, now: datetime) -> Plan:
    """Start, pause or end a plan. Again is harmless; any other move is `wrong_state` (409). Audited.

    What a pause lets go by is not made up for, but for the few days of grace that each kind has.
    """
    with transaction.atomic():
        row = store.find(brand_id=scope.brand_id, key=key, lock=True)
        if row is None:
            raise not_found(PLAN)
        if row.state == state:
            return store.view(row)
        if state not in _MOVES.get(row.state, ()):
            raise Refusal(
                "wrong_state",
                Text("计划当前状态不允许此操作", "The plan cannot be moved to this state"),
                status=409,
                data={"state": row.state},
            )
        before = row.state
        row.state, row.updated_at, row.problem = state, now, ""
        if state == "active":
            row.next_run_at, row.looked_until, row.look_to, row.pass_after = now, now, None, None
            if before == "draft":
                row.activated_at = now
            if row.kind in _LOOKS_BACK:
                row.rebuilding, row.rebuilt_after = True, None
        else:
            row.next_run_at = None
        row.save(force_update=True)
        _record(scope, f"care_plan.{state}", row, {"state": before}, {"state": state}, now)
        return store.view(row)


def _record(
    scope: Scope,
    action: str,
    row: CarePlan,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any],
    now: datetime,
) -> None:
    audit.record(
        organisation_id=scope.organisation_id,
        brand_id=scope.brand_id,
        actor=scope.actor,
        action=action,
        subject_type="care_plan",
        subject_id=row.key,
        before=before,
        after=after,
        now=now,
    )
