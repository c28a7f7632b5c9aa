"""Due work on prepaid value: gift cards whose time is over, freezes that end."""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction

from regulars.flows.prepaid.packages import unfreeze_package
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import SYSTEM, Scope
from regulars.value.prepaid.store import cards, purchases

BATCH = 1000


def expire_cards(now: datetime) -> int:
    """Sold cards that nobody claimed in time expire; set-based, two workers do not meet."""
    with transaction.atomic(), connection.cursor() as cursor:
        return cards.expire_due(cursor, now=now, limit=BATCH)


def thaw(now: datetime) -> int:
    """Freezes that are over end. Each package's member is locked in turn; who came first has done it."""
    with connection.cursor() as cursor:
        rows = purchases.thaw_due(cursor, now=now, limit=BATCH)
    for row in rows:
        brand = organisations.get_brand(brand_id=row.brand_id)
        scope = Scope(brand.organisation_id, brand.id, SYSTEM, frozenset())
        unfreeze_package(
            scope=scope, member_id=row.member_id, package_id=row.id, key=f"due:{row.id}", now=now
        )
    return len(rows)
