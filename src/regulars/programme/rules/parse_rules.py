"""Rules of a definition: triggers, conditions, effects, caps and hours."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import time
from fractions import Fraction
from typing import Any

from regulars.conditions.api import (
    FieldCatalogue,
    InvalidCondition,
    compile_condition,
    needs,
    parse_condition,
    wire,
)
from regulars.conditions.types import All, Condition, Needs
from regulars.programme.rules import parse_acts
from regulars.programme.rules.dump import rule_json
from regulars.programme.rules.parse_campaigns import check_multipliers, read_caps
from regulars.programme.rules.reader import Node, time_of_day
from regulars.programme.rules.types import (
    BenefitEffect,
    CouponEffect,
    Effect,
    Expiry,
    ExtendExpiryEffect,
    Pending,
    PointsEffect,
    Rule,
    RuleBudget,
    TagEffect,
    TierStepEffect,
)

_RULE = (
    "key", "name", "trigger", "enabled", "condition", "effects", "priority", "starts_at", "ends_at",
    "weekdays", "dayparts", "member_day", "caps", "stacking_group", "budget", "campaign",
)  # fmt: skip
_BUDGET = ("key", "worth", "cost")
_EFFECTS: dict[str, tuple[str, ...]] = {
    "points": (
        "type", "unit", "mode", "amount", "per", "factor", "table", "lines", "pending", "expiry", "limit",
    ),
    "tag": ("type", "tag", "remove"),
    "tier_step": ("type", "scheme", "steps", "tier"),
    "extend_expiry": ("type", "unit", "months"),
    "coupon": ("type", "definition", "count", "void_on_refund"),
    "benefit": ("type", "benefit", "uses", "days", "void_on_refund"),
    **parse_acts.FIELDS,
}  # fmt: skip
_MODE_FIELDS = {
    "fixed": ("amount",),
    "per_amount": ("amount", "per"),
    "multiply": ("factor",),
    "table": ("table",),
}
_EXPIRY = ("kind", "n", "round_up", "on")
_EXPIRY_KINDS = ("never", "rolling_days", "rolling_months", "fixed", "inactivity_months")
_KEPT_OF_WINDOWS = "order.amount"
MAX_RULES, MAX_EFFECTS, MAX_TABLE, MAX_DAYPARTS = 500, 10, 5000, 12


@dataclass(slots=True)
class Read:
    """What the conditions of the rules that are switched on read beside lines; gathered while they are parsed."""

    fields: set[str] = field(default_factory=set)
    windows: dict[str, int] = field(default_factory=dict)
    streaks: set[str] = field(default_factory=set)


def parse_rules(
    whole: Node,
    *,
    catalogue: FieldCatalogue,
    units: Collection[str],
    schemes: Mapping[str, Collection[str]],
    read: Read,
) -> tuple[Rule, ...]:
    """Every rule that could be read, in the order given; `schemes` gives each scheme's tier codes."""
    rules: list[tuple[Node, Rule]] = []
    for node in whole.children("rules", _RULE, most=MAX_RULES):
        rule = _Reader(node, catalogue, units, schemes, read).rule()
        if any(r.key == rule.key for _, r in rules):
            node.bad("key", "duplicate", f"规则 {rule.key} 重复", f"Rule {rule.key} is given twice")
        rules.append((node, rule))
    check_multipliers(rules)
    return tuple(r for _, r in rules)


class _Reader:
    def __init__(
        self,
        node: Node,
        catalogue: FieldCatalogue,
        units: Collection[str],
        schemes: Mapping[str, Collection[str]],
        read: Read,
    ) -> None:
        self.node = node
        self.catalogue = catalogue
        self.units = units
        self.schemes = schemes
        self.read = read
        self.wires: list[dict[str, Any] | None] = []

    def rule(self) -> Rule:
        node = self.node
        types = [c.value for c in self.catalogue.activity_types()]
        trigger = node.string("trigger")
        if trigger and trigger not in types:
            known = ", ".join(types)
            node.bad(
                "trigger",
                "unknown_activity",
                f"没有行为类型 {trigger}，可用：{known}",
                f"There is no activity type {trigger}; known: {known}",
            )
        condition = self.condition(node, "condition", in_lines=False)
        effects = tuple(self.effects())
        starts_at = node.instant("starts_at", self.catalogue.timezone)
        ends_at = node.instant("ends_at", self.catalogue.timezone)
        if starts_at and ends_at and ends_at <= starts_at:
            node.bad("ends_at", "before_start", "结束须晚于开始", "The end must come after the start")
        weekdays = node.integers("weekdays", least=1, most=7)
        rule = Rule(
            key=node.code("key") or "",
            name=node.text("name"),
            trigger=trigger or "",
            condition=condition[0] if condition else None,
            effects=effects,
            definition={},
            priority=node.integer("priority", least=-1000, most=1000, default=0),
            starts_at=starts_at,
            ends_at=ends_at,
            weekdays=weekdays or None,
            dayparts=self.dayparts(),
            member_day=node.flag("member_day", False),
            caps=read_caps(node, bool(effects) and not any(isinstance(e, PointsEffect) for e in effects)),
            stacking_group=node.code("stacking_group", None),
            enabled=node.flag("enabled", True),
            budget=self.budget(),
            campaign=node.code("campaign", None),
        )
        definition = (
            rule_json(rule, condition[1] if condition else None, self.wires) if not node.errors else {}
        )
        return replace(rule, definition=definition)

    def condition(
        self, node: Node, key: str, *, in_lines: bool
    ) -> tuple[Callable[[dict[str, Any]], bool], dict[str, Any]] | None:
        """The compiled condition and its canonical JSON; None for "always" and after an error."""
        data = node.values.get(key)
        if data is None or data == {}:
            return None
        try:
            parsed = parse_condition(data=data, catalogue=self.catalogue, of_line=in_lines)
        except InvalidCondition as invalid:
            for error in invalid.errors:
                node.errors.errors.append(replace(error, field=node.at(key) + _dotted(error.field)))
            return None
        if parsed == All(()):
            return None
        self._note(node, key, parsed)
        return compile_condition(condition=parsed, catalogue=self.catalogue), wire(condition=parsed)

    def _note(self, node: Node, key: str, condition: Condition) -> None:
        wanted = needs(condition=condition)
        live = self.node.values.get("enabled") is not False
        if live:
            self.read.fields |= wanted.fields
            self.read.streaks |= wanted.streaks
        check_windows(node, key, wanted)
        for window in wanted.windows:
            if live:
                longest = self.read.windows.get(window.activity, 0)
                self.read.windows[window.activity] = max(window.days, longest)

    def effects(self) -> list[Effect]:
        found: list[Effect] = []
        for path, value in self.node.items("effects", most=MAX_EFFECTS, required=True):
            kind = value.get("type") if isinstance(value, Mapping) else None
            known = _EFFECTS.get(kind, ()) if isinstance(kind, str) else ()
            if isinstance(value, Mapping) and not known:
                shown = ", ".join(_EFFECTS)
                self.node.errors.add(
                    f"{path}.type",
                    "unknown_choice",
                    f"应为其中之一：{shown}",
                    f"Must be one of: {shown}",
                )
                continue
            node = Node(value, path, self.node.errors, known)
            lines = None
            if kind == "points":
                effect, lines = self.points(node)
                found.append(effect)
            elif kind == "tag":
                found.append(TagEffect(node.string("tag") or "", node.flag("remove", False)))
            elif kind == "tier_step":
                found.append(self.tier_step(node))
            elif kind == "extend_expiry":
                found.append(
                    ExtendExpiryEffect(self.unit(node), node.integer("months", least=1, most=120) or 1)
                )
            elif kind == "coupon":
                found.append(
                    CouponEffect(
                        node.code("definition") or "",
                        node.integer("count", least=1, most=20, default=1),
                        node.flag("void_on_refund", True),
                    )
                )
            elif kind == "benefit":
                found.append(
                    BenefitEffect(
                        node.code("benefit") or "",
                        node.integer("uses", least=1, most=100, default=1),
                        node.integer("days", least=1, most=3660) or 1,
                        node.flag("void_on_refund", True),
                    )
                )
            elif kind in parse_acts.FIELDS:
                found.append(parse_acts.read_act(node, kind))
            else:
                continue
            self.wires.append(lines)
        return found

    def points(self, node: Node) -> tuple[PointsEffect, dict[str, Any] | None]:
        mode: Any = node.choice("mode", tuple(_MODE_FIELDS)) or "fixed"
        for other in {name for names in _MODE_FIELDS.values() for name in names} - set(_MODE_FIELDS[mode]):
            if node.has(other):
                node.bad(other, "not_for_mode", f"{mode} 方式没有此项", f"Not for the mode {mode}")
        lines = self.condition(node, "lines", in_lines=True)
        factor = node.ratio("factor") if mode == "multiply" else None
        if factor is not None and factor <= 1:
            node.bad("factor", "out_of_range", "倍数须大于 1", "The factor must be above 1")
        expiry = parse_expiry(node, "expiry") if node.has("expiry") else None
        if expiry is not None and expiry.kind == "inactivity_months":
            node.bad(
                "expiry.kind",
                "unit_only",
                "不活跃失效只能设在单位上",
                "Expiry by inactivity belongs to the unit, not to one effect",
            )
        pending = self.pending(node)
        if (
            pending is not None
            and pending.until == "days"
            and expiry is not None
            and expiry.kind == "rolling_days"
            and expiry.round_up == "none"
            and pending.days >= expiry.n
        ):
            node.bad(
                "pending.days",
                "after_expiry",
                "待生效天数须短于有效天数",
                "The value would expire before it can be spent",
            )
        effect = PointsEffect(
            unit=self.unit(node),
            mode=mode,
            amount=(node.integer("amount", least=1) or 1) if "amount" in _MODE_FIELDS[mode] else 0,
            per=(node.integer("per", least=1) or 1) if mode == "per_amount" else 1,
            table=self.table(node) if mode == "table" else {},
            lines=lines[0] if lines else None,
            pending=pending,
            expiry=expiry,
            limit=node.integer("limit", least=1, default=None),
            **({"factor": factor} if factor is not None else {}),
        )
        return effect, lines[1] if lines else None

    def table(self, node: Node) -> dict[str, int]:
        value = node.raw("table")
        if not isinstance(value, Mapping) or not value or len(value) > MAX_TABLE:
            if value is not None:
                node.bad(
                    "table",
                    "bad_table",
                    f"应为 1–{MAX_TABLE} 行的“货号或品类: 数量”",
                    f"Must map 1 to {MAX_TABLE} SKUs or categories to amounts",
                )
            return {}
        found = {}
        for name, amount in value.items():
            if isinstance(amount, bool) or not isinstance(amount, int) or not 0 <= amount <= 10**9:
                node.bad(
                    f"table.{name}",
                    "not_a_whole_number",
                    "应为非负整数",
                    "Must be a whole number, not negative",
                )
            else:
                found[str(name)] = amount
        return found

    def pending(self, node: Node) -> Pending | None:
        child = node.child("pending", ("until", "days"))
        if child is None:
            return None
        until = child.choice("until", ("days", "delivered")) or "delivered"
        if until == "days":
            return Pending("days", child.integer("days", least=1, most=366) or 1)
        if child.has("days"):
            child.bad("days", "not_for_mode", "签收生效没有天数", "Waiting for delivery takes no days")
        return Pending("delivered")

    def unit(self, node: Node) -> str:
        unit: str = node.code("unit") or ""
        if unit and unit not in self.units:
            known = ", ".join(self.units)
            node.bad(
                "unit",
                "unknown_unit",
                f"没有单位 {unit}，可用：{known}",
                f"There is no unit {unit}; known: {known}",
            )
        return unit

    def tier_step(self, node: Node) -> TierStepEffect:
        scheme = node.code("scheme") or ""
        steps = node.integer("steps", least=1, most=20, default=0)
        tier = node.code("tier", None)
        if scheme and scheme not in self.schemes:
            node.bad(
                "scheme", "unknown_scheme", f"没有等级体系 {scheme}", f"There is no tier scheme {scheme}"
            )
        elif tier and scheme and tier not in self.schemes[scheme]:
            node.bad(
                "tier",
                "unknown_tier",
                f"等级体系 {scheme} 没有等级 {tier}",
                f"Scheme {scheme} has no tier {tier}",
            )
        if node.has("steps") == node.has("tier"):
            node.bad(
                "steps", "one_of", "升几级与升到某级须二选一", "Give either the steps or the tier, not both"
            )
        return TierStepEffect(scheme, steps, tier)

    def budget(self) -> RuleBudget | None:
        """A budget's key, or an object with its key and what a firing costs it."""
        value = self.node.values.get("budget")
        if isinstance(value, str):
            key = self.node.code("budget")
            return RuleBudget(key) if key else None
        child = self.node.child("budget", _BUDGET)
        if child is None:
            return None
        worth = child.ratio("worth", most=1_000_000) if child.has("worth") else None
        if worth is not None and worth < 0:
            child.bad("worth", "out_of_range", "不能为负", "Must not be negative")
        cost = child.integer("cost", default=0)
        return RuleBudget(
            child.code("key") or "", Fraction(0 if cost else 1) if worth is None else worth, cost
        )

    def dayparts(self) -> tuple[tuple[time, time], ...]:
        found = []
        for path, value in self.node.items("dayparts", most=MAX_DAYPARTS):
            ends = [time_of_day(v) for v in value] if isinstance(value, list) and len(value) == 2 else []
            if len(ends) != 2 or ends[0] is None or ends[1] is None:
                self.node.errors.add(
                    path,
                    "bad_daypart",
                    '时段应如 ["07:00", "10:00"]',
                    'Must be a daypart such as ["07:00", "10:00"]',
                )
            elif ends[0] == ends[1]:
                self.node.errors.add(
                    path,
                    "empty_daypart",
                    "开始与结束相同；全天请不填时段",
                    "Start and end are the same; for the whole day leave dayparts out",
                )
            else:
                found.append((ends[0], ends[1]))
        return tuple(found)


def check_windows(node: Node, key: str, wanted: Needs) -> None:
    """Of a window only what is kept of history can be asked."""
    for window in wanted.windows:
        if window.of not in (None, _KEPT_OF_WINDOWS):
            node.bad(
                key,
                "window_not_kept",
                f"时间窗内只能统计次数或 {_KEPT_OF_WINDOWS}，不能统计 {window.of}",
                f"Of a window only the count and {_KEPT_OF_WINDOWS} are kept, not {window.of}",
            )


def parse_expiry(node: Node, key: str) -> Expiry:
    """The expiry under `key`; never, where there is none."""
    child = node.child(key, _EXPIRY)
    if child is None:
        return Expiry()
    kind: Any = child.choice("kind", _EXPIRY_KINDS) or "never"
    counted = kind in ("rolling_days", "rolling_months", "inactivity_months")
    rolling = kind in ("rolling_days", "rolling_months")
    for name, fits in (("n", counted), ("round_up", rolling), ("on", kind == "fixed")):
        if child.has(name) and not fits:
            child.bad(name, "not_for_kind", f"{kind} 方式没有此项", f"Not for expiry {kind}")
    return Expiry(
        kind=kind,
        n=(child.integer("n", least=1, most=3660 if kind == "rolling_days" else 240) or 1) if counted else 0,
        round_up=child.choice("round_up", ("none", "month", "quarter", "year"), "none")
        if rolling
        else "none",
        on=child.day("on") if kind == "fixed" else None,
    )


def _dotted(pointer: str) -> str:
    """`/any/0/value` → `.any[0].value`."""
    return re.sub(r"/(\d+)(?=/|$)", r"[\1]", pointer).replace("/", ".")
