"""The programme's holdout: one row for a brand."""

from __future__ import annotations

from django.db import models


class ProgrammeHoldout(models.Model):
    """How many members of a brand get no marketing, and by which salt they are chosen. Earlier settings are in the
    audit log."""

    brand_id = models.UUIDField(primary_key=True)
    percent = models.SmallIntegerField()
    salt = models.TextField()
    since = models.DateTimeField()
    reason = models.TextField()
    actor = models.TextField()

    class Meta:
        db_table = "programme_holdout"
        constraints = [
            models.CheckConstraint(
                name="programme_holdout_percent", condition=models.Q(percent__gte=0, percent__lte=50)
            )
        ]
