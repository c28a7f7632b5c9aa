"""What checkouts announce: `checkout.committed`, `.returned`, `.cancelled`, `.reopened`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from regulars.kit.ids import new_id
from regulars.platform.organisations.types import Scope
from regulars.platform.outbox import api as outbox
from regulars.platform.outbox.types import Event
from regulars.value.checkouts.types import CheckoutRow


def announce(
    scope: Scope, rows: Sequence[tuple[CheckoutRow, Mapping[str, Any]]], topic: str, now: datetime
) -> None:
    """One event for each checkout, with more of what happened."""
    outbox.append(
        [
            Event(
                id=new_id(),
                organisation_id=scope.organisation_id,
                brand_id=scope.brand_id,
                topic=topic,
                payload={"checkout_id": str(row.id), "number": row.number, "source": row.source, **more},
                occurred_at=now,
                recorded_at=now,
                member_id=row.member_id,
            )
            for row, more in rows
        ]
    )
