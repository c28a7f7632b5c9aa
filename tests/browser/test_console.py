"""The console as an operator uses it: on a wide screen, in both languages, by mouse and by keyboard."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.console.world import Shop

pytestmark = pytest.mark.browser
SIZES = {"390": (390, 844), "1024": (1024, 768), "1440": (1440, 900)}
_numbers = itertools.count(1)
_QUIET = re.compile(r"status of (401|403|404|409|422) \(|net::ERR_FAILED")
PAGES = {
    "home": "", "home-year": "?days=365", "members": "members", "enrol": "members/enrol", "tags": "tags",
    "approvals": "approvals", "imports": "imports", "import-new": "imports/new", "rules": "programme/rules",
    "rule": "programme/rules/member-day", "tiers": "programme/tiers", "benefits": "programme/benefits",
    "units": "programme/units", "versions": "programme/versions", "version": "programme/versions/2",
    "messages": "reach/messages", "message-log": "reach/messages/log", "message-limits": "reach/messages/limits",
    "stores": "settings/stores", "poster": "settings/stores/SH001/poster",
    "fields": "settings/fields", "activity-types": "settings/activity-types", "brand": "settings/brand",
    "staff": "settings/staff", "roles": "settings/roles", "api-keys": "settings/api-keys", "audit": "settings/audit",
}  # fmt: skip


@pytest.fixture
def bare(transactional_db: None) -> Shop:
    """A brand on its first day: set up, and nobody in it."""
    from tests.console.world import open_shop

    return open_shop(f"console-{next(_numbers)}")


@pytest.fixture
def shop(bare: Shop) -> Shop:
    """The same brand a year later."""
    from tests.console.world import buy, draft_in_review, enrol_members, furnish

    furnish(bare)
    enrol_members(bare, 60)
    buy(bare, 6)
    draft_in_review(bare)
    return bare


@pytest.fixture
def opened(chromium: Any, live_server: Any) -> Callable[..., Any]:
    """Open the console in a fresh browser, signed in unless told otherwise; afterwards nothing may have gone wrong."""

    @contextmanager
    def open_(
        shop: Shop,
        role: str | None = "owner",
        path: str = "",
        *,
        language: str = "en",
        size: str = "1440",
        dark: bool = False,
    ) -> Iterator[Any]:
        width, height = SIZES[size]
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            locale=language,
            timezone_id="Asia/Shanghai",
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            accept_downloads=True,
        )
        context.set_default_timeout(15_000)
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
        page.shop_url = f"{live_server.url}/console/{shop.brand.slug}/"
        if role is None:
            page.goto(f"{live_server.url}/console/")
        else:
            page.goto(page.shop_url + path)
            sign_in(page, shop.emails[role])
        try:
            yield page
        finally:
            context.close()
        assert not wrong, wrong

    return open_


def sign_in(page: Any, email: str, password: str | None = None) -> None:
    from tests.console.world import PASSWORD

    page.locator("input[name=email]").fill(email)
    page.locator("input[name=password]").fill(password or PASSWORD)
    page.locator("input[name=password]").press("Enter")
    if password is None:
        page.locator("main#content").wait_for()


def settle(page: Any) -> None:
    """Wait until the page has asked for what it needs and shows it."""
    page.wait_for_load_state("networkidle")
    for _ in range(100):
        if page.locator("[aria-busy=true]").count() == 0:
            break
        page.wait_for_timeout(100)
    page.wait_for_timeout(250)


def fits(page: Any) -> None:
    """Nothing sticks out of the screen sideways."""
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{wide} px too wide at {page.url}"


def speaks(page: Any, language: str) -> None:
    """No key of the catalogue shows, and English pages have no Chinese but names and data of this brand."""
    text = page.evaluate(
        """() => {
            const copy = document.body.cloneNode(true)
            copy.querySelectorAll('code, pre').forEach((one) => one.remove())
            return copy.textContent
        }"""
    )
    assert not re.search(
        r"\b(?:nav|word|action|state|list|members|member|rules|programme|home)\.[a-z][A-Za-z]+\b", text
    )
    if language == "en":
        menu = "\n".join([*page.locator("nav").all_inner_texts(), *page.locator("main th").all_inner_texts()])
        assert not re.search(r"[\u4e00-\u9fff]", menu), menu


def code_of(shop: Shop, place: int = 0) -> str:
    return shop.code_of(shop.members[place])


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_every_page_shows_itself(shop, opened, shoot, language):
    with opened(shop, language=language) as page:
        for name, path in PAGES.items():
            page.goto(page.shop_url + path)
            page.locator("main h1").first.wait_for()
            settle(page)
            assert page.locator("[role=alert]").count() == 0, (
                name,
                page.locator("[role=alert]").inner_text(),
            )
            fits(page)
            speaks(page, language)
            shoot(page, f"console-{name}-{language}")
        page.goto(f"{page.shop_url}members/{code_of(shop)}")
        page.locator(".item").first.wait_for()
        settle(page)
        speaks(page, language)
        shoot(page, f"console-member-{language}")
        for tab, name in ((1, "ledger"), (2, "lots"), (3, "tier-history"), (4, "notes")):
            page.locator(".tabs [role=tab]").nth(tab).click()
            settle(page)
            shoot(page, f"console-member-{name}-{language}")


@pytest.mark.parametrize("size", ["390", "1024"])
def test_every_page_fits_a_smaller_screen(shop, opened, shoot, size):
    with opened(shop, language="zh-CN", size=size) as page:
        for name, path in {**PAGES, "member": f"members/{code_of(shop)}"}.items():
            page.goto(page.shop_url + path)
            page.locator("main h1").first.wait_for()
            settle(page)
            fits(page)
            shoot(page, f"console-{name}-{size}")
        if size == "390":
            page.get_by_role("button", name="打开导航").click()
            page.locator(".nav-drawer").get_by_role("link", name="会员列表").click()
            page.locator("main h1", has_text="会员").wait_for()


def test_the_dark_console_is_legible(shop, opened, shoot):
    with opened(shop, language="zh-CN", dark=True) as page:
        for name, path in (
            ("home", ""),
            ("rules", "programme/rules"),
            ("member", f"members/{code_of(shop)}"),
        ):
            page.goto(page.shop_url + path)
            settle(page)
            shoot(page, f"console-{name}-dark")
        assert page.evaluate("document.documentElement.classList.contains('dark')")


def test_signing_in_and_out(shop, opened, shoot):
    with opened(shop, None, language="zh-CN") as page:
        page.locator("input[name=email]").wait_for()
        fits(page)
        shoot(page, "console-signin-zh-CN")
        page.get_by_role("button", name="登录", exact=True).click()
        page.get_by_text("请输入邮箱").wait_for()
        sign_in(page, shop.emails["owner"], "not the password")
        page.get_by_role("alert").get_by_text("邮箱或密码不正确").wait_for()
        page.get_by_role("button", name="English").click()
        page.get_by_role("heading", name="Sign in to the console").wait_for()
        sign_in(page, shop.emails["owner"])
        page.get_by_role("heading", name="Home").wait_for()
        settle(page)
        page.get_by_role("button", name="Account").click()
        page.get_by_role("menuitem", name="Sign out").click()
        page.locator("input[name=email]").wait_for()
        page.goto(page.shop_url + "members?tag=vip")
        sign_in(page, shop.emails["owner"])
        page.get_by_role("heading", name="Members").wait_for()
        assert page.url.endswith("members?tag=vip"), "the link she came by still shows the same thing"


def test_a_member_is_found_from_anywhere_by_keyboard_and_each_point_explains_itself(shop, opened, shoot):
    code = code_of(shop, 3)
    with opened(shop, path="settings/stores") as page:
        settle(page)
        page.keyboard.press("/")
        page.keyboard.type("19900000003")
        page.locator("[role=option]").first.wait_for()
        shoot(page, "console-search", full=False)
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(f"members/{code}"))
        page.locator(".item").first.wait_for()
        page.locator(".kinds").get_by_text("Orders").click()
        settle(page)
        page.locator(".item").first.focus()
        page.keyboard.press("Enter")
        panel = page.locator(".el-drawer", has_text="Rules that applied")
        panel.get_by_text("Points for purchases").first.wait_for()
        assert "An order earns 1 point per ¥1" in panel.inner_text()
        panel.get_by_text("Rules that did not apply").click()
        settle(page)
        shoot(page, "console-why-en", full=False)
        shown = panel.inner_text()
        assert "Ledger entries" in shown and "The order" in shown
        page.keyboard.press("Escape")
        panel.wait_for(state="hidden")


def test_a_list_keeps_its_state_in_the_address(shop, opened):
    with opened(shop, path="members") as page:
        settle(page)
        page.get_by_role("button", name="Filter").click()
        page.get_by_role("menuitem", name="Tier").click()
        page.get_by_role("radio", name="Gold").locator("..").click()
        settle(page)
        assert "tier=gold" in page.url
        assert set(page.locator("tbody td .tier").all_inner_texts()) <= {"Gold"}
        page.get_by_role("button", name="Views").click()
        page.get_by_role("menuitem", name="Save as view").click()
        page.locator(".el-message-box input").fill("Gold members")
        page.locator(".el-message-box").get_by_role("button", name="Save").click()
        page.get_by_role("button", name="Clear", exact=True).click()
        settle(page)
        assert "tier=" not in page.url
        page.get_by_role("button", name="Views").click()
        page.get_by_role("menuitem", name="Gold members").click()
        page.wait_for_url(re.compile("tier=gold"))
        settle(page)
        page.get_by_role("button", name="Columns").click()
        page.locator(".column-choice").get_by_text("Joined at").click()
        page.keyboard.press("Escape")
        assert "Joined at" in page.locator("thead").inner_text()
        with page.expect_download() as download:
            page.get_by_role("button", name="Export").click()
            page.get_by_role("menuitem", name="Export CSV").click()
        assert download.value.suggested_filename.endswith(".csv")
        page.locator("tbody tr").first.click(position={"x": 300, "y": 8})
        page.locator(".el-drawer").get_by_text("Open full page").first.wait_for()
        assert "open=" in page.url


def test_a_large_adjustment_waits_for_a_second_person(shop, opened, shoot):
    code = code_of(shop, 1)
    with opened(shop, "operator", f"members/{code}", language="zh-CN") as page:
        page.get_by_role("button", name="调整积分").click()
        dialog = page.get_by_role("dialog", name="人工调整")
        dialog.get_by_role("spinbutton").fill("5000")
        dialog.locator("textarea").fill("外送多次迟到，向客户致歉")
        dialog.get_by_text("调整后可用").wait_for()
        shoot(page, "console-adjust", full=False)
        dialog.get_by_role("button", name="确认调整").click()
        page.get_by_text("已提交，等待另一人审批").wait_for()
        page.goto(page.shop_url + "approvals")
        page.get_by_text("您自己提交的，须由他人审批").wait_for()
    with opened(shop, "reviewer", "approvals", language="zh-CN") as page:
        page.get_by_role("button", name="同意").click()
        box = page.locator(".el-message-box")
        assert "+5,000 积分" in box.inner_text(), "the consequence is said in numbers"
        box.get_by_role("button", name="同意").click()
        page.get_by_text("已同意并入账").wait_for()
        page.get_by_text("没有等待审批的调整").wait_for()


def test_a_rule_is_built_said_tried_reviewed_and_published(shop, opened, shoot):
    with opened(shop, "operator", "programme/rules?v=1") as page:
        page.get_by_role("button", name="Start a draft").click()
        page.get_by_role("button", name="New rule").click()
        names = page.locator(".names input")
        names.nth(0).fill("大单礼")
        names.nth(1).fill("Big order gift")
        page.get_by_role("button", name="Add a condition").first.click()
        page.get_by_role("menuitem", name="A field of the member, order, time …").click()
        value = page.locator(".q .value input").first
        value.fill("188")
        value.press("Tab")
        page.get_by_role("button", name="Add a condition").first.click()
        page.get_by_role("menuitem", name="Products in the order").click()
        page.locator(".where .value input").first.fill("beans")
        page.locator(".where .value input").first.press("Tab")
        give = page.locator(".effect").get_by_role("spinbutton", name="Give")
        give.fill("88")
        give.press("Tab")
        said = page.locator(".say")
        said.filter(has_text="88 points").wait_for()
        assert "188" in said.nth(0).inner_text() and "beans" in said.nth(1).inner_text(), (
            said.all_inner_texts()
        )
        page.get_by_role("combobox", name="Member", exact=True).fill("19900000003")
        page.locator(".el-select-dropdown__item", has_text=code_of(shop, 3)).click()
        settle(page)
        page.get_by_role("button", name="Try", exact=True).click()
        page.get_by_text("This draft").wait_for()
        settle(page)
        shoot(page, "console-rule-editor-en")
        page.get_by_role("button", name="Save draft").click()
        page.get_by_text("Draft saved").wait_for()
        page.get_by_role("button", name="Submit for review").click()
        page.locator(".el-message-box input").fill("Please look")
        page.locator(".el-message-box").get_by_role("button", name="Submit for review").click()
        page.get_by_text("Submitted").first.wait_for()
        number = re.search(r"v=(\d+)", page.url)
        assert number is not None
    with opened(shop, "reviewer", f"programme/versions/{number[1]}") as page:
        page.get_by_text("rules[rule]").wait_for()
        shoot(page, "console-review-en")
        page.get_by_role("button", name="Approve").click()
        page.locator(".el-message-box").get_by_role("button", name="Approve").click()
        page.get_by_role("button", name="Publish").click()
        dialog = page.get_by_role("dialog")
        assert "It differs from the live one in 1 places." in dialog.inner_text()
        dialog.get_by_role("button", name="Publish").click()
        page.get_by_text("Published").first.wait_for()
        page.locator("main .el-tag", has_text="Live").first.wait_for()


def test_a_mistake_in_a_rule_is_shown_where_it_is(shop, opened):
    with opened(shop, "operator", "programme/rules?v=1") as page:
        page.get_by_role("button", name="Start a draft").click()
        page.get_by_role("button", name="New rule").wait_for()
        page.get_by_role("link", name="First order bonus").click()
        give = page.locator(".effect").get_by_role("spinbutton", name="Give")
        give.fill("0")
        give.press("Tab")
        page.locator(".effect .bad").first.wait_for()
        page.get_by_role("link", name="Members", exact=False).first.click()
        page.locator(".el-message-box").get_by_text("You have unsaved changes").wait_for()
        page.locator(".el-message-box").get_by_role("button", name="Stay").click()
        page.get_by_role("button", name="Discard changes").click()
        page.locator(".el-message-box").get_by_role("button", name="Discard changes").click()
        page.locator(".effect .bad").first.wait_for(state="hidden")


def test_a_file_is_imported_with_its_errors_shown(shop, opened, shoot, tmp_path):
    from regulars.flows.imports import api as imports
    from regulars.kit import clock

    rows = ["订单号,手机号,时间,金额,品类"]
    rows += [f"N{n},1990000{n:04d},2026-01-{1 + n % 28:02d} 10:00,{n}.50,coffee" for n in range(1, 21)]
    rows += ["N99,19900000001,昨天,10.00,coffee", "N98,19900000002,2026-01-05 10:00,很多,coffee"]
    file = tmp_path / "历史订单.csv"
    file.write_text("\n".join(rows), encoding="utf-8")

    def work(page: Any) -> None:
        (job,) = imports.list_imports(scope=shop.scope, now=clock.now(), states=["queued"]).items
        assert imports.run_here(import_id=job.id, clock=clock.now, writers=1)

    with opened(shop, path="imports/new", language="zh-CN") as page:
        page.locator("input[type=file]").set_input_files(str(file))
        page.get_by_role("button", name="上传").click()
        page.get_by_text("文件前几行").wait_for()
        settle(page)
        shoot(page, "console-import-mapping-zh-CN")
        page.get_by_role("button", name="试运行").click()
        page.get_by_text("可以离开这个页面").wait_for()
        work(page)
        page.get_by_role("heading", name="试运行完成").wait_for()
        page.get_by_text("有误 2").wait_for()
        settle(page)
        shoot(page, "console-import-checked-zh-CN")
        with page.expect_download() as download:
            page.get_by_role("button", name="下载错误文件").click()
        assert "昨天" in download.value.path().read_text("utf-8-sig")
        page.get_by_role("button", name="正式导入").click()
        page.locator(".el-message-box").get_by_role("button", name="正式导入").click()
        page.get_by_text("可以离开这个页面").wait_for()
        work(page)
        page.get_by_role("heading", name="已完成").wait_for()
        page.get_by_text("成功 20").wait_for()
        shoot(page, "console-import-done-zh-CN")


def test_a_clerk_sees_her_work_and_is_told_whom_to_ask_for_more(shop, opened, shoot):
    with opened(shop, "clerk", "", language="en") as page:
        page.get_by_text("You may not see this").wait_for()
        assert "See the dashboard and reports" in page.locator("main").inner_text()
        shoot(page, "console-forbidden-en", full=False)
        menu = page.locator("nav").first.inner_text()
        assert "All members" in menu and "Audit log" not in menu and "Rules" not in menu
        page.goto(f"{page.shop_url}members/{code_of(shop)}")
        page.locator(".item").first.wait_for()
        assert page.get_by_role("button", name="Adjust points").count() == 0
        assert "*" in page.locator("h1").inner_text() or "·" in page.locator("h1").inner_text()


def test_a_new_key_is_shown_once(shop, opened, shoot):
    with opened(shop, path="settings/api-keys") as page:
        page.get_by_role("button", name="New key").first.click()
        dialog = page.get_by_role("dialog", name="New key")
        dialog.get_by_placeholder("Such as “Till system”").fill("Till")
        dialog.get_by_role("button", name="New key").click()
        once = page.get_by_role("dialog", name="Save the key now")
        secret = once.locator("code").inner_text()
        assert secret.startswith("rk_live_")
        shoot(page, "console-key-once", full=False)
        once.get_by_role("button", name="I have saved it").click()
        page.locator("strong", has_text="Till").wait_for()
        page.reload()
        settle(page)
        assert secret not in page.content()


def test_the_first_day_says_what_to_do_first(bare, opened, shoot):
    with opened(bare, language="zh-CN") as page:
        page.get_by_text("还没有会员").wait_for()
        settle(page)
        shoot(page, "console-home-empty", full=False)
        for path in ("members", "tags", "imports", "reach/messages", "settings/stores", "settings/fields"):
            page.goto(page.shop_url + path)
            page.locator(".empty h3").wait_for()
        page.goto(page.shop_url + "members/enrol")
        page.locator("input[name=phone]").fill("12")
        page.get_by_role("button", name="新增", exact=True).click()
        page.locator(".el-form-item__error").first.wait_for()
        page.locator("input[name=phone]").fill("13800138000")
        page.locator("input[name=name]").fill("王第一")
        page.get_by_role("button", name="新增", exact=True).click()
        page.get_by_role("heading", name="王第一").wait_for()


def test_a_failing_server_is_told_with_its_code_and_can_be_asked_again(shop, opened, shoot):
    with opened(shop, path="settings/stores") as page:
        settle(page)
        page.route(re.compile("/api/console/members"), lambda route: route.abort())
        page.goto(page.shop_url + "members")
        alert = page.get_by_role("alert")
        alert.get_by_text("The server cannot be reached").wait_for()
        assert "no_connection" in alert.inner_text()
        shoot(page, "console-error-en", full=False)
        page.unroute(re.compile("/api/console/members"))
        alert.get_by_role("button", name="Try again").click()
        page.locator("tbody tr").first.wait_for()


def test_charts_can_be_read_as_tables_and_taken_away(shop, opened):
    with opened(shop, path="?days=90") as page:
        page.locator("canvas").first.wait_for()
        settle(page)
        card = page.locator("section.chart", has_text="Members in each tier")
        card.get_by_role("button").click()
        page.get_by_role("menuitem", name="Show as table").click()
        assert "Diamond" in card.locator("table").inner_text()
        sales = page.locator("section.chart", has_text="Sales to members over time")
        for name in ("Download data (CSV)", "Download picture (PNG)"):
            with page.expect_download() as download:
                sales.get_by_role("button").click()
                page.get_by_role("menuitem", name=name).click()
            assert download.value.path().stat().st_size > 500


def test_the_keyboard_reaches_the_content_and_the_navigation(shop, opened):
    with opened(shop, path="members") as page:
        settle(page)
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent.trim()") == "Skip to content"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "content"
        page.locator("tbody tr").first.focus()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        drawer = page.locator(".el-drawer", has_text="Open full page")
        drawer.wait_for()
        page.keyboard.press("Escape")
        drawer.wait_for(state="hidden")
