"""The outbox and its consumers' positions."""

from __future__ import annotations

from typing import Any

from django.db import models


class Xid8Field(models.Field):  # type: ignore[type-arg]
    """PostgreSQL's 64-bit transaction id."""

    def db_type(self, connection: Any) -> str:
        return "xid8"


class OutboxRow(models.Model):
    """Append-only, partitioned by month over the id's time; old months are dropped whole.

    The table has no primary key: ids are unique by construction, an index on random `(member_id, id)` would be its
    dearest part, and one on `(id)` alone could not be unique once the table is distributed by member. `made_in` is the
    transaction that wrote the row, by which consumers know what they have seen.
    """

    id = models.UUIDField(primary_key=True)
    organisation_id = models.UUIDField()
    brand_id = models.UUIDField()
    member_id = models.UUIDField()
    topic = models.TextField()
    payload = models.JSONField()
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    made_in = Xid8Field()

    class Meta:
        db_table = "outbox"  # made by hand in the migration


class OutboxConsumer(models.Model):
    """`seen` is the snapshot up to which everything was handled; between `seen` and `target` it is under way, and
    everything of that window up to and including `last_id` is done. Windows, not ids: see `store`."""

    name = models.TextField(primary_key=True)
    seen = models.TextField()
    target = models.TextField(default="")
    last_id = models.UUIDField(null=True)
    moved_at = models.DateTimeField(null=True)
    last_error = models.TextField(default="")

    class Meta:
        db_table = "outbox_consumer"
