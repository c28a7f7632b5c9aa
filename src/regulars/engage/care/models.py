"""Care plans, what they did for whom, and what members bought that they are reminded of."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class CarePlan(models.Model):
    """A plan; `next_run_at` is when its work goes on, `pass_day` and `pass_after` how far the day's pass is."""

    pk = models.CompositePrimaryKey("brand_id", "key")
    brand_id = models.UUIDField()
    key = models.TextField()
    id = models.UUIDField(unique=True)
    organisation_id = models.UUIDField()
    kind = models.TextField()
    definition = models.JSONField()
    state = models.TextField(default="draft", db_default="draft")
    salt = models.TextField()
    activated_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField()
    next_run_at = models.DateTimeField(null=True)
    pass_day = models.DateField(null=True)
    pass_after = models.UUIDField(null=True)
    looked_until = models.DateTimeField(null=True)
    look_to = models.DateTimeField(null=True)
    rebuilt_after = models.UUIDField(null=True)
    rebuilding = models.BooleanField(default=False, db_default=False)
    typical = models.JSONField(default=dict, db_default={})
    problem = models.TextField(default="", db_default="")
    results = models.JSONField(default=dict, db_default={})
    results_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "care_plan"
        constraints = [
            models.CheckConstraint(
                name="care_plan_state", condition=Q(state__in=["draft", "active", "paused", "ended"])
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_run_at"],
                name="care_plan_due",
                condition=Q(state="active", next_run_at__isnull=False),
            ),
        ]


class CareMark(models.Model):
    """That a plan had its occasion with a member: exactly once, whatever is edited or started again.

    `measure_at` is when it is looked next at what she bought until `until`; NULL when that is settled.
    """

    pk = models.CompositePrimaryKey("member_id", "plan_id", "occasion")
    member_id = models.UUIDField()
    plan_id = models.UUIDField()
    occasion = models.TextField()
    brand_id = models.UUIDField()
    on_day = models.DateField()
    arm = models.TextField()  # treated | holdout | before
    at = models.DateTimeField()
    until = models.DateTimeField()
    bought_at = models.DateTimeField(null=True)
    orders = models.IntegerField(default=0, db_default=0)
    spend = models.BigIntegerField(default=0, db_default=0)
    cost = models.BigIntegerField(default=0, db_default=0)
    measure_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "care_mark"
        constraints = [
            models.CheckConstraint(
                name="care_mark_arm", condition=Q(arm__in=["treated", "holdout", "before"])
            ),
        ]
        indexes = [
            models.Index(fields=["plan_id", "-at"], name="care_mark_of_plan"),
            models.Index(
                fields=["measure_at"], name="care_mark_measure", condition=Q(measure_at__isnull=False)
            ),
        ]


class CareItem(models.Model):
    """Something bought that a plan reminds of: a machine to be serviced, a thing that runs out.

    `next_on` is the day of the next reminder; NULL when it is over (`ended_why`: returned, resold, done).
    """

    pk = models.CompositePrimaryKey("member_id", "plan_id", "thing")
    member_id = models.UUIDField()
    plan_id = models.UUIDField()
    thing = models.TextField()
    brand_id = models.UUIDField()
    label = models.TextField(default="", db_default="")
    bought_on = models.DateField()
    times = models.IntegerField(default=1, db_default=1)
    interval_days = models.IntegerField(null=True)
    done = models.IntegerField(default=0, db_default=0)
    next_on = models.DateField(null=True)
    ended_why = models.TextField(default="", db_default="")
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "care_item"
        indexes = [
            models.Index(
                fields=["plan_id", "next_on", "member_id"],
                name="care_item_due",
                condition=Q(next_on__isnull=False),
            ),
            models.Index(fields=["plan_id", "thing"], name="care_item_thing"),
        ]
