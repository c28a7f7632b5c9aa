"""The default retail programme as data. Amounts of money are in multiples of `unit`, one whole unit of the currency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from regulars.kit.text import Text
from regulars.programme.packs.retail_till import checkout, promotions

NAME = Text("零售标准方案", "Retail standard")
SUMMARY = Text(
    "积分与成长值、四个等级、会员日、生日月、品类加倍、签到，开箱即用",
    "Points and growth, four tiers, member days, birthday month, double categories, check-ins: ready to run",
)


@dataclass(frozen=True, slots=True)
class Featured:
    """Goods that earn double: the lines whose `field` (line.category, line.department …) is `value`."""

    field: str
    value: str
    name: Text


# Units of what members buy or collect; each lot ends when it was bought to end, so the unit itself never does.
_BOUGHT = (
    ("principal", "stored_principal", Text("储值本金", "stored value")),
    ("bonus", "stored_bonus", Text("储值赠金", "bonus value")),
    ("sessions", "sessions", Text("次卡", "sessions")),
    ("gift", "gift", Text("礼品卡", "gift card value")),
    ("stamps", "stamps", Text("印花", "stamps")),
)


def definition(
    *, unit: int, member_day_of_month: int, member_weekdays: Sequence[int], featured: Featured
) -> dict[str, Any]:
    return {
        "format": 1,
        "name": NAME.to_json(),
        "words": {
            "points": _text("积分", "points"),
            "growth": _text("成长值", "growth"),
            "member_day": _text("会员日", "member day"),
        },
        "units": [
            {
                "code": "points",
                "name": _text("积分", "points"),
                "kind": "points",
                "expiry": {"kind": "rolling_months", "n": 12, "round_up": "month"},
            },
            {
                "code": "growth",
                "name": _text("成长值", "growth"),
                "kind": "growth",
                "claw_back": "balance",
                "can_burn": False,
            },
            *(
                {"code": code, "name": name.to_json(), "kind": kind, "claw_back": "balance"}
                for code, kind, name in _BOUGHT
            ),
        ],
        "member_days": {
            "days_of_month": [member_day_of_month],
            **({"weekdays": sorted(member_weekdays)} if member_weekdays else {}),
        },
        "schemes": [_scheme()],
        "rules": [*_order_rules(unit, featured), *_checkin_rules()],
        "benefits": _benefits(),
        "promotions": promotions(unit=unit, field=featured.field, value=featured.value, name=featured.name),
        "checkout": checkout(unit=unit),
    }


def _order_rules(unit: int, featured: Featured) -> list[dict[str, Any]]:
    return [
        {
            "key": "base-points",
            "name": _text("消费得积分", "Points for purchases"),
            "trigger": "order",
            "priority": 100,
            "effects": [_points(mode="per_amount", amount=1, per=unit)],
        },
        {
            "key": "base-growth",
            "name": _text("消费得成长值", "Growth for purchases"),
            "trigger": "order",
            "priority": 90,
            "effects": [_points("growth", mode="per_amount", amount=1, per=unit)],
        },
        {
            "key": "birthday-month",
            "name": _text("生日月双倍", "Birthday month double"),
            "trigger": "order",
            "priority": 60,
            "condition": {"field": "member.birthday", "op": "month_is", "value": "current"},
            "effects": [_points(mode="multiply", factor="2")],
            "stacking_group": "double-days",
        },
        {
            "key": "member-day",
            "name": _text("会员日双倍", "Member day double"),
            "trigger": "order",
            "priority": 50,
            "member_day": True,
            "effects": [_points(mode="multiply", factor="2")],
            "stacking_group": "double-days",
        },
        {
            "key": "featured-goods",
            "name": _text(f"{featured.name.zh}双倍", f"{featured.name.en} double"),
            "trigger": "order",
            "priority": 40,
            "effects": [
                _points(
                    mode="multiply",
                    factor="2",
                    lines={"field": featured.field, "op": "eq", "value": featured.value},
                )
            ],
            "caps": [{"period": "month", "times": 8}],
        },
        {
            "key": "first-order",
            "name": _text("首单礼", "First order bonus"),
            "trigger": "order",
            "priority": 30,
            "condition": {"field": "order.is_first", "op": "eq", "value": True},
            "effects": [_points(mode="fixed", amount=100)],
            "caps": [{"period": "ever", "times": 1}],
        },
        {
            "key": "weekend-morning",
            "name": _text("周末早市", "Weekend mornings"),
            "trigger": "order",
            "priority": 20,
            "weekdays": [6, 7],
            "dayparts": [["07:00", "10:00"]],
            "effects": [_points(mode="fixed", amount=10)],
            "caps": [{"period": "day", "times": 1}],
        },
        {
            "key": "big-basket",
            "name": _text("大单奖励", "Big basket bonus"),
            "trigger": "order",
            "priority": 10,
            "condition": {"field": "order.amount", "op": "gte", "value": 100 * unit},
            "effects": [_points(mode="fixed", amount=50)],
            "caps": [{"period": "month", "amount": 120}],
        },
        {
            "key": "wide-basket",
            "name": _text("一次买齐", "One-stop shopping"),
            "trigger": "order",
            "condition": {"lines": "count_distinct", "of": "line.category", "op": "gte", "value": 5},
            "effects": [_points(mode="fixed", amount=5)],
            "caps": [{"period": "week", "times": 2}],
        },
        {
            "key": "online-order",
            "name": _text("线上下单", "Online order bonus"),
            "trigger": "order",
            "condition": {
                "field": "activity.channel",
                "op": "in",
                "value": ["app", "mini_program", "web"],
            },
            "effects": [_points(mode="fixed", amount=5, pending={"until": "delivered"})],
        },
        {
            "key": "regular-customer",
            "name": _text("第十单成为常客", "A regular from the tenth order"),
            "trigger": "order",
            "condition": {
                "all": [
                    {"field": "history.orders", "op": "gte", "value": 9},
                    {"not": {"field": "membership.tags", "op": "contains", "value": "regular"}},
                ]
            },
            "effects": [{"type": "tag", "tag": "regular"}],
        },
        {
            "key": "three-in-thirty",
            "name": _text("30 天三单", "Three orders in 30 days"),
            "trigger": "order",
            "enabled": False,
            "condition": {
                "all": [
                    {"window": {"days": 30, "activity": "order"}, "agg": "count", "op": "gte", "value": 3},
                    {
                        "window": {"days": 30, "activity": "order"},
                        "agg": "avg",
                        "of": "order.amount",
                        "op": "gte",
                        "value": 50 * unit,
                    },
                ]
            },
            "effects": [_points(mode="fixed", amount=30)],
            "caps": [{"period": "month", "times": 1}],
        },
    ]


def _checkin_rules() -> list[dict[str, Any]]:
    return [
        {
            "key": "checkin",
            "name": _text("每日签到", "Daily check-in"),
            "trigger": "checkin",
            "effects": [_points(mode="fixed", amount=2), _points("growth", mode="fixed", amount=1)],
            "caps": [{"period": "day", "times": 1}],
        },
        {
            "key": "checkin-streak",
            "name": _text("连续签到 7 天", "Seven days in a row"),
            "trigger": "checkin",
            "condition": {"any": [{"streak": "checkin", "op": "eq", "days": 7 * n} for n in range(1, 5)]},
            "effects": [_points(mode="fixed", amount=20)],
            "caps": [{"period": "day", "times": 1}],
        },
    ]


def _scheme() -> dict[str, Any]:
    def tier(code: str, zh: str, en: str, colour: str, growth: int = 0) -> dict[str, Any]:
        qualify = {"qualify": [{"metric": "unit:growth", "at_least": growth}]} if growth else {}
        return {"code": code, "name": _text(zh, en), "colour": colour, **qualify}

    return {
        "key": "level",
        "name": _text("会员等级", "Member level"),
        "tiers": [
            tier("normal", "普通会员", "Normal", "#8C8C8C"),
            tier("silver", "银卡会员", "Silver", "#8FA3B5", 500),
            tier("gold", "金卡会员", "Gold", "#C0963C", 2000),
            tier("diamond", "钻石会员", "Diamond", "#4B6BFB", 6000),
        ],
        "validity_months": 12,
        "anchor": "tier_start",
        "on_end": "one_step",
        "grace_days": 30,
    }


def _benefits() -> list[dict[str, Any]]:
    def multiplier(tier: str, zh: str, en: str, factor: str) -> dict[str, Any]:
        return {
            "key": f"{tier}-multiplier",
            "name": _text(f"{zh}积分 {factor} 倍", f"{en} earns ×{factor}"),
            "kind": "multiplier",
            "scheme": "level",
            "tiers": [tier],
            "unit": "points",
            "factor": factor,
        }

    return [
        multiplier("silver", "银卡", "Silver", "1.1"),
        multiplier("gold", "金卡", "Gold", "1.25"),
        multiplier("diamond", "钻石", "Diamond", "1.5"),
        _benefit(
            "free-shipping",
            "free_shipping",
            ["silver", "gold"],
            _text("免运费券", "Free shipping"),
            _text("每月 2 次，线上订单免运费", "Twice a month, online orders ship free"),
            quota=2,
            period="month",
        ),
        _benefit(
            "free-shipping-always",
            "free_shipping",
            ["diamond"],
            _text("全年免运费", "Free shipping all year"),
            _text("线上订单不限次数免运费", "Every online order ships free"),
        ),
        _benefit(
            "birthday-pack",
            "birthday_pack",
            ["silver", "gold", "diamond"],
            _text("生日礼包", "Birthday pack"),
            _text("生日当月到店领取一份", "One pack, to be picked up in the month of the birthday"),
            quota=1,
            period="year",
        ),
        _benefit(
            "priority",
            "priority",
            ["gold", "diamond"],
            _text("优先服务", "Priority service"),
            _text("门店与客服优先接待", "Served first in stores and by customer care"),
        ),
        _benefit(
            "adviser",
            "service",
            ["diamond"],
            _text("一对一顾问", "One-to-one adviser"),
            _text("专属顾问全程陪同", "A personal adviser of one's own"),
        ),
    ]


def _benefit(
    key: str,
    kind: str,
    tiers: list[str],
    name: dict[str, str],
    description: dict[str, str],
    **quota: Any,
) -> dict[str, Any]:
    return {
        "key": key,
        "name": name,
        "kind": kind,
        "scheme": "level",
        "tiers": tiers,
        "description": description,
        **quota,
    }


def _points(unit: str = "points", **effect: Any) -> dict[str, Any]:
    return {"type": "points", "unit": unit, **effect}


def _text(zh: str, en: str) -> dict[str, str]:
    return Text(zh, en).to_json()
