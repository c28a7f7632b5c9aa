"""The brand's own member fields."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router

from regulars.facts.members import api as members
from regulars.facts.members.types import FieldChoice, FieldRules, ProfileField
from regulars.kit import clock
from regulars.kit.text import Language
from regulars.surfaces.access import language, scope_of
from regulars.surfaces.console.asking import Code, needs
from regulars.surfaces.console.shapes.settings import FieldChoiceIO, FieldIn, FieldOut, FieldRulesIO
from regulars.surfaces.console.shapes.shared import TextIO

router = Router(tags=["Fields"])


@router.get("/fields", response=list[FieldOut], **needs("members.read"))
def list_fields(request: HttpRequest) -> Any:
    """The fields in their order, retired ones too."""
    scope, said = scope_of(request), language(request)
    return [_out(field, said) for field in members.list_fields(brand_id=scope.brand_id, archived=True)]


@router.put("/fields/{key}", response=FieldOut, **needs("settings.write"))
def put_field(request: HttpRequest, key: Code, given: FieldIn) -> Any:
    """Declare a field, or change one; its type stays."""
    kept = members.put_field(
        scope=scope_of(request),
        field=ProfileField(
            key=key,
            type=given.type,
            label=given.label.to_text(),
            choices=tuple(FieldChoice(one.value, one.label.to_text()) for one in given.choices),
            rules=FieldRules(**given.rules.model_dump()),
            in_portal=given.in_portal,
            position=given.position,
            archived=given.archived,
        ),
        now=clock.now(),
    )
    return _out(kept, language(request))


def _out(field: ProfileField, said: Language) -> FieldOut:
    return FieldOut(
        key=field.key,
        shown=field.label.in_language(said),
        type=field.type,
        label=TextIO.of(field.label),
        choices=[FieldChoiceIO(value=one.value, label=TextIO.of(one.label)) for one in field.choices],
        rules=FieldRulesIO(
            min=field.rules.min,
            max=field.rules.max,
            max_length=field.rules.max_length,
            pattern=field.rules.pattern,
            required_in_portal=field.rules.required_in_portal,
        ),
        in_portal=field.in_portal,
        position=field.position,
        archived=field.archived,
    )
