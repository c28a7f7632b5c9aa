"""Runs of models and reports, a brand's own settings for them, and whose turn it is to run."""

from __future__ import annotations

from django.db import models


class ModelRun(models.Model):
    """One run of one step of a brand's insight: on what data, how it went, what it measured about itself.

    `as_of`: nothing later than this was used. `period_from`, `period_to`: the business days it looked at.
    """

    pk = models.CompositePrimaryKey("brand_id", "id")
    brand_id = models.UUIDField()
    id = models.UUIDField()
    kind = models.TextField()
    state = models.TextField(default="running", db_default="running")
    as_of = models.DateTimeField()
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    period_from = models.DateField(null=True)
    period_to = models.DateField(null=True)
    rows = models.BigIntegerField(default=0, db_default=0)
    params = models.JSONField(default=dict, db_default={})
    metrics = models.JSONField(default=dict, db_default={})
    charts = models.JSONField(default=dict, db_default={})
    problem_zh = models.TextField(default="", db_default="")
    problem_en = models.TextField(default="", db_default="")
    progress = models.DecimalField(max_digits=5, decimal_places=4, default=0, db_default=0)

    class Meta:
        db_table = "model_run"
        constraints = [
            models.CheckConstraint(
                name="model_run_state",
                condition=models.Q(state__in=["running", "done", "lacking", "failed"]),
            ),
        ]
        indexes = [models.Index(fields=["brand_id", "kind", "-id"], name="model_run_latest")]


class InsightSetting(models.Model):
    """What a brand has set for one insight room (cut points, thresholds); the room itself checks and reads it."""

    pk = models.CompositePrimaryKey("brand_id", "room")
    brand_id = models.UUIDField()
    room = models.TextField()
    value = models.JSONField()
    changed_at = models.DateTimeField()
    changed_by = models.TextField()

    class Meta:
        db_table = "insight_setting"


class InsightTurn(models.Model):
    """When a brand's insight runs next, and by whom it is being run now.

    `next_run_at` is the nightly hour, now when somebody asks, or the end of the lease while it runs. `steps` are
    those asked for; empty: all.
    """

    brand_id = models.UUIDField(primary_key=True)
    next_run_at = models.DateTimeField()
    steps = models.JSONField(default=list, db_default=[])
    asked_at = models.DateTimeField(null=True)
    asked_by = models.TextField(default="", db_default="")
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    lease = models.UUIDField(null=True)
    holder = models.TextField(default="", db_default="")

    class Meta:
        db_table = "insight_turn"
        indexes = [models.Index(fields=["next_run_at"], name="insight_turn_due")]
