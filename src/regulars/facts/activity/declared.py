"""Declared custom activity types: their fields, and the check of what comes in as `data`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from regulars.kit.errors import ErrorList
from regulars.kit.text import Text

FieldKind = Literal["int", "decimal", "text", "enum", "bool", "date", "datetime"]
FIELD_KINDS: tuple[FieldKind, ...] = ("int", "decimal", "text", "enum", "bool", "date", "datetime")


@dataclass(frozen=True, slots=True)
class DataField:
    """One typed field of an activity type. Numbers and text lengths lie in `minimum` … `maximum`."""

    key: str
    type: FieldKind
    label: Text
    required: bool = False
    choices: tuple[tuple[str, Text], ...] = ()
    minimum: Decimal | None = None
    maximum: Decimal | None = None


@dataclass(frozen=True, slots=True)
class DeclaredType:
    code: str
    name: Text
    fields: tuple[DataField, ...]


def check_data(declared: DeclaredType, data: Mapping[str, Any], errors: ErrorList) -> dict[str, Any]:
    """The typed values of `data`; what is wrong is added to `errors` under `data.<key>`."""
    values: dict[str, Any] = {}
    fields = {field.key: field for field in declared.fields}
    for key in data:
        if key not in fields:
            known = ", ".join(fields) or "-"
            errors.add(
                f"data.{key}",
                "unknown_field",
                f"未声明的字段，可用：{known}",
                f"not declared; known: {known}",
            )
    for field in declared.fields:
        value = data.get(field.key)
        if value is None:
            if field.required:
                errors.add(f"data.{field.key}", "required", "必填", "is required")
            continue
        converted = _convert(field, value)
        if converted is None:
            errors.add(f"data.{field.key}", "bad_value", *_allowed(field))
        else:
            values[field.key] = converted
    return values


def _convert(field: DataField, value: Any) -> Any:
    """The value in the field's type, or None if it does not fit."""
    match field.type:
        case "bool":
            return value if isinstance(value, bool) else None
        case "int":
            if isinstance(value, bool) or not isinstance(value, int):
                return None
            return value if _within(field, Decimal(value)) else None
        case "decimal":
            if isinstance(value, bool) or not isinstance(value, (int, float, str)):
                return None
            try:
                number = Decimal(str(value))
            except InvalidOperation:
                return None
            return number if number.is_finite() and _within(field, number) else None
        case "text":
            if not isinstance(value, str) or "\x00" in value:
                return None
            limit = field.maximum or Decimal(2000)
            return value if (field.minimum or 0) <= len(value) <= limit else None
        case "enum":
            return value if any(value == choice for choice, _ in field.choices) else None
        case "date" | "datetime":
            try:
                if field.type == "date":
                    return date.fromisoformat(value)
                instant = datetime.fromisoformat(value)
            except (TypeError, ValueError):
                return None
            return instant if instant.tzinfo else None


def _within(field: DataField, number: Decimal) -> bool:
    return (field.minimum is None or number >= field.minimum) and (
        field.maximum is None or number <= field.maximum
    )


def _allowed(field: DataField) -> tuple[str, str]:
    if field.type == "enum":
        choices = ", ".join(choice for choice, _ in field.choices)
        return f"只能是：{choices}", f"must be one of: {choices}"
    zh = {
        "int": "整数",
        "decimal": "数字",
        "text": "文本",
        "bool": "true 或 false",
        "date": "日期（YYYY-MM-DD）",
        "datetime": "带时区的时间（ISO 8601）",
    }[field.type]
    en = {
        "int": "a whole number",
        "decimal": "a number",
        "text": "text",
        "bool": "true or false",
        "date": "a date (YYYY-MM-DD)",
        "datetime": "a time with its zone (ISO 8601)",
    }[field.type]
    low, high = field.minimum, field.maximum
    if low is not None or high is not None:
        span = f"{low if low is not None else '…'} – {high if high is not None else '…'}"
        return f"应为{zh}，范围 {span}", f"must be {en} in {span}"
    return f"应为{zh}", f"must be {en}"


def parse_fields(raw: Sequence[Mapping[str, Any]]) -> tuple[DataField, ...]:
    """The stored JSON of a type's fields."""
    return tuple(
        DataField(
            key=f["key"],
            type=f["type"],
            label=Text.from_json(f.get("label", f["key"])),
            required=bool(f.get("required")),
            choices=tuple(
                (c["value"], Text.from_json(c.get("label", c["value"]))) for c in f.get("choices", ())
            ),
            minimum=None if f.get("minimum") is None else Decimal(str(f["minimum"])),
            maximum=None if f.get("maximum") is None else Decimal(str(f["maximum"])),
        )
        for f in raw
    )
