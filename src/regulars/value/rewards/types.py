"""What the rewards room hands out: the catalogue, its stock, redemption orders, and what the report says of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any, Literal
from uuid import UUID

from regulars.kit.text import Text

RewardKind = Literal["goods", "coupon", "virtual_code", "partner", "event_seat", "sample"]
RewardState = Literal["draft", "active", "paused", "ended"]
Fulfilment = Literal["ship", "store", "instant"]
RedemptionState = Literal[
    "awaiting_payment", "placed", "paid", "shipped", "verified", "completed", "cancelled", "expired"
]
LimitPeriod = Literal["day", "week", "month", "year", "ever"]
Unclaimed = Literal["return", "forfeit"]
Advice = Literal["new", "keep", "restock", "promote", "replace", "sold_out", "off"]

KINDS: dict[str, Text] = {
    "goods": Text("实物", "Goods"),
    "coupon": Text("优惠券", "Coupon"),
    "virtual_code": Text("虚拟卡密", "Virtual code"),
    "partner": Text("合作权益", "Partner reward"),
    "event_seat": Text("活动名额", "Event seat"),
    "sample": Text("试用装", "Trial sample"),
}
STATES: dict[str, Text] = {
    "draft": Text("草稿", "Draft"),
    "active": Text("上架", "On offer"),
    "paused": Text("暂停", "Paused"),
    "ended": Text("下架", "Ended"),
}
REDEMPTION_STATES: dict[str, Text] = {
    "awaiting_payment": Text("待支付", "Awaiting payment"),
    "placed": Text("已兑换", "Placed"),
    "paid": Text("已支付", "Paid"),
    "shipped": Text("已发货", "Shipped"),
    "verified": Text("已核销", "Verified"),
    "completed": Text("已完成", "Completed"),
    "cancelled": Text("已取消", "Cancelled"),
    "expired": Text("已过期", "Expired"),
}
FULFILMENTS: dict[str, Text] = {
    "ship": Text("邮寄", "Shipped"),
    "store": Text("到店自提", "Picked up at a store"),
    "instant": Text("立即发放", "Given at once"),
}
PERIODS: dict[str, Text] = {
    "day": Text("每天", "a day"),
    "week": Text("每周", "a week"),
    "month": Text("每月", "a month"),
    "year": Text("每年", "a year"),
    "ever": Text("每人", "in all"),
}
ADVICES: dict[str, Text] = {
    "new": Text("上架不满 28 天，再看看", "On offer for less than 28 days: wait"),
    "keep": Text("正常", "Goes well"),
    "restock": Text("库存不足 14 天，建议补货", "Less than 14 days of stock left: restock"),
    "promote": Text("兑换偏慢，建议推荐或降价", "Slow: put it forward or lower its price"),
    "replace": Text("28 天无人兑换，建议更换", "Nobody took it for 28 days: replace it"),
    "sold_out": Text("已兑完，建议补货或下架", "Sold out: restock or take it off"),
    "off": Text("未上架", "Not on offer"),
}

# Why a member cannot have a reward now: stable codes and words for her.
WHY_NOT: dict[str, Text] = {
    "not_on_offer": Text("该商品未上架", "This reward is not on offer"),
    "not_started": Text("{at} 开始兑换", "Starts {at}"),
    "ended": Text("兑换已结束", "It has ended"),
    "not_released": Text("今天 {at} 开抢", "Today's are released at {at}"),
    "released_gone": Text("今天的已兑完，明天再来", "Today's are gone; come back tomorrow"),
    "sold_out": Text("已兑完", "Sold out"),
    "too_few_left": Text("只剩 {left} 件", "Only {left} left"),
    "limit_reached": Text("{period}限兑 {count} 件", "At most {count} {period}"),
    "not_eligible": Text("不满足兑换条件：{why}", "Not for you: {why}"),
    "too_few_points": Text("还差 {missing} {unit}", "{missing} {unit} short"),
    "membership_not_active": Text("会员资格未生效", "The membership is not active"),
}


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` to one member in a calendar `period` of the business time zone."""

    count: int
    period: LimitPeriod


@dataclass(frozen=True, slots=True)
class Release:
    """At most `count` a business day, from `at` on."""

    count: int
    at: time


@dataclass(frozen=True, slots=True)
class RewardTerms:
    """What a definition says. `price` is in `unit` per piece, `cash` in minor units per piece.

    `condition` is the JSON of a condition on her standing. `claim_days`: how long a piece waits to be picked up, and
    `unclaimed` what happens then. `undo_minutes`: how long a verification can be taken back. `category` is filtered by,
    `category_name` is what members read (empty: the category itself).
    """

    key: str
    name: Text
    kind: RewardKind
    unit: str
    price: int
    description: Text = field(default_factory=lambda: Text("", ""))
    category: str = ""
    category_name: Text = field(default_factory=lambda: Text("", ""))
    cash: int = 0
    fulfilment: Fulfilment = "store"
    stores: tuple[str, ...] = ()
    most_per_order: int = 1
    limit: Limit | None = None
    condition: Mapping[str, Any] | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    release: Release | None = None
    sort: int = 0
    coupon: str = ""
    partner: str = ""
    claim_days: int = 30
    unclaimed: Unclaimed = "return"
    undo_minutes: int = 30
    market_value: int | None = None
    demo: bool = False

    @property
    def category_text(self) -> Text:
        """The category as members read it."""
        named, key = self.category_name, self.category
        return Text(named.zh or named.en or key, named.en or named.zh or key)


@dataclass(frozen=True, slots=True)
class Reward:
    """A reward of the catalogue. `stock` is all there ever was of it (None: unlimited), `left` what is not taken."""

    id: UUID
    brand_id: UUID
    state: RewardState
    terms: RewardTerms
    definition: Mapping[str, Any]
    picture_id: UUID | None
    stock: int | None
    left: int | None
    released_left: int | None
    on_offer_since: datetime | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class WhyNot:
    """A reason why she cannot have it, in words; `data` holds the plain values."""

    code: str
    text: Text
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Candidate:
    """What a decision about one member and one reward looks at. `taken` is what she had of it in the limit's period;
    `lacks` why the condition does not hold; `available` her balance of the unit."""

    active: bool
    taken: int
    lacks: tuple[Text, ...]
    available: int
    today: date


@dataclass(frozen=True, slots=True)
class StockPart:
    """So many pieces taken from one slot of a pool: where they go back to."""

    pool: str
    slot: int
    count: int


@dataclass(frozen=True, slots=True)
class Redemption:
    """A redemption order. `points` and `cash` are of the whole order; instants are aware.

    `hold_id` while points are set aside for a payment; `burn_id` is the activity that spent them. `code` is what she
    shows at the store, for her and for staff who hand it out.
    """

    id: UUID
    member_id: UUID
    brand_id: UUID
    reward_id: UUID
    reward_key: str
    name: Text
    kind: RewardKind
    fulfilment: Fulfilment
    state: RedemptionState
    quantity: int
    unit: str
    points: int
    cash: int
    key: str
    body_hash: UUID
    code: str
    stock: tuple[StockPart, ...]
    hold_id: UUID | None
    burn_id: UUID | None
    payment_id: UUID | None
    coupon_id: UUID | None
    has_address: bool
    carrier: str
    tracking: str
    store_id: UUID | None
    note: str
    reason: str
    actor: str
    undo_minutes: int
    unclaimed: Unclaimed
    placed_at: datetime
    pay_by: datetime | None
    claim_by: datetime | None
    paid_at: datetime | None
    shipped_at: datetime | None
    verified_at: datetime | None
    verified_by: str
    shown_at: datetime | None
    ended_at: datetime | None
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Address:
    """Where something is sent. Personal data: kept encrypted."""

    name: str
    phone: str
    region: str
    street: str
    postcode: str = ""


@dataclass(frozen=True, slots=True)
class CodesImported:
    """`duplicates` are codes that were given twice or are there already; they are not imported again."""

    added: int
    duplicates: int


@dataclass(frozen=True, slots=True)
class Turnover:
    """What happened to a reward in a window of days. `quantity` counts what stands, not what was cancelled."""

    reward: Reward
    quantity: int
    orders: int
    members: int
    points: int
    cash: int
    cancelled: int
    recent: int
    last_at: datetime | None
    sell_through: int | None
    days_left: int | None
    advice: Advice


REWARD = Text("商品", "Reward")
REDEMPTION = Text("兑换单", "Redemption")
