"""Staff tasks: one row for each thing to do for a member."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

_WAITING = Q(state__in=["open", "taken"])


class StaffTask(models.Model):
    """`key` says what of all that is done for the member this is: asked for twice it is one task."""

    pk = models.CompositePrimaryKey("member_id", "id")
    member_id = models.UUIDField()
    id = models.UUIDField()
    organisation_id = models.UUIDField()
    brand_id = models.UUIDField()
    key = models.TextField()
    kind = models.TextField()
    title_zh = models.TextField()
    title_en = models.TextField()
    script_zh = models.TextField(default="", db_default="")
    script_en = models.TextField(default="", db_default="")
    store_id = models.UUIDField(null=True)
    assignee = models.UUIDField(null=True)
    due_on = models.DateField()
    expires_on = models.DateField()
    state = models.TextField(default="open", db_default="open")
    outcome = models.TextField(default="", db_default="")
    satisfaction = models.SmallIntegerField(null=True)
    note = models.TextField(default="", db_default="")
    next_on = models.DateField(null=True)
    source = models.TextField()
    origin = models.TextField(default="", db_default="")
    contacts = models.SmallIntegerField(default=0, db_default=0)
    created_at = models.DateTimeField(db_default=Now())
    taken_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    finished_by = models.TextField(default="", db_default="")
    finisher_id = models.UUIDField(null=True)

    class Meta:
        db_table = "staff_task"
        constraints = [
            models.UniqueConstraint(fields=["member_id", "brand_id", "key"], name="staff_task_key"),
            models.CheckConstraint(
                name="staff_task_state",
                condition=Q(state__in=["open", "taken", "done", "skipped", "expired"]),
            ),
            models.CheckConstraint(
                name="staff_task_kind", condition=Q(kind__in=["call", "visit", "wecom", "service", "other"])
            ),
            models.CheckConstraint(
                name="staff_task_satisfaction",
                condition=Q(satisfaction__isnull=True) | Q(satisfaction__gte=1, satisfaction__lte=5),
            ),
        ]
        indexes = [
            models.Index(fields=["brand_id", "id"], name="staff_task_of_brand"),
            models.Index(fields=["brand_id", "due_on", "id"], name="staff_task_due", condition=_WAITING),
            models.Index(
                fields=["brand_id", "store_id", "due_on", "id"],
                name="staff_task_store",
                condition=_WAITING,
            ),
            models.Index(fields=["assignee", "due_on"], name="staff_task_assignee", condition=_WAITING),
            models.Index(fields=["brand_id", "expires_on"], name="staff_task_expires", condition=_WAITING),
            models.Index(
                fields=["brand_id", "finished_at"],
                name="staff_task_finished",
                condition=Q(finished_at__isnull=False),
            ),
            models.Index(fields=["brand_id", "source", "id"], name="staff_task_source"),
        ]
