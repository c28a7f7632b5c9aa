"""When each periodic task runs next, and how it went."""

from __future__ import annotations

from django.db import models


class DueTask(models.Model):
    """One periodic task of the installation; the row is its schedule and its heartbeat."""

    name = models.TextField(primary_key=True)
    next_run_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    done = models.BigIntegerField(default=0)
    runs = models.BigIntegerField(default=0)
    last_error = models.TextField(default="")
    failed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "due_task"
