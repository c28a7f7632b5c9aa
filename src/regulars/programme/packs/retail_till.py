"""The till of the retail programme: a few promotions of the usual kinds, points as money, stored value, gift cards."""

from __future__ import annotations

from typing import Any

from regulars.kit.text import Text


def promotions(*, unit: int, field: str, value: str, name: Text) -> list[dict[str, Any]]:
    """`unit` is one whole unit of the currency; the featured goods are the lines whose `field` is `value`."""
    featured = {"field": field, "op": "eq", "value": value}
    return [
        {
            "key": "full-200",
            "name": _text("满 200 减 20", "20 off from 200"),
            "kind": "threshold",
            "steps": [{"at_least": 200 * unit, "off": 20 * unit}],
            "priority": 30,
        },
        {
            "key": "second-half-price",
            "name": _text(f"{name.zh}第二件半价", f"{name.en}: the second at half price"),
            "kind": "free_item",
            "buy": 1,
            "factor": "0.5",
            "lines": featured,
            "priority": 40,
        },
        {
            "key": "gold-price",
            "name": _text(f"{name.zh}金卡价", f"{name.en}: gold price"),
            "layer": "price",
            "kind": "percent",
            "factor": "0.9",
            "lines": featured,
            "condition": {"field": "membership.tier", "op": "in", "value": ["gold", "diamond"]},
        },
        {
            "key": "member-day-extra",
            "name": _text("会员日折上折", "Member day extra"),
            "kind": "percent",
            "factor": "0.95",
            "cap": 50 * unit,
            "member_day": True,
            "priority": 20,
        },
        {
            "key": "first-order-10",
            "name": _text("首单立减", "First order off"),
            "kind": "amount",
            "amount": 10 * unit,
            "at_least": 50 * unit,
            "first_order": True,
            "priority": 10,
        },
    ]


def checkout(*, unit: int) -> dict[str, Any]:
    """A hundred points are one whole unit of the currency, for at most half of an order."""
    return {
        "coupons_per_order": 3,
        "points": {"unit": "points", "points": 100, "minor": unit, "share": "0.5"},
        "stored": {"principal": "principal", "bonus": "bonus"},
        "gift": {"unit": "gift"},
    }


def _text(zh: str, en: str) -> dict[str, str]:
    return Text(zh, en).to_json()
