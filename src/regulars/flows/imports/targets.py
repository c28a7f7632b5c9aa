"""What the columns of a file may mean, and the headers by which each is recognised."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from regulars.facts.members.types import ProfileField
from regulars.flows.imports.types import Choice, Mapping, Option, Target
from regulars.kit.text import Text

ATTRIBUTE = "attribute."
MEMBER_KEYS = ("phone", "code", "card", "email", "external")
_GAPS = re.compile(r"[\s_\-./()（）\[\]【】:：*]+")


# The words of headers by which a target is recognised beside its own names.
_WORDS = {
    "phone": """手机 手机号码 会员手机 联系电话 电话 买家手机 mobile phonenumber tel telephone""",
    "code": """会员号 会员id 会员编码 memberid memberno membercode member""",
    "card": """卡号 会员卡 card cardno cardnumber""",
    "email": """电子邮箱 邮件 email mail emailaddress""",
    "external": """外部id 客户id 客户编号 买家昵称 userid customerid openid buyernick""",
    "number": """订单编号 单号 交易号 小票号 流水号 orderid orderno ordernumber order basketid receipt receiptno
        transactionid""",
    "occurred_at": """时间 日期 交易时间 支付时间 付款时间 消费时间 销售日期 订单时间 订单日期 orderdate ordertime date
        datetime time paidat createdat timestamp transactiontimestamp""",
    "time": """交易时刻 clock""",
    "amount": """金额 实付 实收 实收金额 行金额 成交金额 支付金额 消费金额 商品金额 amount paid salesvalue linetotal
        total subtotal paidamount""",
    "quantity": """件数 商品数量 qty count""",
    "sku": """商品编号 货号 条码 商品条码 productid itemid barcode product item""",
    "name": """品名 商品 商品名 productname itemname description""",
    "category": """类目 商品类目 分类 小类 productcategory""",
    "department": """大类 商品部门 dept""",
    "brand": """品牌 brandname""",
    "discount": """优惠金额 折扣 优惠 折扣金额 retaildisc linediscount""",
    "coupon_discount": """优惠券金额 券抵扣 coupondisc coupon""",
    "shipping": """邮费 配送费 freight postage""",
    "order_store": """门店编码 门店编号 门店名称 店铺 店号 storeid storecode shop branch""",
    "source": """订单来源 平台 platform""",
    "order_channel": """销售渠道 下单渠道""",
    "currency": """货币""",
    "delivered": """是否签收 已完成 签收""",
    "full_name": """名字 会员姓名 客户姓名 昵称 fullname membername customername nickname""",
    "gender": """sex""",
    "birthday": """出生日期 birthdate dateofbirth dob""",
    "address": """联系地址 收货地址""",
    "language": """locale""",
    "tags": """会员标签 tag labels""",
    "joined_at": """注册时间 入会日期 注册日期 开卡日期 开卡时间 joindate registered createdat signupdate""",
    "tier": """会员等级 等级 tierlevel memberlevel""",
    "tier_until": """等级到期 等级到期日 tierexpiry tierenddate""",
    "member_store": """门店 门店编码 开卡门店 注册门店 storeid storecode""",
    "member_channel": """渠道 来源 注册渠道 source""",
    "recruiter": """招募人 导购 推荐员工 referrer""",
}


def _target(
    key: str, zh: str, en: str, *, hint: Text | None = None, required: bool = False, words: str = ""
) -> Target:
    known = _WORDS[words or key].split()
    return Target(
        key,
        Text(zh, en),
        hint or _NO_HINT,
        required,
        words=tuple(dict.fromkeys(plain(w) for w in (zh, en, key, *known))),
    )


def plain(header: str) -> str:
    """A header without case, width, gaps and brackets."""
    return _GAPS.sub("", unicodedata.normalize("NFKC", header).casefold())


_NO_HINT = Text("", "")
_BY_NUMBER = Text(
    "同一来源内唯一；多行同号为一单", "unique per source; rows with the same number are one order"
)
_BY_SOURCE = Text("来源在选项“外部账号来源”中填写", "its source is the option “source of external accounts”")

_WHO = (
    _target("phone", "手机号", "Phone"),
    _target("code", "会员编号", "Member code"),
    _target("card", "会员卡号", "Card number"),
    _target("email", "邮箱", "E-mail"),
    _target("external", "外部账号", "External account", hint=_BY_SOURCE),
)

ORDER_TARGETS: tuple[Target, ...] = (
    _target("number", "订单号", "Order number", required=True, hint=_BY_NUMBER),
    *_WHO,
    _target("occurred_at", "下单时间", "Time of the order", required=True),
    _target(
        "time",
        "时刻",
        "Time of day",
        hint=Text("日期与时刻分列时使用", "where date and time stand in two columns"),
    ),
    _target(
        "amount",
        "实付金额",
        "Amount paid",
        required=True,
        hint=Text("整行优惠后的金额", "of the whole line, after discounts"),
    ),
    _target("quantity", "数量", "Quantity"),
    _target("sku", "商品编码", "SKU"),
    _target("name", "商品名称", "Product name"),
    _target("category", "品类", "Category"),
    _target("department", "部门", "Department"),
    _target("brand", "商品品牌", "Product brand"),
    _target("discount", "行优惠", "Line discount"),
    _target("coupon_discount", "券优惠", "Coupon discount"),
    _target("shipping", "运费", "Shipping"),
    _target("store", "门店", "Store", words="order_store"),
    _target("source", "来源", "Source"),
    _target("channel", "渠道", "Channel", words="order_channel"),
    _target("currency", "币种", "Currency"),
    _target("delivered", "已签收", "Delivered"),
)

MEMBER_TARGETS: tuple[Target, ...] = (
    *_WHO,
    _target("full_name", "姓名", "Name"),
    _target("gender", "性别", "Gender"),
    _target("birthday", "生日", "Birthday"),
    _target("address", "地址", "Address"),
    _target("language", "语言", "Language"),
    _target(
        "tags",
        "标签",
        "Tags",
        hint=Text("多个用逗号或分号隔开", "several are parted by comma or semicolon"),
    ),
    _target("joined_at", "入会时间", "Joined at"),
    _target("store", "归属门店", "Home store", words="member_store"),
    _target("channel", "入会渠道", "Channel", words="member_channel"),
    _target("recruiter", "推荐人", "Recruiter"),
    _target(
        "tier",
        "等级匹配",
        "Tier match",
        hint=Text(
            "首个等级体系的等级编码或名称；已是会员的也会调整",
            "code or name of a tier; for members who are there too",
        ),
    ),
    _target("tier_until", "等级有效至", "Tier until"),
)

_TIMES = (
    Choice("auto", Text("自动识别", "recognise")),
    Choice("dmy", Text("日/月/年", "day/month/year")),
    Choice("mdy", Text("月/日/年", "month/day/year")),
    Choice("unix", Text("Unix 秒", "Unix seconds")),
    Choice("unix_ms", Text("Unix 毫秒", "Unix milliseconds")),
    Choice("excel", Text("Excel 序列数", "Excel serial number")),
)
_ENCODINGS = (
    Choice("auto", Text("自动识别", "recognise")),
    Choice("utf-8-sig", Text("UTF-8", "UTF-8")),
    Choice("gb18030", Text("GB18030 / GBK", "GB18030 / GBK")),
    Choice("utf-16", Text("UTF-16", "UTF-16")),
    Choice("big5", Text("Big5", "Big5")),
    Choice("cp1252", Text("Windows-1252", "Windows-1252")),
)
_YES_NO = (Choice("no", Text("否", "no")), Choice("yes", Text("是", "yes")))
_MONEY = (
    Choice("major", Text("元（可带小数）", "whole units with decimals")),
    Choice("minor", Text("分（整数）", "smallest units, whole numbers")),
)
_OF_FILES = (
    Option("date_format", Text("日期格式", "Date format"), "auto", _TIMES),
    Option("timezone", Text("时区（空为品牌时区）", "Time zone (empty: the brand's)"), ""),
    Option("encoding", Text("文件编码", "Encoding"), "auto", _ENCODINGS),
    Option("delimiter", Text("分隔符（空为自动）", "Delimiter (empty: recognise)"), ""),
    Option("sheet", Text("工作表（空为第一张）", "Sheet (empty: the first)"), ""),
    Option("external_source", Text("外部账号来源", "Source of external accounts"), "import"),
)
OPTIONS: dict[str, tuple[Option, ...]] = {
    "orders": (
        Option("money", Text("金额单位", "Unit of money"), "major", _MONEY),
        Option("create_stores", Text("自动创建未知门店", "Create unknown stores"), "no", _YES_NO),
        *_OF_FILES,
    ),
    "members": _OF_FILES,
}


def targets_of(kind: str, fields: Sequence[ProfileField]) -> list[Target]:
    """The targets of a kind; for members the brand's custom fields too."""
    if kind == "orders":
        return list(ORDER_TARGETS)
    return [*MEMBER_TARGETS, *[_attribute(field) for field in fields if not field.archived]]


def _attribute(field: ProfileField) -> Target:
    return Target(
        ATTRIBUTE + field.key,
        field.label,
        _NO_HINT,
        choices=tuple(Choice(c.value, c.label) for c in field.choices),
        words=tuple(dict.fromkeys(plain(w) for w in (field.label.zh, field.label.en, field.key))),
    )


def suggest(kind: str, headers: Sequence[str], fields: Sequence[ProfileField]) -> Mapping:
    """The mapping that the headers speak of: each target takes the column whose header is one of its words, the
    earlier word the better; what is left takes a header that contains one of its words of two signs or more."""
    targets = targets_of(kind, fields)
    found: dict[str, str] = {}
    free = {header: plain(header) for header in headers}
    exact = sorted(
        (target.words.index(form), place, target.key, header)
        for place, target in enumerate(targets)
        for header, form in free.items()
        if form in target.words
    )
    for _, _, key, header in exact:
        if key not in found and header in free:
            found[key] = header
            del free[header]
    for target in targets:
        if target.key in found or not (target.required or target.key in MEMBER_KEYS):
            continue
        for header, form in list(free.items()):
            if any(len(word) > 1 and word in form for word in target.words):
                found[target.key] = header
                del free[header]
                break
    return Mapping(columns=found)
