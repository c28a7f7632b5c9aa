"""A programme as data, the state it is decided on, and the decision. Frozen, but for the state a fold carries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal, NamedTuple
from uuid import UUID

from msgspec import Struct

from regulars.kit.text import Text
from regulars.programme.pricing.types import Checkout, Offer, Shelf
from regulars.programme.rules.types.acts import MessageEffect, PlayEffect, TaskEffect, WebhookEffect

UnitKind = Literal[
    "points",
    "growth",
    "stamps",
    "coins",
    "stored_principal",
    "stored_bonus",
    "sessions",
    "gift",
    "collectible",
]
MONEY_KINDS = frozenset(
    {"stored_principal", "stored_bonus", "gift"}
)  # amounts are minor units of the currency
# Shown to a member only once she has had some: nobody misses what she never bought.
QUIET_KINDS = frozenset({"stored_principal", "stored_bonus", "sessions", "gift", "collectible", "stamps"})
ExpiryKind = Literal["never", "rolling_days", "rolling_months", "fixed", "inactivity_months"]
RoundUp = Literal["none", "month", "quarter", "year"]


@dataclass(frozen=True, slots=True)
class Expiry:
    """When earned value ends: `n` days or months after earning, rounded up to the end of a period, or a fixed day.

    `rolling_months` 12 rounded up to `month` is "the end of the 12th month after earning".
    `inactivity_months`: everything of the unit ends when the member does nothing for `n` months.
    """

    kind: ExpiryKind = "never"
    n: int = 0
    round_up: RoundUp = "none"
    on: date | None = None


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of value.

    `claw_back` says what a refund may take back: what is still `pending` only, up to the `balance`, or the whole,
    the part beyond the balance becoming a `debt` that the next earn settles.
    """

    code: str
    name: Text
    kind: UnitKind = "points"
    expiry: Expiry = Expiry()
    claw_back: Literal["pending", "balance", "debt"] = "debt"
    can_burn: bool = True


@dataclass(frozen=True, slots=True)
class Pending:
    """Earned value waits `days` days, or until the order is delivered, before it can be spent."""

    until: Literal["days", "delivered"]
    days: int = 0


@dataclass(frozen=True, slots=True)
class PointsEffect:
    """Earn `unit`.

    mode `fixed`: `amount`. `per_amount`: `amount` for every `per` minor units of the eligible lines' amounts, floored
    once per activity. `multiply`: (`factor` − 1) × what `per_amount` rules earn on the eligible lines, floored;
    several multipliers add up (×2 and ×3 together give ×4). `table`: per line `table[sku or category]` × quantity.
    `lines` limits the eligible lines (None: all). `limit` caps one activity's earn by this effect.
    """

    unit: str
    mode: Literal["fixed", "per_amount", "multiply", "table"]
    amount: int = 0
    per: int = 1
    factor: Fraction = Fraction(1)
    table: Mapping[str, int] = field(default_factory=dict)
    lines: Callable[[dict[str, Any]], bool] | None = None
    pending: Pending | None = None
    expiry: Expiry | None = None
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class TagEffect:
    tag: str
    remove: bool = False


@dataclass(frozen=True, slots=True)
class TierStepEffect:
    """Raise the member by `steps` tiers of `scheme`, or to `tier`, for the scheme's validity."""

    scheme: str
    steps: int = 0
    tier: str | None = None


@dataclass(frozen=True, slots=True)
class ExtendExpiryEffect:
    """Move the expiry of all the member's unexpired lots of `unit` `months` later."""

    unit: str
    months: int


@dataclass(frozen=True, slots=True)
class CouponEffect:
    """Issue `count` coupons of a definition. `void_on_refund`: an unused one goes when all of the order goes back."""

    definition: str
    count: int = 1
    void_on_refund: bool = True


@dataclass(frozen=True, slots=True)
class BenefitEffect:
    """Give `uses` more uses of a benefit, on top of its quota, for `days` days from the business day of the act.

    Whoever's tier does not give the benefit may use them too. `void_on_refund` as for coupons.
    """

    benefit: str
    uses: int
    days: int
    void_on_refund: bool = True


GrantEffect = CouponEffect | BenefitEffect | MessageEffect | TaskEffect | WebhookEffect | PlayEffect
GRANTS = (CouponEffect, BenefitEffect, MessageEffect, TaskEffect, WebhookEffect, PlayEffect)
Effect = PointsEffect | TagEffect | TierStepEffect | ExtendExpiryEffect | GrantEffect


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `times` firings, or `amount` of the rule's earned value, per member and period (`ever`: the campaign)."""

    period: Literal["day", "week", "month", "year", "ever"]
    times: int | None = None
    amount: int | None = None


@dataclass(frozen=True, slots=True)
class RuleBudget:
    """A firing takes from the brand's budget `key`: one use of a budget of uses; of one of money `cost` minor units and
    `worth` minor units for each unit of value, rounded up. What is not left is not given.
    """

    key: str
    worth: Fraction = Fraction(1)
    cost: int = 0


@dataclass(frozen=True, slots=True)
class Campaign:
    """Rules that share caps: `caps` count the firings and value of all its rules together, per member and period."""

    key: str
    name: Text
    caps: tuple[Cap, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """Trigger + condition + effects, compiled. `definition` is its JSON, for sentences and explanations.

    Rules are tried by priority (higher first, then key). Of one stacking group only the first that fires counts.
    `member_day`: fires only on the programme's member days. Times are of the programme's business time zone.
    """

    key: str
    name: Text
    trigger: str
    condition: Callable[[dict[str, Any]], bool] | None
    effects: tuple[Effect, ...]
    definition: Mapping[str, Any]
    priority: int = 0
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    weekdays: frozenset[int] | None = None  # 1 Monday … 7 Sunday
    dayparts: tuple[tuple[time, time], ...] = ()
    member_day: bool = False
    caps: tuple[Cap, ...] = ()
    stacking_group: str | None = None
    enabled: bool = True
    budget: RuleBudget | None = None
    campaign: str | None = None


@dataclass(frozen=True, slots=True)
class Qualification:
    """At least `at_least` of `metric`: spend (minor units), orders, visits, unit:<code> (earned), activity:<type>."""

    metric: str
    at_least: int


@dataclass(frozen=True, slots=True)
class Tier:
    """`need` of the qualifications must hold (None: all). The lowest tier has none. `keep` defaults to `qualify`."""

    code: str
    name: Text
    rank: int
    qualify: tuple[Qualification, ...] = ()
    need: int | None = None
    keep: tuple[Qualification, ...] | None = None
    colour: str = ""


@dataclass(frozen=True, slots=True)
class TierScheme:
    """How tiers are reached and kept.

    Upgrades are instant, on the metrics of the last `validity_months` calendar months (this one included).
    A tier holds until its period ends: `tier_start` + validity, anniversary of `join`, or the `fixed` day of the
    year. At the end the member keeps it if the period's metrics meet `keep`; otherwise, after `grace_days` in which
    she can still meet it, she goes `one_step` down, to the `earned` tier, or stays (`never` down).
    """

    key: str
    name: Text
    tiers: tuple[Tier, ...]  # by rank, lowest first
    validity_months: int = 12
    anchor: Literal["tier_start", "join", "fixed"] = "tier_start"
    fixed_month: int = 1
    fixed_day: int = 1
    on_end: Literal["one_step", "earned", "never"] = "one_step"
    grace_days: int = 0
    refund_demotes: bool = False


@dataclass(frozen=True, slots=True)
class Benefit:
    """What a tier gives. `quota` uses per `period` (None: unlimited). kind `multiplier` multiplies `unit` by
    `factor`. A use can be undone at the store for `undo_minutes`.
    """

    key: str
    name: Text
    kind: Literal[
        "multiplier", "price_discount", "free_shipping", "birthday_pack", "priority", "service", "product"
    ]
    scheme: str
    tiers: frozenset[str]
    description: Text
    factor: Fraction = Fraction(1)
    unit: str = ""
    quota: int | None = None
    period: Literal["day", "week", "month", "year", "ever"] = "year"
    undo_minutes: int = 1440


@dataclass(frozen=True, slots=True)
class MemberDays:
    """Member day 会员日: these days of the month and weekdays (1 Monday … 7 Sunday), in the business time zone."""

    days_of_month: frozenset[int] = frozenset()
    weekdays: frozenset[int] = frozenset()


_NO_NAME = Text("", "")
_CHECKOUT = Checkout()
_EMPTY_SHELF = Shelf((), (), (), _CHECKOUT, "UTC", "", lambda day: False)


@dataclass(frozen=True, slots=True)
class Programme:
    """One published (or draft) version, compiled and ready to decide.

    `rules` holds the rules switched off too, `rules_of` only those that decide. `words` are the brand's own words for
    things people read, e.g. `points` → 咖啡豆. `shelf` is what `pricing` reckons with: the promotions that are switched
    on and the benefits that lower prices, in order. `plan` is what `decide` has reckoned ahead; nobody else reads it.
    """

    brand_id: UUID
    version: int
    timezone: str
    currency: str
    units: Mapping[str, Unit]
    rules: tuple[Rule, ...]  # by priority
    schemes: tuple[TierScheme, ...]
    benefits: tuple[Benefit, ...]
    member_days: MemberDays
    effective_from: datetime
    fields_used: frozenset[str]
    rules_of: Mapping[str, tuple[Rule, ...]]  # trigger → rules, by priority
    windows: Mapping[str, int]  # activity type → days of history that window conditions look back
    streaks: frozenset[str]  # activity types whose day streaks are counted
    reads_lots: bool = False  # some effect changes lots that are already there
    name: Text = _NO_NAME
    words: Mapping[str, Text] = field(default_factory=dict)
    campaigns: tuple[Campaign, ...] = ()
    budgets: frozenset[str] = frozenset()  # keys of the budgets that its rules take from
    promotions: tuple[Offer, ...] = ()
    checkout: Checkout = _CHECKOUT
    shelf: Shelf = _EMPTY_SHELF
    plan: Any = field(default=None, compare=False, repr=False)


@dataclass(slots=True)
class TierStanding:
    """A member's place in one scheme. Instants are aware; `months` holds metrics by `YYYY-MM`, `period` since `since`.

    `reason` says how the present period began (the reasons of `TierChange`). `base` is the tier held before the
    upgrades of this period and `base_ends_at` its end: what a refund that takes them back falls to.
    """

    tier: str
    since: datetime
    ends_at: datetime | None
    grace_ends_at: datetime | None = None
    locked_until: datetime | None = None
    locked: bool = False
    period: dict[str, int] = field(default_factory=dict)
    months: dict[str, dict[str, int]] = field(default_factory=dict)
    reason: str = "joined"
    base: str = ""
    base_ends_at: datetime | None = None


class BudgetRoom(NamedTuple):
    """What a budget has left: minor units, or uses where it `counts` them."""

    counts: bool
    left: int


@dataclass(slots=True)
class MemberState:
    """All that a decision reads about a member beside the activity. The fold that carries it changes it in place.

    `budgets` says what is left of the brand's budgets for the present act (None: not asked, nothing is limited).
    `facts` holds plain values by field key of the condition language (member.*, membership.*). Counters are net of
    refunds where their name says spend. `caps`: rule → period key → [times, amount]. `streaks`: activity type →
    (last business day, length). `recent`: activity type → [(instant, order amount)], as far back as rules look.
    """

    member_id: UUID
    joined_at: datetime
    facts: dict[str, Any]
    tags: set[str]
    orders: int = 0
    spend: int = 0
    refunds: int = 0
    visits: int = 0
    first_order_at: datetime | None = None
    last_order_at: datetime | None = None
    last_visit_on: date | None = None
    last_at: datetime | None = None
    caps: dict[str, dict[str, list[int]]] = field(default_factory=dict)
    streaks: dict[str, tuple[date, int]] = field(default_factory=dict)
    recent: dict[str, list[tuple[datetime, int]]] = field(default_factory=dict)
    tiers: dict[str, TierStanding] = field(default_factory=dict)
    budgets: Mapping[str, BudgetRoom] | None = None


class Earn(Struct, frozen=True):
    """Value earned by one rule: the lot to be. `shares[i]` is what line i (from 0) stands for; they add up to `amount`.

    An earn that does not come from lines has empty shares and goes back in proportion to the order's amount.
    """

    rule: str
    unit: str
    amount: int
    shares: tuple[int, ...]
    pending_until: datetime | Literal["delivered", "review"] | None
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a rule did, or why it did not: see `facts.activity.types.RuleOutcome`, its stored form."""

    rule: str
    fired: bool
    reason: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Grant:
    """Something that another room gives when the activity is posted."""

    rule: str
    effect: GrantEffect


@dataclass(frozen=True, slots=True)
class BudgetUse:
    """What a rule's firing takes from a budget, as the budget counts."""

    rule: str
    key: str
    amount: int


class Decision(Struct, frozen=True):
    """The effects of an activity, in rule order, and the outcome of every rule of its trigger."""

    version: int
    earns: tuple[Earn, ...] = ()
    tags: tuple[TagEffect, ...] = ()
    tier_steps: tuple[TierStepEffect, ...] = ()
    extensions: tuple[ExtendExpiryEffect, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    grants: tuple[Grant, ...] = ()
    budgets: tuple[BudgetUse, ...] = ()


class Act(Struct, frozen=True):
    """The activity as a decision sees it.

    `lines` are plain dicts, keyed as the condition language's line fields without their `line.`: sku, amount …
    """

    type: str
    occurred_at: datetime
    source: str
    channel: str
    store: str
    amount: int = 0
    discount: int = 0
    coupon_discount: int = 0
    quantity: Decimal = Decimal(0)
    lines: tuple[dict[str, Any], ...] = ()
    data: Mapping[str, Any] = {}
    store_facts: Mapping[str, Any] = {}  # store.region, store.tags
