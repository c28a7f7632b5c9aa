"""A brand's accounts at those who carry messages."""

from __future__ import annotations

from django.db import models

from regulars.messaging.types import CHANNELS


class ChannelAccount(models.Model):
    """An account by which a channel goes. `secrets` is one encrypted JSON object, `token` an access token as the
    provider gave it, encrypted; `token_due_at` is when due work asks for the next. `receipt_key` stands in the address
    that the provider reports to."""

    id = models.UUIDField(primary_key=True)
    organisation_id = models.UUIDField()
    brand_id = models.UUIDField()
    key = models.TextField()
    channel = models.TextField()
    provider = models.TextField()
    name = models.JSONField()
    state = models.TextField(default="active", db_default="active")
    sandbox = models.BooleanField(default=True, db_default=True)
    is_default = models.BooleanField(default=False, db_default=False)
    settings = models.JSONField(default=dict)
    secrets = models.BinaryField()
    secret_keys = models.JSONField(default=list)
    per_second = models.IntegerField(null=True)
    per_day = models.IntegerField(null=True)
    receipt_key = models.BinaryField()
    token = models.BinaryField(null=True)
    token_until = models.DateTimeField(null=True)
    token_due_at = models.DateTimeField(null=True)
    token_error = models.TextField(default="", db_default="")
    receipts = models.IntegerField(default=0, db_default=0)
    receipt_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "channel_account"
        indexes = [
            models.Index(
                fields=["token_due_at"],
                name="channel_account_token",
                condition=models.Q(token_due_at__isnull=False),
            )
        ]
        constraints = [
            models.UniqueConstraint(fields=["brand_id", "key"], name="channel_account_key"),
            models.UniqueConstraint(
                fields=["brand_id", "channel"],
                name="channel_account_default",
                condition=models.Q(is_default=True),
            ),
            models.CheckConstraint(
                name="channel_account_channel", condition=models.Q(channel__in=sorted(CHANNELS))
            ),
            models.CheckConstraint(
                name="channel_account_state", condition=models.Q(state__in=["active", "paused"])
            ),
            models.CheckConstraint(
                name="channel_account_rates",
                condition=(models.Q(per_second__isnull=True) | models.Q(per_second__gt=0))
                & (models.Q(per_day__isnull=True) | models.Q(per_day__gt=0)),
            ),
        ]
