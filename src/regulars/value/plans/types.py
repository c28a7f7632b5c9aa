"""Paid membership 付费会员: what a plan promises, who has it, until when, and what it saved her."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from regulars.kit.text import Text
from regulars.programme.rules.types import Benefit

Period = Literal["month", "quarter", "year", "lifetime"]
PlanState = Literal["draft", "active", "paused", "ended"]
SubscriptionState = Literal["trial", "active", "paused", "past_due", "cancelled", "ended"]
OrderKind = Literal["buy", "renew", "change"]
OrderState = Literal["open", "done", "void"]
PeriodKind = Literal["trial", "bought", "renewed", "changed", "transferred"]

PERIODS: dict[str, Text] = {
    "month": Text("月", "month"),
    "quarter": Text("季", "quarter"),
    "year": Text("年", "year"),
    "lifetime": Text("终身", "lifetime"),
}
MONTHS: dict[str, int] = {"month": 1, "quarter": 3, "year": 12}
PLAN_STATES: dict[str, Text] = {
    "draft": Text("草稿", "Draft"),
    "active": Text("售卖中", "On sale"),
    "paused": Text("停售", "Not on sale"),
    "ended": Text("已结束", "Ended"),
}
STATES: dict[str, Text] = {
    "trial": Text("试用中", "Trial"),
    "active": Text("生效中", "Active"),
    "paused": Text("已暂停", "Paused"),
    "past_due": Text("待续费", "Payment due"),
    "cancelled": Text("已退订", "Cancelled"),
    "ended": Text("已到期", "Ended"),
}
LIVE: frozenset[str] = frozenset({"trial", "active", "paused", "past_due"})
PLAN = Text("会员计划", "Plan")
SUBSCRIPTION = Text("付费会员", "Subscription")
# The scheme that benefits of plans belong to, beside the tier schemes of the programme.
SCHEME = "plan"


@dataclass(frozen=True, slots=True)
class PauseTerms:
    """At most `times` pauses in a period, together at most `max_days` days."""

    max_days: int
    times: int


@dataclass(frozen=True, slots=True)
class RefundTerms:
    """What a member who leaves gets back. In the first `full_within_days` days all she paid, later the share of the
    days not begun yet (`unused_days`) or nothing (`none`); with `minus_savings` less what the plan saved her in the
    period, at least nothing."""

    rule: Literal["none", "unused_days"] = "unused_days"
    full_within_days: int = 0
    minus_savings: bool = False


@dataclass(frozen=True, slots=True)
class Terms:
    """A plan's promise. Prices are minor units of the brand's currency; retries are days after the end of a period,
    reminders days before it. `own` are benefits of the plan itself, `shared` keys of the programme's."""

    key: str
    name: Text
    description: Text
    prices: Mapping[str, int]
    shared: tuple[str, ...] = ()
    own: tuple[Benefit, ...] = ()
    trial_days: int = 0
    auto_renew: Literal["on", "off", "never"] = "on"
    reminder_days: tuple[int, ...] = (7, 3, 1)
    retry_days: tuple[int, ...] = (1, 3, 5)
    past_due_benefits: bool = True
    pause: PauseTerms | None = None
    transferable: bool = False
    refund: RefundTerms = field(default_factory=RefundTerms)


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan of a brand. `definition` is its canonical JSON."""

    brand_id: UUID
    key: str
    state: PlanState
    terms: Terms
    definition: Mapping[str, Any]
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Subscription:
    """A member's place in a plan. The current period runs from `starts_on` until before `ends_on` (None: for life);
    `worth` is what of her money it stands for, after changes in the middle of it.

    `anchor_day` is the day of the month that periods begin on where the month has it. `next_plan` and `next_period`
    are what the next renewal goes over to. `due_at` is when due work looks at it.
    """

    id: UUID
    member_id: UUID
    brand_id: UUID
    plan: str
    period: Period
    state: SubscriptionState
    auto_renew: bool
    worth: int
    currency: str
    starts_on: date
    ends_on: date | None
    anchor_day: int
    next_plan: str
    next_period: str
    retries: int
    pauses: int
    pause_days: int
    paused_on: date | None
    account: str
    has_agreement: bool
    due_at: datetime | None
    created_at: datetime
    ended_at: datetime | None
    end_reason: str

    @property
    def is_live(self) -> bool:
        return self.state in LIVE


@dataclass(frozen=True, slots=True)
class SubscriptionPeriod:
    """One stretch of a subscription. `paid` is what was paid for it now, `worth` that and what an earlier one left."""

    id: UUID
    member_id: UUID
    subscription_id: UUID
    plan: str
    period: Period
    kind: PeriodKind
    starts_on: date
    ends_on: date | None
    paid: int
    worth: int
    currency: str
    payment_id: UUID | None
    closed_on: date | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class PlanOrder:
    """A purchase, renewal or change that waits for its payment, or got it. `terms` are what was agreed to."""

    id: UUID
    member_id: UUID
    brand_id: UUID
    subscription_id: UUID
    kind: OrderKind
    state: OrderState
    plan: str
    period: Period
    amount: int
    currency: str
    payment_id: UUID | None
    data: Mapping[str, Any]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Act:
    """What was done to a subscription, by whom. `data` holds plain JSON."""

    id: UUID
    member_id: UUID
    subscription_id: UUID | None
    kind: str
    actor: str
    data: Mapping[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class NewSaving:
    """What a benefit of a plan took off a price. `source` names the order, or its return (a negative amount), and the
    line: the same source is the same saving."""

    member_id: UUID
    benefit: str
    amount: int
    currency: str
    source: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Savings:
    """What a member saved thanks to her plans: in all, in the current period, and by benefit."""

    total: int
    in_period: int
    by_benefit: Mapping[str, int]
    currency: str
    times: int


@dataclass(frozen=True, slots=True)
class PlanStats:
    """How many have a plan now, by state; what the current periods are worth together."""

    plan: str
    by_state: Mapping[str, int]
    worth: int


# -- what policies decide ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ChangePlan:
    """What going over to another plan or period means. `now`: at once, paying `due`; else at the next renewal."""

    now: bool
    due: int
    credit: int
    worth: int
    starts_on: date
    ends_on: date | None
    anchor_day: int


@dataclass(frozen=True, slots=True)
class RefundPlan:
    """What leaving today gives back: `amount` after `savings` were taken off the `share`."""

    amount: int
    share: int
    savings: int
    unused_days: int
    total_days: int
    full: bool


@dataclass(frozen=True, slots=True)
class Step:
    """What due work does next with a subscription, and when."""

    kind: Literal["remind", "end_trial", "renew", "retry", "end", "resume", "wait"]
    days_left: int = 0
