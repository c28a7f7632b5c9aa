"""What a worker does with runs, in its own transaction: take one, list members, move them, judge, end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from regulars.audience.holdouts import api as holdouts
from regulars.engage.campaigns import events
from regulars.engage.campaigns.policy import arms, testing
from regulars.engage.campaigns.policy.audience import heeds_programme
from regulars.engage.campaigns.policy.schedule import next_after
from regulars.engage.campaigns.store import keeping, members
from regulars.engage.campaigns.types import HOLDOUT, PROGRAMME, Campaign, Ended, Run, Waiting
from regulars.kit.ids import new_id
from regulars.platform.organisations import api as organisations


def begin_due(*, now: datetime) -> Run | None:
    """Begin the next run of the campaign that waits longest; None when none is due. Occurrences that nobody was there
    for are not made up for: one run begins, the next is the next to come."""
    with transaction.atomic():
        found = keeping.take_due(now=now)
        if found is None:
            return None
        schedule = found.definition.schedule
        brand = organisations.get_brand(brand_id=found.brand_id)
        run = _fresh(found, now)
        keeping.add_run(run)
        keeping.put(
            replace(
                found,
                runs=run.number,
                next_at=None if schedule.kind == "once" else next_after(schedule, now, brand.timezone),
            )
        )
        events.announce("campaign.run_started", found, run, now)
        return run


def record_history(
    *, campaign: Campaign, member_ids: Sequence[UUID], started_at: datetime, ended_at: datetime
) -> Run:
    """A run that was carried out elsewhere, with everybody who was in it: it is measured like any other. The arms are
    drawn by the campaign's salt; the campaign is finished with it."""
    with transaction.atomic(), connection.cursor() as cursor:
        run = replace(
            _fresh(campaign, started_at), state="finished", started_at=started_at, ended_at=ended_at,
            next_run_at=None,
        )  # fmt: skip
        keeping.add_run(run)
        add_members(run=run, member_ids=member_ids, now=started_at)
        members.all_sent(cursor, run_id=run.id, at=started_at)
        run = replace(run, counts=members.counts(cursor, run_id=run.id), counted_at=ended_at)
        keeping.put_run(run)
        keeping.put(
            replace(campaign, state="finished", runs=run.number, launched_at=started_at, next_at=None)
        )
    return run


def _fresh(campaign: Campaign, now: datetime) -> Run:
    return Run(
        id=new_id(), campaign_id=campaign.id, brand_id=campaign.brand_id, number=campaign.runs + 1, state="listing",
        definition=campaign.definition, salt=campaign.salt, paused=False, planned_at=campaign.next_at or now,
        started_at=None, decide_at=None, wave=1, winner="", decision={}, rest_at=None, ended_at=None,
        cancelled_at=None, cancelled_by="", after=None, seen=0, counts={}, counted_at=None, problem="",
        next_run_at=now,
    )  # fmt: skip


def take_run(*, now: datetime, run_id: UUID | None = None) -> Run | None:
    """A run with work to do, locked until the caller's transaction ends."""
    return keeping.take_run(now=now, run_id=run_id)


def due_runs(*, now: datetime, limit: int = 20) -> list[UUID]:
    """Runs with work to do: whoever works gives each a portion in turn, so that a large one keeps nobody waiting."""
    return keeping.due_runs(now=now, limit=limit)


def put_run(*, run: Run) -> None:
    keeping.put_run(run)


def delay_run(*, run_id: UUID, until: datetime, problem: str) -> None:
    """A portion failed: it is tried again, others meanwhile, and the run's page says what went wrong."""
    keeping.delay_run(run_id=run_id, next_run_at=until, problem=problem)


def add_members(*, run: Run, member_ids: Sequence[UUID], now: datetime) -> dict[str, dict[str, int]]:
    """List these members: sampled, held out or in an arm, by hashes alone. Gives counts by arm and state."""
    definition, salt = run.definition, run.salt
    ids = [one for one in member_ids if arms.is_sampled(salt, one, definition.audience.sample_percent)]
    programme = (
        holdouts.held_out(brand_id=run.brand_id, member_ids=ids) if heeds_programme(definition) else set()
    )
    percent = 0 if definition.stratify else definition.holdout_percent
    held = holdouts.held(salt, ids, percent)
    rows: list[members.Row] = []
    counts: dict[str, dict[str, int]] = {}
    for one in ids:
        place = arms.place_of(salt, one)
        if one in programme:
            row = (one, place, 1, PROGRAMME, "held", "programme_holdout")
        elif one in held:
            row = (one, place, 1, HOLDOUT, "held", "holdout")
        else:
            arm, wave = arms.arm_of(definition, salt, one)
            row = (one, place, wave, arm, "pending", "")
        rows.append(row)
        known = counts.setdefault(row[3] or "rest", {})
        name = f"{row[4]}:{row[5]}" if row[5] else row[4]
        known[name] = known.get(name, 0) + 1
    if rows:
        with connection.cursor() as cursor:
            members.add(cursor, run_id=run.id, brand_id=run.brand_id, rows=rows, now=now)
    return counts


def first_members(*, run: Run, count: int) -> int:
    """Keep a sample of so many, the first by the hashed order."""
    with connection.cursor() as cursor:
        return members.keep_first(cursor, run_id=run.id, count=count)


def stratify(*, run: Run) -> None:
    """Draw the holdout within each group of the definition's `stratify`."""
    with connection.cursor() as cursor:
        members.stratify(
            cursor,
            run_id=run.id,
            brand_id=run.brand_id,
            by=run.definition.stratify,
            percent=run.definition.holdout_percent,
        )


def next_waiting(*, run: Run, limit: int) -> list[Waiting]:
    """Whose turn it is now."""
    with connection.cursor() as cursor:
        return members.next_waiting(cursor, run_id=run.id, wave=run.wave, limit=limit)


def end_members(*, run: Run, ended: Sequence[Ended], now: datetime) -> int:
    """Write outcomes; whoever has one keeps it."""
    if not ended:
        return 0
    with connection.cursor() as cursor:
        return members.move(cursor, run_id=run.id, ended=ended, now=now)


def skip_waiting(*, run: Run, reason: str, now: datetime) -> int:
    """Everybody whose turn has not come is skipped for this reason."""
    with connection.cursor() as cursor:
        return members.skip_waiting(cursor, run_id=run.id, reason=reason, now=now)


def next_asked(*, run: Run, limit: int) -> list[tuple[UUID, str, int]]:
    """(member, arm, value) of those whose message has no outcome yet, behind `run.after`."""
    with connection.cursor() as cursor:
        return members.next_asked(cursor, run_id=run.id, after=run.after, limit=limit)


def count_members(*, run: Run) -> Mapping[str, Mapping[str, int]]:
    """Counted anew, by arm and state."""
    with connection.cursor() as cursor:
        return members.counts(cursor, run_id=run.id)


def judge_trial(*, run: Run, until: datetime) -> testing.Verdict:
    """Which variant of the first wave won, by what was ordered since the run started."""
    assert run.definition.trial is not None and run.started_at is not None
    with connection.cursor() as cursor:
        figures = members.moments(
            cursor,
            run_id=run.id,
            brand_id=run.brand_id,
            arms=[one.key for one in run.definition.variants],
            since=run.started_at,
            until=until,
        )
    return testing.judge(run.definition.trial, figures)


def close_done(*, run: Run, now: datetime) -> None:
    """After a run has ended: say so, and end the campaign when it was the last."""
    with transaction.atomic():
        known = keeping.by_ids([run.campaign_id])[run.campaign_id]
        found = keeping.find(brand_id=run.brand_id, code=known.code, lock=True)
        assert found is not None
        if run.cancelled_at is None:
            events.announce("campaign.run_finished", found, run, now)
        over = found.next_at is None and not keeping.open_runs(campaign_id=found.id)
        if over and found.state == "running":
            keeping.put(replace(found, state="finished"))
