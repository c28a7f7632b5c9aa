"""The consent ledger: append-only acts, the state they come to, and the texts that were agreed to."""

from __future__ import annotations

from django.db import models


class ConsentText(models.Model):
    """A text as it stood when somebody first agreed to it; never changed. `hash` is the SHA-256 of both languages, so a
    version whose words were changed without a new number is two texts."""

    pk = models.CompositePrimaryKey("brand_id", "hash")
    brand_id = models.UUIDField()
    hash = models.TextField()
    zh = models.TextField()
    en = models.TextField()
    first_used_at = models.DateTimeField()

    class Meta:
        db_table = "consent_text"


class ConsentAct(models.Model):
    """One yes or no. Never changed: taking back is another act."""

    pk = models.CompositePrimaryKey("member_id", "id")
    member_id = models.UUIDField()
    id = models.UUIDField()
    brand_id = models.UUIDField()
    purpose = models.TextField()
    channel = models.TextField(default="", db_default="")
    granted = models.BooleanField()
    version = models.TextField()
    text_hash = models.TextField()
    language = models.TextField()
    source = models.TextField()
    actor = models.TextField()
    note = models.TextField(default="", db_default="")
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "consent_act"


class ConsentState(models.Model):
    """What holds now: the newest act by when it happened. Rewritten with every act; `consent_act` is the proof."""

    pk = models.CompositePrimaryKey("member_id", "brand_id", "purpose", "channel")
    member_id = models.UUIDField()
    brand_id = models.UUIDField()
    purpose = models.TextField()
    channel = models.TextField()
    granted = models.BooleanField()
    version = models.TextField()
    act_id = models.UUIDField()
    occurred_at = models.DateTimeField()

    class Meta:
        db_table = "consent_state"
        indexes = [
            models.Index(
                fields=["brand_id", "channel", "member_id"],
                name="consent_state_granted",
                condition=models.Q(purpose="marketing", granted=True),
            )
        ]
