"""Missions, their versions, who runs them and what counted."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from regulars.engage.missions.types.missions import MISSION_STATES, RUN_STATES


class Mission(models.Model):
    """A mission as it is edited. `live` is the version that new runs start under; `stops` are the spans in which it was
    paused or is over, `[from, until]`, the last one open while it stands still.
    """

    pk = models.CompositePrimaryKey("brand_id", "key")
    brand_id = models.UUIDField()
    key = models.TextField()
    state = models.TextField()
    definition = models.JSONField()
    live = models.IntegerField(default=0, db_default=0)
    live_at = models.DateTimeField(null=True)
    revision = models.IntegerField(default=1, db_default=1)
    stops = models.JSONField(default=list, db_default=models.Value([], models.JSONField()))
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "mission"
        constraints = [
            models.CheckConstraint(name="mission_state", condition=models.Q(state__in=list(MISSION_STATES)))
        ]


class MissionVersion(models.Model):
    """What a mission was when it was published; members who run it keep it."""

    pk = models.CompositePrimaryKey("brand_id", "mission", "number")
    brand_id = models.UUIDField()
    mission = models.TextField()
    number = models.IntegerField()
    definition = models.JSONField()
    actor = models.TextField()
    published_at = models.DateTimeField()

    class Meta:
        db_table = "mission_version"


class MissionRun(models.Model):
    """A member at a mission: once, or once for each period or turn (`run`). `progress` follows from the marks."""

    pk = models.CompositePrimaryKey("member_id", "brand_id", "mission", "run")
    member_id = models.UUIDField()
    brand_id = models.UUIDField()
    mission = models.TextField()
    run = models.TextField()
    version = models.IntegerField()
    state = models.TextField()
    progress = models.JSONField()
    round = models.IntegerField(default=0, db_default=0)
    rolled_back = models.IntegerField(default=0, db_default=0)
    started_by = models.TextField(default="", db_default="")
    started_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    check_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "mission_run"
        constraints = [
            models.CheckConstraint(name="mission_run_state", condition=models.Q(state__in=list(RUN_STATES))),
            models.CheckConstraint(
                name="mission_run_finished",
                condition=models.Q(state="finished", finished_at__isnull=False)
                | (~models.Q(state="finished") & models.Q(finished_at__isnull=True)),
            ),
        ]
        indexes = [
            models.Index(fields=["brand_id", "mission", "state"], name="mission_run_by_state"),
            models.Index(fields=["ends_at"], name="mission_run_ends", condition=models.Q(state="running")),
            models.Index(
                fields=["check_at"], name="mission_run_checks", condition=models.Q(check_at__isnull=False)
            ),
        ]


class MissionMark(models.Model):
    """One activity that counted for one step of a run: `amount` net of what went back, `place` what is told apart."""

    pk = models.CompositePrimaryKey("member_id", "brand_id", "mission", "run", "step", "activity_id")
    member_id = models.UUIDField()
    brand_id = models.UUIDField()
    mission = models.TextField()
    run = models.TextField()
    step = models.TextField()
    activity_id = models.UUIDField()
    amount = models.BigIntegerField()
    place = models.TextField(default="", db_default="")
    occurred_at = models.DateTimeField()

    class Meta:
        db_table = "mission_mark"
        indexes = [models.Index(fields=["member_id", "activity_id"], name="mission_mark_by_activity")]
