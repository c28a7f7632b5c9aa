"""Exported, applied to an empty brand, exported again: the same file. Plans change nothing, applying asks a review."""

from __future__ import annotations

import copy
import itertools
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.coupons.given import definition as coupon_definition
from tests.intake.world import START, World, name, points, programme, rule, world
from tests.stories.world import staff

from regulars.facts.activity import api as activities
from regulars.facts.members import api as members
from regulars.facts.members.types import FieldChoice, FieldRules, ProfileField, Tag
from regulars.flows.blueprint import api as blueprint
from regulars.flows.blueprint import reading
from regulars.flows.intake.api import SYSTEM_TYPES
from regulars.kit.errors import Refusal
from regulars.kit.text import Text
from regulars.platform.audit.models import AuditRow
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Scope
from regulars.programme.packs import api as packs
from regulars.programme.versions import api as versions
from regulars.value.budgets import api as budgets
from regulars.value.coupons import api as coupons

pytestmark = pytest.mark.django_db
_numbers = itertools.count()


def empty(scope: Scope) -> Scope:
    """A brand without anything, for the same people."""
    brand = organisations.create_brand(
        organisation_id=scope.organisation_id,
        slug=f"empty-{next(_numbers)}",
        name=Text("空", "Empty"),
        now=START,
    )
    return staff(Scope(scope.organisation_id, brand.id, scope.actor, scope.permissions), "Ann")


def exported(scope: Scope) -> str:
    return blueprint.export(scope=scope, now=START)


def there_and_back(scope: Scope) -> None:
    text = exported(scope)
    other = empty(scope)
    done = blueprint.apply(scope=other, text=text, now=START, publish=True)
    assert done.state == "published"
    assert exported(other) == text
    # and the same file again changes nothing
    assert blueprint.plan(scope=other, text=text, now=START).differences == ()
    assert blueprint.apply(scope=other, text=text, now=START).state == "unchanged"


def test_the_retail_pack_goes_there_and_back() -> None:
    there_and_back(world(packs.get_pack("retail", currency="CNY")).scope)


def test_the_words_of_a_brand_go_with_it() -> None:
    w = world(programme([]))
    members.put_tag(scope=w.scope, tag=Tag("vip", Text("贵宾", "VIP"), "#aa8800"), now=START)
    members.put_field(
        scope=w.scope,
        field=ProfileField(
            "skin",
            "enum",
            Text("肤质", "Skin"),
            (FieldChoice("dry", Text("干", "dry")), FieldChoice("oily", Text("油", "oily"))),
            FieldRules(required_in_portal=True),
            position=3,
        ),
        now=START,
    )
    members.put_field(
        scope=w.scope,
        field=ProfileField("old", "text", Text("旧", "Old"), rules=FieldRules(max_length=9), archived=True),
        now=START,
    )
    activities.declare_type(
        brand_id=w.scope.brand_id,
        code="yoga",
        name=Text("瑜伽", "Yoga"),
        fields=[
            {"key": "minutes", "type": "int", "label": name("minutes"), "required": True, "minimum": 10},
            {"key": "room", "type": "enum", "label": name("room"), "choices": [{"value": "a", "label": name("A")}]},
        ],
        reserved=SYSTEM_TYPES,
    )  # fmt: skip
    definition = programme(
        [
            rule(
                "yoga",
                points("fixed", amount=5),
                trigger="yoga",
                condition={
                    "all": [
                        {"field": "activity.yoga.minutes", "op": "gte", "value": 30},
                        {"field": "membership.attributes.skin", "op": "in", "value": ["dry"]},
                        {"field": "membership.tags", "op": "contains_any", "value": ["vip"]},
                    ]
                },
            )
        ]
    )
    publish(w.scope, definition)
    there_and_back(w.scope)
    # a brand that has none of it can plan it: nothing is changed by that
    other = empty(w.scope)
    found = blueprint.plan(scope=other, text=exported(w.scope), now=START)
    assert [d.path for d in found.differences if not d.path.startswith("programme")] == [
        "activity_types[yoga]",
        "profile_fields[old]",
        "profile_fields[skin]",
        "tags[vip]",
    ]
    assert "+ programme.rules[yoga]" in blueprint.told(found, "zh")
    assert exported(other) == "# Regulars: docs/programme-as-code.md\nregulars: 1\n"
    assert versions.list_versions(scope=other, now=START) == []


def publish(scope: Scope, definition: dict[str, Any]) -> None:
    draft = versions.create_draft(scope=scope, now=START)
    number = draft.summary.number
    versions.save_draft(scope=scope, number=number, definition=definition, revision=draft.revision, now=START)
    versions.submit(scope=scope, number=number, now=START)
    versions.review(scope=staff(scope, "Bob"), number=number, approve=True, now=START)
    versions.publish(scope=scope, number=number, now=START)


@st.composite
def definitions(draw: st.DrawFn) -> dict[str, Any]:
    """Small programmes with a bit of everything that a definition can say."""
    text = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12).filter(str.strip)
    rules = []
    for place in range(draw(st.integers(0, 4))):
        effect = draw(
            st.sampled_from(
                [
                    points(),
                    points(per=3, amount=7, limit=50, pending={"until": "days", "days": 3}),
                    points("fixed", amount=5, expiry={"kind": "fixed", "on": "2027-12-31"}),
                    points("table", table={"007": 3, "1.0": 2, "on": 1, "茶: 绿": 4, "null": 5}),
                    points(
                        "fixed", amount=1, lines={"field": "line.sku", "op": "in", "value": ["007", "yes"]}
                    ),
                    {"type": "tag", "tag": "老客"},
                    {"type": "message", "template": "thanks", "channels": ["sms", "inbox"]},
                    {"type": "task", "kind": "call", "title": {"zh": "致谢: 是", "en": "yes"}, "days": 0},
                    {"type": "webhook", "event": "big_order"},
                    {"type": "draw_chance", "draw": "wheel", "count": 2, "void_on_refund": False},
                    {"type": "extend_expiry", "unit": "points", "months": 2},
                    {"type": "tier_step", "scheme": "main", "tier": "gold"},
                ]
            )
        )
        more: dict[str, Any] = draw(
            st.sampled_from(
                [
                    {},
                    {"dayparts": [["07:00", "10:30"], ["22:00", "24:00"]], "weekdays": [1, 7]},
                    {"starts_at": "2026-11-11T00:00:00+08:00", "ends_at": "2026-11-12T00:00:00+08:00"},
                    {"condition": {"field": "order.amount", "op": "gte", "value": 9900}},
                    {"caps": [{"period": "day", "times": 2}, {"period": "ever", "times": 9}]},
                    {"stacking_group": "g", "priority": -3, "enabled": False},
                ]
            )
        )
        rules.append(rule(f"r{place}", effect, **more) | {"name": {"zh": draw(text), "en": draw(text)}})
    words = draw(st.dictionaries(st.sampled_from(["points", "on", "member_day"]), text, max_size=3))
    return programme(rules, words={k: {"zh": v, "en": v} for k, v in words.items()})


@pytest.fixture
def w() -> World:
    return world(programme([]))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(definitions())
def test_any_programme_goes_there_and_back(w: World, definition: dict[str, Any]) -> None:
    first = empty(w.scope)
    versions.install(scope=first, definition=definition, now=START)
    there_and_back(first)


def file_of(scope: Scope, change: Any) -> str:
    values = copy.deepcopy(dict(reading.read(exported(scope)).values))
    change(values)
    return reading.write(values)


def test_a_change_is_told_planned_and_reviewed_before_it_counts() -> None:
    w = world(programme([rule("base", points()), rule("old", points("fixed", amount=1))]))
    ann, bob = staff(w.scope, "Ann"), staff(w.scope, "Bob")

    def change(values: dict[str, Any]) -> None:
        base, _ = values["programme"]["rules"]
        values["programme"]["rules"] = [base | {"priority": 5}, rule("new", {"type": "tag", "tag": "x"})]
        base["effects"][0]["amount"] = 2
        values["programme"]["schemes"][0]["tiers"][1]["qualify"][0]["at_least"] = 90_000
        values["tags"] = [{"code": "x", "name": name("x")}]

    text = file_of(w.scope, change)
    found = blueprint.plan(scope=ann, text=text, now=START)
    assert {(d.sign, d.path) for d in found.differences} == {
        ("~", "programme.rules[base]"),
        ("-", "programme.rules[old]"),
        ("+", "programme.rules[new]"),
        ("~", "programme.schemes[main]"),
        ("+", "tags[x]"),
    }
    leaves = {leaf for d in found.differences for leaf in d.leaves}
    assert ("effects[0].amount", 1, 2) in leaves
    assert ("tiers[silver].qualify[spend].at_least", 100_000, 90_000) in leaves
    assert len(versions.list_versions(scope=ann, now=START)) == 1
    assert members.list_tags(brand_id=w.scope.brand_id) == []

    first = blueprint.apply(scope=ann, text=text, now=START, note="spring")
    assert (first.number, first.state) == (2, "in_review")
    assert [t.code for t in members.list_tags(brand_id=w.scope.brand_id)] == ["x"]
    # again: the same version waits, no second one is made; its author cannot publish it
    assert blueprint.apply(scope=ann, text=text, now=START).number == 2
    with pytest.raises(Refusal, match="own_work"):
        blueprint.apply(scope=ann, text=text, now=START, publish=True)
    assert versions.in_force(brand_id=w.scope.brand_id, now=START).live.version == 1

    done = blueprint.apply(scope=bob, text=text, now=START, publish=True)
    assert (done.number, done.state) == (2, "published")
    assert versions.in_force(brand_id=w.scope.brand_id, now=START).live.version == 2
    assert blueprint.plan(scope=ann, text=text, now=START).differences == ()
    actions = list(AuditRow.objects.order_by("id").values_list("action", flat=True))
    assert actions.count("blueprint.applied") == 3
    assert "programme.approve" in actions
    assert "programme.publish" in actions


def test_publishing_what_nobody_has_seen_puts_it_to_review() -> None:
    w = world(programme([]))
    text = file_of(w.scope, lambda v: v["programme"].update(rules=[rule("base", points())]))
    done = blueprint.apply(scope=staff(w.scope, "Ann"), text=text, now=START, publish=True)
    assert (done.number, done.state) == (2, "in_review")


def test_only_staff_with_the_permission_publish() -> None:
    w = world(programme([]))
    text = exported(w.scope)
    ann = staff(w.scope, "Ann")
    less = Scope(ann.organisation_id, ann.brand_id, ann.actor, ann.permissions - {"programme.publish"})
    with pytest.raises(Refusal, match="forbidden"):
        blueprint.apply(scope=less, text=text, now=START, publish=True)
    key = Scope(ann.organisation_id, ann.brand_id, ann.actor.__class__("api_key", None, "k"), ann.permissions)
    with pytest.raises(Refusal, match="staff_only"):
        blueprint.apply(scope=key, text=text, now=START, publish=True)
    reader = Scope(ann.organisation_id, ann.brand_id, ann.actor, frozenset({"programme.read"}))
    assert exported(reader) == text
    with pytest.raises(Refusal, match="forbidden"):
        blueprint.plan(scope=reader, text=text, now=START)


def test_every_error_of_a_file_is_told_with_its_line() -> None:
    w = world(programme([rule("base", points())]))
    text = """regulars: 1
programme:
  format: 1
  units:
    - code: points
      name: 积分
  rules:
    - key: base
      nmae: 消费
      trigger: order
      effects:
        - {type: points, unit: miles, mode: fixed, amount: "5"}
"""
    with pytest.raises(Refusal) as raised:
        blueprint.plan(scope=w.scope, text=text, now=START)
    told = {e.field: e.message.en for e in raised.value.errors}
    assert told["programme.rules[0].nmae"] == "line 9, column 7: Unknown field; did you mean name?"
    assert told["programme.rules[0].effects[0].unit"].startswith("line 12, column 26: There is no unit miles")
    assert told["programme.rules[0].effects[0].amount"].startswith(
        "line 12, column 52: Must be a whole number"
    )
    # what is missing is told at the thing that lacks it
    assert told["programme.rules[0].name"].startswith("line 8, column 7: Required")
    places = {p["field"]: (p["line"], p["column"]) for p in raised.value.data["places"]}
    assert places["programme.rules[0].nmae"] == (9, 7)
    zh = next(e.message.zh for e in raised.value.errors if e.field.endswith("nmae"))
    assert zh == "第 9 行第 7 列：未知字段，是否想写 name？"


WRONG = {
    "programe: {}": ("programe", 2, 1, "There is no part “programe”; did you mean programme?"),
    "tags: {}": ("tags", 2, 1, "Must be a list"),
    "tags:\n  - name: x": ("tags[0].code", 3, 5, "Needs its code"),
    "tags:\n  - {code: a, name: x}\n  - {code: a, name: y}": ("tags[1].code", 4, 6, "“a” is given twice"),
    "tags:\n  - {code: a, name: x, color: red}": (
        "tags[0].color", 3, 24, "Unknown field; did you mean colour?",
    ),
    "tags:\n  - {code: a, name: x, colour: red}": ("tags[0].colour", 3, 24, "A colour looks like #1a2b3c"),
    "profile_fields:\n  - {key: k, type: text, label: x, rules: {max_length: '9'}}": (
        "profile_fields[0].rules.max_length", 3, 44, "Must be of type int",
    ),
}  # fmt: skip


def test_a_file_names_its_format() -> None:
    w = world(programme([]))
    with pytest.raises(Refusal) as raised:
        blueprint.plan(scope=w.scope, text="programme: {}", now=START)
    assert [e.code for e in raised.value.errors] == ["unknown_format"]


@pytest.mark.parametrize("text", WRONG)
def test_wrong_parts_say_where_and_change_nothing(text: str) -> None:
    path, line, column, said = WRONG[text]
    w = world(programme([]))
    before = exported(w.scope)
    for act in (blueprint.plan, blueprint.apply):
        with pytest.raises(Refusal) as raised:
            act(scope=w.scope, text=f"regulars: 1\n{text}\n", now=START)
        told = [(e.field, e.message.en) for e in raised.value.errors]
        assert told == [(path, f"line {line}, column {column}: {said}")]
    assert exported(w.scope) == before


def test_what_conflicts_with_the_brand_is_told_at_its_place() -> None:
    w = world(programme([]))
    field = ProfileField("skin", "text", Text("肤质", "Skin"))
    members.put_field(scope=w.scope, field=field, now=START)
    text = "regulars: 1\nprofile_fields:\n  - {key: skin, type: int, label: x}\n"
    with pytest.raises(Refusal) as raised:
        blueprint.plan(scope=w.scope, text=text, now=START)
    (error,) = raised.value.errors
    assert (error.field, error.code) == ("profile_fields[0]", "type_fixed")


def test_what_operators_edit_daily_goes_with_the_programme() -> None:
    """Budgets and coupons beside the programme: there and back, changed at once, waiting where the programme does."""
    w = world(programme([rule("base", points())]))
    budgets.apply_definition(
        scope=w.scope, definition={"key": "pot", "name": "pot", "amount": 100}, now=START
    )
    coupons.apply_definition(scope=w.scope, definition=coupon_definition("tea", budgets=["pot"]), now=START)
    there_and_back(w.scope)

    text = file_of(w.scope, lambda v: v["budgets"][0].update(amount=70))
    found = blueprint.plan(scope=w.scope, text=text, now=START)
    assert [(d.sign, d.path, d.leaves) for d in found.differences] == [
        ("~", "budgets[pot]", (("amount", 100, 70),))
    ]
    assert blueprint.apply(scope=w.scope, text=text, now=START).state == "unchanged"
    assert budgets.get_budget(brand_id=w.scope.brand_id, key="pot").amount == 70

    def both(values: dict[str, Any]) -> None:
        values["programme"]["rules"].append(rule("gift", {"type": "coupon", "definition": "cake"}))
        values["coupons"].append(coupon_definition("cake"))

    ann, bob = staff(w.scope, "Ann"), staff(w.scope, "Bob")
    text = file_of(w.scope, both)
    done = blueprint.apply(scope=ann, text=text, now=START)
    assert {d.path for d in done.plan.differences} == {"programme.rules[gift]", "coupons[cake]"}
    assert done.state == "in_review"
    assert [d.key for d in coupons.list_definitions(brand_id=w.scope.brand_id)] == ["tea"]
    assert blueprint.apply(scope=bob, text=text, now=START, publish=True).state == "published"
    assert [d.key for d in coupons.list_definitions(brand_id=w.scope.brand_id)] == ["cake", "tea"]

    # a wrong definition of a room is told at its line; who may not write it is told so
    broken = file_of(w.scope, lambda v: v["coupons"][0].update(validity={"kind": "nope"}))
    with pytest.raises(Refusal) as raised:
        blueprint.plan(scope=w.scope, text=broken, now=START)
    (error,) = raised.value.errors
    assert error.field.startswith("coupons[0].validity")
    assert error.message.en.startswith("line ")
    less = Scope(ann.organisation_id, ann.brand_id, ann.actor, ann.permissions - {"coupons.write"})
    with pytest.raises(Refusal, match="forbidden"):
        blueprint.apply(
            scope=less, text=file_of(w.scope, lambda v: v["budgets"][0].update(amount=1)), now=START
        )


def test_the_referral_programme_goes_with_it() -> None:
    """The one there is; a file that calls it otherwise, or says what is not there, is told where."""
    from regulars.flows.referrals import api as referrals

    w = world(programme([]))
    definition: dict[str, Any] = {
        "enabled": True,
        "rewards": {"recruiter": [{"kind": "points", "unit": "points", "amount": 200}], "friend": []},
        "least_amount": 5000,
        "caps": {"month": 5},
        "commission": {
            "enabled": True,
            "levels": [{"code": "gold", "name": {"zh": "金", "en": "Gold"}, "percent": "2.5"}],
        },
    }
    assert "referrals" not in exported(w.scope)
    referrals.put_settings(scope=w.scope, definition=definition, now=START)
    there_and_back(w.scope)
    text = exported(w.scope)
    plan = blueprint.plan(
        scope=w.scope, text=text.replace("least_amount: 5000", "least_amount: 8000"), now=START
    )
    assert [(one.sign, one.path, one.leaves) for one in plan.differences] == [
        ("~", "referrals[programme]", (("least_amount", 5000, 8000),))
    ]
    for wrong in (
        text.replace("- key: programme", "- key: another"),
        text.replace("least_amount: 5000", "least_amount: -1"),
    ):
        with pytest.raises(Refusal) as told:
            blueprint.plan(scope=w.scope, text=wrong, now=START)
        assert told.value.errors[0].field.startswith("referrals[0].")
