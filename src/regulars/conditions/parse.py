"""From JSON to the syntax tree, strictly, and back. All errors of a condition are reported at once."""

from __future__ import annotations

import difflib
from typing import Any, Literal

from regulars.conditions.catalogue import FieldCatalogue
from regulars.conditions.language import (
    KINDS,
    MAX_DEPTH,
    MAX_NODES,
    MAX_WINDOW_DAYS,
    NUMBER_OPS,
    NUMBERS,
    OPS,
    RELATIVE_OPS,
    ValueKind,
    line_total_type,
    window_type,
)
from regulars.conditions.types import (
    ALWAYS,
    All,
    AnyOf,
    Choice,
    Compare,
    Condition,
    FieldDef,
    FieldType,
    InvalidCondition,
    LineAggregate,
    Lines,
    LineTotal,
    Not,
    Op,
    Quantifier,
    Scope,
    Streak,
    Value,
    Window,
    WindowAggregate,
)
from regulars.conditions.values import CURRENT, BadValue, parse_value
from regulars.kit.errors import FieldError
from regulars.kit.text import Text

_QUANTIFIERS = frozenset(Quantifier)
_MOST_ERRORS, _MOST_GUESSES = 100, 5  # a hostile document is neither echoed nor guessed at without end
_FORMS = ("all", "any", "not", "field", "lines", "streak", "window")


def parse(data: Any, catalogue: FieldCatalogue, *, of_line: bool = False) -> Condition:
    """Return the condition that JSON `data` says; None and {} say "always".

    With `of_line` it is asked of one order line, as a `where` is.

    Raises:
        InvalidCondition: with every error found, each with its JSON pointer.
    """
    if data is None or data == {}:
        return ALWAYS
    parser = _Parser(catalogue)
    condition = parser.node(data, "", 1, in_lines=of_line)
    if parser.errors or condition is None:
        raise InvalidCondition(tuple(parser.errors))
    return condition


def _listed(values: Any) -> str:
    return ", ".join(str(value) for value in values)


def _quoted(value: Any) -> str:
    if not isinstance(value, str):
        return f"({type(value).__name__})"
    return value if len(value) <= 60 else value[:60] + "…"


class _Parser:
    def __init__(self, catalogue: FieldCatalogue) -> None:
        self.catalogue = catalogue
        self.errors: list[FieldError] = []
        self.nodes = 0

    def fail(self, path: str, code: str, zh: str, en: str) -> None:
        if len(self.errors) < _MOST_ERRORS:
            self.errors.append(FieldError(path, code, Text(zh, en)))

    def node(self, data: Any, path: str, depth: int, *, in_lines: bool) -> Condition | None:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            if self.nodes == MAX_NODES + 1:
                self.fail(
                    path,
                    "too_many_nodes",
                    f"条件过长：最多 {MAX_NODES} 个部分",
                    f"the condition is too long: at most {MAX_NODES} parts",
                )
            return None
        if depth > MAX_DEPTH:
            self.fail(
                path,
                "too_deep",
                f"条件嵌套过深：最多 {MAX_DEPTH} 层",
                f"the condition is nested too deeply: at most {MAX_DEPTH} levels",
            )
            return None
        if not isinstance(data, dict):
            self.fail(path, "not_an_object", "条件必须是对象", "a condition must be an object")
            return None
        forms = [form for form in _FORMS if form in data]
        if len(forms) != 1:
            self.fail(
                path,
                "unknown_form",
                f"条件必须且只能有以下一种键：{_listed(_FORMS)}",
                f"a condition must have exactly one of these keys: {_listed(_FORMS)}",
            )
            return None
        form = forms[0]
        if in_lines and form in ("lines", "streak", "window"):
            self.fail(
                path,
                "not_inside_lines",
                f"商品行条件里不能使用 {form}",
                f"{form} cannot be used inside a question about lines",
            )
            return None
        match form:
            case "all" | "any":
                return self.group(form, data, path, depth, in_lines)
            case "not":
                self.only_keys(data, path, ("not",))
                part = self.node(data["not"], f"{path}/not", depth + 1, in_lines=in_lines)
                return None if part is None else Not(part)
            case "field":
                return self.compare(data, path, in_lines)
            case "lines":
                return self.lines(data, path, depth)
            case "streak":
                return self.streak(data, path)
            case _:
                return self.window(data, path)

    def group(
        self, form: str, data: dict[str, Any], path: str, depth: int, in_lines: bool
    ) -> Condition | None:
        self.only_keys(data, path, (form,))
        items = data[form]
        if not isinstance(items, list):
            self.fail(
                f"{path}/{form}", "wrong_type", f"{form} 必须是列表", f"{form} must be a list of conditions"
            )
            return None
        if form == "any" and not items:
            self.fail(
                f"{path}/any", "empty_list", "any 至少要有一个条件", "any must have at least one condition"
            )
            return None
        parts: list[Condition] = []
        for index, item in enumerate(items):
            part = self.node(item, f"{path}/{form}/{index}", depth + 1, in_lines=in_lines)
            if part is not None:
                parts.append(part)
            if self.nodes > MAX_NODES:
                return None
        return All(tuple(parts)) if form == "all" else AnyOf(tuple(parts))

    def compare(self, data: dict[str, Any], path: str, in_lines: bool) -> Condition | None:
        self.only_keys(data, path, ("field", "op", "value"))
        definition = self.field(data["field"], f"{path}/field")
        if definition is None:
            return None
        if (definition.scope is Scope.LINE) != in_lines:
            if in_lines:
                self.fail(
                    f"{path}/field",
                    "wrong_scope",
                    f"{definition.key} 不是商品行字段，这里只能用 line. 开头的字段",
                    f"{definition.key} is no field of a line; only those starting with line. can stand here",
                )
            else:
                self.fail(
                    f"{path}/field",
                    "wrong_scope",
                    f"{definition.key} 是商品行字段，只能用在 lines 的 where 里",
                    f"{definition.key} is a field of a line; it can only be used in the where of lines",
                )
            return None
        asked = self.comparison(data, path, definition.key, definition.type, definition.choices)
        if asked is None:
            return None
        op, value = asked
        if in_lines and (op in RELATIVE_OPS or (value == CURRENT and op is Op.MONTH_IS)):
            self.fail(
                f"{path}/op",
                "op_not_on_lines",
                f"商品行字段 {definition.key} 不能与今天比较，请用确定的日期",
                f"{definition.key} of a line cannot be compared with today; use fixed dates",
            )
            return None
        return Compare(definition.key, op, value)

    def lines(self, data: dict[str, Any], path: str, depth: int) -> Condition | None:
        name = data["lines"]
        if isinstance(name, str) and name in _QUANTIFIERS:
            self.only_keys(data, path, ("lines", "where"))
            if "where" not in data:
                self.missing(path, "where")
                return None
            where = self.node(data["where"], f"{path}/where", depth + 1, in_lines=True)
            return None if where is None else Lines(Quantifier(name), where)
        aggregate = self.word(name, f"{path}/lines", LineAggregate, (*Quantifier, *LineAggregate), "lines")
        if aggregate is None:
            return None
        self.only_keys(data, path, ("lines", "of", "where", "op", "value"))
        numeric = aggregate in (LineAggregate.SUM, LineAggregate.MAX, LineAggregate.MIN)
        of = self.measured(data, path, aggregate is not LineAggregate.COUNT, numeric, Scope.LINE)
        inner = (
            self.node(data["where"], f"{path}/where", depth + 1, in_lines=True) if "where" in data else None
        )
        if isinstance(of, bool):
            return None
        type = line_total_type(aggregate, of.type if of else None)
        asked = self.comparison(data, path, f"lines {aggregate}", type, (), NUMBER_OPS)
        if asked is None or ("where" in data and inner is None):
            return None
        return LineTotal(aggregate, of.key if of else None, inner, *asked)

    def streak(self, data: dict[str, Any], path: str) -> Condition | None:
        self.only_keys(data, path, ("streak", "op", "days"))
        activity = self.activity(data["streak"], f"{path}/streak")
        asked = self.comparison(data, path, "streak", FieldType.INT, (), NUMBER_OPS, key="days")
        return None if activity is None or asked is None else Streak(activity, *asked)

    def window(self, data: dict[str, Any], path: str) -> Condition | None:
        self.only_keys(data, path, ("window", "agg", "of", "op", "value"))
        frame = data["window"]
        if not isinstance(frame, dict):
            self.fail(
                f"{path}/window",
                "wrong_type",
                'window 必须是 {"days": 天数, "activity": 行为类型}',
                'window must be {"days": days, "activity": activity type}',
            )
            return None
        self.only_keys(frame, f"{path}/window", ("days", "activity"))
        days = frame.get("days")
        if isinstance(days, bool) or not isinstance(days, int) or not 1 <= days <= MAX_WINDOW_DAYS:
            self.fail(
                f"{path}/window/days",
                "out_of_range",
                f"days 必须是 1 到 {MAX_WINDOW_DAYS} 的整数",
                f"days must be a whole number from 1 to {MAX_WINDOW_DAYS}",
            )
            days = None
        activity = self.activity(frame.get("activity"), f"{path}/window/activity")
        if "agg" not in data:
            self.missing(path, "agg")
            return None
        aggregate = self.word(data["agg"], f"{path}/agg", WindowAggregate, tuple(WindowAggregate), "agg")
        if aggregate is None:
            return None
        of = self.measured(data, path, aggregate is not WindowAggregate.COUNT, True, Scope.ACTIVITY)
        if isinstance(of, bool):
            return None
        type = window_type(aggregate, of.type if of else None)
        asked = self.comparison(data, path, f"window {aggregate}", type, (), NUMBER_OPS)
        if asked is None or activity is None or days is None:
            return None
        return Window(activity, days, aggregate, of.key if of else None, *asked)

    def comparison(
        self,
        data: dict[str, Any],
        path: str,
        name: str,
        type: FieldType,
        choices: tuple[Choice, ...],
        allowed: tuple[Op, ...] | None = None,
        key: str = "value",
    ) -> tuple[Op, Value] | None:
        allowed = OPS[type] if allowed is None else allowed
        if "op" not in data:
            self.missing(path, "op")
            return None
        op = self.word(data["op"], f"{path}/op", Op, allowed, name)
        if op is None:
            return None
        if op not in allowed:
            self.fail(
                f"{path}/op",
                "op_not_for_type",
                f"{name}（{type}）不能用 {op}，可用：{_listed(allowed)}",
                f"{name} ({type}) does not take {op}; it takes: {_listed(allowed)}",
            )
            return None
        if KINDS[op] is ValueKind.NONE:
            if key in data:
                self.fail(
                    f"{path}/{key}",
                    "unknown_key",
                    f"{op} 不需要 {key}",
                    f"{op} on {name} takes no {key}",
                )
                return None
            return op, None
        if key not in data:
            self.missing(path, key)
            return None
        try:
            return op, parse_value(op, type, choices, data[key])
        except BadValue as bad:
            self.fail(
                f"{path}/{key}{bad.path}", bad.code, f"{name}（{op}）：{bad.zh}", f"{name} ({op}) {bad.en}"
            )
            return None

    def measured(
        self, data: dict[str, Any], path: str, wanted: bool, numeric: bool, scope: Scope
    ) -> FieldDef | Literal[False] | None:
        """Return the field under `of`, None where none belongs, False after an error."""
        if not wanted:
            if "of" in data:
                self.fail(f"{path}/of", "unknown_key", "count 不需要 of", "count takes no of")
                return False
            return None
        if "of" not in data:
            self.missing(path, "of")
            return False
        definition = self.field(data["of"], f"{path}/of")
        if definition is None:
            return False
        if definition.scope is not scope:
            self.fail(
                f"{path}/of",
                "wrong_scope",
                f"{definition.key} 不能用在这里，只能用 {scope} 类字段",
                f"{definition.key} cannot be used here; only fields of scope {scope} can",
            )
            return False
        if definition.type is FieldType.SET or (numeric and definition.type not in NUMBERS):
            self.fail(
                f"{path}/of",
                "wrong_type",
                f"{definition.key}（{definition.type}）不能这样汇总，需要：{_listed(sorted(NUMBERS))}",
                f"{definition.key} ({definition.type}) is no number; wanted: {_listed(sorted(NUMBERS))}",
            )
            return False
        return definition

    def field(self, key: Any, path: str) -> FieldDef | None:
        definition = self.catalogue.get(key) if isinstance(key, str) else None
        if definition is None:
            near = self.near(key)
            self.fail(
                path,
                "unknown_field",
                f"没有字段 {_quoted(key)}" + (f"，相近的有：{near}" if near else ""),
                f"there is no field {_quoted(key)}" + (f"; similar ones: {near}" if near else ""),
            )
        return definition

    def near(self, key: Any) -> str:
        if not isinstance(key, str) or len(key) > 60 or len(self.errors) >= _MOST_GUESSES:
            return ""
        return _listed(difflib.get_close_matches(key, list(self.catalogue.fields), n=3))

    def activity(self, name: Any, path: str) -> str | None:
        choices = self.catalogue.activity_types()
        if isinstance(name, str) and name and any(choice.value == name for choice in choices):
            return name
        allowed = _listed(choice.value for choice in choices)
        self.fail(
            path,
            "unknown_activity",
            f"没有行为类型 {_quoted(name)}，可用：{allowed}",
            f"there is no activity type {_quoted(name)}; known: {allowed}",
        )
        return None

    def word(self, raw: Any, path: str, kind: Any, allowed: Any, name: str) -> Any:
        if isinstance(raw, str):
            try:
                return kind(raw)
            except ValueError:
                pass
        self.fail(
            path,
            "unknown_op" if kind is Op else "unknown_word",
            f"{name}：不认识 {_quoted(raw)}，可用：{_listed(allowed)}",
            f"{name}: {_quoted(raw)} is not known; allowed: {_listed(allowed)}",
        )
        return None

    def only_keys(self, data: dict[str, Any], path: str, allowed: tuple[str, ...]) -> None:
        for key in data:
            if key not in allowed:
                self.fail(
                    f"{path}/{str(key).replace('~', '~0').replace('/', '~1')}",
                    "unknown_key",
                    f"不认识的键 {_quoted(key)}，这里可用：{_listed(allowed)}",
                    f"unknown key {_quoted(key)}; allowed here: {_listed(allowed)}",
                )

    def missing(self, path: str, key: str) -> None:
        self.fail(f"{path}/{key}", "missing_key", f"缺少 {key}", f"{key} is missing")
