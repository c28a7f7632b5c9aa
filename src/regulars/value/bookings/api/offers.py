"""Services and resources, written from definitions, each write in the audit log."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from regulars.kit.errors import invalid_field, not_found
from regulars.kit.ids import new_id
from regulars.platform.audit import api as audit
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Scope
from regulars.programme.rules import api as rules
from regulars.programme.versions import api as versions
from regulars.value.bookings import models
from regulars.value.bookings.policy import terms
from regulars.value.bookings.types import RESOURCE, SERVICE, Resource, Service, ServiceTerms

_MOST = 1000


def list_services(*, scope: Scope, states: Sequence[str] | None = None) -> list[Service]:
    """The brand's services in their order."""
    rows = models.Service.objects.filter(brand_id=scope.brand_id).order_by("sort", "key")
    return [_service(row) for row in (rows.filter(state__in=states) if states else rows)[:_MOST]]


def get_service(*, scope: Scope, key: str) -> Service:
    """Raises `not_found`."""
    row = models.Service.objects.filter(brand_id=scope.brand_id, key=key).first()
    if row is None:
        raise not_found(SERVICE)
    return _service(row)


def get_services(*, scope: Scope, ids: Iterable[UUID]) -> dict[UUID, Service]:
    """Services by id, ended ones too."""
    rows = models.Service.objects.filter(brand_id=scope.brand_id, id__in=set(ids))
    return {row.id: _service(row) for row in rows}


def list_resources(
    *,
    scope: Scope,
    store: str | None = None,
    keys: Sequence[str] | None = None,
    ids: Iterable[UUID] | None = None,
    states: Sequence[str] | None = None,
) -> list[Resource]:
    """The brand's resources in their order; of a store, or those of some keys or ids."""
    rows = models.Resource.objects.filter(brand_id=scope.brand_id).order_by("sort", "key")
    if keys is not None:
        rows = rows.filter(key__in=keys)
    if ids is not None:
        rows = rows.filter(id__in=set(ids))
    if states is not None:
        rows = rows.filter(state__in=states)
    if store is not None:
        rows = rows.filter(definition__store=store)
    return [_resource(row) for row in rows[:_MOST]]


def get_resource(*, scope: Scope, key: str) -> Resource:
    """Raises `not_found`."""
    found = list_resources(scope=scope, keys=[key])
    if not found:
        raise not_found(RESOURCE)
    return found[0]


def apply_definition(*, scope: Scope, definition: Any, now: datetime) -> Service | Resource:
    """Create the service or resource of a definition's `type` and `key`, or change it. A new one is a draft unless the
    definition says its state. Raises `invalid_input` with every wrong field.
    """
    if terms.type_of(definition) == "resource":
        stores = frozenset(organisations.stores_of(brand_id=scope.brand_id))
        parsed = terms.parse_resource(definition, stores=stores)
        row = _put(
            scope,
            models.Resource,
            "resource",
            parsed.key,
            parsed.sort,
            terms.resource_json(parsed),
            terms.state_of(definition),
            now,
        )
        return _resource(row)
    service = _parse_service(scope, definition, now)
    row = _put(
        scope,
        models.Service,
        "service",
        service.key,
        service.sort,
        terms.service_json(service),
        terms.state_of(definition),
        now,
    )
    return _service(row)


def export_definitions(*, brand_id: UUID) -> list[dict[str, Any]]:
    """Every resource, then every service that uses them, as canonical JSON with their states, by key."""
    found: list[dict[str, Any]] = []
    for model in (models.Resource, models.Service):
        rows: Any = model._default_manager.filter(brand_id=brand_id).order_by("key")
        for row in rows:
            definition = dict(row.definition)
            head = {"type": definition.pop("type"), "key": definition.pop("key"), "state": row.state}
            found.append(head | definition)
    return found


def set_state(*, scope: Scope, type_: str, key: str, state: str, now: datetime) -> Service | Resource:
    """Open, pause or end a service or resource; bookings that stand stay. Raises `invalid_input`, `not_found`."""
    if state not in terms.STATES:
        raise invalid_field("state", "unknown_state", "没有这个状态", "There is no such state")
    model: Any = models.Service if type_ == "service" else models.Resource
    with transaction.atomic():
        row = model.objects.select_for_update().filter(brand_id=scope.brand_id, key=key).first()
        if row is None:
            raise not_found(SERVICE if type_ == "service" else RESOURCE)
        before, row.state, row.updated_at = row.state, state, now
        row.save()
        if before != state:
            _audit(scope, type_ + ".update", type_, key, {"state": before}, {"state": state}, now)
    return _service(row) if type_ == "service" else _resource(row)


def _put(
    scope: Scope,
    model: Any,
    what: str,
    key: str,
    sort: int,
    kept: dict[str, Any],
    state: str | None,
    now: datetime,
) -> Any:
    with transaction.atomic():
        row = model.objects.select_for_update().filter(brand_id=scope.brand_id, key=key).first()
        before: dict[str, Any] = {}
        if row is None:
            row = model(id=new_id(), brand_id=scope.brand_id, key=key, state="draft", created_at=now)
        else:
            before = {**row.definition, "state": row.state}
        row.definition, row.sort, row.state, row.updated_at = kept, sort, state or row.state, now
        row.save(force_insert=not before)
        after = {**kept, "state": row.state}
        if before != after:
            _audit(scope, what + (".update" if before else ".create"), what, key, before, after, now)
    return row


def _parse_service(scope: Scope, definition: Any, now: datetime) -> ServiceTerms:
    programme = versions.in_force(brand_id=scope.brand_id, now=now).live
    keys = models.Resource.objects.filter(brand_id=scope.brand_id).values_list("key", flat=True)
    tiers = {tier.code for scheme in programme.schemes[:1] for tier in scheme.tiers}
    return terms.parse_service(
        definition,
        resources=frozenset(keys),
        tiers=frozenset(tiers),
        condition=lambda data: rules.check_standing(programme, data),
    )


def _service(row: Any) -> Service:
    parsed = terms.parse_service(
        row.definition,
        resources=frozenset(row.definition["resources"]),
        tiers=None,
        condition=lambda data: dict(data),
    )
    return Service(
        row.id,
        row.brand_id,
        row.state,
        parsed,
        row.definition,
        row.created_at,
        row.updated_at,
    )


def _resource(row: Any) -> Resource:
    parsed = terms.parse_resource(row.definition, stores=frozenset({row.definition["store"]}))
    return Resource(
        row.id,
        row.brand_id,
        row.state,
        parsed,
        row.definition,
        row.created_at,
        row.updated_at,
    )


def _audit(
    scope: Scope,
    action: str,
    what: str,
    key: str,
    before: dict[str, Any],
    after: dict[str, Any],
    now: datetime,
) -> None:
    audit.record(
        organisation_id=scope.organisation_id,
        brand_id=scope.brand_id,
        actor=scope.actor,
        action=action,
        subject_type=what,
        subject_id=key,
        before=before,
        after=after,
        now=now,
    )
