"""What a brand calls its product categories, and which of their codes its orders have had."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class CategoryRow(models.Model):
    """A code of a brand's categories. Both names empty: met in orders and not named yet."""

    pk = models.CompositePrimaryKey("brand_id", "code")
    brand_id = models.UUIDField()
    code = models.TextField()
    name_zh = models.TextField(default="", db_default="")
    name_en = models.TextField(default="", db_default="")
    lines = models.BigIntegerField(default=0, db_default=0)
    last_sold = models.DateField(null=True)

    class Meta:
        db_table = "product_category"
        constraints = [
            models.CheckConstraint(
                name="product_category_counted",
                condition=Q(lines=0, last_sold__isnull=True) | Q(lines__gt=0, last_sold__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["brand_id", "-lines", "code"], name="product_category_most_sold"),
        ]
