"""Endpoints of a brand, and every delivery to them with its attempts."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models


class WebhookEndpoint(models.Model):
    """Where events are told. `secrets` is one encrypted JSON list of {secret, until}: the present one first.

    `failing_since` is when the first of an unbroken row of failures happened.
    """

    id = models.UUIDField(primary_key=True)
    organisation_id = models.UUIDField()
    brand_id = models.UUIDField()
    url = models.TextField()
    description = models.TextField(default="", db_default="")
    topics = ArrayField(models.TextField())
    state = models.TextField(default="active", db_default="active")  # active | paused | disabled
    reason = models.TextField(default="", db_default="")
    secrets = models.BinaryField()
    failing_since = models.DateTimeField(null=True)
    succeeded_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "webhook_endpoint"
        indexes = [models.Index(fields=["brand_id", "id"], name="webhook_endpoint_brand")]
        constraints = [
            models.CheckConstraint(
                name="webhook_endpoint_state",
                condition=models.Q(state__in=["active", "paused", "disabled"]),
            )
        ]


class WebhookDelivery(models.Model):
    """One event for one endpoint; `id` is the event's, so that an event told again is the same message.

    `attempts` counts those of the present round (a replay begins another); `log` holds the newest attempts.
    """

    pk = models.CompositePrimaryKey("endpoint_id", "id")
    endpoint_id = models.UUIDField()
    id = models.UUIDField()
    brand_id = models.UUIDField()
    topic = models.TextField()
    body = models.TextField()
    state = models.TextField(default="pending", db_default="pending")  # pending | delivered | failed
    attempts = models.SmallIntegerField(default=0, db_default=0)
    next_run_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    status = models.SmallIntegerField(null=True)
    problem = models.TextField(default="", db_default="")
    log = models.JSONField(default=list, db_default=[])

    class Meta:
        db_table = "webhook_delivery"
        indexes = [
            models.Index(
                fields=["endpoint_id", "next_run_at", "id"],
                name="webhook_delivery_due",
                condition=models.Q(state="pending"),
            ),
            models.Index(fields=["created_at"], name="webhook_delivery_made"),
        ]
        constraints = [
            models.CheckConstraint(
                name="webhook_delivery_state",
                condition=models.Q(state__in=["pending", "delivered", "failed"]),
            ),
            models.CheckConstraint(
                name="webhook_delivery_due_is_set",
                condition=models.Q(state="pending", next_run_at__isnull=False)
                | (~models.Q(state="pending") & models.Q(next_run_at__isnull=True)),
            ),
        ]
