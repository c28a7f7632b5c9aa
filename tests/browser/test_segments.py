"""A segment built by hand: counted while it is being written, entered and left by what a member buys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.browser.desk import bare, code_of, fits, opened, settle, shop, speaks
from tests.browser.test_console_forms import field

if TYPE_CHECKING:
    from tests.console.world import Shop

pytestmark = pytest.mark.browser
__all__ = ["bare", "opened", "shop"]


def bought(shop: Shop, place: int, number: str, amount: int) -> None:
    from tests.console.world import order

    from regulars.facts.activity.types import LineIn
    from regulars.kit import clock

    shop.post(order(shop, shop.members[place], number, clock.now(), LineIn(sku="beans", amount=amount)))


def test_a_segment_is_counted_entered_and_left(shop: Shop, opened: Any, shoot: Any) -> None:
    from regulars.audience.member_facts import api as facts
    from regulars.kit import clock

    facts.rebuild(brand_id=shop.brand.id, clock=clock.now)
    with opened(shop, "operator", "segments/new") as page:
        page.locator(".names input").nth(0).fill("本月大客户")
        page.locator(".names input").nth(1).fill("Large this month")
        field(page, "Code").locator("input").fill("large")
        page.get_by_text("Live", exact=True).click()
        page.get_by_role("button", name="Add a condition").first.click()
        page.get_by_role("menuitem", name="A field of the member, order, time …").click()
        box = page.get_by_role("combobox", name="Field").first
        box.click(force=True)
        box.fill("spend in the last 30")
        page.locator(".el-select-dropdown__item:visible").first.click()
        page.get_by_role("combobox", name="Comparison").first.click(force=True)
        page.locator(".el-select-dropdown__item:visible", has_text="between").first.click()
        values = page.locator(".q .value input")
        values.nth(1).fill("9000")
        values.nth(1).press("Tab")
        page.locator(".side .figure", has_text="60").wait_for()  # from nought on, everybody fits
        values.nth(0).fill("5000")
        values.nth(0).press("Tab")
        page.get_by_text("Nobody fits").wait_for()
        settle(page)
        fits(page)
        speaks(page, "en")
        shoot(page, "segment-new-en", full=False)
        page.get_by_role("button", name="Save").click()
        page.get_by_role("heading", name="Large this month").wait_for()
        page.get_by_role("button", name="Refresh now").click()
        page.get_by_text("Refreshed: 0 came, 0 left").wait_for()
        bought(shop, 3, "S-1", 600_000)
        page.reload()
        page.locator("tr", has_text=code_of(shop, 3)).wait_for()
        settle(page)
        fits(page)
        shoot(page, "segment-one-en")
        bought(shop, 3, "S-2", 600_000)  # more than the segment's most
        page.reload()
        page.get_by_text("Nobody is in it now").wait_for()
        page.get_by_role("tab", name="Came and left").click()
        rows = page.locator("tr", has_text="Version 1")
        rows.nth(1).wait_for()
        assert [one.locator(".el-tag").inner_text() for one in rows.all()] == ["Left", "Came"]
        settle(page)
        shoot(page, "segment-moves-en", full=False)
        page.goto(f"{page.shop_url}segments")
        page.locator("tr", has_text="Large this month").get_by_text("Live").wait_for()
        settle(page)
        fits(page)
        speaks(page, "en")


@pytest.mark.parametrize(("language", "size"), [("zh-CN", "1440"), ("en", "1024")])
def test_a_segment_s_pages_fit(shop: Shop, opened: Any, shoot: Any, language: str, size: str) -> None:
    from regulars.audience.member_facts import api as facts
    from regulars.audience.segments import api as segments
    from regulars.kit import clock

    facts.rebuild(brand_id=shop.brand.id, clock=clock.now)
    segments.install_ready_made(scope=shop.scope, now=clock.now())
    code = segments.list_segments(brand_id=shop.brand.id)[0].code
    with opened(shop, "owner", "segments", language=language, size=size) as page:
        for path in (
            "segments", "segments/fields", f"segments/{code}", f"segments/{code}?tab=profile",
            f"segments/{code}?tab=overlap", f"segments/{code}?tab=more", f"segments/{code}/edit",
            f"members/{code_of(shop, 1)}?tab=consents", f"members/{code_of(shop, 1)}?tab=facts",
        ):  # fmt: skip
            page.goto(page.shop_url + path)
            page.locator("main h1").first.wait_for()
            settle(page)
            assert page.locator("[role=alert]").count() == 0, path
            fits(page)
            speaks(page, language)
            name = path.replace(code, "one").replace(code_of(shop, 1), "one")
            shoot(page, f"{name.replace('/', '-').replace('?tab=', '-')}-{language}-{size}", full=False)


def test_what_is_missing_is_named_where_it_is_missing(shop: Shop, opened: Any) -> None:
    with opened(shop, "operator", "segments/new") as page:
        for words, save in (
            (("Give it a name", "Give it a code", "Add at least one condition"), True),
            (("Give it a name", "Give it a code", "Paste at least one member code"), False),
        ):
            if not save:
                page.get_by_text("Static", exact=True).click()
            page.get_by_role("button", name="Save").click()
            for one in words:
                page.get_by_text(one, exact=True).first.wait_for()
        page.locator(".names input").nth(1).fill("Two")
        field(page, "Code").locator("input").fill("two")
        page.locator("textarea").fill(f"{code_of(shop, 0)}\n{code_of(shop, 1)}")
        page.get_by_role("button", name="Save").click()
        page.get_by_role("heading", name="Two").wait_for()
        settle(page)
        fits(page)
