"""Promoters (KOC): earned by orders, frozen for the return window, taken back with refunds, settled by the month."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from regulars.engage.referrals.api.settings import get_settings
from regulars.engage.referrals.policy import commission as policy
from regulars.engage.referrals.store import commission as store
from regulars.engage.referrals.types import (
    CommissionRow,
    EntryRow,
    Imbalance,
    OrderFacts,
    Promoter,
    StatementRow,
)
from regulars.kit import paging
from regulars.kit.errors import conflict, invalid_field, not_found
from regulars.kit.ids import new_ids
from regulars.kit.paging import Page
from regulars.kit.periods import end_of_month, start_of_day
from regulars.kit.text import Text
from regulars.platform.audit import api as audit
from regulars.platform.due import api as due
from regulars.platform.organisations.types import Brand, Scope
from regulars.platform.outbox import api as outbox
from regulars.platform.outbox.types import Event

PROMOTER = Text("推广员", "Promoter")
STATEMENT = Text("结算单", "Statement")
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
_STATES = ("active", "paused", "ended")
MOST_PROMOTERS = 100_000


def put_promoter(
    *, scope: Scope, member_id: UUID, level: str, state: str, tax_note: str, now: datetime
) -> Promoter:
    """Make a member a promoter, or change her level, state or tax note. Earlier orders keep their rates."""
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
        store.put_promoter(
            cursor, brand_id=scope.brand_id, member_id=member_id, level=level, state=state, tax_note=tax_note, now=now
        )  # fmt: skip
        _audit(
            scope,
            "commission.promoter",
            member_id,
            {} if before is None else {"level": before.level, "state": before.state},
            {"level": level, "state": state, "tax_note_set": bool(tax_note)},
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
    limit = max(1, min(limit, MOST_PROMOTERS))
    with connection.cursor() as db:
        rows = store.list_promoters(
            db, brand_id=brand_id, before=paging.decode(cursor, parts=2), limit=limit + 1
        )
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
    _announce(brand, "commission.earned", told, now)
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
    _announce(brand, "commission.clawed_back", told, now)


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
        _audit(scope, "commission.adjust", member_id, {}, {"amount": amount, "note": note.strip()}, now)
        return store.promoters(cursor, brand_id=scope.brand_id, member_ids=[member_id])[member_id]


def draft_statements(
    *, scope: Scope, brand: Brand, month: str, member_ids: Sequence[UUID] | None = None, now: datetime
) -> list[StatementRow]:
    """Draw up (again) a past month's statements, of all promoters or of some; confirmed ones stay as they are.

    Refuses (422) a month that is not over, and leaves out promoters whose statement before is still a draft.
    """
    until = _end_of(month, brand)
    if until > now:
        raise invalid_field("month", "not_over", "该月还没有结束", "The month is not over")
    if member_ids is None:
        page = list_promoters(brand_id=scope.brand_id, limit=MOST_PROMOTERS)
        member_ids = [one.member_id for one in page.items]
    made = 0
    with transaction.atomic(), connection.cursor() as cursor:
        accounts = store.promoters(cursor, brand_id=scope.brand_id, member_ids=member_ids, lock=True)
        for member_id, account in sorted(accounts.items()):
            before = store.last_statement(cursor, brand_id=scope.brand_id, member_id=member_id, before=month)
            if before is not None and before[2] == "draft":
                continue
            from_seq, opening = (before[0], before[1]) if before else (0, 0)
            to_seq = max(
                from_seq,
                store.last_seq_before(cursor, brand_id=scope.brand_id, member_id=member_id, until=until),
            )
            sums = store.open_sums(
                cursor, brand_id=scope.brand_id, member_id=member_id, above=from_seq, up_to=to_seq
            )
            earned, clawed, adjusted = (sums.get(kind, 0) for kind in ("thaw", "claw_back", "adjust"))
            if not (opening or earned or clawed or adjusted):
                continue
            plan = policy.settle(
                opening=opening, earned=earned, clawed=clawed, adjusted=adjusted, open_now=account.open
            )
            made += store.put_statement(
                cursor,
                brand_id=scope.brand_id,
                values={
                    "member_id": member_id, "month": month, "state": "draft", "from_seq": from_seq, "to_seq": to_seq,
                    "opening": opening, "earned": earned, "clawed": clawed, "adjusted": adjusted,
                    "payout": plan.payout, "carried": plan.carried, "tax_note": account.tax_note,
                    "made_by": scope.actor.label, "made_by_id": scope.actor.id, "made_at": now,
                },
            )  # fmt: skip
        _audit(scope, "commission.draft", month, {}, {"month": month, "statements": made}, now)
        return store.list_statements(
            cursor, brand_id=scope.brand_id, month=month, member_id=None, limit=MOST_PROMOTERS
        )


def confirm_statement(
    *, scope: Scope, brand: Brand, member_id: UUID, month: str, now: datetime
) -> StatementRow:
    """A second person confirms a draft: its payout is owed from now on.

    Refusals: `own_draft` (409) to who drew it up, `statement_outdated` (409) where refunds came since, so that less
    is there than it pays; `not_a_draft` (409).
    """
    with transaction.atomic(), connection.cursor() as cursor:
        account, row, maker = _statement(cursor, scope, member_id, month)
        if row.state != "draft":
            raise conflict("not_a_draft", "该结算单已确认", "This statement is confirmed already")
        if maker is not None and maker == scope.actor.id:
            raise conflict("own_draft", "须由另一人确认", "Somebody else must confirm what you drew up")
        if row.payout and account.open < row.payout:
            raise conflict(
                "statement_outdated",
                "起草后有退款，请重新生成",
                "Refunds came since it was drawn up; draw it up again",
            )
        if row.payout:
            label = scope.actor.label
            store.post(
                cursor,
                brand_id=scope.brand_id,
                rows=[
                    (member_id, "open", "confirm", -row.payout, None, month, "", label),
                    (member_id, "confirmed", "confirm", row.payout, None, month, "", label),
                ],
                now=now,
            )
        _move(
            cursor,
            scope,
            row,
            {"state": "confirmed", "confirmed_by": scope.actor.label, "confirmed_at": now},
            now,
        )
        _announce(brand, "commission.confirmed", [(member_id, {"month": month, "payout": row.payout})], now)
        return _read(cursor, scope, member_id, month)


def mark_paid(
    *, scope: Scope, brand: Brand, member_id: UUID, month: str, reference: str, now: datetime
) -> StatementRow:
    """Note that a confirmed statement was paid, with the payment's reference. Raises `not_confirmed` (409)."""
    with transaction.atomic(), connection.cursor() as cursor:
        _, row, _ = _statement(cursor, scope, member_id, month)
        if row.state != "confirmed":
            raise conflict("not_confirmed", "须先确认再标记付款", "Only a confirmed statement can be paid")
        if row.payout:
            label = scope.actor.label
            store.post(
                cursor,
                brand_id=scope.brand_id,
                rows=[
                    (member_id, "confirmed", "pay", -row.payout, None, month, reference, label),
                    (member_id, "paid", "pay", row.payout, None, month, reference, label),
                ],
                now=now,
            )
        values = {"state": "paid", "paid_by": scope.actor.label, "paid_at": now, "reference": reference}
        _move(cursor, scope, row, values, now)
        _announce(brand, "commission.paid", [(member_id, {"month": month, "payout": row.payout})], now)
        return _read(cursor, scope, member_id, month)


def list_statements(
    *, brand_id: UUID, month: str = "", member_id: UUID | None = None, limit: int = MOST_PROMOTERS
) -> list[StatementRow]:
    """Newest month first, the largest payout first."""
    with connection.cursor() as cursor:
        return store.list_statements(cursor, brand_id=brand_id, month=month, member_id=member_id, limit=limit)


def get_statement(*, brand_id: UUID, member_id: UUID, month: str) -> tuple[StatementRow, list[EntryRow]]:
    """A statement and the entries it is the sum of. Raises `not_found`."""
    with connection.cursor() as cursor:
        found = store.read_statement(cursor, brand_id=brand_id, member_id=member_id, month=month)
        if found is None:
            raise not_found(STATEMENT)
        row, _, from_seq, to_seq = found
        entries = store.entries(cursor, brand_id=brand_id, member_id=member_id, above=from_seq, up_to=to_seq)
    return row, [one for one in entries if one.account == "open" and one.kind != "confirm"]


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
            before=paging.decode(cursor, parts=2),
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


def _end_of(month: str, brand: Brand) -> datetime:
    if not _MONTH.fullmatch(month):
        raise invalid_field("month", "bad_month", "月份应如 2026-05", "Must be a month such as 2026-05")
    return start_of_day(end_of_month(date.fromisoformat(f"{month}-01")), brand.timezone)


def _statement(
    cursor: Any, scope: Scope, member_id: UUID, month: str
) -> tuple[Promoter, StatementRow, UUID | None]:
    account = store.promoters(cursor, brand_id=scope.brand_id, member_ids=[member_id], lock=True).get(
        member_id
    )
    found = store.read_statement(cursor, brand_id=scope.brand_id, member_id=member_id, month=month, lock=True)
    if account is None or found is None:
        raise not_found(STATEMENT)
    return account, found[0], found[1]


def _read(cursor: Any, scope: Scope, member_id: UUID, month: str) -> StatementRow:
    found = store.read_statement(cursor, brand_id=scope.brand_id, member_id=member_id, month=month)
    assert found is not None
    return found[0]


def _move(cursor: Any, scope: Scope, row: StatementRow, values: dict[str, Any], now: datetime) -> None:
    store.set_statement(
        cursor, brand_id=scope.brand_id, member_id=row.member_id, month=row.month, values=values
    )
    _audit(
        scope,
        f"commission.{values['state']}",
        row.member_id,
        {"state": row.state},
        {"state": values["state"], "month": row.month, "payout": row.payout},
        now,
    )


def _audit(
    scope: Scope,
    action: str,
    subject: UUID | str,
    before: dict[str, Any],
    after: dict[str, Any],
    now: datetime,
) -> None:
    audit.record_many(
        [
            audit.entry(
                organisation_id=scope.organisation_id,
                brand_id=scope.brand_id,
                actor=scope.actor,
                action=action,
                subject_type="commission",
                subject_id=subject,
                before=before,
                after=after,
                now=now,
            )
        ]
    )


def _announce(brand: Brand, topic: str, told: Sequence[tuple[UUID, dict[str, Any]]], now: datetime) -> None:
    outbox.append(
        [
            Event(id_, brand.organisation_id, brand.id, topic, payload, now, now, member_id)
            for (member_id, payload), id_ in zip(told, new_ids(len(told)), strict=True)
        ]
    )
