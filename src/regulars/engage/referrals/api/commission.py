"""Promoters (KOC): earned by orders, frozen for the return window, taken back with refunds, settled by the month."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from uuid import UUID

from django.db import connection, transaction

from regulars.engage.referrals.api.settings import get_settings
from regulars.engage.referrals.policy import commission as policy
from regulars.engage.referrals.store import commission as store
from regulars.engage.referrals.telling import announce, note_audit
from regulars.engage.referrals.types import (
    CommissionRow,
    EntryRow,
    Imbalance,
    OrderFacts,
    Promoter,
)
from regulars.kit import paging
from regulars.kit.errors import invalid_field, not_found
from regulars.kit.paging import Page
from regulars.kit.text import Text
from regulars.platform.due import api as due
from regulars.platform.organisations.types import Brand, Scope

PROMOTER = Text("推广员", "Promoter")
_STATES = ("active", "paused", "ended")


def put_promoter(
    *,
    scope: Scope,
    member_id: UUID,
    level: str,
    state: str,
    tax_note: str | None = None,
    staff_note: str | None = None,
    now: datetime,
) -> Promoter:
    """Make a member a promoter, or change her level, state or notes. Earlier orders keep their rates.

    `tax_note` is on her statements and shown to her, `staff_note` is for staff alone; None leaves a note as it is.
    """
    terms = get_settings(brand_id=scope.brand_id).commission
    if terms.level(level) is None:
        known = ", ".join(one.code for one in terms.levels) or "–"
        raise invalid_field(
            "level",
            "unknown_level",
            f"没有这个等级，可用：{known}",
            f"There is no such level; known: {known}",
        )
    if state not in _STATES:
        shown = ", ".join(_STATES)
        raise invalid_field("state", "unknown_choice", f"应为其中之一：{shown}", f"Must be one of: {shown}")
    with transaction.atomic(), connection.cursor() as cursor:
        before = store.promoters(cursor, brand_id=scope.brand_id, member_ids=[member_id], lock=True).get(
            member_id
        )
        notes = {
            "tax_note": (before.tax_note if before else "") if tax_note is None else tax_note.strip(),
            "staff_note": (before.staff_note if before else "") if staff_note is None else staff_note.strip(),
        }
        store.put_promoter(
            cursor, brand_id=scope.brand_id, member_id=member_id, level=level, state=state, **notes, now=now
        )
        # the log says that a note was written, not what it says of her
        written = [name for name, text in notes.items() if text != (getattr(before, name) if before else "")]
        note_audit(
            scope,
            "commission.promoter",
            member_id,
            {} if before is None else {"level": before.level, "state": before.state},
            {"level": level, "state": state, "notes_changed": written},
            now,
        )
        return store.promoters(cursor, brand_id=scope.brand_id, member_ids=[member_id])[member_id]


def promoters_of(*, brand_id: UUID, member_ids: Iterable[UUID]) -> dict[UUID, Promoter]:
    with connection.cursor() as cursor:
        return store.promoters(cursor, brand_id=brand_id, member_ids=member_ids)


def list_promoters(
    *, brand_id: UUID, cursor: str | None = None, limit: int = paging.DEFAULT_LIMIT
) -> Page[Promoter]:
    """Newest first."""
    limit = max(1, min(limit, paging.MAX_LIMIT))
    with connection.cursor() as db:
        rows = store.list_promoters(db, brand_id=brand_id, before=paging.decode_at(cursor), limit=limit + 1)
    return paging.cut(rows, limit, lambda row: (row.since.isoformat(), row.member_id))


def earn(
    *,
    brand: Brand,
    orders: Sequence[tuple[OrderFacts, UUID, str, UUID | None]],
    now: datetime,
) -> int:
    """Commission of (order, promoter, via, share); of promoters who are active, once an order and promoter.

    Frozen until the return window is over. Gives how many orders earned. In the caller's transaction.
    """
    terms = get_settings(brand_id=brand.id).commission
    if not terms.enabled or not orders:
        return 0
    rows: list[tuple[UUID, str, str, int, UUID | None, str, str, str]] = []
    told = []
    with connection.cursor() as cursor:
        accounts = store.promoters(cursor, brand_id=brand.id, member_ids={o[1] for o in orders}, lock=True)
        for order, member_id, via, share_id in orders:
            account = accounts.get(member_id)
            level = terms.level(account.level) if account and account.state == "active" else None
            if account is None or level is None or order.ordered_at < account.since:
                continue
            lines = [(net, level.percent_of(category)) for category, _, net in order.lines]
            total, _ = policy.commission(lines)
            made = CommissionRow(
                member_id=member_id,
                order_id=order.order_id,
                buyer_id=order.member_id,
                via="share" if via == "share" else "friend",
                level=level.code,
                base=sum(net for net, _ in lines),
                amount=total,
                state="frozen",
                ordered_at=order.ordered_at,
                thaws_at=order.ordered_at + timedelta(days=terms.freeze_days),
            )
            if store.add_commission(
                cursor,
                brand_id=brand.id,
                row=made,
                share_id=share_id,
                lines=[[net, str(percent)] for net, percent in lines],
            ):
                if total:
                    rows.append((member_id, "frozen", "earn", total, order.order_id, "", "", "system"))
                told.append((member_id, {"activity_id": str(order.order_id), "amount": total}))
        store.post(cursor, brand_id=brand.id, rows=rows, now=now)
    announce(brand, "commission.earned", told, now)
    return len(told)


def follow_refunds(*, brand: Brand, orders: Sequence[OrderFacts], now: datetime) -> None:
    """Take back what refunded orders no longer earn, to the fen: the commission of what is left, less what there was.

    In the caller's transaction.
    """
    if not orders:
        return
    by_order = {one.order_id: one for one in orders}
    rows: list[tuple[UUID, str, str, int, UUID | None, str, str, str]] = []
    told = []
    with connection.cursor() as cursor:
        ids = set(by_order)
        holders = {row.member_id for row, _ in store.commissions_of(cursor, brand_id=brand.id, order_ids=ids)}
        store.promoters(cursor, brand_id=brand.id, member_ids=holders, lock=True)
        for row, lines in store.commissions_of(cursor, brand_id=brand.id, order_ids=ids):
            nets = [net for _, _, net in by_order[row.order_id].lines]
            left = [
                (min(net, was), Fraction(percent)) for net, (was, percent) in zip(nets, lines, strict=True)
            ]
            total, _ = policy.commission(left)
            change = total - row.amount
            store.set_commission(
                cursor,
                member_id=row.member_id,
                order_id=row.order_id,
                base=sum(net for net, _ in left),
                amount=total,
            )
            if change:
                rows.append((row.member_id, row.state, "claw_back", change, row.order_id, "", "", "system"))
                told.append((row.member_id, {"activity_id": str(row.order_id), "amount": change}))
        store.post(cursor, brand_id=brand.id, rows=rows, now=now)
    announce(brand, "commission.clawed_back", told, now)


def thaw_due(*, now: datetime, limit: int = 500) -> int:
    """Commission whose return window is over can be settled; gives how many orders."""
    with transaction.atomic(), connection.cursor() as cursor:
        keys = due.claim(table="commission", key=("member_id", "order_id", "brand_id"), now=now, limit=limit)
        if not keys:
            return 0
        by_brand: dict[UUID, list[tuple[UUID, UUID]]] = {}
        for member_id, order_id, brand_id in keys:
            by_brand.setdefault(brand_id, []).append((member_id, order_id))
        for brand_id, mine in sorted(by_brand.items()):
            store.promoters(cursor, brand_id=brand_id, member_ids={m for m, _ in mine}, lock=True)
            rows: list[tuple[UUID, str, str, int, UUID | None, str, str, str]] = []
            for _, member_id, order_id, amount in sorted(store.thaw(cursor, keys=mine)):
                if amount:
                    rows.append((member_id, "frozen", "thaw", -amount, order_id, "", "", "system"))
                    rows.append((member_id, "open", "thaw", amount, order_id, "", "", "system"))
            store.post(cursor, brand_id=brand_id, rows=rows, now=now)
    return len(keys)


def adjust(*, scope: Scope, member_id: UUID, amount: int, note: str, now: datetime) -> Promoter:
    """Add to (or take from) what can be settled, with a reason that her statement shows."""
    if not amount or abs(amount) > 10**12:
        raise invalid_field("amount", "out_of_range", "金额不能为 0", "The amount must not be 0")
    if not note.strip():
        raise invalid_field("note", "required", "请写明原因", "Say why")
    with transaction.atomic(), connection.cursor() as cursor:
        if member_id not in store.promoters(
            cursor, brand_id=scope.brand_id, member_ids=[member_id], lock=True
        ):
            raise not_found(PROMOTER)
        store.post(
            cursor,
            brand_id=scope.brand_id,
            rows=[(member_id, "open", "adjust", amount, None, "", note.strip(), scope.actor.label)],
            now=now,
        )
        note_audit(scope, "commission.adjust", member_id, {}, {"amount": amount, "note": note.strip()}, now)
        return store.promoters(cursor, brand_id=scope.brand_id, member_ids=[member_id])[member_id]


def list_commissions(
    *, brand_id: UUID, member_id: UUID, cursor: str | None = None, limit: int = paging.DEFAULT_LIMIT
) -> Page[CommissionRow]:
    """Orders a promoter earned by, newest first."""
    limit = max(1, min(limit, paging.MAX_LIMIT))
    with connection.cursor() as db:
        rows = store.list_commissions(
            db,
            brand_id=brand_id,
            member_id=member_id,
            before=paging.decode_at(cursor),
            limit=limit + 1,
        )
    return paging.cut(rows, limit, lambda row: (row.ordered_at.isoformat(), row.order_id))


def list_entries(*, brand_id: UUID, member_id: UUID, limit: int = 100) -> list[EntryRow]:
    """Her newest movements."""
    with connection.cursor() as cursor:
        return store.newest_entries(cursor, brand_id=brand_id, member_id=member_id, limit=limit)


def commission_differences(*, brand_id: UUID | None = None) -> list[Imbalance]:
    """Where entries, accounts, orders and statements do not agree; empty when the books are right."""
    with connection.cursor() as cursor:
        return store.differences(cursor, brand_id=brand_id)
