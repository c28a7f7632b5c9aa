"""The demo's journeys run, with members in flight; again adds nothing."""

from __future__ import annotations

import pytest
from tests.demo.test_demo import HOUSEHOLDS, NOW

from regulars.engage.journeys import api as journeys
from regulars.flows.demo import api as demo
from regulars.flows.demo import journeys as walked

pytestmark = pytest.mark.django_db


def test_journeys_run_with_members_in_flight() -> None:
    filled = demo.fill(clock=lambda: NOW, limit=HOUSEHOLDS, writers=1, additions=False)
    found = {one.code: one for one in journeys.list_journeys(brand_id=filled.brand.id)}
    assert len(found) == 10
    running = {code for code, one in found.items() if one.state == "running"}
    assert running >= {"dormant-60", "tier-risk", "points-expiring", "welcome", "second-purchase", "birthday"}
    assert {found["churn-light"].state, found["churn-heavy"].state} == {"draft"}
    numbers = journeys.numbers_of(journeys=list(found.values()))
    assert sum(one.started for one in numbers.values()) > 0
    assert sum(one.active for one in numbers.values()) > 0
    before = {code: numbers[one.id].started for code, one in found.items()}
    scope = demo._scope(filled.brand)
    walked.fill(scope, NOW)
    again = journeys.numbers_of(journeys=list(found.values()))
    assert {code: again[one.id].started for code, one in found.items()} == before
