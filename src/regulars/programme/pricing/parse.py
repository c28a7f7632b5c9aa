"""An offer's definition (JSON) to the compiled offer, strictly: every error at once, each with its path."""

from __future__ import annotations

import json
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
    compile_explain,
    fields_used,
    needs,
    parse_condition,
    wire,
)
from regulars.conditions.types import All, Condition
from regulars.kit.errors import ErrorList
from regulars.kit.reader import MAX_VALUE, Node, check_texts, time_of_day
from regulars.kit.text import Text
from regulars.programme.pricing.dump import offer_json
from regulars.programme.pricing.opening import ALWAYS
from regulars.programme.pricing.types import (
    Action,
    AmountOff,
    Cashback,
    Exchange,
    Explain,
    FixedPrice,
    FreeItem,
    Offer,
    PercentOff,
    Predicate,
    ShippingOff,
    Source,
    Stacking,
    Step,
    Threshold,
    Windows,
)

KIND_FIELDS: Mapping[str, tuple[str, ...]] = {
    "amount": ("amount",),
    "percent": ("factor", "cap"),
    "threshold": ("steps", "measure", "every", "cap"),
    "fixed_price": ("price", "pieces", "limit"),
    "exchange": ("price", "pieces"),
    "free_item": ("buy", "get", "factor", "same_item", "gift", "times"),
    "shipping": ("cap",),
    "cashback": ("unit", "amount", "rate", "cap"),
}
SHARED_FIELDS = (
    "kind", "lines", "condition", "starts_at", "ends_at", "weekdays", "dayparts", "member_day", "first_order",
    "at_least", "at_least_pieces", "stacking", "priority", "budget", "returns",
)  # fmt: skip
OFFER_FIELDS = tuple(dict.fromkeys((*SHARED_FIELDS, *(n for names in KIND_FIELDS.values() for n in names))))
_STACKING = ("mode", "exclusive_of", "group", "category", "per_order", "skip_idle")
_STEP = ("at_least", "off", "factor")
_PRICES = ("percent", "fixed_price")
MAX_STEPS, MAX_DAYPARTS, MAX_COUNT = 10, 12, 10_000

Note = Callable[[Node, str, Condition], None]


def no_history(node: Node, key: str, condition: Condition) -> None:
    """Windows and streaks may only be asked where the programme knows ahead to keep what they read."""
    wanted = needs(condition=condition)
    if wanted.windows or wanted.streaks:
        node.bad(
            key,
            "window_not_kept",
            "时间窗与连续天数条件只能用在方案的规则和促销里",
            "Windows and streaks can only be asked in the programme's own rules and promotions",
        )


@dataclass(frozen=True, slots=True)
class Terms:
    """What an offer may name: fields, units, stacking categories. `note` hears of each condition that was read."""

    catalogue: FieldCatalogue
    units: Collection[str]
    categories: Collection[str] = ()
    note: Note = field(default=no_history)


def parse_offer(
    data: Any,
    *,
    key: str,
    name: Text,
    source: Source,
    terms: Terms,
    path: str = "",
    budget: str | None = None,
) -> Offer:
    """The offer that `data` says, named `key`; `budget` is its budget's key where its keeper names it.

    Raises:
        Refusal: `invalid_input` with every error found, each field with `path` before it.
    """
    errors = ErrorList()
    check_texts(data, errors)
    errors.refuse()
    node = Node(data, path, errors, OFFER_FIELDS)
    offer = read_offer(node, key=key, name=name, source=source, terms=terms)
    errors.refuse()
    return offer if budget is None else replace(offer, budget=budget)


def read_offer(
    node: Node, *, key: str, name: Text, source: Source, terms: Terms, enabled: bool = True
) -> Offer:
    """The offer in `node`, whose other fields are its keeper's; errors are gathered in `node.errors`."""
    return _OfferReader(node, source, terms).offer(key, name, enabled)


class _OfferReader:
    def __init__(self, node: Node, source: Source, terms: Terms) -> None:
        self.node = node
        self.source = source
        self.terms = terms
        self.fields: set[str] = set()
        self.wires: dict[str, dict[str, Any]] = {}
        self.why_not: Explain | None = None

    def offer(self, key: str, name: Text, enabled: bool) -> Offer:
        node = self.node
        kind = node.choice("kind", tuple(KIND_FIELDS)) or ""
        for other in {n for names in KIND_FIELDS.values() for n in names} - set(KIND_FIELDS.get(kind, ())):
            if kind and node.has(other):
                node.bad(other, "not_for_kind", f"{kind} 类优惠没有此项", f"Not for offers of kind {kind}")
        lines = self.condition("lines", of_line=True)
        condition = self.condition("condition")
        action = self.action(kind)
        if self.source == "price":
            self.check_price(kind, action)
        offer = Offer(
            key=key,
            name=name,
            source=self.source,
            action=action,
            definition={},
            lines=lines,
            condition=condition,
            why_not=self.why_not,
            windows=self.windows(),
            stacking=self.stacking(),
            first_order=node.flag("first_order", False),
            at_least=node.integer("at_least", default=0) or 0,
            at_least_pieces=node.integer("at_least_pieces", most=MAX_COUNT, default=0) or 0,
            priority=node.integer("priority", least=-1000, most=1000, default=0) or 0,
            budget=node.code("budget", None),
            returns=node.choice("returns", ("whole", "never"), "whole") or "whole",
            enabled=enabled,
            lines_key=json.dumps(self.wires["lines"], sort_keys=True) if "lines" in self.wires else "",
            fields_used=frozenset(self.fields),
        )
        definition = {} if node.errors else offer_json(offer, self.wires)
        return replace(offer, definition=definition)

    def condition(self, key: str, *, of_line: bool = False) -> Predicate | None:
        node = self.node
        data = node.values.get(key)
        if data is None or data == {}:
            return None
        try:
            parsed = parse_condition(data=data, catalogue=self.terms.catalogue, of_line=of_line)
        except InvalidCondition as invalid:
            for error in invalid.errors:
                node.errors.errors.append(replace(error, field=node.at(key) + dotted(error.field)))
            return None
        if parsed == All(()):
            return None
        self.terms.note(node, key, parsed)
        self.wires[key] = wire(condition=parsed)
        if not of_line:
            self.fields |= fields_used(condition=parsed)
            self.why_not = compile_explain(condition=parsed, catalogue=self.terms.catalogue)
        return compile_condition(condition=parsed, catalogue=self.terms.catalogue)

    def action(self, kind: str) -> Action:
        node = self.node
        if kind == "amount":
            return AmountOff(node.integer("amount", least=1) or 1)
        if kind == "percent":
            return PercentOff(self.factor(node, Fraction(1, 2)), node.integer("cap", least=1, default=None))
        if kind == "threshold":
            return self.threshold()
        if kind == "fixed_price":
            price = node.integer("price") or 0
            pieces = node.integer("pieces", least=1, most=100, default=1) or 1
            limit = node.integer("limit", least=1, most=MAX_COUNT, default=None)
            if limit is not None and limit < pieces:
                node.bad(
                    "limit", "out_of_range", f"不能小于 {pieces} 件", f"Must not be less than {pieces} pieces"
                )
            return FixedPrice(price, pieces, limit)
        if kind == "exchange":
            return Exchange(
                node.integer("price", default=0) or 0,
                node.integer("pieces", least=1, most=100, default=1) or 1,
            )
        if kind == "free_item":
            return self.free_item()
        if kind == "cashback":
            return self.cashback()
        return ShippingOff(node.integer("cap", least=1, default=None))

    def factor(self, node: Node, default: Fraction) -> Fraction:
        """The share that is paid."""
        given = node.ratio("factor")
        if given is not None and not 0 <= given < 1:
            node.bad(
                "factor",
                "out_of_range",
                "折后比例应不小于 0 且小于 1，例如 0.85",
                "The share that is paid must be at least 0 and below 1, such as 0.85",
            )
            return default
        return default if given is None else given

    def threshold(self) -> Threshold:
        node = self.node
        every = node.flag("every", False)
        steps: list[Step] = []
        for child in node.children("steps", _STEP, most=MAX_STEPS, required=True):
            at_least = child.integer("at_least", least=1) or 1
            off = child.integer("off", least=1, default=0) or 0
            paid = self.factor(child, Fraction(1, 2)) if child.has("factor") else None
            if child.has("off") == child.has("factor"):
                child.bad("off", "one_of", "减额与折扣须二选一", "Give either the amount off or the factor")
            if steps and at_least <= steps[-1].at_least:
                child.bad(
                    "at_least", "not_ascending", "门槛应逐级升高", "Each step must be higher than the last"
                )
            steps.append(Step(at_least, off, paid))
        if every and (len(steps) > 1 or any(step.paid is not None for step in steps)):
            node.bad("every", "one_step", "“每满”只能有一级减额", "“Every” takes one step with an amount off")
        return Threshold(
            tuple(steps) or (Step(1, 1),),
            node.choice("measure", ("amount", "quantity"), "amount") or "amount",
            every,
            node.integer("cap", least=1, default=None),
        )

    def free_item(self) -> FreeItem:
        node = self.node
        same = node.flag("same_item", False)
        gift = self.condition("gift", of_line=True)
        if same and node.has("gift"):
            node.bad("same_item", "one_of", "指定赠品时不能限同款", "Not together with a gift")
        return FreeItem(
            buy=node.integer("buy", least=1, most=100) or 1,
            get=node.integer("get", least=1, most=100, default=1) or 1,
            paid=self.factor(node, Fraction(0)) if node.has("factor") else Fraction(0),
            same_item=same,
            gift=gift,
            times=node.integer("times", least=1, most=MAX_COUNT, default=None),
        )

    def cashback(self) -> Cashback:
        node = self.node
        unit = node.code("unit") or ""
        if unit and unit not in self.terms.units:
            known = ", ".join(self.terms.units)
            node.bad(
                "unit",
                "unknown_unit",
                f"没有单位 {unit}，可用：{known}",
                f"There is no unit {unit}; known: {known}",
            )
        if node.has("amount") == node.has("rate"):
            node.bad("amount", "one_of", "金额与比例须二选一", "Give either the amount or the rate")
        rate = node.ratio("rate", most=10) if node.has("rate") else None
        if rate is not None and rate <= 0:
            node.bad("rate", "out_of_range", "比例应大于 0", "The rate must be above 0")
        return Cashback(
            unit,
            node.integer("amount", least=1, default=0) or 0,
            Fraction(0) if rate is None else rate,
            node.integer("cap", least=1, most=MAX_VALUE, default=None),
        )

    def check_price(self, kind: str, action: Action) -> None:
        """A price is one line's own: it has no caps, limits, budget or stacking."""
        node = self.node
        if kind and kind not in _PRICES:
            shown = ", ".join(_PRICES)
            node.bad(
                "kind", "unknown_choice", f"价格应为其中之一：{shown}", f"A price must be one of: {shown}"
            )
        for name in ("cap", "pieces", "limit", "stacking", "budget", "at_least_pieces"):
            if node.has(name):
                node.bad(name, "not_for_price", "价格没有此项", "Not for prices")

    def windows(self) -> Windows:
        node, timezone = self.node, self.terms.catalogue.timezone
        starts_at, ends_at = node.instant("starts_at", timezone), node.instant("ends_at", timezone)
        if starts_at and ends_at and ends_at <= starts_at:
            node.bad("ends_at", "before_start", "结束须晚于开始", "The end must come after the start")
        found = Windows(
            starts_at,
            ends_at,
            node.integers("weekdays", least=1, most=7) or None,
            self.dayparts(),
            node.flag("member_day", False),
        )
        return ALWAYS if found == ALWAYS else found

    def dayparts(self) -> tuple[tuple[time, time], ...]:
        found = []
        for path, value in self.node.items("dayparts", most=MAX_DAYPARTS):
            ends = [time_of_day(v) for v in value] if isinstance(value, list) and len(value) == 2 else []
            if len(ends) != 2 or ends[0] is None or ends[1] is None or ends[0] == ends[1]:
                self.node.errors.add(
                    path,
                    "bad_daypart",
                    '时段应如 ["07:00", "10:00"]',
                    'Must be a daypart such as ["07:00", "10:00"]',
                )
            else:
                found.append((ends[0], ends[1]))
        return tuple(found)

    def stacking(self) -> Stacking:
        node = self.node.child("stacking", _STACKING)
        if node is None:
            return Stacking()
        mode: Any = node.choice("mode", ("joint", "exclusive"), "joint") or "joint"
        if node.has("exclusive_of") and mode != "exclusive":
            node.bad("exclusive_of", "not_for_mode", "仅用于不可叠加", "Only for exclusive offers")
        if node.has("per_order") and self.source != "coupon":
            node.bad("per_order", "not_for_kind", "仅用于券", "Only for coupons")
        category = node.code("category", None)
        if category is not None and category not in self.terms.categories:
            known = ", ".join(self.terms.categories)
            node.bad(
                "category",
                "unknown_category",
                f"没有叠加类别 {category}，可用：{known}",
                f"There is no stacking category {category}; known: {known}",
            )
        return Stacking(
            mode,
            node.choice("exclusive_of", ("order", "lines"), "order") or "order",
            node.code("group", None),
            category,
            node.integer("per_order", least=1, most=100, default=1) or 1,
            node.flag("skip_idle", True),
        )


def dotted(pointer: str) -> str:
    """`/any/0/value` → `.any[0].value`."""
    return re.sub(r"/(\d+)(?=/|$)", r"[\1]", pointer).replace("/", ".")
