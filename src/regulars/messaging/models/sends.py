"""What is asked to be sent, as due work; how much members were sent; to which addresses nothing goes any more."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

STATES = ["queued", "sending", "sent", "delivered", "failed", "skipped", "uncertain"]


class Send(models.Model):
    """One message asked for, and what became of it. A member's `key` is used once in a brand.

    `next_run_at`: when it is looked at next; while it is `sending` the end of its lease. `shard` is of the member: one
    worker decides at a time about a shard, so that caps hold. `words` are subject and body as they went, encrypted for
    this row. `log` holds `[instant, channel, outcome, detail]` of each decision and attempt. `counted_on` is the
    business day on which it counts towards caps.
    """

    pk = models.CompositePrimaryKey("member_id", "id")
    member_id = models.UUIDField()
    id = models.UUIDField()
    brand_id = models.UUIDField()
    shard = models.SmallIntegerField()
    key = models.TextField()
    source = models.TextField()
    origin = models.TextField(default="", db_default="")
    purpose = models.TextField()
    template = models.TextField()
    version = models.IntegerField(default=0, db_default=0)
    language = models.TextField(default="", db_default="")
    channels = ArrayField(models.TextField(), default=list, db_default=[])
    tried = ArrayField(models.TextField(), default=list, db_default=[])
    channel = models.TextField(default="", db_default="")
    account = models.TextField(default="", db_default="")
    input = models.JSONField(default=dict, db_default={})
    priority = models.SmallIntegerField(default=50, db_default=50)
    state = models.TextField(default="queued", db_default="queued")
    reason = models.TextField(default="", db_default="")
    error = models.TextField(default="", db_default="")
    reference = models.TextField(default="", db_default="")
    to_hash = models.UUIDField(null=True)
    to_masked = models.TextField(default="", db_default="")
    words = models.BinaryField(null=True)
    attempts = models.SmallIntegerField(default=0, db_default=0)
    counted_on = models.DateField(null=True)
    log = models.JSONField(default=list, db_default=[])
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    next_run_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    clicked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "send"
        indexes = [
            models.Index(
                fields=["shard", "next_run_at"],
                name="send_due",
                condition=models.Q(next_run_at__isnull=False),
            ),
            models.Index(fields=["next_run_at"], name="send_under_way", condition=models.Q(state="sending")),
            models.Index(fields=["brand_id", "-id"], name="send_newest"),
            models.Index(fields=["brand_id", "source", "-id"], name="send_source"),
            models.Index(
                fields=["brand_id", "reference"], name="send_reference", condition=~models.Q(reference="")
            ),
            models.Index(
                fields=["brand_id", "source", "reason", "id"],
                name="send_waiting",
                condition=models.Q(state="queued"),
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["member_id", "brand_id", "key"], name="send_key"),
            models.CheckConstraint(name="send_state", condition=models.Q(state__in=STATES)),
            models.CheckConstraint(
                name="send_purpose", condition=models.Q(purpose__in=["marketing", "service"])
            ),
            models.CheckConstraint(
                name="send_priority", condition=models.Q(priority__gte=0, priority__lte=100)
            ),
            # what waits has its time, what has ended has none
            models.CheckConstraint(
                name="send_due_while_open",
                condition=models.Q(state__in=["queued", "sending"], next_run_at__isnull=False)
                | (~models.Q(state__in=["queued", "sending"]) & models.Q(next_run_at__isnull=True)),
            ),
        ]


class SendCount(models.Model):
    """How many marketing messages a member was sent by a channel on a business day."""

    pk = models.CompositePrimaryKey("member_id", "brand_id", "day", "channel")
    member_id = models.UUIDField()
    brand_id = models.UUIDField()
    day = models.DateField()
    channel = models.TextField()
    count = models.IntegerField()

    class Meta:
        db_table = "send_count"


class Suppression(models.Model):
    """An address to which nothing goes by a channel, found by its keyed hash (`identity.key_hash`)."""

    pk = models.CompositePrimaryKey("address_hash", "brand_id", "channel")
    address_hash = models.UUIDField()
    brand_id = models.UUIDField()
    channel = models.TextField()
    masked = models.TextField()
    reason = models.TextField()
    note = models.TextField(default="", db_default="")
    actor = models.TextField(default="", db_default="")
    created_at = models.DateTimeField()

    class Meta:
        db_table = "suppression"
        indexes = [models.Index(fields=["brand_id", "-created_at"], name="suppression_newest")]
        constraints = [
            models.CheckConstraint(
                name="suppression_reason",
                condition=models.Q(reason__in=["bounced", "complained", "by_hand"]),
            )
        ]


class MessagePolicy(models.Model):
    """A brand's limits of sending; a brand without a row has those that come with Regulars."""

    brand_id = models.UUIDField(primary_key=True)
    value = models.JSONField()
    updated_at = models.DateTimeField()
    updated_by = models.TextField(default="", db_default="")

    class Meta:
        db_table = "message_policy"


class SendPace(models.Model):
    """What was taken of an account's limits: `day` and `taken` of its daily quota, `free_at` of its rate."""

    pk = models.CompositePrimaryKey("brand_id", "account")
    brand_id = models.UUIDField()
    account = models.TextField()
    day = models.DateField()
    taken = models.IntegerField(default=0, db_default=0)
    free_at = models.DateTimeField()

    class Meta:
        db_table = "send_pace"
