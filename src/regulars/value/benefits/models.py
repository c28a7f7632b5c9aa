"""Uses of benefits with a quota."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class BenefitUse(models.Model):
    """One use of a benefit in a period. `slot` (0 … quota − 1) makes a use beyond the quota impossible.

    Uses of a benefit without a quota take any free slot. `key` is the idempotency key of the use.
    """

    pk = models.CompositePrimaryKey("member_id", "id")
    member_id = models.UUIDField()
    id = models.UUIDField()
    brand_id = models.UUIDField()
    benefit = models.TextField()
    period = models.TextField()
    slot = models.IntegerField()
    key = models.TextField()
    store_id = models.UUIDField(null=True)
    actor = models.TextField(default="", db_default="")
    used_at = models.DateTimeField(db_default=Now())
    undone_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "benefit_use"
        constraints = [
            models.UniqueConstraint(
                fields=["member_id", "brand_id", "benefit", "period", "slot"],
                name="benefit_use_slot",
                condition=models.Q(undone_at__isnull=True),
            ),
            models.UniqueConstraint(fields=["member_id", "brand_id", "key"], name="benefit_use_key"),
        ]


class BenefitGrant(models.Model):
    """More uses of a benefit for one member, by a rule or by hand, up to the instant `until`.

    Its uses are rows of BenefitUse with the period `grant:<id>`, so slots keep them within `uses`.
    """

    pk = models.CompositePrimaryKey("member_id", "id")
    member_id = models.UUIDField()
    id = models.UUIDField()
    brand_id = models.UUIDField()
    benefit = models.TextField()
    uses = models.IntegerField()
    source = models.TextField()  # rule:<activity> | staff
    reason = models.TextField(default="", db_default="")
    actor = models.TextField(default="", db_default="")
    granted_at = models.DateTimeField(db_default=Now())
    until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "benefit_grant"
        constraints = [models.CheckConstraint(name="benefit_grant_uses", condition=models.Q(uses__gt=0))]
