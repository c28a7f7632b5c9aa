"""Who of the staff looks after a member: her own person, else by turns in her store, within what each can do a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from django.db import connection

from regulars.engage.care.types import Chore, Due
from regulars.engage.tasks import api as tasks
from regulars.kit import workdays
from regulars.platform.calendar import api as calendar
from regulars.platform.organisations.types import Brand
from regulars.platform.staff import api as staff

_LOOK_AHEAD = 60


@dataclass(slots=True)
class Team:
    """Who may work on tasks where, what each has already, and the work days to come."""

    by_store: Mapping[UUID, Sequence[UUID]]
    everywhere: Sequence[UUID]
    by_name: Mapping[str, UUID]
    days: Sequence[date]
    load: dict[tuple[UUID, date], int] = field(default_factory=dict)

    def of_store(self, store_id: UUID | None) -> Sequence[UUID]:
        """Who works in a store; without one, or where nobody does, who works for the whole brand."""
        return (self.by_store.get(store_id) if store_id else None) or self.everywhere

    def room(self, chore: Chore) -> int:
        """How many more tasks all of them together can take on the plan's days."""
        people = {one for group in self.by_store.values() for one in group} | set(self.everywhere)
        days = self.days_of(chore)
        return sum(max(0, chore.per_day - self.load.get((one, day), 0)) for one in people for day in days)

    def days_of(self, chore: Chore) -> Sequence[date]:
        return self.days[chore.due_in_days :][: chore.spread_days] if self.days else ()

    def give(self, chore: Chore, due: Due, owner: UUID | None) -> tuple[UUID, date] | None:
        """Who does it and when; None when everybody is full. What is given counts at once."""
        people = list(self.of_store(due.store_id))
        preferred = None
        if chore.assign == "owner":
            preferred = owner or self.by_name.get(due.recruiter.strip().lower())
            if preferred is not None and preferred not in people:
                # her own person counts wherever she works now, as long as she works on tasks at all
                known = preferred in self.everywhere or any(preferred in p for p in self.by_store.values())
                if known:
                    people = [preferred, *people]
                else:
                    preferred = None
        if not people:
            return None
        return tasks.give_out(
            people=people, load=self.load, days=self.days_of(chore), limit=chore.per_day, preferred=preferred
        )


def team_of(*, brand: Brand, today: date) -> Team:
    """Active staff who may work on tasks, by store. Only one pass at a time gives tasks out: the brand is locked."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('care.team:' || %s, 0))", [str(brand.id)]
        )
    by_store, everywhere = tasks.places_of(brand=brand)
    works = {one for group in by_store.values() for one in group} | set(everywhere)
    by_name: dict[str, UUID] = {}
    for person in staff.list_staff(organisation_id=brand.organisation_id):
        if person.id in works:
            for name in (str(person.id), person.email, person.name):
                by_name.setdefault(name.strip().lower(), person.id)
    own = calendar.own_days(
        brand_id=brand.id, first=today, last=date.fromordinal(today.toordinal() + _LOOK_AHEAD * 2)
    )
    days = []
    for day in workdays.work_days_from(today, own):
        days.append(day)
        if len(days) == _LOOK_AHEAD + 25:
            break
    load = (
        tasks.load_of(brand_id=brand.id, staff_ids=works, first=days[0], last=days[-1])
        if days and works
        else {}
    )
    return Team(by_store, everywhere, by_name, days, load)
