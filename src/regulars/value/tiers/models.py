"""The history of tiers: append-only. The present standing lives in the member's decision state."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class TierChange(models.Model):
    """From `occurred_at` on the member is in `tier` of `scheme`.

    A repair of late data adds rows; of several at one instant the newest (by id) counts. The reasons are
    those of `types.MoveReason`.
    """

    pk = models.CompositePrimaryKey("member_id", "id")
    member_id = models.UUIDField()
    id = models.UUIDField()
    brand_id = models.UUIDField()
    scheme = models.TextField()
    previous = models.TextField()
    tier = models.TextField()
    reason = models.TextField()
    comment = models.TextField(default="", db_default="")
    ends_at = models.DateTimeField(null=True)
    activity_id = models.UUIDField(null=True)
    actor = models.TextField(default="", db_default="")
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "tier_change"
        indexes = [
            # answers "which tier at t" for one member and, read in order, for all of a brand
            models.Index(
                fields=["brand_id", "scheme", "member_id", "occurred_at", "id"],
                include=["tier"],
                name="tier_change_as_of",
            ),
            models.Index(fields=["brand_id", "occurred_at"], name="tier_change_day"),
        ]
