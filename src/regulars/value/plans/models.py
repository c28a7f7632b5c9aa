"""Plans, who has them, what was agreed and paid, and what it saved."""

from __future__ import annotations

from django.db import models


class Plan(models.Model):
    pk = models.CompositePrimaryKey("brand_id", "key")
    brand_id = models.UUIDField()
    key = models.TextField()
    state = models.TextField(default="draft")
    definition = models.JSONField()
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "plan"
        constraints = [
            models.CheckConstraint(
                name="plan_state", condition=models.Q(state__in=["draft", "active", "paused", "ended"])
            )
        ]


class Subscription(models.Model):
    """A member has one live subscription in a brand at most. `agreement` is encrypted; it charges renewals."""

    pk = models.CompositePrimaryKey("member_id", "id")
    member_id = models.UUIDField()
    id = models.UUIDField()
    brand_id = models.UUIDField()
    plan = models.TextField()
    period = models.TextField()
    state = models.TextField()
    auto_renew = models.BooleanField()
    worth = models.BigIntegerField()
    currency = models.TextField()
    starts_on = models.DateField()
    ends_on = models.DateField(null=True)
    anchor_day = models.SmallIntegerField()
    next_plan = models.TextField(default="")
    next_period = models.TextField(default="")
    retries = models.IntegerField(default=0)
    pauses = models.IntegerField(default=0)
    pause_days = models.IntegerField(default=0)
    paused_on = models.DateField(null=True)
    account = models.TextField(default="")
    agreement = models.BinaryField(null=True)
    due_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    end_reason = models.TextField(default="")

    class Meta:
        db_table = "subscription"
        indexes = [
            models.Index(
                fields=["due_at"], name="subscription_due", condition=models.Q(due_at__isnull=False)
            ),
            models.Index(fields=["brand_id", "id"], name="subscription_by_brand"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["member_id", "brand_id"],
                name="subscription_one_live",
                condition=models.Q(state__in=["trial", "active", "paused", "past_due"]),
            ),
            models.CheckConstraint(name="subscription_worth", condition=models.Q(worth__gte=0)),
            models.CheckConstraint(
                name="subscription_state",
                condition=models.Q(state__in=["trial", "active", "paused", "past_due", "cancelled", "ended"]),
            ),
            models.CheckConstraint(
                name="subscription_days",
                condition=models.Q(ends_on__isnull=True) | models.Q(ends_on__gte=models.F("starts_on")),
            ),
        ]


class SubscriptionPeriod(models.Model):
    pk = models.CompositePrimaryKey("member_id", "id")
    member_id = models.UUIDField()
    id = models.UUIDField()
    brand_id = models.UUIDField()
    subscription_id = models.UUIDField()
    plan = models.TextField()
    period = models.TextField()
    kind = models.TextField()
    starts_on = models.DateField()
    ends_on = models.DateField(null=True)
    paid = models.BigIntegerField()
    worth = models.BigIntegerField()
    currency = models.TextField()
    payment_id = models.UUIDField(null=True)
    closed_on = models.DateField(null=True)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "subscription_period"
        indexes = [models.Index(fields=["member_id", "subscription_id"], name="subscription_period_of")]
        constraints = [
            models.CheckConstraint(
                name="subscription_period_amounts", condition=models.Q(paid__gte=0) & models.Q(worth__gte=0)
            )
        ]


class PlanOrder(models.Model):
    """What waits for a payment, or got it. A subscription has one open order at most."""

    pk = models.CompositePrimaryKey("member_id", "id")
    member_id = models.UUIDField()
    id = models.UUIDField()
    brand_id = models.UUIDField()
    subscription_id = models.UUIDField()
    kind = models.TextField()
    state = models.TextField()
    plan = models.TextField()
    period = models.TextField()
    amount = models.BigIntegerField()
    currency = models.TextField()
    payment_id = models.UUIDField(null=True)
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField()

    class Meta:
        db_table = "plan_order"
        constraints = [
            models.UniqueConstraint(
                fields=["member_id", "subscription_id"],
                name="plan_order_one_open",
                condition=models.Q(state="open"),
            ),
            models.CheckConstraint(name="plan_order_amount", condition=models.Q(amount__gt=0)),
            models.CheckConstraint(
                name="plan_order_state", condition=models.Q(state__in=["open", "done", "void"])
            ),
        ]


class SubscriptionAct(models.Model):
    """What was done, by whom. `key` (empty: none) with the digest of what was asked makes a
    request that comes twice one act."""

    pk = models.CompositePrimaryKey("member_id", "id")
    member_id = models.UUIDField()
    id = models.UUIDField()
    brand_id = models.UUIDField()
    subscription_id = models.UUIDField(null=True)
    kind = models.TextField()
    key = models.TextField(default="")
    digest = models.UUIDField(null=True)
    actor = models.TextField()
    data = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        db_table = "subscription_act"
        constraints = [
            models.UniqueConstraint(
                fields=["member_id", "brand_id", "key"],
                name="subscription_act_key",
                condition=~models.Q(key=""),
            )
        ]


class Saving(models.Model):
    """What a benefit of a plan took off a price; negative when the purchase came back."""

    pk = models.CompositePrimaryKey("member_id", "id")
    member_id = models.UUIDField()
    id = models.UUIDField()
    brand_id = models.UUIDField()
    subscription_id = models.UUIDField(null=True)
    plan = models.TextField(default="")
    benefit = models.TextField()
    amount = models.BigIntegerField()
    currency = models.TextField()
    source = models.TextField()
    at = models.DateTimeField()

    class Meta:
        db_table = "plan_saving"
        constraints = [
            models.UniqueConstraint(
                fields=["member_id", "brand_id", "source", "benefit"], name="plan_saving_source"
            )
        ]


class TrialKey(models.Model):
    """Directory: natural persons who had their trial in a brand, by the keyed hash of each of their identities."""

    pk = models.CompositePrimaryKey("key_hash", "brand_id")
    key_hash = models.UUIDField()
    brand_id = models.UUIDField()
    plan = models.TextField()
    used_at = models.DateTimeField()

    class Meta:
        db_table = "plan_trial_key"
