"""The mall as its operator keeps it and as a desk hands rewards out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.browser.desk import bare, code_of, fits, opened, settle, shop, speaks
from tests.browser.test_console_forms import choose, field

if TYPE_CHECKING:
    from tests.console.world import Shop

pytestmark = pytest.mark.browser
__all__ = ["bare", "opened", "shop"]


def rich(shop: Shop, place: int) -> str:
    """Member `place` with points to spend; her code."""
    from regulars.flows import value

    value.adjust(
        scope=shop.scope,
        member_id=shop.members[place],
        unit="points",
        amount=5_000,
        reason="goodwill",
        comment="browser",
        key=f"rich-{place}",
        now=shop.now,
    )
    return code_of(shop, place)


def redeemed(shop: Shop, place: int, **given: Any) -> str:
    """A mug redeemed by member `place`; its pick-up code."""
    from regulars.flows.mall import api as mall

    done = mall.redeem(
        scope=shop.scope,
        member_id=shop.members[place],
        reward="mug",
        quantity=1,
        note="",
        key=f"order-{place}",
        now=shop.now,
        **{"store": "SH001", "address": None, **given},
    )
    return str(done.order.code)


def test_a_reward_is_added_stocked_and_put_on_offer(shop: Shop, opened: Any, shoot: Any) -> None:
    with opened(shop, "operator", "mall") as page:
        page.get_by_text("No rewards yet").wait_for()
        page.get_by_role("button", name="Add a reward").first.click()
        form = page.locator("form").first
        field(form, "Name · 中文").locator("input").fill("马克杯")
        field(form, "Name · English").locator("input").fill("Mug")
        field(form, "Key").locator("input").fill("mug")
        form.get_by_label("Points", exact=True).fill("800")
        form.get_by_label("And cash").fill("9.9")
        form.get_by_label("At most per member").fill("2")
        form.get_by_label("At most per member").blur()
        page.get_by_role("combobox", name="In", exact=True).click()
        page.get_by_role("option", name="a month").click()
        page.get_by_role("button", name="Save").click()
        page.get_by_role("heading", name="Mug").wait_for()
        page.get_by_label("Stock", exact=True).fill("30")
        page.get_by_role("button", name="Set", exact=True).click()
        page.get_by_text("Stock updated").wait_for()
        page.get_by_role("button", name="Activate").click()
        page.get_by_text("On offer", exact=True).wait_for()
        settle(page)
        fits(page)
        speaks(page, "en")
        shoot(page, "mall-reward-en")
        page.get_by_role("link", name="Rewards mall").first.click()
        row = page.locator("tr", has_text="Mug")
        row.get_by_text("800").wait_for()
        assert "¥9.90" in row.inner_text() and "30 of 30" in row.inner_text()
        shoot(page, "mall-en")


def test_a_redemption_is_handed_out_by_its_code_and_another_is_shipped(
    shop: Shop, opened: Any, shoot: Any
) -> None:
    from regulars.value.rewards import api as rewards
    from regulars.value.rewards.types import Address

    mug = {"name": {"zh": "马克杯", "en": "Mug"}, "kind": "goods", "price": {"unit": "points", "points": 800}}
    for fulfilment, place in (("store", 3), ("ship", 4)):
        rewards.apply_definition(
            scope=shop.scope,
            definition={**mug, "key": "mug", "fulfilment": fulfilment, "state": "active"},
            now=shop.now,
        )
        rich(shop, place)
        home = Address(name="张三", phone="13800138000", region="上海", street="南京西路 1 号")
        sent = {"address": home, "store": None} if fulfilment == "ship" else {}
        code = redeemed(shop, place, **sent) if sent else redeemed(shop, place)
        if fulfilment == "store":
            pick_up = code
    with opened(shop, "clerk", "redemptions") as page:
        page.get_by_role("button", name="Verify by code").click()
        box = page.get_by_label("Pick-up code")
        box.fill("nothing-like-it")
        box.press("Enter")
        page.locator(".el-message--error").wait_for()
        box.fill(pick_up.lower())
        box.press("Enter")
        drawer = page.get_by_role("dialog", name="Mug")
        drawer.get_by_text(code_of(shop, 3)).wait_for()
        choose(page, drawer.locator(".el-select"), "Shanghai Jing'an")
        drawer.get_by_role("button", name="Hand out").click()
        drawer.get_by_role("button", name="Undo").wait_for()
        settle(page)
        fits(page)
        speaks(page, "en")
        shoot(page, "redemption-handed-out-en", full=False)
        assert drawer.get_by_role("button", name="Cancel").count() == 0, "a clerk may not cancel"
    with opened(shop, "owner", "redemptions", language="zh-CN") as page:
        settle(page)
        fits(page)
        speaks(page, "zh-CN")
        shoot(page, "redemptions-zh-CN")
        page.locator("tr", has_text=code_of(shop, 4)).get_by_role("button").click()
        drawer = page.locator(".el-drawer")
        drawer.get_by_text("南京西路 1 号").wait_for()
        field(drawer, "承运商").locator("input").fill("顺丰")
        field(drawer, "运单号").locator("input").fill("SF1")
        drawer.get_by_role("button", name="发货").click()
        drawer.get_by_role("button", name="改物流").wait_for()
        shoot(page, "redemption-shipped-zh-CN", full=False)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_report_and_an_empty_list_stand(shop: Shop, opened: Any, shoot: Any, language: str) -> None:
    with opened(shop, "auditor", "mall/report", language=language) as page:
        settle(page)
        fits(page)
        speaks(page, language)
        shoot(page, f"mall-report-{language}")
        page.goto(page.shop_url + "redemptions")
        settle(page)
        fits(page)
        assert page.locator("header.head button").count() == 0, "an auditor reads"
