"""Wallet, mall, appointments and plans as a member holds them: claimed, given, redeemed, booked, paid for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from tests.browser.test_portal import PHONE, brand, fits, opened, sign_in

if TYPE_CHECKING:
    from uuid import UUID

    from tests.portal.world import Brand

pytestmark = pytest.mark.browser
__all__ = ["brand", "opened"]
FRIEND = "13900139000"
CONTENT = {
    "key": "ten-off", "name": {"zh": "周末十元券", "en": "Ten off at weekends"}, "state": "active",
    "offer": {"kind": "amount", "amount": 1000, "at_least": 3000}, "validity": {"kind": "after_claim", "days": 30},
    "claim": {"channels": ["issue", "code", "portal"]}, "limits": {"per_member": 2, "total": 500}, "transferable": True,
    "description": {"zh": "全场通用", "en": "For everything in our stores"},
}  # fmt: skip
REWARDS: tuple[dict[str, Any], ...] = (
    {
        "key": "mug", "name": {"zh": "晨光马克杯", "en": "Morning mug"}, "kind": "goods", "state": "active",
        "fulfilment": "store", "stores": ["S1"], "price": {"unit": "points", "points": 120},
        "limit": {"count": 2, "period": "month"}, "category": "home", "category_name": {"zh": "家居", "en": "Home"},
        "description": {"zh": "釉下彩，可进微波炉。", "en": "Glazed; fits the microwave."},
    },
    {
        "key": "film", "name": {"zh": "电影票", "en": "Film ticket"}, "kind": "virtual_code", "state": "active",
        "price": {"unit": "points", "points": 90_000}, "category": "fun", "category_name": {"zh": "娱乐", "en": "Fun"},
    },
)  # fmt: skip
PRIME = {
    "key": "prime", "state": "active", "name": {"zh": "尊享会员", "en": "Prime"},
    "prices": {"month": 3000, "year": 30000}, "trial_days": 7, "programme_benefits": ["birthday-pack"],
    "benefits": [
        {
            "key": "coffee", "name": {"zh": "每周咖啡", "en": "Weekly coffee"}, "kind": "product", "quota": 2,
            "period": "week",
        },
    ],
}  # fmt: skip
LADDER = {
    "name": {"zh": "充值有礼", "en": "Top-up offer"},
    "rungs": [{"pay": 20_000, "bonus": 2_000}, {"pay": 50_000, "bonus": 8_000}, {"pay": 100_000, "bonus": 20_000}],
    "open": True,
}  # fmt: skip
PACKAGE = {
    "name": {"zh": "护理十次卡", "en": "Ten treatments"}, "sessions": 10, "price": 98_000, "days": 365,
    "services": ["care"],
}  # fmt: skip


@pytest.fixture
def stocked(brand: Brand, settings: Any, live_server: Any) -> Brand:
    """The brand with something of everything, and a member who has points and half a year behind her."""
    from regulars.flows.coupons import api as coupons
    from regulars.kit.text import Text
    from regulars.platform.payments import api as payments
    from regulars.value.bookings import api as bookings
    from regulars.value.plans import api as plans
    from regulars.value.prepaid import api as prepaid
    from regulars.value.rewards import api as rewards

    settings.PUBLIC_URL = live_server.url
    now = datetime.now(UTC)
    scope = brand.scope
    payments.put_account(
        scope=scope,
        key="sim",
        provider="simulator",
        name=Text("模拟", "Simulated"),
        values={"outcome": "ask"},
        now=now,
    )
    coupons.put_definition(scope=scope, definition=CONTENT, now=now)
    for reward in REWARDS:
        rewards.apply_definition(scope=scope, definition=reward, now=now)
    rewards.import_codes(scope=scope, key="film", codes=["CODE-1"], now=now)
    plans.apply_definition(scope=scope, definition=PRIME, now=now)
    for kind, key, definition in (("package", "ten", PACKAGE), ("ladder", "usual", LADDER)):
        prepaid.put_definition(
            scope=scope, kind=kind, key=key, state="active", definition=definition, now=now
        )
    weekly = [{"weekday": day, "from": "10:00", "to": "18:00"} for day in range(1, 8)]
    definitions: list[dict[str, Any]] = [
        {
            "type": "resource", "key": key, "state": "active", "kind": "adviser", "store": "S1", "weekly": weekly,
            "name": {"zh": zh, "en": en}, "title": {"zh": "高级护理师", "en": "Senior therapist"},
        }
        for key, zh, en in (("amy", "艾米", "Amy"), ("bo", "小波", "Bo"))
    ]  # fmt: skip
    definitions.append(
        {
            "type": "service", "key": "care", "state": "active", "name": {"zh": "面部护理", "en": "Facial care"},
            "minutes": 60, "resources": ["amy", "bo"], "package": "ten", "sessions": 1, "cancel_minutes": 120,
            "description": {"zh": "清洁、补水与按摩。", "en": "Cleansing, moisture and massage."},
        }
    )  # fmt: skip
    for definition in definitions:
        bookings.apply_definition(scope=scope, definition=definition, now=now)
    return brand


@pytest.fixture
def regular(stocked: Brand) -> UUID:
    now = datetime.now(UTC)
    member = stocked.enrol(PHONE, at=now - timedelta(days=200), name="林安娜")
    stocked.order(member, "N1", 50_000, at=now - timedelta(days=40))
    return member


def go(page: Any, path: str) -> None:
    """Within the app, as a link does: the page is not loaded anew."""
    base = "/".join(page.url.split("/")[:5])
    page.goto(f"{base}/{path}")


def settle(page: Any) -> None:
    page.wait_for_timeout(450)


def pay(page: Any, outcome: str = "paid") -> None:
    """On the simulator's page, and back."""
    page.locator(f"button[value={outcome}]").click()
    page.locator("main a").click()


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_coupon_is_claimed_shown_and_given_to_a_friend(stocked, regular, opened, shoot, language):
    zh = language == "zh-CN"
    stocked.enrol(FRIEND, name="陈波")
    with opened(stocked, language=language) as page:
        sign_in(page, stocked)
        go(page, "wallet/coupons")
        page.locator(".state-title").wait_for()
        fits(page)
        shoot(page, f"portal-coupons-empty-{language}")
        page.locator(".claim").click()
        offer = page.locator(".offer")
        offer.wait_for()
        said = offer.inner_text()
        assert ("满 30 元，减 10 元" if zh else "¥10 off, from ¥30 on") in said
        assert "500" not in said, "how many there are in all is the brand's business"
        fits(page)
        shoot(page, f"portal-claim-{language}")
        for _ in range(2):
            with page.expect_response(lambda answer: answer.request.method == "POST"):
                offer.locator("button").click()
            page.locator(".van-toast").wait_for()
            page.wait_for_timeout(300)
        page.get_by_text("每位会员限领 2 张" if zh else "at most 2", exact=False)
        page.locator(".bar-back").click()
        page.locator(".coupon").nth(1).wait_for()
        last = page.locator(".coupon").first.inner_text()
        assert ("有效期至" if zh else "Good through") in last and "00:00" not in last
        fits(page)
        shoot(page, f"portal-coupons-{language}")
        page.locator(".coupon").first.locator("button").first.click()
        page.locator(".sheet .qr svg").wait_for()
        code = page.locator(".sheet .code").inner_text()
        assert len(code.replace("-", "").replace(" ", "")) >= 8
        settle(page)
        shoot(page, f"portal-coupon-code-{language}", full=False)
        page.keyboard.press("Escape")
        page.locator(".sheet .code").wait_for(state="hidden")
        settle(page)
        page.locator(".coupon").nth(1).locator("button").nth(1).click()
        page.locator(".sheet-wide button.van-button--primary").wait_for()
        settle(page)
        shoot(page, f"portal-gift-form-{language}", full=False)
        page.locator(".sheet-wide button.van-button--primary").click()
        page.locator(".link").wait_for()
        link = page.locator(".link").inner_text()
        settle(page)
        shoot(page, f"portal-gift-link-{language}", full=False)
    path = link.split(f"/h/{stocked.slug}/")[1]
    with opened(stocked, language=language, path=path) as page:
        # she signs in first and comes back to what she was given
        page.locator("#address").fill(FRIEND)
        page.locator("form button[type=submit]").click()
        page.locator("#code").wait_for()
        page.locator("#code").fill(stocked.last_code())
        page.locator(".gift button").wait_for()
        fits(page)
        shoot(page, f"portal-gift-{language}")
        page.locator(".gift button").click()
        page.locator(".coupon").wait_for()
        assert page.locator(".coupon").count() == 1


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_reward_is_redeemed_picked_up_by_code_and_taken_back(stocked, regular, opened, shoot, language):
    with opened(stocked, language=language) as page:
        sign_in(page, stocked)
        before = page.locator(".balances").inner_text()
        go(page, "mall")
        page.locator(".grid .card").first.wait_for()
        page.locator(".filter").nth(1).wait_for()
        fits(page)
        shoot(page, f"portal-mall-{language}")
        page.locator(".grid .card", has_text="120").click()
        page.locator(".foot button").wait_for()
        fits(page)
        shoot(page, f"portal-reward-{language}")
        page.locator(".foot button").click()
        page.locator("form.sheet").wait_for()
        page.locator("form.sheet select").select_option("S1")
        settle(page)
        shoot(page, f"portal-redeem-sheet-{language}", full=False)
        page.locator("form.sheet button[type=submit]").click()
        row = page.locator(".panel", has=page.locator(".acts"))
        row.first.wait_for()
        fits(page)
        shoot(page, f"portal-redemptions-{language}")
        row.locator("button.van-button--primary").click()
        page.locator(".sheet .qr svg").wait_for()
        assert len(page.locator(".sheet .code").inner_text()) == 8
        settle(page)
        shoot(page, f"portal-pickup-{language}", full=False)
        page.keyboard.press("Escape")
        settle(page)
        row.locator("button").last.click()
        page.locator(".van-dialog__confirm").wait_for()
        settle(page)
        shoot(page, f"portal-redemption-cancel-{language}", full=False)
        page.locator(".van-dialog__confirm").click()
        page.locator(".chip", has_text="已取消" if language == "zh-CN" else "Cancelled").wait_for()
        go(page, "card")
        page.locator(".balances").wait_for()
        assert page.locator(".balances").inner_text() == before
        go(page, "me/history")
        page.locator(".entry").first.wait_for()
        titles = page.locator(".entry-title").all_inner_texts()
        assert ("商城兑换" if language == "zh-CN" else "Redeemed for a reward") in titles
        shoot(page, f"portal-history-mall-{language}")


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_an_appointment_is_booked_moved_and_given_back(stocked, regular, opened, shoot, language):
    zh = language == "zh-CN"
    with opened(stocked, language=language) as page:
        sign_in(page, stocked)
        page.get_by_role("link", name="权益" if zh else "Benefits", exact=True).click()
        page.locator('a[href$="/appointments"]').click()
        page.get_by_test_id("services").wait_for()
        fits(page)
        shoot(page, f"portal-appointments-empty-{language}")
        page.get_by_test_id("services").locator("a").click()
        page.get_by_test_id("times").wait_for()
        fits(page)
        page.locator("[data-day]:not([disabled])").nth(2).click()
        free = page.locator(".time:not([disabled])")
        free.first.wait_for()
        shoot(page, f"portal-service-{language}")
        free.nth(1).click()
        page.locator("form.sheet").wait_for()
        when = page.locator("form.sheet .when").inner_text()
        settle(page)
        shoot(page, f"portal-book-sheet-{language}", full=False)
        page.locator("form.sheet button[type=submit]").click()
        ahead = page.get_by_test_id("ahead")
        ahead.wait_for()
        assert when in ahead.inner_text()
        fits(page)
        shoot(page, f"portal-appointments-{language}")
        ahead.locator("button").first.click()
        page.locator(".sheet .pass-qr .qr").wait_for()
        settle(page)
        shoot(page, f"portal-check-in-{language}", full=False)
        page.keyboard.press("Escape")
        page.locator(".sheet .pass-qr").wait_for(state="hidden")
        ahead.get_by_text("改期" if zh else "Move to another time", exact=True).click()
        page.get_by_text("原时间" if zh else "Choose the new time", exact=False).wait_for()
        page.locator("[data-day]:not([disabled])").nth(3).click()
        page.locator(".time:not([disabled])").last.click()
        moved = page.locator("form.sheet .when").inner_text()
        assert moved != when
        page.locator("form.sheet button[type=submit]").click()
        ahead.wait_for()
        assert moved in ahead.inner_text() and ahead.locator("[data-booking=booked]").count() == 1
        ahead.locator("[data-booking=booked] button").last.click()
        page.locator(".van-dialog__confirm").wait_for()
        settle(page)
        shoot(page, f"portal-booking-cancel-{language}", full=False)
        page.locator(".van-dialog__confirm").click()
        ahead.wait_for(state="hidden")
        page.locator("[data-booking=cancelled]").first.wait_for()


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_plan_is_bought_on_the_pay_page_to_its_end(stocked, regular, opened, shoot, language):
    with opened(stocked, language=language) as page:
        sign_in(page, stocked)
        go(page, "plan")
        plan = page.get_by_test_id("plan")
        plan.wait_for()
        fits(page)
        shoot(page, f"portal-plans-{language}")
        plan.locator("button.van-button--primary").first.click()
        page.locator("button[value=paid]").wait_for()
        shoot(page, f"portal-pay-page-{language}", full=False)
        pay(page, "failed")
        plan.locator("button.van-button--primary").first.click(
            trial=True
        )  # enabled: what waited was asked about
        assert page.get_by_test_id("mine").count() == 0
        assert page.get_by_test_id("payment").count() == 0, "a payment that failed leaves nothing"
        plan.locator("button.van-button--primary").first.click()
        pay(page)
        page.get_by_test_id("mine").wait_for()
        assert ("生效中" if language == "zh-CN" else "Active") in page.get_by_test_id("mine").inner_text()
        fits(page)
        shoot(page, f"portal-plan-{language}")


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_stored_value_and_a_package_are_bought_online(stocked, regular, opened, shoot, language):
    zh = language == "zh-CN"
    with opened(stocked, language=language) as page:
        sign_in(page, stocked)
        go(page, "wallet")
        page.locator('a[href$="/wallet/shop"]').wait_for()
        fits(page)
        shoot(page, f"portal-wallet-empty-{language}")
        page.locator('a[href$="/wallet/shop"]').click()
        page.get_by_test_id("ladder").wait_for()
        fits(page)
        shoot(page, f"portal-shop-{language}")
        page.locator(".rung").nth(1).click()
        page.locator("form.sheet").wait_for()
        settle(page)
        shoot(page, f"portal-shop-sheet-{language}", full=False)
        page.locator("form.sheet button[type=submit]").click()
        page.locator("button[value=paid]").wait_for()
        page.go_back()
        page.get_by_test_id("payment").wait_for()
        fits(page)
        shoot(page, f"portal-shop-waiting-{language}")
        page.get_by_test_id("payment").locator("button").first.click()
        pay(page)
        page.get_by_test_id("done").wait_for()
        page.get_by_test_id("package").locator("button").click()
        page.locator("form.sheet button[type=submit]").click()
        pay(page)
        page.get_by_test_id("done").wait_for()
        shoot(page, f"portal-shop-done-{language}")
        page.get_by_test_id("done").locator("a").click()
        page.get_by_test_id("packages").wait_for()
        assert "¥500" in page.get_by_test_id("stored").inner_text()
        assert "¥80" in page.get_by_test_id("stored").inner_text()
        pack = page.get_by_test_id("packages").inner_text()
        assert ("面部护理" if zh else "Facial care") in pack and "care" not in pack.replace("Facial care", "")
        fits(page)
        shoot(page, f"portal-wallet-{language}")
        page.get_by_test_id("packages").locator(".acts a, .acts button").first.click()
        page.get_by_test_id("times").wait_for()


def test_the_language_changes_on_the_page(stocked, regular, opened):
    with opened(stocked) as page:
        sign_in(page, stocked)
        go(page, "me")
        page.get_by_text("我的预约", exact=True).wait_for()
        page.locator(".language-row").click()
        page.get_by_text("My bookings", exact=True).wait_for()
        assert page.locator("html").get_attribute("lang") == "en"
        go(page, "mall")
        page.get_by_text("Morning mug", exact=True).wait_for()
        go(page, "me")
        page.locator(".language-row").click()
        page.get_by_text("我的预约", exact=True).wait_for()


PAGES: tuple[tuple[str, str, str], ...] = (
    ("wallet", "wallet", "[data-testid=cards]"),
    ("shop", "wallet/shop", "[data-testid=ladder]"),
    ("claim", "wallet/claim", ".offer"),
    ("mall", "mall", ".grid .card"),
    ("reward", "mall/mug", ".foot"),
    ("plans", "plan", "[data-testid=plan]"),
    ("appointments", "appointments", "[data-testid=services]"),
    ("service", "appointments/care", "[data-testid=times]"),
    ("benefits-doors", "benefits", "[data-testid=mine]"),
)


@pytest.mark.parametrize(("size", "language", "dark"), [("1024", "zh-CN", False), ("390", "en", True)])
def test_the_pages_fit_wide_and_in_the_dark(stocked, regular, opened, shoot, size, language, dark):
    with opened(stocked, language=language, size=size, dark=dark) as page:
        sign_in(page, stocked)
        for name, path, ready in PAGES:
            go(page, path)
            page.locator(ready).first.wait_for()
            fits(page)
            shoot(page, f"portal-{name}-{'dark' if dark else size}")


def test_the_keyboard_books(stocked, regular, opened: Callable[..., Any]):
    """Every step of a booking by keys alone: to a time, into the sheet, booked, and the focus is not lost."""
    with opened(stocked, path="") as page:
        sign_in(page, stocked)
        go(page, "appointments/care")
        page.locator(".time:not([disabled])").first.focus()
        page.keyboard.press("Enter")
        page.locator("form.sheet").wait_for()
        settle(page)
        for _ in range(4):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.getAttribute('type')") == "submit":
                break
        page.keyboard.press("Enter")
        page.get_by_test_id("ahead").wait_for()
        targets = page.evaluate(
            "[...document.querySelectorAll('main button, main a')].map(e => e.getBoundingClientRect())"
            ".filter(b => b.height && b.height < 43).length"
        )
        assert targets == 0
