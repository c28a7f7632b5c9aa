"""The manifest: which Parquet files are the warehouse, and up to where each source has been exported.

A file counts from the moment its row is committed; a file without a row is not there for any reader.
"""

from __future__ import annotations

from django.db import models


class WarehousePart(models.Model):
    """One Parquet file of one table and one month of occurrence (`members`: a snapshot, without a month).

    `max_id`: the greatest id of the source's rows in it. A part that was merged into a larger one, or a snapshot
    that a newer one replaced, is retired: readers who began before keep it until it is swept.
    """

    pk = models.CompositePrimaryKey("brand_id", "id")
    brand_id = models.UUIDField()
    id = models.UUIDField()
    table = models.TextField()
    month = models.DateField(null=True)
    path = models.TextField()  # within the brand's directory
    rows = models.BigIntegerField()
    bytes = models.BigIntegerField()
    max_id = models.UUIDField(null=True)
    made_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "warehouse_part"
        indexes = [
            models.Index(
                fields=["brand_id", "table", "month"],
                name="warehouse_part_live",
                condition=models.Q(retired_at__isnull=True),
            )
        ]


class WarehouseMark(models.Model):
    """Up to where a source has been exported: every row with an id below `mark` is in a part.

    Rows above it may be as well; the export looks them up by id. `complete_at`: the instant whose data is all in.
    """

    pk = models.CompositePrimaryKey("brand_id", "source")
    brand_id = models.UUIDField()
    source = models.TextField()
    mark = models.UUIDField()
    complete_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "warehouse_mark"
