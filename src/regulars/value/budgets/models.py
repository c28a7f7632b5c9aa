"""Budgets, what is left of them in slots, and who took what."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class Budget(models.Model):
    """A hard limit of money (minor units) or of uses per period, for the brand or for each store."""

    pk = models.CompositePrimaryKey("brand_id", "key")
    brand_id = models.UUIDField()
    key = models.TextField()
    name_zh = models.TextField()
    name_en = models.TextField()
    kind = models.TextField()  # amount | count
    amount = models.BigIntegerField()
    period = models.TextField()  # ever | month | day
    per_store = models.BooleanField(default=False, db_default=False)
    alert_percent = models.SmallIntegerField(default=80, db_default=80)
    state = models.TextField()  # draft | active | paused | ended
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "budget"
        constraints = [
            models.CheckConstraint(name="budget_kind", condition=models.Q(kind__in=["amount", "count"])),
            models.CheckConstraint(
                name="budget_state", condition=models.Q(state__in=["draft", "active", "paused", "ended"])
            ),
            models.CheckConstraint(
                name="budget_period", condition=models.Q(period__in=["ever", "month", "day"])
            ),
            models.CheckConstraint(name="budget_amount", condition=models.Q(amount__gte=0)),
        ]


class BudgetSlot(models.Model):
    """A part of what one period and place of a budget has; see `kit.slots`. Only slot 0 can be overdrawn, and only
    by lowering a budget under what was taken already."""

    pk = models.CompositePrimaryKey("counter", "slot")
    counter = models.UUIDField()
    slot = models.SmallIntegerField()
    remaining = models.BigIntegerField()
    taken = models.BigIntegerField()

    class Meta:
        db_table = "budget_slot"
        constraints = [
            models.CheckConstraint(name="budget_slot_taken", condition=models.Q(taken__gte=0)),
            models.CheckConstraint(
                name="budget_slot_remaining", condition=models.Q(remaining__gte=0) | models.Q(slot=0)
            ),
        ]


class BudgetTake(models.Model):
    """What one subject (an order, a use) took of one counter, and how much of it came back."""

    pk = models.CompositePrimaryKey("subject_hash", "counter")
    subject_hash = models.UUIDField()
    counter = models.UUIDField()
    brand_id = models.UUIDField()
    subject = models.TextField()
    key = models.TextField()
    store_id = models.UUIDField(null=True)
    period = models.TextField()
    amount = models.BigIntegerField()
    given_back = models.BigIntegerField(default=0, db_default=0)
    taken_at = models.DateTimeField()

    class Meta:
        db_table = "budget_take"
        constraints = [
            models.CheckConstraint(
                name="budget_take_given_back",
                condition=models.Q(given_back__gte=0, given_back__lte=models.F("amount")),
            )
        ]
        indexes = [models.Index(fields=["brand_id", "key", "-taken_at"], name="budget_take_by_key")]


class BudgetAlert(models.Model):
    """A budget passed its alert level, or was used up, in one period and place: said once."""

    pk = models.CompositePrimaryKey("counter", "level")
    counter = models.UUIDField()
    level = models.TextField()  # alert | used_up
    brand_id = models.UUIDField()
    key = models.TextField()
    store_id = models.UUIDField(null=True)
    period = models.TextField()
    taken = models.BigIntegerField()
    whole = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        db_table = "budget_alert"
        indexes = [models.Index(fields=["brand_id", "-at"], name="budget_alert_by_brand")]
