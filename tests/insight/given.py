"""Members who bought, in numbers that are easy to reckon with."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID


def buyers(shop: Any, count: int, first: datetime) -> list[UUID]:
    """Member k (from 1) bought once, k yuan on the k-th day from the first; one more member never bought."""
    from tests.intake.world import order

    ids = [shop.member(f"139{k:08d}") for k in range(count + 1)][:count]
    ids.sort()
    for k, member in enumerate(ids):
        shop.one(order(member, f"o{k}", 100 * (k + 1), at=first + timedelta(days=k)))
    return ids
