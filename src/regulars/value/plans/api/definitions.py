"""Plans: defined, changed, put on sale and taken off."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from regulars.kit.errors import Refusal, invalid_field, not_found
from regulars.platform.audit import api as audit
from regulars.platform.organisations.types import Scope
from regulars.programme.versions import api as versions
from regulars.value.plans import models, store
from regulars.value.plans.policy import parse
from regulars.value.plans.types import PLAN, PLAN_STATES, Plan, PlanStats


def list_plans(*, brand_id: UUID, now: datetime, on_sale: bool = False) -> list[Plan]:
    """The brand's plans by key; only those on sale if asked."""
    rows = models.Plan.objects.filter(brand_id=brand_id).order_by("key")
    if on_sale:
        rows = rows.filter(state="active")
    benefits = _benefits(brand_id, now)
    return [store.plan_of(row, benefits) for row in rows]


def get_plan(*, brand_id: UUID, key: str, now: datetime) -> Plan:
    """Raises `not_found`."""
    found = find_plan(brand_id=brand_id, key=key, now=now)
    if found is None:
        raise not_found(PLAN)
    return found


def find_plan(*, brand_id: UUID, key: str, now: datetime) -> Plan | None:
    row = models.Plan.objects.filter(brand_id=brand_id, key=key).first()
    return None if row is None else store.plan_of(row, _benefits(brand_id, now))


def apply_definition(*, scope: Scope, definition: Any, now: datetime) -> Plan:
    """Create the plan of a definition's key, or change it. A new one is a draft unless the definition says its state.

    What subscribers have runs on to the end of their period; renewals follow the plan as it then is. Raises
    `invalid_input` with every wrong field.
    """
    benefits = _benefits(scope.brand_id, now)
    terms, state = parse.parse(definition, benefits=benefits)
    kept = parse.to_json(terms, definition.get("benefits"))
    with transaction.atomic():
        rows = models.Plan.objects.filter(brand_id=scope.brand_id, key=terms.key)
        before = rows.select_for_update(no_key=True).first()
        row = models.Plan(
            brand_id=scope.brand_id,
            key=terms.key,
            state=state or (before.state if before else "draft"),
            definition=kept,
            created_at=before.created_at if before else now,
            updated_at=now,
        )
        if before is None:
            models.Plan.objects.bulk_create([row])
        else:
            rows.update(state=row.state, definition=kept, updated_at=now)
        was = {**before.definition, "state": before.state} if before else {}
        if was != {**kept, "state": row.state}:
            _audit(
                scope,
                "plan.update" if before else "plan.create",
                terms.key,
                was,
                {**kept, "state": row.state},
                now,
            )
        return store.plan_of(row, benefits)


def export_definitions(*, brand_id: UUID) -> list[dict[str, Any]]:
    """Every plan as canonical JSON with its state, by key."""
    rows = models.Plan.objects.filter(brand_id=brand_id).order_by("key")
    return [{"key": row.key, "state": row.state, **row.definition} for row in rows]


def set_state(*, scope: Scope, key: str, state: str, now: datetime) -> Plan:
    """Put a plan on sale, take it off, end it (then nobody's is renewed). Raises `invalid_input`, `not_found`."""
    if state not in PLAN_STATES:
        known = ", ".join(PLAN_STATES)
        raise invalid_field("state", "unknown_choice", f"应为其中之一：{known}", f"Must be one of: {known}")
    with transaction.atomic():
        rows = models.Plan.objects.filter(brand_id=scope.brand_id, key=key)
        row = rows.select_for_update(no_key=True).first()
        if row is None:
            raise not_found(PLAN)
        before = row.state
        if before != state:
            rows.update(state=state, updated_at=now)
            _audit(scope, "plan.state", key, {"state": before}, {"state": state}, now)
    return get_plan(brand_id=scope.brand_id, key=key, now=now)


def count_by_plan(*, brand_id: UUID) -> dict[str, PlanStats]:
    """Subscribers of each plan by state, and what their current periods are worth."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT plan, state, count(*), coalesce(sum(worth), 0) FROM subscription
                WHERE brand_id = %s GROUP BY plan, state ORDER BY plan, state""",
            [brand_id],
        )
        rows = cursor.fetchall()
    found: dict[str, tuple[dict[str, int], int]] = {}
    for plan, state, n, worth in rows:
        by_state, sum_ = found.get(plan, ({}, 0))
        live = state in ("active", "paused", "past_due")
        found[plan] = ({**by_state, state: n}, sum_ + (int(worth) if live else 0))
    return {plan: PlanStats(plan, by_state, worth) for plan, (by_state, worth) in found.items()}


def _benefits(brand_id: UUID, now: datetime) -> dict[str, str]:
    try:
        programme = versions.in_force(brand_id=brand_id, now=now).live
    except Refusal as refusal:
        if refusal.code == "no_programme":
            return {}
        raise
    return {benefit.key: benefit.kind for benefit in programme.benefits}


def _audit(
    scope: Scope,
    action: str,
    key: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    now: datetime,
) -> None:
    audit.record(
        organisation_id=scope.organisation_id,
        brand_id=scope.brand_id,
        actor=scope.actor,
        action=action,
        subject_type="plan",
        subject_id=key,
        before=before,
        after=after,
        now=now,
    )
