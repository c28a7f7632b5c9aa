"""Webhooks in the console, to a receiver on this machine: added, tested, failed, sent again, rotated."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.browser.desk import bare, fits, opened, settle, shop, speaks
from tests.browser.test_console_forms import field
from tests.webhooks.conftest import Receiver, receiver

if TYPE_CHECKING:
    from tests.console.world import Shop

pytestmark = pytest.mark.browser
__all__ = ["bare", "opened", "receiver", "shop"]


def deliver() -> None:
    from regulars.flows import webhooks as flow
    from regulars.kit import clock
    from regulars.platform.webhooks import tasks

    flow.feed(clock.now())
    tasks.deliver_all(clock.now())


def test_an_endpoint_is_added_tested_and_read(
    shop: Shop, opened: Any, shoot: Any, receiver: Receiver
) -> None:
    receiver.answers["/down"] = 500
    with opened(shop, "owner", "settings/webhooks") as page:
        page.get_by_role("button", name="Add endpoint").first.click()
        dialog = page.get_by_role("dialog", name="Add endpoint")
        field(dialog, "Address").locator("input").fill("ftp://example.com/in")
        dialog.get_by_role("button", name="Save").click()
        dialog.locator(".el-form-item__error").first.wait_for()
        field(dialog, "Address").locator("input").fill(receiver.url("/down"))
        dialog.get_by_role("button", name="Save").click()
        secret = page.get_by_role("dialog", name="Signing secret")
        assert secret.locator("code").first.inner_text().startswith("whsec_")
        secret.get_by_role("button", name="Close").last.click()
        row = page.locator("tr", has_text="/down")
        row.get_by_role("button", name="Send a test").click()
        drawer = page.locator(".el-drawer.rtl")
        drawer.get_by_text("Waiting").first.wait_for()
        deliver()
        drawer.get_by_text("The answer was not 2xx").first.wait_for()
        drawer.locator("tbody button").first.click()
        shown = page.locator(".el-dialog:visible .body")
        assert json.loads(shown.inner_text())["type"]
        settle(page)
        speaks(page, "en")
        shoot(page, "webhook-log-en", full=False)
        page.keyboard.press("Escape")
        page.locator(".el-dialog:visible").wait_for(state="detached")
        page.keyboard.press("Escape")
        drawer.wait_for(state="hidden")
        row.get_by_role("button", name="Pause").click()
        row.get_by_text("Paused").wait_for()
        row.get_by_role("button", name="Resume").click()
        row.get_by_text("Active").wait_for()
        row.get_by_role("button", name="Rotate secret").click()
        page.locator(".el-message-box").get_by_role("button", name="Rotate secret").click()
        page.get_by_role("dialog", name="Signing secret").get_by_role("button", name="Close").last.click()
        row.get_by_text("The old secret signs until").wait_for()
        settle(page)
        fits(page)
        shoot(page, "webhooks-en", full=False)
    assert [path for path, _, _ in receiver.got] == ["/down"]
    with opened(shop, "owner", "settings/webhooks", language="zh-CN", size="1024") as page:
        page.locator("tbody tr").first.wait_for()
        settle(page)
        fits(page)
        speaks(page, "zh-CN")
        shoot(page, "webhooks-zh-CN-1024", full=False)
