"""The console's side of a test: a brand to look at, a browser that is signed in, and what a look checks."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.console.world import Shop


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
    "categories": "settings/categories",
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
        zone: str = "Asia/Shanghai",
    ) -> Iterator[Any]:
        width, height = SIZES[size]
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            locale=language,
            timezone_id=zone,
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
            accept_downloads=True,
        )
        context.set_default_timeout(60_000)
        page = context.new_page()
        page.under_way = under_way = set()
        page.on("request", lambda request: under_way.add(request))
        page.on("requestfinished", lambda request: under_way.discard(request))
        page.on("requestfailed", lambda request: under_way.discard(request))
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
    """Wait until for 300 milliseconds the page has asked for nothing and has shown nothing as busy."""
    quiet = 0
    for _ in range(100):
        page.wait_for_timeout(100)
        busy = page.under_way or page.locator("[aria-busy=true]").count()
        quiet = 0 if busy else quiet + 1
        if quiet == 3:
            break


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
