"""Stored files: what they are; their bytes lie in the files directory under a random name."""

from __future__ import annotations

from django.db import models


class StoredFile(models.Model):
    id = models.UUIDField(primary_key=True)
    organisation_id = models.UUIDField()
    brand_id = models.UUIDField(null=True)
    kind = models.TextField()
    name = models.TextField()
    media_type = models.TextField()
    size = models.BigIntegerField()
    sha256 = models.BinaryField(max_length=32)
    path = models.TextField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "stored_file"
        constraints = [
            models.UniqueConstraint(fields=["path"], name="stored_file_path_unique"),
            models.CheckConstraint(condition=models.Q(size__gte=0), name="stored_file_size"),
        ]
        indexes = [
            models.Index(
                fields=["expires_at"],
                condition=models.Q(expires_at__isnull=False),
                name="stored_file_expiring",
            ),
            models.Index(fields=["organisation_id", "id"], name="stored_file_by_organisation"),
        ]
