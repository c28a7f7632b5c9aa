"""The brand's custom fields and tags."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from regulars.conditions.types import FieldDef
from regulars.facts.members import models
from regulars.facts.members.policy import attributes as attribute_policy
from regulars.facts.members.store import vocabulary
from regulars.facts.members.types import ProfileField, Tag
from regulars.kit.errors import ErrorList, Refusal, conflict, not_found
from regulars.kit.text import Text
from regulars.platform.audit import api as audit
from regulars.platform.organisations.types import Scope

_TAG_CODE = re.compile(r"[A-Za-z0-9\u4e00-\u9fff][A-Za-z0-9\u4e00-\u9fff_-]{0,39}")
_COLOUR = re.compile(r"(?:#[0-9a-fA-F]{6})?")
TAGS_PER_BRAND = 1000
_FIELD = Text("字段", "Field")
_TAG = Text("标签", "Tag")


def list_fields(*, brand_id: UUID, archived: bool = False) -> list[ProfileField]:
    """The brand's custom fields in their order."""
    return vocabulary.fields_of(brand_id, archived=archived)


def put_field(*, scope: Scope, field: ProfileField, now: datetime) -> ProfileField:
    """Declare a custom field, or change one: its type stays (`type_fixed`, 409), since members have values of it.

    `archived` hides it from forms and conditions and keeps the values.
    """
    attribute_policy.check_definition(field)
    with transaction.atomic():
        row = (
            models.ProfileField.objects.select_for_update(no_key=True)
            .filter(brand_id=scope.brand_id, key=field.key)
            .first()
        )
        before = vocabulary.field_columns(vocabulary.field_of(row)) if row else {}
        if row is None:
            if (
                models.ProfileField.objects.filter(brand_id=scope.brand_id).count()
                >= attribute_policy.FIELDS_PER_BRAND
            ):
                raise conflict("too_many_fields", "自定义字段已达上限", "There are too many custom fields")
            row = models.ProfileField(brand_id=scope.brand_id, key=field.key)
        elif row.type != field.type:
            raise Refusal(
                "type_fixed",
                Text("字段类型不可修改，请新建字段", "A field's type cannot change; make a new field"),
                status=409,
            )
        else:
            before["archived"] = row.archived_at is not None
        columns = vocabulary.field_columns(field)
        for name, value in columns.items():
            setattr(row, name, value)
        row.archived_at = (row.archived_at or now) if field.archived else None
        row.save(force_insert=not before)
        after = {**columns, "archived": field.archived}
        _audit(scope, "field.update" if before else "field.create", "field", field.key, before, after, now)
    return vocabulary.field_of(row)


def get_field(*, brand_id: UUID, key: str) -> ProfileField:
    row = models.ProfileField.objects.filter(brand_id=brand_id, key=key).first()
    if row is None:
        raise not_found(_FIELD)
    return vocabulary.field_of(row)


def condition_fields(*, brand_id: UUID) -> tuple[FieldDef, ...]:
    """The brand's live custom fields, for `FieldCatalogue.extend`: `membership.attributes.<key>`."""
    return attribute_policy.condition_fields(vocabulary.fields_of(brand_id))


def attribute_facts(*, brand_id: UUID, attributes: dict[str, Any]) -> dict[str, Any]:
    """Stored values of a membership as the condition language wants them: decimals and dates typed."""
    return attribute_policy.attribute_facts(vocabulary.fields_of(brand_id), attributes)


def list_tags(*, brand_id: UUID) -> list[Tag]:
    return vocabulary.tags_of(brand_id)


def put_tag(*, scope: Scope, tag: Tag, now: datetime) -> Tag:
    """Declare a tag or change its names and colour (`#rrggbb` or empty)."""
    errors = ErrorList()
    if not _TAG_CODE.fullmatch(tag.code):
        errors.add(
            "code",
            "bad_code",
            "编码最长 40 字：字母、数字、汉字、_ 和 -",
            "Letters, digits, _ and -, at most 40",
        )
    for language, name in (("zh", tag.name.zh), ("en", tag.name.en)):
        if not name.strip() or len(name) > 40 or not attribute_policy.storable(name):
            errors.add(f"name.{language}", "bad_name", "名称须为 1–40 字", "A name has 1–40 characters")
    if not _COLOUR.fullmatch(tag.colour):
        errors.add("colour", "bad_colour", "颜色须形如 #1a2b3c", "A colour looks like #1a2b3c")
    errors.refuse()
    with transaction.atomic():
        known = {t.code: t for t in vocabulary.tags_of(scope.brand_id)}
        if tag.code not in known and len(known) >= TAGS_PER_BRAND:
            raise conflict("too_many_tags", "标签已达上限", "There are too many tags")
        models.Tag.objects.bulk_create(
            [
                models.Tag(
                    brand_id=scope.brand_id,
                    code=tag.code,
                    name_zh=tag.name.zh,
                    name_en=tag.name.en,
                    colour=tag.colour,
                    created_at=now,
                )
            ],
            update_conflicts=True,
            unique_fields=["brand_id", "code"],
            update_fields=["name_zh", "name_en", "colour"],
        )
        before = _tag_json(known.get(tag.code))
        _audit(scope, "tag.update" if before else "tag.create", "tag", tag.code, before, _tag_json(tag), now)
    return tag


def delete_tag(*, scope: Scope, code: str, now: datetime) -> None:
    """Take a tag out of use. Members who carry it keep it until it is taken off them."""
    with transaction.atomic():
        known = {t.code: t for t in vocabulary.tags_of(scope.brand_id)}
        if code not in known:
            raise not_found(_TAG)
        models.Tag.objects.filter(brand_id=scope.brand_id, code=code).delete()
        _audit(scope, "tag.delete", "tag", code, _tag_json(known[code]), {}, now)


def _tag_json(tag: Tag | None) -> dict[str, Any]:
    return {} if tag is None else {"name": tag.name.to_json(), "colour": tag.colour}


def _audit(
    scope: Scope,
    action: str,
    subject_type: str,
    subject_id: str,
    before: dict[str, Any],
    after: dict[str, Any],
    now: datetime,
) -> None:
    audit.record(
        organisation_id=scope.organisation_id,
        brand_id=scope.brand_id,
        actor=scope.actor,
        action=action,
        subject_type=subject_type,
        subject_id=subject_id,
        before=before,
        after=after,
        now=now,
    )
