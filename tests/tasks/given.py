"""A brand with two stores, three of the staff, and tasks for members."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from regulars.engage.tasks import api as tasks
from regulars.engage.tasks.types import NewTask
from regulars.kit.ids import new_id
from regulars.kit.text import Text
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import SYSTEM, Actor, Brand, NewStore, Scope
from regulars.platform.staff import api as staff
from regulars.platform.staff.types import PERMISSIONS, NewAssignment

NOON = datetime.fromisoformat("2026-03-10T12:00:00+08:00")
TODAY = date(2026, 3, 10)


@dataclass(frozen=True)
class House:
    """`owner` works for the whole brand, `ann` and `bob` at the first store, `cat` at the second."""

    brand: Brand
    first: UUID
    second: UUID
    owner: Scope
    ann: Scope
    bob: Scope
    cat: Scope

    def add(self, key: str = "visit", member: UUID | None = None, **settings: Any) -> tuple[UUID, int]:
        """Adds one task; gives the member and how many were new."""
        given: dict[str, Any] = {
            "member_id": member or new_id(),
            "key": key,
            "kind": "call",
            "title": Text("回访", "Return call"),
            "script": "您好",
            "store_id": self.first,
            "assignee": None,
            "due_on": TODAY,
            "source": "care:visit",
        }
        new = NewTask(**(given | settings))
        return new.member_id, tasks.add_many(brand=self.brand, tasks=[new], now=NOON)

    def only(self, scope: Scope | None = None) -> Any:
        (task,) = tasks.list_tasks(scope=scope or self.owner).items
        return task


def open_house(slug: str = "gym", timezone: str = "Asia/Shanghai") -> House:
    organisation = organisations.create_organisation(name=Text(slug, slug), now=NOON)
    made = organisations.create_brand(
        organisation_id=organisation.id, slug=slug, name=Text(slug, slug), now=NOON, timezone=timezone
    )
    stores = organisations.put_stores(
        brand_id=made.id,
        stores=[NewStore("S1", Text("一店", "First")), NewStore("S2", Text("二店", "Second"))],
        now=NOON,
    )
    first, second = stores["S1"].id, stores["S2"].id

    def hire(name: str, role: str, store: UUID | None) -> Scope:
        person = staff.create_staff(
            organisation_id=organisation.id,
            by=SYSTEM,
            email=f"{name}@{slug}.example",
            name=name.title(),
            password="a long pass phrase 7",
            assignments=[NewAssignment(role, brand_id=made.id, store_id=store)],
            now=NOON,
        )
        return Scope(
            organisation.id,
            made.id,
            Actor("staff", person.id, name.title()),
            frozenset(PERMISSIONS),
            None if store is None else frozenset({store}),
        )

    return House(
        made,
        first,
        second,
        hire("owner", "owner", None),
        hire("ann", "clerk", first),
        hire("bob", "clerk", first),
        hire("cat", "clerk", second),
    )


def days(count: int) -> timedelta:
    return timedelta(days=count)
