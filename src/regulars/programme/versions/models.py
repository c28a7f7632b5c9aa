"""Versions of a brand's programme. A version's definition never changes after it was submitted."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models


class ProgrammeHead(models.Model):
    """One row per brand: the lock of its versions, the last number given, and a mark that changes with what is in
    force.

    `revision` is an id, not a counter, so that a rolled-back write cannot share its value with a later one.
    """

    brand_id = models.UUIDField(primary_key=True)
    last_number = models.IntegerField(default=0)
    revision = models.UUIDField()

    class Meta:
        db_table = "programme_head"


class ProgrammeVersion(models.Model):
    """A draft, or what became of it.

    `authors` are all who wrote or submitted it (`kind:id`), none of whom may review it. `vocabulary` keeps the custom
    fields and activity types that conditions could name when it was submitted, so that a published version reads
    the same for ever. Superseded is not stored: it follows from what is published later.
    """

    id = models.UUIDField(primary_key=True)
    brand_id = models.UUIDField()
    number = models.IntegerField()
    state = models.TextField()  # draft | in_review | approved | published | rejected
    definition = models.JSONField()
    vocabulary = models.JSONField(default=dict)
    revision = models.IntegerField(default=1)
    note = models.TextField(default="")
    based_on = models.IntegerField(null=True)
    authors = ArrayField(models.TextField(), default=list)
    created_by = models.TextField()
    submitted_by = models.TextField(default="")
    reviewed_by = models.TextField(default="")
    published_by = models.TextField(default="")
    review_comment = models.TextField(default="")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True)
    reviewed_at = models.DateTimeField(null=True)
    published_at = models.DateTimeField(null=True)
    effective_from = models.DateTimeField(null=True)

    class Meta:
        db_table = "programme_version"
        constraints = [
            models.UniqueConstraint(fields=["brand_id", "number"], name="programme_version_number"),
            models.CheckConstraint(
                condition=models.Q(state__in=["draft", "in_review", "approved", "published", "rejected"]),
                name="programme_version_state",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="published")
                | models.Q(effective_from__isnull=False, published_at__isnull=False),
                name="programme_version_published_when",
            ),
        ]
        indexes = [
            models.Index(
                fields=["brand_id", "effective_from"],
                name="programme_version_in_force",
                condition=models.Q(state="published"),
            )
        ]


class ProgrammeEvent(models.Model):
    """What happened to a version, by whom: append-only, shown beside it. Saving a draft again is not an event."""

    id = models.UUIDField(primary_key=True)
    version = models.ForeignKey(ProgrammeVersion, on_delete=models.PROTECT, related_name="events")
    what = models.TextField()  # created | submitted | withdrawn | approved | rejected | published
    actor = models.TextField()
    comment = models.TextField(default="")
    at = models.DateTimeField()

    class Meta:
        db_table = "programme_event"
        indexes = [models.Index(fields=["version", "id"], name="programme_event_order")]
