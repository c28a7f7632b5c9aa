"""Reading and writing a reward's definition. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from regulars.kit.errors import ErrorList, Refusal
from regulars.kit.reader import Node, check_texts, time_of_day
from regulars.kit.text import Text
from regulars.value.rewards.types import Limit, Release, RewardTerms

CheckCondition = Callable[[Any], dict[str, Any] | None]
MAX_DESCRIPTION = 2000
_KEYS = (
    "key", "state", "name", "description", "kind", "category", "category_name", "price", "fulfilment", "stores",
    "most_per_order",
    "limit", "condition", "starts_at", "ends_at", "release", "sort", "coupon", "partner", "claim_days", "unclaimed",
    "undo_minutes", "market_value", "demo",
)  # fmt: skip
_KINDS = ("goods", "coupon", "virtual_code", "partner", "event_seat", "sample")
_INSTANT = ("coupon", "virtual_code")
STATES = ("draft", "active", "paused", "ended")


def parse(
    data: Any, *, timezone: str, units: Mapping[str, Text], stores: frozenset[str], condition: CheckCondition
) -> RewardTerms:
    """The terms that a definition says. `units` are those that can be spent; `condition` gives canonical JSON.

    Raises `invalid_input` with every error found, fields as paths such as `price.points`.
    """
    errors = ErrorList()
    check_texts(data, errors)
    errors.refuse()
    node = Node(data, "", errors, _KEYS)
    kind = node.choice("kind", _KINDS)
    price = node.child("price", ("unit", "points", "cash"))
    if price is None and node.whole:
        node.bad("price", "required", "必填", "Required")
    unit, points, cash = _price(price, units)
    if price is not None and not errors and points == 0 and cash == 0 and kind != "sample":
        price.bad("points", "free", "只有试用装可以免费", "Only a sample may be free")
    instant = kind in _INSTANT
    fulfilment = node.choice("fulfilment", ("ship", "store", "instant"), "instant" if instant else "store")
    if kind and instant != (fulfilment == "instant"):
        node.bad(
            "fulfilment",
            "wrong_fulfilment",
            "优惠券与卡密立即发放，其他商品邮寄或自提",
            "Coupons and codes are given at once, everything else is shipped or picked up",
        )
    coupon = node.code("coupon", "") or ""
    if kind == "coupon" and not coupon:
        node.bad("coupon", "required", "请选择优惠券", "Name the coupon that it gives")
    starts_at, ends_at = node.instant("starts_at", timezone), node.instant("ends_at", timezone)
    if starts_at and ends_at and ends_at <= starts_at:
        node.bad("ends_at", "not_after_start", "结束时间应晚于开始时间", "Must be after the start")
    terms = RewardTerms(
        key=node.code("key") or "",
        name=node.text("name"),
        description=node.text("description", Text("", ""), most=MAX_DESCRIPTION),
        kind=kind or "goods",
        category=node.string("category", most=40, default="") or "",
        category_name=node.text("category_name", Text("", ""), most=40),
        unit=unit,
        price=points,
        cash=cash,
        fulfilment=fulfilment or "store",
        stores=_stores(node, stores),
        most_per_order=node.integer("most_per_order", least=1, most=100, default=1),
        limit=_limit(node),
        condition=_condition(node, condition),
        starts_at=starts_at,
        ends_at=ends_at,
        release=_release(node),
        sort=node.integer("sort", least=0, most=1_000_000, default=0),
        coupon=coupon,
        partner=node.string("partner", most=100, default="") or "",
        claim_days=node.integer("claim_days", least=1, most=366, default=30),
        unclaimed=node.choice("unclaimed", ("return", "forfeit"), "return") or "return",
        undo_minutes=node.integer("undo_minutes", least=0, most=1440, default=30),
        market_value=node.integer("market_value", least=0, most=10**12, default=None),
        demo=node.flag("demo", False),
    )
    errors.refuse()
    return terms


def state_of(data: Any) -> str | None:
    """The state that a definition asks for, if any. Raises `invalid_input`."""
    errors = ErrorList()
    node = Node(data, "", errors, _KEYS)
    state: str | None = node.choice("state", STATES, None)
    errors.refuse()
    return state


def to_json(terms: RewardTerms) -> dict[str, Any]:
    """The canonical JSON of a definition: what differs from the defaults, in a fixed order."""
    found: dict[str, Any] = {"key": terms.key, "name": terms.name.to_json()}
    if terms.description.zh or terms.description.en:
        found["description"] = terms.description.to_json()
    found["kind"] = terms.kind
    if terms.category:
        found["category"] = terms.category
    if terms.category_name.zh or terms.category_name.en:
        found["category_name"] = terms.category_name.to_json()
    found["price"] = {"unit": terms.unit, "points": terms.price}
    if terms.cash:
        found["price"]["cash"] = terms.cash
    found["fulfilment"] = terms.fulfilment
    if terms.stores:
        found["stores"] = sorted(terms.stores)
    if terms.most_per_order != 1:
        found["most_per_order"] = terms.most_per_order
    if terms.limit:
        found["limit"] = {"count": terms.limit.count, "period": terms.limit.period}
    if terms.condition:
        found["condition"] = dict(terms.condition)
    for key, instant in (("starts_at", terms.starts_at), ("ends_at", terms.ends_at)):
        if instant:
            found[key] = instant.isoformat()
    if terms.release:
        found["release"] = {"count": terms.release.count, "at": f"{terms.release.at:%H:%M}"}
    plain: tuple[tuple[str, Any, Any], ...] = (
        ("sort", terms.sort, 0), ("coupon", terms.coupon, ""), ("partner", terms.partner, ""),
        ("claim_days", terms.claim_days, 30), ("unclaimed", terms.unclaimed, "return"),
        ("undo_minutes", terms.undo_minutes, 30), ("market_value", terms.market_value, None),
        ("demo", terms.demo, False),
    )  # fmt: skip
    return found | {key: value for key, value, default in plain if value != default}


def _price(node: Node | None, units: Mapping[str, Text]) -> tuple[str, int, int]:
    if node is None:
        return "", 0, 0
    unit = node.code("unit", "points") or "points"
    if unit not in units:
        known = ", ".join(units)
        node.bad("unit", "unknown_unit", f"单位只能是：{known}", f"Must be one of: {known}")
    points = node.integer("points", least=0, most=10**9, default=0)
    return unit, points or 0, node.integer("cash", least=0, most=10**10, default=0) or 0


def _stores(node: Node, known: frozenset[str]) -> tuple[str, ...]:
    found = []
    for path, code in node.items("stores", most=500):
        if not isinstance(code, str) or code not in known:
            node.errors.add(path, "unknown_store", f"没有门店 {code}", f"There is no store {code}")
        else:
            found.append(code)
    return tuple(sorted(set(found)))


def _limit(node: Node) -> Limit | None:
    child = node.child("limit", ("count", "period"))
    if child is None:
        return None
    count = child.integer("count", least=1, most=10_000)
    period = child.choice("period", ("day", "week", "month", "year", "ever"))
    return Limit(count, period) if count and period else None


def _release(node: Node) -> Release | None:
    child = node.child("release", ("count", "at"))
    if child is None:
        return None
    count = child.integer("count", least=1, most=1_000_000)
    at = time_of_day(child.raw("at", "00:00"))
    if at is None:
        child.bad("at", "bad_time", "时间应如 10:00", "Must be a time such as 10:00")
    return Release(count, at) if count and at is not None else None


def _condition(node: Node, check: CheckCondition) -> Mapping[str, Any] | None:
    data = node.raw("condition", None)
    if not data:
        return None
    try:
        return check(data)
    except Refusal as refusal:
        node.errors.errors += refusal.errors
        return None
