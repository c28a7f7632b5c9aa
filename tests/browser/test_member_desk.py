"""What staff do for a member on her own page: her paid plan, rewards, appointments, her household."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect
from tests.browser.desk import bare, code_of, fits, opened, settle, shop, speaks
from tests.browser.test_console_forms import choose, field
from tests.browser.test_mall_console import rich

if TYPE_CHECKING:
    from tests.console.world import Shop

pytestmark = pytest.mark.browser
__all__ = ["bare", "opened", "shop"]

PRIME = {
    "key": "prime", "name": {"zh": "尊享会员", "en": "Prime"}, "state": "active",
    "prices": {"month": 3000, "year": 30000}, "trial_days": 7, "pause": {"max_days": 20, "times": 2},
    "benefits": [{"key": "coffee", "name": {"zh": "咖啡", "en": "Coffee"}, "kind": "product", "quota": 1,
                  "period": "week"}],
}  # fmt: skip


def on_sale(shop: Shop) -> None:
    from regulars.kit.text import Text
    from regulars.platform.payments import api as payments
    from regulars.value.plans import api as plans

    plans.apply_definition(scope=shop.scope, definition=PRIME, now=shop.now)
    payments.put_account(
        scope=shop.scope, key="sim", provider="simulator", name=Text("模拟", "Simulated"), state="active",
        values={"outcome": "paid"}, is_default=True, now=shop.now,
    )  # fmt: skip


def pay_what_waits() -> None:
    """The member pays: the provider calls back, as it does a moment after she pressed the button."""
    from regulars.flows import payments as paying
    from regulars.kit import clock
    from regulars.platform.payments.tasks import call_back

    paying.settle_due(clock.now())
    call_back(clock.now())
    paying.settle_due(clock.now() + timedelta(minutes=5))


def test_a_plan_is_sold_paid_changed_and_ended(shop: Shop, opened: Any, shoot: Any) -> None:
    on_sale(shop)
    path = f"members/{code_of(shop, 3)}?tab=plan"
    with opened(shop, "clerk", path, size="1024") as page:
        page.get_by_text("She has no paid plan").wait_for()
        page.get_by_role("button", name="Sell a plan").click()
        dialog = page.get_by_role("dialog", name="Sell a plan")
        dialog.get_by_role("button", name="To payment").click()
        pay = page.get_by_role("dialog", name="Ask her to pay")
        pay.locator("img").wait_for()
        settle(page)
        fits(page)
        speaks(page, "en")
        shoot(page, "member-plan-pay-en", full=False)
        pay_what_waits()
        pay.get_by_text("Paid", exact=True).wait_for()
        page.keyboard.press("Escape")
        page.get_by_role("heading", name="Prime").wait_for()
        assert page.get_by_role("button", name="End and refund").count() == 0, "a clerk pays nothing back"
        page.get_by_role("button", name="Pause").click()
        page.get_by_role("dialog").get_by_role("button", name="Pause").click()
        page.get_by_role("button", name="Resume").wait_for()
        page.get_by_role("button", name="Resume").click()
        page.get_by_role("dialog").get_by_role("button", name="Resume").click()
        page.get_by_role("button", name="Turn renewal off").click()
        page.get_by_role("dialog").get_by_role("button", name="Turn renewal off").click()
        page.get_by_role("button", name="Turn renewal on").wait_for()
    with opened(shop, "owner", path, language="zh-CN") as page:
        page.get_by_role("button", name="变更计划").click()
        dialog = page.get_by_role("dialog", name="变更计划")
        choose(page, field(dialog, "周期").locator(".el-select"), "年")
        # a year is ¥300; of the month's ¥30 all of it is unused today
        dialog.get_by_text("补差价 ¥270.00").wait_for()
        shoot(page, "member-plan-change-zh-CN", full=False)
        dialog.get_by_role("button", name="取消").click()
        page.get_by_role("button", name="退订").click()
        dialog = page.get_by_role("dialog", name="退订")
        dialog.get_by_text("可退 ¥").wait_for()
        dialog.get_by_label("原因").fill("搬家")
        dialog.get_by_role("button", name="退订").click()
        page.get_by_text("她还没有付费会员").wait_for()
        page.get_by_text("已退订", exact=True).first.wait_for()
        settle(page)
        speaks(page, "zh-CN")
        fits(page)
        shoot(page, "member-plan-zh-CN")


def test_a_reward_is_sent_to_where_she_lives(shop: Shop, opened: Any, shoot: Any) -> None:
    from regulars.value.rewards import api as rewards

    for key, name, more in (
        ("mug", "Mug", {"fulfilment": "ship"}),
        ("far", "Out of reach", {"price": {"unit": "points", "points": 9_000_000}}),
    ):
        rewards.apply_definition(
            scope=shop.scope,
            definition={
                "name": {"zh": name, "en": name}, "kind": "goods", "price": {"unit": "points", "points": 800},
                "fulfilment": "store", "state": "active", **more, "key": key,
            },
            now=shop.now,
        )  # fmt: skip
    code = rich(shop, 3)
    with opened(shop, "owner", f"members/{code}?tab=redemptions") as page:
        page.get_by_text("Nothing redeemed").wait_for()
        page.get_by_role("button", name="Redeem for her").click()
        dialog = page.get_by_role("dialog", name="Redeem for her")
        choose(page, dialog.locator(".el-select").first, "Out of reach")
        send = dialog.locator("footer").get_by_role("button", name="Redeem for her")
        assert send.is_disabled(), "what she cannot afford is not sent"
        choose(page, dialog.locator(".el-select").first, "Mug")
        assert send.is_disabled(), "a parcel needs an address"
        for label, text in (
            ("Addressee", "张三"),
            ("Phone", "13800138000"),
            ("Region", "上海"),
            ("Street", "一路 1 号"),
        ):
            dialog.get_by_label(label, exact=True).fill(text)
        settle(page)
        shoot(page, "member-redeem-en", full=False)
        send.click()
        drawer = page.locator(".el-drawer")
        drawer.get_by_text("一路 1 号").wait_for()
        field(drawer, "Carrier").locator("input").fill("SF")
        field(drawer, "Tracking number").locator("input").fill("SF1")
        drawer.get_by_role("button", name="Ship").click()
        drawer.get_by_role("button", name="Correct shipping").wait_for()
        page.keyboard.press("Escape")
        page.locator("tr", has_text="Mug").get_by_text("800").wait_for()
        settle(page)
        fits(page)
        speaks(page, "en")


def appointments(shop: Shop) -> None:
    from regulars.value.bookings import api as bookings

    hours = [{"weekday": day, "from": "00:00", "to": "00:00"} for day in range(1, 8)]
    for definition in (
        {"type": "resource", "key": "room", "name": {"zh": "手冲课", "en": "Brewing class"}, "kind": "class",
         "store": "SH001", "capacity": 4, "weekly": hours, "state": "active"},
        {"type": "service", "key": "class", "name": {"zh": "手冲课", "en": "Brewing"}, "minutes": 60,
         "resources": ["room"], "lead_minutes": 0, "state": "active", "checkin_before_minutes": 1440},
    ):  # fmt: skip
        bookings.apply_definition(scope=shop.scope, definition=definition, now=shop.now)


def test_places_are_booked_moved_and_checked_in_by_code(shop: Shop, opened: Any, shoot: Any) -> None:
    appointments(shop)
    code = code_of(shop, 3)
    with opened(shop, "clerk", f"members/{code}?tab=bookings", size="1024") as page:
        page.get_by_text("No bookings").wait_for()
        page.get_by_role("button", name="Book", exact=True).click()
        dialog = page.get_by_role("dialog", name="Book")
        dialog.get_by_label("Places").fill("3")
        dialog.get_by_role("button", name="Show free times").click()
        dialog.locator(".slot").nth(1).get_by_text("4 left").wait_for()
        dialog.locator(".slot").nth(1).click()
        settle(page)
        shoot(page, "member-book-en", full=False)
        dialog.get_by_role("button", name="Book", exact=True).click()
        booked = page.locator(".item", has_text="Brewing")
        booked.get_by_text("3 places").wait_for()
        booked.get_by_role("button", name="Move").click()
        dialog = page.get_by_role("dialog", name="Move")
        dialog.locator(".slot").nth(3).click()
        dialog.get_by_role("button", name="Move").click()
        page.get_by_text("Moved", exact=True).first.wait_for()
        settle(page)
        fits(page)
        speaks(page, "en")
        page.goto(page.shop_url + "calendar?store=SH001")
        page.get_by_role("button", name="Check in by code").click()
        scan = page.get_by_role("dialog", name="Check in by code")
        box = scan.get_by_label("Her QR code or member code")
        box.fill(code_of(shop, 4))
        box.press("Enter")
        scan.get_by_text("She has no booking here now").wait_for()
        box.fill(code.lower())
        box.press("Enter")
        scan.get_by_text("is checked in").wait_for()
        expect(page.locator("input:focus")).to_have_value("")  # ready for the next one
        shoot(page, "calendar-scan-en", full=False)
        page.keyboard.press("Escape")
        page.locator(".booking.checked_in", has_text=code).wait_for()
        settle(page)
        fits(page)


def test_a_household_draws_of_its_head(shop: Shop, opened: Any, shoot: Any) -> None:
    from regulars.value.prepaid import api as prepaid

    prepaid.put_definition(
        scope=shop.scope, kind="settings", key="settings", state="active",
        definition={"household": {"enabled": True, "units": ["points"], "most": 3}}, now=shop.now,
    )  # fmt: skip
    head, other = rich(shop, 3), code_of(shop, 4)
    with opened(shop, "clerk", f"members/{head}?tab=prepaid") as page:
        page.get_by_text("She is in no household").wait_for()
        page.get_by_role("button", name="Add a member").click()
        dialog = page.get_by_role("dialog", name="Add a member")
        dialog.get_by_label("The other member’s code").fill(other)
        dialog.get_by_role("button", name="Add a member").click()
        page.get_by_text("She is the head").wait_for()
        page.locator(".person", has_text=other).get_by_role("link").click()
        page.wait_for_url(f"**/members/{other}*")
        page.get_by_role("tab", name="Prepaid").click()
        page.get_by_text("The head is").wait_for()
        page.get_by_role("button", name="Draw").click()
        dialog = page.get_by_role("dialog", name="Draw")
        dialog.get_by_label("Amount").fill("120")
        dialog.get_by_label("Amount").blur()
        dialog.get_by_role("button", name="Draw").click()
        page.get_by_text("Drawn", exact=True).wait_for()
        settle(page)
        fits(page)
        speaks(page, "en")
        shoot(page, "member-household-en")
        page.get_by_role("button", name="Leave").click()
        page.get_by_role("dialog").get_by_role("button", name="Leave").click()
        page.get_by_text("She is in no household").wait_for()
