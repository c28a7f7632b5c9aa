"""The door of the SQL interpreter: a condition as a WHERE clause, giving what the one in memory gives."""

from __future__ import annotations

from psycopg.sql import Composable, Composed

from regulars.conditions.catalogue import FieldCatalogue
from regulars.conditions.sql.build import Builder, json_field
from regulars.conditions.sql.types import Binding, SqlCondition
from regulars.conditions.types import Condition, FieldType

__all__ = ["Binding", "SqlCondition", "json_expression", "to_sql"]


def to_sql(*, condition: Condition, catalogue: FieldCatalogue, binding: Binding) -> SqlCondition:
    """Return the condition as SQL text and named parameters, for WHERE and for CASE WHEN.

    Raises:
        InvalidCondition: code `not_available`; the binding lacks a field, the lines, windows or streaks.
    """
    builder = Builder(catalogue, binding)
    expression = builder.node(condition)
    return SqlCondition(Composed([expression]), builder.params)


def json_expression(*, document: Composable, key: str, type: FieldType) -> Composed:
    """Return an expression that reads `key` of a jsonb object as a field of `type`, for bindings.

    `key` must be one a catalogue accepts, not what a user typed. A value of another type reads as missing.
    """
    return json_field(document, key, type)
