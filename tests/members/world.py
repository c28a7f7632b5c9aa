"""An organisation with two brands, and scopes to act in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from regulars.facts.members import api
from regulars.facts.members.types import Enrolled, Enrolment, IdentityIn
from regulars.kit.ids import new_id
from regulars.kit.text import Text
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Actor, NewStore, Scope

NOW = datetime(2026, 5, 1, 4, tzinfo=UTC)  # noon in Shanghai
EVERYTHING = frozenset({"members.read", "members.write", "members.read_personal", "settings.write"})
MASKED = EVERYTHING - {"members.read_personal"}


@dataclass(frozen=True)
class World:
    """Two brands of one organisation (`tea`, `gym`) and one of another (`other`)."""

    tea: Scope
    gym: Scope
    other: Scope
    store: UUID
    second_store: UUID


def scope_of(
    organisation_id: UUID, brand_id: UUID, permissions: frozenset[str] = EVERYTHING, **more: Any
) -> Scope:
    return Scope(organisation_id, brand_id, Actor("staff", new_id(), "Wang Li"), permissions, **more)


def make_world() -> World:
    one = organisations.create_organisation(name=Text("一号集团", "Group One"), now=NOW)
    two = organisations.create_organisation(name=Text("二号集团", "Group Two"), now=NOW)
    tea, gym = (
        organisations.create_brand(organisation_id=one.id, slug=slug, name=Text(slug, slug), now=NOW)
        for slug in ("tea", "gym")
    )
    other = organisations.create_brand(
        organisation_id=two.id, slug="other", name=Text("他牌", "Other"), now=NOW
    )
    stores = organisations.put_stores(
        brand_id=tea.id,
        stores=[NewStore("S1", Text("一店", "First")), NewStore("S2", Text("二店", "Second"))],
        now=NOW,
    )
    return World(
        tea=scope_of(one.id, tea.id),
        gym=scope_of(one.id, gym.id),
        other=scope_of(two.id, other.id),
        store=stores["S1"].id,
        second_store=stores["S2"].id,
    )


def enrol_one(scope: Scope, phone: str, now: datetime = NOW, **more: Any) -> Enrolled:
    """Enrol one person by phone; more fields of `Enrolment` as keywords."""
    row = Enrolment(identities=(IdentityIn("phone", phone),), **more)
    (result,) = api.enrol_many(scope=scope, rows=[row], now=now)
    if not isinstance(result, Enrolled):
        raise result
    return result
