"""A salon of a brand with the stories' programme: an adviser, a class, services."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from tests.rewards.given import Mall, open_mall

from regulars.flows.bookings import api as flow
from regulars.flows.bookings.api import Booked
from regulars.platform.organisations.types import Scope
from regulars.value.bookings import api as bookings

SHANGHAI = ZoneInfo("Asia/Shanghai")


def at(text: str) -> datetime:
    """`2026-05-14 10:00` in Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@dataclass
class Salon:
    mall: Mall
    now: datetime
    _keys: Any = field(default_factory=lambda: itertools.count(1))

    @property
    def scope(self) -> Scope:
        return self.mall.scope

    def resource(self, key: str = "amy", **given: Any) -> None:
        """Open on weekdays from 10 to 12 and from 13 to 18."""
        weekly = [
            {"weekday": day, "from": a, "to": b}
            for day in range(1, 6)
            for a, b in (("10:00", "12:00"), ("13:00", "18:00"))
        ]
        definition = {
            "type": "resource",
            "key": key,
            "state": "active",
            "name": {"zh": "艾米", "en": "Amy"},
            "kind": "adviser",
            "store": "S1",
            "weekly": weekly,
            **given,
        }
        bookings.apply_definition(scope=self.scope, definition=definition, now=self.now)

    def service(self, key: str = "care", **given: Any) -> None:
        """An hour, every hour."""
        definition = {
            "type": "service",
            "key": key,
            "state": "active",
            "name": {"zh": "护理", "en": "Care"},
            "minutes": 60,
            "resources": ["amy"],
            **given,
        }
        bookings.apply_definition(scope=self.scope, definition=definition, now=self.now)

    def book(self, member: UUID, starts: str, **given: Any) -> Booked:
        given = {"service": "care", "resource": "amy", "now": self.now, "key": f"k{next(self._keys)}"} | given
        return flow.book(scope=self.scope, member_id=member, starts_at=at(starts), **given)

    def cancel(
        self, member: UUID, booking: UUID, *, scope: Scope | None = None, now: datetime | None = None
    ) -> Booked:
        return flow.cancel(
            scope=scope or self.scope,
            member_id=member,
            booking_id=booking,
            key=f"c{next(self._keys)}",
            now=now or self.now,
        )

    def wait(self, member: UUID, starts: str, **given: Any) -> Any:
        given = {"service": "care", "resource": "amy", "now": self.now} | given
        return flow.join_waiting(scope=self.scope, member_id=member, starts_at=at(starts), **given)

    def gold(self) -> UUID:
        """5 000 yuan three months ago make gold."""
        return self.mall.member(5000)

    def free(self, day: str, **given: Any) -> list[tuple[str, int]]:
        """(local time, places left) of the day's slots."""
        service = bookings.get_service(scope=self.scope, key=given.pop("service", "care"))
        found = flow.openings(
            scope=self.scope, service=service, first=at(f"{day} 00:00").date(), days=1, now=self.now, **given
        )
        return [(f"{o.free.slot.starts_at.astimezone(SHANGHAI):%H:%M}", o.free.left) for o in found]


def open_salon(now: datetime) -> Salon:
    return Salon(open_mall(now), now)
