"""What the console's form sends is read as it is."""

from __future__ import annotations

import pytest
from tests.missions.world import World

from regulars.flows.missions import api as flow
from regulars.kit import clock
from regulars.kit.errors import Refusal


def test_a_new_mission_as_the_form_sends_it(world: World) -> None:
    sent = {
        "key": "three",
        "name": {"zh": "三单", "en": "Three orders"},
        "steps": [
            {
                "key": "step-1",
                "name": {"zh": "", "en": "Orders"},
                "kind": "act",
                "activity": "order",
                "measure": "count",
                "goal": 1,
                "rewards": [],
            }
        ],
        "in_order": False,
        "opt_in": False,
        "since": "start",
        "repeat": "once",
        "times": 3,
        "rewards": [{"kind": "points", "unit": "points", "amount": 50}],
    }
    made = flow.put_mission(scope=world.rush.scope, data=sent, now=clock.now(), create=True)
    assert (made.key, made.state, made.definition.times) == ("three", "draft", 1)


def test_an_empty_form_is_told_every_field_it_lacks(world: World) -> None:
    step = {
        "key": "step-1",
        "name": {"zh": "", "en": ""},
        "kind": "act",
        "activity": "order",
        "measure": "count",
        "goal": 1,
        "rewards": [],
    }
    sent = {"name": {"zh": "", "en": ""}, "steps": [step], "repeat": "once", "times": 3, "rewards": []}
    with pytest.raises(Refusal) as refused:
        flow.put_mission(scope=world.rush.scope, data=sent, now=clock.now(), create=True)
    assert {one.field for one in refused.value.errors} == {"key", "name", "steps[0].name"}


def test_the_operator_sees_it_at_once(world: World) -> None:
    from types import SimpleNamespace

    from regulars.engage.missions.api import missions
    from regulars.surfaces.console.missions import MissionDesk

    world.put({"key": "m", "name": "m", "steps": [{"key": "s", "name": "s", "activity": "order"}]})
    request = SimpleNamespace(auth=world.rush.scope, headers={}, META={}, LANGUAGE_CODE="en", COOKIES={})
    desk = MissionDesk(request)  # type: ignore[arg-type]
    (shown,) = desk.shown([missions.get_mission(brand_id=world.brand.id, key="m")], steps=True)
    assert (shown.started, shown.steps[0].done, shown.state) == (0, 0, "active")


def test_empty_forms_of_boards_draws_and_badges_are_told_every_field(world: World) -> None:
    """The forms send what they have: what is missing is named beside its field, in both languages."""
    blank = {"zh": "", "en": ""}
    prize = {"key": "prize-1", "name": blank, "odds": "", "rewards": []}
    for put, sent, lacking in (
        (flow.put_board, {"name": blank, "by": "points", "period": "month"}, {"key", "name", "unit"}),
        (
            flow.put_board,
            {"name": blank, "by": "spend", "period": "month", "prizes": [{"last": 2, "rewards": []}]},
            {"key", "name", "prizes[0].first"},
        ),
        (
            flow.put_draw,
            {"name": blank, "prizes": [prize], "price": 5},
            {"key", "name", "unit", "prizes", "prizes[0].name", "prizes[0].odds"},
        ),
        (
            flow.put_badge,
            {"name": blank, "levels": [{"at": 1, "name": blank}]},
            {"key", "name", "levels[0].name"},
        ),
    ):
        with pytest.raises(Refusal) as refused:
            put(scope=world.rush.scope, data=sent, now=clock.now(), create=True)  # type: ignore[operator]
        errors = refused.value.errors
        assert {one.field for one in errors} == lacking, errors
        assert all(one.message.zh and one.message.en for one in errors)
