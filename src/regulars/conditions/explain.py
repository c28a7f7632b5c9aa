"""Why a condition does not hold: the smallest parts that fail, for receipts and for people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from regulars.conditions.catalogue import FieldCatalogue
from regulars.conditions.describe import describe_node
from regulars.conditions.language import KINDS, TEXTS, ValueKind, line_total_type, window_type
from regulars.conditions.memory import (
    Getter,
    compile_node,
    line_total_value,
    read_field,
    streak_value,
    window_value,
)
from regulars.conditions.types import (
    All,
    AnyOf,
    Compare,
    Condition,
    Facts,
    FieldDef,
    FieldType,
    Lines,
    LineTotal,
    Not,
    Reason,
    Streak,
    Window,
)
from regulars.conditions.values import wire_value
from regulars.conditions.wire import to_wire
from regulars.conditions.wording import glue, list_text, value_text
from regulars.kit.text import Language, Text

_SHOWN = 10
_LANGUAGES: tuple[Language, Language] = ("zh", "en")
_MISSING = Text("没有这项数据", "there is no value")


Explainer = Callable[[Facts], tuple[Reason, ...]]


def compile_explain(condition: Condition, catalogue: FieldCatalogue) -> Explainer:
    """Return a function of facts giving the reasons why the condition does not hold; none when it does."""
    test = compile_node(condition, catalogue)
    why = _why(condition, catalogue)
    return lambda facts: () if test(facts) else why(facts)


def _why(condition: Condition, catalogue: FieldCatalogue) -> Explainer:
    """As `compile_explain`, for facts already known to fail."""
    match condition:
        case All(parts):
            each = [compile_explain(part, catalogue) for part in parts]
            return lambda facts: tuple(reason for explain in each for reason in explain(facts))
        case AnyOf((only,)):
            return _why(only, catalogue)
        case AnyOf(parts):
            inner = [_why(part, catalogue) for part in parts]
            return lambda facts: (_none_of([_as_one(explain(facts)) for explain in inner]),)
        case Not(Not(part)):
            return _why(part, catalogue)
        case Not(AnyOf(parts)):
            return _why(All(tuple(Not(part) for part in parts)), catalogue)
        case Not(Compare() as part):
            return _compare(part, catalogue, negated=True)
        case Not(part):
            return _whole("unmet.not", condition, to_wire(part), catalogue)
        case Compare():
            return _compare(condition, catalogue, negated=False)
        case Lines(quantifier, _):
            return _whole(f"unmet.lines_{quantifier}", condition, to_wire(condition), catalogue)
        case LineTotal(aggregate, of, _, op, _):
            field = catalogue[of] if of else None
            type = line_total_type(aggregate, field.type if field else None)
            code = f"unmet.lines_{aggregate}.{op}"
            return _measured(code, condition, of, type, line_total_value(condition, catalogue), catalogue)
        case Streak(_, op, _):
            read = streak_value(condition)
            return _measured(f"unmet.streak.{op}", condition, None, FieldType.INT, read, catalogue)
        case Window(_, _, total, of, op, _):
            field = catalogue[of] if of else None
            type = window_type(total, field.type if field else None)
            code = f"unmet.window_{total}.{op}"
            return _measured(code, condition, of, type, window_value(condition), catalogue)


def _none_of(reasons: list[Reason]) -> Reason:
    def tell() -> Text:
        texts = [reason.text for reason in reasons]
        return Text(
            "以下各项都不满足：" + "；".join(text.zh for text in texts),
            "none of these holds: " + "; ".join(text.en for text in texts),
        )

    return Reason("unmet.any", None, None, None, tell, tuple(reasons))


def _as_one(reasons: tuple[Reason, ...]) -> Reason:
    if len(reasons) == 1:
        return reasons[0]

    def tell() -> Text:
        texts = [reason.text for reason in reasons]
        return Text("，且".join(text.zh for text in texts), ", and ".join(text.en for text in texts))

    return Reason("unmet.all", None, None, None, tell, reasons)


def _compare(node: Compare, catalogue: FieldCatalogue, *, negated: bool) -> Explainer:
    field = catalogue[node.field]
    read = read_field(field)
    wanted = _said(Not(node) if negated else node, catalogue)
    expected = to_wire(node).get("value")
    code = f"unmet.{'not_' if negated else ''}{node.op}"
    presence = KINDS[node.op] is ValueKind.NONE
    empty_is_missing = field.type in TEXTS or field.type is FieldType.SET
    silent = field.personal or presence or field.type is FieldType.BOOL

    def why(facts: Facts) -> tuple[Reason, ...]:
        value = read(facts)
        missing = value is None or (empty_is_missing and not value)
        if missing and not presence:
            return (Reason("unmet.missing", node.field, expected, None, lambda: _text(wanted, _MISSING)),)
        actual = None if field.personal or missing else _json(value)

        def tell() -> Text:
            return _text(wanted, None if silent else _found(value, field, catalogue))

        return (Reason(code, node.field, expected, actual, tell),)

    return why


def _measured(
    code: str,
    node: LineTotal | Streak | Window,
    of: str | None,
    type: FieldType,
    read: Getter,
    catalogue: FieldCatalogue,
) -> Explainer:
    wanted = _said(node, catalogue)
    expected = wire_value(node.value)

    def why(facts: Facts) -> tuple[Reason, ...]:
        value = read(facts)
        if value is None:
            return (Reason("unmet.missing", of, expected, None, lambda: _text(wanted, _MISSING)),)

        def tell() -> Text:
            zh, en = (value_text(value, type, None, catalogue, lang) for lang in _LANGUAGES)
            return _text(wanted, Text(zh, en))

        return (Reason(code, of, expected, _json(value), tell),)

    return why


def _whole(code: str, node: Condition, expected: Any, catalogue: FieldCatalogue) -> Explainer:
    said = _text(_said(node, catalogue), None)
    reason = Reason(code, None, expected, None, lambda: said)
    return lambda facts: (reason,)


def _said(node: Condition, catalogue: FieldCatalogue) -> Text:
    return Text(describe_node(node, catalogue, "zh"), describe_node(node, catalogue, "en"))


def _text(wanted: Text, found: Text | None) -> Text:
    if found is None:
        return Text(f"需要{wanted.zh}", f"wanted: {wanted.en}")
    if found is _MISSING:
        return Text(f"需要{wanted.zh}，但{found.zh}", f"wanted: {wanted.en}, but {found.en}")
    return Text(glue(f"需要{wanted.zh}，实际是", found.zh), f"wanted: {wanted.en}, but it was {found.en}")


def _found(value: Any, field: FieldDef, catalogue: FieldCatalogue) -> Text:
    def said(lang: Language) -> str:
        if field.type is FieldType.SET:
            items = [value_text(item, field.type, field, catalogue, lang) for item in sorted(value)]
            return list_text(items, lang, last="and")
        return value_text(value, field.type, field, catalogue, lang)

    return Text(said("zh"), said("en"))


def _json(value: Any) -> Any:
    if isinstance(value, (set, frozenset, list, tuple)):
        return sorted(value)[:_SHOWN]
    return wire_value(value)
