"""Pausing, going on and cancelling: the campaign, its runs, and what they handed to messaging, in one transaction.

The rows of campaign and runs are locked first, so that a portion that is being sent is whole before: what it asked for
is held, released and taken back like the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from regulars.engage.campaigns import api as campaigns
from regulars.engage.campaigns.types import Campaign, Run
from regulars.flows.campaigns import sending
from regulars.messaging import api as messaging
from regulars.platform.organisations.types import Scope


def pause(*, scope: Scope, code: str, now: datetime) -> Campaign:
    """Nothing more is given and nothing that waits is sent, until it is resumed. What a provider has is not recalled.

    Raises `not_found`, `campaign_state` (409).
    """
    with transaction.atomic():
        made = campaigns.pause(scope=scope, code=code, now=now)
        for run in _open(made):
            messaging.hold(
                brand_id=run.brand_id, source=sending.source_of(run), now=now, by=scope.actor.label
            )
    return made


def resume(*, scope: Scope, code: str, now: datetime) -> Campaign:
    """Go on where it stopped; messages that waited are taken up within the limits of now. Raises as `pause`."""
    with transaction.atomic():
        made = campaigns.resume(scope=scope, code=code, now=now)
        for run in _open(made):
            messaging.release(brand_id=run.brand_id, source=sending.source_of(run), now=now)
    return made


def cancel(*, scope: Scope, code: str, now: datetime) -> Campaign:
    """Stop for good: whose turn has not come gets nothing, and what has not gone is taken back, held or not."""
    with transaction.atomic():
        made = campaigns.cancel(scope=scope, code=code, now=now)
        for run in _open(made):
            messaging.cancel(brand_id=run.brand_id, source=sending.source_of(run), now=now)
    return made


def held_messages(*, runs: Sequence[Run]) -> dict[UUID, int]:
    """How many messages of paused runs wait to be released, by run."""
    found: dict[UUID, int] = {}
    for run in runs:
        if run.paused and run.ended_at is None:
            tallies = messaging.sends_of(brand_id=run.brand_id, source=sending.source_of(run))
            found[run.id] = sum(one.count for one in tallies if one.state == "queued")
    return found


def _open(campaign: Campaign) -> list[Run]:
    return [one for one in campaigns.list_runs(campaign=campaign) if one.ended_at is None]
