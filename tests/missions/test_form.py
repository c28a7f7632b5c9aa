"""What the console's form sends is read as it is."""

from __future__ import annotations

from tests.missions.world import World

from regulars.flows.missions import api as flow
from regulars.kit import clock


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


def test_the_operator_sees_it_at_once(world: World) -> None:
    from types import SimpleNamespace

    from regulars.engage.missions.api import missions
    from regulars.surfaces.console.missions import MissionDesk

    world.put({"key": "m", "name": "m", "steps": [{"key": "s", "name": "s", "activity": "order"}]})
    request = SimpleNamespace(auth=world.rush.scope, headers={}, META={}, LANGUAGE_CODE="en", COOKIES={})
    desk = MissionDesk(request)  # type: ignore[arg-type]
    (shown,) = desk.shown([missions.get_mission(brand_id=world.brand.id, key="m")], steps=True)
    assert (shown.started, shown.steps[0].done, shown.state) == (0, 0, "active")
