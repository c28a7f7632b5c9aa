"""The till as a clerk uses it: on a tablet, by keyboard and scanner, through the server and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.browser.desk import bare, code_of, fits, opened, settle, shop, speaks

if TYPE_CHECKING:
    from tests.console.world import Shop

pytestmark = pytest.mark.browser
__all__ = ["bare", "opened", "shop"]


@pytest.fixture
def counter(shop: Shop) -> Shop:
    """The shop with a coupon in member 3's wallet, and points and stored value of hers."""
    from regulars.flows import value
    from regulars.flows.coupons import api as coupons

    coupons.put_definition(
        scope=shop.scope,
        definition={
            "key": "ten-off",
            "name": {"zh": "十元券", "en": "Ten off"},
            "state": "active",
            "offer": {"kind": "amount", "amount": 1000, "at_least": 3000},
            "validity": {"kind": "after_claim", "days": 30},
            "claim": {"channels": ["issue", "code"]},
        },
        now=shop.now,
    )
    coupons.issue_now(
        scope=shop.scope, definition="ten-off", member_ids=[shop.members[3]], key="browser", now=shop.now
    )
    for unit, amount in (("points", 3_000), ("principal", 5_000)):
        value.adjust(
            scope=shop.scope,
            member_id=shop.members[3],
            unit=unit,
            amount=amount,
            reason="goodwill",
            comment="browser",
            key=f"browser-{unit}",
            now=shop.now,
        )
    return shop


def scan(page: Any, label: str, text: str) -> None:
    box = page.get_by_label(label, exact=True)
    box.fill(text)
    box.press("Enter")


def payable(page: Any) -> str:
    page.locator(".total:not(.stale)").wait_for()
    return str(page.locator("[data-till=payable]").inner_text())


def at_the_till(page: Any) -> None:
    page.get_by_role("button", name="Shanghai Jing'an").click()
    page.get_by_label("Find the member").wait_for()


def test_a_clerk_lands_on_the_till_and_sells_by_keyboard(counter, opened, shoot):
    code = code_of(counter, 3)
    with opened(counter, "clerk", size="1024") as page:
        page.goto(page.shop_url.rsplit("/", 2)[0] + "/")
        page.get_by_text("Which store are you in?").wait_for()
        settle(page)
        fits(page)
        shoot(page, "till-store-en", full=False)
        at_the_till(page)
        page.keyboard.press("F3")
        page.keyboard.type("latte Latte 32 2")
        page.keyboard.press("Enter")
        page.keyboard.type("beans 128")
        page.keyboard.press("Enter")
        assert payable(page) == "¥192.00"
        assert page.locator("[data-till=commit]").is_disabled(), "a guest's cart is priced, not sold"
        page.keyboard.press("F2")
        page.keyboard.type("19900000003")
        page.keyboard.press("Enter")
        page.get_by_text(code).wait_for()
        page.locator(".offer", has_text="Ten off").wait_for()
        assert payable(page) == "¥182.00", "her best coupon is used unasked"
        page.keyboard.press("F6")
        page.get_by_text("points pay").wait_for()
        settle(page)
        fits(page)
        speaks(page, "en")
        shoot(page, "till-quote-en", full=False)
        line = page.locator(".cart .line", has_text="Latte")
        line.locator(".what").click()
        line.get_by_text("Earns on").wait_for()
        shoot(page, "till-line-en", full=False)
        line.locator(".what").click()
        page.keyboard.press("F6")
        page.get_by_text("points pay").wait_for(state="hidden")
        page.get_by_role("button", name="Decline “Ten off”").click()
        page.get_by_text("Using the coupons she chose").wait_for()
        assert payable(page) == "¥192.00"
        page.get_by_role("button", name="Back to the best combination").click()
        page.locator(".offer", has_text="Ten off").wait_for()
        assert payable(page) == "¥182.00"
        page.keyboard.press("F9")
        page.get_by_role("heading", name="Sold").wait_for()
        settle(page)
        fits(page)
        shoot(page, "till-receipt-en", full=False)
        assert page.evaluate("document.activeElement.textContent").strip() == "Next customer"
        page.keyboard.press("Enter")
        page.get_by_label("Find the member").wait_for()
        assert page.locator(".cart .line").count() == 0


def test_part_of_a_sale_comes_back_and_the_next_one_is_undone(counter, opened, shoot):
    code = code_of(counter, 3)
    with opened(counter, "clerk", "till", size="1024") as page:
        at_the_till(page)

        def sell() -> None:
            scan(page, "Find the member", code)
            page.get_by_role("button", name="Another member").wait_for()
            scan(page, "Add goods", "mug Mug 89 2")
            scan(page, "Add goods", "tea 28")
            payable(page)
            page.locator("[data-till=commit]").click()
            page.get_by_role("heading", name="Sold").wait_for()

        sell()
        page.get_by_role("link", name="Recent").click()
        page.locator(".big-row").first.click()
        page.get_by_role("button", name="Take goods back").click()
        page.get_by_role("button", name="One more: Mug").click()
        shoot(page, "till-return-en", full=False)
        page.get_by_role("button", name="Take back", exact=True).click()
        page.locator(".el-message-box").get_by_role("button", name="Take back").click()
        page.locator("[data-till=refund]").wait_for()
        page.get_by_text("1 returned").wait_for()
        page.locator(".big-row", has_text="Partly returned").or_(
            page.locator(".big-row", has_text="partly")
        ).first.wait_for()
        settle(page)
        fits(page)
        shoot(page, "till-returned-en", full=False)
        page.get_by_role("link", name="Sale", exact=True).click()
        sell()
        number = page.locator(".receipt code").inner_text()
        page.get_by_role("button", name="Reopen to correct").click()
        page.locator(".el-message-box").get_by_role("button", name="Reopen to correct").click()
        page.locator(".cart .line", has_text="Mug").wait_for()
        assert page.locator(".cart .line").count() == 2, "the cart is back as it was"
        page.get_by_role("button", name="Another member").wait_for()  # and so is she
        page.get_by_role("button", name="One less: Mug").click()
        payable(page)
        page.locator("[data-till=commit]").click()
        page.get_by_role("heading", name="Sold").wait_for()
        assert page.locator(".receipt code").inner_text() == number
        page.get_by_role("button", name="Cancel this sale").click()
        page.locator(".el-message-box").get_by_role("button", name="Cancel this sale").click()
        page.get_by_text("Undone", exact=True).wait_for()


def test_a_quote_that_changed_is_shown_before_it_is_sold(counter, opened, shoot):
    from regulars.flows import value

    code = code_of(counter, 3)
    with opened(counter, "clerk", "till", size="1024", language="zh-CN") as page:
        page.get_by_role("button", name="上海静安店").click()
        scan(page, "查找会员", code)
        page.get_by_role("button", name="换一位会员").wait_for()
        scan(page, "录入商品", "beans 咖啡豆 128")
        payable(page)
        page.get_by_role("radiogroup", name="储值").get_by_text("最多").click()
        page.get_by_text("支付 ¥50.00").wait_for()
        before = payable(page)
        settle(page)
        fits(page)
        speaks(page, "zh-CN")
        shoot(page, "till-quote-zh-CN", full=False)
        value.adjust(
            scope=counter.scope,
            member_id=counter.members[3],
            unit="principal",
            amount=-2_000,
            reason="goodwill",
            comment="elsewhere",
            key="elsewhere",
            now=counter.now,
        )
        page.locator("[data-till=commit]").click()
        dialog = page.get_by_role("dialog", name="报价有变化")
        dialog.get_by_text("储值与礼品卡").wait_for()
        assert before in dialog.inner_text()
        shoot(page, "till-changed-zh-CN", full=False)
        dialog.get_by_role("button", name="收款").click()
        page.get_by_role("heading", name="已成交").wait_for()
        shoot(page, "till-receipt-zh-CN", full=False)


def test_a_coupon_is_verified_at_the_counter_and_given_back(counter, opened, shoot):
    code = code_of(counter, 3)
    with opened(counter, "clerk", "till/services", size="1024") as page:
        page.get_by_role("button", name="Shanghai Jing'an").click()
        scan(page, "Coupon or pass", code)
        coupon = page.locator(".coupon", has_text="Ten off")
        coupon.get_by_role("button", name="Verify").click()
        page.locator(".el-message-box").get_by_role("button", name="Verify").click()
        page.get_by_text("Verified “Ten off”").wait_for()
        shoot(page, "till-verified-en", full=False)
        page.get_by_role("button", name="Undo").click()
        page.locator(".el-message-box").get_by_role("button", name="Undo").click()
        page.get_by_text("Undone", exact=True).wait_for()
        scan(page, "Coupon or pass", code)
        coupon.get_by_role("button", name="Verify").wait_for()
        scan(page, "Coupon or pass", "no such thing")
        page.locator(".bad-line").wait_for()
        scan(page, "Find the member", code)
        page.get_by_role("button", name="Another member").wait_for()
        settle(page)
        fits(page)
        speaks(page, "en")
        shoot(page, "till-services-en", full=False)


def test_benefits_sessions_and_top_ups_are_taken_at_the_counter(counter, opened, shoot):
    from regulars.value.prepaid import api as prepaid

    for kind, key, definition in (
        (
            "ladder",
            "usual",
            {"name": {"zh": "常规", "en": "Usual"}, "rungs": [{"pay": 20_000, "bonus": 2_000}], "open": True},
        ),
        ("package", "ten", {"name": {"zh": "十次卡", "en": "Ten cups"}, "sessions": 10, "price": 20_000}),
    ):
        prepaid.put_definition(
            scope=counter.scope, kind=kind, key=key, state="active", definition=definition, now=counter.now
        )
    with opened(counter, "clerk", "till/services", size="1024") as page:
        page.get_by_role("button", name="Shanghai Jing'an").click()
        scan(page, "Find the member", code_of(counter, 5))
        benefit = page.locator(".benefit", has_text="left this period").first
        before = benefit.inner_text()
        benefit.get_by_role("button", name="Use once").click()
        page.locator(".el-message-box").get_by_role("button", name="Confirm").click()
        page.locator(".counter.done").wait_for()
        settle(page)
        assert benefit.inner_text() != before
        shoot(page, "till-benefits-en", full=False)
        page.locator(".counter.done").get_by_role("button", name="Undo").click()
        page.locator(".el-message-box").get_by_role("button", name="Confirm").click()
        page.get_by_text("Undone", exact=True).wait_for()
        settle(page)
        assert benefit.inner_text() == before
        page.get_by_text("Top up, sell", exact=True).click()
        page.get_by_role("button", name="¥200.00 +").click()
        page.locator(".el-message-box").get_by_role("button", name="Confirm").click()
        page.get_by_role("status").get_by_text("Topped up ¥200.00").wait_for()
        page.locator(".balances", has_text="¥200.00").wait_for()
        settle(page)
        fits(page)
        shoot(page, "till-topup-en", full=False)


def test_a_code_that_she_shows_becomes_hers_and_is_used(counter, opened):
    from regulars.flows import coupon_codes as flow
    from regulars.value.coupons import api as coupons

    batch, _ = flow.make_codes(
        scope=counter.scope,
        definition="ten-off",
        count=1,
        note="",
        reserved_for="",
        key="one",
        now=counter.now,
    )
    rows = b"".join(
        row if isinstance(row, bytes) else row.encode()
        for row in flow.codes_csv(brand_id=counter.brand.id, batch=batch)
    )
    printed = coupons.shown(rows.decode("utf-8-sig").splitlines()[1].split(",")[0])
    with opened(counter, "clerk", "till", size="1024") as page:
        at_the_till(page)
        scan(page, "Add goods", "beans 128")
        scan(page, "Coupon code presented", printed)
        page.get_by_text("Codes are used once the member is found").wait_for()
        scan(page, "Find the member", code_of(counter, 5))
        page.get_by_role("button", name="Another member").wait_for()
        assert payable(page) == "¥118.00", "priced as hers, and nobody's until it is sold"
        scan(page, "Coupon code presented", "NO-SUCH-CODE")
        page.locator(".why", has_text="NO-SUCH-CODE").wait_for()
        page.locator("[data-till=commit]").click()
        page.get_by_role("heading", name="Sold").wait_for()
        page.locator(".sums", has_text="Ten off").wait_for()


@pytest.mark.parametrize("size", ["390", "1440"])
def test_the_till_fits_other_screens(counter, opened, shoot, size):
    with opened(counter, "owner", "till", size=size, language="zh-CN") as page:
        page.get_by_role("button", name="上海静安店").click()
        scan(page, "查找会员", code_of(counter, 3))
        page.get_by_role("button", name="换一位会员").wait_for()
        for text in ("latte 拿铁 32 2", "cake 巴斯克蛋糕 42", "mug 马克杯 89 3", "beans 咖啡豆500g 128"):
            scan(page, "录入商品", text)
        payable(page)
        settle(page)
        fits(page)
        shoot(page, f"till-quote-{size}", full=size == "390")
        page.get_by_role("link", name="最近成交").click()
        settle(page)
        fits(page)


def test_a_reopened_sale_has_its_member_and_her_wishes_again(counter, opened):
    code = code_of(counter, 3)
    with opened(counter, "clerk", "till", size="1024") as page:
        at_the_till(page)
        scan(page, "Find the member", code)
        page.get_by_role("button", name="Another member").wait_for()
        scan(page, "Add goods", "mug Mug 89")
        page.locator(".offer", has_text="Ten off").wait_for()
        page.get_by_role("button", name="Decline “Ten off”").click()
        page.get_by_text("Using the coupons she chose").wait_for()
        page.keyboard.press("F7")
        page.get_by_text("Pays ¥50.00").wait_for()
        assert payable(page) == "¥39.00"  # 89 − 50 of stored value, the coupon kept for later
        page.keyboard.press("F9")
        page.get_by_role("heading", name="Sold").wait_for()
        page.get_by_role("link", name="Recent").click()
        page.locator(".big-row").first.click()
        page.get_by_role("button", name="Reopen to correct").click()
        page.locator(".el-message-box").get_by_role("button", name="Reopen to correct").click()
        page.get_by_role("button", name="Another member").wait_for()
        page.locator(".cart .line", has_text="Mug").wait_for()
        page.get_by_text("Using the coupons she chose").wait_for()
        page.get_by_text("Pays ¥50.00").wait_for()
        assert payable(page) == "¥39.00"
        page.keyboard.press("F9")
        page.get_by_role("heading", name="Sold").wait_for()


def test_packages_and_gift_cards_are_sold_and_a_reward_is_redeemed(counter, opened, shoot):
    from regulars.flows.prepaid import api as prepaid_flow
    from regulars.kit.text import Text
    from regulars.value.prepaid import api as prepaid
    from regulars.value.rewards import api as rewards

    prepaid.put_definition(
        scope=counter.scope, kind="package", key="ten", state="active", now=counter.now,
        definition={"name": {"zh": "十次卡", "en": "Ten cups"}, "sessions": 10, "price": 20_000},
    )  # fmt: skip
    prepaid_flow.create_batch(
        scope=counter.scope, code="spring", name=Text("春", "Spring card"), face=10_000, price=9_500, count=2,
        now=counter.now,
    )  # fmt: skip
    _, made = prepaid_flow.hand_out(scope=counter.scope, code="spring", now=counter.now)
    rewards.apply_definition(
        scope=counter.scope, now=counter.now,
        definition={"key": "mug", "name": {"zh": "杯", "en": "Mug"}, "kind": "goods", "fulfilment": "store",
                    "price": {"unit": "points", "points": 800}, "state": "active"},
    )  # fmt: skip
    with opened(counter, "clerk", "till/services", size="1024") as page:
        page.get_by_role("button", name="Shanghai Jing'an").click()
        scan(page, "Find the member", code_of(counter, 3))
        page.get_by_text("Top up, sell", exact=True).click()
        page.get_by_text("Cash", exact=True).click()
        page.get_by_role("button", name="Ten cups").click()
        page.locator(".el-message-box").get_by_text("Takes ¥200.00 (Cash)").wait_for()
        page.locator(".el-message-box").get_by_role("button", name="Confirm").click()
        page.get_by_role("status").get_by_text("Sold “Ten cups”").wait_for()
        for card in made:
            scan(page, "Scan or type a gift card number", card.number)
            page.get_by_text(f"…{card.number[-4:]}").wait_for()
        settle(page)
        fits(page)
        speaks(page, "en")
        shoot(page, "till-sell-en", full=False)
        page.get_by_role("button", name=f"Take out the card …{made[0].number[-4:]}").click()
        page.locator("[data-till=sell-cards]", has_text="¥95.00").click()
        page.locator(".el-message-box").get_by_role("button", name="Confirm").click()
        page.get_by_role("status").get_by_text("Sold 1 gift card").wait_for()
        assert prepaid_flow.find_card(scope=counter.scope, number=made[1].number).state == "active"
        assert prepaid_flow.find_card(scope=counter.scope, number=made[0].number).state == "made"
        page.get_by_text("Rewards", exact=True).click()
        page.get_by_role("button", name="Redeem for her").click()
        dialog = page.get_by_role("dialog", name="Redeem for her")
        dialog.locator(".el-select").first.click()
        page.locator(".el-select-dropdown__item:visible", has_text="Mug").click()
        dialog.locator("footer").get_by_role("button", name="Redeem for her").click()
        row = page.locator(".counter", has_text="Mug")
        row.get_by_role("button", name="Hand over").click()
        page.locator(".el-message-box").get_by_role("button", name="Hand over").or_(
            page.locator(".el-message-box").get_by_role("button", name="Confirm")
        ).first.click()
        row.get_by_text("Verified").or_(row.get_by_text("Handed out")).first.wait_for()
        settle(page)
        fits(page)
        small = page.evaluate(
            """() => [...document.querySelectorAll('.till button, .till a, .till input, .till .el-radio-button__inner')]
                .filter((one) => one.offsetParent && !one.matches('.skip') && one.getBoundingClientRect().height < 44
                    && !one.closest('.el-radio-button__original-radio') && one.type !== 'radio')
                .map((one) => one.outerHTML.slice(0, 80))"""
        )
        assert small == [], small
        shoot(page, "till-rewards-en", full=False)
