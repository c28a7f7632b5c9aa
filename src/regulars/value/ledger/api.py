"""Door of the ledger: reading value, proving the books. Posting goes through `flows`, under the member's lock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from django.db import connection

from regulars.kit import paging, partitions
from regulars.kit.paging import Page
from regulars.value.ledger import owed, reads, reconcile
from regulars.value.ledger.types import Account, Difference, EntryRow, ExpiryDay, HoldRow, LotRow


def get_balances(*, brand_id: UUID, member_ids: Sequence[UUID]) -> Mapping[UUID, dict[str, Account]]:
    """Accounts by member and unit."""
    with connection.cursor() as cursor:
        return reads.balances(cursor, brand_id=brand_id, member_ids=member_ids)


def get_balances_as_of(
    *, brand_id: UUID, member_id: UUID, at: datetime, known_at: datetime | None = None
) -> dict[str, Account]:
    """Accounts by unit as they stood at `at`, by what is known now or was known at `known_at`."""
    with connection.cursor() as cursor:
        return reads.balances_as_of(cursor, brand_id=brand_id, member_id=member_id, at=at, known_at=known_at)


def list_entries(
    *,
    brand_id: UUID,
    member_id: UUID,
    unit: str | None = None,
    cursor: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> Page[EntryRow]:
    """A member's entries, newest recorded first."""
    after = paging.decode_id(cursor)
    with connection.cursor() as db:
        rows = reads.entries(
            db,
            brand_id=brand_id,
            member_id=member_id,
            unit=unit,
            after=after,
            limit=limit + 1,
        )
    return paging.cut(rows, limit, lambda r: (r.id,))


def entries_of_activity(*, member_id: UUID, activity_id: UUID) -> list[EntryRow]:
    """What one activity moved, in order."""
    with connection.cursor() as cursor:
        return reads.entries_of_activity(cursor, member_id=member_id, activity_id=activity_id)


def list_lots(
    *, brand_id: UUID, member_id: UUID, unit: str | None = None, open_only: bool = True, limit: int = 200
) -> list[LotRow]:
    """A member's lots, soonest-expiring first."""
    with connection.cursor() as cursor:
        return reads.lots(
            cursor, brand_id=brand_id, member_id=member_id, unit=unit, open_only=open_only, limit=limit
        )


def get_lots(*, brand_id: UUID, member_id: UUID, ids: Sequence[UUID]) -> dict[UUID, LotRow]:
    """Lots of a member by id, open or closed."""
    with connection.cursor() as cursor:
        found = reads.lots_by_id(cursor, brand_id=brand_id, member_id=member_id, ids=ids)
    return {lot.id: lot for lot in found}


def expiry_schedule(
    *, brand_id: UUID, member_id: UUID, timezone: str, unit: str | None = None, limit: int = 400
) -> list[ExpiryDay]:
    """What expires on which business day, soonest first."""
    with connection.cursor() as cursor:
        return reads.expiry_schedule(
            cursor, brand_id=brand_id, member_id=member_id, timezone=timezone, unit=unit, limit=limit
        )


def next_expiries(
    *, brand_id: UUID, unit: str, member_ids: Sequence[UUID]
) -> dict[UUID, tuple[datetime, int]]:
    """When each member's value of a unit expires next and how much of it does: one query for all of them."""
    with connection.cursor() as cursor:
        return reads.next_expiries(cursor, brand_id=brand_id, unit=unit, member_ids=member_ids)


def list_expired(*, brand_id: UUID, member_id: UUID) -> list[tuple[datetime, str, int]]:
    """(instant, unit, amount) of what a member lost by expiry, newest first."""
    with connection.cursor() as cursor:
        return reads.expired(cursor, brand_id=brand_id, member_id=member_id)


def get_holds(*, ids: Sequence[tuple[UUID, UUID]]) -> dict[UUID, HoldRow]:
    """Holds by id, from (member id, hold id) pairs."""
    with connection.cursor() as cursor:
        return {hold.id: hold for hold in reads.holds(cursor, ids=ids)}


def list_holds(*, brand_id: UUID, member_id: UUID, limit: int = 100) -> list[HoldRow]:
    """A member's holds, newest first."""
    with connection.cursor() as cursor:
        return reads.holds_of(cursor, brand_id=brand_id, member_id=member_id, limit=limit)


def daily_totals(
    *, brand_id: UUID, unit: str, since: date, until: date, timezone: str
) -> list[tuple[date, str, int]]:
    """(business day, kind, sum) of earns, burns, expiries, claw-backs and adjustments in [since, until)."""
    with connection.cursor() as cursor:
        return reads.daily_totals(
            cursor, brand_id=brand_id, unit=unit, since=since, until=until, timezone=timezone
        )


def get_outstanding(*, brand_id: UUID) -> dict[str, dict[str, int]]:
    """Sums of all members' balances by unit."""
    with connection.cursor() as cursor:
        return reads.outstanding(cursor, brand_id=brand_id)


def list_expiring_members(
    *,
    brand_id: UUID,
    units: Sequence[str],
    since: datetime,
    until: datetime,
    after: tuple[UUID, str] | None,
    limit: int,
) -> list[tuple[UUID, str, int]]:
    """(member, unit, amount) of what expires in (since, until], by member and unit, going on after the pair given."""
    with connection.cursor() as cursor:
        return reads.expiring_members(
            cursor,
            brand_id=brand_id,
            units=units,
            since=since,
            until=until,
            after=(str(after[0]), after[1]) if after else None,
            limit=limit,
        )


def get_expiring(*, brand_id: UUID, unit: str, until: datetime) -> int:
    """What of all members' value of a unit expires before `until`."""
    with connection.cursor() as cursor:
        return reads.expiring(cursor, brand_id=brand_id, unit=unit, until=until)


def expiring_by_month(*, brand_id: UUID, unit: str, until: datetime, timezone: str) -> dict[date, int]:
    """What of all members' value of a unit ends in which business month, by its first day."""
    with connection.cursor() as cursor:
        return reads.expiring_by_month(cursor, brand_id=brand_id, unit=unit, until=until, timezone=timezone)


def outstanding_by_cohort(*, brand_id: UUID, timezone: str) -> list[tuple[str, date, int, int, int, int]]:
    """(unit, business month in which it came, open lots, what came, what is left of it, what of it expired)."""
    with connection.cursor() as cursor:
        return owed.cohorts(cursor, brand_id=brand_id, timezone=timezone)


def outstanding_by_end(*, brand_id: UUID, timezone: str) -> list[tuple[str, date | None, int]]:
    """(unit, business month in which it ends or None, what is left of open lots)."""
    with connection.cursor() as cursor:
        return owed.by_end(cursor, brand_id=brand_id, timezone=timezone)


def roll_forward(
    *, brand_id: UUID, since: datetime, until: datetime, opening: bool = True
) -> tuple[dict[str, int], list[tuple[str, str, int]]]:
    """What members held before `since` by unit (if asked for), and (unit, programme account, Σ) of what moved in
    [since, until).
    """
    with connection.cursor() as cursor:
        before = owed.opening(cursor, brand_id=brand_id, at=since) if opening else {}
        return before, owed.movements(cursor, brand_id=brand_id, since=since, until=until)


def contra_total(*, brand_id: UUID, unit: str, contra: str) -> int:
    """Σ of what came to members from one account of the programme."""
    with connection.cursor() as cursor:
        return owed.contra_total(cursor, brand_id=brand_id, unit=unit, contra=contra)


def reconcile_books(*, brand_id: UUID | None = None, limit: int = 1000) -> list[Difference]:
    """Every breach of Σ entries = balances = Σ lots and of the programme totals; empty: the books balance."""
    with connection.cursor() as cursor:
        return reconcile.differences(cursor, brand_id=brand_id, limit=limit)


def programme_totals(*, brand_id: UUID | None = None) -> list[tuple[UUID, str, int, int, dict[str, int]]]:
    """(brand, unit, held by members, Σ programme side, that side by account)."""
    with connection.cursor() as cursor:
        return reconcile.totals(cursor, brand_id=brand_id)


def keep_partitions(*, now: datetime) -> int:
    """Due work: the coming months' partitions."""
    with connection.cursor() as cursor:
        return partitions.keep(cursor, "entry", now)
