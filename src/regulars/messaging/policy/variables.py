"""What texts may name, by group, with a sample each. Pure.

Facts are those of the member's row of facts; what a template's asker gives beside these are its own `samples`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from regulars.kit.text import Text
from regulars.messaging.wording import Variable

GROUPS: dict[str, Text] = {
    "member": Text("会员", "Member"),
    "points": Text("积分", "Points"),
    "brand": Text("品牌", "Brand"),
    "links": Text("链接", "Links"),
    "recommended": Text("推荐商品", "Recommended products"),
    "facts": Text("会员事实", "Facts of the member"),
    "coupon": Text("优惠券（由发起方提供）", "Coupon (given by who asks)"),
    "own": Text("模板自有变量", "The template's own"),
}
# Facts that a text may name: those of the row of facts that say something to the member herself.
FACTS: dict[str, tuple[Text, Any]] = {
    "orders_365": (Text("近一年订单数", "Orders in a year"), 12),
    "spend_365": (Text("近一年消费（分）", "Spent in a year, minor units"), 128050),
    "points_expiring_30": (Text("30 天内到期积分", "Points expiring within 30 days"), 260),
    "top_category": (Text("最常买的品类", "Category bought most"), "咖啡豆"),
    "top_category_code": (Text("最常买的品类编码", "Code of the category bought most"), "040102"),
    "favourite_store": (Text("常去的门店", "Favourite store"), "静安店"),
    "first_order_on": (Text("首单日期", "Day of the first order"), "2025-03-08"),
    "last_order_on": (Text("最近下单日期", "Day of the last order"), "2026-01-20"),
    "last_visit_on": (Text("最近到店日期", "Day of the last visit"), "2026-01-22"),
}
_PRODUCT = [
    {"name": "挂耳咖啡", "sku": "C-01", "price": 5900},
    {"name": "燕麦奶", "sku": "O-02", "price": 1990},
]


def _one(name: str, group: str, zh: str, en: str, sample: Any) -> Variable:
    return Variable(name, group, Text(zh, en), sample)


CATALOGUE: tuple[Variable, ...] = (
    _one("member.name", "member", "姓名", "Name", "王小明"),
    _one("member.code", "member", "会员编号", "Member code", "M2K7Q9A4XZ"),
    _one("member.tier", "member", "等级", "Tier", "金卡"),
    _one("member.joined_on", "member", "入会日期", "Day of joining", "2025-03-01"),
    _one("member.years", "member", "入会满几年", "Whole years as a member", 1),
    _one("member.orders", "member", "累计订单数", "Orders in all", 18),
    _one("points.available", "points", "可用积分", "Points she can spend", 1280),
    _one("points.name", "points", "积分名称", "What points are called", "积分"),
    _one("points.expiring", "points", "最近一批到期积分", "Points that expire next", 260),
    _one("points.expires_on", "points", "最近到期日", "Day they expire", "2026-03-31"),
    _one("brand.name", "brand", "品牌名称", "Brand", "晨光咖啡"),
    _one("brand.portal", "brand", "会员中心网址", "Address of the portal", "https://m.example.com/h/morning"),
    _one("today", "brand", "今天", "Today", "2026-03-01"),
    _one("link", "links", "主链接（短链）", "Main link, shortened", "https://m.example.com/s/Ab3dE6gH9jK"),
    _one(
        "unsubscribe_link", "links", "退订链接", "Link to unsubscribe",
        "https://m.example.com/u/Ab3dE6gH9jKmN2pQ",
    ),
    _one("recommended.names", "recommended", "推荐商品名", "Products she may like, by name", "挂耳咖啡、燕麦奶"),
    _one("recommended.products", "recommended", "推荐商品列表", "Products she may like, a list", _PRODUCT),
    _one("buy_again.names", "recommended", "可能再买的商品名", "Products she buys again", "挂耳咖啡"),
    _one("buy_again.products", "recommended", "可能再买的商品列表", "Products she buys again, a list", _PRODUCT[:1]),
    _one("due.names", "recommended", "快用完的商品名", "Products she is about to run out of", "燕麦奶"),
    _one("due.products", "recommended", "快用完的商品列表", "Products running out, a list", _PRODUCT[1:]),
    *(Variable(f"facts.{key}", "facts", label, sample) for key, (label, sample) in FACTS.items()),
    _one("coupon.name", "coupon", "券名称", "Name of the coupon", "满 100 减 20"),
    _one("coupon.code", "coupon", "券码", "Its code", "7K3P9QWX"),
    _one("coupon.ends_on", "coupon", "券到期日", "Day it ends", "2026-03-31"),
)  # fmt: skip
_BY_NAME = {one.name: one for one in CATALOGUE}
ROOTS = frozenset(name.split(".")[0] for name in _BY_NAME) | {"links"}
# Read for a member only if a text names them.
OF_MEMBER, OF_VALUE, OF_LISTS = ("member",), ("points",), ("recommended", "buy_again", "due")


def is_known(path: tuple[str, ...], *, links: Mapping[str, str], samples: Mapping[str, Any]) -> bool:
    """Whether a name, as its parts, stands for something that texts of this template may name."""
    if path[0] == "links":
        return len(path) > 1 and path[1] in links
    if path[0] in samples:
        return True
    name = ".".join(path[:2])
    return name in _BY_NAME or path[0] in _BY_NAME


def samples(own: Mapping[str, Any], links: Mapping[str, str]) -> dict[str, Any]:
    """Values for a preview without a member."""
    values: dict[str, Any] = {}
    for one in CATALOGUE:
        root, _, part = one.name.partition(".")
        if part:
            values.setdefault(root, {})[part] = one.sample
        else:
            values[root] = one.sample
    values["links"] = {
        name: f"https://m.example.com/s/{name[:3]:x<3}dE6gH9jK" for name in links if name != "main"
    }
    return {**values, **own}
