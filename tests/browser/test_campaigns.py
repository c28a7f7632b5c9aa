"""A campaign as people work on it: written, approved by somebody else, launched, followed, and its result read."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.browser.desk import bare, code_of, fits, opened, settle, shop, speaks
from tests.browser.test_console_forms import field

if TYPE_CHECKING:
    from tests.console.world import Shop

pytestmark = pytest.mark.browser
__all__ = ["bare", "opened", "shop"]


def work(shop: Shop, later: timedelta = timedelta()) -> None:
    """What the worker does meanwhile."""
    from regulars.flows.campaigns import api as flow

    for _ in range(50):
        if not flow.run_due(shop.now + timedelta(hours=1) + later):
            return


def number(box: Any, value: str) -> None:
    box.fill(value)
    box.press("Tab")


def test_a_campaign_is_made_approved_launched_and_its_result_is_read(
    shop: Shop, opened: Any, shoot: Any, settings: Any, tmp_path: Any
) -> None:
    from regulars.flows.insight import nightly

    settings.WAREHOUSE_DIRECTORY = tmp_path / "warehouse"
    with opened(shop, "operator", "reach/campaigns") as page:
        page.get_by_role("button", name="New campaign").first.click()
        page.locator(".names input").nth(0).fill("春季问候")
        page.locator(".names input").nth(1).fill("Spring greeting")
        field(page, "Code").locator("input").fill("spring")
        page.get_by_text("Choose an audience first").wait_for()
        page.get_by_text("Everybody", exact=True).first.click()
        page.locator("aside", has_text="Will get it").wait_for()
        number(page.get_by_role("spinbutton", name="Held out, %"), "50")
        page.locator("aside dd.most").wait_for()
        page.get_by_role("button", name="Save").click()
        page.get_by_text("It needs a message or a reward").first.wait_for()
        page.get_by_role("button", name="Add a reward").click()
        page.get_by_role("spinbutton", name="Amount").wait_for()
        settle(page)
        fits(page)
        shoot(page, "campaign-edit-en")
        page.get_by_role("button", name="Save").click()
        page.wait_for_url("**/campaigns/spring?tab=plan")
        page.get_by_role("button", name="Submit").click()
        page.get_by_text("must approve it").wait_for()
        assert page.get_by_role("button", name="Approve").count() == 0
        settle(page)
        speaks(page, "en")
        shoot(page, "campaign-waits-en")
    with opened(shop, "reviewer", "reach/campaigns/spring", language="zh-CN") as page:
        member = page.locator("section.card", has_text="用一位会员试试").get_by_role("combobox")
        member.click()
        member.press_sequentially(code_of(shop, 1))
        page.locator(".el-select-dropdown__item:visible").first.click()
        page.locator("li.check").first.wait_for()
        page.get_by_role("button", name="批准").click()
        page.get_by_role("button", name="启动").click()
        page.locator(".el-message-box").get_by_role("button", name="启动").click()
        page.locator(".el-tag", has_text="进行中").first.wait_for()
        work(shop)
        page.locator(".el-tag", has_text="已完成").first.wait_for()
        said = page.locator("[data-test=whole]").inner_text()
        settle(page)
        fits(page)
        speaks(page, "zh-CN")
        shoot(page, "campaign-run-zh")
        assert "失败 0" in said and "跳过 0" in said
    ended = nightly.run_steps(
        brand=shop.brand, clock=lambda: shop.now + timedelta(days=20), only=["export", "campaigns"]
    )
    assert [one.state for one in ended] == ["done", "done"], [one.problem for one in ended]
    for language in ("zh-CN", "en"):
        with opened(shop, "operator", "reach/campaigns/spring?tab=result", language=language) as page:
            page.locator("[data-test=sentence]").wait_for()
            settle(page)
            fits(page)
            speaks(page, language)
            shoot(page, f"campaign-result-{language[:2]}")
            page.goto(page.shop_url + "reach/campaigns")
            page.locator("td", has_text="spring").first.wait_for()
            settle(page)
            fits(page)
            shoot(page, f"campaigns-{language[:2]}")
            page.goto(f"{page.shop_url}members/{code_of(shop, 1)}?tab=campaigns")
            page.locator(
                "td", has_text="Spring greeting" if language == "en" else "春季问候"
            ).first.wait_for()
            page.goto(page.shop_url + "reach/campaigns/holdout")
            settle(page)
            fits(page)
            speaks(page, language)


def test_lists_and_editor_fit_a_tablet_and_a_phone(shop: Shop, opened: Any, shoot: Any) -> None:
    for size in ("1024", "390"):
        with opened(shop, "operator", "reach/campaigns/new", size=size) as page:
            page.get_by_text("Choose an audience first").wait_for()
            settle(page)
            fits(page)
            shoot(page, f"campaign-edit-{size}")


def test_a_time_is_picked_on_the_brand_s_clock_wherever_the_operator_sits(shop: Shop, opened: Any) -> None:
    """Ten in the morning in Shanghai is two at night by UTC, though it is picked in Los Angeles."""
    from regulars.engage.campaigns.models import Campaign

    with opened(shop, "operator", "reach/campaigns/new", zone="America/Los_Angeles") as page:
        page.get_by_text("Choose an audience first").wait_for()
        page.locator(".names input").nth(0).fill("春季问候")
        page.locator(".names input").nth(1).fill("Spring greeting")
        field(page, "Code").locator("input").fill("spring")
        page.get_by_text("Everybody", exact=True).first.click()
        page.get_by_role("button", name="Add a reward").click()
        page.get_by_role("radiogroup", name="When").get_by_text("At an instant").click()
        box = page.get_by_role("combobox", name="At an instant", exact=True)
        box.fill("2031-03-09 10:00")
        box.press("Enter")
        page.get_by_role("button", name="Save").click()
        page.wait_for_url("**/campaigns/spring?tab=plan")
        settle(page)
        kept = Campaign.objects.get(brand_id=shop.brand.id, code="spring").definition
        assert kept["schedule"]["at"].startswith("2031-03-09T02:00:00")
        page.goto(page.shop_url + "reach/campaigns/spring/edit")
        page.get_by_role("combobox", name="At an instant", exact=True).wait_for()
        assert (
            page.get_by_role("combobox", name="At an instant", exact=True).input_value() == "2031-03-09 10:00"
        )
