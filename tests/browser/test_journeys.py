"""Journeys as an operator makes them: in the list view and on the canvas, published, followed, paused."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.browser.desk import bare, code_of, fits, opened, settle, shop, speaks
from tests.browser.test_console_forms import choose, field

if TYPE_CHECKING:
    from tests.console.world import Shop

pytestmark = pytest.mark.browser
__all__ = ["bare", "opened", "shop"]
WAIT = {"id": "wait", "kind": "wait", "mode": "duration", "amount": 3, "unit": "days"}
SMALL = {
    "nodes": [
        {"id": "in", "kind": "trigger", "on": "activity", "activity": "order"},
        {"id": "mark", "kind": "tag", "add": ["vip"]},
        WAIT,
        {"id": "lot", "kind": "split", "arms": [{"key": "a", "percent": 50}, {"key": "b", "percent": 50}]},
        {"id": "bye", "kind": "exit"},
        {"id": "goal", "kind": "goal", "activity": "order", "within": {"amount": 9, "unit": "days"}, "ends": True},
    ],
    "edges": [
        {"from": "in", "to": "mark"}, {"from": "mark", "to": "wait"}, {"from": "wait", "to": "lot"},
        {"from": "lot", "port": "a", "to": "bye"},
    ],
    "settings": {"again": "after_exit"},
}  # fmt: skip


def work(now: Any) -> None:
    """What the worker does: hear what happened, ask dates, walk."""
    from regulars.flows.journeys import due, triggers

    for _ in range(20):
        if not triggers.listen(now) + due.sweep(now) + due.step(now):
            return


def made(shop: Shop, code: str = "thanks", definition: Any = SMALL) -> None:
    from regulars.engage.journeys import api as journeys
    from regulars.kit.text import Text

    journeys.create(
        scope=shop.scope, code=code, name=Text("谢谢", "Thanks"), definition=definition, now=shop.now
    )


def bought(shop: Shop, place: int, number: str) -> None:
    from tests.console.world import order

    from regulars.facts.activity.types import LineIn
    from regulars.kit import clock

    shop.post(order(shop, shop.members[place], number, clock.now(), LineIn(sku="tea", amount=900)))


def line(page: Any, key: str) -> Any:
    return page.locator(f"[data-line='{key}']")


def follow(page: Any, after: Any, kind: str) -> None:
    """Add a node behind what `after` holds: a node's line or a way."""
    after.get_by_role("button", name="Add ").first.click()
    page.locator(".el-dropdown-menu__item:visible", has_text=kind).first.click()


def test_a_journey_is_built_in_the_list_published_and_followed(shop: Shop, opened: Any, shoot: Any) -> None:
    from regulars.engage.journeys import api as journeys
    from regulars.facts.members import api as members
    from regulars.kit import clock

    with opened(shop, "owner", "reach/journeys") as page:
        page.get_by_text("No journeys yet").wait_for()
        page.locator("main").get_by_role("button", name="New journey").first.click()
        dialog = page.get_by_role("dialog", name="New journey")
        dialog.locator(".names input").nth(0).fill("谢谢惠顾")
        dialog.locator(".names input").nth(1).fill("Thanks for the order")
        field(dialog, "Code").locator("input").fill("Thanks!")
        dialog.get_by_role("button", name="Begin drawing").click()
        dialog.locator(".el-form-item__error").first.wait_for()
        field(dialog, "Code").locator("input").fill("thanks")
        dialog.get_by_role("button", name="Begin drawing").click()

        # everything in the list, by its buttons and its forms
        page.get_by_text("List", exact=True).click()
        page.get_by_role("button", name="Add a trigger").click()
        panel = page.locator(".panel")
        choose(page, field(panel, "Brought in by").locator(".el-select"), "An activity")
        line(page, "trigger").wait_for()
        line(page, "trigger").get_by_text(
            "Nothing follows this trigger"
        ).wait_for()  # said by the server, at the node
        follow(page, line(page, "trigger"), "Tag")
        box = field(panel, "Put on").get_by_role("combobox")
        box.click(force=True)
        page.locator(".el-select-dropdown__item:visible", has_text="Corporate").first.click()
        page.keyboard.press("Escape")
        follow(page, line(page, "tag"), "Wait")
        field(panel, "How long").locator("input").fill("3")
        field(panel, "How long").locator("input").blur()
        follow(page, line(page, "wait"), "Branch")
        panel.get_by_role("button", name="Add a condition").first.click()
        page.get_by_role("menuitem", name="A field of the member, order, time …").click()
        value = panel.locator(".q .value input").first
        value.fill("5")
        value.press("Tab")
        panel.locator(".arm .names input").nth(1).fill("A large order")
        way = page.locator(".way", has_text="A large order")
        follow(page, way, "Exit")
        # by keyboard: move, undo, redo, remove, undo
        line(page, "wait").focus()
        page.keyboard.press("Alt+ArrowUp")
        order = lambda: [one.get_attribute("data-line") for one in page.locator("[data-line]").all()]  # noqa: E731
        assert order()[:4] == ["trigger", "wait", "tag", "branch"]
        page.keyboard.press("Control+z")
        assert order()[:4] == ["trigger", "tag", "wait", "branch"]
        page.keyboard.press("Control+y")
        assert order()[:3] == ["trigger", "wait", "tag"]
        page.get_by_role("button", name="Undo").click()
        line(page, "exit").focus()
        page.keyboard.press("Delete")
        line(page, "exit").wait_for(state="detached")
        page.get_by_role("button", name="Undo").click()
        line(page, "exit").wait_for()
        # a way is led elsewhere, and back by the form beside
        page.get_by_role("combobox", name="Branch, Else: leads to").click(force=True)
        page.locator(".el-select-dropdown__item:visible", has_text="Exit").first.click()
        page.get_by_text("on to “Exit”").or_(line(page, "exit")).first.wait_for()
        page.get_by_text("thing to mend").wait_for(state="detached")
        settle(page)
        fits(page)
        speaks(page, "en")
        shoot(page, "journey-list-view-en", full=False)
        page.get_by_role("button", name="Save draft").click()
        page.get_by_text("The draft is saved").wait_for()
        kept = journeys.get_journey(brand_id=shop.brand.id, code="thanks")
        assert kept.draft is not None and {one["kind"] for one in kept.draft["nodes"]} == {
            "trigger", "tag", "wait", "branch", "exit",
        }  # fmt: skip

        page.get_by_role("button", name="Publish").click()
        dialog = page.get_by_role("dialog", name="Publish version 1")
        dialog.get_by_text("It starts at once").wait_for()
        dialog.get_by_role("button", name="Publish").click()
        page.get_by_role("tab", name="Live", selected=True).wait_for()
        work(clock.now())
        bought(shop, 4, "J-1")
        bought(shop, 5, "J-2")
        work(clock.now())
        page.reload()
        line(page, "wait").get_by_text("2 came by (100%) · 2 here").wait_for()
        page.get_by_text("Canvas", exact=True).first.click()
        page.locator("[data-node=wait]").get_by_text("2 here").wait_for()
        page.locator("[data-node=wait]").click()
        side = page.get_by_role("region", name="Wait")
        side.locator(".people li").nth(1).wait_for()
        assert side.locator(".people li").count() == 2
        settle(page)
        fits(page)
        shoot(page, "journey-live-en", full=False)
        side.locator(".people a").first.click()
        page.get_by_role("tab", name="Journeys", selected=True).wait_for()
        page.locator(".one", has_text="Thanks for the order").get_by_text("On the way").wait_for()
        page.get_by_text("What was done (1)").click()
        settle(page)
        shoot(page, "member-journeys-en", full=False)

        page.goto(f"{page.shop_url}reach/journeys/thanks")
        page.get_by_role("button", name="Pause").click()
        box = page.locator(".el-message-box")
        box.get_by_text("The 2 members on their way stay where they are").wait_for()
        box.get_by_role("button", name="Pause").click()
        page.get_by_role("button", name="Resume").click()
        page.locator(".el-message-box").get_by_role("button", name="Resume").click()
        page.get_by_role("tab", name="Members").click()
        page.locator("tr", has_text=code_of(shop, 5)).get_by_role("button", name="Take out").click()
        page.locator(".el-message-box").get_by_role("button", name="Take out").click()
        page.locator("tr", has_text=code_of(shop, 5)).get_by_text("Taken out by staff").wait_for()
        page.get_by_role("tab", name="Versions").click()
        page.get_by_text("Version 1").first.wait_for()
    assert "vip" in members.get_card(scope=shop.scope, member_id=shop.members[4]).tags
    numbers = journeys.numbers_of(journeys=[journeys.get_journey(brand_id=shop.brand.id, code="thanks")])
    assert [(one.started, one.active, one.ended) for one in numbers.values()] == [(2, 1, 1)]


def place(page: Any, key: str) -> tuple[float, float]:
    box = page.locator(f"[data-node='{key}']").bounding_box()
    return box["x"], box["y"]


def test_the_canvas_is_dragged_joined_and_kept(shop: Shop, opened: Any, shoot: Any) -> None:
    from regulars.engage.journeys import api as journeys

    made(shop)
    with opened(shop, "operator", "reach/journeys/thanks") as page:
        page.locator("[data-node=bye]").wait_for()
        settle(page)
        assert page.locator(".vue-flow__edge").count() == 4
        before = {key: place(page, key) for key in ("in", "mark", "wait", "lot", "bye")}
        assert [y for _, y in before.values()] == sorted(y for _, y in before.values())
        box = page.locator("[data-node=wait]").bounding_box()
        page.mouse.move(box["x"] + 60, box["y"] + 20)
        page.mouse.down()
        page.mouse.move(box["x"] + 160, box["y"] + 40, steps=6)
        page.mouse.move(box["x"] + 260, box["y"] + 60, steps=6)
        page.mouse.up()
        page.get_by_text("Unsaved changes").wait_for()
        assert place(page, "wait")[0] > before["wait"][0] + 120
        # the second way of the lot is drawn to the exit
        start = page.locator("[data-node=lot] .vue-flow__handle[data-handleid=b]").bounding_box()
        end = page.locator("[data-node=bye] .vue-flow__handle.target").bounding_box()
        page.mouse.move(start["x"] + 4, start["y"] + 4)
        page.mouse.down()
        page.mouse.move(end["x"] - 20, end["y"] - 10, steps=8)
        page.mouse.move(end["x"] + 4, end["y"] + 4, steps=4)
        page.mouse.up()
        page.locator(".vue-flow__edge").nth(4).wait_for(state="attached")
        settle(page)
        shoot(page, "journey-canvas-en", full=False)
        page.get_by_role("button", name="Save draft").click()
        page.get_by_text("The draft is saved").wait_for()
        moved = place(page, "wait")
        page.reload()
        page.locator("[data-node=wait]").wait_for()
        settle(page)
        assert page.locator(".vue-flow__edge").count() == 5
        assert place(page, "wait")[0] - place(page, "mark")[0] == pytest.approx(
            moved[0] - before["mark"][0], abs=3
        )
        page.get_by_role("button", name="Tidy up").click()
        page.get_by_role("button", name="Undo").click()
        # a key of the keyboard moves what is focused; a node is taken away by Delete
        page.locator("[data-node=bye]").focus()
        page.keyboard.press("ArrowRight")
        page.get_by_text("Unsaved changes").wait_for()
        page.locator("[data-node=mark]").click()
        page.locator("[data-node=mark]").focus()
        page.keyboard.press("Delete")
        page.locator("[data-node=mark]").wait_for(state="detached")
        assert page.locator(".vue-flow__edge").count() == 4
    kept = journeys.get_journey(brand_id=shop.brand.id, code="thanks").draft
    assert kept is not None
    assert {"from": "lot", "port": "b", "to": "bye"} in kept["edges"]
    assert all(isinstance(one["at"]["x"], int) for one in kept["nodes"])


def test_a_dry_run_says_what_would_happen(shop: Shop, opened: Any, shoot: Any) -> None:
    made(shop)
    with opened(shop, "operator", "reach/journeys/thanks?as=list") as page:
        page.get_by_role("button", name="Dry run").click()
        dry = page.get_by_role("region", name="Dry run")
        box = dry.get_by_role("combobox", name="Member")
        box.click(force=True)
        box.fill(code_of(shop, 7))
        page.locator(".el-select-dropdown__item:visible", has_text=code_of(shop, 7)).first.click()
        dry.get_by_role("button", name="Dry run").or_(dry.get_by_role("button", name="Show")).first.click()
        dry.locator(".lines .is-wait").wait_for()
        assert dry.locator(".lines li").count() >= 4
        settle(page)
        speaks(page, "en")
        shoot(page, "journey-dry-run-en", full=False)


@pytest.mark.parametrize(
    ("language", "size"), [("zh-CN", "1440"), ("en", "1024"), ("zh-CN", "1024"), ("en", "390")]
)
def test_every_page_of_journeys_shows_itself(
    shop: Shop, opened: Any, shoot: Any, language: str, size: str
) -> None:
    from regulars.flows.journeys import api as flow
    from regulars.kit import clock

    made(shop)
    flow.publish(scope=shop.scope, code="thanks", now=clock.now())
    work(clock.now())
    bought(shop, 4, "J-1")
    work(clock.now())
    work(clock.now() + timedelta(days=4))
    with opened(shop, "owner", "reach/journeys", language=language, size=size) as page:
        ready = "现成旅程" if language == "zh-CN" else "Ready-made"
        page.locator("main").get_by_role("button", name=ready).first.click()
        page.locator(".gallery .one").nth(9).wait_for()
        settle(page)
        shoot(page, f"journeys-gallery-{language}-{size}", full=False)
        page.locator(".el-dialog__footer button").nth(1).click()
        page.locator("main tbody tr").nth(10).wait_for()
        settle(page)
        fits(page)
        speaks(page, language)
        shoot(page, f"journeys-{language}-{size}", full=False)
        for path in (
            "thanks", "thanks?as=list", "thanks?tab=members", "thanks?tab=versions", "thanks?tab=design",
            "welcome", "welcome?as=list", "churn-heavy",
        ):  # fmt: skip
            page.goto(f"{page.shop_url}reach/journeys/{path}")
            page.locator("main h1").first.wait_for()
            settle(page)
            assert page.locator("[role=alert]").count() == 0, path
            fits(page)
            speaks(page, language)
            shoot(page, f"journey-{path.replace('?', '-').replace('=', '-')}-{language}-{size}", full=False)


def test_who_may_only_look_changes_nothing(shop: Shop, opened: Any, shoot: Any) -> None:
    made(shop)
    with opened(shop, "auditor", "reach/journeys", language="zh-CN", dark=True) as page:
        page.locator("main tbody tr").first.wait_for()
        assert page.get_by_role("button", name="新建旅程").count() == 0
        page.get_by_role("link", name="谢谢").click()
        page.locator("[data-node=mark]").click()
        panel = page.get_by_role("region", name="打标签")
        panel.wait_for()
        assert panel.locator("input:not([disabled])").count() == 0
        assert page.get_by_role("button", name="保存草稿").count() == 0
        assert page.get_by_role("button", name="发布").count() == 0
        settle(page)
        shoot(page, "journey-dark-zh-CN", full=False)
    with opened(shop, "clerk", "reach/journeys") as page:
        page.get_by_text("You may not see this").wait_for()


def test_a_message_node_shows_what_became_of_its_messages(shop: Shop, opened: Any, shoot: Any) -> None:
    from regulars.flows.journeys import api as flow
    from regulars.kit import clock
    from regulars.messaging import api as messaging

    messaging.install_ready_made(scope=shop.scope, now=clock.now(), approve=True)
    template = next(
        one.code for one in messaging.list_templates(brand_id=shop.brand.id) if one.purpose == "marketing"
    )
    tells = {
        "nodes": [
            {"id": "in", "kind": "trigger", "on": "activity", "activity": "order"},
            {"id": "hi", "kind": "message", "template": template, "channels": ["sms"]},
        ],
        "edges": [{"from": "in", "to": "hi"}],
    }
    made(shop, "tells", tells)
    flow.publish(scope=shop.scope, code="tells", now=clock.now())
    work(clock.now())
    for place_, number in ((4, "T-1"), (5, "T-2")):
        bought(shop, place_, number)
    work(clock.now())
    messaging.send_due(now=clock.now())
    with opened(shop, "owner", "reach/journeys/tells?tab=live") as page:
        signs = page.locator("[data-node=hi] .signs")
        signs.get_by_text("0/2").wait_for()
        assert "2 asked for · 0 sent" in (signs.get_attribute("aria-label") or "")
        page.locator("[data-node=hi]").click()
        side = page.get_by_role("region", name="Message")
        side.get_by_text("What became of its messages").wait_for()
        side.get_by_text("No consent").wait_for()
        settle(page)
        fits(page)
        speaks(page, "en")
        shoot(page, "journey-messages-en", full=False)
        page.get_by_text("List", exact=True).first.click()
        line(page, "hi").get_by_text("2 not sent (No consent: 2)").wait_for()
        shoot(page, "journey-messages-list-en", full=False)
        side.get_by_role("link", name="See each").click()
        page.locator("main tbody tr").nth(1).wait_for()
        assert "journey:tells" in page.locator("main tbody").inner_text()
