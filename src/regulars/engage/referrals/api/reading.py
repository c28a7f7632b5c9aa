"""Friends and recruiters as staff read them: lists, attempts, the tree, the funnel."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import connection

from regulars.engage.referrals.api.links import days_of
from regulars.engage.referrals.store import links as link_store
from regulars.engage.referrals.store import people as store
from regulars.engage.referrals.types import AttemptRow, Branch, Funnel, ReferralRow
from regulars.kit import paging
from regulars.kit.paging import Page
from regulars.platform.organisations.types import Brand

DEEPEST_TREE = 6
MOST_TREE = 500


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
            before=paging.decode_at(cursor), limit=limit + 1,
        )  # fmt: skip
    return paging.cut(rows, limit, lambda row: (row.joined_at.isoformat(), row.member_id))


def list_attempts(
    *, brand_id: UUID, cursor: str | None = None, limit: int = paging.DEFAULT_LIMIT
) -> Page[AttemptRow]:
    limit = max(1, min(limit, paging.MAX_LIMIT))
    with connection.cursor() as db:
        rows = store.attempts(db, brand_id=brand_id, before=paging.decode_at(cursor), limit=limit + 1)
    return paging.cut(rows, limit, lambda row: (row.at.isoformat(), row.id))


def qualified_between(
    *, brand_id: UUID, since: datetime, until: datetime
) -> list[tuple[UUID, UUID, datetime]]:
    """(recruiter, friend, instant) of friends who qualified in [since, until) and did not lose it since."""
    with connection.cursor() as cursor:
        return store.qualified_between(cursor, brand_id=brand_id, since=since, until=until)


def friend_counts(*, brand_id: UUID, recruiter_id: UUID) -> dict[str, int]:
    """How many friends of a member stand where."""
    with connection.cursor() as cursor:
        return store.friend_counts(cursor, brand_id=brand_id, recruiter_id=recruiter_id)


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
        rows = store.roots(db, brand_id=brand_id, before=paging.decode_as(cursor, int, UUID), limit=limit + 1)
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
