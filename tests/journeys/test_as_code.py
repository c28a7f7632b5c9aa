"""Journeys in programme as code: there and back, drafts and states, what may be overwritten, who may publish."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.blueprint.test_round_trip import empty, exported, there_and_back
from tests.intake.world import START
from tests.journeys.world import Travel, call, days, journey, node, travel, webhook

from regulars.engage.journeys import api as journeys
from regulars.flows.blueprint import api as blueprint
from regulars.flows.journeys import api as flow
from regulars.kit.errors import Refusal
from regulars.kit.text import Text

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> Travel:
    its = travel()
    its.publish(journey(call(), webhook("z")), "z-called", now=START)
    begins = journey(call(), node("on", "journey", journey="z-called"), again="after_exit", priority=70)
    its.publish(begins, "a-calls", now=START)
    journeys.change(scope=its.its.scope, code="a-calls", note=Text("说明", "About it"), now=START)
    journeys.set_state(scope=its.its.scope, code="a-calls", state="paused", now=START)
    its.publish(journey(call(), webhook("old")), "ended", now=START)
    journeys.set_state(scope=its.its.scope, code="ended", state="stopped", now=START)
    journeys.create(
        scope=its.its.scope, code="idea", name=Text("想法", "An idea"), definition=journey(call()), now=START
    )
    return its


def item(world: Travel, code: str) -> dict[str, Any]:
    found = flow.export_definitions(brand_id=world.its.scope.brand_id)
    return next(one for one in found if one["key"] == code)


def test_journeys_go_there_and_back_with_their_states(world: Travel) -> None:
    codes = [one["key"] for one in flow.export_definitions(brand_id=world.its.scope.brand_id)]
    assert codes == ["z-called", "a-calls", "ended", "idea"]  # what is called before who calls
    assert item(world, "a-calls")["note"] == {"zh": "说明", "en": "About it"}
    there_and_back(world.its.scope)


def test_what_differs_becomes_the_next_version(world: Travel) -> None:
    scope = world.its.scope
    given = {**item(world, "z-called"), **journey(call(), days("wait", 2), webhook("z"))}
    found = flow.apply_definition(scope=scope, definition=given, now=START)
    assert (found.version, found.state, found.draft) == (2, "running", None)
    again = flow.apply_definition(scope=scope, definition=item(world, "z-called"), now=START)
    assert again.version == 2
    paused = flow.apply_definition(
        scope=scope, definition={**item(world, "ended"), "state": "paused"}, now=START
    )
    assert (paused.version, paused.state) == (1, "paused")
    idea = flow.apply_definition(scope=scope, definition={**item(world, "idea"), "name": "One"}, now=START)
    assert (idea.state, idea.name) == ("draft", Text("One", "One"))


def test_a_draft_that_somebody_began_is_not_overwritten(world: Travel) -> None:
    scope = world.its.scope
    journeys.change(scope=scope, code="z-called", definition=journey(call(), webhook("mine")), now=START)
    flow.apply_definition(
        scope=scope, definition=item(world, "z-called"), now=START
    )  # as published: no matter
    with pytest.raises(Refusal) as told:
        given = {**item(world, "z-called"), **journey(call(), webhook("theirs"))}
        flow.apply_definition(scope=scope, definition=given, now=START)
    assert told.value.code == "draft_pending"


def test_who_may_not_publish_makes_drafts_only(world: Travel) -> None:
    scope = world.its.scope
    less = replace(scope, permissions=scope.permissions - {"journeys.publish"})
    new = {"key": "new", "name": "New", **journey(call(), webhook("x"))}
    assert flow.apply_definition(scope=less, definition=new, now=START).state == "draft"
    for given in ({**new, "key": "live", "state": "running"}, {**item(world, "z-called"), **journey(call())}):
        with pytest.raises(Refusal) as told:
            flow.apply_definition(scope=less, definition=given, now=START)
        assert told.value.code == "forbidden"
    with pytest.raises(Refusal) as told:
        flow.apply_definition(scope=scope, definition={**item(world, "ended"), "state": "draft"}, now=START)
    assert told.value.errors[0].field == "state"


def test_what_is_wrong_is_told_by_line_and_place(world: Travel) -> None:
    scope = world.its.scope
    text = exported(scope)
    other = empty(scope)
    for old, new, path in (
        ("journey: z-called", "journey: nobody", "journeys[1].nodes[1].journey"),
        ("state: stopped", "state: sleeping", "journeys[2].state"),
        ("key: idea", "key: An Idea", "journeys[3].key"),
    ):
        assert old in text
        with pytest.raises(Refusal) as told:
            blueprint.plan(scope=other, text=text.replace(old, new), now=START)
        assert path in {error.field.split(":")[0] for error in told.value.errors}
