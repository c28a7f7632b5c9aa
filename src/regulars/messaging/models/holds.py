"""Sources whose messages wait, or are being taken back, whatever their time."""

from __future__ import annotations

from django.db import models


class SendHold(models.Model):
    """What was done about all that a source asked for. `held_at`: its messages wait. `cancel_before`: those asked for
    up to then are taken back. A row with neither is being released and goes when nothing of it is parked any more.
    `look_at` is when the worker goes on with it."""

    pk = models.CompositePrimaryKey("brand_id", "source")
    brand_id = models.UUIDField()
    source = models.TextField()
    held_at = models.DateTimeField(null=True)
    held_by = models.TextField(default="", db_default="")
    cancel_before = models.DateTimeField(null=True)
    look_at = models.DateTimeField()

    class Meta:
        db_table = "send_hold"
