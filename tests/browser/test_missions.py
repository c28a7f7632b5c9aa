"""Missions and play as a member finds them on her phone and as an operator keeps them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.browser import desk
from tests.browser import test_portal as phone
from tests.browser.test_portal import brand

if TYPE_CHECKING:
    from tests.portal.world import Brand

pytestmark = pytest.mark.browser
opened = phone.opened
desk_opened = desk.opened
shop = desk.shop
bare = desk.bare
__all__ = ["bare", "brand", "desk_opened", "opened", "shop"]


def play(scope: Any, now: datetime) -> None:
    """A mission that she has begun, one to take up, a check-in, a badge, a board and a draw that always wins."""
    from regulars.engage.missions.api import draws, missions
    from regulars.engage.missions.api import play as kept
    from regulars.flows.missions import api as flow

    ago = now - timedelta(days=400)
    badge = {"key": "regular", "name": {"zh": "常客徽章", "en": "Regular"}, "icon": "crown"}
    flow.put_badge(scope=scope, data=badge, now=ago)
    for key, orders in (("two", 2), ("many-orders", 40)):
        when = {"field": "history.orders", "op": "gte", "value": orders}
        flow.put_badge(scope=scope, data={"key": key, "name": key, "when": when}, now=ago)
    wheel = {
        "key": "wheel",
        "name": {"zh": "周周抽", "en": "Weekly wheel"},
        "prizes": [
            {
                "key": "gift", "name": {"zh": "七积分", "en": "Seven points"}, "odds": "1",
                "rewards": [{"kind": "points", "unit": "points", "amount": 7}],
            },
            {"key": "none", "name": {"zh": "谢谢参与", "en": "Not this time"}, "odds": "0"},
        ],
        "free_a_day": 2,
    }  # fmt: skip
    flow.put_draw(scope=scope, data=wheel, now=ago)
    draws.set_state(scope=scope, key="wheel", state="active", now=ago)
    flow.put_checkin(
        scope=scope,
        data={
            "enabled": True,
            "rewards": [{"kind": "points", "unit": "points", "amount": 2}],
            "ladder": [{"days": 3, "rewards": [{"kind": "badge", "badge": "regular"}]}],
            "makeup_days": 3,
        },
        now=ago,
    )
    board = {
        "key": "top",
        "name": {"zh": "总消费榜", "en": "All-time spend"},
        "activity": "order",
        "measure": "amount",
        "period": "ever",
    }
    flow.put_board(scope=scope, data=board, now=ago)
    kept.set_board_state(scope=scope, key="top", state="active", now=ago)
    step = {"key": "orders", "name": {"zh": "下单", "en": "Orders"}, "activity": "order", "goal": 50}
    many = {"key": "many", "name": {"zh": "五十单", "en": "Fifty orders"}, "steps": [step]}
    taken = {
        **many,
        "key": "taken",
        "name": {"zh": "自选挑战", "en": "A challenge"},
        "opt_in": True,
        "days": 7,
    }
    for made in (many, taken):
        flow.put_mission(scope=scope, data=made, now=ago)
        missions.set_state(scope=scope, key=made["key"], state="active", now=ago)


@pytest.fixture
def player(brand: Brand) -> Brand:
    from regulars.facts.activity import api as activities
    from regulars.flows.missions import api as flow
    from regulars.platform.organisations import api as organisations

    now = datetime.now(UTC)
    play(brand.scope, now)
    member = brand.enrol(phone.PHONE, now - timedelta(days=300))
    for number in range(3):
        brand.order(member, f"P{number}", 5000, at=now - timedelta(days=3 - number))
    page = activities.list_activities(brand_id=brand.scope.brand_id, member_id=member, types=["order"])
    found = organisations.get_brand(brand_id=brand.scope.brand_id)
    flow.count(found, [(member, row.id) for row in page.items], {member}, now)
    while flow.ask_badges(now):
        pass
    return brand


def test_a_member_plays(player: Any, opened: Any, shoot: Any) -> None:
    with opened(player, language="en") as page:
        phone.sign_in(page, player)
        page.get_by_role("link", name="Play").click()
        page.locator("[data-testid=mission-many]").wait_for()
        assert "3 of 50" in page.locator("[data-testid=mission-many]").inner_text()
        page.get_by_role("button", name="Take it up").click()
        page.locator("[data-testid=mission-taken] .chip", has_text="7 days left").wait_for()
        page.get_by_role("button", name="Check in").click()
        page.get_by_role("button", name="Checked in today").wait_for()
        phone.fits(page)
        shoot(page, "play-en")
        page.get_by_role("link", name="Calendar").click()
        page.locator("[data-testid=calendar] .checkin").wait_for()
        phone.fits(page)
        shoot(page, "checkin-en")
        page.go_back()
        page.get_by_role("link", name="Badges").click()
        page.locator("[data-testid=badge-regular]").wait_for()
        assert "Yours because: orders so far" in page.locator("[data-testid=badge-how-two]").inner_text()
        assert "How to get it" in page.locator("[data-testid=badge-how-many-orders]").inner_text()
        phone.fits(page)
        shoot(page, "badges-en")
        page.go_back()
        page.get_by_role("link", name="Leaderboards").click()
        page.locator("[data-testid=board-top]", has_text="You").wait_for()
        phone.fits(page)
        shoot(page, "boards-en")
        page.go_back()
        page.get_by_role("link", name="Weekly wheel").click()
        page.locator("[data-testid=draw]").click()
        page.get_by_text("You won Seven points").wait_for()
        page.get_by_role("dialog").get_by_role("button", name="Close").last.click()
        page.locator("[data-testid=mine] li", has_text="Seven points").wait_for()
        phone.fits(page)
        shoot(page, "draw-en")


def test_a_draw_whose_answer_was_lost_is_not_drawn_twice(player: Any, opened: Any) -> None:
    """The answer is cut after the server has drawn: pressing again shows that draw, and takes no other chance."""
    from regulars.engage.missions.api import draws
    from regulars.facts.members import api as members
    from regulars.facts.members.types import ById, IdentityIn

    (member,) = members.resolve(
        organisation_id=player.scope.organisation_id,
        brand_id=player.scope.brand_id,
        refs=[ById(identity=IdentityIn("phone", phone.PHONE))],
        any_status=True,
    )

    def plays() -> list[Any]:
        return draws.list_plays(brand_id=player.scope.brand_id, key="wheel", member_id=member)  # type: ignore[arg-type]

    with opened(player, language="en") as page:
        phone.sign_in(page, player)
        page.get_by_role("link", name="Play").click()
        page.get_by_role("link", name="Weekly wheel").click()
        asked: list[dict[str, Any]] = []

        def lose(route: Any) -> None:
            asked.append(route.request.post_data_json)
            route.fetch()
            route.abort("failed")

        posted = re.compile(r"/draws/wheel/plays$")
        page.route(
            posted,
            lambda route: lose(route) if not asked and route.request.method == "POST" else route.continue_(),
        )
        page.locator("[data-testid=draw]").click()
        page.locator("[data-testid=draw]", has_text="Draw, 1 free today").wait_for()
        assert len(plays()) == 1 and len(asked) == 1
        with page.expect_request(lambda one: one.method == "POST" and bool(posted.search(one.url))) as again:
            page.locator("[data-testid=draw]").click()
        page.get_by_text("You won Seven points").wait_for()
        assert again.value.post_data_json["key"] == asked[0]["key"]
        assert len(plays()) == 1
        page.get_by_role("dialog").get_by_role("button", name="Close").last.click()
        # the next press is a draw of its own
        with page.expect_request(lambda one: one.method == "POST" and bool(posted.search(one.url))) as other:
            page.locator("[data-testid=draw]").click()
        page.get_by_text("You won Seven points").wait_for()
        assert other.value.post_data_json["key"] != asked[0]["key"]
        assert len(plays()) == 2


def test_anybody_checks_the_log(player: Any, opened: Any, shoot: Any) -> None:
    from regulars.engage.missions.api import draws
    from regulars.facts.members import api as members
    from regulars.facts.members.types import ById, IdentityIn
    from regulars.flows.missions import api as flow

    now = datetime.now(UTC)
    (member,) = members.resolve(
        organisation_id=player.scope.organisation_id,
        brand_id=player.scope.brand_id,
        refs=[ById(identity=IdentityIn("phone", phone.PHONE))],
        any_status=True,
    )
    flow.play(scope=player.scope, member_id=member, draw="wheel", key="a", pay=False, now=now)  # type: ignore[arg-type]
    draws.rotate(scope=player.scope, key="wheel", now=now)
    flow.play(scope=player.scope, member_id=member, draw="wheel", key="b", pay=False, now=now)  # type: ignore[arg-type]
    with opened(player, path="draws/wheel/log") as page:
        page.locator("[data-testid=check]").click()
        page.locator("[data-testid=checked]", has_text="已重新计算 1 次抽奖，全部一致").wait_for()
        phone.fits(page)
        shoot(page, "draw-log-zh")


def test_an_operator_makes_a_mission(shop: Any, desk_opened: Any, shoot: Any) -> None:
    with desk_opened(shop, "operator", "reach/missions") as page:
        page.get_by_role("button", name="New members’ path").first.click()
        page.locator("td", has_text="First order").first.wait_for()
        desk.fits(page)
        shoot(page, "missions-en")
        page.goto(page.shop_url + "reach/missions/new")
        page.get_by_role("button", name="Save").click()
        page.locator(".el-form-item", has_text="Key").first.locator(".el-form-item__error").wait_for()
        assert page.locator(".el-form-item__error").count() == 3  # its name, its key, its step's name
        page.locator(".names input").nth(0).fill("三单")
        page.locator(".names input").nth(1).fill("Three orders")
        page.locator(".el-form-item", has_text="Key").first.locator("input").fill("three")
        page.locator(".step .names input").nth(1).fill("Orders")
        page.get_by_role("button", name="Add a reward").last.click()
        shoot(page, "mission-editor-en")
        page.get_by_role("button", name="Save").click()
        page.get_by_role("button", name="Publish").wait_for(timeout=60_000)
        page.get_by_role("button", name="Publish").click()
        page.locator(".el-tag", has_text="active").first.wait_for()
        desk.fits(page)
        shoot(page, "mission-en")
        for path in ("checkin", "badges", "boards", "draws", "draws/new"):
            page.goto(page.shop_url + f"reach/missions/{path}")
            page.locator("h1").wait_for()
            desk.settle(page)
            desk.fits(page)
            shoot(page, f"play-{path.replace('/', '-')}-en")


def test_an_operator_gives_a_badge_by_a_condition(shop: Any, desk_opened: Any, shoot: Any) -> None:
    from regulars.flows.missions import api as flow
    from regulars.kit import clock

    when = {"field": "history.orders", "op": "gte", "value": 1}
    flow.put_badge(
        scope=shop.scope, data={"key": "first", "name": {"zh": "首单", "en": "First order"}, "when": when},
        now=clock.now(),
    )  # fmt: skip
    with desk_opened(shop, "owner", "reach/missions/badges") as page:
        row = page.locator("tr", has_text="First order")
        row.get_by_text("orders so far is at least 1").wait_for()
        row.get_by_role("button", name="Edit").click()
        page.get_by_role("button", name="How many now").click()
        page.get_by_text("members meet it now").wait_for()
        page.get_by_text("Taken away when it no longer holds").click()
        shoot(page, "badge-condition-en")
        page.get_by_role("button", name="Save").click()
        row.get_by_text("taken away when it no longer holds").wait_for()
        desk.fits(page)
