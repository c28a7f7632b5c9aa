"""Friends and recruiters: joined, ordered, checked when the return window is over, reviewed, and the reports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from regulars.engage.referrals.api.links import days_of
from regulars.engage.referrals.api.settings import get_settings, settings_of
from regulars.engage.referrals.policy import judging
from regulars.engage.referrals.policy.judging import Suspicion
from regulars.engage.referrals.store import links as link_store
from regulars.engage.referrals.store import people as store
from regulars.engage.referrals.types import AttemptRow, Branch, Coming, Funnel, ReferralRow, Settings
from regulars.kit import paging
from regulars.kit.errors import conflict, not_found
from regulars.kit.ids import new_id, new_ids
from regulars.kit.paging import Page
from regulars.kit.periods import start_of_day, zone
from regulars.kit.text import Text
from regulars.platform.audit import api as audit
from regulars.platform.due import api as due
from regulars.platform.organisations.types import Brand, Scope
from regulars.platform.outbox import api as outbox
from regulars.platform.outbox.types import Event

REFERRAL = Text("推荐", "Referral")
DEEPEST_TREE = 6
MOST_TREE = 500


def note_seen(
    *, brand: Brand, member_id: UUID, devices: Sequence[UUID] = (), phones: Sequence[UUID] = (), now: datetime
) -> None:
    """A member was seen on a device or with a phone number (hashes): kept, also when she changes them."""
    with connection.cursor() as cursor:
        store.add_marks(
            cursor,
            brand_id=brand.id,
            marks=[(d, member_id, "device") for d in devices] + [(p, member_id, "phone") for p in phones],
            now=now,
        )


def note_joined(
    *,
    brand: Brand,
    comings: Sequence[Coming],
    recruiter_phones: Mapping[UUID, Sequence[UUID]],
    inactive: frozenset[UUID] | set[UUID],
    now: datetime,
) -> dict[UUID, str]:
    """New members came by others: keep it, and judge. Gives each new referral's reason, empty where it counts.

    `recruiter_phones` are the recruiters' numbers (hashes), `inactive` the recruiters who are frozen or left. In the
    caller's transaction. Nothing is kept while the programme is off.
    """
    settings = get_settings(brand_id=brand.id)
    if not settings.enabled or not comings:
        return {}
    with connection.cursor() as cursor:
        marks = [(d, one.member_id, "device") for one in comings for d in one.devices]
        marks += [(p, one.member_id, "phone") for one in comings for p in one.phones]
        marks += [(p, r, "phone") for r, phones in recruiter_phones.items() for p in phones]
        store.add_marks(cursor, brand_id=brand.id, marks=marks, now=now)
        seen = _suspicions(cursor, brand, {one.member_id: one.recruiter_id for one in comings}, inactive)
        rows: list[dict[str, Any]] = []
        for one in comings:
            reason = judging.judge(seen[one.member_id], settings)
            rows.append(
                {
                    "member_id": one.member_id,
                    "recruiter_id": one.recruiter_id,
                    "share_id": one.share_id,
                    "setting": settings.version,
                    "state": "refused" if reason else "joined",
                    "reason": reason,
                    "joined_at": one.joined_at,
                    "next_run_at": None if reason else judging.first_check(settings, one.joined_at),
                    "ended_at": now if reason else None,
                }
            )
        new = store.insert(cursor, brand_id=brand.id, rows=rows)
    fresh = [row for row in rows if row["member_id"] in new]
    _announce(
        brand,
        [
            ("refused" if row["reason"] else "joined", row["member_id"], row["recruiter_id"], row["reason"])
            for row in fresh
        ],
        now,
    )
    return {row["member_id"]: row["reason"] for row in fresh}


def note_attempt(
    *, brand: Brand, member_id: UUID, recruiter_id: UUID | None, code: str, reason: str, now: datetime
) -> None:
    """Somebody tried a link that cannot count; once an hour for a member and code."""
    with connection.cursor() as cursor:
        if store.tried_since(
            cursor, brand_id=brand.id, member_id=member_id, code=code, since=now - timedelta(hours=1)
        ):
            return
        store.add_attempts(
            cursor, brand_id=brand.id, rows=[(member_id, new_id(), recruiter_id, code[:64], reason)], now=now
        )


def chain_of(*, brand_id: UUID, member_id: UUID) -> set[UUID]:
    """Everybody above a member and below her."""
    with connection.cursor() as cursor:
        return store.chains(cursor, brand_id=brand_id, pairs=[(member_id, member_id)])[member_id]


def referrals_of(*, brand_id: UUID, member_ids: Iterable[UUID]) -> dict[UUID, ReferralRow]:
    """How members came, of those who came by another."""
    with connection.cursor() as cursor:
        return store.read(cursor, brand_id=brand_id, member_ids=member_ids)


def note_orders(*, brand: Brand, orders: Sequence[tuple[UUID, UUID, datetime, int]], now: datetime) -> int:
    """Orders of (member, activity, when, net) of members who came by others: the first that is enough waits.

    Gives how many did. In the caller's transaction.
    """
    if not orders:
        return 0
    with connection.cursor() as cursor:
        rows = store.read(cursor, brand_id=brand.id, member_ids={o[0] for o in orders}, lock=True)
        waiting = {id_: row for id_, row in rows.items() if row.state == "joined"}
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
                    "window_ends_at": ends, "next_run_at": ends,
                },
            )  # fmt: skip
            count += 1
    return count


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
) -> tuple[list[tuple[ReferralRow, Settings]], list[tuple[ReferralRow, Settings]]]:
    """Look at claimed referrals, `nets` saying what is left of their orders: who qualifies, whose rewards go back.

    Recruiters' rows are held, so that the last place under a cap is taken once. The caller gives and takes rewards
    in the same transaction.
    """
    qualified: list[tuple[ReferralRow, Settings]] = []
    returned: list[tuple[ReferralRow, Settings]] = []
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
        seen = _suspicions(cursor, brand, {id_: row.recruiter_id for id_, row in rows.items()}, inactive)
        for member_id, row in sorted(rows.items()):
            state, reason, next_at = _outcome(row, terms[row.setting], nets, seen, counts, now)
            values: dict[str, Any] = {"next_run_at": next_at}
            if state != row.state:
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
    _announce(brand, told, now)
    return qualified, returned


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
            return "lapsed", "no_order", None
        return "joined", "", last
    net = nets.get(row.member_id, 0)
    if row.state == "qualified":
        gone = terms.take_back and not judging.enough(terms, net)
        return ("returned", "refunded", None) if gone else ("qualified", "", None)
    if row.state != "waiting":
        return row.state, row.reason, None
    if not judging.enough(terms, net):
        return "refused", "refunded", None
    if row.window_ends_at is not None and now < row.window_ends_at:
        return "waiting", "", row.window_ends_at
    if not row.cleared:
        reason = judging.judge(seen[row.member_id], terms)
        if reason:
            return "refused", reason, None
    full = judging.over_cap(terms.caps, *counts[row.recruiter_id])
    return ("refused", full, None) if full else ("qualified", "", None)


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


def list_referrals(
    *,
    brand_id: UUID,
    recruiter_id: UUID | None = None,
    state: str = "",
    reason: str = "",
    unreviewed: bool = False,
    cursor: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> Page[ReferralRow]:
    """Newest first; `unreviewed` are those refused that nobody has looked at."""
    limit = max(1, min(limit, paging.MAX_LIMIT))
    with connection.cursor() as db:
        rows = store.page(
            db, brand_id=brand_id, recruiter_id=recruiter_id, state=state, reason=reason, unreviewed=unreviewed,
            before=paging.decode(cursor, parts=2), limit=limit + 1,
        )  # fmt: skip
    return paging.cut(rows, limit, lambda row: (row.joined_at.isoformat(), row.member_id))


def list_attempts(
    *, brand_id: UUID, cursor: str | None = None, limit: int = paging.DEFAULT_LIMIT
) -> Page[AttemptRow]:
    limit = max(1, min(limit, paging.MAX_LIMIT))
    with connection.cursor() as db:
        rows = store.attempts(db, brand_id=brand_id, before=paging.decode(cursor, parts=2), limit=limit + 1)
    return paging.cut(rows, limit, lambda row: (row.at.isoformat(), row.id))


def tree(*, brand_id: UUID, root: UUID, depth: int = 3, limit: int = MOST_TREE) -> list[Branch]:
    """Who came by whom below a member, level by level, the root first; at most `limit` of them."""
    with connection.cursor() as cursor:
        return store.tree(
            cursor,
            brand_id=brand_id,
            root=root,
            depth=max(1, min(depth, DEEPEST_TREE)),
            limit=max(1, min(limit, MOST_TREE)),
        )


def roots(*, brand_id: UUID, cursor: str | None = None, limit: int = paging.DEFAULT_LIMIT) -> Page[Branch]:
    """Recruiters whom nobody recruited, those with most friends first."""
    limit = max(1, min(limit, paging.MAX_LIMIT))
    with connection.cursor() as db:
        rows = store.roots(db, brand_id=brand_id, before=paging.decode(cursor, parts=2), limit=limit + 1)
    return paging.cut(rows, limit, lambda row: (row.friends, row.member_id))


def funnel(*, brand: Brand, since: datetime, until: datetime) -> Funnel:
    """From links to qualified friends, of those who joined in [since, until)."""
    first, last = days_of(brand=brand, since=since, until=until)
    with connection.cursor() as cursor:
        joined, ordered, qualified, returned, cost, refused = store.funnel(
            cursor, brand_id=brand.id, since=since, until=until
        )
        sharers, visitors = link_store.counts(
            cursor, brand_id=brand.id, since=since, until=until, first_day=first, last_day=last
        )
    return Funnel(sharers, visitors, joined, ordered, qualified, refused, returned, cost)


def known_members(*, brand_id: UUID, member_ids: Iterable[UUID]) -> set[UUID]:
    """Those who came by another member or opened a link: whose orders matter here."""
    with connection.cursor() as cursor:
        return store.known(cursor, brand_id=brand_id, member_ids=member_ids)


def note_costs(*, brand_id: UUID, costs: Mapping[UUID, int]) -> None:
    """What the rewards of qualified friends cost, in minor units."""
    with connection.cursor() as cursor:
        for member_id, cost in sorted(costs.items()):
            store.update(cursor, brand_id=brand_id, member_id=member_id, values={"cost": cost})


def friend_counts(*, brand_id: UUID, recruiter_id: UUID) -> dict[str, int]:
    """How many friends of a member stand where."""
    with connection.cursor() as cursor:
        return store.friend_counts(cursor, brand_id=brand_id, recruiter_id=recruiter_id)


def same_people(*, brand_id: UUID, member_ids: Iterable[UUID]) -> dict[UUID, set[UUID]]:
    """By member: the others who were seen with her numbers or on her devices."""
    found: dict[UUID, set[UUID]] = {}
    with connection.cursor() as cursor:
        for member_id, _, _, other, _ in store.shared_marks(cursor, brand_id=brand_id, member_ids=member_ids):
            found.setdefault(member_id, set()).add(other)
    return found


def _suspicions(
    cursor: Any, brand: Brand, recruiters: Mapping[UUID, UUID], inactive: frozenset[UUID] | set[UUID]
) -> dict[UUID, Suspicion]:
    """What is known of friends, given by friend → recruiter.

    Of strangers only those count who were there first: who joins later on a friend's device does not undo her.
    """
    chains = store.chains(cursor, brand_id=brand.id, pairs=list(recruiters.items()))
    phones: dict[UUID, set[UUID]] = {}
    devices: dict[UUID, dict[UUID, set[UUID]]] = {}
    for member_id, kind, mark, other, earlier in store.shared_marks(
        cursor, brand_id=brand.id, member_ids=list(recruiters)
    ):
        if not earlier and other != recruiters[member_id] and other not in chains[member_id]:
            continue
        if kind == "phone":
            phones.setdefault(member_id, set()).add(other)
        else:
            devices.setdefault(member_id, {}).setdefault(mark, set()).add(other)
    return {
        friend: Suspicion(
            recruiter_id=recruiter,
            recruiter_active=recruiter not in inactive,
            phones=phones.get(friend, set()),
            devices=devices.get(friend, {}),
            chain=chains[friend],
        )
        for friend, recruiter in recruiters.items()
    }


def _announce(brand: Brand, told: Sequence[tuple[str, UUID, UUID, str]], now: datetime) -> None:
    outbox.append(
        [
            Event(
                id_,
                brand.organisation_id,
                brand.id,
                f"referral.{state}",
                {"recruiter_id": str(recruiter), **({"reason": reason} if reason else {})},
                now,
                now,
                member_id,
            )
            for (state, member_id, recruiter, reason), id_ in zip(told, new_ids(len(told)), strict=True)
        ]
    )
