"""What the conditions of a brand's rules may name, now, and as it was when a version was submitted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from regulars.conditions.api import Choice, FieldCatalogue, FieldDef, FieldType, Scope, retail_fields
from regulars.facts.activity import api as activity
from regulars.facts.categories import api as categories
from regulars.facts.members import api as members
from regulars.kit.text import Text
from regulars.platform.organisations.types import Brand

_WORD = re.compile(r"[a-z][a-z0-9_]*")


def present(brand: Brand) -> FieldCatalogue:
    """Every programme's fields, the brand's declared activity types and their fields, and its profile fields."""
    base = _fields_of(brand)
    declared = activity.list_types(brand_id=brand.id)
    catalogue = base.with_choices(
        "activity.type", (*base.activity_types(), *(Choice(t.code, t.name) for t in declared))
    )
    fields = [
        FieldDef(
            f"activity.{kind.code}.{field.key}",
            FieldType(field.type),
            Scope.ACTIVITY,
            Text(f"{kind.name.zh}·{field.label.zh}", f"{kind.name.en}: {field.label.en}"),
            tuple(Choice(value, label) for value, label in field.choices),
        )
        for kind in declared
        for field in kind.fields
        if _WORD.fullmatch(kind.code) and _WORD.fullmatch(field.key)
    ]
    return catalogue.extend([*fields, *members.condition_fields(brand_id=brand.id)])


def to_json(catalogue: FieldCatalogue) -> dict[str, Any]:
    """What a brand added to every programme's fields."""
    base = retail_fields()
    known = {choice.value for choice in base.activity_types()}
    return {
        "activity_types": [_choice(c) for c in catalogue.activity_types() if c.value not in known],
        "fields": [
            {
                "key": field.key,
                "type": field.type.value,
                "scope": field.scope.value,
                "label": field.label.to_json(),
                "choices": [_choice(c) for c in field.choices],
                "personal": field.personal,
            }
            for field in catalogue
            if field.key not in base
        ],
    }


def from_json(kept: Mapping[str, Any], brand: Brand) -> FieldCatalogue:
    """The catalogue that `to_json` kept."""
    base = _fields_of(brand)
    types = [Choice(c["value"], Text.from_json(c["label"])) for c in kept.get("activity_types", ())]
    if types:
        base = base.with_choices("activity.type", (*base.activity_types(), *types))
    return base.extend(
        FieldDef(
            f["key"],
            FieldType(f["type"]),
            Scope(f["scope"]),
            Text.from_json(f["label"]),
            tuple(Choice(c["value"], Text.from_json(c["label"])) for c in f["choices"]),
            personal=f["personal"],
        )
        for f in kept.get("fields", ())
        if f["key"] not in base
    )


def _fields_of(brand: Brand) -> FieldCatalogue:
    """Every programme's fields, with the brand's words for codes as they are whenever they are asked for."""
    base = retail_fields(timezone=brand.timezone, currency=brand.currency)
    return base.worded({"category": categories.words_of(brand_id=brand.id)})


def _choice(choice: Choice) -> dict[str, Any]:
    return {"value": choice.value, "label": choice.label.to_json()}
