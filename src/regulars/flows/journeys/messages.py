"""What became of the messages that a journey's nodes asked for.

What was asked for lately is counted when somebody looks. What is older than its states move is summed up once by due
work, so that a look costs the last weeks however long a journey runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from regulars.engage.journeys import api as journeys
from regulars.engage.journeys.types import Journey, MessageSum
from regulars.flows.journeys.acting import source_of
from regulars.flows.journeys.types import MessageFigures
from regulars.messaging import api as messaging
from regulars.messaging.types import SendState
from regulars.platform.organisations import api as organisations

_SETTLED = timedelta(days=45)  # receipts and clicks come within days
_PORTION = timedelta(days=7)
_OPEN = ("queued", "sending")
_PARTS = (3, 5)  # of the key: node and version


def messages_of(*, journey: Journey, version: int | None = None) -> dict[str, MessageFigures]:
    """By node, of a version (the published one where none is given)."""
    sums, until = journeys.message_sums(journey=journey)
    sums += _asked(journey, since=until)
    number = version or journey.version
    found: dict[str, MessageFigures] = {}
    for one in sums:
        if one.version == number:
            found.setdefault(one.node, MessageFigures(one.node)).add(one)
    return found


def messages_of_runs(
    *, brand_id: UUID, member_id: UUID, run_ids: Sequence[UUID]
) -> list[tuple[UUID, str, int, SendState]]:
    """What became of the messages that a member's runs asked for: run, node and visit with the state of each."""
    found = messaging.states_by_origin(
        brand_id=brand_id, member_id=member_id, origins=[str(run_id) for run_id in run_ids]
    )
    told = []
    for origin, key, state in found:
        _, _, node, visit, *_ = key.split(":")
        told.append((UUID(origin), node, int(visit), state))
    return told


def sum_up(now: datetime) -> int:
    """Sum up the next days of each journey whose messages have all come to their ends; gives for how many."""
    done = 0
    for brand in organisations.list_brands():
        for journey in journeys.list_journeys(brand_id=brand.id, archived=True):
            if journey.version:
                done += _sum_up(journey, now)
    return done


def _sum_up(journey: Journey, now: datetime) -> int:
    _, since = journeys.message_sums(journey=journey)
    begin = since or journey.created_at
    until = min(begin + _PORTION, now - _SETTLED)
    if until - begin < timedelta(days=1):
        return 0
    sums = _asked(journey, since=begin, before=until)
    if any(one.state in _OPEN for one in sums):
        return 0  # held for weeks: it is counted by looking until it has its end
    return int(journeys.add_message_sums(journey=journey, sums=sums, since=since, until=until))


def _asked(
    journey: Journey, *, since: datetime | None = None, before: datetime | None = None
) -> list[MessageSum]:
    found = messaging.sends_by_parts(
        brand_id=journey.brand_id, source=source_of(journey), parts=_PARTS, since=since, before=before
    )
    return [
        MessageSum(int(version or 1), node, one.state, one.reason, one.channel, one.count, one.clicked)
        for (node, version), tallies in found.items()
        for one in tallies
    ]
