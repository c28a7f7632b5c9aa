"""Coupons of a time before this system: written as they stood, counted as issued and used, announced to nobody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from uuid import UUID

from django.db import connection, transaction

from regulars.value.coupons.store import counting, holding
from regulars.value.coupons.types import Coupon


def record_history(*, brand_id: UUID, coupons: Sequence[Coupon]) -> int:
    """Write coupons as they are given, all new; definitions must be there. Returns how many."""
    with transaction.atomic(), connection.cursor() as cursor:
        holding.copy(cursor, coupons)
        issued = Counter(one.definition for one in coupons)
        used = Counter(one.definition for one in coupons if one.state == "used")
        for key, count in sorted(issued.items()):
            counting.take_all(cursor, counter=counting.issued(brand_id, key), amount=count, limit=None)
        for key, count in sorted(used.items()):
            counting.take_all(cursor, counter=counting.used(brand_id, key), amount=count, limit=None)
    return len(coupons)
