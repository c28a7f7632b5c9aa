"""Door of the checkouts room: what was sold through a quote, and what came back. Written by `flows.checkout`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection

from regulars.kit import paging
from regulars.kit.errors import not_found
from regulars.kit.paging import Page
from regulars.value.checkouts import store
from regulars.value.checkouts.types import CHECKOUT, CheckoutRow, ReturnRow


def save_checkouts(*, rows: Sequence[CheckoutRow]) -> bool:
    """Keep committed checkouts; False if a number was committed before and not reopened. In a transaction that holds
    their members and has looked at `revisions`: rows of the first revision must be new.
    """
    with connection.cursor() as cursor:
        store.add(cursor, [row for row in rows if row.revision == 1])
        again = [store.save(cursor, row) for row in rows if row.revision > 1]
        return all(again)


def revisions(*, keys: Sequence[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], int | None]:
    """As what each of (member, checkout) would be committed now: 1, the next where it was reopened, or None where it
    stands. Members are locked.
    """
    with connection.cursor() as cursor:
        before = store.existing(cursor, keys)
    found: dict[tuple[UUID, UUID], int | None] = dict.fromkeys(keys, 1)
    for key, (state, revision) in before.items():
        found[key] = revision + 1 if state == "reopened" else None
    return found


def get_checkout(*, brand_id: UUID, member_id: UUID, checkout_id: UUID, lock: bool = False) -> CheckoutRow:
    """One checkout of a member, locked until the transaction ends if asked. Raises `not_found`."""
    row = find_checkout(brand_id=brand_id, member_id=member_id, checkout_id=checkout_id, lock=lock)
    if row is None:
        raise not_found(CHECKOUT)
    return row


def find_checkout(
    *, brand_id: UUID, member_id: UUID, checkout_id: UUID, lock: bool = False
) -> CheckoutRow | None:
    """As `get_checkout`; None if there is none."""
    with connection.cursor() as cursor:
        return store.get(cursor, brand_id=brand_id, member_id=member_id, checkout_id=checkout_id, lock=lock)


def note_return(*, row: CheckoutRow, back: ReturnRow, state: str, returned: str) -> None:
    """Keep what came back, and where it leaves the checkout. In the transaction that locked it."""
    with connection.cursor() as cursor:
        store.add_return(cursor, back)
        closed_at = None if state == "partly_returned" else back.returned_at
        store.update(cursor, row=row, state=state, returned=returned, closed_at=closed_at)


def list_returns(*, member_id: UUID, checkout_id: UUID) -> list[ReturnRow]:
    """What came back of a checkout, oldest first."""
    with connection.cursor() as cursor:
        return store.list_returns(cursor, member_id=member_id, checkout_id=checkout_id)


def get_return(*, member_id: UUID, return_id: UUID) -> ReturnRow:
    """One return. Raises `not_found`."""
    with connection.cursor() as cursor:
        row = store.get_return(cursor, member_id=member_id, return_id=return_id)
    if row is None:
        raise not_found(CHECKOUT)
    return row


def find_return(*, member_id: UUID, checkout_id: UUID, number: str) -> ReturnRow | None:
    """What came back of a checkout under a return's number, if anything did."""
    with connection.cursor() as cursor:
        return store.find_return(cursor, member_id=member_id, checkout_id=checkout_id, number=number)


def which_exist(*, keys: Sequence[tuple[UUID, UUID]]) -> set[tuple[UUID, UUID]]:
    """Those of (member, checkout) that there are."""
    if not keys:
        return set()
    with connection.cursor() as cursor:
        return set(store.existing(cursor, keys))


def list_checkouts(
    *, brand_id: UUID, member_id: UUID, cursor: str | None = None, limit: int = paging.DEFAULT_LIMIT
) -> Page[CheckoutRow]:
    """A page of a member's checkouts, newest first."""
    limit = max(1, min(limit, paging.MAX_LIMIT))
    after = paging.decode_at(cursor)
    with connection.cursor() as db:
        rows = store.list_of_member(
            db,
            brand_id=brand_id,
            member_id=member_id,
            before=after,
            limit=limit + 1,
        )
    return paging.cut(rows, limit, lambda row: [row.committed_at.isoformat(), row.id])


def recent_of_store(*, brand_id: UUID, store_id: UUID, since: datetime, limit: int = 50) -> list[CheckoutRow]:
    """What a store sold since an instant, newest first: for the till's undo."""
    with connection.cursor() as cursor:
        return store.list_of_store(cursor, brand_id=brand_id, store_id=store_id, since=since, limit=limit)
