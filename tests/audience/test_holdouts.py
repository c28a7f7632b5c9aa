"""Who is held out: the same people by everybody's reckoning, as many as said, and more never lets anybody go."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.audience.holdouts import api
from regulars.kit.errors import Refusal
from regulars.platform.audit.models import AuditRow
from regulars.platform.organisations.types import SYSTEM, Scope

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_an_arm_is_what_it_is_said_to_be_anywhere():
    """sha256 of `s`, a zero byte, 15 zero bytes and 1 begins 2e2d8a0a12776628; modulo 10 000."""
    assert api.bucket_of("s", UUID(int=1)) == 0x2E2D8A0A12776628 % 10_000 == 5448


@given(st.uuids(), st.text(max_size=8), st.integers(0, 50), st.integers(0, 50))
def test_a_larger_share_keeps_those_who_were_held_out(member, salt, one, other):
    low, high = sorted((one, other))
    if api.arm_of(salt, member, low) == "holdout":
        assert api.arm_of(salt, member, high) == "holdout"


def test_shares_are_what_was_asked_and_salts_are_independent():
    members = [UUID(int=n * 2**64 + n) for n in range(40_000)]
    held = api.held("a", members, 10)
    assert abs(len(held) - 4000) < 240  # four standard deviations: √(40 000·0.1·0.9) = 60
    both = held & api.held("b", members, 10)
    assert abs(len(both) - 400) < 80


@pytest.mark.django_db
def test_the_holdout_changes_only_with_a_reason_and_is_audited():
    scope = Scope(uuid4(), uuid4(), SYSTEM, frozenset({"messages.settings"}))
    members = [uuid4() for _ in range(3000)]
    assert api.held_out(brand_id=scope.brand_id, member_ids=members) == set()
    with pytest.raises(Refusal) as refusal:
        api.set_holdout(scope=scope, percent=80, reason=" ", redraw=False, now=NOW)
    assert [e.field for e in refusal.value.errors] == ["percent", "reason"]
    with pytest.raises(Refusal):
        api.set_holdout(
            scope=Scope(scope.organisation_id, scope.brand_id, SYSTEM, frozenset()),
            percent=5, reason="x", redraw=False, now=NOW,
        )  # fmt: skip
    api.set_holdout(scope=scope, percent=5, reason="to measure", redraw=False, now=NOW)
    five = api.held_out(brand_id=scope.brand_id, member_ids=members)
    assert 90 < len(five) < 220
    api.set_holdout(scope=scope, percent=10, reason="more exact", redraw=False, now=NOW)
    ten = api.held_out(brand_id=scope.brand_id, member_ids=members)
    assert five < ten
    api.set_holdout(scope=scope, percent=10, reason="a new year", redraw=True, now=NOW)
    assert api.held_out(brand_id=scope.brand_id, member_ids=members) != ten
    reasons = [
        row.after["reason"] for row in AuditRow.objects.filter(action="holdout.changed").order_by("id")
    ]
    assert reasons == ["to measure", "more exact", "a new year"]
    assert api.get_holdout(brand_id=scope.brand_id).reason == "a new year"
