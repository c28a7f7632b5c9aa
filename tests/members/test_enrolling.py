"""Enrolment and references, through the door on the real database."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.members.world import NOW, World

from regulars.facts.members import api, models
from regulars.facts.members.types import ById, Enrolled, Enrolment, IdentityIn
from regulars.kit.errors import Refusal
from regulars.kit.ids import new_id
from regulars.kit.text import Text

Enrol = Callable[..., Enrolled]


def rows(*phones: str, **more: Any) -> list[Enrolment]:
    return [Enrolment(identities=(IdentityIn("phone", phone),), **more) for phone in phones]


def codes(results: list[Any]) -> list[str]:
    return [r.code if isinstance(r, Refusal) else r.outcome for r in results]


def test_a_new_person_is_kept_sealed_and_shown_whole(world: World, enrol: Enrol) -> None:
    enrolled = enrol(
        world.tea,
        "13800138000",
        name="张小明",
        gender="male",
        birthday="1990-03-08",
        address="上海市静安区 1 号",
        channel="store",
        touchpoint="qr:S1",
        store_id=world.store,
        recruiter="E07",
    )
    card = api.get_card(scope=world.tea, member_id=enrolled.member_id)
    assert (card.profile.name, card.profile.gender, card.profile.birthday) == ("张小明", "male", "1990-03-08")
    assert (card.code, card.channel, card.touchpoint) == (enrolled.code, "store", "qr:S1")
    assert (card.store_id, card.recruiter, card.joined_at) == (world.store, "E07", NOW)
    assert [(i.type, i.value, i.masked) for i in card.identities] == [
        ("phone", "+8613800138000", "138****8000")
    ]
    stored = models.Profile.objects.get(member_id=enrolled.member_id)
    identity = models.Identity.objects.get(member_id=enrolled.member_id)
    for sealed in (stored.name, stored.birthday, identity.value):
        assert "张".encode() not in bytes(sealed)
        assert b"1990" not in bytes(sealed)
        assert b"138001" not in bytes(sealed)


def test_many_are_enrolled_by_a_fixed_number_of_statements(world: World) -> None:
    def statements(count: int, first: int) -> int:
        given = rows(*(f"139{first + n:08d}" for n in range(count)), name="李雷")
        with CaptureQueriesContext(connection) as captured:
            results = api.enrol_many(scope=world.tea, rows=given, now=NOW)
        assert codes(results) == ["created"] * count
        return len(captured)

    assert statements(1, 0) == statements(300, 1000)
    assert models.Membership.objects.count() == 301


def test_each_bad_row_is_told_why_and_the_others_are_enrolled(world: World, enrol: Enrol) -> None:
    enrol(world.tea, "13800000001")
    given = [
        *rows("13800000002"),
        *rows("138"),
        *rows("13800000001"),  # a member already
        *rows("+86 138 0000 0002"),  # twice in the batch
        Enrolment(identities=()),
        *rows("13800000003", gender="x", birthday="2030-01-01", tags=("nope",), attributes={"size": 1}),
        *rows("13800000004"),
    ]
    results = api.enrol_many(scope=world.tea, rows=given, now=NOW)
    assert codes(results) == [
        "created", "invalid_input", "already_member", "duplicate_in_batch", "invalid_input", "invalid_input", "created",
    ]  # fmt: skip
    assert isinstance(results[5], Refusal)
    assert [e.field for e in results[5].errors] == ["birthday", "gender", "tags[0]", "attributes.size"]
    assert isinstance(results[2], Refusal)
    assert results[2].status == 409
    assert results[2].message == Text("该手机号已是会员", "This phone number is already a member's")
    assert models.Membership.objects.count() == 3


def test_one_person_has_a_membership_per_brand(world: World, enrol: Enrol) -> None:
    first = enrol(world.tea, "13800138000", name="张小明")
    (second,) = api.enrol_many(
        scope=world.gym,
        rows=[
            Enrolment(
                identities=(IdentityIn("phone", "13800138000"), IdentityIn("card", "GYM-0001")),
                name="张三",
                gender="male",
            )
        ],
        now=NOW,
    )
    assert isinstance(second, Enrolled)
    assert (second.member_id, second.outcome) == (first.member_id, "joined")
    assert second.code != first.code
    card = api.get_card(scope=world.gym, member_id=first.member_id)
    # the name she gave first stays, what was empty is filled, her card is hers everywhere
    assert (card.profile.name, card.profile.gender) == ("张小明", "male")
    assert {i.type for i in card.identities} == {"phone", "card"}
    assert set(card.brands) == {world.tea.brand_id, world.gym.brand_id}


def test_two_organisations_know_nothing_of_each_other(world: World, enrol: Enrol) -> None:
    here = enrol(world.tea, "13800138000")
    there = enrol(world.other, "13800138000")
    assert here.member_id != there.member_id
    (found,) = api.resolve(
        organisation_id=world.other.organisation_id,
        brand_id=world.other.brand_id,
        refs=[ById(id=here.member_id)],
    )
    assert isinstance(found, Refusal)
    assert found.code == "member_not_found"


def test_identities_of_two_people_are_a_conflict_and_change_nothing(world: World, enrol: Enrol) -> None:
    enrol(world.tea, "13800000001")
    api.enrol_many(scope=world.tea, rows=[Enrolment(identities=(IdentityIn("card", "A100"),))], now=NOW)
    (result,) = api.enrol_many(
        scope=world.gym,
        rows=[Enrolment(identities=(IdentityIn("phone", "13800000001"), IdentityIn("card", "a-100")))],
        now=NOW,
    )
    assert isinstance(result, Refusal)
    assert (result.code, result.status) == ("identity_conflict", 409)
    assert result.data == {"identity_types": ["phone", "card"]}
    assert models.Membership.objects.count() == 2


def test_a_code_that_the_member_brings_is_kept_and_unique(world: World) -> None:
    given = rows("13800000001", code="old-0077")
    (one,) = api.enrol_many(scope=world.tea, rows=given, now=NOW)
    assert isinstance(one, Enrolled)
    assert one.code == "OLD-0077"
    (two,) = api.enrol_many(scope=world.tea, rows=rows("13800000002", code="OLD-0077"), now=NOW)
    assert isinstance(two, Refusal)
    assert two.data["identity_type"] == "code"


def test_references_resolve_in_order_by_one_query(world: World, enrol: Enrol) -> None:
    anna = enrol(world.tea, "13800000001", code="ANNA1")
    bert = enrol(world.tea, "13800000002")
    gone = enrol(world.tea, "13800000003")
    elsewhere = enrol(world.gym, "13800000004")
    models.Membership.objects.filter(member_id=gone.member_id).update(status="left")
    refs = [
        ById(code="anna1"),
        ById(identity=IdentityIn("phone", "138-0000-0002")),
        ById(id=anna.member_id),
        ById(identity=IdentityIn("phone", "13900000000")),
        ById(id=new_id()),
        ById(),
        ById(id=anna.member_id, code="ANNA1"),
        ById(identity=IdentityIn("phone", "oops")),
        ById(id=gone.member_id),
        ById(id=elsewhere.member_id),
        ById(code=bert.code),
    ]
    with CaptureQueriesContext(connection) as captured:
        found = api.resolve(organisation_id=world.tea.organisation_id, brand_id=world.tea.brand_id, refs=refs)
    assert len(captured) == 1
    assert [r.code if isinstance(r, Refusal) else r for r in found] == [
        anna.member_id, bert.member_id, anna.member_id, "member_not_found", "member_not_found", "invalid_input",
        "invalid_input", "invalid_input", "member_left", "member_not_found", bert.member_id,
    ]  # fmt: skip
    assert isinstance(found[7], Refusal)
    assert (found[7].errors[0].field, found[7].errors[0].code) == ("member.identity.value", "bad_phone")


def test_a_thousand_references_take_one_query(world: World) -> None:
    given = rows(*(f"136{n:08d}" for n in range(1000)))
    enrolled = api.enrol_many(scope=world.tea, rows=given, now=NOW)
    refs = [ById(identity=IdentityIn("phone", f"136{n:08d}")) for n in range(1000)]
    with CaptureQueriesContext(connection) as captured:
        found = api.resolve(organisation_id=world.tea.organisation_id, brand_id=world.tea.brand_id, refs=refs)
    assert len(captured) == 1
    assert found == [r.member_id for r in enrolled if isinstance(r, Enrolled)]


@pytest.mark.race
def test_one_phone_enrolled_fifty_times_at_once_is_one_member(world: World, together: Any) -> None:
    """Half of them also bring a card of their own, so that some lose a claim after winning another."""

    def one(n: int) -> Any:
        identities = [IdentityIn("phone", "13800138000")]
        if n % 2:
            identities.append(IdentityIn("card", f"CARD{n:04d}"))
        return api.enrol_many(scope=world.tea, rows=[Enrolment(identities=tuple(identities))], now=NOW)[0]

    results = together([lambda n=n: one(n) for n in range(50)])
    assert sum(isinstance(r, Enrolled) for r in results) == 1
    assert {r.code for r in results if isinstance(r, Refusal)} == {"already_member"}
    assert not [r for r in results if not isinstance(r, (Enrolled, Refusal))]
    member_id = next(r.member_id for r in results if isinstance(r, Enrolled))
    assert models.Member.objects.count() == models.Membership.objects.count() == 1
    # her phone, her code, and her card if she brought one; the losers' cards are free again
    held = models.IdentityKey.objects.values_list("member_id", flat=True)
    assert set(held) == {member_id}
    assert len(held) == models.Identity.objects.count() + 1


@pytest.mark.race
def test_batches_that_overlap_in_opposite_order_do_not_block_each_other(world: World, together: Any) -> None:
    phones = [f"137{n:08d}" for n in range(200)]

    def batch(n: int) -> Any:
        order = phones if n % 2 else phones[::-1]
        return api.enrol_many(scope=world.tea, rows=rows(*order, name="王芳"), now=NOW)

    outcomes = together([lambda n=n: batch(n) for n in range(8)])
    assert not [o for o in outcomes if isinstance(o, BaseException)]
    created = [r.member_id for o in outcomes for r in o if isinstance(r, Enrolled)]
    assert len(created) == len(set(created)) == models.Membership.objects.count() == 200


@pytest.mark.race
def test_a_known_person_joins_another_brand_once_however_often_it_is_tried(
    world: World, enrol: Enrol, together: Any
) -> None:
    known = enrol(world.tea, "13800138000")
    results = together(
        [lambda: api.enrol_many(scope=world.gym, rows=rows("13800138000"), now=NOW)[0] for _ in range(20)]
    )
    assert sorted(codes(results)) == ["already_member"] * 19 + ["joined"]
    assert models.Membership.objects.filter(member_id=known.member_id).count() == 2
    assert models.IdentityKey.objects.filter(type="code").count() == 2
