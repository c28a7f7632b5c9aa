"""Profile fields as forms show them, and values on their way to the members room."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from regulars.facts.members.types import GENDERS, MemberCard, ProfileField
from regulars.kit.errors import FieldError, Refusal
from regulars.kit.text import Language, Text
from regulars.surfaces.portal import words
from regulars.surfaces.portal.shapes import ChoiceOut, FieldKind, FieldOut, ProfileFieldOut, Value

PERSONAL = ("name", "gender", "birthday")
_KINDS: dict[str, FieldKind] = {
    "int": "integer",
    "decimal": "decimal",
    "text": "text",
    "bool": "boolean",
    "date": "date",
    "enum": "choice",
}
_SEPARATORS = re.compile(r"[,，、;；\n]+")
_NOTHING = Text("", "")


def personal_field(
    key: str, language: Language, *, required: bool = False, help_: Text = _NOTHING
) -> FieldOut:
    kinds: dict[str, FieldKind] = {"name": "text", "gender": "choice", "birthday": "date"}
    choices = GENDERS if key == "gender" else ()
    return FieldOut(
        key=key,
        label=words.FIELD_NAMES[key].in_language(language),
        help=help_.in_language(language),
        kind=kinds[key],
        required=required,
        choices=[ChoiceOut(value=c, label=words.GENDERS[c].in_language(language)) for c in choices],
    )


def custom_field(field: ProfileField, language: Language) -> FieldOut:
    """A brand's own field. A set with choices is ticked, one without takes words separated by commas."""
    kind: FieldKind = ("choices" if field.choices else "words") if field.type == "set" else _KINDS[field.type]
    return FieldOut(
        key=f"attributes.{field.key}",
        label=field.label.in_language(language),
        help=words.WORDS_HELP.in_language(language) if kind == "words" else "",
        kind=kind,
        required=field.rules.required_in_portal,
        choices=[ChoiceOut(value=c.value, label=c.label.in_language(language)) for c in field.choices],
    )


def shown(fields: Sequence[ProfileField]) -> list[ProfileField]:
    return [field for field in fields if field.in_portal and not field.archived]


def profile_fields(
    card: MemberCard, fields: Sequence[ProfileField], language: Language, *, birthday_locked: Text | None
) -> list[ProfileFieldOut]:
    """Her profile with its values, personal fields first."""
    filled: list[ProfileFieldOut] = []
    for key in PERSONAL:
        locked = birthday_locked if key == "birthday" else None
        help_ = locked or (words.BIRTHDAY_HELP if key == "birthday" else _NOTHING)
        field = personal_field(key, language, help_=help_)
        value = getattr(card.profile, key) or None
        filled.append(ProfileFieldOut(**field.dict(), value=value, locked=locked is not None))
    for custom in shown(fields):
        value = card.attributes.get(custom.key)
        filled.append(ProfileFieldOut(**custom_field(custom, language).dict(), value=value, locked=False))
    return filled


def taken_apart(values: Mapping[str, Value], fields: Sequence[ProfileField]) -> dict[str, Any]:
    """`{"name": …, "attributes.hobby": …}` as the members room wants it; only what the portal shows gets through."""
    free = {field.key for field in shown(fields) if field.type == "set" and not field.choices}
    known = {field.key for field in shown(fields)}
    changes: dict[str, Any] = {}
    attributes: dict[str, Any] = {}
    for path, value in values.items():
        head, _, key = path.partition(".")
        if head == "attributes" and key in known:
            attributes[key] = _words(value) if key in free else value
        elif path in PERSONAL:
            changes[path] = "" if value is None else value
        else:
            raise _unknown(path)
    if attributes:
        changes["attributes"] = attributes
    return changes


def at_values(refusal: Refusal) -> Refusal:
    """The members room's refusal with its fields named as the form names them."""
    errors = [FieldError(f"values.{e.field}", e.code, e.message) for e in refusal.errors]
    if refusal.code == "birthday_locked":
        errors = [FieldError("values.birthday", refusal.code, refusal.message)]
    if not errors:
        return refusal
    return Refusal(refusal.code, refusal.message, status=refusal.status, errors=errors, data=refusal.data)


def _words(value: Value) -> Value:
    if not isinstance(value, str):
        return value
    return [word.strip() for word in _SEPARATORS.split(value) if word.strip()] or None


def _unknown(path: str) -> Refusal:
    error = FieldError(f"values.{path[:80]}", "unknown_field", Text("没有这个字段", "There is no such field"))
    return Refusal("invalid_input", Text("输入有误", "The input has errors"), errors=[error])
