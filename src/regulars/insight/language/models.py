"""Members' texts as read, colleagues' labels of them, and alerts of topics that got worse."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

_MOODS = ["good", "neutral", "bad"]


class TextInsight(models.Model):
    """A text with its reading; `id` is the activity's. No row while the member's profiling is off."""

    pk = models.CompositePrimaryKey("member_id", "id")
    member_id = models.UUIDField()
    id = models.UUIDField()
    brand_id = models.UUIDField()
    at = models.DateTimeField()
    type = models.TextField()
    text = models.TextField()
    rating = models.IntegerField(null=True)
    language = models.TextField()
    mood = models.TextField()
    score = models.DecimalField(max_digits=4, decimal_places=3)
    topics = ArrayField(models.TextField(), default=list)
    needs = ArrayField(models.TextField(), default=list)
    reader = models.TextField(default="local")
    vector = models.BinaryField(
        null=True
    )  # what it means (alike.py); of the newest texts, where there is the extra

    class Meta:
        db_table = "text_insight"
        constraints = [
            models.CheckConstraint(name="text_insight_mood", condition=models.Q(mood__in=_MOODS)),
        ]
        indexes = [
            models.Index(fields=["brand_id", "-at", "-id"], name="text_insight_newest"),
            GinIndex(fields=["topics"], name="text_insight_topics"),
            GinIndex(fields=["needs"], name="text_insight_needs"),
        ]


class TextLabel(models.Model):
    """The mood a colleague read in a text: what the reading is measured against."""

    pk = models.CompositePrimaryKey("member_id", "id")
    member_id = models.UUIDField()
    id = models.UUIDField()
    brand_id = models.UUIDField()
    mood = models.TextField()
    by = models.TextField()
    at = models.DateTimeField()

    class Meta:
        db_table = "text_label"
        constraints = [
            models.CheckConstraint(name="text_label_mood", condition=models.Q(mood__in=_MOODS)),
        ]
        indexes = [models.Index(fields=["brand_id", "-at"], name="text_label_newest")]


class VoiceAlert(models.Model):
    """A topic (empty: all texts) whose share of bad texts rose, as announced."""

    pk = models.CompositePrimaryKey("brand_id", "id")
    brand_id = models.UUIDField()
    id = models.UUIDField()
    at = models.DateTimeField()
    topic = models.TextField()
    texts = models.IntegerField()
    bad = models.IntegerField()
    texts_before = models.IntegerField()
    bad_before = models.IntegerField()
    p = models.DecimalField(max_digits=31, decimal_places=30)
    seen_by = models.TextField(default="")
    seen_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "voice_alert"
        indexes = [models.Index(fields=["brand_id", "-at"], name="voice_alert_newest")]
