"""What may be asked of a member's behaviour (`fact.*`), of what models say of her (`score.*`) and of her segments.

Each field says what it means and how fresh it is. Both interpreters get the values from `audience.member_facts`:
`sql` names the columns of its tables, under the aliases `fact` and `score`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from regulars.conditions.types import Choice, FieldDef, FieldType, Freshness, Scope
from regulars.kit.text import Text

_T = FieldType
_DAYS = Text("天", "days")
_ORDERS = Text("单", "orders")
_TIMES = Text("次", "times")
_KINDS = Text("种", "kinds")
_POINTS = Text("分", "points")
_SHARE = Text("占比", "share")  # from 0 to 1: told in percent, so it is no unit that would be shown

DAYPARTS = (
    Choice("morning", Text("早晨（5–11 点）", "morning (5–11)")),
    Choice("noon", Text("中午（11–14 点）", "noon (11–14)")),
    Choice("afternoon", Text("下午（14–18 点）", "afternoon (14–18)")),
    Choice("evening", Text("晚间（18–22 点）", "evening (18–22)")),
    Choice("night", Text("夜间（22–5 点）", "night (22–5)")),
)
# In the order of a life.
STAGES = (
    Choice("prospect", Text("潜客", "Prospect")),
    Choice("new", Text("新客", "New")),
    Choice("growing", Text("成长", "Growing")),
    Choice("mature", Text("成熟", "Mature")),
    Choice("slipping", Text("滑落", "Slipping")),
    Choice("dormant", Text("沉睡", "Dormant")),
    Choice("lost", Text("流失", "Lost")),
    Choice("won_back", Text("召回", "Won back")),
)
# The names the field uses; `none`: she bought nothing in the period.
RFM_GROUPS = (
    Choice("champions", Text("重要价值", "Champions")),
    Choice("promising", Text("重要发展", "High-value new")),
    Choice("keep", Text("重要保持", "High-value fading")),
    Choice("win_back", Text("重要挽留", "High-value lapsing")),
    Choice("regular", Text("一般价值", "Frequent, small baskets")),
    Choice("new", Text("一般发展", "Recent, small baskets")),
    Choice("fading", Text("一般保持", "Fading, small baskets")),
    Choice("lapsed", Text("一般挽留", "Lapsed, small baskets")),
    Choice("none", Text("期内未购", "No purchase in the period")),
)
# Fields that are reckoned from columns and today's date where they are asked for; see `member_facts.policy`.
DERIVED = frozenset({"fact.days_since_visit", "fact.days_since_active", "fact.order_overdue"})
PREFIXES = ("fact.", "score.")
SEGMENTS = "membership.segments"


def _fact(
    key: str, type_: FieldType, zh: str, en: str, about_zh: str, about_en: str, unit: Text | None = None,
    choices: tuple[Choice, ...] = (), freshness: Freshness = "minute", codes: str = "",
) -> FieldDef:  # fmt: skip
    whole = f"fact.{key}"
    return FieldDef(
        whole, type_, Scope.FACT, Text(zh, en), choices, Text(about_zh, about_en), None if unit is _SHARE else unit,
        sql=None if whole in DERIVED else whole, freshness=freshness, share=unit is _SHARE, codes=codes,
    )  # fmt: skip


def _score(
    key: str, type_: FieldType, zh: str, en: str, about_zh: str, about_en: str, unit: Text | None = None,
    choices: tuple[Choice, ...] = (), codes: str = "",
) -> FieldDef:  # fmt: skip
    return FieldDef(
        f"score.{key}", type_, Scope.SCORE, Text(zh, en), choices, Text(about_zh, about_en),
        None if unit is _SHARE else unit, sql=f"score.{key}", freshness="nightly", share=unit is _SHARE,
        codes=codes,
    )  # fmt: skip


def _windows() -> list[FieldDef]:
    """The counters and sums of the last 30, 90, 180 and 365 business days, today included."""
    made = []
    for days in (30, 90, 180, 365):
        zh, en = f"近 {days} 天", f"in the last {days} days"
        end_zh, end_en = "，含今天", ", today included"
        made += [
            _fact(
                f"orders_{days}", _T.INT, f"{zh}订单数", f"orders {en}",
                f"{zh}下的订单数{end_zh}，退款不减", f"Orders placed {en}{end_en}; refunds take none away", _ORDERS,
            ),
            _fact(
                f"spend_{days}", _T.MONEY, f"{zh}消费净额", f"net spend {en}",
                f"{zh}的订单金额减去同期退款", f"Orders' amounts less refunds {en}",
            ),
            _fact(
                f"visits_{days}", _T.INT, f"{zh}到访天数", f"visits {en}",
                f"{zh}有订单或签到的天数", f"Days with an order or a check-in {en}", _DAYS,
            ),
            _fact(
                f"refunds_{days}", _T.INT, f"{zh}退款次数", f"refunds {en}",
                f"{zh}的退款次数", f"Refunds {en}", _TIMES,
            ),
        ]  # fmt: skip
    return made


_YEAR_ZH, _YEAR_EN = "按近 365 天的订单计", "Of the orders of the last 365 days"

FACT_FIELDS: tuple[FieldDef, ...] = (
    *_windows(),
    _fact("refunded_365", _T.MONEY, "近 365 天退款金额", "amount refunded in the last 365 days",
          "近 365 天的退款总额", "The total of refunds in the last 365 days"),
    _fact("refund_share", _T.DECIMAL, "退款占比", "share refunded",
          "近 365 天退款金额 ÷ 订单金额", "Refunds ÷ orders' amounts, last 365 days", _SHARE),
    _fact("order_value_365", _T.MONEY, "笔单价", "average order value",
          _YEAR_ZH + "，平均每单金额", _YEAR_EN + ": the average amount of an order"),
    _fact("basket_size_365", _T.DECIMAL, "每单件数", "items per order",
          _YEAR_ZH + "，平均每单件数", _YEAR_EN + ": how many items on average"),
    _fact("unit_price_365", _T.MONEY, "件单价", "average price of an item",
          _YEAR_ZH + "，平均每件实付", _YEAR_EN + ": what an item cost on average, as paid"),
    _fact("price_level", _T.INT, "价格带（1–5）", "price level (1–5)",
          "件单价在本品牌会员中的五分位，5 为最高；分界每晚更新",
          "The quintile of her average item price among the brand's members, 5 the highest; cuts are made nightly",
          freshness="nightly"),
    _fact("first_order_on", _T.DATE, "首单日期", "day of the first order",
          "第一笔订单的营业日", "The business day of her first order"),
    _fact("last_order_on", _T.DATE, "末单日期", "day of the last order",
          "最近一笔订单的营业日", "The business day of her last order"),
    _fact("last_visit_on", _T.DATE, "最近到访日期", "day of the last visit",
          "最近一次下单或签到的营业日（近 730 天）",
          "The business day of her last order or check-in, of the last 730 days"),
    _fact("last_active_on", _T.DATE, "最近活跃日期", "day last active",
          "最近一次由会员做出的任何行为（近 730 天）",
          "The day of the last thing she did, of any kind, of the last 730 days"),
    _fact("days_since_visit", _T.INT, "距上次到访", "days since the last visit",
          "今天减最近到访日期", "Today less the day of her last visit", _DAYS, freshness="at_once"),
    _fact("days_since_active", _T.INT, "距上次活跃", "days since last active",
          "今天减最近活跃日期", "Today less the day she was last active", _DAYS, freshness="at_once"),
    _fact("order_gap_avg", _T.DECIMAL, "平均购买间隔", "average days between orders",
          "近 730 天相邻下单日的平均天数，至少两个下单日才有",
          "The mean of days between days with orders, last 730 days; from two such days on", _DAYS),
    _fact("order_gap_median", _T.DECIMAL, "购买间隔中位数", "median days between orders",
          "近 730 天相邻下单日的中位天数", "The median of days between days with orders, last 730 days", _DAYS),
    _fact("order_overdue", _T.DECIMAL, "购买逾期倍数", "overdue (times her usual interval)",
          "距末单天数 ÷ 购买间隔中位数；大于 1 即比平时更久没买",
          "Days since the last order ÷ her median interval; above 1 she is later than usual", freshness="at_once"),
    _fact("top_category", _T.TEXT, "最爱品类", "favourite category",
          _YEAR_ZH + "，花费最多的品类", _YEAR_EN + ": the category she spent most on", codes="category"),
    _fact("top_category_share", _T.DECIMAL, "最爱品类占比", "share of the favourite category",
          "最爱品类的花费 ÷ 全部花费", "Spend on it ÷ all spend", _SHARE),
    _fact("top_department", _T.TEXT, "最爱部门", "favourite department",
          _YEAR_ZH + "，花费最多的部门", _YEAR_EN + ": the department she spent most on"),
    _fact("top_department_share", _T.DECIMAL, "最爱部门占比", "share of the favourite department",
          "最爱部门的花费 ÷ 全部花费", "Spend on it ÷ all spend", _SHARE),
    _fact("categories_365", _T.INT, "购买品类数", "categories bought",
          _YEAR_ZH + "，不同品类的个数", _YEAR_EN + ": how many different categories", _KINDS),
    _fact("favourite_store", _T.TEXT, "常去门店", "favourite store",
          _YEAR_ZH + "，订单最多的门店编码", _YEAR_EN + ": the code of the store with most of them"),
    _fact("favourite_store_share", _T.DECIMAL, "常去门店占比", "share of the favourite store",
          "常去门店的订单数 ÷ 门店订单数", "Its orders ÷ orders at stores", _SHARE),
    _fact("stores_365", _T.INT, "去过的门店数", "stores visited",
          _YEAR_ZH + "，不同门店的个数", _YEAR_EN + ": at how many different stores"),
    _fact("favourite_channel", _T.TEXT, "常用渠道", "favourite channel",
          _YEAR_ZH + "，订单最多的渠道", _YEAR_EN + ": the channel with most of them"),
    _fact("daypart", _T.ENUM, "常购时段", "usual time of day",
          _YEAR_ZH + "，下单最多的时段（营业时区）", _YEAR_EN + ": when most were placed, in business time",
          choices=DAYPARTS),
    _fact("daypart_share", _T.DECIMAL, "常购时段占比", "share of the usual time of day",
          "该时段的订单数 ÷ 订单数", "Orders at that time ÷ orders", _SHARE),
    _fact("weekend_share", _T.DECIMAL, "周末订单占比", "share of weekend orders",
          "周六、周日的订单数 ÷ 订单数", "Orders on Saturday or Sunday ÷ orders", _SHARE),
    _fact("discount_share", _T.DECIMAL, "折扣率", "share discounted",
          "近 365 天优惠金额 ÷（实付 + 优惠）", "Discounts ÷ (paid + discounts), last 365 days", _SHARE),
    _fact("coupon_share", _T.DECIMAL, "用券订单占比", "share of orders with a coupon",
          "近 365 天用了券的订单数 ÷ 订单数", "Orders with a coupon ÷ orders, last 365 days", _SHARE),
    _fact("checkins_90", _T.INT, "近 90 天签到", "check-ins in the last 90 days",
          "近 90 天的签到次数", "Check-ins in the last 90 days", _TIMES),
    _fact("reviews_90", _T.INT, "近 90 天评价与内容", "reviews and posts in the last 90 days",
          "近 90 天的评价、发帖与问卷次数", "Reviews, posts and survey answers in the last 90 days", _TIMES),
    _fact("redemptions_90", _T.INT, "近 90 天积分兑换", "redemptions in the last 90 days",
          "近 90 天用积分兑换或抵扣的次数", "How often points were spent in the last 90 days", _TIMES),
    _fact("activities_90", _T.INT, "近 90 天行为数", "activities in the last 90 days",
          "近 90 天由会员做出的全部行为", "Everything she did in the last 90 days", _TIMES),
    _fact("active_days_90", _T.INT, "近 90 天活跃天数", "active days in the last 90 days",
          "近 90 天有任何行为的天数", "Days on which she did anything, last 90 days", _DAYS),
    _fact("points_earned_90", _T.INT, "近 90 天获得积分", "points earned in the last 90 days",
          "近 90 天获得的积分，已减退单扣回", "Points earned in the last 90 days, less those taken back", _POINTS),
    _fact("points_burnt_90", _T.INT, "近 90 天使用积分", "points spent in the last 90 days",
          "近 90 天使用的积分，已减使用退回", "Points spent in the last 90 days, less those returned", _POINTS),
    _fact("points_expired_365", _T.INT, "近 365 天过期积分", "points expired in the last 365 days",
          "近 365 天到期作废的积分", "Points that ended unused in the last 365 days", _POINTS),
    _fact("points_expiring_30", _T.INT, "30 天内将过期积分", "points expiring within 30 days",
          "今天起 30 天内到期的可用积分", "Available points that end within 30 days from today", _POINTS),
    _fact("points_available", _T.INT, "可用积分", "points available",
          "各积分单位可用余额之和", "The available balance of every unit of points", _POINTS),
)  # fmt: skip

SCORE_FIELDS: tuple[FieldDef, ...] = (
    _score("rfm_r", _T.INT, "RFM：近度（1–5）", "RFM: recency (1–5)", "最近一次购买的五分位，5 为最近",
           "The quintile of how recently she bought, 5 the most recent"),
    _score("rfm_f", _T.INT, "RFM：频度（1–5）", "RFM: frequency (1–5)", "购买次数的五分位",
           "The quintile of how often she bought"),
    _score("rfm_m", _T.INT, "RFM：金额（1–5）", "RFM: money (1–5)", "消费金额的五分位",
           "The quintile of how much she spent"),
    _score("rfm_group", _T.TEXT, "RFM 分组", "RFM group", "由三项得分命名的分组",
           "The group named by the three scores", choices=RFM_GROUPS),
    _score("stage", _T.TEXT, "生命周期阶段", "lifecycle stage", "会员所处的阶段",
           "Where she is in her life as a member", choices=STAGES),
    _score("stage_since", _T.DATE, "进入当前阶段日期", "in this stage since", "进入当前阶段的日期",
           "The day she entered the stage"),
    _score("value_12", _T.MONEY, "未来 12 个月价值", "value of the next 12 months", "预计未来 12 个月消费",
           "What she is expected to spend in 12 months"),
    _score("value_12_low", _T.MONEY, "12 个月价值下限", "12-month value, low", "区间下限",
           "The low end of the interval"),
    _score("value_12_high", _T.MONEY, "12 个月价值上限", "12-month value, high", "区间上限",
           "The high end of the interval"),
    _score("value_36", _T.MONEY, "未来 36 个月价值", "value of the next 36 months", "预计未来 36 个月消费",
           "What she is expected to spend in 36 months"),
    _score("value_36_low", _T.MONEY, "36 个月价值下限", "36-month value, low", "区间下限",
           "The low end of the interval"),
    _score("value_36_high", _T.MONEY, "36 个月价值上限", "36-month value, high", "区间上限",
           "The high end of the interval"),
    _score("value_decile", _T.INT, "价值十分位（1–10）", "value decile (1–10)", "12 个月价值的十分位，10 为最高",
           "The decile of the 12-month value, 10 the highest"),
    _score("alive", _T.DECIMAL, "仍活跃的概率", "chance of being still a customer", "由购买历史估计",
           "As her purchases tell", _SHARE),
    _score("churn_30", _T.DECIMAL, "30 天流失概率", "chance of no purchase in 30 days", "未来 30 天不购买的概率",
           "The chance that she does not buy in the next 30 days", _SHARE),
    _score("churn_60", _T.DECIMAL, "60 天流失概率", "chance of no purchase in 60 days", "未来 60 天不购买的概率",
           "The chance that she does not buy in the next 60 days", _SHARE),
    _score("churn_90", _T.DECIMAL, "90 天流失概率", "chance of no purchase in 90 days", "未来 90 天不购买的概率",
           "The chance that she does not buy in the next 90 days", _SHARE),
    _score("intent_7", _T.DECIMAL, "7 天购买意向", "purchase intent, 7 days", "未来 7 天购买的概率",
           "The chance that she buys within 7 days", _SHARE),
    _score("intent_30", _T.DECIMAL, "30 天购买意向", "purchase intent, 30 days", "未来 30 天购买的概率",
           "The chance that she buys within 30 days", _SHARE),
    _score("next_category", _T.TEXT, "下一次可能购买的品类", "category she will likely buy next", "回购最近的品类",
           "The category whose repurchase comes first", codes="category"),
    _score("next_due_on", _T.DATE, "预计回购日期", "expected day of repurchase", "该品类的预计回购日",
           "When that category is due again"),
    _score("koc", _T.INT, "KOC 分（0–100）", "KOC score (0–100)", "口碑与带动他人的程度",
           "How much she speaks of the brand and brings others"),
    _score("mood", _T.DECIMAL, "情绪分（0–1）", "mood (0–1)", "近期评价的情绪，1 为最好",
           "The mood of what she wrote of late, 1 the best"),
    _score("needs", _T.SET, "需求标签", "needs", "从评价中读出的需求", "What she needs, as her words say"),
    _score("price_level", _T.INT, "价格偏好（1–5）", "price preference (1–5)", "同品类内的价格偏好",
           "Her preferred price level within categories"),
    _score("price_sensitivity", _T.INT, "价格敏感度（1–5）", "price sensitivity (1–5)", "对促销的依赖程度，5 为最敏感",
           "How much she waits for promotions, 5 the most"),
)  # fmt: skip

SEGMENTS_FIELD = FieldDef(
    SEGMENTS, _T.SET, Scope.MEMBERSHIP, Text("所属人群", "segments"),
    description=Text("会员此刻所在的人群（编码）", "The codes of the segments she is in now"), freshness="minute",
)  # fmt: skip

BEHAVIOUR_FIELDS: tuple[FieldDef, ...] = (*FACT_FIELDS, *SCORE_FIELDS, SEGMENTS_FIELD)


def behaviour_fields() -> tuple[FieldDef, ...]:
    """Every fact, every score, and the segments."""
    return BEHAVIOUR_FIELDS


def is_behaviour(key: str) -> bool:
    """Whether a field is kept by audience's rooms: whoever gathers facts must load it from there."""
    return key.startswith(PREFIXES) or key == SEGMENTS


_TYPES = {field.key: field.type for field in BEHAVIOUR_FIELDS}


def to_plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values by field key as plain JSON, to be kept with what was decided by them."""
    plain: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, Decimal):
            plain[key] = str(value)
        elif isinstance(value, date):
            plain[key] = value.isoformat()
        elif isinstance(value, (set, frozenset)):
            plain[key] = sorted(value)
        else:
            plain[key] = value
    return plain


def from_plain(plain: Mapping[str, Any]) -> dict[str, Any]:
    """What `to_plain` kept, typed again."""
    values: dict[str, Any] = dict(plain)
    for key, value in plain.items():
        if value is None:
            continue
        match _TYPES.get(key):
            case FieldType.DECIMAL:
                values[key] = Decimal(value)
            case FieldType.DATE:
                values[key] = date.fromisoformat(value)
            case FieldType.SET:
                values[key] = set(value)
    return values
