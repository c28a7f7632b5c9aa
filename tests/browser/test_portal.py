"""The portal as a member holds it: on a phone, in both languages, and wider."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.portal.world import Brand

pytestmark = pytest.mark.browser
PHONE = "13800138000"
SIZES = {"390": (390, 844), "768": (768, 1024), "1024": (1024, 768), "1440": (1440, 900)}
_numbers = itertools.count(1)
_QUIET = re.compile(r"status of (401|422|500) \(|net::ERR_FAILED")


@pytest.fixture
def brand(transactional_db: None) -> Brand:
    """A demo brand with the retail programme and a member with half a year behind her."""
    from tests.portal.world import BEGAN, make_brand

    from regulars.facts.members import api as members
    from regulars.facts.members.types import FieldChoice, ProfileField
    from regulars.kit.text import Text

    made = make_brand(f"shop-{next(_numbers)}", is_demo=True)
    for key, label, choices in (
        ("hobby", Text("爱好", "Hobby"), (("run", "跑步", "Running"), ("read", "阅读", "Reading"))),
        ("skin", Text("肤质", "Skin type"), (("dry", "干性", "Dry"), ("oily", "油性", "Oily"))),
    ):
        field = ProfileField(
            key=key,
            type="set" if key == "hobby" else "enum",
            label=label,
            choices=tuple(FieldChoice(v, Text(zh, en)) for v, zh, en in choices),
        )
        members.put_field(scope=made.scope, field=field, now=BEGAN)
    return made


@pytest.fixture
def shopper(brand: Brand) -> Brand:
    now = datetime.now(UTC)
    member = brand.enrol(PHONE, at=now - timedelta(days=200), name="林安娜")
    for weeks, *amounts in (
        (26, 18_800, 4_950),
        (20, 9_900),
        (14, 32_000, 12_000),
        (8, 5_600),
        (3, 21_000, 990),
    ):
        brand.order(member, f"202600{weeks:02d}", *amounts, at=now - timedelta(weeks=weeks))
    brand.refund(member, "R-1", "20260014", now - timedelta(weeks=13), 2)
    brand.burn(member, "gift", 120, now - timedelta(weeks=2))
    return brand


@pytest.fixture
def opened(chromium: Any, live_server: Any) -> Callable[..., Any]:
    """Open a brand's portal in a fresh browser; afterwards nothing may have gone wrong in its console."""

    @contextmanager
    def open_(
        brand: Brand, *, language: str = "zh-CN", size: str = "390", path: str = "", dark: bool = False
    ) -> Iterator[Any]:
        width, height = SIZES[size]
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            locale=language,
            timezone_id="Asia/Shanghai",
            device_scale_factor=2 if size == "390" else 1,
            has_touch=size == "390",
            color_scheme="dark" if dark else "light",
        )
        context.set_default_timeout(60_000)
        context.set_default_navigation_timeout(60_000)  # the first page makes the server load itself
        page = context.new_page()
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on(
            "console",
            lambda said: (
                wrong.append(said.text)
                if said.type in ("error", "warning") and not _QUIET.search(said.text)
                else None
            ),
        )
        page.on(
            "request",
            lambda request: (
                wrong.append(request.url)
                if not request.url.startswith((live_server.url, "data:", "blob:"))
                else None
            ),
        )
        page.goto(f"{live_server.url}/h/{brand.slug}/{path}")
        try:
            yield page
        finally:
            context.close()
        assert not wrong, wrong

    return open_


def sign_in(page: Any, brand: Brand, address: str = PHONE) -> None:
    page.locator("#address").fill(address)
    page.locator("form button[type=submit]").click()
    page.locator("#code").wait_for()
    page.locator("#code").fill(brand.last_code())
    page.locator(".tier").wait_for()


_STICKING_OUT = """
() => [...document.querySelectorAll('#app *')]
  .filter((e) => e.getBoundingClientRect().width > 1)
  .filter((e) => !e.closest('.tier, .skip, .hidden-visually, .days, .filters, svg'))
  .filter((e) => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
  .map((e) => `${e.className}: ${e.textContent.slice(0, 40)}`)
"""


def fits(page: Any) -> None:
    """Nothing sticks out of the screen sideways, nor is cut off at a panel's edge."""
    assert not page.evaluate(_STICKING_OUT), page.url


WORDS = {
    "zh-CN": {
        "benefits": "权益", "me": "我的", "keep": "即可升级为", "why": "为什么", "base": "消费得积分", "join": "入会",
        "signed_out": "已退出",
    },
    "en": {
        "benefits": "Benefits", "me": "Me", "keep": "more growth reaches", "why": "Why", "base": "Points for purchases",
        "join": "Join", "signed_out": "Signed out",
    },
}  # fmt: skip


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_member_looks_through_her_pages(shopper, opened, shoot, language):
    words = WORDS[language]
    with opened(shopper, language=language) as page:
        page.locator("#address").wait_for()
        fits(page)
        shoot(page, f"portal-welcome-{language}")
        page.locator("#address").fill("12")
        page.locator("form button[type=submit]").click()
        page.locator(".field-error").wait_for()
        page.locator("#address").fill(PHONE)
        page.locator("form button[type=submit]").click()
        page.locator("#code").wait_for()
        shoot(page, f"portal-code-{language}")
        page.locator("#code").fill("000000" if shopper.last_code() != "000000" else "000001")
        page.locator(".field-error").wait_for()
        page.locator("#code").fill(shopper.last_code())
        page.locator(".pass-qr .qr").wait_for()
        page.get_by_text(words["keep"]).first.wait_for()
        fits(page)
        shoot(page, f"portal-card-{language}")
        page.locator(".pass-qr").click()
        page.locator(".pass-large .qr").wait_for()
        page.wait_for_timeout(400)
        shoot(page, f"portal-pass-{language}", full=False)
        page.keyboard.press("Escape")
        page.locator(".pass-large").wait_for(state="hidden")
        page.get_by_role("link", name=words["benefits"], exact=True).click()
        page.get_by_test_id("mine").wait_for()
        fits(page)
        shoot(page, f"portal-benefits-{language}")
        page.get_by_role("link", name=words["me"], exact=True).click()
        page.locator(".who-name").wait_for()
        fits(page)
        shoot(page, f"portal-me-{language}")
        for name, ready in (
            ("history", ".entry"), ("points", ".balance"), ("orders", ".order-sum"), ("profile", "form .input"),
            ("identifiers", ".identifier"), ("consent", ".consent"),
        ):  # fmt: skip
            page.locator(f'a[href$="/{name}"]').click()
            page.locator(ready).first.wait_for()
            if name in ("history", "orders"):
                page.locator("button[aria-expanded=false]").nth(3).click()
                page.wait_for_timeout(100)
            if name == "history":
                page.get_by_text(words["why"], exact=True).wait_for()
                page.get_by_text(words["base"]).first.wait_for()
            fits(page)
            shoot(page, f"portal-{name}-{language}")
            page.locator(".bar-back").click()
            page.locator(".who-name").wait_for()
        page.locator("button", has_text="退出登录" if language == "zh-CN" else "Sign out").click()
        page.locator(".van-dialog__confirm").wait_for()
        page.wait_for_timeout(400)
        shoot(page, f"portal-sign-out-{language}", full=False)
        page.locator(".van-dialog__confirm").click()
        page.locator("#address").wait_for()


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_she_is_told_what_ends_soon(brand, opened, shoot, language):
    """¥600 nearly a year ago: 600 points, 100 for the first order, 50 for more than ¥100; silver for a year."""
    from regulars.flows import notices
    from regulars.kit.periods import add_months, end_of_month, start_of_day

    member = brand.enrol(
        PHONE, name="林安娜", language=language[:2], at=datetime.now(UTC) - timedelta(days=400)
    )
    bought = (datetime.now(UTC) - timedelta(days=340)).date().replace(day=12)
    with opened(brand, language=language) as page:
        sign_in(page, brand)
        page.locator(".bell").click()
        page.locator(".state-title").wait_for()
        fits(page)
        shoot(page, f"portal-inbox-empty-{language}")
        brand.order(member, "A1", 60_000, at=start_of_day(bought, "Asia/Shanghai"))
        gone = end_of_month(add_months(bought, 12))
        for last, days in ((add_months(bought, 12) - timedelta(days=1), 7), (gone - timedelta(days=1), 7)):
            notices.send_due(start_of_day(last - timedelta(days=days), "Asia/Shanghai"))
        page.locator(".bar-back").click()
        page.locator(".bell-count").wait_for()
        assert page.locator(".bell-count").inner_text() == "2"
        fits(page)
        shoot(page, f"portal-card-unread-{language}")
        page.locator("nav a").last.click()
        page.locator(".who-name").wait_for()
        shoot(page, f"portal-me-unread-{language}")
        page.locator('.rows a[href$="/inbox"]').click()
        page.locator(".message").first.wait_for()
        assert page.locator(".message .chip").count() == page.locator(".message").count() == 2
        assert "750" in page.locator(".message-body").first.inner_text()
        fits(page)
        shoot(page, f"portal-inbox-{language}")
        page.locator(".bar-back").click()
        page.locator(".who-name").wait_for()
        page.locator(".bell-count").wait_for(state="hidden")
        page.locator(".bell").click()
        page.locator(".message").first.wait_for()
        assert page.locator(".message .chip").count() == 0


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_visitor_joins_at_a_store(brand, opened, shoot, language):
    with opened(brand, language=language, path="?s=S1&src=table-7&r=K7") as page:
        page.get_by_text("南京西路店" if language == "zh-CN" else "West Nanjing Road").wait_for()
        shoot(page, f"portal-store-{language}")
        page.locator("#address").fill(PHONE)
        page.locator("form button[type=submit]").click()
        page.locator("#code").wait_for()
        page.locator("#code").fill(brand.last_code())
        page.locator("#field-name").wait_for()
        page.locator("button[type=submit]").click()
        page.locator(".field-error").first.wait_for()
        fits(page)
        shoot(page, f"portal-join-{language}")
        page.locator("#field-name").fill(
            "欧阳明月" if language == "zh-CN" else "Maximiliana Featherstonehaugh"
        )
        page.locator(".agree .text-button").click()
        page.locator(".sheet .consent").wait_for()
        page.wait_for_timeout(400)
        shoot(page, f"portal-consent-sheet-{language}", full=False)
        page.locator(".sheet button").click()
        page.locator(".sheet").wait_for(state="hidden")
        page.locator("button[type=submit]").click()
        page.locator(".tier").wait_for()
        page.wait_for_timeout(2500)
        fits(page)
        shoot(page, f"portal-card-new-{language}")
        page.goto(page.url.replace("/card", "/me/history"))
        page.locator(".state-title").wait_for()
        shoot(page, f"portal-history-empty-{language}")
    card = member_card(brand)
    assert (card.touchpoint, card.recruiter, card.language) == (
        "table-7",
        "K7",
        "zh" if language == "zh-CN" else "en",
    )


def member_card(brand: Brand) -> Any:
    from regulars.facts.members import api as members
    from regulars.facts.members.types import ById, IdentityIn

    [member] = members.resolve(
        organisation_id=brand.scope.organisation_id,
        brand_id=brand.scope.brand_id,
        refs=[ById(identity=IdentityIn("phone", PHONE))],
    )
    return members.get_card(scope=brand.scope, member_id=member)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_long_names_and_large_numbers_fit(transactional_db, opened, shoot, language):
    from tests.portal.world import BEGAN, make_brand

    from regulars.kit.text import Text
    from regulars.platform.organisations import api as organisations

    brand = make_brand(f"long-{next(_numbers)}")
    name = Text(
        "很长很长的品牌名字股份有限公司上海第一分公司",
        "The Extraordinarily Long Brand Name Company of the North",
    )
    organisations.update_brand(
        brand_id=brand.scope.brand_id, changes={"name": name, "theme": {"accent": "#0f6b5c"}}, now=BEGAN
    )
    now = datetime.now(UTC)
    member = brand.enrol(
        PHONE, at=now - timedelta(days=300), name="Wolfeschlegelsteinhausenbergerdorff Featherstonehaugh"
    )
    brand.order(member, "HUGE-" + "9" * 50, 987_654_321_00, at=now - timedelta(days=20))
    with opened(brand, language=language) as page:
        page.locator("#address").wait_for()
        fits(page)
        sign_in(page, brand)
        page.get_by_text("987,654").first.wait_for()
        page.locator(".pass-qr .qr").wait_for()
        fits(page)
        shoot(page, f"portal-card-long-{language}")
        page.locator("nav a").last.click()
        page.locator(".who-name").wait_for()
        fits(page)
        for path, ready in (("history", ".entry"), ("orders", ".order-sum")):
            page.locator(f'a[href$="/{path}"]').click()
            page.locator(ready).first.wait_for()
            page.locator("button[aria-expanded=false]").first.click()
            page.wait_for_timeout(100)
            fits(page)
            shoot(page, f"portal-{path}-long-{language}")
            page.locator(".bar-back").click()


def test_a_long_history_goes_on_while_one_scrolls(brand, opened, shoot):
    now = datetime.now(UTC)
    member = brand.enrol(PHONE, at=now - timedelta(days=400), name="林安娜")
    for n in range(70):
        brand.order(member, f"N{n}", 1_000 + n, at=now - timedelta(days=350 - 5 * n))
    with opened(brand) as page:
        sign_in(page, brand)
        page.goto(page.url.replace("/card", "/me/history"))
        page.locator(".entry").first.wait_for()
        end = page.get_by_text("没有更早的记录了")
        for _ in range(240):
            page.mouse.wheel(0, 4000)
            page.wait_for_timeout(250)
            if end.count():
                break
        end.wait_for()
        assert page.locator(".entry").count() == 70


def test_the_qr_is_renewed_every_minute(shopper, opened):
    with opened(shopper) as page:
        page.clock.install()
        sign_in(page, shopper)
        qr = page.locator(".pass-qr .qr")
        qr.wait_for()
        page.clock.pause_at(page.evaluate("Date.now()") / 1000 + 2)
        first = qr.get_attribute("data-text")
        left = int(re.search(r"\d+", page.get_by_test_id("countdown").inner_text()).group())
        assert 31 < left <= 60, "it took half a minute to get here"
        page.clock.run_for(30_000)
        assert qr.get_attribute("data-text") == first
        said = int(re.search(r"\d+", page.get_by_test_id("countdown").inner_text()).group())
        assert abs(left - 30 - said) <= 1
        page.wait_for_timeout(1100)  # a pass made within the same second is the same pass
        with page.expect_response("**/pass"):
            page.clock.run_for(31_000)
        page.locator(f'.pass-qr .qr:not([data-text="{first}"])').wait_for()


def test_the_language_changes_at_once_and_is_remembered(shopper, opened):
    with opened(shopper) as page:
        sign_in(page, shopper)
        page.get_by_role("link", name="我的", exact=True).click()
        page.get_by_text("语言", exact=True).click()
        page.get_by_text("Language", exact=True).wait_for()
        assert page.evaluate("document.documentElement.lang") == "en"
        page.reload()
        page.get_by_text("Language", exact=True).wait_for()
        page.get_by_role("link", name="Card", exact=True).click()
        page.get_by_text("reaches").first.wait_for()


def test_everything_can_be_reached_by_keyboard(shopper, opened):
    with opened(shopper, language="en") as page:
        page.locator("#address").wait_for()
        page.locator("#address").focus()
        page.keyboard.type(PHONE)
        page.keyboard.press("Enter")
        page.locator("#code").wait_for()
        page.keyboard.type(shopper.last_code())
        page.locator(".pass-qr .qr").wait_for()
        reached = set()
        for _ in range(14):
            page.keyboard.press("Tab")
            reached.add(
                page.evaluate(
                    "(document.activeElement.innerText || document.activeElement.ariaLabel || '').trim()"
                )
            )
        assert {"Card", "Benefits", "Me", "Refresh now", "Enlarge the QR code"} <= reached
        page.get_by_role("link", name="Me", exact=True).focus()
        page.keyboard.press("Enter")
        page.locator(".who-name").wait_for()
        page.get_by_role("link", name="History").focus()
        page.keyboard.press("Enter")
        page.locator(".entry").first.wait_for()
        page.locator(".entry button").first.focus()
        page.keyboard.press("Enter")
        page.get_by_text("Why", exact=True).wait_for()


@pytest.mark.parametrize("size", ["768", "1440"])
def test_wider_screens(shopper, opened, shoot, size):
    with opened(shopper, size=size) as page:
        page.locator("#address").wait_for()
        fits(page)
        shoot(page, f"portal-welcome-{size}")
        sign_in(page, shopper)
        page.locator(".pass-qr .qr").wait_for()
        page.locator(".next").wait_for()
        fits(page)
        shoot(page, f"portal-card-{size}")
        page.get_by_role("link", name="权益", exact=True).click()
        page.get_by_test_id("mine").wait_for()
        shoot(page, f"portal-benefits-{size}")
        page.get_by_role("link", name="我的", exact=True).click()
        page.locator(".who-name").wait_for()
        page.locator('a[href$="/history"]').click()
        page.locator(".entry").first.wait_for()
        fits(page)
        shoot(page, f"portal-history-{size}")


def test_in_the_dark(shopper, opened, shoot):
    with opened(shopper, dark=True) as page:
        page.locator("#address").wait_for()
        shoot(page, "portal-welcome-dark")
        sign_in(page, shopper)
        page.locator(".pass-qr .qr").wait_for()
        page.locator(".next").wait_for()
        shoot(page, "portal-card-dark")
        page.get_by_role("link", name="我的", exact=True).click()
        page.locator('a[href$="/history"]').click()
        page.locator(".entry button").first.wait_for()
        page.locator(".entry button").nth(1).click()
        page.wait_for_timeout(100)
        shoot(page, "portal-history-dark")


def test_when_the_line_is_down_it_says_so_and_recovers(shopper, opened, shoot):
    with opened(shopper) as page:
        sign_in(page, shopper)
        page.route(
            "**/api/portal/**",
            lambda route: route.fulfill(status=500, json={"code": "internal", "title": "出错了"}),
        )
        page.get_by_role("link", name="权益", exact=True).click()
        page.locator(".state-title").wait_for()
        shoot(page, "portal-failed-zh-CN")
        page.unroute("**/api/portal/**")
        page.locator(".state-action").click()
        page.get_by_test_id("mine").wait_for()


def test_a_session_that_ended_leads_back_to_signing_in_and_then_on(shopper, opened, shoot):
    with opened(shopper) as page:
        sign_in(page, shopper)
        page.context.clear_cookies()
        page.get_by_role("link", name="权益", exact=True).click()
        page.locator(".ended").wait_for()
        shoot(page, "portal-ended-zh-CN")


def test_first_content_on_a_slow_phone(shopper, opened):
    """150 ms away, 1.6 Mbit/s down, a processor four times slower, nothing cached: under 2.5 s."""
    with opened(shopper) as page:
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.send("Network.setCacheDisabled", {"cacheDisabled": True})
        session.send(
            "Network.emulateNetworkConditions",
            {"offline": False, "latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 90_000},
        )
        session.send("Emulation.setCPUThrottlingRate", {"rate": 4})
        page.reload()
        page.locator("#address").wait_for()
        painted = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
        assert painted < 2500
