"""The audit log: rows are added and read, never changed."""

from __future__ import annotations

from django.db import models


class AuditRow(models.Model):
    """One act. The migration takes UPDATE and DELETE on the table away from the application's role."""

    id = models.UUIDField(primary_key=True)
    organisation_id = models.UUIDField()
    brand_id = models.UUIDField(null=True)
    actor_kind = models.TextField()
    actor_id = models.UUIDField(null=True)
    actor_label = models.TextField()
    action = models.TextField()
    subject_type = models.TextField()
    subject_id = models.TextField()
    before = models.JSONField()
    after = models.JSONField()
    ip = models.GenericIPAddressField(null=True)
    request_id = models.TextField()
    at = models.DateTimeField()

    class Meta:
        db_table = "audit_entry"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(actor_kind__in=["staff", "api_key", "member", "system"]),
                name="audit_actor_kind",
            ),
            models.CheckConstraint(
                condition=models.Q(action__regex=r"^[a-z_]+\.[a-z_.]+$"), name="audit_action_form"
            ),
        ]
        indexes = [
            models.Index(fields=["organisation_id", "id"], name="audit_by_organisation"),
            models.Index(
                fields=["organisation_id", "subject_type", "subject_id", "id"], name="audit_by_subject"
            ),
            models.Index(fields=["organisation_id", "actor_id", "id"], name="audit_by_actor"),
        ]
