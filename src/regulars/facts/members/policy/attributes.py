"""Custom fields of a brand: what a definition may say, and what a value may be."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from regulars.conditions.catalogue import attribute_field
from regulars.conditions.types import Choice, FieldDef, FieldType, Label
from regulars.facts.members.types import FIELD_TYPES, FieldRules, ProfileField
from regulars.kit.errors import ErrorList

_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")
_CHOICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}|[\u4e00-\u9fff]{1,20}")
TEXT_LENGTH = 500
SET_SIZE = 50
FIELDS_PER_BRAND = 200
_NUMBER_LIMIT = Decimal(10) ** 15
_DEFINITION_KEYS = ("min", "max", "max_length", "pattern")


def check_definition(field: ProfileField) -> None:
    """Refuse a field that could not be asked for or validated; all errors at once."""
    errors = ErrorList()
    if not _KEY.fullmatch(field.key):
        errors.add(
            "key",
            "bad_key",
            "须以小写字母开头，只含小写字母、数字和下划线",
            "Lower-case letters, digits and _, letter first",
        )
    if field.type not in FIELD_TYPES:
        kinds = ", ".join(FIELD_TYPES)
        errors.add("type", "bad_choice", f"须为 {kinds} 之一", f"Must be one of {kinds}")
        errors.refuse()
    for language, label in (("zh", field.label.zh), ("en", field.label.en)):
        if not label.strip() or len(label) > 60:
            errors.add(
                f"label.{language}", "bad_label", "名称须为 1–60 个字", "A label has 1 to 60 characters"
            )
    _check_choices(field, errors)
    _check_rules(field, errors)
    errors.refuse()


def _check_choices(field: ProfileField, errors: ErrorList) -> None:
    if field.choices and field.type not in ("enum", "set"):
        errors.add("choices", "not_wanted", "此类型没有选项", "This type has no choices")
    if field.type == "enum" and not field.choices:
        errors.add("choices", "missing", "单选字段至少要有一个选项", "A field of one choice needs choices")
    if len(field.choices) > 200:
        errors.add("choices", "too_many", "最多 200 个选项", "At most 200 choices")
    seen: set[str] = set()
    for i, choice in enumerate(field.choices):
        if not _CHOICE.fullmatch(choice.value):
            errors.add(
                f"choices[{i}].value",
                "bad_choice",
                "选项值只能用字母、数字、_.-",
                "Letters, digits and _.- only",
            )
        if choice.value in seen:
            errors.add(f"choices[{i}].value", "duplicate", "选项值重复", "The value is there twice")
        seen.add(choice.value)
        if not choice.label.zh.strip() or not choice.label.en.strip():
            errors.add(
                f"choices[{i}].label", "missing", "请填写中英文名称", "Give it a name in both languages"
            )


def _check_rules(field: ProfileField, errors: ErrorList) -> None:
    rules = field.rules
    allowed = {
        "int": {"min", "max"},
        "decimal": {"min", "max"},
        "date": {"min", "max"},
        "text": {"max_length", "pattern"},
    }.get(field.type, set())
    for name in _DEFINITION_KEYS:
        if getattr(rules, name) is not None and name not in allowed:
            errors.add(
                f"rules.{name}", "not_wanted", "此规则不适用于该类型", "This rule does not fit the type"
            )
    if "min" in allowed:
        bounds = {}
        for name in ("min", "max"):
            given = getattr(rules, name)
            if given is not None and (bound := _bound(field.type, given)) is None:
                errors.add(f"rules.{name}", "bad_value", "不是该类型的值", "Not a value of this type")
            elif given is not None:
                bounds[name] = bound
        if len(bounds) == 2 and bounds["min"] > bounds["max"]:
            errors.add("rules.max", "below_min", "上限不能小于下限", "The maximum lies below the minimum")
    if rules.max_length is not None and not 1 <= rules.max_length <= TEXT_LENGTH:
        errors.add(
            "rules.max_length", "out_of_range", f"须在 1–{TEXT_LENGTH} 之间", f"From 1 to {TEXT_LENGTH}"
        )
    if rules.pattern is not None and field.type == "text":
        _check_pattern(rules.pattern, errors)


def _check_pattern(pattern: str, errors: ErrorList) -> None:
    """Patterns run on what members type: those that can take exponential time are refused."""
    try:
        if len(pattern) > 200:
            raise re.error("too long")
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError):
        errors.add(
            "rules.pattern",
            "bad_pattern",
            "不是有效的正则表达式（最长 200 字）",
            "Not a regular expression of at most 200 characters",
        )
        return
    repeats = len(re.findall(r"(?<!\\)(?:[*+]|\{\d*,\d*\})", pattern))
    if repeats > 3 or re.search(r"(?<!\\)\)(?:[*+]|\{\d*,)", pattern) or re.search(r"\\[1-9]|\(\?", pattern):
        errors.add(
            "rules.pattern",
            "slow_pattern",
            "表达式过于复杂：不能重复分组、使用引用或断言，最多三处重复",
            "Too complex: no repeated groups, references or assertions, and at most three repeats",
        )


def clean_values(
    fields: Sequence[ProfileField], values: Mapping[str, Any], *, path: str = "attributes", errors: ErrorList
) -> dict[str, Any]:
    """Values as they are stored: whole numbers as numbers, decimals and dates as text, sets as sorted lists.

    None clears a field. An unknown or archived field, or a value against its rules, is an error naming it.
    """
    known = {f.key: f for f in fields if not f.archived}
    cleaned: dict[str, Any] = {}
    for key, value in values.items():
        where = f"{path}.{key}"
        definition = known.get(key)
        if definition is None:
            errors.add(where[:120], "unknown_field", "没有这个字段", "There is no such field")
        elif value is None or value == "":
            cleaned[key] = None
        else:
            cleaned[key] = _clean(definition, value, where, errors)
    return cleaned


def check_required(
    fields: Sequence[ProfileField],
    attributes: Mapping[str, Any],
    *,
    path: str = "attributes",
    errors: ErrorList,
) -> None:
    """Every live field that the portal requires must have a value."""
    for field in fields:
        wanted = field.rules.required_in_portal and field.in_portal and not field.archived
        if wanted and attributes.get(field.key) in (None, "", []):
            errors.add(
                f"{path}.{field.key}", "required", f"请填写{field.label.zh}", f"{field.label.en} is required"
            )


def _clean(field: ProfileField, value: Any, where: str, errors: ErrorList) -> Any:
    if field.type == "bool":
        if not isinstance(value, bool):
            errors.add(where, "not_bool", "须为 true 或 false", "Must be true or false")
        return value
    if field.type == "enum":
        if not isinstance(value, str) or value not in {c.value for c in field.choices}:
            names = ", ".join(c.value for c in field.choices[:20])
            errors.add(where, "bad_choice", f"须为 {names} 之一", f"Must be one of {names}")
        return value
    if field.type == "set":
        return _clean_set(field, value, where, errors)
    if field.type == "text":
        return _clean_text(field.rules, value, where, errors)
    parsed = _parse(field.type, value)
    if parsed is None:
        zh, en = {
            "int": ("须为整数", "Must be a whole number"),
            "decimal": ("须为数字", "Must be a number"),
            "date": ("须为 YYYY-MM-DD 格式的日期", "Must be a date like YYYY-MM-DD"),
        }[field.type]
        errors.add(where, f"not_{field.type}", zh, en)
        return None
    low = _bound(field.type, field.rules.min) if field.rules.min is not None else None
    high = _bound(field.type, field.rules.max) if field.rules.max is not None else None
    if low is not None and parsed < low:
        errors.add(where, "too_small", f"不能小于 {field.rules.min}", f"Must be at least {field.rules.min}")
    if high is not None and parsed > high:
        errors.add(where, "too_large", f"不能大于 {field.rules.max}", f"Must be at most {field.rules.max}")
    if isinstance(parsed, date):
        return parsed.isoformat()
    return int(parsed) if field.type == "int" else format(parsed, "f")


def _clean_text(rules: FieldRules, value: Any, where: str, errors: ErrorList) -> Any:
    if not isinstance(value, str):
        errors.add(where, "not_text", "须为文本", "Must be text")
        return None
    text = value.strip()
    longest = rules.max_length or TEXT_LENGTH
    if len(text) > longest:
        errors.add(where, "too_long", f"最多 {longest} 个字", f"At most {longest} characters")
    elif not storable(text):
        errors.add(where, "unprintable", "含有不可见字符", "Contains characters that cannot be printed")
    elif rules.pattern is not None and not re.fullmatch(rules.pattern, text):
        errors.add(where, "bad_format", "格式不符合要求", "Does not have the wanted form")
    return text


def storable(text: str) -> bool:
    """Whether the database can hold a text: no NUL, no half of a surrogate pair."""
    return "\x00" not in text and text.encode("utf-8", "ignore").decode() == text


def _clean_set(field: ProfileField, value: Any, where: str, errors: ErrorList) -> Any:
    if not isinstance(value, (list, tuple, set, frozenset)) or not all(isinstance(v, str) for v in value):
        errors.add(where, "not_set", "须为文本列表", "Must be a list of texts")
        return None
    words = sorted({v.strip() for v in value} - {""})
    if len(words) > SET_SIZE:
        errors.add(where, "too_many", f"最多 {SET_SIZE} 项", f"At most {SET_SIZE} of them")
    choices = {c.value for c in field.choices}
    for word in words:
        if choices and word not in choices:
            names = ", ".join(sorted(choices)[:20])
            errors.add(where, "bad_choice", f"须为 {names} 中的值", f"Must be among {names}")
            break
        if len(word) > 60 or not storable(word):
            errors.add(where, "too_long", "每项最多 60 个字", "At most 60 characters each")
            break
    return words


def _parse(type_: str, value: Any) -> Decimal | date | None:
    """A number or date of a field, or None if the value is none. Files bring numbers as text."""
    if type_ == "date":
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        try:
            return date.fromisoformat(value.strip()) if isinstance(value, str) else None
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, (int, float, str, Decimal)):
        return None
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    if not number.is_finite() or abs(number) >= _NUMBER_LIMIT:
        return None
    if type_ == "int":
        return number if number == number.to_integral_value() else None
    exponent = number.normalize().as_tuple().exponent
    return number if isinstance(exponent, int) and exponent >= -6 else None


def _bound(type_: str, text: str) -> Any:
    return _parse(type_, text)


def attribute_facts(fields: Sequence[ProfileField], attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Stored values as the condition language wants them, by field key `membership.attributes.<key>`."""
    facts: dict[str, Any] = {}
    for field in fields:
        value = attributes.get(field.key)
        if value is None:
            continue
        if field.type == "decimal":
            value = Decimal(value)
        elif field.type == "date":
            value = date.fromisoformat(value)
        facts[f"membership.attributes.{field.key}"] = value
    return facts


def condition_fields(fields: Sequence[ProfileField]) -> tuple[FieldDef, ...]:
    """The brand's live custom fields for the catalogue of the condition language."""
    return tuple(
        attribute_field(
            field.key,
            FieldType(field.type),
            Label(field.label.zh, field.label.en),
            choices=[Choice(c.value, Label(c.label.zh, c.label.en)) for c in field.choices],
        )
        for field in fields
        if not field.archived
    )
