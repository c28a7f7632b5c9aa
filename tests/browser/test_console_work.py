"""An operator's work in the console, from a member looked up to a rule published."""

from __future__ import annotations

import re
from typing import Any

import pytest
from tests.browser.desk import bare, code_of, opened, settle, shop

pytestmark = pytest.mark.browser
__all__ = ["bare", "opened", "shop"]


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
