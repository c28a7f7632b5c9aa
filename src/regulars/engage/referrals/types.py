"""Referrals, shares and commission as other rooms see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Any, Literal
from uuid import UUID

from regulars.kit.text import Text

State = Literal["joined", "waiting", "qualified", "refused", "returned", "lapsed"]
ShareKind = Literal["join", "reward", "coupon", "page"]
Account = Literal["frozen", "open", "confirmed", "paid"]

STATES: dict[str, Text] = {
    "joined": Text("已入会", "Joined"),
    "waiting": Text("已下单，等待退货期满", "Bought, waiting for the return window"),
    "qualified": Text("已达成", "Qualified"),
    "refused": Text("未通过", "Refused"),
    "returned": Text("退款后收回", "Taken back after a refund"),
    "lapsed": Text("超期未下单", "No order in time"),
}
REASONS: dict[str, Text] = {
    "self_referral": Text("推荐人和好友是同一个人", "The friend is the recruiter herself"),
    "same_device": Text("好友与推荐人使用同一台设备", "The friend joined on the recruiter's device"),
    "known_phone": Text("该手机号曾属于另一位会员", "The phone number was another member's before"),
    "device_used": Text("这台设备上已有别的账号入会", "Other accounts have joined on this device"),
    "ring": Text("互相推荐（成环）", "A ring: one of the recruiter's own chain"),
    "existing_member": Text("已经是会员", "Is a member already"),
    "unknown_code": Text("邀请码不存在", "There is no such code"),
    "recruiter_not_active": Text("推荐人已冻结或退会", "The recruiter's membership is not active"),
    "refunded": Text("退货期内退款，金额不足", "Refunded within the return window"),
    "cap_day": Text("推荐人今日名额已满", "The recruiter's places of the day are taken"),
    "cap_month": Text("推荐人本月名额已满", "The recruiter's places of the month are taken"),
    "cap_ever": Text("推荐人名额已满", "The recruiter's places are taken"),
    "upheld": Text("人工复核未通过", "Refused in review"),
    "no_order": Text("入会后未在期限内下单", "No order within the time given"),
}
SHARE_KINDS: dict[str, Text] = {
    "join": Text("邀请入会", "Invitation"),
    "reward": Text("商城礼品", "Reward"),
    "coupon": Text("优惠券", "Coupon"),
    "page": Text("页面", "Page"),
}
STATEMENT_STATES: dict[str, Text] = {
    "draft": Text("草稿", "Draft"),
    "confirmed": Text("已确认", "Confirmed"),
    "paid": Text("已付款", "Paid"),
}


@dataclass(frozen=True, slots=True)
class Caps:
    """How many friends of one recruiter may qualify in a business day, a calendar month, ever; None is any number."""

    day: int | None = None
    month: int | None = None
    ever: int | None = None


@dataclass(frozen=True, slots=True)
class Level:
    """A level of promoters: `percent` of what is paid, other percents for some categories."""

    code: str
    name: Text
    percent: Fraction
    categories: Mapping[str, Fraction] = field(default_factory=dict)

    def percent_of(self, category: str) -> Fraction:
        return self.categories.get(category, self.percent)


@dataclass(frozen=True, slots=True)
class CommissionTerms:
    """`freeze_days` is the return window; orders of friends a promoter brought count for `friend_days` (0: none)."""

    enabled: bool = False
    freeze_days: int = 15
    friend_days: int = 0
    levels: tuple[Level, ...] = ()

    def level(self, code: str) -> Level | None:
        return next((one for one in self.levels if one.code == code), None)


@dataclass(frozen=True, slots=True)
class Settings:
    """A version of a brand's programme. Amounts in minor units; rewards are as `flows.rewarding` reads them."""

    version: int
    enabled: bool
    recruiter_rewards: tuple[Mapping[str, Any], ...]
    friend_rewards: tuple[Mapping[str, Any], ...]
    least_amount: int
    window_days: int
    order_within_days: int
    caps: Caps
    accounts_per_device: int
    take_back: bool
    title: Text
    invitation: Text
    share_days: int
    commission: CommissionTerms
    actor: str = ""
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ShareLink:
    id: UUID
    member_id: UUID
    kind: ShareKind
    content: str
    code: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Coming:
    """How a new member came: by whom, by which link, on which devices and with which phone numbers (hashes)."""

    member_id: UUID
    recruiter_id: UUID
    share_id: UUID | None
    joined_at: datetime
    devices: tuple[UUID, ...] = ()
    phones: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class ReferralRow:
    member_id: UUID
    recruiter_id: UUID
    share_id: UUID | None
    setting: int
    state: State
    reason: str
    cleared: bool
    reviewed_by: str
    note: str
    joined_at: datetime
    order_id: UUID | None
    order_amount: int
    cost: int
    ordered_at: datetime | None
    window_ends_at: datetime | None
    qualified_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class AttemptRow:
    id: UUID
    member_id: UUID
    recruiter_id: UUID | None
    code: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Branch:
    """A member in the tree: how far below the root, by whom she came, how many she brought herself."""

    member_id: UUID
    recruiter_id: UUID | None
    depth: int
    state: str
    friends: int
    qualified: int


@dataclass(frozen=True, slots=True)
class Funnel:
    """Of a span of time: links made, visitors, members who joined, ordered, qualified; what rewards cost."""

    sharers: int
    visitors: int
    joined: int
    ordered: int
    qualified: int
    refused: Mapping[str, int]
    returned: int
    cost: int

    @property
    def cost_each(self) -> int | None:
        """Minor units a qualified friend, rounded half up; None without any."""
        return None if not self.qualified else (2 * self.cost + self.qualified) // (2 * self.qualified)


@dataclass(frozen=True, slots=True)
class ShareRow:
    """What one link, or all links of one content, brought."""

    member_id: UUID | None
    kind: ShareKind
    content: str
    links: int
    visits: int
    visitors: int
    joins: int
    orders: int
    net: int


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """An order as commission and attribution read it: (category, paid amount, of which not refunded) line by line."""

    member_id: UUID
    order_id: UUID
    ordered_at: datetime
    lines: tuple[tuple[str, int, int], ...]

    @property
    def amount(self) -> int:
        return sum(paid for _, paid, _ in self.lines)

    @property
    def net(self) -> int:
        return sum(net for _, _, net in self.lines)


@dataclass(frozen=True, slots=True)
class Promoter:
    """A KOC and her sums, in minor units. `tax_note` is on her statements; `staff_note` is for staff alone."""

    member_id: UUID
    level: str
    state: Literal["active", "paused", "ended"]
    tax_note: str
    staff_note: str
    since: datetime
    frozen: int
    open: int
    confirmed: int
    paid: int


@dataclass(frozen=True, slots=True)
class CommissionRow:
    member_id: UUID
    order_id: UUID
    buyer_id: UUID
    via: Literal["share", "friend"]
    level: str
    base: int
    amount: int
    state: Literal["frozen", "open"]
    ordered_at: datetime
    thaws_at: datetime


@dataclass(frozen=True, slots=True)
class EntryRow:
    seq: int
    account: Account
    kind: str
    amount: int
    order_id: UUID | None
    statement: str
    note: str
    actor: str
    at: datetime


@dataclass(frozen=True, slots=True)
class StatementRow:
    member_id: UUID
    month: str
    state: Literal["draft", "confirmed", "paid"]
    opening: int
    earned: int
    clawed: int
    adjusted: int
    payout: int
    carried: int
    tax_note: str
    made_by: str
    made_at: datetime
    confirmed_by: str
    confirmed_at: datetime | None
    paid_by: str
    paid_at: datetime | None
    reference: str


@dataclass(frozen=True, slots=True)
class Imbalance:
    """A law of commission that does not hold."""

    what: str
    brand_id: UUID
    member_id: UUID | None
    unit: str
    expected: int
    found: int
