"""Why an offer, a coupon or a wish was not used: stable codes with their sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from regulars.kit.text import Text
from regulars.kit.wording import money
from regulars.programme.pricing.types import Refused

_NONE: Mapping[str, Any] = {}
_CONDITION = Text("不满足使用条件", "its conditions are not met")

REASONS: Mapping[str, Text] = {
    "not_started": Text("尚未开始", "not open yet"),
    "ended": Text("已结束", "over"),
    "expired": Text("已过期", "expired"),
    "wrong_day": Text("今天不可用", "not on this day of the week"),
    "outside_hours": Text("不在可用时段", "not at this time of day"),
    "not_member_day": Text("仅限会员日", "on member days only"),
    "first_order": Text("仅限首单", "for the first order only"),
    "condition": Text("不满足使用条件：{why}", "its conditions are not met: {why}"),
    "tier": Text("当前等级不享有", "not for this tier"),
    "no_lines": Text("购物车里没有适用商品", "no goods in the cart it is for"),
    "lines_taken": Text(
        "适用商品已参加不可叠加的优惠：{by}", "the goods it is for have an offer that stands alone: {by}"
    ),
    "below_amount": Text("适用商品还差 {missing_money}", "{missing_money} short on the goods it is for"),
    "below_pieces": Text("适用商品还差 {missing} 件", "{missing} pieces short"),
    "no_effect": Text("没有可减的金额", "nothing left that it could lower"),
    "exclusive": Text("不与“{by}”同享", "cannot be used with “{by}”"),
    "group": Text("与“{by}”只能用一个", "only one of this and “{by}”"),
    "category": Text(
        "“{category}”类优惠每单最多 {most} 个", "at most {most} offers of the kind “{category}” in an order"
    ),
    "per_order": Text("同种券每单最多 {most} 张", "at most {most} of this coupon in an order"),
    "coupons_per_order": Text("每单最多用 {most} 张券", "at most {most} coupons in an order"),
    "better_combination": Text("不用它更划算或一样划算", "the order costs no less with it"),
    "not_chosen": Text("未选择", "not chosen"),
    "declined": Text("会员选择不用", "declined"),
    "quota_used": Text("本期次数已用完", "used up for this period"),
    "budget_used": Text("活动预算不足", "the campaign's budget does not reach"),
    "better_price": Text("已有更低的价格", "a lower price applies"),
    "not_available": Text("当前不可用", "not available at present"),
    "not_in_wallet": Text("券包里没有这张券", "no such coupon in the wallet"),
    "not_taken": Text("不支持这种支付方式", "not taken here"),
    "points_none": Text("没有可用积分", "no points to spend"),
    "points_least": Text("至少使用 {least} 积分", "at least {least} points at once"),
    "points_step": Text("按 {step} 的倍数使用，实际使用 {used}", "used in steps of {step}: {used} were used"),
    "points_share": Text(
        "积分最多抵扣 {most_money}，实际使用 {used}", "points pay for {most_money} at most: {used} were used"
    ),
    "points_balance": Text(
        "积分余额 {balance}，实际使用 {used}", "the balance is {balance} points: {used} were used"
    ),
    "balance": Text(
        "余额 {balance_money}，实际使用 {used_money}", "the balance is {balance_money}: {used_money} was used"
    ),
    "nothing_to_pay": Text(
        "应付金额不足，实际使用 {used_money}", "no more was to be paid: {used_money} was used"
    ),
}


def refuse(ref: str, name: Text, code: str, currency: str, data: Mapping[str, Any] = _NONE) -> Refused:
    """The refusal with its sentence. Data ending in `_minor` is money and is said as `…_money`."""
    wanted = REASONS.get(code, REASONS["not_available"])
    if not data:
        if code == "condition":
            wanted = _CONDITION
        return Refused(ref, name, code, data, wanted)
    said, plain = dict(data), dict(data)
    for key, value in data.items():
        if key.endswith("_minor"):
            said[f"{key.removesuffix('_minor')}_money"] = Text(
                money(value, currency, "zh"), money(value, currency, "en")
            )
        elif isinstance(value, Text):
            plain[key] = value.to_json()
    return Refused(ref, name, code, plain, wanted.format(**said))
