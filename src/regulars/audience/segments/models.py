"""Segments, what defines them, who is in them, who came and went."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q


class Segment(models.Model):
    """A named group of a brand's members. `kind`: static lists stay as they are, refreshed ones follow their condition
    on a schedule, live ones at each activity. `tag` makes it a rule tag: who is in it carries the tag.

    `lease` fields belong to the refresh that runs: `pid` is its backend, so that it can be cancelled. A list with
    `next_refresh_at` is made in the background; `progress` is how far that is, in percent.
    """

    id = models.UUIDField(primary_key=True)
    brand_id = models.UUIDField()
    code = models.TextField()
    name_zh = models.TextField()
    name_en = models.TextField()
    note = models.TextField(default="", db_default="")
    kind = models.TextField()  # static | refreshed | live
    state = models.TextField(default="active", db_default="active")  # active | paused | archived
    tag = models.TextField(default="", db_default="")
    version = models.IntegerField(default=0, db_default=0)
    profiles = models.BooleanField(default=False, db_default=False)  # stands on scores: K6 keeps members out
    every_minutes = models.IntegerField(null=True)
    next_refresh_at = models.DateTimeField(null=True)
    members = models.IntegerField(default=0, db_default=0)
    refreshed_at = models.DateTimeField(null=True)
    refreshed_in_ms = models.IntegerField(null=True)
    run = models.TextField(default="idle", db_default="idle")  # idle | running | cancelled | failed
    run_started_at = models.DateTimeField(null=True)
    leased_until = models.DateTimeField(null=True)
    pid = models.IntegerField(null=True)
    problem = models.TextField(default="", db_default="")
    progress = models.SmallIntegerField(default=0, db_default=0)
    created_at = models.DateTimeField()
    created_by = models.TextField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "segment"
        constraints = [
            models.UniqueConstraint(fields=["brand_id", "code"], name="segment_code"),
            models.CheckConstraint(
                name="segment_kind", condition=Q(kind__in=["static", "refreshed", "live"])
            ),
            models.CheckConstraint(
                name="segment_state", condition=Q(state__in=["active", "paused", "archived"])
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_refresh_at"], name="segment_due", condition=Q(next_refresh_at__isnull=False)
            ),
        ]


class SegmentVersion(models.Model):
    """What defined a segment from `created_at` on; never changed. `definition` is a condition, or how a list came."""

    pk = models.CompositePrimaryKey("segment_id", "number")
    segment_id = models.UUIDField()
    number = models.IntegerField()
    brand_id = models.UUIDField()
    definition = models.JSONField(null=True)
    source = models.JSONField(default=dict, db_default={})
    uses = ArrayField(models.TextField(), default=list, db_default=[])  # codes of segments it is made of
    created_at = models.DateTimeField()
    created_by = models.TextField()

    class Meta:
        db_table = "segment_version"


class SegmentMember(models.Model):
    """Who is in a segment, since when. `tagged`: the segment's rule tag was put on her by it, and by nobody before."""

    pk = models.CompositePrimaryKey("member_id", "segment_id")
    member_id = models.UUIDField()
    segment_id = models.UUIDField()
    since = models.DateTimeField()
    tagged = models.BooleanField(default=False, db_default=False)

    class Meta:
        db_table = "segment_member"
        indexes = [models.Index(fields=["segment_id", "member_id"], name="segment_member_segment")]


class SegmentMove(models.Model):
    """A member came or went. What a first filling or a list brought in at once is counted, not told one by one."""

    pk = models.CompositePrimaryKey("member_id", "id")
    member_id = models.UUIDField()
    id = models.UUIDField()
    segment_id = models.UUIDField()
    entered = models.BooleanField()
    version = models.IntegerField()
    at = models.DateTimeField()

    class Meta:
        db_table = "segment_move"
        indexes = [models.Index(fields=["segment_id", "-id"], name="segment_move_segment")]


class SegmentCount(models.Model):
    """How many there were after each change, for the sparkline and the history."""

    pk = models.CompositePrimaryKey("segment_id", "id")
    segment_id = models.UUIDField()
    id = models.UUIDField()
    at = models.DateTimeField()
    version = models.IntegerField()
    members = models.IntegerField()
    entered = models.IntegerField()
    gone = models.IntegerField()

    class Meta:
        db_table = "segment_count"
