"""What operators enter for reports, and their goals."""

from __future__ import annotations

from django.db import models


class EnteredFigure(models.Model):
    """An amount of a month that Regulars cannot know; `channel` is empty but for recruitment."""

    pk = models.CompositePrimaryKey("brand_id", "kind", "month", "channel")
    brand_id = models.UUIDField()
    kind = models.TextField()
    month = models.DateField()
    channel = models.TextField(default="", db_default="")
    amount = models.BigIntegerField()
    by = models.TextField()
    at = models.DateTimeField()

    class Meta:
        db_table = "entered_figure"
        constraints = [
            models.CheckConstraint(name="entered_figure_amount", condition=models.Q(amount__gte=0)),
        ]


class Goal(models.Model):
    """A metric that shall reach `target` in a period; `closed_at` once it is put away."""

    pk = models.CompositePrimaryKey("brand_id", "id")
    brand_id = models.UUIDField()
    id = models.UUIDField()
    name = models.TextField()
    metric = models.TextField()
    target = models.BigIntegerField()
    first = models.DateField()
    last = models.DateField()
    by = models.TextField()
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "goal"
        constraints = [
            models.CheckConstraint(name="goal_period", condition=models.Q(last__gte=models.F("first"))),
            models.CheckConstraint(name="goal_target", condition=models.Q(target__gt=0)),
        ]
