"""What is kept of what is long over: sums of messages by node; runs only for a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction

from regulars.engage.journeys.api.defining import list_journeys
from regulars.engage.journeys.engine import plans
from regulars.engage.journeys.store import defining, keeping
from regulars.engage.journeys.types import Journey, MessageSum
from regulars.kit.errors import Refusal
from regulars.kit.ids import first_id_at
from regulars.platform.organisations import api as organisations

_BATCH = 2000


def message_sums(*, journey: Journey) -> tuple[list[MessageSum], datetime | None]:
    """What became of messages that were asked for before an instant, and the instant; None: none are summed up."""
    with connection.cursor() as cursor:
        return keeping.messages(cursor, journey_id=journey.id)


def add_message_sums(
    *, journey: Journey, sums: Sequence[MessageSum], since: datetime | None, until: datetime
) -> bool:
    """Sum up what was asked for between two instants, the first being that up to which it was done; False where
    somebody else has done so meanwhile."""
    with transaction.atomic(), connection.cursor() as cursor:
        moved = keeping.move_messages_until(cursor, journey_id=journey.id, since=since, until=until)
        if moved:
            keeping.add_messages(cursor, journey_id=journey.id, sums=sums)
        return moved


def prune(*, keep: timedelta, now: datetime) -> int:
    """Delete the next runs that ended so long ago, with what they did; gives how many. Counts stay, and so does what
    keeps a member from coming in twice."""
    gone = 0
    for brand in organisations.list_brands():
        for journey in list_journeys(brand_id=brand.id, archived=True):
            if journey.version:
                gone += _prune(journey, keep, now)
    return gone


def _prune(journey: Journey, keep: timedelta, now: datetime) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        # nobody comes in meanwhile: she is found among the runs or among those remembered
        defining.hold(cursor, journey_id=journey.id, alone=True)
        return keeping.prune(
            cursor,
            journey_id=journey.id,
            begun_before=first_id_at(now - keep),
            started=now - max(keep, _again(cursor, journey, now)),
            ended=now - keep,
            limit=_BATCH,
        )


def _again(cursor: object, journey: Journey, now: datetime) -> timedelta:
    """For how long a run keeps its member from coming in again."""
    try:
        plan = plans.plan_of(
            cursor, brand_id=journey.brand_id, journey_id=journey.id, version=journey.version, now=now
        )
    except Refusal:
        return timedelta(days=3660)
    settings = plan.definition.settings
    return timedelta(days=settings.every_days if settings.again == "days" else 0)
