"""The sections `promotions` and `checkout` of a programme's definition."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from fractions import Fraction
from typing import Any

from regulars.conditions.api import InvalidCondition, compile_condition, parse_condition, wire
from regulars.kit.reader import Node
from regulars.programme.pricing.dump import usual_step
from regulars.programme.pricing.parse import OFFER_FIELDS, Terms, dotted, read_offer
from regulars.programme.pricing.types import (
    Checkout,
    GiftTender,
    Offer,
    PointsTender,
    StackingCategory,
    StoredTender,
)

_PROMOTION = ("key", "name", "layer", "enabled", *OFFER_FIELDS)
_CHECKOUT = (
    "categories", "coupons_per_order", "points", "stored", "gift", "gift_first", "shipping_returns", "quote_minutes",
)  # fmt: skip
_POINTS = ("unit", "points", "minor", "step", "least", "share", "lines", "shipping", "earns")
_STORED = ("principal", "bonus", "order", "principal_earns", "bonus_earns")
MAX_PROMOTIONS, MAX_CATEGORIES = 200, 30


def read_promotions(whole: Node, *, terms: Terms, taken: Collection[str] = ()) -> tuple[Offer, ...]:
    """The section `promotions`, in the order given; errors are gathered in `whole.errors`.

    A promotion has `key`, `name`, `enabled`, a `layer` (`price` or `promotion`), and an offer's fields. `taken` are
    keys it cannot have.
    """
    offers: list[Offer] = []
    for node in whole.children("promotions", _PROMOTION, most=MAX_PROMOTIONS):
        key = node.code("key") or ""
        if key in taken or any(o.key == key for o in offers):
            node.bad("key", "duplicate", f"促销 {key} 重复", f"Promotion {key} is given twice")
        name = node.text("name")
        layer: Any = node.choice("layer", ("price", "promotion"), "promotion") or "promotion"
        enabled = node.flag("enabled", True)
        offer = read_offer(node, key=key, name=name, source=layer, terms=terms, enabled=enabled)
        if not node.errors:
            definition = {"key": key, "name": name.to_json()}
            if layer == "price":
                definition["layer"] = layer
            if not enabled:
                definition["enabled"] = False
            offer = replace(offer, definition=definition | dict(offer.definition))
        offers.append(offer)
    return tuple(offers)


def read_checkout(whole: Node, *, terms: Terms) -> Checkout:
    """The section `checkout`; the usual settings where there is none."""
    node = whole.child("checkout", _CHECKOUT)
    if node is None:
        return Checkout()
    categories: list[StackingCategory] = []
    for child in node.children("categories", ("code", "name", "most"), most=MAX_CATEGORIES):
        code = child.code("code") or ""
        if any(c.code == code for c in categories):
            child.bad("code", "duplicate", f"类别 {code} 重复", f"Category {code} is given twice")
        most = child.integer("most", least=1, most=100, default=None)
        categories.append(StackingCategory(code, child.text("name"), most))
    gift = node.child("gift", ("unit", "earns"))
    return Checkout(
        categories=tuple(categories),
        coupons_per_order=node.integer("coupons_per_order", least=0, most=100, default=None),
        points=_points(node, terms),
        stored=_stored(node, terms),
        gift=None if gift is None else GiftTender(_unit(gift, "unit", terms), gift.flag("earns", True)),
        gift_first=node.flag("gift_first", True),
        shipping_returns=node.choice("shipping_returns", ("whole", "never"), "whole") or "whole",
        quote_minutes=node.integer("quote_minutes", least=1, most=1440, default=15) or 15,
    )


def category_codes(whole: Node) -> tuple[str, ...]:
    """The codes of the stacking categories, before the section is read in full."""
    section = whole.values.get("checkout")
    listed = section.get("categories") if isinstance(section, dict) else None
    if not isinstance(listed, list):
        return ()
    return tuple(str(c["code"]) for c in listed if isinstance(c, dict) and "code" in c)


def _points(parent: Node, terms: Terms) -> PointsTender | None:
    node = parent.child("points", _POINTS)
    if node is None:
        return None
    unit = _unit(node, "unit", terms)
    points = node.integer("points", least=1, most=1_000_000) or 1
    minor = node.integer("minor", least=1, most=100_000_000) or 1
    usual = usual_step(points, minor)
    step = node.integer("step", least=1, most=1_000_000_000, default=usual) or usual
    if step % usual:
        node.bad(
            "step",
            "not_whole_money",
            f"应为 {usual} 的倍数，才能抵成整数金额",
            f"Must be a multiple of {usual} to be worth a whole amount",
        )
    share = node.ratio("share", most=1) if node.has("share") else None
    if share is not None and share <= 0:
        node.bad(
            "share", "out_of_range", "比例应大于 0 且不超过 1", "The share must be above 0 and at most 1"
        )
    lines = lines_wire = None
    data = node.values.get("lines")
    if data:
        try:
            parsed = parse_condition(data=data, catalogue=terms.catalogue, of_line=True)
            lines = compile_condition(condition=parsed, catalogue=terms.catalogue)
            lines_wire = wire(condition=parsed)
        except InvalidCondition as invalid:
            for error in invalid.errors:
                node.errors.errors.append(replace(error, field=node.at("lines") + dotted(error.field)))
    return PointsTender(
        unit=unit,
        points=points,
        minor=minor,
        step=step,
        least=node.integer("least", least=1, default=0) or 0,
        share=Fraction(1) if share is None else share,
        lines=lines,
        shipping=node.flag("shipping", False),
        earns=node.flag("earns", False),
        lines_wire=lines_wire,
    )


def _stored(parent: Node, terms: Terms) -> StoredTender | None:
    node = parent.child("stored", _STORED)
    if node is None:
        return None
    principal = _unit(node, "principal", terms)
    bonus = _unit(node, "bonus", terms) if node.has("bonus") else None
    if bonus is not None and bonus == principal:
        node.bad("bonus", "duplicate", "不能与本金同一单位", "Must not be the unit of the principal")
    if bonus is None and node.has("bonus_earns"):
        node.bad("bonus_earns", "not_for_kind", "没有赠金", "There is no bonus")
    return StoredTender(
        principal,
        bonus,
        node.choice("order", ("bonus_first", "principal_first", "pro_rata"), "bonus_first") or "bonus_first",
        node.flag("principal_earns", True),
        node.flag("bonus_earns", False),
    )


def _unit(node: Node, key: str, terms: Terms) -> str:
    unit: str = node.code(key) or ""
    if unit and unit not in terms.units:
        known = ", ".join(terms.units)
        node.bad(
            key,
            "unknown_unit",
            f"没有单位 {unit}，可用：{known}",
            f"There is no unit {unit}; known: {known}",
        )
    return unit
