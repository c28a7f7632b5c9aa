"""Members by the hundred thousand, for what is done to many at once: their ids in order, and what makes them known."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db import connection

from regulars.facts.members.store import selecting
from regulars.facts.members.types import MemberFilter
from regulars.kit.errors import invalid_field
from regulars.platform.organisations.types import Scope


def count_matching(*, scope: Scope, given: MemberFilter) -> int:
    """How many active members of the brand (of the scope's stores) a filter finds; it cannot search by `q`."""
    _without_search(given)
    with connection.cursor() as cursor:
        return selecting.count(cursor, brand_id=scope.brand_id, given=given, store_ids=scope.store_ids)


def list_ids(
    *,
    scope: Scope,
    given: MemberFilter,
    after: UUID | None,
    limit: int,
    among: Iterable[UUID] | None = None,
) -> list[UUID]:
    """The next `limit` active members that a filter finds (`among` these), by id, behind `after`."""
    _without_search(given)
    with connection.cursor() as cursor:
        return selecting.ids(
            cursor,
            brand_id=scope.brand_id,
            given=given,
            store_ids=scope.store_ids,
            after=after,
            limit=limit,
            among=among,
        )


def person_keys(*, member_ids: Iterable[UUID]) -> dict[UUID, list[UUID]]:
    """The hashes of members' phone numbers, by member: what a natural person is known by beside her id."""
    with connection.cursor() as cursor:
        return selecting.phones(cursor, member_ids=member_ids)


def _without_search(given: MemberFilter) -> None:
    if given.q.strip():
        raise invalid_field("q", "not_allowed", "批量操作不支持搜索词", "A search cannot select many members")
