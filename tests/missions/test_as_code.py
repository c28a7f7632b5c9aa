"""Missions and play in programme as code: there and back, states, odds that stay, errors at their place."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.blueprint.test_round_trip import empty, file_of, there_and_back
from tests.coupons.given import definition as coupon_definition
from tests.intake.world import START, World, points, programme, rule, world
from tests.missions.test_draws import wheel
from tests.missions.world import mission, pays, step

from regulars.engage.missions.api import draws, missions, play
from regulars.flows.blueprint import api as blueprint
from regulars.flows.missions import api as flow
from regulars.kit.errors import Refusal
from regulars.value.coupons import api as coupons

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> World:
    """A mission that pays a chance in a draw, whose prize is a badge and another mission; boards of all states."""
    its = world(programme([rule("base", points())]))
    scope, brand = its.scope, its.scope.brand_id
    coupons.apply_definition(scope=scope, definition=coupon_definition("tea"), now=START)
    three = {"field": "history.orders", "op": "gte", "value": 3}
    flow.put_badge(
        scope=scope, data={"key": "regular", "name": "常客", "when": three, "taken_away": True}, now=START
    )
    flow.put_badge(scope=scope, data={"key": "old", "name": "Old", "state": "archived"}, now=START)
    gifts = [{"kind": "badge", "badge": "regular"}, {"kind": "coupon", "definition": "tea", "count": 1}]
    flow.put_mission(scope=scope, data=mission("b-later"), now=START)
    prizes = [
        {"key": "gold", "name": "gold", "odds": "1/3", "stock": 0, "instead": "none",
         "rewards": [{"kind": "mission", "mission": "b-later"}]},
        {"key": "none", "name": "none", "odds": "2/3"},
    ]  # fmt: skip
    flow.put_draw(scope=scope, data=wheel("wheel", *prizes), now=START)
    chance = {"kind": "draw_chance", "draw": "wheel", "count": 2}
    steps = [
        step("one", rewards=[chance], where={"field": "order.amount", "op": "gte", "value": 100}),
        step("two"),
    ]
    given = mission("a-first", *steps, rewards=gifts, in_order=True, days=7, audience=three)
    flow.put_mission(scope=scope, data=given, now=START)
    missions.set_state(scope=scope, key="a-first", state="active", now=START)
    missions.set_state(scope=scope, key="a-first", state="paused", now=START)
    draws.set_state(scope=scope, key="wheel", state="active", now=START)
    for key, states in (("idea", ()), ("open", ("active",)), ("over", ("active", "ended"))):
        board = {"key": key, "name": key, "by": "spend", "prizes": [{"first": 1, "rewards": pays(5)}]}
        flow.put_board(scope=scope, data=board, now=START)
        for state in states:
            play.set_board_state(scope=scope, key=key, state=state, now=START)
    checkin = {"enabled": True, "rewards": pays(1), "makeup_days": 0,
               "ladder": [{"days": 7, "rewards": [chance], "cards": 1}], "again_after": 7}  # fmt: skip
    flow.put_checkin(scope=scope, data=checkin, now=START)
    assert play.get_checkin(brand_id=brand).makeup_days == 0
    return its


def plan(its: World, text: str) -> list[tuple[str, str, Any]]:
    found = blueprint.plan(scope=its.scope, text=text, now=START)
    return [(one.sign, one.path, one.leaves) for one in found.differences]


def refused(its: World, change: Any) -> dict[str, str]:
    with pytest.raises(Refusal) as told:
        blueprint.plan(scope=its.scope, text=file_of(its.scope, change), now=START)
    assert all(one.message.en.startswith("line ") for one in told.value.errors)
    return {one.field: one.code for one in told.value.errors}


def test_there_and_back_with_states(shop: World) -> None:
    """What names one another comes whichever stands first in the file."""
    there_and_back(shop.scope)
    other = empty(shop.scope)
    text = blueprint.export(scope=shop.scope, now=START)
    blueprint.apply(scope=other, text=text, now=START, publish=True)
    states = {one.key: one.state for one in missions.list_missions(brand_id=other.brand_id)}
    assert states == {"a-first": "paused", "b-later": "draft"}
    (wheel_there,) = draws.list_draws(brand_id=other.brand_id)
    assert (wheel_there.state, wheel_there.live) == ("active", 1)
    assert len(draws.list_seeds(brand_id=other.brand_id, key="wheel")) == 2  # committed to, its own
    found = {one.key: one.state for one in play.list_boards(brand_id=other.brand_id)}
    assert found == {"idea": "draft", "open": "active", "over": "ended"}


def test_a_brand_without_any_has_no_such_part() -> None:
    its = world(programme([]))
    text = blueprint.export(scope=its.scope, now=START)
    assert not {"badges", "missions", "boards", "draws", "checkin"} & {
        line.partition(":")[0] for line in text.splitlines()
    }


def test_a_change_is_told_and_applied_at_once(shop: World) -> None:
    def change(values: dict[str, Any]) -> None:
        values["missions"][0] |= {"state": "active", "days": 9}
        values["badges"][1]["when"]["value"] = 5
        values["checkin"][0]["again_after"] = 14
        values["boards"][0]["state"] = "active"
        values["draws"][0]["free_a_day"] = 3
        values["draws"].append(wheel("other"))

    text = file_of(shop.scope, change)
    assert plan(shop, text) == [
        ("~", "badges[regular]", (("when.value", 3, 5),)),
        ("+", "draws[other]", ()),
        ("~", "draws[wheel]", (("free_a_day", 1, 3),)),
        ("~", "missions[a-first]", (("days", 7, 9), ("state", "paused", "active"))),
        ("~", "boards[idea]", (("state", "draft", "active"),)),
        ("~", "checkin[checkin]", (("again_after", 7, 14),)),
    ]
    assert blueprint.apply(scope=shop.scope, text=text, now=START).state == "unchanged"
    made = missions.get_mission(brand_id=shop.scope.brand_id, key="a-first")
    assert (made.state, made.live, made.definition.days) == ("active", 2, 9)
    assert plan(shop, text) == []


def test_a_draw_that_has_begun_keeps_its_odds(shop: World) -> None:
    def odds(values: dict[str, Any]) -> None:
        values["draws"][0]["prizes"][0]["odds"] = "1/4"
        values["draws"][0]["prizes"][1]["odds"] = "3/4"

    assert refused(shop, odds) == {
        "draws[0].prizes[0].odds": "draw_begun",
        "draws[0].prizes[1].odds": "draw_begun",
    }
    assert refused(shop, lambda v: v["draws"][0]["prizes"][0].pop("rewards")) == {
        "draws[0].prizes[0].rewards": "draw_begun"
    }
    assert refused(shop, lambda v: v["draws"][0]["prizes"].reverse()) == {"draws[0].prizes": "draw_begun"}
    assert refused(shop, lambda v: v["draws"][0].update(pity_after=3, pity_prize="gold")) == {
        "draws[0].pity_after": "draw_begun",
        "draws[0].pity_prize": "draw_begun",
    }
    # more of a prize, its name and what a draw costs are no promise
    text = file_of(shop.scope, lambda v: v["draws"][0]["prizes"][0].update(stock=4, name="Gold"))
    blueprint.apply(scope=shop.scope, text=text, now=START)
    (made,) = draws.list_draws(brand_id=shop.scope.brand_id)
    assert (made.definition.prizes[0].stock, made.live) == (4, 2)
    # and a draft is free
    flow.put_draw(scope=shop.scope, data=wheel("draft"), now=START)
    assert refused(shop, lambda v: v["draws"][0]["prizes"][0].update(odds="0.02")) == {
        "draws[0].prizes": "odds_not_one"
    }


@pytest.mark.parametrize(
    ("section", "change", "fields"),
    [
        ("missions", {"state": "draft"}, {"state": "is_published"}),
        ("missions", {"state": "gone"}, {"state": "unknown"}),
        ("missions", {"rewards": [{"kind": "badge", "badge": "none"}]}, {"rewards[0].badge": "unknown"}),
        ("missions", {"setps": []}, {"setps": "unknown_field"}),
        ("boards", {"key": "over", "state": "active"}, {"state": "has_ended"}),
        ("boards", {"key": "open", "period": "week", "by": "checkins"}, {"by": "board_fixed"}),
        ("badges", {"icon": "moon"}, {"icon": ""}),
        ("checkin", {"key": "other"}, {"key": "unknown"}),
        ("checkin", {"makeup_days": 99}, {"makeup_days": ""}),
    ],
)
def test_what_is_wrong_is_named_at_its_place(
    shop: World, section: str, change: dict[str, Any], fields: dict[str, str]
) -> None:
    place = 0

    def both(values: dict[str, Any]) -> None:
        nonlocal place
        key = change.get("key")
        keys = [one["key"] for one in values[section]]
        place = keys.index(key) if key in keys else 0
        values[section][place] |= change

    found = refused(shop, both)
    for field, code in fields.items():
        said = found[f"{section}[{place}].{field}"]
        assert not code or said == code, found


def test_it_takes_the_permission(shop: World) -> None:
    from dataclasses import replace

    less = replace(shop.scope, permissions=shop.scope.permissions - {"missions.write"})
    text = file_of(shop.scope, lambda v: v["checkin"][0].update(again_after=8))
    with pytest.raises(Refusal, match="forbidden"):
        blueprint.apply(scope=less, text=text, now=START + timedelta(days=1))
