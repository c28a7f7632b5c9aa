"""The brand's own words about members: custom fields and tags."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from regulars.facts.members import models
from regulars.facts.members.types import FieldChoice, FieldRules, ProfileField, Tag
from regulars.kit.text import Text


def fields_of(brand_id: UUID, *, archived: bool = False) -> list[ProfileField]:
    """Custom fields in their order; archived ones only if asked."""
    rows = models.ProfileField.objects.filter(brand_id=brand_id).order_by("position", "key")
    if not archived:
        rows = rows.filter(archived_at=None)
    return [field_of(row) for row in rows]


def field_of(row: models.ProfileField) -> ProfileField:
    return ProfileField(
        key=row.key,
        type=row.type,
        label=Text(row.label_zh, row.label_en),
        choices=tuple(FieldChoice(c["value"], Text(c["zh"], c["en"])) for c in row.choices),
        rules=FieldRules(**row.rules),
        in_portal=row.in_portal,
        position=row.position,
        archived=row.archived_at is not None,
    )


def field_columns(field: ProfileField) -> dict[str, Any]:
    rules = {name: getattr(field.rules, name) for name in FieldRules.__dataclass_fields__}
    return {
        "type": field.type,
        "label_zh": field.label.zh,
        "label_en": field.label.en,
        "choices": [{"value": c.value, "zh": c.label.zh, "en": c.label.en} for c in field.choices],
        "rules": {name: value for name, value in rules.items() if value},
        "in_portal": field.in_portal,
        "position": field.position,
    }


def tags_of(brand_id: UUID) -> list[Tag]:
    rows = models.Tag.objects.filter(brand_id=brand_id).order_by("code")
    return [Tag(row.code, Text(row.name_zh, row.name_en), row.colour) for row in rows]
