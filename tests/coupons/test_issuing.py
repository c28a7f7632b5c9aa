"""Limits of every kind, whether one coupon is issued or many at once."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from tests.coupons.given import MARCH, code_of, definition, issue, open_brand, put

from regulars.kit.errors import Refusal
from regulars.kit.ids import new_id
from regulars.platform.organisations.types import Scope
from regulars.value.coupons import api as coupons
from regulars.value.coupons.types import IssueRow

pytestmark = pytest.mark.django_db


@pytest.fixture
def scope() -> Scope:
    return open_brand()


def left(scope: Scope) -> tuple[int, int | None, int | None]:
    made = coupons.list_definitions(brand_id=scope.brand_id)
    figures = coupons.tallies(brand_id=scope.brand_id, made=made, now=MARCH)["tea"]
    return figures.issued, figures.left, figures.left_today


def test_the_same_key_issues_once(scope: Scope) -> None:
    put(scope)
    ann, bob = new_id(), new_id()
    first = issue(scope, ann, bob, ann)
    assert [o.result for o in first] == ["issued", "issued"]
    second = issue(scope, bob, ann, new_id())
    assert [o.result for o in second] == ["repeated", "repeated", "issued"]
    assert second[1].coupon_id == first[0].coupon_id
    assert left(scope)[0] == 3


def test_total_and_day_are_never_passed(scope: Scope) -> None:
    """100 in all, 70 a day: of 90 asked on the first day 70 are issued, of 90 on the second 30."""
    put(scope, limits={"total": 100, "per_day": 70})
    people = [new_id() for _ in range(90)]
    assert Counter(o.result for o in issue(scope, *people)) == {"issued": 70, "coupon_sold_out_today": 20}
    assert left(scope) == (70, 30, 0)
    tomorrow = MARCH + timedelta(days=1)
    outcomes = issue(scope, *people, key="b", now=tomorrow)
    assert Counter(o.result for o in outcomes) == {"issued": 30, "coupon_sold_out": 60}
    assert left(scope)[:2] == (100, 0)
    put(scope, limits={"total": 110, "per_day": 70})
    outcomes = issue(scope, *people, key="c", now=tomorrow)
    assert Counter(o.result for o in outcomes) == {"issued": 10, "coupon_sold_out": 80}
    put(scope, limits={"total": 50})  # lowered under what was had
    assert left(scope)[:2] == (110, 0)
    assert [o.result for o in issue(scope, new_id(), key="d", now=tomorrow)] == ["coupon_sold_out"]


def test_refused_members_keep_their_room(scope: Scope) -> None:
    put(scope, limits={"total": 1, "per_member": 1, "per_person": 1})
    ann, bob = new_id(), new_id()
    assert [o.result for o in issue(scope, ann, bob)] == ["issued", "coupon_sold_out"]
    put(scope, limits={"total": 2, "per_member": 1, "per_person": 1})
    assert [o.result for o in issue(scope, ann, bob, key="b")] == ["coupon_member_limit", "issued"]


def test_a_natural_person_is_known_by_her_phone_too(scope: Scope) -> None:
    """Ann has two phones; Bob has one of them now: he is refused, and so is whoever comes with the other."""
    put(scope, limits={"per_person": 1})
    ann, bob, eve, joe = (new_id() for _ in range(4))
    p, q, r = (new_id() for _ in range(3))
    persons = {ann: [p, q], bob: [q, r], eve: [p], joe: [r]}
    results = [o.result for o in issue(scope, ann, bob, eve, joe, persons=persons)]
    assert results == ["issued", "coupon_person_limit", "coupon_person_limit", "issued"]
    (coupon,) = [h.coupon for h in coupons.wallet(brand_id=scope.brand_id, member_id=ann, now=MARCH)]
    assert len(coupon.persons) == 3  # herself and both phones
    coupons.void(brand_id=scope.brand_id, member_id=ann, coupon_ids=[coupon.id], now=MARCH)
    assert [o.result for o in issue(scope, eve, key="b", persons=persons)] == ["issued"]


def test_rows_of_rules_are_issued_once_under_their_ids(scope: Scope) -> None:
    put(scope)
    put(scope, "cake", state="paused")
    ann, same = new_id(), new_id()
    rows = [
        IssueRow(ann, "tea", same, "rule:1"),
        IssueRow(ann, "tea", new_id(), "rule:2"),
        IssueRow(ann, "cake", new_id(), "rule:1"),
        IssueRow(ann, "none", new_id(), "rule:1"),
    ]

    def results() -> list[str]:
        outcomes = coupons.issue_rows(brand_id=scope.brand_id, rows=rows, now=MARCH)
        return [o.result for o in outcomes]

    assert results() == ["issued", "issued", "coupon_not_open", "coupon_unknown"]
    assert results() == ["repeated", "repeated", "coupon_not_open", "coupon_unknown"]
    put(scope, limits={"per_member": 3})
    more = [IssueRow(ann, "tea", new_id(), "rule:3") for _ in range(4)]
    outcomes = coupons.issue_rows(brand_id=scope.brand_id, rows=more, now=MARCH)
    # she had two before there was a limit: they count
    assert [o.result for o in outcomes] == ["issued"] + ["coupon_member_limit"] * 3


def test_definitions_say_what_is_wrong_with_them(scope: Scope) -> None:
    wrong = definition(
        key="Bad Key",
        validity={"kind": "fixed", "from": "2026-04-01", "to": "2026-03-01"},
        limits={"total": 0, "weekly": 3},
        claim={"channels": ["post"]},
        offer={},
        transferable="yes",
        undo_minutes=-1,
    )
    with pytest.raises(Refusal) as refused:
        coupons.apply_definition(scope=scope, definition=wrong, now=MARCH)
    assert [(e.field, e.code) for e in refused.value.errors] == [
        ("key", "bad_code"),
        ("offer", "required"),
        ("claim.channels", "unknown_choice"),
        ("limits.weekly", "unknown_field"),
        ("validity.to", "out_of_order"),
        ("limits.total", "out_of_range"),
        ("transferable", "not_a_flag"),
        ("undo_minutes", "out_of_range"),
    ]
    assert coupons.export_definitions(brand_id=scope.brand_id) == []


def test_export_and_apply_are_each_other_s_inverse(scope: Scope) -> None:
    put(
        scope,
        words=["SPRING26"],
        claim={"channels": ["portal", "code"], "to": "2026-12-31", "tiers": ["gold"]},
    )
    put(scope, "cake", validity={"kind": "fixed", "to": "2026-03-31"}, limits={"total": 5}, budgets=["b"])
    exported = coupons.export_definitions(brand_id=scope.brand_id)
    revisions = [d.revision for d in coupons.list_definitions(brand_id=scope.brand_id)]
    for one in exported:
        coupons.apply_definition(scope=scope, definition=one, now=MARCH)
    assert coupons.export_definitions(brand_id=scope.brand_id) == exported
    assert [d.revision for d in coupons.list_definitions(brand_id=scope.brand_id)] == revisions
    assert code_of(lambda: put(scope, "rye", words=["SPRING26"])) == "invalid_input"
