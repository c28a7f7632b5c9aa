"""Journeys, their versions, members' runs through them, what the runs did, how many passed where."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Journey(models.Model):
    """A journey of a brand. `version` is the published one (0: none). `closing`: its runs are being ended. `note` is in
    Chinese, `note_en` in English. `messages_until`: what came of messages asked for before it is in JourneyMessage."""

    id = models.UUIDField(primary_key=True)
    brand_id = models.UUIDField()
    code = models.TextField()
    name_zh = models.TextField()
    name_en = models.TextField()
    note = models.TextField(default="", db_default="")
    note_en = models.TextField(default="", db_default="")
    state = models.TextField(
        default="draft", db_default="draft"
    )  # draft | running | paused | stopped | archived
    version = models.IntegerField(default=0, db_default=0)
    draft = models.JSONField(null=True)
    draft_changed_at = models.DateTimeField(null=True)
    priority = models.SmallIntegerField(default=50, db_default=50)
    closing = models.BooleanField(default=False, db_default=False)
    problem = models.TextField(default="", db_default="")
    messages_until = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    created_by = models.TextField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "journey"
        constraints = [
            models.UniqueConstraint(fields=["brand_id", "code"], name="journey_code"),
            models.CheckConstraint(
                name="journey_state",
                condition=Q(state__in=["draft", "running", "paused", "stopped", "archived"]),
            ),
        ]


class JourneyVersion(models.Model):
    """A published definition; never changed. Members in flight stay on theirs."""

    pk = models.CompositePrimaryKey("journey_id", "number")
    journey_id = models.UUIDField()
    number = models.IntegerField()
    brand_id = models.UUIDField()
    definition = models.JSONField()
    note = models.TextField(default="", db_default="")
    created_at = models.DateTimeField()
    created_by = models.TextField()

    class Meta:
        db_table = "journey_version"


class JourneyRun(models.Model):
    """A member's way through a journey. It is under way while `next_run_at` is set: every wait is that instant.

    `key` tells her runs of one journey apart (empty: one for ever); `single`: no other may be under way beside it.
    `resting`: it waits at `node`; `arrived`: what it waited for came.
    """

    pk = models.CompositePrimaryKey("member_id", "id")
    member_id = models.UUIDField()
    id = models.UUIDField()
    brand_id = models.UUIDField()
    journey_id = models.UUIDField()
    version = models.IntegerField()
    node = models.TextField()
    steps = models.IntegerField(default=0, db_default=0)
    resting = models.BooleanField(default=False, db_default=False)
    arrived = models.BooleanField(default=False, db_default=False)
    waits_for = models.TextField(default="", db_default="")
    since = models.DateTimeField()
    next_run_at = models.DateTimeField(null=True)
    key = models.TextField(default="", db_default="")
    single = models.BooleanField(default=True, db_default=True)
    trigger = models.TextField()
    data = models.JSONField(default=dict, db_default={})
    started_at = models.DateTimeField()
    goal_until = models.DateTimeField(null=True)
    converted_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    reason = models.TextField(default="", db_default="")
    tries = models.SmallIntegerField(default=0, db_default=0)
    problem = models.TextField(default="", db_default="")

    class Meta:
        db_table = "journey_run"
        constraints = [
            models.UniqueConstraint(fields=["member_id", "journey_id", "key"], name="journey_run_key"),
            models.UniqueConstraint(
                fields=["member_id", "journey_id"],
                name="journey_run_single",
                condition=Q(single=True, next_run_at__isnull=False),
            ),
            models.CheckConstraint(
                name="journey_run_ended",
                condition=Q(next_run_at__isnull=False, ended_at__isnull=True)
                | Q(next_run_at__isnull=True, ended_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                fields=["journey_id", "next_run_at"],
                name="journey_run_due",
                condition=Q(next_run_at__isnull=False),
            ),
            models.Index(fields=["journey_id", "-id"], name="journey_run_newest"),
        ]


class JourneyAction(models.Model):
    """What a run did at a node as its `visit`-th step: there is one row, so it was done once."""

    pk = models.CompositePrimaryKey("member_id", "run_id", "node", "visit")
    member_id = models.UUIDField()
    run_id = models.UUIDField()
    node = models.TextField()
    visit = models.IntegerField()
    brand_id = models.UUIDField()
    journey_id = models.UUIDField()
    kind = models.TextField()
    at = models.DateTimeField()
    outcome = models.TextField(default="", db_default="")
    detail = models.JSONField(default=dict, db_default={})

    class Meta:
        db_table = "journey_action"


class JourneyCount(models.Model):
    """How many runs came to a node (`way` empty), left it by a port (`:next`), ended there (`!goal`), began (`+`),
    reached the goal (`*`), were moved in from (`<`) or out to (`>`) another version.

    In `slot`s, so that workers that count at once do not wait for each other; the number is their sum.
    """

    pk = models.CompositePrimaryKey("journey_id", "version", "node", "way", "slot")
    journey_id = models.UUIDField()
    version = models.IntegerField()
    node = models.TextField()
    way = models.TextField()
    slot = models.SmallIntegerField()
    runs = models.BigIntegerField()

    class Meta:
        db_table = "journey_count"


class JourneySweep(models.Model):
    """A trigger that is asked by the day, or of those who are in a segment already; `after`: the last member asked."""

    pk = models.CompositePrimaryKey("journey_id", "node")
    journey_id = models.UUIDField()
    node = models.TextField()
    brand_id = models.UUIDField()
    once = models.BooleanField(default=False, db_default=False)
    day = models.DateField()
    after = models.UUIDField(null=True)
    next_run_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "journey_sweep"
        indexes = [
            models.Index(
                fields=["next_run_at"], name="journey_sweep_due", condition=Q(next_run_at__isnull=False)
            ),
        ]


class JourneyMessage(models.Model):
    """What became of the messages a node asked for long ago, summed up: how many are in a state for a reason by a
    channel, and how many of those had a link clicked."""

    pk = models.CompositePrimaryKey("journey_id", "version", "node", "state", "reason", "channel")
    journey_id = models.UUIDField()
    version = models.IntegerField()
    node = models.TextField()
    state = models.TextField()
    reason = models.TextField()
    channel = models.TextField()
    messages = models.BigIntegerField()
    clicked = models.BigIntegerField()

    class Meta:
        db_table = "journey_message"


class JourneyBeen(models.Model):
    """A member who has been in a journey under a key that lets her in once, after her run was deleted for its age."""

    pk = models.CompositePrimaryKey("member_id", "journey_id", "key")
    member_id = models.UUIDField()
    journey_id = models.UUIDField()
    key = models.TextField()

    class Meta:
        db_table = "journey_been"
