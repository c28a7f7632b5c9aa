"""What became of messages by the parts of their keys, for rooms that ask under keys such as `journey:<run>:<node>`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection

from regulars.kit.ids import first_id_at
from regulars.messaging.store import parting
from regulars.messaging.types import Tally


def sends_by_parts(
    *,
    brand_id: UUID,
    source: str,
    parts: Sequence[int],
    since: datetime | None = None,
    before: datetime | None = None,
) -> dict[tuple[str, ...], list[Tally]]:
    """`sends_of`, by these parts of the keys: counted from 1, divided by colons, empty where a key is shorter. Of what
    was asked for in a time, where one is given."""
    with connection.cursor() as cursor:
        return parting.tallies(
            cursor,
            brand_id=brand_id,
            source=source,
            parts=parts,
            since=first_id_at(since) if since else None,
            before=first_id_at(before) if before else None,
        )
