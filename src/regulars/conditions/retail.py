"""Fields every retail programme has; brands add their tiers, units, attributes and activity types."""

from __future__ import annotations

from regulars.conditions.behaviour import BEHAVIOUR_FIELDS
from regulars.conditions.catalogue import FieldCatalogue, make_catalogue
from regulars.conditions.types import Choice, FieldDef, FieldType, Scope
from regulars.kit.text import Text

_T = FieldType
_S = Scope


def _choice(value: str, zh: str, en: str) -> Choice:
    return Choice(value, Text(zh, en))


_DAYS = Text("天", "days")
_ORDERS = Text("单", "orders")
_TIMES = Text("次", "times")
_PIECES = Text("件", "items")
_YEARS = Text("岁", "years")

ACTIVITY_TYPES = (
    _choice("order", "订单", "order"),
    _choice("order_delivered", "订单签收", "order delivered"),
    _choice("refund", "退款", "refund"),
    _choice("checkin", "签到", "check-in"),
    _choice("enrol", "入会", "enrolment"),
    _choice("burn", "积分兑换", "burn"),
    _choice("burn_return", "兑换退回", "burn returned"),
    _choice("adjust", "人工调整", "adjustment"),
    _choice("hold", "冻结", "hold"),
)
CHANNELS = (
    _choice("store", "门店", "store"),
    _choice("web", "官网", "web"),
    _choice("app", "App", "app"),
    _choice("mini_program", "小程序", "mini program"),
    _choice("marketplace", "电商平台", "marketplace"),
    _choice("h5", "H5 页面", "H5 page"),
    _choice("import", "文件导入", "file import"),
)
GENDERS = (
    _choice("female", "女", "female"),
    _choice("male", "男", "male"),
    _choice("other", "其他", "other"),
)
LANGUAGES = (_choice("zh-CN", "中文", "Chinese"), _choice("en", "英文", "English"))
TIERS = (
    _choice("normal", "普通", "Standard"),
    _choice("silver", "银卡", "Silver"),
    _choice("gold", "金卡", "Gold"),
    _choice("diamond", "钻石", "Diamond"),
)

FIELDS: tuple[FieldDef, ...] = (
    FieldDef("activity.type", _T.ENUM, _S.ACTIVITY, Text("行为类型", "activity type"), ACTIVITY_TYPES),
    FieldDef("activity.channel", _T.TEXT, _S.ACTIVITY, Text("渠道", "channel"), CHANNELS),
    FieldDef("activity.source", _T.TEXT, _S.ACTIVITY, Text("数据来源", "source")),
    FieldDef(
        "activity.occurred_at",
        _T.DATETIME,
        _S.TIME,
        Text("发生时间", "time of the activity"),
        description=Text(
            "按营业时区计算星期、日期和时段", "Weekday, date and time of day are taken in business time."
        ),
        local_key="activity.local",
    ),
    FieldDef("store.code", _T.TEXT, _S.STORE, Text("门店", "store")),
    FieldDef("store.region", _T.TEXT, _S.STORE, Text("门店区域", "store region")),
    FieldDef("store.tags", _T.SET, _S.STORE, Text("门店标签", "store tags")),
    FieldDef("order.amount", _T.MONEY, _S.ACTIVITY, Text("订单金额", "order amount")),
    FieldDef("order.discount", _T.MONEY, _S.ACTIVITY, Text("订单优惠", "order discount")),
    FieldDef("order.quantity", _T.DECIMAL, _S.ACTIVITY, Text("订单件数", "order quantity"), unit=_PIECES),
    FieldDef("order.currency", _T.TEXT, _S.ACTIVITY, Text("订单币种", "order currency")),
    FieldDef("order.coupon_used", _T.BOOL, _S.ACTIVITY, Text("使用了优惠券", "a coupon was used")),
    FieldDef("order.is_first", _T.BOOL, _S.ACTIVITY, Text("是首单", "it is the first order")),
    FieldDef("line.sku", _T.TEXT, _S.LINE, Text("货号", "SKU")),
    FieldDef("line.name", _T.TEXT, _S.LINE, Text("名称", "name")),
    FieldDef("line.category", _T.TEXT, _S.LINE, Text("品类", "category"), codes="category"),
    FieldDef("line.department", _T.TEXT, _S.LINE, Text("部门", "department")),
    FieldDef("line.brand", _T.TEXT, _S.LINE, Text("品牌", "brand")),
    FieldDef("line.amount", _T.MONEY, _S.LINE, Text("金额", "amount")),
    FieldDef("line.quantity", _T.DECIMAL, _S.LINE, Text("数量", "quantity"), unit=_PIECES),
    FieldDef("line.discount", _T.MONEY, _S.LINE, Text("优惠", "discount")),
    FieldDef("line.tags", _T.SET, _S.LINE, Text("标签", "tags")),
    FieldDef("member.gender", _T.ENUM, _S.MEMBER, Text("性别", "gender"), GENDERS, personal=True),
    FieldDef("member.birthday", _T.DATE, _S.MEMBER, Text("会员生日", "birthday"), personal=True),
    FieldDef("member.age", _T.INT, _S.MEMBER, Text("年龄", "age"), unit=_YEARS, personal=True),
    FieldDef("member.language", _T.TEXT, _S.MEMBER, Text("语言", "language"), LANGUAGES),
    FieldDef("membership.joined_at", _T.DATETIME, _S.MEMBERSHIP, Text("入会时间", "joining date")),
    FieldDef("membership.tier", _T.ENUM, _S.MEMBERSHIP, Text("会员等级", "tier"), TIERS),
    FieldDef("membership.tags", _T.SET, _S.MEMBERSHIP, Text("会员标签", "member tags")),
    FieldDef("membership.channel", _T.TEXT, _S.MEMBERSHIP, Text("入会渠道", "joining channel"), CHANNELS),
    FieldDef("membership.store", _T.TEXT, _S.MEMBERSHIP, Text("入会门店", "joining store")),
    FieldDef("history.orders", _T.INT, _S.HISTORY, Text("累计订单数", "orders so far"), unit=_ORDERS),
    FieldDef("history.spend", _T.MONEY, _S.HISTORY, Text("累计消费", "spend so far")),
    FieldDef("history.refunds", _T.INT, _S.HISTORY, Text("累计退款次数", "refunds so far"), unit=_TIMES),
    FieldDef("history.visits", _T.INT, _S.HISTORY, Text("累计到访", "visits so far"), unit=_TIMES),
    FieldDef(
        "history.days_since_last_order",
        _T.INT,
        _S.HISTORY,
        Text("距上次下单", "time since the last order"),
        unit=_DAYS,
    ),
    FieldDef("history.last_order_at", _T.DATETIME, _S.HISTORY, Text("最近下单时间", "last order")),
    FieldDef("history.first_order_at", _T.DATETIME, _S.HISTORY, Text("首次下单时间", "first order")),
    FieldDef("history.checkin_streak", _T.INT, _S.HISTORY, Text("连续签到", "check-in streak"), unit=_DAYS),
    *BEHAVIOUR_FIELDS,
)


def retail_fields(*, timezone: str = "Asia/Shanghai", currency: str = "CNY") -> FieldCatalogue:
    """Return the base catalogue in a programme's business time zone and currency."""
    return make_catalogue(FIELDS, timezone=timezone, currency=currency)
