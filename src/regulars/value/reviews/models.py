"""Rules of suspicion, what they count, the cases they opened, and the phones of staff (as hashes)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class ReviewWatch(models.Model):
    """A brand's rules."""

    brand_id = models.UUIDField(primary_key=True)
    rules = models.JSONField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "review_watch"


class ReviewCounter(models.Model):
    """How often something happened in one window; swept when the window is over."""

    counter = models.UUIDField(primary_key=True)
    brand_id = models.UUIDField()
    subject = models.TextField()
    count = models.IntegerField()
    until = models.DateTimeField()

    class Meta:
        db_table = "review_counter"
        indexes = [
            models.Index(fields=["until"], name="review_counter_over"),
            models.Index(fields=["brand_id", "subject"], name="review_counter_subject"),
        ]


class ReviewCase(models.Model):
    """Something held for review, until somebody releases or confirms it."""

    pk = models.CompositePrimaryKey("member_id", "id")
    member_id = models.UUIDField()
    id = models.UUIDField()
    brand_id = models.UUIDField()
    kind = models.TextField()  # earn | burn | verification | staff
    rule = models.TextField()
    activity_id = models.UUIDField(null=True)
    subject = models.TextField(default="", db_default="")
    detail = models.JSONField(default=dict, db_default={})
    actor = models.TextField(default="", db_default="")
    store_id = models.UUIDField(null=True)
    state = models.TextField(default="open", db_default="open")  # open | released | confirmed
    opened_at = models.DateTimeField()
    decided_by = models.TextField(default="", db_default="")
    decided_at = models.DateTimeField(null=True)
    comment = models.TextField(default="", db_default="")

    class Meta:
        db_table = "review_case"
        constraints = [
            models.CheckConstraint(
                name="review_case_state", condition=Q(state__in=["open", "released", "confirmed"])
            )
        ]
        indexes = [models.Index(fields=["brand_id", "state", "-id"], name="review_case_queue")]


class StaffPhone(models.Model):
    """The blind index of a member of staff's own phone: who she is as a member."""

    staff_id = models.UUIDField(primary_key=True)
    organisation_id = models.UUIDField()
    phone_hash = models.UUIDField()

    class Meta:
        db_table = "staff_phone"
