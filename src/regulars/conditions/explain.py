"""Why a condition does not hold: the smallest parts that fail, for receipts and for people."""

from __future__ import annotations

from typing import Any

from regulars.conditions.catalogue import FieldCatalogue
from regulars.conditions.describe import describe_node
from regulars.conditions.language import KINDS, TEXTS, ValueKind, line_total_type, window_type
from regulars.conditions.memory import compile_node, line_total_value, read_field, streak_value, window_value
from regulars.conditions.parse import to_wire
from regulars.conditions.types import (
    All,
    AnyOf,
    Compare,
    Condition,
    Facts,
    FieldType,
    Lines,
    LineTotal,
    Not,
    Reason,
    Streak,
    Window,
)
from regulars.conditions.values import wire_value
from regulars.conditions.wording import glue, list_text, value_text
from regulars.kit.text import Language, Text

_SHOWN = 10


def explain_node(condition: Condition, catalogue: FieldCatalogue, facts: Facts) -> tuple[Reason, ...]:
    """Return the reasons why the condition does not hold for these facts; none when it does."""
    if compile_node(condition, catalogue)(facts):
        return ()
    match condition:
        case All(parts):
            return tuple(reason for part in parts for reason in explain_node(part, catalogue, facts))
        case AnyOf((only,)):
            return explain_node(only, catalogue, facts)
        case AnyOf(parts):
            reasons = tuple(_as_one(explain_node(part, catalogue, facts)) for part in parts)
            return (
                Reason(
                    "unmet.any",
                    None,
                    None,
                    None,
                    Text(
                        "以下各项都不满足：" + "；".join(reason.text.zh for reason in reasons),
                        "none of these holds: " + "; ".join(reason.text.en for reason in reasons),
                    ),
                    reasons,
                ),
            )
        case Not(Not(inner)):
            return explain_node(inner, catalogue, facts)
        case Not(AnyOf(parts)):
            return tuple(reason for part in parts for reason in explain_node(Not(part), catalogue, facts))
        case Not(Compare() as part):
            return (_compare(part, catalogue, facts, negated=True),)
        case Not(inner):
            return (_wanted("unmet.not", condition, to_wire(inner), catalogue),)
        case Compare():
            return (_compare(condition, catalogue, facts, negated=False),)
        case Lines(quantifier, _):
            return (_wanted(f"unmet.lines_{quantifier}", condition, to_wire(condition), catalogue),)
        case LineTotal(aggregate, of, _, op, _):
            field = catalogue[of] if of else None
            type = line_total_type(aggregate, field.type if field else None)
            return (
                _measured(
                    f"unmet.lines_{aggregate}.{op}",
                    condition,
                    of,
                    type,
                    line_total_value(condition, catalogue)(facts),
                    catalogue,
                ),
            )
        case Streak(_, op, _):
            value = streak_value(condition)(facts)
            return (_measured(f"unmet.streak.{op}", condition, None, FieldType.INT, value, catalogue),)
        case Window(_, _, aggregate, of, op, _):
            field = catalogue[of] if of else None
            type = window_type(aggregate, field.type if field else None)
            value = window_value(condition)(facts)
            return (_measured(f"unmet.window_{aggregate}.{op}", condition, of, type, value, catalogue),)


def _as_one(reasons: tuple[Reason, ...]) -> Reason:
    if len(reasons) == 1:
        return reasons[0]
    return Reason(
        "unmet.all",
        None,
        None,
        None,
        Text(
            "，且".join(reason.text.zh for reason in reasons),
            ", and ".join(reason.text.en for reason in reasons),
        ),
        reasons,
    )


def _compare(node: Compare, catalogue: FieldCatalogue, facts: Facts, *, negated: bool) -> Reason:
    field = catalogue[node.field]
    value = read_field(field)(facts)
    if field.type in (*TEXTS, FieldType.SET) and not value:
        value = None
    wanted = Not(node) if negated else node
    presence = KINDS[node.op] is ValueKind.NONE
    missing = value is None and not presence
    actual = None if field.personal or value is None else _json(value)
    code = "unmet.missing" if missing else f"unmet.{'not_' if negated else ''}{node.op}"
    expected = to_wire(node).get("value")

    def sentence(lang: Language) -> str:
        want = describe_node(wanted, catalogue, lang)
        if missing:
            return (
                f"需要{want}，但没有这项数据" if lang == "zh" else f"{want} is needed, but there is no value"
            )
        if field.personal or presence or value is None or field.type is FieldType.BOOL:
            return f"需要{want}" if lang == "zh" else f"{want} is needed"
        found = _found(value, field.type, field.key, catalogue, lang)
        return glue(f"需要{want}，实际是", found) if lang == "zh" else f"{want} is needed; it was {found}"

    return Reason(code, node.field, expected, actual, Text(sentence("zh"), sentence("en")))


def _measured(
    code: str,
    node: LineTotal | Streak | Window,
    of: str | None,
    type: FieldType,
    value: Any,
    catalogue: FieldCatalogue,
) -> Reason:
    def sentence(lang: Language) -> str:
        want = describe_node(node, catalogue, lang)
        if value is None:
            return (
                f"需要{want}，但没有这项数据" if lang == "zh" else f"{want} is needed, but there is no value"
            )
        found = value_text(value, type, None, catalogue, lang)
        return glue(f"需要{want}，实际是", found) if lang == "zh" else f"{want} is needed; it was {found}"

    actual = None if value is None else _json(value)
    return Reason(code, of, wire_value(node.value), actual, Text(sentence("zh"), sentence("en")))


def _wanted(code: str, node: Condition, expected: Any, catalogue: FieldCatalogue) -> Reason:
    zh, en = describe_node(node, catalogue, "zh"), describe_node(node, catalogue, "en")
    return Reason(code, None, expected, None, Text(f"需要{zh}", f"{en} is needed"))


def _found(value: Any, type: FieldType, key: str, catalogue: FieldCatalogue, lang: Language) -> str:
    field = catalogue[key]
    if type is FieldType.SET:
        items = [value_text(item, type, field, catalogue, lang) for item in sorted(value)]
        return list_text(items, lang, last="and")
    return value_text(value, type, field, catalogue, lang)


def _json(value: Any) -> Any:
    if isinstance(value, (set, frozenset, list, tuple)):
        return sorted(value)[:_SHOWN]
    return wire_value(value)
