"""A campaign's run, portion by portion, each one transaction under the lock of the run's row.

A portion is read, given, asked for and written down together with how far the run is. A worker that dies in one loses
it whole, and the next begins it again: nobody is missed and nobody is told twice. Keys of gifts and messages follow
from the run and the member, so that even what is done again is done once.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from regulars.audience.segments import api as segments
from regulars.engage.campaigns import api as campaigns
from regulars.engage.campaigns.types import Ended, Run, Waiting
from regulars.facts.members import api as members
from regulars.facts.members.types import MemberFilter
from regulars.flows.campaigns import sending
from regulars.messaging import api as messaging
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import SYSTEM, Scope

_log = logging.getLogger(__name__)
# As long as a portion lasts, rows that others have moved on cannot be cleared away, and whoever looks for what is due
# walks over them: portions of about a second.
LISTED = 20_000
TOLD = 4_000
SETTLED = 8_000
GIVEN = 2_000
_WAIT = timedelta(seconds=3)
_LOOK = timedelta(seconds=30)
_RETRY = timedelta(seconds=30)
_OUTCOMES = {
    "sent": "sent",
    "delivered": "sent",
    "sandboxed": "sent",
    "failed": "failed",
    "uncertain": "failed",
    "skipped": "skipped",
}


def run_due(now: datetime) -> int:
    """Due work: begin what is to begin, then a portion of every run that has something to do."""
    done = int(campaigns.begin_due(now=now) is not None)
    for run_id in campaigns.due_runs(now=now):
        done += run_portion(now=now, run_id=run_id)
    return done


def run_portion(*, now: datetime, run_id: UUID | None = None, size: int | None = None) -> int:
    """The next portion of a run (any, or this one), in one transaction; 0 when there is nothing to do.

    One that fails is kept for later with what went wrong, and raised.
    """
    taken: Run | None = None
    try:
        with transaction.atomic():
            taken = campaigns.take_run(now=now, run_id=run_id)
            if taken is None:
                return 0
            moved, done = _STEPS[taken.state](taken, size, now)
            moved = replace(moved, problem="")
            campaigns.put_run(run=moved)
    except Exception as error:
        if taken is not None:
            _log.warning("a portion of campaign run %s failed: %s", taken.id, error)
            campaigns.delay_run(
                run_id=taken.id, until=now + _RETRY, problem=f"{type(error).__name__}: {error}"
            )
        raise
    if moved.ended_at is not None:
        campaigns.close_done(run=moved, now=now)
    return done


def _list(run: Run, size: int | None, now: datetime) -> tuple[Run, int]:
    """The next of the audience, each with her arm; at the end the run begins to send."""
    limit = size or LISTED
    scope = scope_of(run)
    audience = run.definition.audience
    alone = campaigns.sole_segment(audience=audience)
    given = (
        MemberFilter(segment_id=segments.find_id(brand_id=run.brand_id, code=alone))
        if alone
        else MemberFilter()
    )
    ids = members.list_ids(scope=scope, given=given, after=run.after, limit=limit)
    found: Sequence[UUID] = ids
    if ids and not alone and not campaigns.is_everybody(audience=audience):
        found = segments.holds_for(
            brand_id=run.brand_id,
            definition=campaigns.condition_of(audience=audience),
            member_ids=ids,
            now=now,
        )
    added = campaigns.add_members(run=run, member_ids=found, now=now)
    run = replace(run, seen=run.seen + len(ids), after=ids[-1] if ids else run.after)
    if len(ids) == limit:
        return replace(run, counts=_plus(run.counts, added), counted_at=now), max(1, len(ids))
    if audience.sample_count is not None:
        campaigns.first_members(run=run, count=audience.sample_count)
    if run.definition.stratify:
        campaigns.stratify(run=run)
    return (
        replace(
            run,
            state="sending",
            started_at=now,
            after=None,
            counts=campaigns.count_members(run=run),
            counted_at=now,
            next_run_at=now,
        ),
        max(1, len(ids)),
    )


def _send(run: Run, size: int | None, now: datetime) -> tuple[Run, int]:
    """The next whose turn it is get their offer; then the test is waited for, or the last outcomes."""
    with_rewards = any(one.rewards for one in run.definition.variants)
    limit = size or (GIVEN if with_rewards else TOLD)
    waiting = campaigns.next_waiting(run=run, limit=limit)
    if waiting:
        ended = sending.give_and_ask(run=run, waiting=waiting, now=now)
        campaigns.end_members(run=run, ended=ended, now=now)
        counts: campaigns.Counts = _moved(run.counts, waiting, ended)
        if any(one.reason == "budget_used_up" for one in ended) and sending.is_used_up(run=run, now=now):
            campaigns.skip_waiting(run=run, reason="budget_used_up", now=now)
            counts = campaigns.count_members(run=run)
        return replace(run, counts=counts, counted_at=now), len(waiting)
    trial = run.definition.trial
    if trial is not None and run.wave == 1:
        if _waiting(run) > run.total("asked") // 20:  # who has not been told cannot have answered
            return replace(run, next_run_at=now + _LOOK), 1
        until = now + timedelta(hours=trial.hours)
        return replace(run, state="testing", decide_at=until, next_run_at=until), 1
    return replace(run, state="settling", after=None, next_run_at=now), 1


def _judge(run: Run, size: int | None, now: datetime) -> tuple[Run, int]:
    """The test is over: the rest get the winner, or what was said for the case that there is none."""
    verdict = campaigns.judge_trial(run=run, until=run.decide_at or now)
    trial = run.definition.trial
    assert trial is not None
    if verdict.winner == "none" and trial.otherwise == "none":
        campaigns.skip_waiting(run=run, reason="no_winner", now=now)
    return (
        replace(
            run,
            state="sending",
            wave=2,
            winner=verdict.winner,
            decision=verdict.to_json(),
            rest_at=now,
            counts=campaigns.count_members(run=run),
            counted_at=now,
            next_run_at=now,
        ),
        1,
    )


def _settle(run: Run, size: int | None, now: datetime) -> tuple[Run, int]:
    """What became of messages; the run ends when every treated member has her outcome."""
    if run.after is None:  # a new round: only when there is something to learn
        if run.total("asked") == 0:
            return _over(run, now), 1
        if run.cancelled_at is not None:
            brand = organisations.get_brand(brand_id=run.brand_id)
            back = messaging.withdraw(brand=brand, source=sending.source_of(run), now=now)
            if back:
                return replace(run, next_run_at=now), back
        if not _has_news(run):
            return replace(run, next_run_at=now + _WAIT), 1
    limit = size or SETTLED
    asked = campaigns.next_asked(run=run, limit=limit)
    known = messaging.outcomes_of(
        brand_id=run.brand_id, key=sending.key_of(run), member_ids=[one[0] for one in asked]
    )
    ended = []
    for member_id, arm, value in asked:
        state, reason = known.get(member_id, ("failed", "lost"))
        outcome = _OUTCOMES.get(state)
        if outcome is None:
            continue
        ended.append(Ended(member_id, arm, outcome, "" if outcome == "sent" else reason or state, value))  # type: ignore[arg-type]
    campaigns.end_members(run=run, ended=ended, now=now)
    if len(asked) == limit:
        return replace(run, after=asked[-1][0], next_run_at=now), len(asked)
    run = replace(run, after=None, counts=campaigns.count_members(run=run), counted_at=now)
    if run.total("asked") == 0:
        return _over(run, now), max(1, len(ended))
    return replace(run, next_run_at=now if ended else now + _WAIT), max(1, len(ended))


def _over(run: Run, now: datetime) -> Run:
    if run.paused:  # what was held is out of date by now
        messaging.release(brand_id=run.brand_id, source=sending.source_of(run), now=now)
    state = "cancelled" if run.cancelled_at is not None else "finished"
    counts = campaigns.count_members(run=run)
    return replace(run, state=state, counts=counts, counted_at=now, ended_at=now, next_run_at=None)  # type: ignore[arg-type]


def _has_news(run: Run) -> bool:
    """Whether a twentieth of those who wait (or at least one) have an outcome that was not read yet."""
    asked = run.total("asked")
    return asked - _waiting(run) >= max(1, asked // 20)


def _waiting(run: Run) -> int:
    """How many of its messages have not gone and are not given up."""
    if run.total("asked") == 0:
        return 0
    tallies = messaging.sends_of(brand_id=run.brand_id, source=sending.source_of(run))
    return sum(one.count for one in tallies if one.state in ("queued", "sending"))


_STEPS = {"listing": _list, "sending": _send, "testing": _judge, "settling": _settle}


def scope_of(run: Run) -> Scope:
    """Regulars itself, at work in the run's brand."""
    brand = organisations.get_brand(brand_id=run.brand_id)
    return Scope(brand.organisation_id, brand.id, SYSTEM, frozenset())


def _plus(counts: campaigns.Counts, more: campaigns.Counts) -> dict[str, dict[str, int]]:
    found = {arm: dict(states) for arm, states in counts.items()}
    for arm, states in more.items():
        known = found.setdefault(arm, {})
        for state, count in states.items():
            known[state] = known.get(state, 0) + count
    return found


def _moved(
    counts: campaigns.Counts, waiting: Sequence[Waiting], ended: Sequence[Ended]
) -> dict[str, dict[str, int]]:
    """The counts after a portion, without counting a million rows again."""
    was: dict[str, dict[str, int]] = {}
    for one in waiting:
        known = was.setdefault(one.arm or "rest", {})
        known["pending"] = known.get("pending", 0) - 1
    for end in ended:
        known = was.setdefault(end.arm or "rest", {})
        name = f"{end.state}:{end.reason}" if end.reason else end.state
        known[name] = known.get(name, 0) + 1
    found = _plus(counts, was)
    return {arm: {state: count for state, count in states.items() if count} for arm, states in found.items()}
