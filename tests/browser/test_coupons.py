"""Coupons and budgets as an operator keeps them: defined, started, issued, made into codes; promotions beside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.browser.desk import bare, code_of, fits, opened, settle, shop, speaks
from tests.browser.test_console_forms import choose, field

if TYPE_CHECKING:
    from tests.console.world import Shop

pytestmark = pytest.mark.browser
__all__ = ["bare", "opened", "shop"]


def number(box: Any, value: str) -> None:
    box.fill(value)
    box.press("Tab")


def test_a_coupon_is_defined_started_issued_and_used_up_in_its_budget(shop, opened, shoot):
    with opened(shop, "operator", "budgets") as page:
        page.get_by_role("button", name="New budget").first.click()
        dialog = page.get_by_role("dialog", name="New budget")
        field(dialog, "Key").locator("input").fill("spring")
        dialog.locator(".names input").nth(0).fill("春季预算")
        dialog.locator(".names input").nth(1).fill("Spring budget")
        number(dialog.get_by_role("spinbutton", name="Amount"), "1000")
        shoot(page, "budget-form-en", full=False)
        dialog.get_by_role("button", name="Save").click()
        page.locator("td", has_text="Spring budget").wait_for()
        settle(page)
        fits(page)
        shoot(page, "budgets-en")

        page.goto(page.shop_url + "coupons")
        page.get_by_role("button", name="New coupon").first.click()
        page.locator(".names input").nth(0).fill("满百减二十")
        page.locator(".names input").nth(1).fill("20 off 100")
        field(page, "Key").locator("input").fill("twenty-off")
        number(page.get_by_role("spinbutton", name="Amount off"), "20")
        number(page.get_by_role("spinbutton", name="Goods come to"), "100")
        choose(page, field(page, "Within these budgets").locator(".el-select"), "Spring budget")
        page.keyboard.press("Escape")
        said = page.locator(".say", has_text="¥20 off")
        said.wait_for()
        assert "¥100" in said.inner_text() and "30 days" in said.inner_text()
        shoot(page, "coupon-editor-en")
        page.get_by_role("button", name="Save").click()
        page.wait_for_url("**/coupons/twenty-off")
        page.get_by_role("button", name="Start").click()
        page.locator(".el-tag", has_text="active").first.wait_for()
        page.get_by_role("tab", name="Issue").click()
        page.get_by_text("60 members would get one").wait_for()
        page.get_by_text("By member codes").click()
        page.get_by_role("textbox", name="Member codes").fill(
            f"{code_of(shop, 1)} {code_of(shop, 2)} NOBODY99"
        )
        page.get_by_text("No such members: NOBODY99").wait_for()
        page.get_by_role("textbox", name="Member codes").fill(f"{code_of(shop, 1)}, {code_of(shop, 2)}")
        page.get_by_text("2 members would get one").wait_for()
        page.get_by_role("button", name="Issue", exact=True).click()
        page.locator(".el-message-box").get_by_role("button", name="Issue").click()
        page.locator("td", has_text="2 / 2").wait_for()
        settle(page)
        fits(page)
        shoot(page, "coupon-issued-en")

        page.goto(f"{page.shop_url}members/{code_of(shop, 1)}?tab=coupons")
        page.locator("li.one", has_text="20 off 100").wait_for()
        settle(page)
        shoot(page, "member-coupons-en")
        page.get_by_role("button", name="Make void").click()
        page.locator(".el-message-box input").fill("Sent by mistake")
        page.locator(".el-message-box").get_by_role("button", name="Make void").click()
        page.locator("li.one .el-tag", has_text="void").wait_for()


def test_codes_are_made_downloaded_and_imported_with_their_errors(shop, opened, shoot, tmp_path):
    from regulars.flows.coupons import api as coupons

    coupons.put_definition(
        scope=shop.scope,
        definition={
            "key": "card",
            "name": {"zh": "卡券", "en": "Card"},
            "state": "active",
            "offer": {"kind": "amount", "amount": 500},
            "validity": {"kind": "after_claim", "days": 30},
            "claim": {"channels": ["code"]},
        },
        now=shop.now,
    )
    file = tmp_path / "codes.csv"
    file.write_text("code\nPARTNER-0001\nPARTNER-0002\nPARTNER-0001\n", encoding="utf-8")
    with opened(shop, "operator", "coupons/card?tab=codes", language="zh-CN") as page:
        page.get_by_role("button", name="生成券码").click()
        dialog = page.get_by_role("dialog", name="生成券码")
        number(dialog.get_by_role("spinbutton"), "25")
        field(dialog, "备注").locator("input").fill("印刷")
        dialog.get_by_role("button", name="生成券码").click()
        row = page.locator("tr", has_text="印刷")
        row.wait_for()
        with page.expect_download() as download:
            row.get_by_role("button", name="导出 CSV").click()
        lines = download.value.path().read_text("utf-8-sig").strip().splitlines()
        assert len(lines) == 26
        page.get_by_role("button", name="导入券码").click()
        dialog = page.get_by_role("dialog", name="导入券码")
        dialog.locator("input[type=file]").set_input_files(str(file))
        dialog.get_by_role("button", name="导入券码").click()
        dialog.get_by_text("新增 2 个，有误 1 行").wait_for()
        shoot(page, "coupon-import-zh-CN", full=False)
        with page.expect_download() as download:
            dialog.get_by_role("button", name="下载错误文件").click()
        assert "PARTNER-0001" in download.value.path().read_text("utf-8-sig")
        dialog.get_by_role("button", name="关闭", exact=True).last.click()
        settle(page)
        fits(page)
        speaks(page, "zh-CN")
        shoot(page, "coupon-codes-zh-CN")


def test_promotions_and_the_till_are_edited_and_compared(shop, opened, shoot):
    with opened(shop, "operator", "programme/promotions?v=1") as page:
        page.get_by_role("button", name="Start a draft").click()
        page.get_by_role("button", name="New promotion").click()
        names = page.locator(".names input")
        names.nth(0).fill("满三百减五十")
        names.nth(1).fill("50 off 300")
        step = page.locator(".step").first
        number(step.get_by_role("spinbutton", name="From"), "300")
        number(step.get_by_role("spinbutton", name="Amount off"), "50")
        page.locator(".say", has_text="¥300").first.wait_for()
        settle(page)
        shoot(page, "promotion-editor-en")
        page.locator("nav").first.get_by_role("link", name="Checkout").click()
        number(field(page, "Minutes a quote holds").get_by_role("spinbutton"), "5")
        number(field(page, "Coupons an order at most").get_by_role("spinbutton"), "2")
        page.locator(".told", has_text="2 coupons").wait_for()
        settle(page)
        fits(page)
        shoot(page, "checkout-settings-en")
        page.get_by_role("button", name="Save draft").click()
        page.get_by_text("Draft saved").wait_for()
        page.goto(f"{page.shop_url}programme/versions/3")
        page.get_by_text("50 off 300").first.wait_for()
        page.get_by_text("At most 2 coupons").first.wait_for()
        shoot(page, "version-promotions-en")


@pytest.mark.parametrize(("language", "size"), [("zh-CN", "1440"), ("en", "1024"), ("zh-CN", "390")])
def test_the_pages_show_themselves(shop: Shop, opened: Any, shoot: Any, language: str, size: str) -> None:
    with opened(shop, language=language, size=size) as page:
        for name, path in {
            "coupons-empty": "coupons",
            "coupon-new": "coupons/new",
            "budgets-empty": "budgets",
            "promotions": "programme/promotions",
            "promotion": "programme/promotions/full-200",
            "checkout": "programme/checkout",
            "member-checkouts": f"members/{code_of(shop, 1)}?tab=checkouts",
        }.items():
            page.goto(page.shop_url + path)
            page.locator("main h1").first.wait_for()
            settle(page)
            assert page.locator("[role=alert]").count() == 0, name
            fits(page)
            speaks(page, language)
            shoot(page, f"{name}-{language}-{size}")
