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


# The pages of insight, reach and play, as they are before anything was learnt or sent.
MORE_PAGES = {
    "segments": "segments", "segment-new": "segments/new", "segment-fields": "segments/fields",
    "rfm": "insight/rfm", "value": "insight/value", "churn": "insight/churn", "voice": "insight/voice",
    "lifecycle": "insight/lifecycle", "report": "insight/reports/retention", "goals": "insight/reports/goals",
    "campaigns": "reach/campaigns", "campaign-new": "reach/campaigns/new", "journeys": "reach/journeys",
    "care": "reach/care", "festivals": "reach/calendar", "tasks": "reach/tasks", "templates": "reach/templates",
    "template-new": "reach/templates/new", "channels": "reach/channels", "mission-new": "reach/missions/new",
    "check-in": "reach/missions/checkin", "draw-new": "reach/missions/draws/new", "referrals": "referrals",
    "webhooks": "settings/webhooks",
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


# Words below 4.5:1 (3:1 where they are large) on what is painted behind them, after WCAG 2.2; what is switched off,
# and what lies on a picture, is left out.
_FAINT = r"""() => {
    const parse = (text) => {
        const [kind, ...numbers] = text.match(/[a-z-]+|-?[\d.]+(?:e-?\d+)?/g)
        const of = kind === 'color' ? numbers.slice(1).map(Number) : numbers.map(Number)
        const scale = kind === 'color' ? 255 : 1
        return [of[0] * scale, of[1] * scale, of[2] * scale, of[3] ?? 1]
    }
    const over = (top, under) => [0, 1, 2].map((at) => top[at] * top[3] + under[at] * (1 - top[3]))
    const light = (colour) => {
        const [r, g, b] = colour.map((each) => {
            const part = each / 255
            return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
        })
        return 0.2126 * r + 0.7152 * g + 0.0722 * b
    }
    const behind = (element) => {
        const layers = []
        for (let at = element; at; at = at.parentElement) {
            const style = getComputedStyle(at)
            if (style.backgroundImage !== 'none') return null
            const colour = parse(style.backgroundColor)
            if (colour[3] > 0) layers.push(colour)
            if (colour[3] === 1) break
        }
        return layers.reverse().reduce((under, top) => over(top, under), [255, 255, 255])
    }
    const faint = new Set()
    const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    while (words.nextNode()) {
        const element = words.currentNode.parentElement
        const text = words.currentNode.textContent.trim()
        if (!text || !element.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue
        if (element.closest('script, style, svg, .sr-only, :disabled, [aria-disabled=true], .is-disabled')) continue
        const ground = behind(element)
        if (!ground) continue
        const style = getComputedStyle(element)
        const ink = over(parse(style.color), ground)
        const [low, high] = [light(ink), light(ground)].sort((one, other) => one - other)
        const ratio = (high + 0.05) / (low + 0.05)
        const size = parseFloat(style.fontSize)
        const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700)
        if (ratio < (large ? 3 : 4.5)) faint.add(`${ratio.toFixed(2)} ${text.slice(0, 30)} (${style.color})`)
    }
    return [...faint]
}"""


def legible(page: Any) -> None:
    """Every word can be told from what is behind it."""
    faint = page.evaluate(_FAINT)
    assert not faint, f"hard to read at {page.url}: {faint}"


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
