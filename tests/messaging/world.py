"""A brand with members who have telephones and e-mail addresses, for tests of sending."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import connection
from tests.stories.world import PROGRAMME

from regulars.facts.consents import api as consents
from regulars.facts.consents.types import ConsentIn
from regulars.facts.members.types import Enrolment, IdentityIn
from regulars.flows import enrol
from regulars.kit.text import Text
from regulars.messaging import api
from regulars.messaging.sending import handing
from regulars.messaging.types import Ask, Delivery, Envelope
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import SYSTEM, Brand, Scope
from regulars.platform.staff.types import PERMISSIONS
from regulars.programme.versions import api as versions

NOON = datetime(2026, 3, 4, 4, tzinfo=UTC)  # a Wednesday, 12:00 in Shanghai


@dataclass
class Post:
    """A channel that remembers what it was given and answers as it is told."""

    answers: list[Delivery] = field(default_factory=list)
    is_local: bool = False
    is_idempotent: bool = False
    batch: int = 10
    got: list[Envelope] = field(default_factory=list)

    def deliver_many(self, envelopes: Sequence[Envelope]) -> Sequence[Delivery]:
        self.got += envelopes
        return [
            self.answers.pop(0) if self.answers else Delivery("sent", reference=f"r-{one.id}")
            for one in envelopes
        ]


@dataclass
class World:
    brand: Brand
    scope: Scope
    members: list[UUID]

    def agree(self, member: UUID, *channels: str, granted: bool = True, now: datetime = NOON) -> None:
        given = [ConsentIn("marketing", one, granted, "1", Text("同意", "I agree")) for one in channels]
        consents.record(
            scope=self.scope, member_id=member, consents=given, source="portal", language="zh", now=now
        )

    def ask(self, member: UUID, key: str = "k", now: datetime = NOON, **more: Any) -> int:
        given: dict[str, Any] = {
            "source": "campaign:spring", "purpose": "marketing", "template": "tier_ending",
            "channels": ("sms",), "values": {"tier": "金卡", "day": "3 月 31 日", "sentence": "金卡即将到期"},
        }  # fmt: skip
        return api.ask(brand=self.brand, asks=[Ask(member, key, **{**given, **more})], now=now)

    def state(self, member: UUID, key: str = "k") -> tuple[str, str, str]:
        found = api.states_of(brand_id=self.brand.id, keys=[(member, key)])[member, key]
        return found.state, found.reason, found.channel

    def run(self, now: datetime = NOON) -> int:
        return handing.deliver_all(now)


def open_world(members: int = 2) -> World:
    opened = datetime(2026, 1, 1, tzinfo=UTC)
    organisation = organisations.create_organisation(name=Text("晨光", "Morning"), now=opened)
    brand = organisations.create_brand(
        organisation_id=organisation.id, slug="morning", name=Text("晨光", "Morning"), now=opened
    )
    scope = Scope(organisation.id, brand.id, SYSTEM, frozenset(PERMISSIONS))
    versions.install(scope=scope, definition=PROGRAMME, effective_from=opened, now=opened)
    rows = [
        Enrolment(
            identities=(IdentityIn("phone", f"138{n:08d}"), IdentityIn("email", f"m{n}@example.org")),
            joined_at=opened,
        )
        for n in range(members)
    ]
    made = [
        one
        for start in range(0, members, 1000)
        for one in enrol.enrol(scope=scope, rows=rows[start : start + 1000], now=opened)
    ]
    return World(brand, scope, [one.enrolled.member_id for one in made])


def topics() -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT topic, count(*) FROM outbox WHERE topic LIKE 'message.%%' GROUP BY 1", [])
        return dict(cursor.fetchall())


def query(text: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(text, parameters)
        return cursor.fetchall()
