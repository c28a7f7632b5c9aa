"""Statements of promoters: drawn up for a past month, confirmed by a second person, marked as paid."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from regulars.engage.referrals.policy import commission as policy
from regulars.engage.referrals.store import commission as store
from regulars.engage.referrals.telling import announce, note_audit
from regulars.engage.referrals.types import EntryRow, Promoter, StatementRow
from regulars.kit import paging
from regulars.kit.errors import conflict, invalid_field, not_found
from regulars.kit.paging import Page
from regulars.kit.periods import end_of_month, start_of_day
from regulars.kit.text import Text
from regulars.platform.organisations.types import Brand, Scope

STATEMENT = Text("结算单", "Statement")
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


def draft_statements(
    *, scope: Scope, brand: Brand, month: str, member_ids: Sequence[UUID] | None = None, now: datetime
) -> Page[StatementRow]:
    """Draw up (again) a past month's statements, of all promoters or of some; confirmed ones stay as they are.

    Gives the first page of all that the month has.

    Refuses (422) a month that is not over, and leaves out promoters whose statement before is still a draft, and those
    who have one of a later month: that covers all that came before it.
    """
    until = _end_of(month, brand)
    if until > now:
        raise invalid_field("month", "not_over", "该月还没有结束", "The month is not over")
    made = 0
    with transaction.atomic(), connection.cursor() as cursor:
        if member_ids is None:
            member_ids = store.promoter_ids(cursor, brand_id=scope.brand_id)
        accounts = store.promoters(cursor, brand_id=scope.brand_id, member_ids=member_ids, lock=True)
        for member_id, account in sorted(accounts.items()):
            before = store.last_statement(cursor, brand_id=scope.brand_id, member_id=member_id, before=month)
            if before is not None and before[2] == "draft":
                continue
            if store.has_later(cursor, brand_id=scope.brand_id, member_id=member_id, month=month):
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
        note_audit(scope, "commission.draft", month, {}, {"month": month, "statements": made}, now)
    return list_statements(brand_id=scope.brand_id, month=month)


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
        announce(brand, "commission.confirmed", [(member_id, {"month": month, "payout": row.payout})], now)
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
        announce(brand, "commission.paid", [(member_id, {"month": month, "payout": row.payout})], now)
        return _read(cursor, scope, member_id, month)


def list_statements(
    *,
    brand_id: UUID,
    month: str = "",
    member_id: UUID | None = None,
    cursor: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> Page[StatementRow]:
    """Newest month first, the largest payout first."""
    limit = max(1, min(limit, paging.MAX_LIMIT))
    key = paging.decode_as(cursor, _month, int, UUID)
    with connection.cursor() as db:
        rows = store.list_statements(
            db,
            brand_id=brand_id,
            month=month,
            member_id=member_id,
            limit=limit + 1,
            after=(key[0], key[1], key[2]) if key else None,
        )
    return paging.cut(rows, limit, _place)


def walk_statements(
    *, brand_id: UUID, month: str = "", size: int = paging.MAX_PORTION
) -> Iterator[list[StatementRow]]:
    """Every statement, of one month or all, in portions and the order of `list_statements`."""
    last: tuple[str, int, UUID] | None = None
    while True:
        with connection.cursor() as cursor:
            found = store.list_statements(
                cursor, brand_id=brand_id, month=month, member_id=None, limit=size, after=last
            )
        if found:
            yield found
        if len(found) < size:
            return
        last = _place(found[-1])


def _place(row: StatementRow) -> tuple[str, int, UUID]:
    return row.month, row.payout, row.member_id


def _month(text: str) -> str:
    """A month in a cursor. Raises ValueError."""
    return f"{date.fromisoformat(f'{text}-01'):%Y-%m}"


def get_statement(*, brand_id: UUID, member_id: UUID, month: str) -> tuple[StatementRow, list[EntryRow]]:
    """A statement and the entries it is the sum of. Raises `not_found`."""
    with connection.cursor() as cursor:
        found = store.read_statement(cursor, brand_id=brand_id, member_id=member_id, month=month)
        if found is None:
            raise not_found(STATEMENT)
        row, _, from_seq, to_seq = found
        entries = store.entries(cursor, brand_id=brand_id, member_id=member_id, above=from_seq, up_to=to_seq)
    return row, [one for one in entries if one.account == "open" and one.kind != "confirm"]


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
    note_audit(
        scope,
        f"commission.{values['state']}",
        row.member_id,
        {"state": row.state},
        {"state": values["state"], "month": row.month, "payout": row.payout},
        now,
    )
