"""The door of the condition language: parse it, ask it in memory, say it, list what it needs.

The SQL interpreter has a door of its own, `regulars.conditions.sql.api`: pure rooms never reach a driver.
"""

from __future__ import annotations

from typing import Any

from regulars.conditions.behaviour import (
    RFM_GROUPS,
    SEGMENTS,
    STAGES,
    behaviour_fields,
    from_plain,
    is_behaviour,
    to_plain,
)
from regulars.conditions.catalogue import FieldCatalogue, attribute_field, balance_field, make_catalogue
from regulars.conditions.describe import describe_node
from regulars.conditions.explain import Explainer
from regulars.conditions.explain import compile_explain as _compile_explain
from regulars.conditions.language import needs as _needs
from regulars.conditions.memory import compile_node
from regulars.conditions.parse import parse
from regulars.conditions.progress import Measure, Progress
from regulars.conditions.progress import compile_measure as _compile_measure
from regulars.conditions.retail import retail_fields
from regulars.conditions.schema import catalogue_schema
from regulars.conditions.types import (
    Choice,
    Condition,
    FieldDef,
    FieldType,
    InvalidCondition,
    Label,
    Needs,
    Predicate,
    Scope,
)
from regulars.conditions.wire import to_wire
from regulars.kit.text import Language

__all__ = [
    "RFM_GROUPS",
    "SEGMENTS",
    "STAGES",
    "Choice",
    "FieldCatalogue",
    "FieldDef",
    "FieldType",
    "InvalidCondition",
    "Label",
    "Measure",
    "Progress",
    "Scope",
    "attribute_field",
    "balance_field",
    "behaviour_fields",
    "compile_condition",
    "compile_explain",
    "compile_measure",
    "describe",
    "fields_used",
    "from_plain",
    "is_behaviour",
    "make_catalogue",
    "needs",
    "parse_condition",
    "retail_fields",
    "schema",
    "to_plain",
    "wire",
]


def parse_condition(*, data: Any, catalogue: FieldCatalogue, of_line: bool = False) -> Condition:
    """Return the condition that decoded JSON says; None and {} mean "always".

    With `of_line` it is asked of one order line (fields `line.*` only), as a `where` is; compiled, it takes
    the line's dict.

    Raises:
        InvalidCondition: with every error found, each with JSON pointer, stable code and zh/en words.
    """
    return parse(data, catalogue, of_line=of_line)


def wire(*, condition: Condition) -> dict[str, Any]:
    """Return the condition's JSON; parsing it gives an equal condition."""
    return to_wire(condition)


def compile_condition(*, condition: Condition, catalogue: FieldCatalogue) -> Predicate:
    """Return a fast function of facts (see `types.Facts`) that says whether the condition holds.

    Compile once and keep it; the function is pure and may be shared between threads.

    Raises:
        KeyError: the condition names a field the catalogue does not have.
    """
    return compile_node(condition, catalogue)


def compile_explain(*, condition: Condition, catalogue: FieldCatalogue) -> Explainer:
    """Return a function of facts that says why the condition does not hold: the smallest parts that fail.

    It gives an empty tuple where the condition holds. Sentences are made while compiling: keep the function.
    """
    return _compile_explain(condition, catalogue)


def compile_measure(*, condition: Condition, catalogue: FieldCatalogue) -> Measure:
    """Return a function of facts that says how far each number is that the condition wants: 3 of 10 check-ins.

    Looked at are parts that must all hold and ask a number for at least, or more than, something; see `progress`.
    """
    return _compile_measure(condition, catalogue)


def describe(*, condition: Condition, catalogue: FieldCatalogue, lang: str) -> str:
    """Return the condition as one sentence without a full stop; `lang` is "zh" (or "zh-CN") or "en"."""
    return describe_node(condition, catalogue, _language(lang))


def needs(*, condition: Condition) -> Needs:
    """Return the fields, line fields, windows and streaks the condition reads."""
    return _needs(condition)


def fields_used(*, condition: Condition) -> frozenset[str]:
    """Return the keys of every field the condition reads, lines' included."""
    read = _needs(condition)
    return read.fields | read.line_fields | {window.of for window in read.windows if window.of}


def schema(*, catalogue: FieldCatalogue, lang: str) -> dict[str, Any]:
    """Return the language as JSON for a form-based builder: fields, types, operators, choices, limits."""
    return catalogue_schema(catalogue, _language(lang))


def _language(lang: str) -> Language:
    return "zh" if lang.lower().startswith("zh") else "en"
