"""Prepaid value from its definition to a wallet, as staff work with it; plans, appointments, tiers beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from tests.browser.desk import bare, code_of, fits, opened, settle, shop, speaks
from tests.browser.test_console_forms import field

if TYPE_CHECKING:
    from tests.console.world import Shop

pytestmark = pytest.mark.browser
__all__ = ["bare", "opened", "shop"]


def pick(page: Any, inside: Any, label: str, option: str) -> None:
    """Open the select of that name and take an option."""
    inside.get_by_role("combobox", name=label, exact=True).click(force=True)
    page.get_by_role("option", name=option).first.click()


def define(shop: Shop) -> None:
    from regulars.value.prepaid import api as prepaid

    prepaid.put_definition(
        scope=shop.scope,
        kind="package",
        key="ten",
        state="active",
        definition={
            "name": {"zh": "十次卡", "en": "Ten coffees"},
            "sessions": 10,
            "price": 18_000,
            "days": 365,
            "freeze_days": 30,
            "transferable": True,
        },
        now=shop.now,
    )


def test_a_ladder_is_made_and_a_member_topped_up_and_refunded(shop: Shop, opened: Any, shoot: Any) -> None:
    define(shop)
    code = code_of(shop, 3)
    with opened(shop, "owner", "programme/prepaid") as page:
        page.get_by_text("No ladders yet").wait_for()
        page.get_by_role("button", name="Add a ladder").first.click()
        drawer = page.locator(".el-drawer")
        field(drawer, "Name · 中文").locator("input").fill("充值有礼")
        field(drawer, "Name · English").locator("input").fill("Top-up bonus")
        drawer.get_by_label("Key").fill("bonus")
        pick(page, drawer, "State", "Active")
        shoot(page, "prepaid-ladder-en", full=False)
        drawer.get_by_role("button", name="Save").click()
        page.locator("tr", has_text="Top-up bonus").get_by_text("pay ¥500.00, get ¥50.00 more").wait_for()
        page.goto(page.shop_url + f"members/{code}?tab=prepaid")
        page.get_by_role("button", name="Top up").click()
        dialog = page.get_by_role("dialog", name="Top up")
        pick(page, dialog, "Amount", "pay ¥500.00")
        dialog.get_by_role("button", name="Top up").click()
        page.get_by_text("Topped up").wait_for()
        page.locator(".tile", has_text="¥500.00").wait_for()
        page.locator(".tile", has_text="¥50.00").first.wait_for()
        page.get_by_role("button", name="Sell a package").click()
        dialog = page.get_by_role("dialog", name="Sell a package")
        dialog.get_by_role("button", name="Sell a package").click()
        item = page.locator(".item", has_text="Ten coffees")
        item.get_by_text("10 of 10 left").wait_for()
        item.get_by_role("button", name="Use").click()
        page.get_by_role("dialog", name="Use").get_by_role("button", name="Use").click()
        item.get_by_text("9 of 10 left").wait_for()
        item.get_by_role("button", name="Freeze").click()
        page.get_by_role("dialog", name="Freeze").get_by_role("button", name="Freeze").click()
        item.get_by_text("frozen until").wait_for()
        page.locator("tr", has_text="Top-up bonus").get_by_role("button", name="Refund").click()
        dialog = page.get_by_role("dialog", name="Refund")
        dialog.get_by_label("Reason").fill("moved away")
        dialog.get_by_role("button", name="Refund").click()
        page.get_by_text("¥500.00 refunded").wait_for()
        settle(page)
        fits(page)
        speaks(page, "en")
        shoot(page, "member-prepaid-en")
        page.get_by_role("button", name="More", exact=True).click()
        with page.expect_download() as handed:
            page.get_by_role("menuitem", name="Evidence pack (PDF)").click()
        assert handed.value.suggested_filename == f"evidence-{code}.pdf"
        page.goto(page.shop_url + "reports/liability")
        settle(page)
        fits(page)
        shoot(page, "liability-en")


def test_a_batch_of_cards_is_downloaded_once_and_one_is_sold(shop: Shop, opened: Any, shoot: Any) -> None:
    with opened(shop, "owner", "gift-cards") as page:
        page.get_by_role("button", name="Make a batch").first.click()
        dialog = page.get_by_role("dialog", name="Make a batch")
        field(dialog, "Name · 中文").locator("input").fill("节日卡")
        field(dialog, "Name · English").locator("input").fill("Festive card")
        field(dialog, "Batch").locator("input").fill("festive")
        field(dialog, "Cards").locator("input").fill("5")
        dialog.get_by_role("button", name="Make a batch").click()
        row = page.locator("tr", has_text="Festive card")
        row.get_by_role("button", name="Download numbers").click()
        with page.expect_download() as handed:
            page.locator(".el-message-box").get_by_role("button", name="Download numbers").click()
        lines = handed.value.path().read_text("utf-8-sig").splitlines()
        number = lines[1].split(",")[1].strip('"')
        row.get_by_text("Handed out").wait_for()
        assert row.get_by_role("button", name="Download numbers").count() == 0
        page.get_by_role("button", name="Sell cards").click()
        dialog = page.get_by_role("dialog", name="Sell cards")
        dialog.get_by_label("Card numbers").fill(number)
        dialog.get_by_role("button", name="Sell cards").click()
        page.get_by_text("Cards sold: 1").wait_for()
        page.get_by_role("button", name="Look up a card").click()
        page.get_by_label("Card number", exact=True).fill(number)
        page.get_by_role("button", name="Look up", exact=True).click()
        page.get_by_role("button", name="Void this card").wait_for()
        page.keyboard.press("Escape")
        settle(page)
        fits(page)
        shoot(page, "gift-cards-en")


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_other_pages_of_the_desk_stand(shop: Shop, opened: Any, shoot: Any, language: str) -> None:
    define(shop)
    pages = (
        "programme/prepaid?kind=package", "programme/prepaid?kind=settings", "gift-cards", "reports/liability",
        "programme/plans", "subscribers", "payments", "settings/payment-accounts", "programme/services", "calendar",
        "programme/tiers/preview", "reviews",
    )  # fmt: skip
    with opened(shop, "owner", "home", language=language) as page:
        for path in pages:
            page.goto(page.shop_url + path)
            page.locator("h1").wait_for()
            settle(page)
            fits(page)
            speaks(page, language)
            shoot(page, f"desk-{path.replace('/', '-').replace('?kind=', '-')}-{language}")


def test_a_day_is_booked_moved_and_checked_in_and_a_draft_is_worked_out(
    shop: Shop, opened: Any, shoot: Any
) -> None:
    from regulars.value.bookings import api as bookings

    every = [{"weekday": day, "from": "00:00", "to": "00:00"} for day in range(1, 8)]
    amy = {
        "type": "resource",
        "key": "amy",
        "name": {"zh": "艾米", "en": "Amy"},
        "kind": "adviser",
        "store": "SH001",
    }
    care = {
        "type": "service",
        "key": "care",
        "name": {"zh": "护理", "en": "Care"},
        "minutes": 60,
        "resources": ["amy"],
    }
    for one in (
        {**amy, "state": "active", "weekly": every},
        {**care, "state": "active", "lead_minutes": 0, "checkin_before_minutes": 1440},
    ):
        bookings.apply_definition(scope=shop.scope, definition=one, now=shop.now)
    with opened(shop, "owner", "calendar?store=SH001") as page:
        page.get_by_text("Amy").wait_for()
        page.get_by_role("button", name="Book").click()
        dialog = page.get_by_role("dialog", name="Book")
        dialog.get_by_label("Member code").fill(code_of(shop, 3))
        dialog.get_by_role("button", name="Show free times").click()
        # the next noon, and an hour beside it on the same day, whatever the time of day is
        beside = "11:00" if shop.now.astimezone(ZoneInfo("Asia/Shanghai")).hour == 12 else "13:00"
        dialog.locator(".slot", has_text="12:00").first.click()
        dialog.get_by_role("button", name="Book").click()
        page.locator(".booking").get_by_role("button", name="Move").click()
        dialog = page.get_by_role("dialog", name="Move")
        dialog.locator(".slot", has_text=beside).first.click()
        dialog.get_by_role("button", name="Move").click()
        dialog.wait_for(state="hidden")
        page.locator(".booking", has_text="Cancelled").wait_for()
        page.locator(".booking").get_by_role("button", name="Check in").first.click()
        page.locator(".booking", has_text="Checked in").first.wait_for()
        settle(page)
        fits(page)
        shoot(page, "calendar-en")
        page.goto(page.shop_url + "programme/tiers/preview")
        page.get_by_role("button", name="Work it out").click()
        page.get_by_text("60 of 60 members").wait_for()
        page.get_by_role("button", name="Propose").click()
        page.get_by_text("Reached by").wait_for()
        settle(page)
        fits(page)
        shoot(page, "tier-work-en")
