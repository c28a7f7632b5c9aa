"""Insight in the console: freshness and asking for a run, RFM from the heat map to a segment, a member as of a day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.insight.given import buyers

from regulars.flows.insight import api as insight
from regulars.kit import clock
from regulars.kit.ids import new_id


@pytest.fixture
def desk(shop: Any, open_desk: Any, settings: Any, tmp_path: Path) -> Any:
    settings.WAREHOUSE_DIRECTORY = tmp_path / "warehouse"
    return open_desk(shop.emails["owner"], shop.brand.slug)


@pytest.fixture
def world(shop: Any) -> Any:
    from tests.intake.world import World

    return World(shop.scope)


def test_freshness_and_a_run_that_is_asked_for(desk: Any, shop: Any) -> None:
    told = desk.get("/insight/freshness")
    assert told["complete_at"] is None and {step["state"] for step in told["steps"]} == {"none"}
    assert [step["key"] for step in told["steps"]][:2] == ["export", "tiers"]
    asked = desk.post("/insight/runs", {"steps": ["rfm"]})
    assert asked["asked_by"] and not asked["running"]
    wrong = desk.post("/insight/runs", {"steps": ["weather"]}, expect=422)
    assert wrong["errors"][0]["field"] == "steps"
    insight.run_here(brand_id=shop.scope.brand_id, clock=clock.now, only=["export", "rfm"])
    told = desk.get("/insight/freshness")
    states = {step["key"]: step["state"] for step in told["steps"]}
    assert states["export"] == "done" and states["rfm"] == "lacking"
    assert told["complete_at"] and told["asked_by"] == ""


def test_rfm_settings_are_checked_by_field(desk: Any) -> None:
    settings = desk.get("/insight/rfm/settings")
    assert settings["method"] == "quantiles"
    wrong = desk.put(
        "/insight/rfm/settings", {**settings, "months": 0, "money_cuts": [4, 3, 2, 1]}, expect=422
    )
    assert {error["field"] for error in wrong["errors"]} == {"months", "money_cuts"}
    changed = {**settings, "months": 6, "method": "cuts"}
    assert desk.put("/insight/rfm/settings", changed) == changed
    assert desk.get("/insight/rfm/settings") == changed


def test_from_the_heat_map_to_a_segment(desk: Any, shop: Any, world: Any) -> None:
    assert desk.get("/insight/rfm")["state"] == "none"
    now = clock.now()
    buyers(world, 30, now - timedelta(days=40))
    insight.run_here(brand_id=shop.scope.brand_id, clock=clock.now, only=["export", "rfm"])
    shown = desk.get("/insight/rfm")
    assert shown["state"] == "done" and shown["scored"] >= 30
    assert sum(cell["members"] for cell in shown["cells"]) == shown["scored"]
    assert abs(sum(group["share"] for group in shown["groups"]) - 1) < 1e-9
    cell = shown["cells"][-1]
    listed = desk.get(f"/insight/rfm/members?r={cell['r']}&f={cell['f']}&limit=2")
    assert {(one["r"], one["f"]) for one in listed["items"]} == {(cell["r"], cell["f"])}
    made = desk.post(
        "/insight/rfm/segments",
        {"code": "best", "name": {"zh": "最好", "en": "Best"}, "r": cell["r"], "f": cell["f"]},
    )
    assert made == {"code": "best"}
    nothing = desk.post(
        "/insight/rfm/segments", {"code": "all", "name": {"zh": "全", "en": "All"}}, expect=422
    )
    assert nothing["errors"][0]["field"] == "group"
    desk.get("/insight/rfm/members?r=6", expect=422)


def test_tiers_over_time(desk: Any, shop: Any, world: Any) -> None:
    assert desk.get("/insight/tiers")["state"] == "none"
    buyers(world, 3, clock.now() - timedelta(days=10))
    insight.run_here(brand_id=shop.scope.brand_id, clock=clock.now, only=["export", "tiers"])
    shown = desk.get("/insight/tiers")
    assert shown["state"] == "done" and shown["lines"]
    days = (datetime.fromisoformat(shown["last"]) - datetime.fromisoformat(shown["first"])).days + 1
    assert {len(line["members"]) for line in shown["lines"]} == {days}
    # nobody leaves a scheme: the sum of the last day is everybody who is in it
    assert sum(line["members"][-1] for line in shown["lines"]) >= 3
    part = desk.get(f"/insight/tiers?from={shown['last']}&to={shown['last']}")
    assert {len(line["members"]) for line in part["lines"]} == {1}


def test_a_member_as_of_a_day(desk: Any, world: Any) -> None:
    from tests.intake.world import order

    now = clock.now()
    member = world.member("13912345678", now - timedelta(days=30))
    code = desk.get("/members?search=13912345678")["items"][0]["code"]
    world.one(
        order(member, f"z{new_id().hex}", 10_000, at=now - timedelta(days=20)), now=now - timedelta(days=2)
    )

    def then(days: int, known: int | None = None) -> dict[str, int]:
        at = (now - timedelta(days=days)).isoformat().replace("+00:00", "Z")
        extra = (
            ""
            if known is None
            else f"&known_at={(now - timedelta(days=known)).isoformat().replace('+00:00', 'Z')}"
        )
        told = desk.get(f"/members/{code}/as-of?at={at}{extra}")
        return {one["unit"]: one["available"] + one["pending"] for one in told["balances"]}

    assert then(25).get("points", 0) == 0
    assert then(10)["points"] > 0
    # it happened twenty days ago and was told two days ago: three days ago nobody knew of it
    assert then(10, known=3).get("points", 0) == 0
    assert then(10, known=1)["points"] > 0
    late = (now + timedelta(days=1)).astimezone(UTC).isoformat().replace("+00:00", "Z")
    desk.get(f"/members/{code}/as-of?at={late}", expect=422)
