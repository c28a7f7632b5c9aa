"""A brand with a programme and journeys; time moves when a test says so, and the worker's due work is done then."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from tests.intake.world import START, World, points, programme, rule, world

from regulars.engage.journeys import api as journeys
from regulars.engage.journeys.engine import plans
from regulars.engage.journeys.types import Entry, Journey, Run
from regulars.facts.members import api as members
from regulars.facts.members.types import Tag
from regulars.flows.journeys import due
from regulars.flows.journeys import triggers as hearing
from regulars.kit.text import Text
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Actor, Scope
from regulars.platform.outbox import api as outbox
from regulars.platform.outbox.types import Event
from regulars.platform.staff.types import PERMISSIONS
from regulars.programme.versions import api as versions


def node(id_: str, kind: str, **given: Any) -> dict[str, Any]:
    return {"id": id_, "kind": kind, **given}


def call() -> dict[str, Any]:
    return node("in", "trigger", on="call")


def days(id_: str, amount: int, unit: str = "days") -> dict[str, Any]:
    return node(id_, "wait", mode="duration", amount=amount, unit=unit)


def tag(id_: str, *add: str, remove: Sequence[str] = ()) -> dict[str, Any]:
    return node(id_, "tag", add=list(add), remove=list(remove))


def message(id_: str, **given: Any) -> dict[str, Any]:
    return node(id_, "message", template="hello", **given)


def webhook(id_: str) -> dict[str, Any]:
    return node(id_, "webhook", event=id_)


def journey(*nodes: dict[str, Any], edges: Sequence[str] = (), **settings: Any) -> dict[str, Any]:
    """A definition; without edges the nodes follow each other. An edge is `a>b` or `a:port>b`."""
    if not edges:
        line = [one["id"] for one in nodes if one["kind"] != "goal"]
        edges = [f"{a}>{b}" for a, b in itertools.pairwise(line)]
    made = []
    for edge in edges:
        begins, _, ends = edge.partition(">")
        from_, _, port = begins.partition(":")
        made.append({"from": from_, "port": port or "next", "to": ends})
    return {"nodes": list(nodes), "edges": made, "settings": settings}


@dataclass
class Travel:
    its: World

    @property
    def brand(self) -> Any:
        return organisations.get_brand(brand_id=self.its.scope.brand_id)

    def publish(self, definition: Mapping[str, Any], code: str = "j", *, now: datetime) -> Journey:
        scope = self.its.scope
        try:
            journeys.get_journey(brand_id=scope.brand_id, code=code)
            journeys.change(scope=scope, code=code, definition=definition, now=now)
        except Exception:
            journeys.create(scope=scope, code=code, name=Text(code, code), definition=definition, now=now)
        return journeys.publish(scope=scope, code=code, now=now)

    def get(self, code: str = "j") -> Journey:
        return journeys.get_journey(brand_id=self.its.scope.brand_id, code=code)

    def enter(self, *member_ids: UUID, now: datetime, code: str = "j", event: str = "", **given: Any) -> int:
        one = self.get(code)
        (definition,) = [
            d
            for j, d in journeys.live_journeys(brand_id=one.brand_id, paused=True, now=now)
            if j.id == one.id
        ]
        entries = [Entry(id_, event or f"{now.isoformat()}", **given) for id_ in member_ids]
        return journeys.enter(
            brand=self.brand, journey=one, trigger=definition.triggers[0], entries=entries, now=now
        ).runs

    def hear(self, now: datetime) -> None:
        """What the outbox holds, without its consumer: for tests inside one transaction."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT id FROM outbox WHERE topic <> 'journey.called' ORDER BY id")
            ids = [row[0] for row in cursor.fetchall()]
        fresh = [id_ for id_ in ids if id_ not in _heard]
        _heard.update(fresh)
        hearing.hear([one for one in _events(fresh) if one.topic in hearing.TOPICS], now)

    def work(self, now: datetime, *, hear: bool = False) -> None:
        """All that is due now."""
        if hear:
            self.hear(now)
        while due.sweep(now):
            pass
        while due.step(now):
            pass
        while due.close(now):
            pass

    def until(self, start: datetime, end: datetime, every: timedelta, *, hear: bool = False) -> None:
        """Work at each tick from `start` to `end`; ticks at which nothing can be due are passed over."""
        now = start
        while now <= end:
            self.work(now, hear=hear)
            with connection.cursor() as cursor:
                cursor.execute(
                    """SELECT least((SELECT min(next_run_at) FROM journey_run),
                                    (SELECT min(next_run_at) FROM journey_sweep))"""
                )
                (due_at,) = cursor.fetchone()
            if due_at is None:
                return
            now += every * max(1, math.ceil((due_at - now) / every))

    def runs(self, member_id: UUID) -> list[Run]:
        return journeys.runs_of(brand_id=self.its.scope.brand_id, member_id=member_id)

    def did(self, member_id: UUID) -> list[tuple[str, datetime]]:
        """(node, when) of everything her runs did, in order."""
        runs = self.runs(member_id)
        found = journeys.actions_of(member_id=member_id, runs=runs)
        return sorted(((a.node, a.at) for rows in found.values() for a in rows), key=lambda one: one[1])

    def called(self, member_id: UUID) -> list[tuple[str, datetime]]:
        """(event, when) of the webhook steps that were told for her."""
        with connection.cursor() as cursor:
            cursor.execute(
                """SELECT payload->>'event', occurred_at FROM outbox WHERE topic = 'journey.called' AND member_id = %s
                    ORDER BY id""",
                [member_id],
            )
            return list(cursor.fetchall())

    def counts(
        self, code: str = "j", version: int | None = None
    ) -> dict[str, tuple[int, int, dict[str, int]]]:
        found = journeys.counts_of(journey=self.get(code), version=version)
        return {one.node: (one.entered, one.here, dict(one.ports)) for one in found.nodes}


_heard: set[UUID] = set()


def _events(ids: Sequence[UUID]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT id, organisation_id, brand_id, topic, payload::text, occurred_at, recorded_at, member_id
                 FROM outbox WHERE id = ANY(%s) ORDER BY id""",
            [list(ids)],
        )
        return [Event(*row[:4], json.loads(row[4]), *row[5:]) for row in cursor.fetchall()]


def travel(*rules: dict[str, Any], timezone: str = "Asia/Shanghai", slug: str = "test") -> Travel:
    plans.forget()
    definition = programme(list(rules) or [rule("base", points())])
    if timezone == "Asia/Shanghai":
        its = world(definition, slug=slug)
    else:
        organisation = organisations.create_organisation(name=Text("测试", "Test"), now=START)
        brand = organisations.create_brand(
            organisation_id=organisation.id,
            slug=slug,
            name=Text("测试", "Test"),
            timezone=timezone,
            now=START,
        )
        scope = Scope(organisation.id, brand.id, Actor("staff", None, "owner"), frozenset(PERMISSIONS))
        versions.install(scope=scope, definition=definition, now=START, effective_from=START)
        its = World(scope)
    for code in ("a", "b", "c", "vip"):
        members.put_tag(scope=its.scope, tag=Tag(code, Text(code, code)), now=START)
    return Travel(its)


__all__ = ["Travel", "call", "days", "journey", "message", "node", "outbox", "tag", "travel", "webhook"]
