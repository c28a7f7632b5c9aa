"""The console as an operator sees it: on a wide screen, in both languages, by mouse and by keyboard."""

from __future__ import annotations

import re

import pytest
from tests.browser.desk import (
    MORE_PAGES,
    PAGES,
    bare,
    code_of,
    fits,
    legible,
    opened,
    settle,
    shop,
    sign_in,
    speaks,
)

pytestmark = pytest.mark.browser
__all__ = ["bare", "opened", "shop"]


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_every_page_shows_itself(shop, opened, shoot, language):
    with opened(shop, language=language) as page:
        for name, path in PAGES.items():
            page.goto(page.shop_url + path)
            page.locator("main h1").first.wait_for()
            settle(page)
            assert page.locator("[role=alert]").count() == 0, (
                name,
                page.locator("[role=alert]").inner_text(),
            )
            fits(page)
            speaks(page, language)
            shoot(page, f"console-{name}-{language}")
        page.goto(f"{page.shop_url}members/{code_of(shop)}")
        page.locator(".item").first.wait_for()
        settle(page)
        speaks(page, language)
        legible(page)
        shoot(page, f"console-member-{language}")
        for tab, name in ((1, "ledger"), (2, "lots"), (3, "tier-history"), (4, "notes")):
            page.locator(".tabs [role=tab]").nth(tab).click()
            settle(page)
            shoot(page, f"console-member-{name}-{language}")


def test_every_page_fits_a_phone(shop, opened, shoot):
    with opened(shop, language="zh-CN", size="390") as page:
        for name, path in {**PAGES, "member": f"members/{code_of(shop)}"}.items():
            page.goto(page.shop_url + path)
            page.locator("main h1").first.wait_for()
            settle(page)
            fits(page)
            shoot(page, f"console-{name}-390")
        page.get_by_role("button", name="打开导航").click()
        page.locator(".nav-drawer").get_by_role("link", name="会员列表").click()
        page.locator("main h1", has_text="会员").wait_for()


def test_the_dark_console_is_legible_and_fits(shop, opened, shoot):
    with opened(shop, language="zh-CN", size="1024", dark=True) as page:
        for name, path in {**PAGES, **MORE_PAGES, "member": f"members/{code_of(shop)}"}.items():
            page.goto(page.shop_url + path)
            page.locator("main h1").first.wait_for()
            settle(page)
            fits(page)
            legible(page)
            shoot(page, f"console-{name}-dark")
        assert page.evaluate("document.documentElement.classList.contains('dark')")


def test_a_dialog_keeps_the_focus_and_gives_it_back(shop, opened):
    focused = "document.activeElement.closest('[role=dialog]') !== null"
    with opened(shop, path=f"members/{code_of(shop)}") as page:
        settle(page)
        more = page.get_by_role("button", name="More actions")
        more.focus()
        page.keyboard.press("Enter")
        page.get_by_role("menuitem", name="Hold points").click()
        dialog = page.get_by_role("dialog", name="Hold points")
        dialog.wait_for()
        page.wait_for_function(focused)
        for _ in range(12):  # round and round, never behind it
            page.keyboard.press("Tab")
            assert page.evaluate(focused)
        dialog.get_by_role("combobox").first.focus()  # a closed list lets the key through
        page.keyboard.press("Escape")
        dialog.wait_for(state="hidden")
        page.wait_for_function("document.activeElement.textContent.includes('More actions')")


def test_signing_in_and_out(shop, opened, shoot):
    with opened(shop, None, language="zh-CN") as page:
        page.locator("input[name=email]").wait_for()
        fits(page)
        shoot(page, "console-signin-zh-CN")
        page.get_by_role("button", name="登录", exact=True).click()
        page.get_by_text("请输入邮箱").wait_for()
        sign_in(page, shop.emails["owner"], "not the password")
        page.get_by_role("alert").get_by_text("邮箱或密码不正确").wait_for()
        page.get_by_role("button", name="English").click()
        page.get_by_role("heading", name="Sign in to the console").wait_for()
        sign_in(page, shop.emails["owner"])
        page.get_by_role("heading", name="Home").wait_for()
        settle(page)
        page.get_by_role("button", name="Account").click()
        page.get_by_role("menuitem", name="Sign out").click()
        page.locator("input[name=email]").wait_for()
        page.goto(page.shop_url + "members?tag=vip")
        sign_in(page, shop.emails["owner"])
        page.get_by_role("heading", name="Members").wait_for()
        assert page.url.endswith("members?tag=vip"), "the link she came by still shows the same thing"


def test_the_first_day_says_what_to_do_first(bare, opened, shoot):
    with opened(bare, language="zh-CN") as page:
        page.get_by_text("还没有会员").wait_for()
        settle(page)
        shoot(page, "console-home-empty", full=False)
        for path in ("members", "tags", "imports", "reach/messages", "settings/stores", "settings/fields"):
            page.goto(page.shop_url + path)
            page.locator(".empty h3").wait_for()
        page.goto(page.shop_url + "members/enrol")
        page.locator("input[name=phone]").fill("12")
        page.get_by_role("button", name="新增", exact=True).click()
        page.locator(".el-form-item__error").first.wait_for()
        page.locator("input[name=phone]").fill("13800138000")
        page.locator("input[name=name]").fill("王第一")
        page.get_by_role("button", name="新增", exact=True).click()
        page.get_by_role("heading", name="王第一").wait_for()


def test_a_failing_server_is_told_with_its_code_and_can_be_asked_again(shop, opened, shoot):
    with opened(shop, path="settings/stores") as page:
        settle(page)
        page.route(re.compile("/api/console/members"), lambda route: route.abort())
        page.goto(page.shop_url + "members")
        alert = page.get_by_role("alert")
        alert.get_by_text("The server cannot be reached").wait_for()
        assert "no_connection" in alert.inner_text()
        shoot(page, "console-error-en", full=False)
        page.unroute(re.compile("/api/console/members"))
        alert.get_by_role("button", name="Try again").click()
        page.locator("tbody tr").first.wait_for()


def test_charts_can_be_read_as_tables_and_taken_away(shop, opened):
    with opened(shop, path="?days=90") as page:
        page.locator("canvas").first.wait_for()
        settle(page)
        card = page.locator("section.chart", has_text="Members in each tier")
        card.get_by_role("button").click()
        page.get_by_role("menuitem", name="Show as table").click()
        assert "Diamond" in card.locator("table").inner_text()
        sales = page.locator("section.chart", has_text="Sales to members over time")
        for name in ("Download data (CSV)", "Download picture (PNG)"):
            with page.expect_download() as download:
                sales.get_by_role("button").click()
                page.get_by_role("menuitem", name=name).click()
            assert download.value.path().stat().st_size > 500


def test_the_keyboard_reaches_the_content_and_the_navigation(shop, opened):
    with opened(shop, path="members") as page:
        settle(page)
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent.trim()") == "Skip to content"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "content"
        page.locator("tbody tr").first.focus()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        drawer = page.locator(".el-drawer", has_text="Open full page")
        drawer.wait_for()
        page.keyboard.press("Escape")
        drawer.wait_for(state="hidden")


def test_what_opens_from_a_button_closes_on_escape(shop, opened):
    with opened(shop, "owner", "members") as page:
        for name, inside in (("Columns", "Comfortable"), ("Jobs in progress", "All imports")):
            page.get_by_role("button", name=name).press("Enter")
            page.get_by_text(inside).locator("visible=true").wait_for()
            page.keyboard.press("Escape")
            page.get_by_text(inside).first.wait_for(state="hidden")
