"""Sentences and reasons, as people read them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from regulars.conditions.api import (
    Choice,
    Label,
    compile_explain,
    describe,
    parse_condition,
    retail_fields,
)
from regulars.conditions.types import Reason

CATALOGUE = retail_fields().with_choices("line.category", [Choice("coffee", Label("咖啡", "Coffee"))])
NOW = datetime(2026, 3, 10, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
COFFEE = {"field": "line.category", "op": "in", "value": ["coffee"]}
HUNDRED = {"field": "order.amount", "op": "gte", "value": 10000}


def f(field: str, op: str, value: Any = ...) -> dict[str, Any]:
    return {"field": field, "op": op} if value is ... else {"field": field, "op": op, "value": value}


SENTENCES = [
    (
        {"all": [HUNDRED, {"lines": "any", "where": COFFEE}]},
        "订单金额满 100 元，且任一商品品类属于「咖啡」",
        "order amount is at least ¥100.00, and any line's category is Coffee",
    ),
    (
        {
            "any": [
                {"all": [HUNDRED, f("order.is_first", "eq", True)]},
                f("membership.tier", "in", ["gold", "diamond"]),
            ]
        },
        "（订单金额满 100 元，且是首单），或会员等级属于「金卡」「钻石」",
        "(order amount is at least ¥100.00, and it is the first order), or tier is Gold or Diamond",
    ),
    ({"not": HUNDRED}, "订单金额不满 100 元", "order amount is less than ¥100.00"),
    (
        {"not": {"any": [HUNDRED, f("order.is_first", "eq", True)]}},
        "并非（订单金额满 100 元，或是首单）",
        "not (order amount is at least ¥100.00, or it is the first order)",
    ),
    (
        f("order.amount", "between", [9950, 129900]),
        "订单金额在 99.50 元至 1,299 元之间",
        "order amount is between ¥99.50 and ¥1,299.00",
    ),
    (f("order.quantity", "eq", "2.5"), "订单件数等于 2.5 件", "order quantity is 2.5 items"),
    (
        f("history.orders", "in", [1, 10]),
        "累计订单数是 1 单、10 单之一",
        "orders so far is 1 order or 10 orders",
    ),
    (f("store.code", "starts_with", "SH"), "门店以「SH」开头", "store starts with “SH”"),
    (f("membership.tags", "contains", "VIP"), "会员标签包含「VIP」", "member tags include “VIP”"),
    (
        f("membership.tags", "contains_all", ["VIP", "new"]),
        "会员标签同时包含「VIP」「new」",
        "member tags include “VIP” and “new”",
    ),
    ({"not": f("membership.tags", "is_empty")}, "会员标签有值", "member tags are not empty"),
    (f("order.coupon_used", "eq", False), "并非使用了优惠券", "it is not so that a coupon was used"),
    (f("member.birthday", "month_is", "current"), "会员生日在当月", "birthday is in the current month"),
    (
        f("member.birthday", "month_is", [2, 12]),
        "会员生日在 2 月、12 月",
        "birthday is in February or December",
    ),
    (
        f("member.birthday", "anniversary_within", {"before": 7, "after": 3}),
        "会员生日的周年日在 3 天前至 7 天后之间",
        "birthday has its anniversary between 3 days ago and 7 days ahead",
    ),
    (
        f("member.birthday", "anniversary_within", {"before": 0, "after": 0}),
        "会员生日的周年日是今天",
        "birthday has its anniversary today",
    ),
    (
        f("activity.occurred_at", "time_between", ["22:00", "06:00"]),
        "发生时间在 22:00 至次日 06:00 之间",
        "time of the activity is between 22:00 and 06:00 the next day",
    ),
    (
        f("activity.occurred_at", "weekday_in", [6, 7]),
        "发生时间在周六、周日",
        "time of the activity is on Saturday or Sunday",
    ),
    (
        f("activity.occurred_at", "day_of_month_in", [8, 22, -1]),
        "发生时间在每月 8 日、22 日、最后一天",
        "time of the activity is on the 8th, 22nd or the last day of a month",
    ),
    (
        f("history.last_order_at", "within_last", {"months": 1}),
        "最近下单时间在最近 1 个月内",
        "last order is within the last 1 month",
    ),
    (
        f("membership.joined_at", "after", "2026-01-01T00:00:00+00:00"),
        "入会时间晚于 2026-01-01 08:00",
        "joining date is after 2026-01-01 08:00",
    ),
    (
        {"lines": "all", "where": {"all": [COFFEE, f("line.amount", "gt", 2000)]}},
        "全部商品满足（品类属于「咖啡」，且金额超过 20 元）",
        "every line satisfies (category is Coffee, and amount is more than ¥20.00)",
    ),
    (
        {"not": {"lines": "any", "where": COFFEE}},
        "没有任何商品品类属于「咖啡」",
        "no line's category is Coffee",
    ),
    (
        {"lines": "sum", "of": "line.amount", "where": COFFEE, "op": "gte", "value": 5000},
        "品类属于「咖啡」的商品金额合计满 50 元",
        "the total amount of lines whose category is Coffee is at least ¥50.00",
    ),
    (
        {"lines": "count", "op": "gte", "value": 3},
        "商品行数不少于 3",
        "the number of lines is at least 3",
    ),
    (
        {
            "window": {"days": 30, "activity": "order"},
            "agg": "avg",
            "of": "order.amount",
            "op": "gte",
            "value": 50000,
        },
        "最近 30 天内平均订单金额满 500 元",
        "the average order amount in the last 30 days is at least ¥500.00",
    ),
    (
        {"window": {"days": 30, "activity": "order"}, "agg": "count", "op": "gte", "value": 3},
        "最近 30 天内订单次数不少于 3",
        "the number of order activities in the last 30 days is at least 3",
    ),
    (
        {"streak": "checkin", "op": "gte", "days": 7},
        "连续签到不少于 7 天",
        "the check-in streak is at least 7 days",
    ),
    (None, "任何情况", "always"),
    (
        f("store.code", "in", [f"S{n}" for n in range(9)]),
        "门店属于「S0」「S1」「S2」「S3」「S4」「S5」等 9 项",
        "store is “S0”, “S1”, “S2”, “S3”, “S4”, “S5” and 3 more",
    ),
]


@pytest.mark.parametrize(("data", "zh", "en"), SENTENCES)
def test_sentence(data: Any, zh: str, en: str) -> None:
    tree = parse_condition(data=data, catalogue=CATALOGUE)
    assert describe(condition=tree, catalogue=CATALOGUE, lang="zh-CN") == zh
    assert describe(condition=tree, catalogue=CATALOGUE, lang="en") == en


def test_money_is_said_in_the_programme_s_currency() -> None:
    yen = retail_fields(timezone="Asia/Tokyo", currency="JPY")
    tree = parse_condition(data=f("order.amount", "gte", 5000), catalogue=yen)
    assert describe(condition=tree, catalogue=yen, lang="en") == "order amount is at least ¥5,000"
    assert describe(condition=tree, catalogue=yen, lang="zh-CN") == "订单金额满 ¥5,000"


SHARES = [
    (f("fact.discount_share", "gte", "0.1883"), "折扣率不少于 18.83%", "share discounted is at least 18.83%"),
    (
        f("fact.weekend_share", "lt", "0.60"),
        "周末订单占比少于 60%",
        "share of weekend orders is less than 60%",
    ),
    (
        f("score.churn_30", "between", ["0", "1"]),
        "30 天流失概率在 0% 至 100% 之间",
        "chance of no purchase in 30 days is between 0% and 100%",
    ),
    (
        f("fact.order_overdue", "gte", "1.5"),
        "购买逾期倍数不少于 1.5",
        "overdue (times her usual interval) is at least 1.5",
    ),
]


@pytest.mark.parametrize(("data", "zh", "en"), SHARES)
def test_a_share_is_said_in_percent(data: Any, zh: str, en: str) -> None:
    tree = parse_condition(data=data, catalogue=CATALOGUE)
    assert describe(condition=tree, catalogue=CATALOGUE, lang="zh-CN") == zh
    assert describe(condition=tree, catalogue=CATALOGUE, lang="en") == en


def test_what_was_found_of_a_share_is_said_in_percent() -> None:
    tree = parse_condition(data=f("fact.coupon_share", "gte", "0.5"), catalogue=CATALOGUE)
    (reason,) = compile_explain(condition=tree, catalogue=CATALOGUE)({"fact.coupon_share": Decimal("0.125")})
    assert reason.text.en == "wanted: share of orders with a coupon is at least 50%, but it was 12.5%"
    assert (reason.expected, reason.actual) == ("0.5", "0.125")


def why(data: Any, **facts: Any) -> tuple[Reason, ...]:
    tree = parse_condition(data=data, catalogue=CATALOGUE)
    given = {key.replace("__", "."): value for key, value in facts.items()}
    return compile_explain(condition=tree, catalogue=CATALOGUE)({"now": NOW, **given})


def test_the_failing_part_of_an_all_is_named_with_what_was_found() -> None:
    reasons = why(
        {"all": [HUNDRED, f("activity.channel", "eq", "store")]},
        order__amount=8800,
        activity__channel="store",
    )
    assert [(r.code, r.field, r.expected, r.actual) for r in reasons] == [
        ("unmet.gte", "order.amount", 10000, 8800)
    ]
    assert reasons[0].text.zh == "需要订单金额满 100 元，实际是 88 元"
    assert reasons[0].text.en == "wanted: order amount is at least ¥100.00, but it was ¥88.00"


def test_nothing_is_said_when_it_holds() -> None:
    assert why(HUNDRED, order__amount=10000) == ()


def test_a_missing_value_is_said_to_be_missing() -> None:
    (reason,) = why(HUNDRED)
    assert (reason.code, reason.actual) == ("unmet.missing", None)
    assert reason.text.zh == "需要订单金额满 100 元，但没有这项数据"


def test_every_alternative_of_an_any_is_given() -> None:
    (reason,) = why(
        {"any": [f("membership.tier", "eq", "gold"), HUNDRED]}, membership__tier="silver", order__amount=1
    )
    assert reason.code == "unmet.any"
    assert [part.code for part in reason.parts] == ["unmet.eq", "unmet.gte"]
    assert reason.text.zh == (
        "以下各项都不满足：需要会员等级是「金卡」，实际是「银卡」；需要订单金额满 100 元，实际是 0.01 元"
    )


def test_a_negated_comparison_says_what_must_not_be() -> None:
    (reason,) = why({"not": f("activity.channel", "eq", "web")}, activity__channel="web")
    assert (reason.code, reason.expected, reason.actual) == ("unmet.not_eq", "web", "web")
    assert reason.text.zh == "需要渠道不是「官网」，实际是「官网」"


def test_personal_values_are_not_repeated() -> None:
    (reason,) = why(f("member.birthday", "month_is", "current"), member__birthday=date(1990, 5, 17))
    assert (reason.code, reason.actual) == ("unmet.month_is", None)
    assert "1990" not in reason.text.zh + reason.text.en and "05" not in reason.text.zh


def test_lines_windows_and_streaks() -> None:
    (lines,) = why({"lines": "any", "where": COFFEE}, lines=[{"category": "tea"}])
    assert lines.code == "unmet.lines_any" and lines.text.zh == "需要任一商品品类属于「咖啡」"
    (total,) = why({"lines": "sum", "of": "line.amount", "op": "gte", "value": 5000}, lines=[{"amount": 100}])
    assert (total.code, total.field, total.actual) == ("unmet.lines_sum.gte", "line.amount", 100)
    (streak,) = why({"streak": "checkin", "op": "gte", "days": 7}, streak=lambda activity: 6)
    assert (streak.code, streak.expected, streak.actual) == ("unmet.streak.gte", 7, 6)
    (window,) = why(
        {"window": {"days": 30, "activity": "order"}, "agg": "count", "op": "gte", "value": 3},
        window=lambda *asked: 2,
    )
    assert window.text.zh == "需要最近 30 天内订单次数不少于 3，实际是 2"
