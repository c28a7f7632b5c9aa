"""The whole enrolment: tier, event, audit, idempotency, in one transaction."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.members.world import NOW, World

from regulars.facts.members import api as members
from regulars.facts.members import models
from regulars.facts.members.types import Enrolment, IdentityIn
from regulars.flows.enrol import Enrolee, enrol
from regulars.kit.errors import Refusal
from regulars.platform.audit import api as audit
from regulars.platform.outbox import api as outbox
from regulars.programme.packs import api as packs
from regulars.programme.versions import api as versions
from regulars.value.tiers import api as tiers


def row(phone: str, **more: Any) -> Enrolment:
    return Enrolment(identities=(IdentityIn("phone", phone),), **more)


@pytest.fixture
def live(world: World) -> World:
    """The retail pack in force in `tea`: one scheme, 普通 (normal) is its lowest tier."""
    publisher = replace(world.tea, permissions=frozenset({"programme.read", "programme.publish"}))
    versions.install(
        scope=publisher,
        definition=packs.get_pack("retail"),
        effective_from=NOW - timedelta(days=400),
        now=NOW,
    )
    return world


def test_a_new_member_starts_in_the_lowest_tier_and_is_announced(real_db: None, live: World) -> None:
    scope = live.tea
    (answer,) = enrol(
        scope=scope, rows=[row("13800138000", name="张三", channel="h5", store_id=live.store)], now=NOW
    )
    assert isinstance(answer, Enrolee)
    member_id = answer.enrolled.member_id
    card = members.get_card(scope=scope, member_id=member_id)
    (joined,) = tiers.timeline(brand_id=scope.brand_id, member_id=member_id)
    assert (joined.reason, joined.previous, joined.tier, joined.occurred_at) == ("joined", "", card.tier, NOW)
    assert answer.tier == card.tier == "normal"
    outbox.subscribe(name="test", from_start=True)
    events: list[Any] = []
    outbox.drain(name="test", handle=events.extend, now=NOW, topics=["member.enrolled"])
    assert [(e.member_id, e.payload["store"], e.payload["channel"]) for e in events] == [
        (member_id, "S1", "h5")
    ]
    (entry,) = audit.list_entries(organisation_id=scope.organisation_id, action="member.enrol").items
    assert entry.subject_id == str(member_id)
    assert "张三" not in str(entry)
    assert "13800138000" not in str(entry) + str(events)


def test_people_may_join_before_anything_is_published(world: World) -> None:
    (answer,) = enrol(scope=world.tea, rows=[row("13800138000")], now=NOW)
    assert isinstance(answer, Enrolee)
    assert answer.tier == ""
    assert tiers.timeline(brand_id=world.tea.brand_id, member_id=answer.enrolled.member_id) == []


def test_a_key_answers_the_same_and_refuses_another_body(live: World) -> None:
    def once(phone: str, key: str, **more: Any) -> Any:
        return enrol(scope=live.tea, rows=[row(phone, **more)], now=NOW, idempotency_keys=[key])[0]

    first = once("13800138000", "k1", name="张三")
    again = once("13800138000", "k1", name="张三")
    assert isinstance(first, Enrolee)
    assert again == replace(first, duplicate=True)
    other = once("13800138001", "k1", name="张三")
    assert isinstance(other, Refusal)
    assert (other.code, other.status) == ("idempotency_conflict", 409)
    assert models.Membership.objects.count() == 1
    # a refused enrolment leaves its key free
    bad = once("138", "k2")
    assert isinstance(bad, Refusal)
    assert isinstance(once("13800138002", "k2"), Enrolee)
    wrong = once("13800138003", "k" * 129)
    assert isinstance(wrong, Refusal)
    assert wrong.errors[0].field == "idempotency_key"
    # a person of another brand: the repeated answer says joined too
    (joined,) = enrol(
        scope=live.gym, rows=[row("13800138000")], now=NOW + timedelta(hours=1), idempotency_keys=["g"]
    )
    (repeat,) = enrol(
        scope=live.gym, rows=[row("13800138000")], now=NOW + timedelta(hours=2), idempotency_keys=["g"]
    )
    assert isinstance(joined, Enrolee)
    assert joined.enrolled.outcome == "joined"
    assert repeat == replace(joined, duplicate=True)


def test_store_staff_enrol_at_their_stores_only(live: World) -> None:
    clerk = replace(live.tea, store_ids=frozenset({live.store}))
    answers = enrol(
        scope=clerk,
        rows=[
            row("13800000001", store_id=live.store),
            row("13800000002", store_id=live.second_store),
            row("13800000003"),
        ],
        now=NOW,
    )
    assert [a.code if isinstance(a, Refusal) else a.enrolled.outcome for a in answers] == [
        "created", "store_not_allowed", "store_not_allowed",
    ]  # fmt: skip


@pytest.mark.race
def test_one_key_sent_thirty_times_at_once_enrols_once(world: World, together: Any) -> None:
    answers = together(
        [
            lambda: enrol(scope=world.tea, rows=[row("13800138000")], now=NOW, idempotency_keys=["same"])[0]
            for _ in range(30)
        ]
    )
    assert all(isinstance(a, Enrolee) for a in answers), answers
    assert sorted(a.duplicate for a in answers) == [False] + [True] * 29
    assert len({a.enrolled.member_id for a in answers}) == 1
