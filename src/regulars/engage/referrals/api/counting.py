"""What friends buy: the order that counts, the check when its return window is over, staff's review."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from regulars.engage.referrals.api.coming import suspicions
from regulars.engage.referrals.api.settings import settings_of
from regulars.engage.referrals.policy import judging
from regulars.engage.referrals.policy.judging import Suspicion
from regulars.engage.referrals.store import people as store
from regulars.engage.referrals.telling import announce_friends
from regulars.engage.referrals.types import ReferralRow, Settings
from regulars.kit.errors import conflict, not_found
from regulars.kit.periods import start_of_day, zone
from regulars.kit.text import Text
from regulars.platform.audit import api as audit
from regulars.platform.due import api as due
from regulars.platform.organisations.types import Brand, Scope

REFERRAL = Text("推荐", "Referral")


def note_orders(*, brand: Brand, orders: Sequence[tuple[UUID, UUID, datetime, int]], now: datetime) -> int:
    """Orders of (member, activity, when, net) of members who came by others: the first that is enough waits.

    One that lapsed goes on where the order was made in time and came late. Gives how many did. In the caller's
    transaction. The order that a friend counts by is the first that is enough and kept: `check_due` says whose went
    back, so that their other orders can be handed over again.
    """
    if not orders:
        return 0
    with connection.cursor() as cursor:
        rows = store.read(cursor, brand_id=brand.id, member_ids={o[0] for o in orders}, lock=True)
        waiting = {id_: row for id_, row in rows.items() if row.state == "joined" or _lapsed(row)}
        if not waiting:
            return 0
        terms = settings_of(brand_id=brand.id, versions={row.setting for row in waiting.values()})
        count = 0
        for member_id, activity_id, at, net in sorted(orders, key=lambda o: (o[2], o[1])):
            row = waiting.get(member_id)
            if row is None or at < row.joined_at or not judging.enough(terms[row.setting], net):
                continue
            if terms[row.setting].order_within_days:
                last = judging.first_check(terms[row.setting], row.joined_at)
                if last is not None and at > last:
                    continue
            del waiting[member_id]
            ends = judging.window_end(terms[row.setting], at)
            store.update(
                cursor,
                brand_id=brand.id,
                member_id=member_id,
                values={
                    "state": "waiting", "order_id": activity_id, "order_amount": net, "ordered_at": at,
                    "window_ends_at": ends, "next_run_at": ends, "reason": "", "ended_at": None,
                },
            )  # fmt: skip
            count += 1
    return count


def _lapsed(row: ReferralRow) -> bool:
    return row.state == "lapsed" and row.reason in ("no_order", "refunded")


def note_refunds(*, brand: Brand, orders: Sequence[tuple[UUID, UUID]], now: datetime) -> None:
    """Orders (member, activity) of which something went back: those that friends count by are looked at again."""
    if not orders:
        return
    with connection.cursor() as cursor:
        rows = store.read(cursor, brand_id=brand.id, member_ids={o[0] for o in orders}, lock=True)
        for member_id, activity_id in orders:
            row = rows.get(member_id)
            if row is not None and row.order_id == activity_id and row.state in ("waiting", "qualified"):
                store.update(cursor, brand_id=brand.id, member_id=member_id, values={"next_run_at": now})


def claim_due(*, now: datetime, limit: int) -> list[tuple[UUID, UUID]]:
    """(brand, member) of referrals whose time has come, held until the caller's transaction ends."""
    return [
        (row[0], row[1])
        for row in due.claim(table="referral", key=("brand_id", "member_id"), now=now, limit=limit)
    ]


def check_due(
    *,
    brand: Brand,
    member_ids: Sequence[UUID],
    nets: Mapping[UUID, int],
    inactive: frozenset[UUID] | set[UUID],
    now: datetime,
) -> tuple[list[tuple[ReferralRow, Settings]], list[tuple[ReferralRow, Settings]], list[ReferralRow]]:
    """Look at claimed referrals, `nets` saying what is left of their orders: who qualifies, whose rewards go back, and
    whose order went back in its window, so that they wait for another.

    Recruiters' rows are held, so that the last place under a cap is taken once. The caller gives and takes rewards
    in the same transaction.
    """
    qualified: list[tuple[ReferralRow, Settings]] = []
    returned: list[tuple[ReferralRow, Settings]] = []
    waiting: list[ReferralRow] = []
    told: list[tuple[str, UUID, UUID, str]] = []
    with connection.cursor() as cursor:
        rows = store.read(cursor, brand_id=brand.id, member_ids=member_ids, lock=True)
        terms = settings_of(brand_id=brand.id, versions={row.setting for row in rows.values()})
        recruiters = {row.recruiter_id for row in rows.values()}
        store.hold_recruiters(cursor, brand_id=brand.id, member_ids=recruiters)
        local = now.astimezone(zone(brand.timezone)).date()
        counts = store.qualified_counts(
            cursor,
            brand_id=brand.id,
            recruiters=recruiters,
            day=start_of_day(local, brand.timezone),
            month=start_of_day(local.replace(day=1), brand.timezone),
        )
        seen = suspicions(
            brand=brand, recruiters={id_: row.recruiter_id for id_, row in rows.items()}, inactive=inactive
        )
        for member_id, row in sorted(rows.items()):
            state, reason, next_at = _outcome(row, terms[row.setting], nets, seen, counts, now)
            values: dict[str, Any] = {"next_run_at": next_at}
            if state == "joined" and row.state == "waiting":
                values |= {
                    "state": state, "reason": reason, "order_id": None, "order_amount": 0, "ordered_at": None,
                    "window_ends_at": None,
                }  # fmt: skip
                waiting.append(row)
            elif state != row.state:
                values |= {"state": state, "reason": reason}
                told.append((state, member_id, row.recruiter_id, reason))
                if state == "qualified":
                    values["qualified_at"] = now
                    for place in range(3):
                        counts[row.recruiter_id][place] += 1
                    store.add_qualified(cursor, brand_id=brand.id, recruiter_id=row.recruiter_id, number=1)
                    qualified.append((row, terms[row.setting]))
                else:
                    values["ended_at"] = now
                if state == "returned":
                    store.add_qualified(cursor, brand_id=brand.id, recruiter_id=row.recruiter_id, number=-1)
                    returned.append((row, terms[row.setting]))
            store.update(cursor, brand_id=brand.id, member_id=member_id, values=values)
    announce_friends(brand, told, now)
    return qualified, returned, waiting


def _outcome(
    row: ReferralRow,
    terms: Settings,
    nets: Mapping[UUID, int],
    seen: Mapping[UUID, Suspicion],
    counts: Mapping[UUID, Sequence[int]],
    now: datetime,
) -> tuple[str, str, datetime | None]:
    """State, reason and next look of one referral."""
    if row.state == "joined":
        last = judging.first_check(terms, row.joined_at)
        if last is not None and now >= last:
            return "lapsed", row.reason or "no_order", None
        return "joined", row.reason, last
    net = nets.get(row.member_id, 0)
    if row.state == "qualified":
        gone = terms.take_back and not judging.enough(terms, net)
        return ("returned", "refunded", None) if gone else ("qualified", "", None)
    if row.state != "waiting":
        return row.state, row.reason, None
    if not judging.enough(terms, net):
        return "joined", "refunded", judging.first_check(terms, row.joined_at)
    if row.window_ends_at is not None and now < row.window_ends_at:
        return "waiting", "", row.window_ends_at
    if not row.cleared:
        reason = judging.judge(seen[row.member_id], terms)
        if reason:
            return "refused", reason, None
    full = judging.over_cap(terms.caps, *counts[row.recruiter_id])
    return ("refused", full, None) if full else ("qualified", "", None)


def note_costs(*, brand_id: UUID, costs: Mapping[UUID, int]) -> None:
    """What the rewards of qualified friends cost, in minor units."""
    with connection.cursor() as cursor:
        for member_id, cost in sorted(costs.items()):
            store.update(cursor, brand_id=brand_id, member_id=member_id, values={"cost": cost})


def review(
    *, scope: Scope, brand: Brand, member_id: UUID, counts: bool, note: str, now: datetime
) -> ReferralRow:
    """Staff look at a refused referral: it counts after all (and goes on where it stood), or stays refused.

    Raises `not_found`, and `not_refused` (409) for one that was not refused.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        row = store.read(cursor, brand_id=scope.brand_id, member_ids=[member_id], lock=True).get(member_id)
        if row is None:
            raise not_found(REFERRAL)
        if row.state != "refused":
            raise conflict(
                "not_refused", "只有未通过的推荐可以复核", "Only a refused referral can be reviewed"
            )
        values: dict[str, Any] = {"reviewed_by": scope.actor.label, "note": note}
        if counts:
            terms = settings_of(brand_id=scope.brand_id, versions=[row.setting])[row.setting]
            ordered = row.order_id is not None
            values |= {
                "cleared": True,
                "state": "waiting" if ordered else "joined",
                "reason": "",
                "ended_at": None,
                "next_run_at": now if ordered else judging.first_check(terms, row.joined_at),
            }
        else:
            values |= {"cleared": False}
        store.update(cursor, brand_id=scope.brand_id, member_id=member_id, values=values)
        audit.record_many(
            [
                audit.entry(
                    organisation_id=scope.organisation_id,
                    brand_id=scope.brand_id,
                    actor=scope.actor,
                    action="referrals.review",
                    subject_type="referral",
                    subject_id=member_id,
                    before={"state": row.state, "reason": row.reason},
                    after={"counts": counts, "note": note},
                    now=now,
                )
            ]
        )
        return store.read(cursor, brand_id=scope.brand_id, member_ids=[member_id])[member_id]
