"""What members of the brand can do: the types that come with the system and those it declared."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.http import HttpRequest
from ninja import Router

from regulars.facts.activity import api as activities
from regulars.facts.activity.declared import DeclaredType
from regulars.flows.intake.api import INTERNAL_TYPES, SYSTEM_TYPES
from regulars.kit import clock
from regulars.kit.text import Text
from regulars.platform.audit import api as audit
from regulars.surfaces.access import language, scope_of
from regulars.surfaces.console.asking import Code, needs
from regulars.surfaces.console.naming import TYPES
from regulars.surfaces.console.shapes.settings import ActivityTypeIn, ActivityTypeOut, TypeFieldIO
from regulars.surfaces.console.shapes.shared import TextIO

router = Router(tags=["Activity types"])
_RESERVED = SYSTEM_TYPES | {"enrol"}


@router.get("/activity-types", response=list[ActivityTypeOut], **needs("activities.read"))
def list_types(request: HttpRequest) -> Any:
    """Declared ones first, then those of the system that others may post."""
    scope, said = scope_of(request), language(request)
    declared = [_out(one, said) for one in activities.list_types(brand_id=scope.brand_id)]
    system = [
        ActivityTypeOut(code=code, name=TextIO.of(name), shown=name.in_language(said), system=True)
        for code, name in TYPES.items()
        if code in SYSTEM_TYPES - INTERNAL_TYPES
    ]
    return [*declared, *system]


@router.put("/activity-types/{code}", response=ActivityTypeOut, **needs("settings.write"))
def put_type(request: HttpRequest, code: Code, given: ActivityTypeIn) -> Any:
    """Declare a type, change one, or retire one: then no more of it is taken."""
    scope, now = scope_of(request), clock.now()
    before = next((one for one in activities.list_types(brand_id=scope.brand_id) if one.code == code), None)
    with transaction.atomic():
        if given.archived:
            activities.archive_type(brand_id=scope.brand_id, code=code, now=now)
            name = given.name.to_text()
            kept = DeclaredType(code, name, before.fields if before else ())
        else:
            kept = activities.declare_type(
                brand_id=scope.brand_id,
                code=code,
                name=given.name.to_text(),
                fields=[_field(one) for one in given.fields],
                reserved=_RESERVED,
            )
        audit.record(
            organisation_id=scope.organisation_id,
            brand_id=scope.brand_id,
            actor=scope.actor,
            action=f"activity_type.{'archive' if given.archived else 'update' if before else 'create'}",
            subject_type="activity_type",
            subject_id=code,
            before=_json(before),
            after={} if given.archived else _json(kept),
            now=now,
        )
    shown = _out(kept, language(request))
    shown.archived = given.archived
    return shown


def _field(given: TypeFieldIO) -> dict[str, Any]:
    field: dict[str, Any] = {
        "key": given.key,
        "type": given.type,
        "label": given.label.to_text().to_json(),
        "required": given.required,
    }
    if given.choices:
        field["choices"] = [
            {"value": value, "label": Text(value, value).to_json()} for value in given.choices
        ]
    return field


def _json(declared: DeclaredType | None) -> dict[str, Any]:
    if declared is None:
        return {}
    return {
        "name": declared.name.to_json(),
        "fields": {field.key: field.type for field in declared.fields},
    }


def _out(declared: DeclaredType, said: Any) -> ActivityTypeOut:
    return ActivityTypeOut(
        code=declared.code,
        name=TextIO.of(declared.name),
        shown=declared.name.in_language(said),
        fields=[
            TypeFieldIO(
                key=field.key,
                type=field.type,
                label=TextIO.of(field.label),
                required=field.required,
                choices=[value for value, _ in field.choices],
            )
            for field in declared.fields
        ],
    )
