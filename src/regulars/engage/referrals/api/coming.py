"""Friends and recruiters as they come: joined, judged at once, attempts that cannot count, who is behind whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from regulars.engage.referrals.api.settings import get_settings
from regulars.engage.referrals.policy import judging
from regulars.engage.referrals.policy.judging import Suspicion
from regulars.engage.referrals.store import people as store
from regulars.engage.referrals.telling import announce_friends
from regulars.engage.referrals.types import Coming, ReferralRow
from regulars.kit.ids import new_id
from regulars.platform.organisations.types import Brand


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
        seen = suspicions(
            brand=brand,
            recruiters={one.member_id: one.recruiter_id for one in comings},
            inactive=inactive,
        )
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
    announce_friends(
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


def known_members(*, brand_id: UUID, member_ids: Iterable[UUID]) -> set[UUID]:
    """Those who came by another member or opened a link: whose orders matter here."""
    with connection.cursor() as cursor:
        return store.known(cursor, brand_id=brand_id, member_ids=member_ids)


def same_people(*, brand_id: UUID, member_ids: Iterable[UUID]) -> dict[UUID, set[UUID]]:
    """By member: the others who were seen with her numbers or on her devices."""
    found: dict[UUID, set[UUID]] = {}
    with connection.cursor() as cursor:
        for member_id, _, _, other, _ in store.shared_marks(cursor, brand_id=brand_id, member_ids=member_ids):
            found.setdefault(member_id, set()).add(other)
    return found


def suspicions(
    *, brand: Brand, recruiters: Mapping[UUID, UUID], inactive: frozenset[UUID] | set[UUID]
) -> dict[UUID, Suspicion]:
    """What is known of friends, given by friend → recruiter.

    Of strangers only those count who were there first: who joins later on a friend's device does not undo her.
    """
    with connection.cursor() as cursor:
        chains = store.chains(cursor, brand_id=brand.id, pairs=list(recruiters.items()))
        marks = store.shared_marks(cursor, brand_id=brand.id, member_ids=list(recruiters))
    phones: dict[UUID, set[UUID]] = {}
    devices: dict[UUID, dict[UUID, set[UUID]]] = {}
    for member_id, kind, mark, other, earlier in marks:
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
