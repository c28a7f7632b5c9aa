"""An offer and the settings of the till back to their JSON: keys in a fixed order, defaults left out."""

from __future__ import annotations

from collections.abc import Mapping
from math import gcd
from typing import Any

from regulars.kit.wording import show_ratio
from regulars.programme.pricing.types import (
    AmountOff,
    Cashback,
    Checkout,
    Exchange,
    FixedPrice,
    FreeItem,
    Offer,
    PercentOff,
    ShippingOff,
    Stacking,
    Threshold,
)


def offer_json(offer: Offer, wires: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The definition without key and name, which are its keeper's; `wires` has its conditions in wire form."""
    windows = offer.windows
    return _without_empty(
        {
            "kind": offer.kind,
            **_action_json(offer, wires.get("gift")),
            "lines": wires.get("lines"),
            "condition": wires.get("condition"),
            "at_least": offer.at_least or None,
            "at_least_pieces": offer.at_least_pieces or None,
            "first_order": offer.first_order or None,
            "starts_at": None if windows.starts_at is None else windows.starts_at.isoformat(),
            "ends_at": None if windows.ends_at is None else windows.ends_at.isoformat(),
            "weekdays": None if windows.weekdays is None else sorted(windows.weekdays),
            "dayparts": [[f"{a:%H:%M}", f"{b:%H:%M}"] for a, b in windows.dayparts],
            "member_day": windows.member_day or None,
            "priority": offer.priority or None,
            "stacking": _stacking_json(offer.stacking),
            "budget": offer.budget,
            "returns": None if offer.returns == "whole" else offer.returns,
        }
    )


def _action_json(offer: Offer, gift: Mapping[str, Any] | None) -> dict[str, Any]:
    action = offer.action
    if isinstance(action, AmountOff):
        return {"amount": action.amount}
    if isinstance(action, PercentOff):
        return {"factor": show_ratio(action.paid), "cap": action.cap}
    if isinstance(action, Threshold):
        steps = [
            {"at_least": s.at_least, "off": s.off}
            if s.paid is None
            else {"at_least": s.at_least, "factor": show_ratio(s.paid)}
            for s in action.steps
        ]
        measure = None if action.measure == "amount" else action.measure
        return {"steps": steps, "measure": measure, "every": action.every or None, "cap": action.cap}
    if isinstance(action, FixedPrice):
        return {"price": action.price, "pieces": _unless(action.pieces, 1), "limit": action.limit}
    if isinstance(action, Exchange):
        return {"price": action.price or None, "pieces": _unless(action.pieces, 1)}
    if isinstance(action, FreeItem):
        return {
            "buy": action.buy,
            "get": _unless(action.get, 1),
            "factor": show_ratio(action.paid) if action.paid else None,
            "same_item": action.same_item or None,
            "gift": gift,
            "times": action.times,
        }
    if isinstance(action, ShippingOff):
        return {"cap": action.cap}
    assert isinstance(action, Cashback)
    return {
        "unit": action.unit,
        "amount": action.amount or None,
        "rate": show_ratio(action.rate) if action.rate else None,
        "cap": action.cap,
    }


def _stacking_json(stacking: Stacking) -> dict[str, Any]:
    usual = Stacking()
    return _without_empty(
        {
            "mode": _unless(stacking.mode, usual.mode),
            "exclusive_of": _unless(stacking.exclusive_of, usual.exclusive_of),
            "group": stacking.group,
            "category": stacking.category,
            "per_order": _unless(stacking.per_order, usual.per_order),
            "skip_idle": None if stacking.skip_idle else False,
        }
    )


def checkout_json(checkout: Checkout) -> dict[str, Any]:
    """The till's settings; empty where they are the usual ones."""
    points, stored, gift = checkout.points, checkout.stored, checkout.gift
    return _without_empty(
        {
            "categories": [
                _without_empty({"code": c.code, "name": c.name.to_json(), "most": c.most})
                for c in checkout.categories
            ],
            "coupons_per_order": checkout.coupons_per_order,
            "points": None
            if points is None
            else _without_empty(
                {
                    "unit": points.unit,
                    "points": points.points,
                    "minor": points.minor,
                    "step": _unless(points.step, usual_step(points.points, points.minor)),
                    "least": points.least or None,
                    "share": None if points.share == 1 else show_ratio(points.share),
                    "lines": points.lines_wire,
                    "shipping": points.shipping or None,
                    "earns": points.earns or None,
                }
            ),
            "stored": None
            if stored is None
            else _without_empty(
                {
                    "principal": stored.principal,
                    "bonus": stored.bonus,
                    "order": _unless(stored.order, "bonus_first"),
                    "principal_earns": None if stored.principal_earns else False,
                    "bonus_earns": stored.bonus_earns or None,
                }
            ),
            "gift": None
            if gift is None
            else _without_empty({"unit": gift.unit, "earns": None if gift.earns else False}),
            "gift_first": None if checkout.gift_first else False,
            "shipping_returns": _unless(checkout.shipping_returns, "whole"),
            "quote_minutes": _unless(checkout.quote_minutes, 15),
        }
    )


def usual_step(points: int, minor: int) -> int:
    """The fewest points that are a whole amount of minor units."""
    return points // gcd(points, minor)


def _unless(value: Any, usual: Any) -> Any:
    return None if value == usual else value


def _without_empty(values: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in values.items() if v is not None and v != [] and v != {}}
