"""What the installation knows of its own keys: enough to notice a wrong one before it is used."""

from __future__ import annotations

from django.db import models


class FieldKey(models.Model):
    """The fingerprint of a key that has encrypted something here. Starting with another key under this number
    is refused, since it could read nothing and would write what the right one cannot read."""

    key_id = models.SmallIntegerField(primary_key=True)
    fingerprint = models.BinaryField()

    class Meta:
        db_table = "field_key"
        constraints = [models.CheckConstraint(condition=models.Q(key_id__gte=0), name="field_key_id_range")]
