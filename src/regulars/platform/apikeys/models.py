"""API keys of a brand. The secret itself is nowhere."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models


class ApiKey(models.Model):
    """`secret_hash` is SHA-256: the secret has 256 random bits, so a slow hash would protect nothing more."""

    id = models.UUIDField(primary_key=True)
    brand = models.ForeignKey("organisations.Brand", on_delete=models.PROTECT, related_name="+")
    name = models.TextField()
    prefix = models.TextField()
    secret_hash = models.BinaryField(max_length=32)
    permissions = ArrayField(models.TextField())
    is_test = models.BooleanField(default=False)
    created_by = models.UUIDField(null=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "api_key"
        constraints = [models.UniqueConstraint(fields=["prefix"], name="api_key_prefix_unique")]
