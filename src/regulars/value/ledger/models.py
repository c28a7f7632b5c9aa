"""The one ledger: append-only entries, lots, balances, holds, adjustments that wait for a second person.

Entries are partitioned by month over the time-ordered id (see the migration).
"""

from __future__ import annotations

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now


class Entry(models.Model):
    """`amount` (signed) went into `account` from `contra`.

    `account` is one of the member's: available, pending, held, debt (a debt of 5 is −5 there). `contra` is another
    of hers, or the programme's: issued, redeemed, expired, adjusted. `balance_after` is that of `account`.
    """

    pk = models.CompositePrimaryKey("member_id", "id")
    member_id = models.UUIDField()
    id = models.UUIDField()
    brand_id = models.UUIDField()
    unit = models.TextField()
    kind = models.TextField()  # one of `types.EntryKind`
    account = models.TextField()
    contra = models.TextField()
    amount = models.BigIntegerField()
    balance_after = models.BigIntegerField()
    lot_id = models.UUIDField(null=True)
    activity_id = models.UUIDField(null=True)
    rule = models.TextField(default="", db_default="")
    version = models.IntegerField(default=0, db_default=0)
    reverses = models.UUIDField(null=True)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "entry"
        indexes = [BrinIndex(fields=["recorded_at", "occurred_at"], name="entry_instants")]


class Lot(models.Model):
    """Value earned at once, with its own expiry. `remaining` + `held` is what is left of `amount`.

    What is neither left nor `expired` nor `clawed` (taken back) was spent.
    """

    pk = models.CompositePrimaryKey("member_id", "id")
    member_id = models.UUIDField()
    id = models.UUIDField()
    brand_id = models.UUIDField()
    unit = models.TextField()
    state = models.TextField()  # active | pending | closed
    amount = models.BigIntegerField()
    remaining = models.BigIntegerField()
    held = models.BigIntegerField(default=0, db_default=0)
    expired = models.BigIntegerField(default=0, db_default=0)
    clawed = models.BigIntegerField(default=0, db_default=0)
    activity_id = models.UUIDField(null=True)
    rule = models.TextField(default="", db_default="")
    earned_at = models.DateTimeField()
    active_at = models.DateTimeField(null=True)  # when a pending lot becomes active; null: on delivery
    expires_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "lot"
        indexes = [BrinIndex(fields=["expires_at"], name="lot_expiry")]
        constraints = [
            models.CheckConstraint(name="lot_remaining", condition=Q(remaining__gte=0)),
            models.CheckConstraint(
                name="lot_held", condition=Q(held__gte=0) & Q(expired__gte=0) & Q(clawed__gte=0)
            ),
            models.CheckConstraint(
                name="lot_whole",
                condition=Q(amount__gte=F("remaining") + F("held") + F("expired") + F("clawed")),
            ),
            models.CheckConstraint(name="lot_state", condition=Q(state__in=["active", "pending", "closed"])),
        ]


class Balance(models.Model):
    """A member's running totals of one unit, kept under her membership's lock. Debt is kept positive."""

    pk = models.CompositePrimaryKey("member_id", "brand_id", "unit")
    member_id = models.UUIDField()
    brand_id = models.UUIDField()
    unit = models.TextField()
    available = models.BigIntegerField(default=0, db_default=0)
    pending = models.BigIntegerField(default=0, db_default=0)
    held = models.BigIntegerField(default=0, db_default=0)
    debt = models.BigIntegerField(default=0, db_default=0)
    next_expiry_at = models.DateTimeField(null=True)
    next_active_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "balance"
        indexes = [
            models.Index(
                fields=["next_expiry_at"], name="balance_expiry", condition=Q(next_expiry_at__isnull=False)
            ),
            models.Index(
                fields=["next_active_at"], name="balance_active", condition=Q(next_active_at__isnull=False)
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="balance_not_negative",
                condition=Q(available__gte=0) & Q(pending__gte=0) & Q(held__gte=0) & Q(debt__gte=0),
            ),
        ]


class Hold(models.Model):
    """Value set aside until it is captured or released; released by itself at `expires_at`."""

    pk = models.CompositePrimaryKey("member_id", "id")
    member_id = models.UUIDField()
    id = models.UUIDField()
    brand_id = models.UUIDField()
    unit = models.TextField()
    amount = models.BigIntegerField()
    state = models.TextField(default="held", db_default="held")  # held | captured | released
    parts = models.JSONField()  # [[lot id, amount], …]
    subject = models.TextField(default="", db_default="")
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "hold"
        indexes = [models.Index(fields=["expires_at"], name="hold_due", condition=Q(state="held"))]
        constraints = [
            models.CheckConstraint(name="hold_amount", condition=Q(amount__gt=0)),
            models.CheckConstraint(
                name="hold_state", condition=Q(state__in=["held", "captured", "released"])
            ),
        ]


class Adjustment(models.Model):
    """A manual adjustment, posted at once within the limit of the asker's role, else after a second person's yes."""

    pk = models.CompositePrimaryKey("member_id", "id")
    member_id = models.UUIDField()
    id = models.UUIDField()
    brand_id = models.UUIDField()
    unit = models.TextField()
    amount = models.BigIntegerField()
    reason = models.TextField()  # a reason code
    comment = models.TextField(default="", db_default="")
    state = models.TextField()  # waiting | posted | rejected
    asked_by = models.UUIDField(null=True)
    asked_by_label = models.TextField()
    decided_by = models.UUIDField(null=True)
    decided_by_label = models.TextField(default="", db_default="")
    activity_id = models.UUIDField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    decided_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "adjustment"
        indexes = [
            models.Index(
                fields=["brand_id", "-created_at"], name="adjustment_waiting", condition=Q(state="waiting")
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="adjustment_state", condition=Q(state__in=["waiting", "posted", "rejected"])
            ),
            models.CheckConstraint(name="adjustment_amount", condition=~Q(amount=0)),
        ]
