"""What others know of a member's facts and scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

FACT_COLUMNS: tuple[str, ...] = (
    "spend_30", "spend_90", "spend_180", "spend_365", "refunded_365", "order_value_365", "unit_price_365",
    "points_earned_90", "points_burnt_90", "points_expired_365", "points_expiring_30", "points_available",
    "orders_30", "orders_90", "orders_180", "orders_365", "visits_30", "visits_90", "visits_180", "visits_365",
    "refunds_30", "refunds_90", "refunds_180", "refunds_365", "checkins_90", "reviews_90", "redemptions_90",
    "activities_90", "active_days_90", "categories_365", "stores_365",
    "first_order_on", "last_order_on", "last_visit_on", "last_active_on", "price_level",
    "order_gap_avg", "order_gap_median", "basket_size_365",
    "top_category_share", "top_department_share", "favourite_store_share", "daypart_share", "weekend_share",
    "discount_share", "coupon_share", "refund_share",
    "top_category", "top_department", "favourite_store", "favourite_channel", "daypart",
)  # fmt: skip

SCORE_COLUMNS: tuple[str, ...] = (
    "rfm_r", "rfm_f", "rfm_m", "rfm_group", "stage", "stage_since",
    "value_12", "value_12_low", "value_12_high", "value_36", "value_36_low", "value_36_high", "value_decile",
    "alive", "churn_30", "churn_60", "churn_90", "churn_reasons", "intent_7", "intent_30",
    "next_category", "next_due_on", "koc", "mood", "needs", "price_level", "price_sensitivity",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class MemberKnown:
    """What is known of one member: facts and scores by column; None where there is no row yet.

    Shares and chances are Decimals from 0 to 1, money is in minor units.
    """

    member_id: UUID
    facts: Mapping[str, Any] | None
    facts_at: datetime | None
    scores: Mapping[str, Any] | None
    scores_at: datetime | None


@dataclass(frozen=True, slots=True)
class Ground:
    """What the statement must be told of a brand: its zone, its units of points, its stores' codes, price cuts."""

    brand_id: UUID
    timezone: str
    units: Sequence[str]
    stores: Mapping[UUID, str]
    price_cuts: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Rebuild:
    """How far a brand's rebuild is. `day`: the business day its facts are of."""

    state: str  # idle | running | cancelled | failed
    started_at: datetime | None
    finished_at: datetime | None
    day: date | None
    done: int
    total: int
    problem: str


@dataclass(frozen=True, slots=True)
class Freshness:
    """How fresh a brand's facts are: rows, the oldest day among them, members waiting for a refresh and since when."""

    members: int
    rows: int
    oldest_day: date | None
    newest_at: datetime | None
    dirty: int
    dirty_since: datetime | None
    scores: int
    scores_at: datetime | None
