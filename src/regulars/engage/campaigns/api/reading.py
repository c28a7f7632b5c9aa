"""Reading runs, their members and what they brought."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from regulars.engage.campaigns.store import keeping, members
from regulars.engage.campaigns.types import RUN, Campaign, InRun, Result, Run
from regulars.kit import paging
from regulars.kit.errors import invalid_field, not_found
from regulars.kit.paging import Page

MemberRow = tuple[UUID, str, str, str, int, datetime]


def list_runs(*, campaign: Campaign) -> list[Run]:
    """A campaign's runs, newest first."""
    return keeping.runs_of(campaign_id=campaign.id)


def get_run(*, campaign: Campaign, number: int) -> Run:
    """Raises `not_found`."""
    for run in keeping.runs_of(campaign_id=campaign.id, limit=10_000):
        if run.number == number:
            return run
    raise not_found(RUN)


def campaigns_of(*, runs: Sequence[Run]) -> dict[UUID, Campaign]:
    """The campaigns of runs, by id."""
    return keeping.by_ids([one.campaign_id for one in runs])


def begun_since(*, brand_id: UUID, since: datetime) -> list[Run]:
    """Runs that began at `since` or later."""
    return keeping.begun_since(brand_id=brand_id, since=since)


def members_of(
    *,
    run: Run,
    state: str = "",
    reason: str = "",
    arm: str = "",
    cursor: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> Page[MemberRow]:
    """(member, arm, state, reason, value, when) by id."""
    key = paging.decode(cursor, parts=1)
    after: UUID | None = None
    if key is not None:
        try:
            after = UUID(str(key[0]))
        except ValueError:
            raise invalid_field("cursor", "bad_cursor", "分页游标无效", "Not a cursor") from None
    limit = max(1, min(limit, paging.MAX_LIMIT))
    with connection.cursor() as db:
        rows = members.page(
            db, run_id=run.id, state=state, reason=reason, arm=arm, after=after, limit=limit + 1
        )
    return paging.cut(rows, limit, lambda row: [str(row[0])])


def of_member(*, brand_id: UUID, member_id: UUID, limit: int = 50) -> list[InRun]:
    """The runs she was in or held out of, newest first."""
    with connection.cursor() as db:
        return members.of_member(db, brand_id=brand_id, member_id=member_id, limit=limit)


def count_given(*, run: Run) -> dict[str, tuple[int, int]]:
    """By arm: how many got something, and what that cost the budget."""
    with connection.cursor() as db:
        return members.count_given(db, run_id=run.id)


def arms_of_run(*, run: Run) -> list[tuple[UUID, str, int]]:
    """(member, arm, wave) of everybody the run is judged by, by id; the wave says who waited for the winner."""
    with connection.cursor() as db:
        found: list[tuple[Any, ...]] = members.arms_of(db, run_id=run.id)
    return [(row[0], row[1], row[2]) for row in found]


def put_result(*, run: Run, result: Result) -> None:
    """Keep what a run brought, in place of what was reckoned before."""
    keeping.put_result(result, brand_id=run.brand_id)


def results_of(*, runs: Sequence[Run]) -> dict[UUID, Result]:
    """What is known of runs, by id."""
    return keeping.results_of([one.id for one in runs])
