"""The catalogue, its stock in slots, codes, and redemption orders."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

STATES = ("draft", "active", "paused", "ended")
REDEMPTION_STATES = (
    "awaiting_payment", "placed", "paid", "shipped", "verified", "completed", "cancelled", "expired",
)  # fmt: skip


class Reward(models.Model):
    """A reward. `definition` is its checked JSON; `stock` all there ever was of it, null for unlimited."""

    id = models.UUIDField(primary_key=True)
    brand_id = models.UUIDField()
    key = models.TextField()
    state = models.TextField()
    definition = models.JSONField()
    category = models.TextField(default="", db_default="")
    sort = models.IntegerField(default=0, db_default=0)
    picture_id = models.UUIDField(null=True)
    stock = models.IntegerField(null=True)
    on_offer_since = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "reward"
        constraints = [
            models.UniqueConstraint(fields=["brand_id", "key"], name="reward_key"),
            models.CheckConstraint(condition=Q(state__in=STATES), name="reward_state"),
            models.CheckConstraint(condition=Q(stock__isnull=True) | Q(stock__gte=0), name="reward_stock"),
        ]


class RewardStock(models.Model):
    """What is left of a pool, split in slots so that tills do not queue at one row.

    Pool `all` is the whole stock; pool `2026-03-31` is what is released on that business day.
    """

    pk = models.CompositePrimaryKey("reward_id", "pool", "slot")
    reward_id = models.UUIDField()
    pool = models.TextField()
    slot = models.IntegerField()
    remaining = models.IntegerField()

    class Meta:
        db_table = "reward_stock"
        constraints = [
            models.CheckConstraint(condition=Q(remaining__gte=0), name="reward_stock_not_negative"),
        ]


class RewardCode(models.Model):
    """A virtual code, found by its hash; the code itself is encrypted. Free until an order has it."""

    code_hash = models.UUIDField(primary_key=True)
    brand_id = models.UUIDField()
    reward_id = models.UUIDField()
    id = models.UUIDField()
    sealed = models.BinaryField()
    redemption_id = models.UUIDField(null=True)
    imported_at = models.DateTimeField(db_default=Now())
    given_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "reward_code"
        indexes = [
            models.Index(
                fields=["reward_id", "id"], condition=Q(redemption_id__isnull=True), name="reward_code_free"
            ),
            models.Index(
                fields=["redemption_id"], condition=Q(redemption_id__isnull=False), name="reward_code_given"
            ),
        ]


class RedemptionCode(models.Model):
    """Directory of pick-up codes: hash → whose order."""

    code_hash = models.UUIDField(primary_key=True)
    brand_id = models.UUIDField()
    member_id = models.UUIDField()
    redemption_id = models.UUIDField()

    class Meta:
        db_table = "redemption_code"


class Redemption(models.Model):
    """One redemption order. `due_at` is when time itself changes it next; `key` the idempotency key of its placing."""

    pk = models.CompositePrimaryKey("member_id", "id")
    member_id = models.UUIDField()
    id = models.UUIDField()
    brand_id = models.UUIDField()
    reward_id = models.UUIDField()
    reward_key = models.TextField()
    name_zh = models.TextField()
    name_en = models.TextField()
    kind = models.TextField()
    fulfilment = models.TextField()
    state = models.TextField()
    quantity = models.IntegerField()
    unit = models.TextField()
    points = models.BigIntegerField()
    cash = models.BigIntegerField()
    key = models.TextField()
    body_hash = models.UUIDField()
    code_sealed = models.BinaryField()
    stock = models.JSONField()
    hold_id = models.UUIDField(null=True)
    burn_id = models.UUIDField(null=True)
    payment_id = models.UUIDField(null=True)
    coupon_id = models.UUIDField(null=True)
    address_sealed = models.BinaryField(null=True)
    carrier = models.TextField(default="", db_default="")
    tracking = models.TextField(default="", db_default="")
    store_id = models.UUIDField(null=True)
    note = models.TextField(default="", db_default="")
    reason = models.TextField(default="", db_default="")
    actor = models.TextField(default="", db_default="")
    undo_minutes = models.IntegerField(default=30, db_default=30)
    unclaimed = models.TextField(default="return", db_default="return")
    placed_at = models.DateTimeField()
    pay_by = models.DateTimeField(null=True)
    claim_by = models.DateTimeField(null=True)
    paid_at = models.DateTimeField(null=True)
    shipped_at = models.DateTimeField(null=True)
    verified_at = models.DateTimeField(null=True)
    verified_by = models.TextField(default="", db_default="")
    shown_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "redemption"
        constraints = [
            models.UniqueConstraint(fields=["member_id", "brand_id", "key"], name="redemption_key"),
            models.CheckConstraint(condition=Q(state__in=REDEMPTION_STATES), name="redemption_state"),
            models.CheckConstraint(
                condition=Q(quantity__gt=0, points__gte=0, cash__gte=0), name="redemption_amounts"
            ),
        ]
        indexes = [
            models.Index(fields=["brand_id", "placed_at", "id"], name="redemption_of_brand"),
            models.Index(fields=["reward_id", "member_id", "placed_at"], name="redemption_of_reward"),
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="redemption_due"),
        ]
