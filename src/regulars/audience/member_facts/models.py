"""What is known of each member's behaviour (`member_fact`) and what models say of her (`member_score`).

Facts are a function of activities, ledger and the day: `store.refreshing` makes them, set-based, for any chunk of
members, and nothing else writes them. Scores come from the nightly steps. Shares and scores are numeric, never
floats, so that both interpreters of conditions see the same value.
"""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models


def _count() -> Any:
    return models.IntegerField(default=0, db_default=0)


def _sum() -> Any:
    return models.BigIntegerField(default=0, db_default=0)


def _share() -> Any:
    return models.DecimalField(max_digits=5, decimal_places=4, null=True)


def _chance() -> Any:
    return models.DecimalField(max_digits=7, decimal_places=6, null=True)


def _name() -> Any:
    return models.TextField(null=True)


class MemberFact(models.Model):
    """Windows end with the business day `day`, that day included; the row is made anew when it ages or changes."""

    pk = models.CompositePrimaryKey("member_id", "brand_id")
    member_id = models.UUIDField()
    brand_id = models.UUIDField()
    as_of = models.DateTimeField()
    spend_30 = _sum()
    spend_90 = _sum()
    spend_180 = _sum()
    spend_365 = _sum()
    refunded_365 = _sum()
    order_value_365 = models.BigIntegerField(null=True)
    unit_price_365 = models.BigIntegerField(null=True)
    points_earned_90 = _sum()
    points_burnt_90 = _sum()
    points_expired_365 = _sum()
    points_expiring_30 = _sum()
    points_available = _sum()
    day = models.DateField()
    orders_30 = _count()
    orders_90 = _count()
    orders_180 = _count()
    orders_365 = _count()
    visits_30 = _count()
    visits_90 = _count()
    visits_180 = _count()
    visits_365 = _count()
    refunds_30 = _count()
    refunds_90 = _count()
    refunds_180 = _count()
    refunds_365 = _count()
    checkins_90 = _count()
    reviews_90 = _count()
    redemptions_90 = _count()
    activities_90 = _count()
    active_days_90 = _count()
    categories_365 = _count()
    stores_365 = _count()
    first_order_on = models.DateField(null=True)
    last_order_on = models.DateField(null=True)
    last_visit_on = models.DateField(null=True)
    last_active_on = models.DateField(null=True)
    price_level = models.SmallIntegerField(null=True)
    order_gap_avg = models.DecimalField(max_digits=8, decimal_places=2, null=True)
    order_gap_median = models.DecimalField(max_digits=8, decimal_places=2, null=True)
    basket_size_365 = models.DecimalField(max_digits=10, decimal_places=2, null=True)
    top_category_share = _share()
    top_department_share = _share()
    favourite_store_share = _share()
    daypart_share = _share()
    weekend_share = _share()
    discount_share = _share()
    coupon_share = _share()
    refund_share = _share()
    top_category = _name()
    top_department = _name()
    favourite_store = _name()
    favourite_channel = _name()
    daypart = _name()

    class Meta:
        db_table = "member_fact"
        indexes = [models.Index(fields=["brand_id", "day"], name="member_fact_day")]


class MemberScore(models.Model):
    """What the models said last, at `as_of`; a score that was never made is NULL. No row while profiling is off."""

    pk = models.CompositePrimaryKey("member_id", "brand_id")
    member_id = models.UUIDField()
    brand_id = models.UUIDField()
    as_of = models.DateTimeField()
    rfm_r = models.SmallIntegerField(null=True)
    rfm_f = models.SmallIntegerField(null=True)
    rfm_m = models.SmallIntegerField(null=True)
    rfm_group = _name()
    stage = _name()
    stage_since = models.DateField(null=True)
    value_12 = models.BigIntegerField(null=True)
    value_12_low = models.BigIntegerField(null=True)
    value_12_high = models.BigIntegerField(null=True)
    value_36 = models.BigIntegerField(null=True)
    value_36_low = models.BigIntegerField(null=True)
    value_36_high = models.BigIntegerField(null=True)
    value_decile = models.SmallIntegerField(null=True)
    alive = _chance()
    churn_30 = _chance()
    churn_60 = _chance()
    churn_90 = _chance()
    churn_reasons = models.JSONField(null=True)  # [{"code", "weight"}]
    intent_7 = _chance()
    intent_30 = _chance()
    next_category = _name()
    next_due_on = models.DateField(null=True)
    koc = models.SmallIntegerField(null=True)
    mood = models.DecimalField(max_digits=7, decimal_places=6, null=True)
    needs = ArrayField(models.TextField(), null=True)
    price_level = models.SmallIntegerField(null=True)
    price_sensitivity = models.SmallIntegerField(null=True)

    class Meta:
        db_table = "member_score"


class FactDirty(models.Model):
    """A member whose facts something changed since they were made; the refresh takes the oldest first."""

    pk = models.CompositePrimaryKey("member_id", "brand_id")
    member_id = models.UUIDField()
    brand_id = models.UUIDField()
    since = models.DateTimeField()

    class Meta:
        db_table = "member_fact_dirty"
        indexes = [models.Index(fields=["brand_id", "since"], name="member_fact_dirty_since")]


class FactRun(models.Model):
    """The rebuild of a brand's facts: how far it is (`after`: the last member done), and the scales it found.

    `price_cuts` are the four prices between the five levels, of the brand's own members.
    """

    brand_id = models.UUIDField(primary_key=True)
    state = models.TextField(default="idle", db_default="idle")  # idle | running | cancelled | failed
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    leased_until = models.DateTimeField(null=True)
    day = models.DateField(null=True)
    after = models.UUIDField(null=True)
    done = models.IntegerField(default=0, db_default=0)
    total = models.IntegerField(default=0, db_default=0)
    problem = models.TextField(default="", db_default="")
    price_cuts = ArrayField(models.BigIntegerField(), default=list, db_default=[])

    class Meta:
        db_table = "member_fact_run"
