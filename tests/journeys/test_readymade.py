"""The ready-made journeys can be read as they are, and are installed once."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from tests.journeys.world import travel

from regulars.engage.journeys import api as journeys
from regulars.engage.journeys.policy.readymade import ready_made
from regulars.facts.activity import api as activities
from regulars.flows.journeys import api as flow
from regulars.kit.errors import ErrorList
from regulars.kit.text import Text
from regulars.messaging import api as messaging
from regulars.messaging.contents.ready_made import READY_MADE

pytestmark = pytest.mark.django_db
NOW = datetime(2024, 3, 4, 2, tzinfo=UTC)


def test_every_ready_made_journey_can_be_read() -> None:
    its = travel()
    brand = its.its.scope.brand_id
    activities.declare_type(
        brand_id=brand, code="view", name=Text("浏览", "View"), fields=[], reserved=frozenset()
    )
    for one in ready_made():
        errors = ErrorList()
        definition = journeys.read_definition(brand_id=brand, data=one.definition, errors=errors, now=NOW)
        assert [(error.field, error.message.en) for error in errors.errors] == [], one.code
        assert definition is not None
        said = flow.sentences(brand_id=brand, definition=definition, now=NOW)
        assert all(text.zh and text.en for text in said.values())


def test_they_are_installed_once_as_drafts() -> None:
    its = travel()
    made = journeys.install_ready_made(scope=its.its.scope, now=NOW)
    assert [one.code for one in made] == [one.code for one in ready_made()]
    assert {one.state for one in made} == {"draft"}
    assert journeys.install_ready_made(scope=its.its.scope, now=NOW) == []


def test_they_name_templates_that_come_ready_too() -> None:
    its = travel()
    scope = its.its.scope
    activities.declare_type(
        brand_id=scope.brand_id, code="view", name=Text("浏览", "View"), fields=[], reserved=frozenset()
    )
    messaging.install_ready_made(scope=scope, now=NOW, approve=True)
    journeys.install_ready_made(scope=scope, now=NOW)
    for one in ready_made():
        assert flow.publish(scope=scope, code=one.code, now=NOW).state == "running"


def test_what_is_sent_as_marketing_is_what_its_template_says() -> None:
    """A notice about her own points or tier needs no consent to marketing and takes no place under its caps."""
    purposes = {one.code: one.purpose for one in READY_MADE}
    sent = [
        (node["template"], node.get("purpose", "marketing"))
        for one in ready_made()
        for node in one.definition["nodes"]
        if node["kind"] == "message"
    ]
    assert [(template, purposes[template]) for template, _ in sent] == sent
    assert {"tier-at-risk", "points-expiring"} <= {
        template for template, purpose in sent if purpose == "service"
    }
