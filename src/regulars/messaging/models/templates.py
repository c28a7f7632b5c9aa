"""Operators' templates and their versions."""

from __future__ import annotations

from django.db import models


class MessageTemplate(models.Model):
    """A template of a brand's; `live` is the number of the approved version that is sent, `newest` that of the last."""

    id = models.UUIDField(primary_key=True)
    organisation_id = models.UUIDField()
    brand_id = models.UUIDField()
    code = models.TextField()
    name = models.JSONField()
    purpose = models.TextField()
    archived = models.BooleanField(default=False, db_default=False)
    live = models.IntegerField(null=True)
    newest = models.IntegerField()
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "message_template"
        constraints = [
            models.UniqueConstraint(fields=["brand_id", "code"], name="message_template_code"),
            models.CheckConstraint(
                name="message_template_purpose", condition=models.Q(purpose__in=["marketing", "service"])
            ),
        ]


class MessageTemplateVersion(models.Model):
    """One version. Its words change while it is a draft, never afterwards. `made_by_id` may not approve it."""

    pk = models.CompositePrimaryKey("template_id", "number")
    template_id = models.UUIDField()
    number = models.IntegerField()
    brand_id = models.UUIDField()
    state = models.TextField()
    origin = models.TextField(default="staff", db_default="staff")
    contents = models.JSONField()
    channels = models.JSONField()
    links = models.JSONField(default=dict)
    samples = models.JSONField(default=dict)
    made_by = models.TextField()
    made_by_id = models.UUIDField(null=True)
    made_at = models.DateTimeField()
    submitted_by = models.TextField(default="", db_default="")
    submitted_by_id = models.UUIDField(null=True)
    submitted_at = models.DateTimeField(null=True)
    decided_by = models.TextField(default="", db_default="")
    decided_at = models.DateTimeField(null=True)
    note = models.TextField(default="", db_default="")

    class Meta:
        db_table = "message_template_version"
        constraints = [
            models.CheckConstraint(
                name="message_template_version_state",
                condition=models.Q(state__in=["draft", "submitted", "approved", "rejected"]),
            ),
            # one version at a time is worked on or waits
            models.UniqueConstraint(
                fields=["template_id"],
                name="message_template_version_open",
                condition=models.Q(state__in=["draft", "submitted"]),
            ),
        ]
