"""Versions through their door, on the real database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from regulars.kit.errors import Refusal
from regulars.kit.ids import new_id
from regulars.kit.text import Text
from regulars.platform.audit import api as audit
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Actor, Brand, Scope
from regulars.platform.staff.types import PERMISSIONS
from regulars.programme.packs.api import retail_pack
from regulars.programme.versions import api as versions

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
ANNA, BEN = UUID(int=1), UUID(int=2)


@pytest.fixture
def brand() -> Brand:
    organisation = organisations.create_organisation(name=Text("示例", "Example"), now=NOW)
    return organisations.create_brand(
        organisation_id=organisation.id, slug=f"b-{new_id().hex[-12:]}", name=Text("店", "Shop"), now=NOW
    )


def as_staff(brand: Brand, who: UUID, permissions: frozenset[str] = frozenset(PERMISSIONS)) -> Scope:
    return Scope(brand.organisation_id, brand.id, Actor("staff", who, f"staff {who.int}"), permissions)


def published(brand: Brand, *, number: int, at: datetime, effective_from: datetime | None = None) -> None:
    """Take a draft through its steps: Anna wrote it, Ben reviews it."""
    anna, ben = as_staff(brand, ANNA), as_staff(brand, BEN)
    versions.submit(scope=anna, number=number, now=at)
    versions.review(scope=ben, number=number, approve=True, now=at)
    versions.publish(scope=anna, number=number, now=at, effective_from=effective_from)


def test_nothing_is_in_force_before_the_first_publication(brand: Brand) -> None:
    with pytest.raises(Refusal) as refused:
        versions.in_force(brand_id=brand.id, now=NOW)
    assert (refused.value.code, refused.value.status) == ("no_programme", 409)
    versions.create_draft(scope=as_staff(brand, ANNA), now=NOW)
    with pytest.raises(Refusal):
        versions.in_force(brand_id=brand.id, now=NOW)


def test_draft_review_publish(brand: Brand) -> None:
    anna, ben = as_staff(brand, ANNA), as_staff(brand, BEN)
    draft = versions.create_draft(scope=anna, now=NOW, note="first")
    assert (draft.summary.number, draft.summary.state, draft.revision) == (1, "draft", 1)
    assert draft.summary.rules == 14  # the retail pack

    with pytest.raises(Refusal) as refused:
        versions.review(scope=ben, number=1, approve=True, now=NOW)
    assert (refused.value.code, refused.value.status) == ("wrong_state", 409)

    assert versions.submit(scope=anna, number=1, now=NOW).summary.state == "in_review"
    with pytest.raises(Refusal) as refused:
        versions.review(scope=anna, number=1, approve=True, now=NOW)
    assert (refused.value.code, refused.value.status) == ("own_work", 403)
    with pytest.raises(Refusal) as refused:
        versions.save_draft(scope=anna, number=1, definition=draft.definition, revision=1, now=NOW)
    assert refused.value.code == "wrong_state"

    assert versions.review(scope=ben, number=1, approve=True, now=NOW).summary.state == "approved"
    done = versions.publish(scope=anna, number=1, now=NOW)
    assert (done.summary.state, done.summary.current, done.summary.effective_from) == ("published", True, NOW)
    assert [e.what for e in done.events] == ["created", "submitted", "approved", "published"]
    assert done.summary.reviewed_by == "staff 2"
    assert versions.in_force(brand_id=brand.id, now=NOW).live.version == 1

    entries = audit.list_entries(organisation_id=brand.organisation_id, action="programme.")
    assert [e.action for e in reversed(entries.items)] == [
        "programme.create", "programme.submit", "programme.approve", "programme.publish",
    ]  # fmt: skip
    assert entries.items[0].after["state"] == "published"


def test_rejected_version_is_mended_and_submitted_again(brand: Brand) -> None:
    anna, ben = as_staff(brand, ANNA), as_staff(brand, BEN)
    draft = versions.create_draft(scope=anna, now=NOW)
    versions.submit(scope=anna, number=1, now=NOW)
    with pytest.raises(Refusal) as refused:
        versions.review(scope=ben, number=1, approve=False, now=NOW)
    assert refused.value.errors[0].field == "comment"
    rejected = versions.review(scope=ben, number=1, approve=False, now=NOW, comment="too generous")
    assert (rejected.summary.state, rejected.summary.review_comment) == ("rejected", "too generous")
    saved = versions.save_draft(scope=anna, number=1, definition=draft.definition, revision=1, now=NOW)
    assert (saved.summary.state, saved.revision) == ("draft", 2)
    published(brand, number=1, at=NOW)


def test_whoever_saved_a_draft_may_not_review_it(brand: Brand) -> None:
    anna, ben = as_staff(brand, ANNA), as_staff(brand, BEN)
    draft = versions.create_draft(scope=anna, now=NOW)
    versions.save_draft(scope=ben, number=1, definition=draft.definition, revision=1, now=NOW)
    versions.submit(scope=anna, number=1, now=NOW)
    with pytest.raises(Refusal) as refused:
        versions.review(scope=ben, number=1, approve=True, now=NOW)
    assert refused.value.code == "own_work"
    carla = as_staff(brand, UUID(int=3))
    assert versions.review(scope=carla, number=1, approve=True, now=NOW).summary.state == "approved"


def test_stale_draft_is_refused_and_nothing_changes(brand: Brand) -> None:
    anna, ben = as_staff(brand, ANNA), as_staff(brand, BEN)
    draft = versions.create_draft(scope=anna, now=NOW)
    mine = {**draft.definition, "name": {"zh": "甲", "en": "A"}}
    theirs = {**draft.definition, "name": {"zh": "乙", "en": "B"}}
    versions.save_draft(scope=anna, number=1, definition=mine, revision=1, now=NOW)
    with pytest.raises(Refusal) as refused:
        versions.save_draft(scope=ben, number=1, definition=theirs, revision=1, now=NOW)
    assert (refused.value.code, refused.value.status) == ("stale_draft", 409)
    assert refused.value.data == {"revision": 2}
    kept = versions.get_version(scope=anna, number=1, now=NOW)
    assert (kept.definition["name"]["en"], kept.revision) == ("A", 2)


def test_bad_definition_is_refused_and_nothing_changes(brand: Brand) -> None:
    anna = as_staff(brand, ANNA)
    draft = versions.create_draft(scope=anna, now=NOW)
    bad: dict[str, Any] = {**draft.definition, "rules": [{"key": "x"}]}
    with pytest.raises(Refusal) as refused:
        versions.save_draft(scope=anna, number=1, definition=bad, revision=1, now=NOW)
    assert {e.field for e in refused.value.errors} == {
        "rules[0].name",
        "rules[0].trigger",
        "rules[0].effects",
    }
    kept = versions.get_version(scope=anna, number=1, now=NOW)
    assert (kept.definition, kept.revision) == (draft.definition, 1)


def test_an_activity_is_decided_by_the_version_in_force_when_it_happened(brand: Brand) -> None:
    anna = as_staff(brand, ANNA)
    week = timedelta(days=7)
    versions.create_draft(scope=anna, now=NOW)
    published(brand, number=1, at=NOW, effective_from=NOW - 50 * week)  # the first may reach back
    versions.create_draft(scope=anna, now=NOW)
    published(brand, number=2, at=NOW)
    versions.create_draft(scope=anna, now=NOW)
    published(brand, number=3, at=NOW, effective_from=NOW + week)

    history = versions.in_force(brand_id=brand.id, now=NOW)
    assert history.live.version == 2
    assert history.at(NOW - 51 * week).version == 1  # before the first: the first
    assert history.at(NOW - timedelta(microseconds=1)).version == 1
    assert history.at(NOW).version == 2
    assert history.at(NOW + week).version == 3
    assert versions.in_force(brand_id=brand.id, now=NOW + week).live.version == 3

    rows = {s.number: s for s in versions.list_versions(scope=anna, now=NOW)}
    assert [(rows[n].state, rows[n].current, rows[n].scheduled) for n in (1, 2, 3)] == [
        ("superseded", False, False), ("published", True, False), ("published", False, True),
    ]  # fmt: skip
    later = {s.number: s.state for s in versions.list_versions(scope=anna, now=NOW + week)}
    assert later == {1: "superseded", 2: "superseded", 3: "published"}


def test_only_the_first_version_reaches_into_the_past(brand: Brand) -> None:
    anna = as_staff(brand, ANNA)
    versions.install(
        scope=anna, definition=retail_pack(), now=NOW, effective_from=datetime(2024, 1, 1, tzinfo=UTC)
    )
    versions.create_draft(scope=anna, now=NOW)
    with pytest.raises(Refusal) as refused:
        published(brand, number=2, at=NOW, effective_from=NOW - timedelta(seconds=1))
    assert (refused.value.errors[0].field, refused.value.errors[0].code) == ("effective_from", "in_the_past")
    assert versions.get_version(scope=anna, number=2, now=NOW).summary.state == "approved"


def test_install_serves_the_first_version_only(brand: Brand) -> None:
    anna = as_staff(brand, ANNA)
    versions.install(scope=anna, definition=retail_pack(), now=NOW)
    assert versions.in_force(brand_id=brand.id, now=NOW).live.version == 1
    with pytest.raises(Refusal) as refused:
        versions.install(scope=anna, definition=retail_pack(), now=NOW)
    assert (refused.value.code, refused.value.status) == ("already_published", 409)


def test_roll_back_is_a_draft_of_an_older_version(brand: Brand) -> None:
    anna = as_staff(brand, ANNA)
    versions.install(scope=anna, definition=retail_pack(), now=NOW)
    draft = versions.create_draft(scope=anna, now=NOW)
    changed = {**draft.definition, "member_days": {"days_of_month": [18]}}
    versions.save_draft(scope=anna, number=2, definition=changed, revision=1, now=NOW)
    published(brand, number=2, at=NOW)
    back = versions.create_draft(scope=anna, now=NOW, base=1)
    assert (back.summary.number, back.summary.based_on) == (3, 1)
    assert back.definition["member_days"] == {"days_of_month": [8]}
    published(brand, number=3, at=NOW + timedelta(hours=1))
    live = versions.in_force(brand_id=brand.id, now=NOW + timedelta(hours=1)).live
    assert (live.version, live.member_days.days_of_month) == (3, frozenset({8}))


def test_difference_in_words(brand: Brand) -> None:
    anna = as_staff(brand, ANNA)
    first = versions.install(scope=anna, definition=retail_pack(), now=NOW)
    definition: dict[str, Any] = {**first.definition, "member_days": {"days_of_month": [18]}}
    rules = {rule["key"]: dict(rule) for rule in first.definition["rules"]}
    del rules["wide-basket"]
    rules["first-order"]["effects"] = [{"type": "points", "unit": "points", "mode": "fixed", "amount": 200}]
    rules["hello"] = {
        "key": "hello", "name": {"zh": "入会礼", "en": "Welcome"}, "trigger": "enrol",
        "effects": [{"type": "points", "unit": "points", "mode": "fixed", "amount": 50}],
    }  # fmt: skip
    definition["rules"] = list(rules.values())
    versions.create_draft(scope=anna, now=NOW)
    versions.save_draft(scope=anna, number=2, definition=definition, revision=1, now=NOW)
    changes = {c.path: c for c in versions.diff(scope=anna, before=1, after=2, now=NOW)}
    assert {(c.path, c.kind) for c in changes.values()} == {
        ("member_days", "changed"),
        ("rules[first-order]", "changed"),
        ("rules[wide-basket]", "removed"),
        ("rules[hello]", "added"),
    }
    assert changes["rules[hello]"].sentence.zh == "新增规则“入会礼”：入会，送 50 积分"
    assert changes["rules[first-order]"].sentence.en == (
        "Rule “First order bonus” changed: An order, if it is the first order, earns 100 points; at most once in all"
        " → An order, if it is the first order, earns 200 points; at most once in all"
    )
    assert versions.diff(scope=anna, before=1, after=1, now=NOW) == []


def test_permissions(brand: Brand) -> None:
    reader = as_staff(brand, ANNA, frozenset({"programme.read"}))
    calls = {
        "programme.write": [
            lambda: versions.create_draft(scope=reader, now=NOW),
            lambda: versions.save_draft(scope=reader, number=1, definition={}, revision=1, now=NOW),
            lambda: versions.submit(scope=reader, number=1, now=NOW),
            lambda: versions.withdraw(scope=reader, number=1, now=NOW),
        ],
        "programme.review": [lambda: versions.review(scope=reader, number=1, approve=True, now=NOW)],
        "programme.publish": [
            lambda: versions.publish(scope=reader, number=1, now=NOW),
            lambda: versions.install(scope=reader, definition=retail_pack(), now=NOW),
        ],
    }
    for permission, attempts in calls.items():
        for attempt in attempts:
            with pytest.raises(Refusal) as refused:
                attempt()
            assert (refused.value.status, refused.value.data) == (403, {"permission": permission})
    assert versions.list_versions(scope=reader, now=NOW) == []


def test_another_brands_version_is_not_found(brand: Brand) -> None:
    anna = as_staff(brand, ANNA)
    versions.create_draft(scope=anna, now=NOW)
    other = organisations.create_brand(
        organisation_id=brand.organisation_id,
        slug=f"o-{new_id().hex[-12:]}",
        name=Text("另", "Other"),
        now=NOW,
    )
    with pytest.raises(Refusal) as refused:
        versions.get_version(scope=as_staff(other, ANNA), number=1, now=NOW)
    assert refused.value.status == 404


def test_posting_sees_a_publication_at_once_for_one_small_query(
    brand: Brand, django_assert_num_queries: Any
) -> None:
    anna = as_staff(brand, ANNA)
    versions.install(scope=anna, definition=retail_pack(), now=NOW)
    before = versions.in_force(brand_id=brand.id, now=NOW)
    organisations.get_brand(brand_id=brand.id)
    with django_assert_num_queries(1):
        again = versions.in_force(brand_id=brand.id, now=NOW)
    assert again.live is before.live
    versions.create_draft(scope=anna, now=NOW)
    published(brand, number=2, at=NOW)
    after = versions.in_force(brand_id=brand.id, now=NOW)
    assert after.live.version == 2
    assert after.programmes[0] is before.live  # compiled once


def test_published_version_outlives_the_fields_it_names(brand: Brand) -> None:
    from regulars.facts.activity import api as activity

    anna = as_staff(brand, ANNA)
    activity.declare_type(
        brand_id=brand.id,
        code="workout",
        name=Text("锻炼", "Workout"),
        fields=[{"key": "minutes", "type": "int", "label": {"zh": "分钟", "en": "minutes"}}],
        reserved=frozenset(),
    )
    definition = {
        "units": [{"code": "points", "name": "积分"}],
        "rules": [
            {
                "key": "long", "name": "long", "trigger": "workout",
                "condition": {"field": "activity.workout.minutes", "op": "gte", "value": 30},
                "effects": [{"type": "points", "unit": "points", "mode": "fixed", "amount": 5}],
            }
        ],
    }  # fmt: skip
    versions.install(scope=anna, definition=definition, now=NOW)
    activity.archive_type(brand_id=brand.id, code="workout", now=NOW)
    versions.history._known.clear()
    versions.history._compiled.clear()
    live = versions.in_force(brand_id=brand.id, now=NOW).live
    assert [r.key for r in live.rules_of["workout"]] == ["long"]
    with pytest.raises(Refusal) as refused:  # a new draft cannot name it any more
        versions.compile_definition(brand_id=brand.id, definition=definition, now=NOW)
    assert {e.field for e in refused.value.errors} == {"rules[0].trigger", "rules[0].condition.field"}


def test_numbers_go_up(brand: Brand) -> None:
    one = versions.create_draft(scope=as_staff(brand, ANNA), now=NOW)
    two = versions.create_draft(scope=as_staff(brand, BEN), now=NOW)
    assert (one.summary.number, two.summary.number) == (1, 2)


@pytest.mark.race
def test_of_two_savings_at_the_same_moment_one_is_told(real_db: None, together: Any) -> None:
    organisation = organisations.create_organisation(name=Text("示例", "Example"), now=NOW)
    brand = organisations.create_brand(
        organisation_id=organisation.id, slug=f"b-{new_id().hex[-12:]}", name=Text("店", "Shop"), now=NOW
    )
    draft = versions.create_draft(scope=as_staff(brand, ANNA), now=NOW)

    def save(who: UUID) -> Any:
        return versions.save_draft(
            scope=as_staff(brand, who), number=1, definition=draft.definition, revision=1, now=NOW
        )

    outcomes = together([lambda: save(ANNA), lambda: save(BEN)] * 4)
    refused = [o for o in outcomes if isinstance(o, Refusal)]
    assert len(refused) == 7 and {r.code for r in refused} == {"stale_draft"}
    assert versions.get_version(scope=as_staff(brand, ANNA), number=1, now=NOW).revision == 2


@pytest.mark.race
def test_drafts_made_at_the_same_moment_get_numbers_of_their_own(real_db: None, together: Any) -> None:
    organisation = organisations.create_organisation(name=Text("示例", "Example"), now=NOW)
    brand = organisations.create_brand(
        organisation_id=organisation.id, slug=f"b-{new_id().hex[-12:]}", name=Text("店", "Shop"), now=NOW
    )
    outcomes = together([lambda: versions.create_draft(scope=as_staff(brand, ANNA), now=NOW)] * 6)
    assert sorted(o.summary.number for o in outcomes) == [1, 2, 3, 4, 5, 6]
