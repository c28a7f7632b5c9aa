"""Activities: append-only, partitioned by month over the time-ordered id (see the migration)."""

from __future__ import annotations

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models.functions import Now


class Activity(models.Model):
    """One act of a member, with the effects first decided for it. Never updated: repairs add `Redecision` rows."""

    pk = models.CompositePrimaryKey("member_id", "id")
    member_id = models.UUIDField()
    id = models.UUIDField()
    brand_id = models.UUIDField()
    type = models.TextField()
    status = models.TextField(default="applied", db_default="applied")  # applied | waiting
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())
    source = models.TextField()
    channel = models.TextField(default="", db_default="")
    store_id = models.UUIDField(null=True)
    subject = models.TextField(default="", db_default="")  # order number of order, refund, delivery, burn
    amount = models.BigIntegerField(default=0, db_default=0)  # net of an order; negative for a refund
    version = models.IntegerField(default=0, db_default=0)
    actor = models.TextField(default="", db_default="")
    body = models.JSONField()
    receipt = (
        models.TextField()
    )  # JSON that is only ever read whole: as text it costs no parsing on the way in

    class Meta:
        db_table = "activity"
        indexes = [BrinIndex(fields=["recorded_at", "occurred_at"], name="activity_instants")]


class Redecision(models.Model):
    """The effects of an activity after a late one changed what it earns; the newest row counts."""

    pk = models.CompositePrimaryKey("member_id", "id")
    member_id = models.UUIDField()
    id = models.UUIDField()
    brand_id = models.UUIDField()
    activity_id = models.UUIDField()
    cause_id = models.UUIDField()
    version = models.IntegerField()
    receipt = models.TextField()
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "redecision"
        indexes = [models.Index(fields=["member_id", "activity_id"], name="redecision_activity")]


class ActivityKey(models.Model):
    """Directory of idempotency and natural keys. `body_hash` tells the same body from another under one key."""

    key_hash = models.UUIDField(primary_key=True)
    brand_id = models.UUIDField()
    member_id = models.UUIDField()
    activity_id = models.UUIDField()
    body_hash = models.UUIDField()

    class Meta:
        db_table = "activity_key"


class OrderState(models.Model):
    """What has happened to an order since: refunds by line, burns that paid for it, delivery, refunds that wait for it.

    Made when the first of these comes; most orders have none. `order_key` is the key hash of the order's number.
    """

    pk = models.CompositePrimaryKey("member_id", "order_key")
    member_id = models.UUIDField()
    order_key = models.UUIDField()
    brand_id = models.UUIDField()
    state = models.JSONField()

    class Meta:
        db_table = "order_state"


class ActivityType(models.Model):
    """A declared custom activity type of a brand with its typed fields."""

    pk = models.CompositePrimaryKey("brand_id", "code")
    brand_id = models.UUIDField()
    code = models.TextField()
    name_zh = models.TextField()
    name_en = models.TextField()
    fields = models.JSONField(default=list, db_default=[])
    archived_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "activity_type"
