"""What members were given as a reward, once for each key, and what went back."""

from __future__ import annotations

from django.db import models

from regulars.value.gifts.types import STATES


class Gift(models.Model):
    """One gift: what was promised (`rewards`), what of it was given (`given`), what of it was refused (`refused`)."""

    pk = models.CompositePrimaryKey("member_id", "brand_id", "key")
    member_id = models.UUIDField()
    brand_id = models.UUIDField()
    key = models.TextField()
    source = models.TextField()
    state = models.TextField()
    rewards = models.JSONField()
    given = models.JSONField()
    refused = models.JSONField()
    budget = models.TextField(default="", db_default="")
    cost = models.BigIntegerField(default=0, db_default=0)
    given_at = models.DateTimeField()
    taken_back_at = models.DateTimeField(null=True)
    reason = models.TextField(default="", db_default="")

    class Meta:
        db_table = "gift"
        constraints = [
            models.CheckConstraint(name="gift_state", condition=models.Q(state__in=list(STATES))),
            models.CheckConstraint(name="gift_cost", condition=models.Q(cost__gte=0)),
        ]
        indexes = [models.Index(fields=["brand_id", "source", "given_at"], name="gift_by_source")]
