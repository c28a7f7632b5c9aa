"""Care as people do it: a plan written, previewed and started; the calendar; the worklist on a tablet, by keyboard."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.browser.desk import bare, code_of, fits, opened, settle, shop, speaks
from tests.browser.test_console_forms import choose, field

if TYPE_CHECKING:
    from tests.console.world import Shop

pytestmark = pytest.mark.browser
__all__ = ["bare", "opened", "shop"]


def give_tasks(shop: Shop, count: int) -> None:
    from regulars.engage.tasks import api as tasks
    from regulars.engage.tasks.types import NewTask
    from regulars.kit.text import Text
    from regulars.platform.organisations import api as organisations

    store = organisations.list_stores(brand_id=shop.brand.id)[0]
    today = shop.today
    tasks.add_many(
        brand=shop.brand,
        tasks=[
            NewTask(
                member_id=member,
                key=f"visit-{number}",
                kind="call",
                title=Text(f"回访：第 {number + 1} 位", f"Return call no. {number + 1}"),
                script=Text("您好，最近使用得怎么样？", "Hello, how have you been getting on?"),
                store_id=store.id,
                assignee=None,
                due_on=today - timedelta(days=1 if number == 0 else 0),
                source="care:visits",
            )
            for number, member in enumerate(shop.members[:count])
        ],
        now=shop.now,
    )


def switch(page: Any, name: str) -> None:
    page.locator(".el-switch", has=page.get_by_role("switch", name=name)).click()


def test_a_plan_is_written_previewed_started_and_read(shop: Shop, opened: Any, shoot: Any) -> None:
    with opened(shop, "operator", "reach/care") as page:
        page.get_by_role("button", name="Install ready-made plans").first.click()
        page.get_by_text("Birthday wishes").first.wait_for()
        settle(page)
        fits(page)
        shoot(page, "care-list-en")
        page.get_by_role("button", name="New plan").click()
        page.get_by_role("radio", name="Churn, heavy").click()
        page.get_by_text("There is no coupon to give yet").wait_for()
        assert field(page, "Title · English").locator("input").input_value().startswith("Win back")
        settle(page)
        fits(page)
        shoot(page, "care-ready-made-en")
        page.get_by_role("radio", name="A blank one").click()
        choose(page, field(page, "Kind").locator(".el-select"), "Join anniversary")
        field(page, "Key").locator("input").fill("years")
        page.locator(".names input").nth(0).fill("入会周年致电")
        page.locator(".names input").nth(1).fill("A call at the anniversary")
        switch(page, "Send a message")
        page.get_by_role("button", name="Save").click()
        page.get_by_text("A message, a reward or a task is needed").first.wait_for()
        switch(page, "Make a task")
        field(page, "Title · 中文").locator("input").fill("入会 {{ years }} 年")
        field(page, "Title · English").locator("input").fill("{{ years }} years")
        page.get_by_role("button", name="Preview").click()
        page.locator("aside .total").wait_for()
        settle(page)
        fits(page)
        shoot(page, "care-plan-en")
        page.get_by_role("button", name="Save").click()
        page.wait_for_url("**/reach/care/years")
        page.get_by_role("button", name="Start").click()
        page.locator(".el-tag", has_text="Running").first.wait_for()
        page.get_by_role("tab", name="Results").click()
        page.get_by_text("No results yet").wait_for()
        settle(page)
        speaks(page, "en")
    with opened(shop, "auditor", "reach/care/years", language="zh-CN", size="1024") as page:
        page.get_by_role("tab", name="设置").wait_for()
        assert page.get_by_role("button", name="保存").count() == 0
        settle(page)
        speaks(page, "zh-CN")
        shoot(page, "care-plan-zh")


def test_the_calendar_of_a_year(shop: Shop, opened: Any, shoot: Any) -> None:
    with opened(shop, "operator", "reach/calendar?year=2026") as page:
        page.get_by_role("button", name="2026-02-17 Spring Festival").first.wait_for()
        page.get_by_role("button", name="2026-06-01").first.click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_text("Off", exact=True).click()
        dialog.get_by_role("button", name="Save").click()
        page.locator(".day.ownrest").wait_for()
        page.get_by_role("button", name="Add a festival").click()
        dialog = page.get_by_role("dialog", name="Add a festival")
        field(dialog, "Code").locator("input").fill("founded")
        dialog.locator(".names input").nth(0).fill("店庆")
        dialog.locator(".names input").nth(1).fill("Founders' day")
        dialog.get_by_role("button", name="Save").click()
        page.get_by_text("Founders' day").first.wait_for()
        settle(page)
        fits(page)
        speaks(page, "en")
        shoot(page, "care-calendar-en")
        for _ in range(2):
            page.get_by_role("button", name="Next year").click()
        page.get_by_text("are not announced here").wait_for()


def test_the_worklist_on_a_tablet_by_keyboard(shop: Shop, opened: Any, shoot: Any) -> None:
    from regulars.engage.tasks.models import StaffTask

    give_tasks(shop, 4)
    with opened(shop, "clerk", "reach/tasks", size="1024", language="zh-CN") as page:
        first = page.locator("[role=option]").first
        first.wait_for()
        settle(page)
        fits(page)
        speaks(page, "zh-CN")
        shoot(page, "care-tasks-zh")
        first.focus()
        page.keyboard.press("ArrowDown")
        page.locator("[role=option][aria-selected=true]", has_text="第 2 位").wait_for()
        page.keyboard.press("Enter")
        page.locator("[role=option][aria-selected=true]", has_text="处理中").wait_for()
        page.get_by_text("已联系上", exact=True).click()
        page.locator(".task .el-rate__item").nth(4).click()
        page.locator(".task textarea").fill("很满意")
        page.get_by_role("button", name="完成").click()
        page.get_by_text("已记录").first.wait_for()
        page.locator("[role=option]", has_text="第 2 位").wait_for(state="detached")
        page.get_by_role("tab", name="工作量").click()
        page.locator("table.plain tbody tr").first.wait_for()
        settle(page)
        shoot(page, "care-workload-zh")
    done = StaffTask.objects.get(state="done")
    assert (done.outcome, done.satisfaction, done.note) == ("reached", 5, "很满意")
    assert done.assignee == shop.staff_ids["clerk"]
    with opened(shop, "operator", f"members/{code_of(shop, 2)}?tab=care") as page:
        page.get_by_text("Staff tasks").wait_for()
        settle(page)
        fits(page)
        shoot(page, "care-member-en")


def test_the_worklist_is_printed_with_boxes_to_tick(shop: Shop, opened: Any, tmp_path: Any) -> None:
    """All of it, also what the list has not loaded yet, and nothing of the screen; a task alone is one page."""
    give_tasks(shop, 56)
    with opened(shop, "clerk", "reach/tasks", language="zh-CN", dark=True) as page:
        # printing is left to the test; the page takes its sheet away when it hears that printing is over
        page.evaluate("window.print = () => {}")
        page.locator("ul.list > li").nth(49).wait_for()
        assert page.locator("ul.list > li").count() == 50
        page.get_by_role("button", name="打印清单").click()
        sheet = page.locator("[data-test=task-sheet]")
        sheet.wait_for(state="attached")
        assert not sheet.is_visible() and page.locator("main#content").is_visible()
        page.emulate_media(media="print")
        assert sheet.is_visible() and not page.locator("main#content").is_visible()
        said = sheet.inner_text()
        assert all(f"☐ 回访：第 {number} 位" in said for number in range(1, 57))
        assert said.count("☐ 已联系上") == 56 and "您好，最近使用得怎么样？" in said
        assert sheet.evaluate("one => getComputedStyle(one).color") == "rgb(0, 0, 0)"
        paper = page.pdf(format="A4")
        assert paper.startswith(b"%PDF") and 10 <= len(re.findall(rb"/Type /Page\b", paper)) <= 30
        page.emulate_media(media="screen")
        page.evaluate("window.dispatchEvent(new Event('afterprint'))")
        sheet.wait_for(state="detached")
        page.locator(".task").get_by_role("button", name="打印").click()
        sheet.wait_for(state="attached")
        page.emulate_media(media="print")
        assert sheet.locator("article").count() == 1
        assert len(re.findall(rb"/Type /Page\b", page.pdf(format="A4"))) == 1
