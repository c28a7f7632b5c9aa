"""Categories get their names, from a spreadsheet and by hand, and every page says them in the reader's language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.browser.desk import bare, fits, opened, settle, shop, speaks

if TYPE_CHECKING:
    from tests.console.world import Shop

pytestmark = pytest.mark.browser
__all__ = ["bare", "opened", "shop"]


def night(shop: Shop, *steps: str) -> None:
    from regulars.flows.insight import nightly
    from regulars.insight.warehouse import api as warehouse
    from regulars.kit import clock

    warehouse.export(brand_id=shop.brand.id, now=clock.now())
    ended = nightly.run_steps(brand=shop.brand, clock=clock.now, only=list(steps))
    assert {run.state for run in ended} == {"done"}, [run.problem for run in ended]


def test_names_are_pasted_then_changed_and_taken_away_by_hand(bare: Shop, opened: Any, shoot: Any) -> None:
    with opened(bare, "owner", "settings/categories") as page:
        page.get_by_text("No categories yet").wait_for()
        shoot(page, "categories-empty-en", full=False)
        page.get_by_role("button", name="Paste many").first.click()
        dialog = page.get_by_role("dialog", name="Paste many")
        dialog.locator("textarea").fill("0401\t咖啡豆\tBeans\n\t茶\tTea\n0403\t\t\n")
        dialog.get_by_role("button", name="Save").click()
        dialog.get_by_text("Line 2 (—): Give the category's code").wait_for()
        dialog.get_by_text("Line 3 (0403): Give a name in Chinese, in English, or in both").wait_for()
        dialog.locator("textarea").fill("0401\t咖啡豆\tBeans\n0402\t茶\tTea")
        dialog.get_by_role("button", name="Save").click()
        rows = page.locator("tbody tr")
        rows.nth(1).wait_for()
        assert rows.locator("code").all_inner_texts() == ["0401", "0402"]
        tea = page.get_by_label("0402 · Name in English")
        tea.fill("Loose tea")
        tea.press("Enter")
        page.get_by_text("Saved", exact=True).first.wait_for()
        page.reload()
        page.get_by_label("0402 · Name in English").wait_for()
        assert page.get_by_label("0402 · Name in English").input_value() == "Loose tea"
        page.get_by_role("textbox", name="Code or name").fill("loose")
        page.locator("tbody tr", has_text="0401").wait_for(state="detached")
        for name in ("Name in Chinese", "Name in English"):
            box = page.get_by_label(f"0402 · {name}")
            box.fill("")
            box.press("Enter")
        page.locator("tr", has_text="No name yet").wait_for()


def test_pages_say_names_and_pickers_find_them(
    shop: Shop, opened: Any, shoot: Any, settings: Any, tmp_path: Any
) -> None:
    """The night meets what was sold; what is named is read on the report of the year, what is not shows its code."""
    from regulars.facts.categories import api as categories
    from regulars.facts.categories.types import CategoryName
    from regulars.kit import clock
    from regulars.kit.text import Text

    settings.WAREHOUSE_DIRECTORY = tmp_path / "warehouse"
    night(shop, "categories", "reports")
    names = [CategoryName("beans", Text("咖啡豆", "Whole beans"))]
    categories.name_categories(scope=shop.scope, categories=names, now=clock.now())
    for language, size, said, lacking, one in (
        ("zh-CN", "1440", "咖啡豆", "未命名", "不推荐的品类"),
        ("en", "1024", "Whole beans", "No name yet", "Categories left out"),
    ):
        with opened(shop, "owner", "settings/categories", language=language, size=size) as page:
            page.locator("tbody tr").first.wait_for()
            assert page.locator("tr", has_text=lacking).count() == page.locator("tbody tr").count() - 1 > 0
            settle(page)
            fits(page)
            speaks(page, language)
            shoot(page, f"categories-{language}-{size}")
            page.goto(f"{page.shop_url}insight/reports/drift")
            page.locator("td", has_text=said).first.wait_for()
            page.locator("th", has_text=said).first.wait_for()
            assert page.get_by_text("beans", exact=True).count() == 0
            page.goto(f"{page.shop_url}insight/recommend")
            box = page.get_by_role("combobox", name=one).first
            box.click(force=True)
            box.fill("eans" if language == "en" else "beans")  # by name, by code
            page.locator(".el-select-dropdown__item:visible", has_text=said).first.click()
            page.locator(".el-tag", has_text=said).first.wait_for()
            box.fill("0777")  # a code without a name, and on by Tab
            box.press("Tab")
            page.locator(".el-tag", has_text="0777").first.wait_for()


def test_rates_by_category_are_typed_and_say_the_name(bare: Shop, opened: Any) -> None:
    from regulars.facts.categories import api as categories
    from regulars.facts.categories.types import CategoryName
    from regulars.kit import clock
    from regulars.kit.text import Text

    names = [CategoryName("0401", Text("咖啡豆", "Whole beans"))]
    categories.name_categories(scope=bare.scope, categories=names, now=clock.now())
    with opened(bare, "owner", "referrals") as page:
        page.get_by_role("tab", name="Settings").click()
        page.get_by_role("button", name="Add a level").click()
        box = page.locator("textarea").last
        box.click()
        page.keyboard.type("0401: 8")
        assert box.input_value() == "0401: 8"
        page.keyboard.press("Tab")
        page.get_by_text("0401 = Whole beans").wait_for()
