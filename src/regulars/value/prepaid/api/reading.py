"""What members have bought, and cards as operators see them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import TypeVar
from uuid import UUID

from django.db import connection

from regulars.kit import paging
from regulars.kit.errors import not_found
from regulars.kit.paging import Page
from regulars.value.prepaid.store import cards, purchases
from regulars.value.prepaid.types import (
    BATCH,
    PACKAGE,
    TOP_UP,
    BatchRow,
    CardRow,
    GiftRefundRow,
    PackageRow,
    RepaymentRow,
    TopUpRow,
    TransferRow,
    UseRow,
)

Row = TypeVar("Row", TopUpRow, PackageRow, RepaymentRow, TransferRow)


def get_top_up(*, brand_id: UUID, member_id: UUID, top_up_id: UUID) -> TopUpRow:
    """Raises `not_found`."""
    with connection.cursor() as cursor:
        row = purchases.get(cursor, TopUpRow, brand_id=brand_id, member_id=member_id, id_=top_up_id)
    if row is None:
        raise not_found(TOP_UP)
    return row


def get_package(*, brand_id: UUID, member_id: UUID, package_id: UUID) -> PackageRow:
    """Raises `not_found`."""
    with connection.cursor() as cursor:
        row = purchases.get(cursor, PackageRow, brand_id=brand_id, member_id=member_id, id_=package_id)
    if row is None:
        raise not_found(PACKAGE)
    return row


def list_top_ups(
    *, brand_id: UUID, member_id: UUID, cursor: str | None = None, limit: int = 50
) -> Page[TopUpRow]:
    return _page(TopUpRow, brand_id, member_id, cursor, limit)


def list_packages(
    *, brand_id: UUID, member_id: UUID, cursor: str | None = None, limit: int = 50
) -> Page[PackageRow]:
    return _page(PackageRow, brand_id, member_id, cursor, limit)


def list_repayments(
    *, brand_id: UUID, member_id: UUID, cursor: str | None = None, limit: int = 50
) -> Page[RepaymentRow]:
    return _page(RepaymentRow, brand_id, member_id, cursor, limit)


def list_transfers(
    *, brand_id: UUID, member_id: UUID, cursor: str | None = None, limit: int = 50
) -> Page[TransferRow]:
    return _page(TransferRow, brand_id, member_id, cursor, limit)


def _page(kind: type[Row], brand_id: UUID, member_id: UUID, cursor: str | None, limit: int) -> Page[Row]:
    """Newest first."""
    after = paging.decode_at(cursor)
    with connection.cursor() as db:
        rows = purchases.list_of(
            db,
            kind,
            brand_id=brand_id,
            member_id=member_id,
            before=after,
            limit=limit + 1,
        )
    return paging.cut(rows, limit, lambda row: (row.created_at.isoformat(), row.id))


def list_uses(*, member_id: UUID, package_id: UUID) -> list[UseRow]:
    """Newest first, undone ones included (500 at most)."""
    with connection.cursor() as cursor:
        return purchases.uses_of(cursor, member_id=member_id, package_id=package_id)


def get_batch(*, brand_id: UUID, code: str) -> BatchRow:
    """Raises `not_found`."""
    with connection.cursor() as cursor:
        row = cards.get_batch(cursor, brand_id=brand_id, code=code)
    if row is None:
        raise not_found(BATCH)
    return row


def list_batches(*, brand_id: UUID, cursor: str | None = None, limit: int = 50) -> Page[BatchRow]:
    """Newest first."""
    after = paging.decode_id(cursor)
    with connection.cursor() as db:
        rows = cards.list_batches(db, brand_id=brand_id, after=after, limit=limit + 1)
    return paging.cut(rows, limit, lambda row: (row.id,))


def list_cards(
    *, brand_id: UUID, batch_id: UUID, state: str | None = None, cursor: str | None = None, limit: int = 50
) -> Page[CardRow]:
    """Cards of a batch by serial."""
    after = paging.decode_as(cursor, int)
    with connection.cursor() as db:
        rows = cards.cards_of_batch(
            db,
            brand_id=brand_id,
            batch_id=batch_id,
            state=state,
            after=after[0] if after else 0,
            limit=limit + 1,
        )
    return paging.cut(rows, limit, lambda row: (row.serial,))


def list_held_cards(*, brand_id: UUID, member_id: UUID) -> list[CardRow]:
    """A member's cards, newest claimed first (200 at most)."""
    with connection.cursor() as cursor:
        return cards.cards_held(cursor, brand_id=brand_id, member_id=member_id)


def batches_of(*, brand_id: UUID, ids: Iterable[UUID]) -> dict[UUID, BatchRow]:
    with connection.cursor() as cursor:
        return cards.batches_by_id(cursor, brand_id=brand_id, ids=ids)


def card_refunds_of(*, brand_id: UUID, hashes: Iterable[UUID]) -> dict[UUID, GiftRefundRow]:
    """By card, the money that went back for it before anybody claimed it."""
    with connection.cursor() as cursor:
        return cards.refunds_of(cursor, brand_id=brand_id, hashes=hashes)


def count_cards(*, brand_id: UUID, batch_ids: Sequence[UUID]) -> dict[UUID, dict[str, int]]:
    """By batch, how many cards are in which state."""
    with connection.cursor() as cursor:
        return cards.count_states(cursor, brand_id=brand_id, batch_ids=batch_ids)


def unclaimed_cards(*, brand_id: UUID) -> list[tuple[date, int, int]]:
    """(month sold, cards, value) of sold cards that nobody has claimed yet."""
    with connection.cursor() as cursor:
        return cards.unclaimed(cursor, brand_id=brand_id)


def claimed_total(*, brand_id: UUID) -> int:
    """The face of every card ever claimed: what the ledger must have had from them."""
    with connection.cursor() as cursor:
        return cards.claimed_total(cursor, brand_id=brand_id)
