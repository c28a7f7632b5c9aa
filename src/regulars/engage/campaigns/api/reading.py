"""Reading runs, their members and what they brought."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from regulars.audience.holdouts import api as holdouts
from regulars.engage.campaigns.policy import arms
from regulars.engage.campaigns.policy import audience as _audience
from regulars.engage.campaigns.policy.schedule import upcoming as next_ones
from regulars.engage.campaigns.store import keeping, members
from regulars.engage.campaigns.types import (
    HOLDOUT,
    RUN,
    Audience,
    Campaign,
    Definition,
    InRun,
    Result,
    Run,
    Schedule,
)
from regulars.kit import paging
from regulars.kit.errors import not_found
from regulars.kit.paging import Page

Counts = Mapping[str, Mapping[str, int]]
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
    after = paging.decode_id(cursor)
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


def arms_of_run(*, run: Run, everybody: bool = False) -> list[tuple[UUID, str, int]]:
    """(member, arm, wave) of those the run is judged by, by id; `everybody`: of all who were listed, which is what the
    split is judged by. Wave 2 waited for the winner."""
    with connection.cursor() as db:
        found: list[tuple[Any, ...]] = members.arms_of(db, run_id=run.id, everybody=everybody)
    return [(row[0], row[1], row[2]) for row in found]


def put_result(*, run: Run, result: Result) -> None:
    """Keep what a run brought, in place of what was reckoned before."""
    keeping.put_result(result, brand_id=run.brand_id)


def results_of(*, runs: Sequence[Run]) -> dict[UUID, Result]:
    """What is known of runs, by id."""
    return keeping.results_of([one.id for one in runs])


def condition_of(*, audience: Audience) -> dict[str, Any]:
    """An audience in the condition language, before any sample."""
    return _audience.condition_of(audience)


def sole_segment(*, audience: Audience) -> str | None:
    """The segment that is the whole audience."""
    return _audience.sole_segment(audience)


def is_everybody(*, audience: Audience) -> bool:
    """Whether nobody need be asked anything."""
    return _audience.is_everybody(audience)


def heeds_programme(*, definition: Definition) -> bool:
    """Whether the programme's holdout is left out of it."""
    return _audience.heeds_programme(definition)


def arm_of_rest(*, run: Run, member_id: UUID) -> str:
    """What one who waited for the winner gets; empty for nothing."""
    return arms.arm_of_rest(run.definition, run.salt, member_id, run.winner)


def arm_of_member(*, campaign: Campaign, member_id: UUID) -> str:
    """The arm a member would have: `holdout`, `rest` where she would wait for the winner, else the variant's key.

    Of a stratified holdout nobody can tell beforehand; it is told as if she were not in it.
    """
    definition = campaign.definition
    percent = 0 if definition.stratify else definition.holdout_percent
    if holdouts.held(campaign.salt, [member_id], percent):
        return HOLDOUT
    return arms.arm_of(definition, campaign.salt, member_id)[0] or "rest"


def is_sampled(*, campaign: Campaign, member_id: UUID) -> bool:
    """Whether the sample by share takes her."""
    return arms.is_sampled(campaign.salt, member_id, campaign.definition.audience.sample_percent)


def upcoming(*, schedule: Schedule, now: datetime, tz: str, count: int = 5) -> list[datetime]:
    """The next occurrences of a schedule."""
    return next_ones(schedule, now, tz, count)


def expected_shares(*, definition: Definition) -> dict[str, float]:
    """The share of everybody that each arm should have."""
    return arms.expected_shares(definition)
