"""Campaigns, their runs, who was in each and what became of her, and what each brought."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class Campaign(models.Model):
    """One campaign. `next_at` is the instant its next run begins; only a running one has it."""

    pk = models.CompositePrimaryKey("brand_id", "code")
    brand_id = models.UUIDField()
    code = models.TextField()
    id = models.UUIDField(unique=True)
    name_zh = models.TextField()
    name_en = models.TextField()
    note = models.TextField(default="", db_default="")
    state = models.TextField()
    definition = models.JSONField()
    salt = models.TextField()
    revision = models.IntegerField(default=1, db_default=1)
    next_at = models.DateTimeField(null=True)
    runs = models.IntegerField(default=0, db_default=0)
    created_at = models.DateTimeField(db_default=Now())
    created_by = models.TextField()
    edited_at = models.DateTimeField()
    edited_by = models.TextField()
    edited_by_id = models.UUIDField(null=True)
    submitted_at = models.DateTimeField(null=True)
    submitted_by = models.TextField(default="", db_default="")
    submitted_by_id = models.UUIDField(null=True)
    approved_at = models.DateTimeField(null=True)
    approved_by = models.TextField(default="", db_default="")
    launched_at = models.DateTimeField(null=True)
    launched_by = models.TextField(default="", db_default="")
    refused = models.TextField(default="", db_default="")

    class Meta:
        db_table = "campaign"
        constraints = [
            models.CheckConstraint(
                name="campaign_state",
                condition=Q(
                    state__in=[
                        "draft",
                        "submitted",
                        "approved",
                        "running",
                        "paused",
                        "finished",
                        "cancelled",
                        "archived",
                    ]
                ),
            ),
            models.CheckConstraint(
                name="campaign_next", condition=Q(next_at__isnull=True) | Q(state="running")
            ),
        ]
        indexes = [
            models.Index(fields=["next_at"], name="campaign_due", condition=Q(next_at__isnull=False)),
        ]


class CampaignRun(models.Model):
    """One occurrence of a campaign, with the definition it began with. Its row is the lock of all that is done to it;
    `next_run_at` is when a worker takes the next portion, NULL while it is paused or over."""

    id = models.UUIDField(primary_key=True)
    campaign_id = models.UUIDField()
    brand_id = models.UUIDField()
    number = models.IntegerField()
    state = models.TextField()
    definition = models.JSONField()
    salt = models.TextField()
    paused = models.BooleanField(default=False, db_default=False)
    planned_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    decide_at = models.DateTimeField(null=True)
    wave = models.SmallIntegerField(default=1, db_default=1)
    winner = models.TextField(default="", db_default="")
    decision = models.JSONField(default=dict, db_default={})
    rest_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    cancelled_by = models.TextField(default="", db_default="")
    after = models.UUIDField(null=True)
    seen = models.BigIntegerField(default=0, db_default=0)
    counts = models.JSONField(default=dict, db_default={})
    counted_at = models.DateTimeField(null=True)
    problem = models.TextField(default="", db_default="")
    next_run_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "campaign_run"
        constraints = [
            models.CheckConstraint(
                name="campaign_run_state",
                condition=Q(state__in=["listing", "sending", "testing", "settling", "finished", "cancelled"]),
            ),
            models.CheckConstraint(
                name="campaign_run_over",
                condition=~Q(state__in=["finished", "cancelled"]) | Q(ended_at__isnull=False),
            ),
            models.UniqueConstraint(fields=["campaign_id", "number"], name="campaign_run_number"),
        ]
        indexes = [
            models.Index(
                fields=["next_run_at"], name="campaign_run_due", condition=Q(next_run_at__isnull=False)
            ),
            models.Index(fields=["brand_id", "-planned_at"], name="campaign_run_newest"),
        ]


class CampaignMember(models.Model):
    """A member in a run. `place` is her turn, by a hash: the order says nothing of her. `wave` 2 waits for the winner.

    `value`: what she was given costs the budget, in minor units."""

    pk = models.CompositePrimaryKey("member_id", "run_id")
    member_id = models.UUIDField()
    run_id = models.UUIDField()
    brand_id = models.UUIDField()
    place = models.IntegerField()
    wave = models.SmallIntegerField(default=1, db_default=1)
    arm = models.TextField()
    stratum = models.TextField(default="", db_default="")
    state = models.TextField()
    reason = models.TextField(default="", db_default="")
    value = models.BigIntegerField(default=0, db_default=0)
    listed_at = models.DateTimeField()
    moved_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "campaign_member"
        constraints = [
            models.CheckConstraint(
                name="campaign_member_state",
                condition=Q(state__in=["pending", "asked", "sent", "failed", "skipped", "held"]),
            ),
            models.CheckConstraint(
                name="campaign_member_reason",
                condition=~Q(state__in=["failed", "skipped", "held"]) | ~Q(reason=""),
            ),
        ]
        indexes = [
            models.Index(
                fields=["run_id", "wave", "place", "member_id"],
                name="campaign_member_turn",
                condition=Q(state="pending"),
            ),
            models.Index(fields=["run_id", "member_id"], name="campaign_member_of_run"),
            models.Index(
                fields=["run_id", "member_id"], name="campaign_member_asked", condition=Q(state="asked")
            ),
        ]


class CampaignResult(models.Model):
    """What a run brought, as last reckoned."""

    run_id = models.UUIDField(primary_key=True)
    brand_id = models.UUIDField()
    computed_at = models.DateTimeField()
    as_of = models.DateTimeField()
    period_from = models.DateTimeField()
    period_to = models.DateTimeField()
    is_final = models.BooleanField()
    figures = models.JSONField()

    class Meta:
        db_table = "campaign_result"
