"""Why members stay away, in words: what pages and lists need, without the models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from regulars.kit.text import Text

RULE_DAYS = 30  # the simple rule: who has not bought for so long is gone


@dataclass(frozen=True, slots=True)
class Reason:
    """Something about a member that makes her staying away likelier than a usual member's.

    `fields` are set to the usual together, for they say the same thing. The first one's value is what people are shown,
    and it has to lie on the worse side of the usual: more of it for +1, less for -1; 0: on either.
    """

    code: str
    text: Text
    fields: tuple[str, ...]
    worse: int


REASONS = (
    Reason("long_away", Text("很久没来", "Has not been for long"), ("since", "overdue"), 1),
    Reason("comes_less", Text("来得比以前少", "Comes less than before"), ("visit_trend", "days_30"), -1),
    Reason(
        "seldom",
        Text("一向来得不勤", "Never came often"),
        ("rate", "gap_mean", "days_90", "gap_max", "gap_sd", "gap_last"),
        -1,
    ),
    Reason(
        "spends_less",
        Text("花得比以前少", "Spends less than before"),
        ("spend_trend", "spend_30", "last_spend"),
        -1,
    ),
    Reason(
        "small_baskets",
        Text("消费金额低", "Spends little"),
        ("spend_rate", "spend_90", "mean_spend", "pieces"),
        -1,
    ),
    Reason("narrow", Text("买的品类少", "Buys few kinds of goods"), ("categories_90", "categories_30"), -1),
    Reason("new", Text("新客，还没养成习惯", "New, no habit yet"), ("tenure",), -1),
    Reason(
        "offers_only",
        Text("多在有优惠时购买", "Buys mostly with offers"),
        ("coupon_share", "discount_share"),
        1,
    ),
    Reason("no_visits", Text("很少打开或互动", "Seldom opens or takes part"), ("visits_90",), -1),
    Reason("refunded", Text("有过退货", "Has returned goods"), ("refunds",), 1),
    Reason(
        "where_and_when",
        Text("购买的门店或时间不固定", "Where and when she buys"),
        ("stores", "weekend_share", "online_share"),
        0,
    ),
)
BY_CODE: Mapping[str, Reason] = {one.code: one for one in REASONS}
