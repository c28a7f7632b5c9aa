"""A brand with members, approved templates, staff, and a clock that runs through the days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from tests.intake.world import World, order, points, programme, refund, rule, world

from regulars.engage.care import api as care
from regulars.engage.care.models import CareItem, CareMark, CarePlan
from regulars.engage.care.types import Plan
from regulars.engage.tasks.models import StaffTask
from regulars.facts.activity.types import LineIn
from regulars.facts.members.types import Enrolment, IdentityIn
from regulars.flows import enrol
from regulars.flows.care import api as flow
from regulars.kit.errors import Refusal
from regulars.kit.ids import new_id
from regulars.kit.text import Text
from regulars.messaging import api as messaging
from regulars.messaging.models import Send
from regulars.messaging.wording import Content
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import SYSTEM, Actor, Brand, Scope
from regulars.platform.staff import api as staff
from regulars.platform.staff.types import NewAssignment

WRITER, CHIEF = new_id(), new_id()
JANUARY = datetime(2024, 1, 1, 2, tzinfo=UTC)  # ten in the morning in Shanghai


def at(day: str, hour: int = 2) -> datetime:
    """That day; by default ten in the morning in Shanghai."""
    return datetime.fromisoformat(day).replace(hour=hour, tzinfo=UTC)


@dataclass
class House:
    its: World
    phones: int = 0
    numbers: int = 0
    people: dict[str, UUID] = field(default_factory=dict)

    @property
    def scope(self) -> Scope:
        return replace(self.its.scope, actor=Actor("staff", WRITER, "writer"))

    @property
    def brand(self) -> Brand:
        return organisations.get_brand(brand_id=self.its.scope.brand_id)

    def store(self, code: str = "S1") -> UUID:
        return organisations.stores_of(brand_id=self.brand.id)[code].id

    def member(self, joined: datetime = JANUARY, **given: Any) -> UUID:
        self.phones += 1
        row = Enrolment(identities=(IdentityIn("phone", f"139{self.phones:08d}"),), joined_at=joined, **given)
        answer = enrol.enrol(scope=self.its.scope, rows=[row], now=joined)[0]
        assert not isinstance(answer, Refusal), answer
        return answer.enrolled.member_id

    def buy(self, her: UUID, day: datetime, *lines: LineIn, number: str = "") -> str:
        self.numbers += 1
        number = number or f"o{self.numbers}"
        made = lines or (LineIn(sku="tea", amount=5000, category="tea", name="Tea"),)
        self.its.one(order(her, number, at=day, lines=made))
        return number

    def bring_back(self, her: UUID, day: datetime, of: str, lines: Any = None) -> None:
        self.its.one(refund(her, f"r-{of}-{day.isoformat()}", of, day, lines))

    def template(self, code: str = "hello", purpose: str = "service", **samples: Any) -> None:
        words = {"inbox": {"zh": Content("您好", "您好"), "en": Content("Hello", "Hello")}}
        messaging.save_template(
            scope=self.scope, code=code, name=Text("问候", "Greeting"), purpose=purpose, contents=words,
            samples=samples, now=JANUARY,
        )  # fmt: skip
        messaging.submit_template(scope=self.scope, code=code, now=JANUARY)
        chief = replace(self.scope, actor=Actor("staff", CHIEF, "chief"))
        messaging.decide_template(scope=chief, code=code, number=1, approve=True, note="", now=JANUARY)

    def hire(self, name: str, store: str | None = "S1") -> UUID:
        person = staff.create_staff(
            organisation_id=self.brand.organisation_id,
            by=SYSTEM,
            email=f"{name}@house.example",
            name=name,
            password="a long pass phrase 7",
            assignments=[
                NewAssignment("clerk", brand_id=self.brand.id, store_id=self.store(store) if store else None)
            ],
            now=JANUARY,
        )
        self.people[name] = person.id
        return person.id

    def plan(self, kind: str, now: datetime, *, start: bool = True, key: str = "", **given: Any) -> Plan:
        more = {} if {"message", "task", "rewards"} & given.keys() else {"message": said()}
        value = {
            "key": key or kind, "kind": kind, "name": {"zh": kind, "en": kind.title()}, "settings": {},
            **more, **given,
        }  # fmt: skip
        flow.put_plan(scope=self.scope, value=value, now=now)
        if start:
            flow.set_state(scope=self.scope, key=value["key"], state="active", now=now)
        return care.get_plan(brand_id=self.brand.id, key=value["key"])

    def run(self, now: datetime) -> None:
        """All that is due at an instant, as the worker would."""
        flow.follow(now)
        for _ in range(500):
            if not flow.run_due(now):
                break
        else:
            raise AssertionError("never done")
        assert [row.problem for row in CarePlan.objects.exclude(problem="")] == []

    def days(self, first: str, last: str, hour: int = 2) -> None:
        """Every day from the first to the last, both included."""
        now, end = at(first, hour), at(last, hour)
        while now <= end:
            self.run(now)
            now += timedelta(days=1)

    def had(self, key: str | None = None, arm: str = "treated") -> list[tuple[date, UUID]]:
        """(day, member) of everything that was done, in its order."""
        rows = CareMark.objects.filter(brand_id=self.brand.id, arm=arm)
        if key is not None:
            rows = rows.filter(plan_id=care.get_plan(brand_id=self.brand.id, key=key).id)
        return [(row.at.astimezone(UTC).date(), row.member_id) for row in rows.order_by("at", "member_id")]

    def had_days(self, key: str | None = None) -> list[str]:
        return [day.isoformat() for day, _ in self.had(key)]

    def asked(self) -> list[Send]:
        return list(Send.objects.filter(brand_id=self.brand.id).order_by("created_at"))

    def tasks(self) -> list[StaffTask]:
        return list(StaffTask.objects.filter(brand_id=self.brand.id).order_by("due_on", "id"))

    def items(self) -> list[tuple[str, str | None, str]]:
        rows = CareItem.objects.filter(brand_id=self.brand.id).order_by("label", "thing")
        return [(row.label, row.next_on.isoformat() if row.next_on else None, row.ended_why) for row in rows]

    def scores(self, ids: Sequence[UUID], **columns: Sequence[Any]) -> None:
        from regulars.audience.member_facts import api as member_facts

        member_facts.write_scores(
            brand_id=self.brand.id, as_of=JANUARY, columns=dict(columns), member_ids=list(ids)
        )


def said(template: str = "hello", purpose: str = "service") -> dict[str, Any]:
    return {"template": template, "purpose": purpose}


def chore(**given: Any) -> dict[str, Any]:
    return {
        "kind": "call",
        "title": {"zh": "回访", "en": "Call"},
        "script": {"zh": "您好", "en": "Hello"},
    } | given


def open_house(timezone: str = "Asia/Shanghai", slug: str = "house") -> House:
    its = world(programme([rule("base", points())]), slug=slug)
    if timezone != "Asia/Shanghai":
        organisations.update_brand(brand_id=its.scope.brand_id, changes={"timezone": timezone}, now=JANUARY)
    made = House(its)
    made.template()
    return made


def sql(query: str, *values: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return cursor.fetchall()
