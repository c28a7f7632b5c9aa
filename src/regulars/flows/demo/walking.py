"""Time that is over, walked again for journeys: at each moment those come in whose turn it was, what members really did
up to then is heard, runs go on, messages are sent. The engine and its handlers are those of every day; only the clock
is of then.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from regulars.engage.journeys import api as journeys
from regulars.engage.journeys.api import Happened
from regulars.engage.journeys.types import Entry
from regulars.facts.activity import api as activities
from regulars.flows.demo.acts import VIEW
from regulars.flows.journeys import api as flow
from regulars.kit.ids import new_id
from regulars.messaging import api as messaging
from regulars.platform.organisations.types import Brand
from regulars.platform.outbox.types import Event

_PORTION = 5000
_KINDS = ("order", VIEW)


@dataclass(slots=True)
class Moment:
    """What is to be done at an instant beside going on: who comes into which journey, whether dates are asked, whether
    messages may have waited for it."""

    come: dict[str, list[UUID]] = field(default_factory=dict)
    ask: bool = False
    send: bool = False


@dataclass(frozen=True, slots=True)
class Walk:
    """`newcomers`: those who come in by what they do; before `everybody` nobody else is in a journey. `brought`: what
    members bring into a journey, by its code."""

    brand: Brand
    since: datetime
    everybody: datetime
    newcomers: frozenset[UUID]
    brought: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def through(self, moments: Mapping[datetime, Moment]) -> None:
        """In the order of time, in the caller's transaction."""
        if not moments:
            return
        acts = deque(self._acts(max(moments)))
        for at in sorted(moments):
            before = [acts.popleft() for _ in range(_count(acts, at))]
            self._hear(before, at)
            self._come(moments[at], at)
            self._go_on(at, moments[at].send)
            # what is of this very instant came behind what was due by then
            if acts and acts[0].occurred_at == at:
                self._hear([acts.popleft() for _ in range(_count(acts, at, also=True))], at)
                self._go_on(at)

    def _acts(self, until: datetime) -> list[Happened]:
        found = [
            one
            for kind in _KINDS
            for one in _all(self.brand.id, kind, self.since, until)
            if one.occurred_at >= self.everybody or one.member_id in self.newcomers
        ]
        return sorted(found, key=lambda one: (one.occurred_at, one.activity_id))

    def _hear(self, acts: Sequence[Happened], at: datetime) -> None:
        """Whoever may come in by an act is heard as the outbox tells it; what others did can only be what they waited
        for, or their goal."""
        told = [one for one in acts if one.type == VIEW or one.member_id in self.newcomers]
        if told:
            flow.hear([self._event(one, at) for one in told], at)
        others = [one for one in acts if one.type != VIEW and one.member_id not in self.newcomers]
        journeys.happened(brand=self.brand, activities=others, load=lambda some: {}, now=at)

    def _come(self, moment: Moment, at: datetime) -> None:
        live = (
            {
                one.code: (one, definition)
                for one, definition in journeys.live_journeys(brand_id=self.brand.id, now=at)
            }
            if moment.come
            else {}
        )
        for code, member_ids in moment.come.items():
            if code not in live:
                continue
            journey, definition = live[code]
            data = self.brought.get(code, {})
            entries = [Entry(member_id, f"demo:{at.isoformat()}", data=data) for member_id in member_ids]
            journeys.enter(
                brand=self.brand, journey=journey, trigger=definition.triggers[0], entries=entries, now=at
            )
        while moment.ask and journeys.sweep_due(now=at):
            pass

    def _go_on(self, at: datetime, send: bool = False) -> None:
        while journeys.step(carry_out=flow.carry_out, now=at, brand_id=self.brand.id).runs:
            send = True
        if send:
            messaging.send_due(now=at)

    def _event(self, one: Happened, at: datetime) -> Event:
        return Event(
            id=new_id(),
            organisation_id=self.brand.organisation_id,
            brand_id=self.brand.id,
            topic="activity.posted",
            payload={"activity_id": str(one.activity_id), "type": one.type},
            occurred_at=one.occurred_at,
            recorded_at=at,
            member_id=one.member_id,
        )


def _count(acts: Sequence[Happened], at: datetime, *, also: bool = False) -> int:
    """How many of the first lie before an instant, or at it, too."""
    count = 0
    for one in acts:
        if one.occurred_at > at or (one.occurred_at == at and not also):
            break
        count += 1
    return count


def _all(brand_id: UUID, kind: str, since: datetime, until: datetime) -> Iterator[Happened]:
    after: UUID | None = None
    while True:
        rows = activities.next_occurred(
            brand_id=brand_id, kind=kind, since=since, after=after, until=until, limit=_PORTION
        )
        for member_id, id_, at in rows:
            yield Happened(member_id, id_, kind, at)
        if len(rows) < _PORTION:
            return
        _, after, since = rows[-1]
