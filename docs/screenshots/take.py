"""Take the README's pictures anew from a running demo: `.venv/bin/python docs/screenshots/take.py [address]`.

Needs the test requirements and Debian's chromium. The member's one-time code is read where an operator reads it.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

HERE = Path(__file__).parent
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]
OWNER, PASSWORD = "owner@demo.example", "regulars-demo-2017"
# two members, since one may ask for a code once a minute only
MEMBERS = {"zh": "+8610000002337", "en": "+8610000001363"}
REACHED = {
    "rfm": "insight/rfm",
    "journey": "reach/journeys/welcome",
    "campaign": "reach/campaigns/replay-13",
}
LANGUAGES = {"zh": "zh-CN", "en": "en"}


def main(base: str = "http://127.0.0.1:8000") -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        for short, locale in LANGUAGES.items():
            console = browser.new_context(
                viewport={"width": 1440, "height": 900}, locale=locale, timezone_id="Asia/Shanghai"
            ).new_page()
            code = take_console(console, base, short)
            tablet = browser.new_context(
                viewport={"width": 1024, "height": 768},
                locale=locale,
                timezone_id="Asia/Shanghai",
                storage_state=console.context.storage_state(),
            ).new_page()
            take_till(tablet, base, short)
            portal = browser.new_context(
                viewport={"width": 390, "height": 844},
                device_scale_factor=2,
                locale=locale,
                timezone_id="Asia/Shanghai",
                is_mobile=True,
                has_touch=True,
            ).new_page()
            take_portal(portal, console, base, short)
            print(short, code)
        browser.close()


def take_console(page: Any, base: str, short: str) -> str:
    """Home over the year, the member with the highest tier, a rule, RFM, a journey, a campaign and its holdout."""
    page.goto(f"{base}/console/demo/")
    page.locator("input[name=email]").fill(OWNER)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("input[name=password]").press("Enter")
    page.locator("main#content").wait_for()
    page.goto(f"{base}/console/demo/?days=365")
    keep(page, f"console-home-{short}")
    page.goto(f"{base}/console/demo/members?tier=gold")
    settle(page)
    ask = """fetch('/api/console/members?tier=gold', { headers: { 'X-Regulars-Brand': 'demo' } })
        .then(answer => answer.json()).then(page => page.items[0].code)"""
    code = str(page.evaluate(ask))
    page.goto(f"{base}/console/demo/members/{code}")
    keep(page, f"console-member-{short}")
    page.goto(f"{base}/console/demo/programme/rules/member-day")
    keep(page, f"console-rule-{short}")
    for name, place in REACHED.items():
        page.goto(f"{base}/console/demo/{place}")
        keep(page, f"console-{name}-{short}")
    return code


def take_till(page: Any, base: str, short: str) -> None:
    """A member of the demo at the till, with a few lines in her cart."""
    page.goto(f"{base}/console/demo/till")
    settle(page)
    stores = page.locator("button.store")
    if stores.count():
        stores.first.click()
    settle(page)
    page.keyboard.press("F2")
    page.keyboard.type(MEMBERS[short])
    page.keyboard.press("Enter")
    settle(page)
    lines = {
        "zh": ("milk 鲜牛奶 12.8 2", "bread 全麦面包 9.9", "beef 牛腩 56"),
        "en": ("milk Milk 12.8 2", "bread Bread 9.9", "beef Beef 56"),
    }
    for line in lines[short]:
        page.keyboard.press("F3")
        page.keyboard.type(line)
        page.keyboard.press("Enter")
    page.keyboard.press("F6")
    keep(page, f"console-till-{short}")


def take_portal(page: Any, console: Any, base: str, short: str) -> None:
    """The demo member's card, signed in with the code that the sandbox shows."""
    page.goto(f"{base}/h/demo/")
    settle(page)
    number = MEMBERS[short]
    send = """async ([path, body]) => {
        const token = (document.cookie.match(/csrftoken=([^;]+)/) || [])[1] || ''
        const answer = await fetch('/api/portal/demo/' + path, { method: 'POST', body: JSON.stringify(body),
            headers: { 'Content-Type': 'application/json', 'X-CSRFToken': token } })
        return answer.status
    }"""
    page.evaluate(send, ["codes", {"kind": "phone", "address": number}])
    console.goto(f"{base}/console/demo/reach/messages/log")
    settle(console)
    said = console.locator("main#content").inner_text()
    found = re.search(r"(?<!\d)\d{6}(?!\d)", said)
    if found is None:
        raise SystemExit("the sandbox shows no code")
    page.evaluate(send, ["session", {"kind": "phone", "address": number, "code": found.group()}])
    page.goto(f"{base}/h/demo/")
    keep(page, f"portal-card-{short}")


def settle(page: Any) -> None:
    page.wait_for_load_state("networkidle")
    for _ in range(100):
        if page.locator("[aria-busy=true]").count() == 0:
            break
        page.wait_for_timeout(100)
    page.wait_for_timeout(1200)  # charts draw themselves in


def keep(page: Any, name: str) -> None:
    settle(page)
    page.screenshot(path=HERE / f"{name}.png")


if __name__ == "__main__":
    main(*sys.argv[1:2])
