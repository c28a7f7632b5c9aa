"""A brand's rules of stages, the stage each member is in, every move, and KOC scores with their parts."""

from __future__ import annotations

from django.db import models


class LifecycleRules(models.Model):
    """Thresholds and weights as set, one row a version; the highest is in force."""

    pk = models.CompositePrimaryKey("brand_id", "version")
    brand_id = models.UUIDField()
    version = models.IntegerField()
    rules = models.JSONField()
    weights = models.JSONField()
    at = models.DateTimeField()
    by = models.TextField()

    class Meta:
        db_table = "lifecycle_rules"


class MemberStage(models.Model):
    """Where a member stands. No row while profiling is off."""

    pk = models.CompositePrimaryKey("member_id", "brand_id")
    member_id = models.UUIDField()
    brand_id = models.UUIDField()
    stage = models.TextField()
    since = models.DateField()

    class Meta:
        db_table = "member_stage"
        indexes = [models.Index(fields=["brand_id", "stage", "member_id"], name="member_stage_of")]


class StageChange(models.Model):
    """One move. `moved_on` is the first business day of the new stage; `rules_version` says by which rules."""

    pk = models.CompositePrimaryKey("member_id", "id")
    member_id = models.UUIDField()
    id = models.UUIDField()
    brand_id = models.UUIDField()
    from_stage = models.TextField()
    to_stage = models.TextField()
    moved_on = models.DateField()
    rules_version = models.IntegerField()

    class Meta:
        db_table = "stage_change"
        indexes = [models.Index(fields=["brand_id", "moved_on", "member_id"], name="stage_change_on")]


class KocStanding(models.Model):
    """A member's KOC score and what it rests on, for those with more than frequency alone."""

    pk = models.CompositePrimaryKey("member_id", "brand_id")
    member_id = models.UUIDField()
    brand_id = models.UUIDField()
    as_of = models.DateTimeField()
    score = models.SmallIntegerField()
    frequency = models.SmallIntegerField(null=True)
    influence = models.SmallIntegerField(null=True)
    quality = models.SmallIntegerField(null=True)
    inputs = models.JSONField(default=dict)

    class Meta:
        db_table = "koc_standing"
        indexes = [models.Index(fields=["brand_id", "-score", "member_id"], name="koc_standing_best")]
