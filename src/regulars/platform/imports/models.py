"""Imports: what is to be read in, how far it has come, and which rows were refused."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models


class ImportJob(models.Model):
    """One file (or the demo's data) on its way in.

    `next_run_at` is when a worker may take the job: at once while it is queued, when its lease ends while it runs,
    never otherwise. `run` counts the starts from the beginning (a check, then the import); positions and errors are
    those of the present run. `stage_from` and `stage_started_at` are the base of the rate that is shown.
    """

    id = models.UUIDField(primary_key=True)
    organisation_id = models.UUIDField()
    brand_id = models.UUIDField()
    kind = models.TextField()
    origin = models.TextField(default="file")
    state = models.TextField(default="ready")
    dry = models.BooleanField(default=False)
    stage = models.TextField(default="")
    file_id = models.UUIDField(null=True)
    file_name = models.TextField(default="")
    file_size = models.BigIntegerField(default=0)
    mapping = models.JSONField(default=dict)
    actor_kind = models.TextField()
    actor_id = models.UUIDField(null=True)
    actor_label = models.TextField()
    store_ids = ArrayField(models.UUIDField(), null=True)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    stage_started_at = models.DateTimeField(null=True)
    stage_from = models.BigIntegerField(default=0)
    beat_at = models.DateTimeField(null=True)
    rows_total = models.BigIntegerField(null=True)
    rows_read = models.BigIntegerField(default=0)
    items_total = models.BigIntegerField(null=True)
    shards = models.SmallIntegerField(default=0)
    run = models.IntegerField(default=0)
    attempts = models.IntegerField(default=0)
    problem_zh = models.TextField(default="")
    problem_en = models.TextField(default="")
    lease = models.UUIDField(null=True)
    holder = models.TextField(default="")
    next_run_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "import_job"
        constraints = [
            models.CheckConstraint(
                name="import_job_kind", condition=models.Q(kind__in=["orders", "members"])
            ),
            models.CheckConstraint(
                name="import_job_state",
                condition=models.Q(
                    state__in=[
                        "ready", "queued", "running", "checked", "paused", "done", "failed", "cancelled"
                    ]
                ),
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(
                fields=["next_run_at"],
                condition=models.Q(next_run_at__isnull=False),
                name="import_job_due",
            ),
            models.Index(fields=["brand_id", "-id"], name="import_job_by_brand"),
        ]


class ImportShard(models.Model):
    """How far one writer has come: items done and what became of them, moved on in each batch's transaction."""

    pk = models.CompositePrimaryKey("job_id", "shard")
    job_id = models.UUIDField()
    shard = models.SmallIntegerField()
    position = models.BigIntegerField(default=0)
    applied = models.BigIntegerField(default=0)
    duplicate = models.BigIntegerField(default=0)
    waiting = models.BigIntegerField(default=0)
    failed = models.BigIntegerField(default=0)

    class Meta:
        db_table = "import_shard"


class ImportError(models.Model):
    """Why one row of the file was refused: `[{field, code, zh, en}, …]`; `field` is the target's key."""

    pk = models.CompositePrimaryKey("job_id", "row")
    job_id = models.UUIDField()
    row = models.BigIntegerField()
    errors = models.JSONField()

    class Meta:
        db_table = "import_error"
