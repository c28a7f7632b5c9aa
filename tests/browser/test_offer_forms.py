"""Forms of plans, payment accounts, payments, services, the review queue, gift cards and staff, each filled in once."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.browser.desk import bare, code_of, fits, opened, settle, shop, speaks
from tests.browser.test_console_forms import choose, field
from tests.browser.test_member_desk import on_sale, pay_what_waits
from tests.browser.test_prepaid_console import pick

if TYPE_CHECKING:
    from tests.console.world import Shop

pytestmark = pytest.mark.browser
__all__ = ["bare", "opened", "shop"]


def test_a_plan_is_written_put_on_sale_and_read_again(shop: Shop, opened: Any, shoot: Any) -> None:
    from regulars.value.plans import api as plans

    with opened(shop, "operator", "programme/plans") as page:
        page.get_by_role("button", name="Add a plan").first.click()
        drawer = page.locator(".el-drawer")
        field(drawer, "Name · 中文").locator("input").fill("咖啡会员")
        field(drawer, "Name · English").locator("input").fill("Coffee club")
        drawer.get_by_role("button", name="Save").click()
        drawer.locator(".el-form-item__error").first.wait_for()  # without a key it is not kept
        drawer.get_by_label("Key", exact=True).first.fill("coffee")
        field(drawer, "Month").locator("input").fill("25")
        box = drawer.get_by_role("combobox", name="Benefits of the programme")
        box.click(force=True)
        box.fill("birthday-pack")
        page.locator(".el-select-dropdown__item:visible", has_text="birthday-pack").first.click()
        page.keyboard.press("Escape")
        drawer.get_by_role("button", name="Add a benefit").click()
        own = drawer.locator(".line").first
        field(own, "Name · English").locator("input").fill("A cup")
        field(own, "Name · 中文").locator("input").fill("一杯")
        own.get_by_label("Key").fill("cup")
        settle(page)
        shoot(page, "plan-form-en", full=False)
        drawer.get_by_role("button", name="Save").click()
        row = page.locator("tr", has_text="Coffee club")
        row.get_by_text("¥25.00").wait_for()
        row.get_by_text("A cup").wait_for()
        row.get_by_role("button", name="Activate").click()
        row.get_by_text("On sale").wait_for()
        row.get_by_role("button", name="Edit").click()
        drawer = page.locator(".el-drawer")
        drawer.get_by_text("birthday-pack").first.wait_for()
        field(drawer, "Month").locator("input").fill("28")
        drawer.get_by_role("button", name="Save").click()
        row.get_by_text("¥28.00").wait_for()
        settle(page)
        fits(page)
        speaks(page, "en")
    kept = plans.get_plan(brand_id=shop.brand.id, key="coffee", now=shop.now)
    assert (kept.state, kept.terms.prices) == ("active", {"month": 2_800})
    assert kept.terms.shared == ("birthday-pack",)


def test_an_account_is_connected_and_a_payment_paid_back(shop: Shop, opened: Any, shoot: Any) -> None:
    from regulars.flows.plans import api as plan_flow

    with opened(shop, "owner", "settings/payment-accounts") as page:
        page.get_by_role("button", name="Add an account").first.click()
        dialog = page.get_by_role("dialog", name="Add an account")
        field(dialog, "Key").locator("input").fill("training")
        choose(page, field(dialog, "Provider").locator(".el-select"), "imulat")
        field(dialog, "Name · 中文").locator("input").fill("培训")
        field(dialog, "Name · English").locator("input").fill("Training")
        dialog.get_by_text("The default").click()
        settle(page)
        shoot(page, "account-form-en", full=False)
        dialog.get_by_role("button", name="Save").click()
        row = page.locator("tr", has_text="Training")
        row.get_by_text("Simulated: no money moves").wait_for()
        row.get_by_role("button", name="Try it").click()
        page.get_by_text("It works").wait_for()
        settle(page)
        fits(page)
        speaks(page, "en")
    on_sale(shop)
    plan_flow.buy(
        scope=shop.scope, member_id=shop.members[3], plan="prime", period="month", key="k", now=shop.now
    )
    pay_what_waits()
    with opened(shop, "owner", "payments", language="zh-CN") as page:
        page.locator("tr", has_text=code_of(shop, 3)).get_by_role("button").first.click()
        drawer = page.locator(".el-drawer")
        drawer.get_by_text("已支付").first.wait_for()
        drawer.get_by_role("button", name="退款").click()
        dialog = page.get_by_role("dialog", name="退款")
        dialog.get_by_label("金额").fill("10")
        dialog.get_by_label("原因").fill("道歉")
        dialog.get_by_role("button", name="退款").click()
        drawer.get_by_text("部分退款").wait_for()
        drawer.locator("tr", has_text="道歉").get_by_text("¥10.00").wait_for()
        settle(page)
        fits(page)
        speaks(page, "zh-CN")
        shoot(page, "payment-zh-CN", full=False)


def test_an_adviser_and_her_service_are_opened(shop: Shop, opened: Any, shoot: Any) -> None:
    from regulars.value.bookings import api as bookings
    from regulars.value.prepaid import api as prepaid

    prepaid.put_definition(
        scope=shop.scope, kind="package", key="ten", state="active", now=shop.now,
        definition={"name": {"zh": "十次卡", "en": "Ten times"}, "sessions": 10, "price": 18_000},
    )  # fmt: skip
    with opened(shop, "operator", "programme/services?tab=resource") as page:
        page.get_by_role("button", name="Add one").first.click()
        drawer = page.locator(".el-drawer")
        field(drawer, "Name · 中文").locator("input").fill("艾米")
        field(drawer, "Name · English").locator("input").fill("Amy")
        drawer.get_by_label("Key", exact=True).fill("amy")
        pick(page, drawer, "Store", "Shanghai Jing'an")
        settle(page)
        shoot(page, "resource-form-en", full=False)
        drawer.get_by_role("button", name="Save").click()
        row = page.locator("tr", has_text="Amy")
        row.get_by_role("button", name="Activate").click()
        row.get_by_role("button", name="Pause").wait_for()
        page.get_by_role("tab", name="Services").click()
        page.get_by_role("button", name="Add a service").first.click()
        drawer = page.locator(".el-drawer")
        field(drawer, "Name · 中文").locator("input").fill("护理")
        field(drawer, "Name · English").locator("input").fill("Care")
        drawer.get_by_label("Key", exact=True).fill("care")
        pick(page, drawer, "Given by", "Amy · amy")
        page.keyboard.press("Escape")
        drawer.get_by_label("Minutes (steps of 5)").fill("61")
        pick(page, drawer, "Uses package", "Ten times · ten")
        drawer.get_by_label("Sessions", exact=True).fill("1")
        drawer.get_by_role("button", name="Save").click()
        drawer.locator(".el-form-item__error").first.wait_for()  # 61 is no step of 5
        drawer.get_by_label("Minutes (steps of 5)").fill("45")
        drawer.get_by_label("Minutes (steps of 5)").blur()
        settle(page)
        shoot(page, "service-form-en", full=False)
        drawer.get_by_role("button", name="Save").click()
        row = page.locator("tr", has_text="Care")
        row.get_by_role("button", name="Activate").click()
        row.get_by_role("button", name="Pause").wait_for()
        settle(page)
        fits(page)
        speaks(page, "en")
    kept = bookings.get_service(scope=shop.scope, key="care")
    assert (kept.state, kept.terms.minutes, kept.terms.package, kept.terms.sessions) == (
        "active",
        45,
        "ten",
        1,
    )


def test_what_was_held_is_released_or_confirmed(shop: Shop, opened: Any, shoot: Any) -> None:
    from regulars.flows import verifying
    from regulars.kit import clock
    from regulars.kit.errors import Refusal
    from regulars.programme.versions import api as versions
    from regulars.value.reviews import api as reviews

    rule = {"key": "fast", "of": "verifications", "per": "member", "limit": 1, "minutes": 60}
    reviews.put_watch(scope=shop.scope, rules={"velocity": [rule], "self_dealing": False}, now=shop.now)
    live = versions.in_force(brand_id=shop.brand.id, now=shop.now).live
    benefit = next(one.key for one in live.benefits if one.quota)
    for place in (3, 4):
        verifying.give_more(
            scope=shop.scope, member_id=shop.members[place], benefit=benefit, uses=3, reason="browser",
            until=clock.now() + timedelta(days=30), key=f"grant-{place}", now=clock.now(),
        )  # fmt: skip
        for n in range(2):
            try:
                verifying.use(
                    scope=shop.scope, member_id=shop.members[place], benefit=benefit,
                    key=f"use-{place}-{n}", now=clock.now(),
                )  # fmt: skip
            except Refusal as held:
                assert held.code == "held_for_review"
    with opened(shop, "reviewer", "reviews") as page:
        row = page.locator("tr", has_text=code_of(shop, 3))
        row.get_by_text("more than 1 uses of benefits").wait_for()
        settle(page)
        fits(page)
        speaks(page, "en")
        shoot(page, "reviews-en", full=False)
        for place, act, state in ((3, "Release", "Released"), (4, "Confirm abuse", "Confirmed")):
            row = page.locator("tr", has_text=code_of(shop, place))
            row.get_by_role("button", name=act).click()
            box = page.locator(".el-message-box")
            box.locator("input").fill("asked her")
            box.get_by_role("button", name=act).click()
            row.wait_for(state="detached")
            page.get_by_text(state, exact=True).first.click()
            page.locator("tr", has_text=code_of(shop, place)).get_by_text("asked her").wait_for()
            page.get_by_text("Open", exact=True).click()
        page.get_by_text("Nothing to review").wait_for()
    assert reviews.count_open(brand_id=shop.brand.id) == 0


def test_a_sold_card_is_paid_back_and_whose_phone_is_kept(shop: Shop, opened: Any, shoot: Any) -> None:
    from regulars.flows.prepaid import api as flows
    from regulars.kit.text import Text

    flows.create_batch(
        scope=shop.scope, code="spring", name=Text("春", "Spring card"), face=10_000, price=9_500, count=1,
        now=shop.now,
    )  # fmt: skip
    _, (card,) = flows.hand_out(scope=shop.scope, code="spring", now=shop.now)
    flows.sell_cards(scope=shop.scope, numbers=[card.number], method="cash", key="sold", now=shop.now)
    with opened(shop, "owner", "gift-cards") as page:
        page.get_by_role("button", name="Look up a card").click()
        box = page.get_by_role("dialog", name="Look up a card")
        box.get_by_label("Card number").fill(card.number)
        box.get_by_label("Card number").press("Enter")
        box.get_by_role("button", name="Pay back and void").click()
        dialog = page.get_by_role("dialog", name="Pay back and void")
        pick(page, dialog, "Paid back by", "Cash")
        dialog.get_by_label("Reason").fill("a present too many")
        settle(page)
        shoot(page, "gift-card-refund-en", full=False)
        dialog.get_by_role("button", name="Pay back and void").click()
        box.get_by_text("¥95.00 paid back (Cash)").wait_for()
        settle(page)
        speaks(page, "en")
        page.goto(page.shop_url + "settings/staff")
        row = page.locator("tr", has_text=shop.emails["clerk"])
        row.get_by_text("own phone not known").wait_for()
        row.get_by_role("button").last.click()
        page.locator(".el-dropdown-menu__item:visible", has_text="Set her own phone").click()
        dialog = page.get_by_role("dialog", name="Her own phone")
        dialog.get_by_label("Her own phone").fill("12")
        dialog.get_by_role("button", name="Save").click()
        page.locator(".el-message--error").wait_for()
        dialog.get_by_label("Her own phone").fill("13800000001")
        dialog.get_by_role("button", name="Save").click()
        row.get_by_text("own phone known").wait_for()
        settle(page)
        fits(page)
    assert flows.find_card(scope=shop.scope, number=card.number).state == "void"
