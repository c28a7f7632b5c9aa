"""Reading, finding and changing members, through the door on the real database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.members.world import MASKED, NOW, World

from regulars.facts.members import api, models
from regulars.facts.members.types import (
    ById,
    Enrolled,
    FieldChoice,
    FieldRules,
    IdentityIn,
    MemberFilter,
    ProfileField,
    Tag,
)
from regulars.kit.errors import Refusal
from regulars.kit.ids import new_id
from regulars.kit.text import Text
from regulars.platform.audit import api as audit
from regulars.platform.organisations.types import Actor, Scope

Enrol = Callable[..., Enrolled]


def names(scope: Scope, q: str = "", **more: Any) -> list[str]:
    return [row.name for row in api.list_members(scope=scope, given=MemberFilter(q=q, **more)).items]


def refused(call: Callable[[], Any]) -> Refusal:
    with pytest.raises(Refusal) as caught:
        call()
    return caught.value


# --- reading ---


def test_without_the_permission_personal_data_is_masked(world: World, enrol: Enrol) -> None:
    who = enrol(
        world.tea, "13800138000", name="张小明", birthday="1990-03-08", address="静安区", gender="male"
    )
    scope = replace(world.tea, permissions=MASKED)
    card = api.get_card(scope=scope, member_id=who.member_id)
    assert (card.profile.name, card.profile.birthday, card.profile.address) == ("张**", "1990-**-**", "***")
    assert [(i.masked, i.value) for i in card.identities] == [("138****8000", None)]
    (row,) = api.list_members(scope=scope).items
    assert (row.name, row.phone) == ("张**", "138****8000")
    (row,) = api.list_members(scope=world.tea).items
    assert (row.name, row.phone) == ("张小明", "+8613800138000")
    # she herself sees hers, and nobody else's
    other = enrol(world.tea, "13800138001", name="李四")
    herself = replace(world.tea, actor=Actor("member", who.member_id, "member"), permissions=frozenset())
    assert api.get_card(scope=herself, member_id=who.member_id).profile.name == "张小明"
    assert api.get_card(scope=herself, member_id=other.member_id).profile.name == "李*"


def test_a_card_takes_three_queries(world: World, enrol: Enrol) -> None:
    who = enrol(world.tea, "13800138000")
    with CaptureQueriesContext(connection) as captured:
        api.get_card(scope=world.tea, member_id=who.member_id)
    assert len(captured) == 3


def test_another_brands_member_is_not_there(world: World, enrol: Enrol) -> None:
    who = enrol(world.tea, "13800138000")
    for scope in (world.gym, world.other):
        assert refused(lambda s=scope: api.get_card(scope=s, member_id=who.member_id)).status == 404
        change = refused(
            lambda s=scope: api.update_member(scope=s, member_id=who.member_id, changes={}, now=NOW)
        )
        assert change.status == 404
        assert names(scope, "13800138000") == []


def test_members_are_found_by_what_people_type(world: World, enrol: Enrol) -> None:
    enrol(world.tea, "13800138000", name="张小明", code="TEA-0001")
    enrol(world.tea, "13900008000", name="王小明")
    enrol(world.tea, "13700001234", name="Anna Smith")
    enrol(world.gym, "13600001234", name="张小明")
    tea = world.tea
    assert names(tea, "138 0013 8000") == ["张小明"]
    assert names(tea, "+8613800138000") == ["张小明"]
    assert sorted(names(tea, "8000")) == ["张小明", "王小明"]  # last four digits
    assert names(tea, "tea-0001") == ["张小明"]
    assert names(tea, "张") == ["张小明"]
    assert sorted(names(tea, "小明")) == ["张小明", "王小明"]
    assert names(tea, "张小明") == ["张小明"]
    assert names(tea, "anna") == ["Anna Smith"]
    assert names(tea, "smi") == ["Anna Smith"]
    assert names(tea, "明小") == []
    assert names(tea, "李") == []
    assert names(tea, "a") == []
    assert names(tea, "13500000000") == []


def test_names_are_found_by_what_they_are_now(world: World, enrol: Enrol) -> None:
    who = enrol(world.tea, "13800138000", name="张小明")
    api.update_member(scope=world.tea, member_id=who.member_id, changes={"name": "张大明"}, now=NOW)
    assert names(world.tea, "小明") == []
    assert names(world.tea, "大明") == ["张大明"]
    assert names(world.tea, "8000") == ["张大明"]


def test_lists_are_filtered_and_paged_newest_first(world: World, enrol: Enrol) -> None:
    api.put_tag(scope=world.tea, tag=Tag("vip", Text("贵宾", "VIP")), now=NOW)
    for day in range(1, 6):
        enrol(
            world.tea,
            f"1380000000{day}",
            name=f"会员{day}",
            channel="store" if day % 2 else "h5",
            store_id=world.store if day < 3 else world.second_store,
            tags=("vip",) if day == 4 else (),
            joined_at=datetime(2026, 1, day, tzinfo=UTC),
        )
    models.Membership.objects.filter(channel="h5").update(
        tier="gold", last_order_at=datetime(2026, 3, 31, 20, tzinfo=UTC)
    )
    tea = world.tea
    assert names(tea) == ["会员5", "会员4", "会员3", "会员2", "会员1"]
    assert names(tea, tier="gold") == ["会员4", "会员2"]
    assert names(tea, tag="vip") == ["会员4"]
    assert names(tea, channel="store", store_id=world.store) == ["会员1"]
    march, april = datetime(2026, 3, 31, 20, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)
    assert names(tea, last_order_from=march, last_order_before=april) == ["会员4", "会员2"]
    assert names(tea, last_order_before=march) == []
    assert names(tea, last_order_from=april) == []
    assert names(
        tea, joined_from=datetime(2026, 1, 2, tzinfo=UTC), joined_before=datetime(2026, 1, 4, tzinfo=UTC)
    ) == ["会员3", "会员2"]
    seen: list[str] = []
    cursor = None
    for _ in range(3):
        page = api.list_members(scope=tea, cursor=cursor, limit=2)
        seen += [row.name for row in page.items]
        cursor = page.next_cursor
    assert (seen, cursor) == (["会员5", "会员4", "会员3", "会员2", "会员1"], None)
    assert refused(lambda: api.list_members(scope=tea, cursor="nonsense")).errors[0].code == "bad_cursor"


def test_store_staff_list_their_own_and_find_others_exactly(world: World, enrol: Enrol) -> None:
    enrol(world.tea, "13800000001", name="张一", store_id=world.store)
    enrol(world.tea, "13800000002", name="张二", store_id=world.second_store)
    clerk = replace(world.tea, store_ids=frozenset({world.store}))
    assert names(clerk) == ["张一"]
    assert names(clerk, "张") == ["张一"]
    assert names(clerk, "13800000002") == ["张二"]


def test_decisions_get_birthday_and_gender(world: World, enrol: Enrol) -> None:
    who = enrol(world.tea, "13800138000", birthday="1990-03-08")
    facts = api.personal_facts(member_ids=[who.member_id, new_id()])
    assert list(facts) == [who.member_id]
    assert (str(facts[who.member_id].birthday), facts[who.member_id].gender) == ("1990-03-08", None)


# --- changing ---


def test_a_change_is_merged_audited_and_says_every_error(world: World, enrol: Enrol) -> None:
    who = enrol(world.tea, "13800138000", name="张小明")
    card = api.update_member(
        scope=world.tea,
        member_id=who.member_id,
        changes={"name": "张明", "gender": "male", "language": "en", "birthday": "1990-03-08"},
        now=NOW,
    )
    assert (card.profile.name, card.profile.gender, card.language) == ("张明", "male", "en")
    refusal = refused(
        lambda: api.update_member(
            scope=world.tea,
            member_id=who.member_id,
            changes={"name": "x" * 61, "gender": "?", "birthday": "soon", "status": "asleep"},
            now=NOW,
        )
    )
    assert {e.field for e in refusal.errors} == {"name", "gender", "birthday", "status"}
    assert api.get_card(scope=world.tea, member_id=who.member_id).profile.name == "张明"
    (entry,) = audit.list_entries(
        organisation_id=world.tea.organisation_id, action="member.update", subject_id=who.member_id
    ).items
    assert entry.after["language"] == "en"
    assert "张明" not in str(entry)
    assert "1990" not in str(entry.after) + str(entry.before)


def test_a_member_is_held_to_the_birthday_policy(world: World, enrol: Enrol) -> None:
    who = enrol(world.tea, "13800138000", birthday="1990-03-08")
    herself = replace(world.tea, actor=Actor("member", who.member_id, "member"), permissions=frozenset())

    def change(day: str, scope: Scope, now: datetime) -> Any:
        return api.update_member(scope=scope, member_id=who.member_id, changes={"birthday": day}, now=now)

    assert refused(lambda: change("1990-05-01", herself, NOW + timedelta(days=1))).code == "birthday_locked"
    assert change("1990-05-01", world.tea, NOW).profile.birthday == "1990-05-01"  # staff may
    later = NOW + timedelta(days=365)
    assert change("1990-06-01", herself, later).profile.birthday == "1990-06-01"
    assert (
        refused(
            lambda: api.update_member(
                scope=herself, member_id=who.member_id, changes={"status": "active"}, now=NOW
            )
        )
        .errors[0]
        .code
        == "not_changeable"
    )


def test_identities_are_added_proven_and_removed(world: World, enrol: Enrol) -> None:
    who = enrol(world.tea, "13800138000", name="张小明")
    other = enrol(world.tea, "13900139000")
    tea = world.tea

    def add(type_: str, value: str) -> Any:
        return api.add_identity(
            scope=tea, member_id=who.member_id, identity=IdentityIn(type_, value), now=NOW
        )

    card = add("phone", "137 0000 5678")
    assert names(tea, "5678") == ["张小明"]
    assert len(add("phone", "13700005678").identities) == 2  # again is harmless
    taken = refused(lambda: add("phone", "13900139000"))
    assert (taken.code, taken.status, taken.data) == ("identity_taken", 409, {"identity_type": "phone"})
    assert refused(lambda: add("phone", "12")).errors[0].field == "value"
    new = next(i for i in card.identities if i.masked.endswith("5678"))
    assert new.verified_at is None
    proven = api.verify_identity(scope=tea, member_id=who.member_id, identity_id=new.id, now=NOW)
    assert next(i for i in proven.identities if i.id == new.id).verified_at == NOW
    foreign = refused(
        lambda: api.remove_identity(scope=tea, member_id=other.member_id, identity_id=new.id, now=NOW)
    )
    assert foreign.status == 404
    card = api.remove_identity(scope=tea, member_id=who.member_id, identity_id=new.id, now=NOW)
    assert [i.masked for i in card.identities] == ["138****8000"]
    assert names(tea, "5678") == []
    last = refused(
        lambda: api.remove_identity(
            scope=tea, member_id=who.member_id, identity_id=card.identities[0].id, now=NOW
        )
    )
    assert last.code == "last_identity"
    # the number is free for somebody else
    ref = ById(identity=IdentityIn("phone", "13700005678"))
    (found,) = api.resolve(organisation_id=tea.organisation_id, brand_id=tea.brand_id, refs=[ref])
    assert isinstance(found, Refusal)
    enrol(tea, "13700005678")


def test_tags_are_declared_put_on_and_taken_off_in_bulk(world: World, enrol: Enrol) -> None:
    tea = world.tea
    for code in ("vip", "sleeping"):
        api.put_tag(scope=tea, tag=Tag(code, Text(code, code), "#00aa00"), now=NOW)
    members = [enrol(tea, f"1380000000{n}").member_id for n in range(4)]
    assert api.tag_members(scope=tea, member_ids=members, add=["vip"], now=NOW) == 4
    changed = api.tag_members(
        scope=tea, member_ids=members[:2], add=["vip", "sleeping"], remove=["vip"], now=NOW
    )
    assert changed == 2
    assert [api.get_card(scope=tea, member_id=m).tags for m in members] == [
        ("sleeping",), ("sleeping",), ("vip",), ("vip",),
    ]  # fmt: skip
    wrong = refused(
        lambda: api.tag_members(scope=tea, member_ids=[*members, new_id()], add=["nope"], now=NOW)
    )
    assert [e.field for e in wrong.errors] == ["add[0]"]
    wrong = refused(
        lambda: api.tag_members(scope=tea, member_ids=[members[0], new_id()], add=["vip"], now=NOW)
    )
    assert [e.field for e in wrong.errors] == ["members[1]"]
    tagged = audit.list_entries(organisation_id=tea.organisation_id, action="member.tag").items
    assert len(tagged) == 6
    api.delete_tag(scope=tea, code="sleeping", now=NOW)
    assert [t.code for t in api.list_tags(brand_id=tea.brand_id)] == ["vip"]
    assert refused(lambda: api.delete_tag(scope=tea, code="sleeping", now=NOW)).status == 404


def test_custom_fields_are_declared_filled_and_counted(world: World, enrol: Enrol) -> None:
    tea = world.tea
    choices = (FieldChoice("dry", Text("干性", "Dry")), FieldChoice("oily", Text("油性", "Oily")))
    skin = ProfileField("skin", "enum", Text("肤质", "Skin type"), choices)
    weight = ProfileField("weight", "decimal", Text("体重", "Weight"), rules=FieldRules(min="20", max="300"))
    for field in (skin, weight):
        assert api.put_field(scope=tea, field=field, now=NOW) == field
    who = enrol(tea, "13800138000", name="张三", attributes={"skin": "dry"})

    def fill(**values: Any) -> Any:
        return api.update_member(scope=tea, member_id=who.member_id, changes={"attributes": values}, now=NOW)

    # name and skin of name, gender, birthday, skin, weight: 2/5
    assert api.get_card(scope=tea, member_id=who.member_id).completion_percent == 40
    card = fill(weight=62.5)
    assert (card.attributes, card.completion_percent) == ({"skin": "dry", "weight": "62.5"}, 60)
    assert fill(skin=None).attributes == {"weight": "62.5"}
    wrong = refused(lambda: fill(weight=10, skin="wet", size=1))
    assert {e.field for e in wrong.errors} == {"attributes.weight", "attributes.skin", "attributes.size"}
    entries = audit.list_entries(organisation_id=tea.organisation_id, action="member.update").items
    assert [e.after for e in entries] == [
        {"changed_attributes": ["skin"]},
        {"changed_attributes": ["weight"]},
    ]
    assert "20" in wrong.errors[0].message.zh
    # another brand has its own fields
    enrol(world.gym, "13800138000")
    elsewhere = refused(
        lambda: api.update_member(
            scope=world.gym, member_id=who.member_id, changes={"attributes": {"weight": 60}}, now=NOW
        )
    )
    assert elsewhere.errors[0].code == "unknown_field"
    changed = refused(lambda: api.put_field(scope=tea, field=replace(weight, type="int"), now=NOW))
    assert changed.code == "type_fixed"
    api.put_field(scope=tea, field=replace(weight, archived=True), now=NOW)
    assert [f.key for f in api.list_fields(brand_id=tea.brand_id)] == ["skin"]
    assert [f.key for f in api.condition_fields(brand_id=tea.brand_id)] == ["membership.attributes.skin"]
    assert refused(lambda: fill(weight=60)).errors[0].code == "unknown_field"
    assert api.get_field(brand_id=tea.brand_id, key="weight").archived


def test_notes_stay_with_the_brand_newest_first(world: World, enrol: Enrol) -> None:
    who = enrol(world.tea, "13800138000")
    enrol(world.gym, "13800138000")
    for n in range(3):
        api.add_note(scope=world.tea, member_id=who.member_id, text=f"第 {n} 条\n换行", now=NOW)
    page = api.list_notes(scope=world.tea, member_id=who.member_id, limit=2)
    assert [note.text for note in page.items] == ["第 2 条\n换行", "第 1 条\n换行"]
    rest = api.list_notes(scope=world.tea, member_id=who.member_id, cursor=page.next_cursor)
    assert [note.text[:4] for note in rest.items] == ["第 0 条"[:4]]
    assert page.items[0].author == "Wang Li"
    assert api.list_notes(scope=world.gym, member_id=who.member_id).items == []
    assert (
        refused(lambda: api.add_note(scope=world.tea, member_id=who.member_id, text=" ", now=NOW))
        .errors[0]
        .field
        == "text"
    )
