"""Members from files."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from tests.imports.given import NOW, csv_of, errors, run, shop, upload

from regulars.facts.members import api as members
from regulars.facts.members.types import ById, FieldChoice, IdentityIn, ProfileField, Tag
from regulars.flows.imports import api as imports
from regulars.kit.text import Text
from regulars.programme.versions import api as versions

pytestmark = pytest.mark.django_db

HEADERS = (
    "姓名",
    "手机号",
    "邮箱",
    "会员卡号",
    "出生日期",
    "性别",
    "标签",
    "注册时间",
    "门店",
    "口味",
    "宠物",
)
ROWS = [
    ("林小满", "138 0000 0001", "Lin@Example.com", "VIP0001", "1990/5/6", "女", "咖啡；vip",
     "2024-01-02 08:00", "一店", "甜", "是"),
    ("王大雪", "+8613800000002", "", "", "", "", "", "", "S2", "", ""),
    ("没有号码", "", "", "", "1990-05-06", "", "", "", "", "", ""),
    ("坏生日", "13800000004", "", "", "1990-13-06", "", "", "", "", "", ""),
    ("坏标签", "13800000005", "", "", "", "", "不认识", "", "", "酸辣", ""),
    ("又是小满", "13800000001", "", "", "", "", "", "", "", "", ""),
    ("新口味", "13800000006", "", "", "", "", "", "", "", "麻", ""),
]  # fmt: skip


def test_people_with_tags_and_custom_fields() -> None:
    store = shop()
    scope = store.scope
    for tag in (Tag("coffee", Text("咖啡", "Coffee")), Tag("vip", Text("贵宾", "VIP"))):
        members.put_tag(scope=scope, tag=tag, now=NOW)
    taste = ProfileField(
        "taste", "enum", Text("口味", "Taste"),
        choices=(FieldChoice("sweet", Text("甜", "Sweet")), FieldChoice("hot", Text("辣", "Hot"))),
    )  # fmt: skip
    members.put_field(scope=scope, field=taste, now=NOW)
    members.put_field(scope=scope, field=ProfileField("pet", "bool", Text("宠物", "Pet")), now=NOW)
    view = upload(store, csv_of(ROWS, HEADERS), name="members.csv", kind="members")
    assert set(view.mapping.columns) == {
        "full_name", "phone", "email", "card", "birthday", "gender", "tags", "joined_at", "store",
        "attribute.taste", "attribute.pet",
    }  # fmt: skip
    checked = run(store, view, dry=True)
    assert (checked.state, checked.applied, checked.duplicate, checked.failed) == ("checked", 2, 1, 4)
    assert list(members.list_members(scope=scope).items) == []
    done = run(store, view)
    assert (done.state, done.total, done.applied, done.duplicate, done.failed) == ("done", 7, 2, 1, 4)
    assert errors(store, view) == [
        (4, "手机号", "required"),
        (5, "出生日期", "bad_time"),
        (6, "标签", "unknown_tag"),
        (8, "口味", "bad_choice"),
    ]
    (found,) = members.resolve(
        organisation_id=scope.organisation_id,
        brand_id=scope.brand_id,
        refs=[ById(identity=IdentityIn("card", "vip 0001"))],
    )
    card = members.get_card(scope=scope, member_id=found)
    assert (card.profile.name, card.profile.gender, card.profile.birthday) == (
        "林小满",
        "female",
        "1990-05-06",
    )
    assert card.tags == ("coffee", "vip")
    assert card.attributes == {"taste": "sweet", "pet": True}
    # eight in the morning in Shanghai
    assert card.joined_at == datetime(2024, 1, 2, tzinfo=UTC)
    assert {identity.type for identity in card.identities} == {"phone", "email", "card"}
    assert card.tier == "normal"
    again = upload(store, csv_of(ROWS, HEADERS), name="members.csv", kind="members")
    repeated = run(store, again)
    assert (repeated.applied, repeated.duplicate, repeated.failed) == (0, 3, 4)


def test_the_targets_name_custom_fields() -> None:
    store = shop()
    field = ProfileField("pet", "bool", Text("宠物", "Pet"))
    members.put_field(scope=store.scope, field=field, now=NOW)
    targets, options = imports.list_targets(brand_id=store.scope.brand_id)["members"]
    assert targets[-1].key == "attribute.pet"
    assert {option.key for option in options} >= {"date_format", "timezone", "encoding"}


def test_tiers_are_matched_for_new_and_old_members() -> None:
    store = shop()
    scope = store.scope
    live = versions.in_force(brand_id=scope.brand_id, now=NOW).live
    scheme = live.schemes[0]
    second = scheme.tiers[1]
    run(store, upload(store, csv_of([("13800000001",)], ("手机号",)), name="old.csv", kind="members"))
    rows = [
        ("13800000001", second.name.zh, ""),
        ("13800000002", second.code, "2099-12-31"),
        ("13800000003", "黑金至尊", ""),
        ("13800000004", second.code, "2001-01-01"),
        ("13800000005", "", ""),
    ]
    view = upload(store, csv_of(rows, ("手机号", "会员等级", "等级到期日")), name="tiers.csv", kind="members")
    assert {"phone", "tier", "tier_until"} <= set(view.mapping.columns)
    checked = run(store, view, dry=True)
    assert (checked.applied, checked.failed) == (3, 2)
    view = upload(store, csv_of(rows, ("手机号", "会员等级", "等级到期日")), name="t2.csv", kind="members")
    done = run(store, view)
    assert (done.applied, done.duplicate, done.failed) == (3, 0, 2)
    assert sorted(e.code for e in imports.list_errors(scope=scope, import_id=view.id)) == [
        "invalid_input",
        "unknown_tier",
    ]
    tiers = {m.phone[-4:]: m.tier for m in members.list_members(scope=scope).items}
    assert sorted(tiers.values()).count(second.code) == 2
