"""The message log: what went to whom, by which channel, and what became of it; and what is told only once."""

from __future__ import annotations

from django.db import models


class Message(models.Model):
    """One message; only `read_at` (of the inbox) comes later. Lies with its recipient: `recipient_hash` is the keyed
    hash under which her identifier is found (`identity.key_hash`). Address and words are encrypted for this row."""

    pk = models.CompositePrimaryKey("recipient_hash", "id")
    recipient_hash = models.UUIDField()
    id = models.UUIDField()
    organisation_id = models.UUIDField()
    brand_id = models.UUIDField()
    channel = models.TextField()
    template = models.TextField()
    language = models.TextField()
    recipient = models.BinaryField()
    recipient_masked = models.TextField()
    subject = models.BinaryField()
    body = models.BinaryField()
    state = models.TextField()
    reference = models.TextField(default="", db_default="")
    error = models.TextField(default="", db_default="")
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "message"
        indexes = [models.Index(fields=["brand_id", "-id"], name="message_newest")]
        constraints = [
            models.CheckConstraint(
                name="message_channel", condition=models.Q(channel__in=["sms", "email", "inbox"])
            ),
            models.CheckConstraint(
                name="message_state", condition=models.Q(state__in=["sandboxed", "sent", "failed"])
            ),
        ]


class Notice(models.Model):
    """What a member has been told already. The row is written with the message; who writes it first tells her."""

    pk = models.CompositePrimaryKey("member_id", "brand_id", "kind", "key")
    member_id = models.UUIDField()
    brand_id = models.UUIDField()
    kind = models.TextField()
    key = models.TextField()
    created_at = models.DateTimeField()

    class Meta:
        db_table = "notice"
