"""Payments, refunds, accounts and the callbacks that came; and what the simulated provider keeps on its side."""

from __future__ import annotations

from django.db import models


class PaymentAccount(models.Model):
    """Where a brand's money goes. `secrets` is one encrypted JSON object."""

    id = models.UUIDField(primary_key=True)
    organisation_id = models.UUIDField()
    brand_id = models.UUIDField()
    key = models.TextField()
    provider = models.TextField()
    name = models.JSONField()
    state = models.TextField(default="active")
    settings = models.JSONField(default=dict)
    secrets = models.BinaryField()
    secret_keys = models.JSONField(default=list)
    is_default = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "payment_account"
        constraints = [
            models.UniqueConstraint(fields=["brand_id", "key"], name="payment_account_key"),
            models.UniqueConstraint(
                fields=["brand_id"], name="payment_account_default", condition=models.Q(is_default=True)
            ),
            models.CheckConstraint(
                name="payment_account_state", condition=models.Q(state__in=["active", "paused"])
            ),
        ]


class PaymentKey(models.Model):
    """Directory: whose payment or refund a number is. Providers know numbers only."""

    id = models.UUIDField(primary_key=True)
    member_id = models.UUIDField()
    brand_id = models.UUIDField()
    payment_id = models.UUIDField()

    class Meta:
        db_table = "payment_key"


class Payment(models.Model):
    """`sealed` holds what names the payer at the provider: openid, address, agreement. `next_check_at` is when due
    work looks at it: to open it, or to ask the provider how it stands."""

    pk = models.CompositePrimaryKey("member_id", "id")
    member_id = models.UUIDField()
    id = models.UUIDField()
    organisation_id = models.UUIDField()
    brand_id = models.UUIDField()
    account_id = models.UUIDField()
    provider = models.TextField()
    subject_type = models.TextField()
    subject_id = models.UUIDField()
    amount = models.BigIntegerField()
    currency = models.TextField()
    state = models.TextField()
    refunded = models.BigIntegerField(default=0)
    refunding = models.BigIntegerField(default=0)
    description = models.TextField()
    channel = models.TextField()
    action = models.JSONField(default=dict)
    return_url = models.TextField(default="")
    sealed = models.BinaryField()
    reference = models.TextField(default="")
    code = models.TextField(default="")
    attempts = models.IntegerField(default=0)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    next_check_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "payment"
        indexes = [
            models.Index(fields=["brand_id", "id"], name="payment_by_brand"),
            models.Index(
                fields=["next_check_at"], name="payment_due", condition=models.Q(next_check_at__isnull=False)
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="payment_state",
                condition=models.Q(
                    state__in=[
                        "created", "pending", "paid", "failed", "closed", "refunding", "partly_refunded", "refunded",
                    ]
                ),
            ),
            models.CheckConstraint(name="payment_amount", condition=models.Q(amount__gt=0)),
            models.CheckConstraint(
                name="payment_refunds",
                condition=models.Q(refunded__gte=0)
                & models.Q(refunding__gte=0)
                & models.Q(amount__gte=models.F("refunded") + models.F("refunding")),
            ),
        ]  # fmt: skip


class PaymentRefund(models.Model):
    """`key` makes a refund asked for twice one refund."""

    pk = models.CompositePrimaryKey("member_id", "id")
    member_id = models.UUIDField()
    id = models.UUIDField()
    brand_id = models.UUIDField()
    payment_id = models.UUIDField()
    amount = models.BigIntegerField()
    currency = models.TextField()
    state = models.TextField()
    reason = models.TextField(default="")
    key = models.TextField()
    reference = models.TextField(default="")
    code = models.TextField(default="")
    attempts = models.IntegerField(default=0)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    next_check_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "payment_refund"
        indexes = [
            models.Index(
                fields=["next_check_at"],
                name="payment_refund_due",
                condition=models.Q(next_check_at__isnull=False),
            )
        ]
        constraints = [
            models.UniqueConstraint(fields=["member_id", "payment_id", "key"], name="payment_refund_key"),
            models.CheckConstraint(name="payment_refund_amount", condition=models.Q(amount__gt=0)),
            models.CheckConstraint(
                name="payment_refund_state", condition=models.Q(state__in=["pending", "succeeded", "failed"])
            ),
        ]


class PaymentNotice(models.Model):
    """A callback, kept as it came with what was made of it. Only one of an id can have been accepted."""

    id = models.UUIDField(primary_key=True)
    account_id = models.UUIDField()
    brand_id = models.UUIDField()
    payment_id = models.UUIDField(null=True)
    notice_id = models.TextField()
    result = models.TextField()
    detail = models.TextField(default="")
    headers = models.JSONField(default=dict)
    body = models.BinaryField()
    received_at = models.DateTimeField()

    class Meta:
        db_table = "payment_notice"
        indexes = [
            models.Index(fields=["payment_id", "id"], name="payment_notice_of"),
            models.Index(fields=["received_at"], name="payment_notice_age"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["account_id", "notice_id"],
                name="payment_notice_once",
                condition=models.Q(result="accepted"),
            )
        ]


class SimulatedPayment(models.Model):
    """A payment as the simulated provider knows it: it has a database of its own in every way but this one."""

    number = models.TextField(primary_key=True)
    account_id = models.UUIDField()
    amount = models.BigIntegerField()
    currency = models.TextField()
    description = models.TextField()
    state = models.TextField()
    reference = models.TextField()
    notify_url = models.TextField()
    return_url = models.TextField(default="")
    agreement = models.TextField(default="")
    expires_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True)
    refunded = models.BigIntegerField(default=0)

    class Meta:
        db_table = "simulated_payment"


class SimulatedRefund(models.Model):
    number = models.TextField(primary_key=True)
    account_id = models.UUIDField()
    payment_number = models.TextField()
    amount = models.BigIntegerField()
    state = models.TextField()
    notify_url = models.TextField()
    ready_at = models.DateTimeField()

    class Meta:
        db_table = "simulated_refund"


class SimulatedCallback(models.Model):
    """A callback the simulated provider has to make; it makes it again until it is answered with success."""

    id = models.UUIDField(primary_key=True)
    account_id = models.UUIDField()
    url = models.TextField()
    body = models.TextField()
    tries = models.IntegerField(default=0)
    drop = models.IntegerField(default=0)
    due_at = models.DateTimeField(null=True)
    answered = models.IntegerField(null=True)

    class Meta:
        db_table = "simulated_callback"
        indexes = [
            models.Index(
                fields=["due_at"], name="simulated_callback_due", condition=models.Q(due_at__isnull=False)
            )
        ]
