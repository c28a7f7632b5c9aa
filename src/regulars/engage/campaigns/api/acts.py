"""What is done with a campaign: submitted, approved by a second person, launched, paused, cancelled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from django.db import connection, transaction

from regulars.engage.campaigns import events
from regulars.engage.campaigns.policy.schedule import next_after
from regulars.engage.campaigns.store import keeping, members
from regulars.engage.campaigns.types import CAMPAIGN, STATES, Campaign
from regulars.kit.errors import Refusal, conflict, invalid_field, not_found
from regulars.kit.text import Text
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Scope


def submit(*, scope: Scope, code: str, now: datetime) -> Campaign:
    """Ask for approval. Raises `campaign_state` (409)."""
    scope.require("campaigns.write")
    with transaction.atomic():
        found = _lock(scope, code, ("draft",))
        made = replace(
            found,
            state="submitted",
            submitted_at=now,
            submitted_by=scope.actor.label,
            submitted_by_id=scope.actor.id,
            refused="",
        )
        keeping.put(made)
        events.note(scope, "campaign.submitted", made, now, after={"revision": made.revision})
    return made


def decide(*, scope: Scope, code: str, approve: bool, note: str, now: datetime) -> Campaign:
    """A second person's yes or no (which needs a word of why).

    Raises `own_campaign` (403) for who wrote or submitted it, `invalid_input`, `campaign_state`.
    """
    scope.require("campaigns.approve")
    if not approve and not note.strip():
        raise invalid_field("note", "required", "请写明退回原因", "Say why it is sent back")
    with transaction.atomic():
        found = _lock(scope, code, ("submitted",))
        if (
            scope.actor.kind != "staff"
            or scope.actor.id is None
            or scope.actor.id in (found.edited_by_id, found.submitted_by_id)
        ):
            raise Refusal(
                "own_campaign",
                Text(
                    "不能审批自己编辑或提交的活动，请由他人审批",
                    "Somebody who did not write or submit it must approve it",
                ),
                status=403,
            )
        if approve:
            made = replace(found, state="approved", approved_at=now, approved_by=scope.actor.label)
        else:
            made = replace(found, state="draft", refused=note.strip()[:500], submitted_at=None)
        keeping.put(made)
        events.note(
            scope,
            "campaign.approved" if approve else "campaign.sent_back",
            made,
            now,
            after={"revision": made.revision, "note": note.strip()[:500]},
        )
    return made


def launch(*, scope: Scope, code: str, now: datetime) -> Campaign:
    """Begin at once, or at its instants. The holdout and the definition are locked from here on."""
    scope.require("campaigns.approve")
    with transaction.atomic():
        found = _lock(scope, code, ("approved",))
        made = replace(
            found,
            state="running",
            launched_at=now,
            launched_by=scope.actor.label,
            next_at=_next(found, now),
        )
        if made.next_at is None:
            raise invalid_field(
                "schedule.last",
                "no_occurrence",
                "按此计划已没有执行时间",
                "This schedule has no occurrence left",
            )
        keeping.put(made)
        events.note(scope, "campaign.launched", made, now, after={"next_at": made.next_at.isoformat()})
        events.announce("campaign.launched", made, None, now)
    return made


def pause(*, scope: Scope, code: str, now: datetime) -> Campaign:
    """No run begins and no portion is taken until it is resumed. What messaging has is held by `flows.campaigns`, which
    is what surfaces call; so it is with going on and cancelling."""
    scope.require("campaigns.write")
    with transaction.atomic():
        found = _lock(scope, code, ("running",))
        made = replace(found, state="paused", next_at=None)
        keeping.put(made)
        for run_id in keeping.open_runs(campaign_id=found.id):
            run = keeping.get_run(run_id=run_id, lock=True)
            if run is not None and run.ended_at is None:
                keeping.put_run(replace(run, paused=True))
        events.note(scope, "campaign.paused", made, now)
    return made


def resume(*, scope: Scope, code: str, now: datetime) -> Campaign:
    """Go on where it stopped."""
    scope.require("campaigns.write")
    with transaction.atomic():
        found = _lock(scope, code, ("paused",))
        made = replace(found, state="running", next_at=_next(found, now))
        open_runs = keeping.open_runs(campaign_id=found.id)
        if made.next_at is None and not open_runs:  # its last run ended meanwhile
            made = replace(made, state="finished")
        keeping.put(made)
        for run_id in open_runs:
            run = keeping.get_run(run_id=run_id, lock=True)
            if run is not None and run.ended_at is None:
                keeping.put_run(replace(run, paused=False))
        events.note(scope, "campaign.resumed", made, now)
    return made


def cancel(*, scope: Scope, code: str, now: datetime) -> Campaign:
    """Stop for good: whose turn has not come is skipped and says so; messages that have not gone are withdrawn."""
    scope.require("campaigns.write")
    with transaction.atomic():
        found = _lock(scope, code, ("submitted", "approved", "running", "paused"))
        made = replace(found, state="cancelled", next_at=None)
        keeping.put(made)
        with connection.cursor() as cursor:
            for run_id in keeping.open_runs(campaign_id=found.id):
                run = keeping.get_run(run_id=run_id, lock=True)
                if run is None or run.ended_at is not None:
                    continue
                members.skip_waiting(cursor, run_id=run.id, reason="cancelled", now=now)
                keeping.put_run(
                    replace(
                        run,
                        state="settling",
                        paused=False,
                        cancelled_at=now,
                        cancelled_by=scope.actor.label,
                        after=None,
                        counts=members.counts(cursor, run_id=run.id),
                        counted_at=now,
                        next_run_at=now,
                    )
                )
        events.note(scope, "campaign.cancelled", made, now)
        events.announce("campaign.cancelled", made, None, now)
    return made


def archive(*, scope: Scope, code: str, now: datetime) -> Campaign:
    """Put away what is over or was never launched; its results stay."""
    scope.require("campaigns.write")
    with transaction.atomic():
        found = _lock(scope, code, ("draft", "finished", "cancelled"))
        made = replace(found, state="archived")
        keeping.put(made)
        events.note(scope, "campaign.archived", made, now)
    return made


def _lock(scope: Scope, code: str, states: Sequence[str]) -> Campaign:
    found = keeping.find(brand_id=scope.brand_id, code=code, lock=True)
    if found is None:
        raise not_found(CAMPAIGN)
    if found.state not in states:
        raise conflict(
            "campaign_state",
            f"活动当前状态为“{STATES[found.state].zh}”，不能进行此操作",
            f"The campaign is {STATES[found.state].en}; this cannot be done with it now",
            state=found.state,
        )
    return found


def _next(campaign: Campaign, now: datetime) -> datetime | None:
    """When it begins next; what should have begun by now begins at once, but once only."""
    schedule = campaign.definition.schedule
    if schedule.kind == "once":
        return None if campaign.runs else max(schedule.at or now, now)
    return next_after(schedule, now, organisations.get_brand(brand_id=campaign.brand_id).timezone)
