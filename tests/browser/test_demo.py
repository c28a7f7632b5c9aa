"""The demo as whoever tries it sees it: every page of the console, on a wide screen and on a phone, says something."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.browser.test_console import fits, opened, settle, sign_in, speaks

pytestmark = pytest.mark.browser
__all__ = ["opened"]
HOUSEHOLDS = 110  # what members are worth is not told of fewer than a hundred
ROUTER = Path(__file__).parents[2] / "web/console/src/router.ts"
# Pages of one thing, and pages that make a new one, are walked by the tests of their own rooms.
PAGES = [
    (name, path)
    for path, name in re.findall(r"^  page\('([^']*)', '([^']*)'", ROUTER.read_text(), re.MULTILINE)
    if ":" not in path and not path.endswith("/new")
]
# What a learned year must have on its pages, by the class of what shows it.
FILLED = {
    "rfm": ".cell", "value": "canvas", "churn": "canvas", "recommend": "canvas", "voice": "canvas",
    "lifecycle": "canvas", "koc": "canvas", "freshness": "table", "insightReports": ".one", "tierHistory": "canvas",
    "segments": "table", "goals": "main",
}  # fmt: skip


@pytest.fixture
def demo(transactional_db: None, settings: Any, tmp_path: Path) -> Any:
    """The demo brand after its first night."""
    from regulars.flows.demo import api as demo
    from regulars.flows.insight import nightly
    from regulars.kit import clock

    settings.FILES_DIRECTORY = tmp_path / "files"
    settings.WAREHOUSE_DIRECTORY = tmp_path / "warehouse"
    made = demo.fill(clock=clock.now, limit=HOUSEHOLDS, writers=1)
    for run in nightly.run_steps(brand=made.brand, clock=clock.now):
        assert run.state in ("done", "lacking"), (run.kind, run.problem)
    return SimpleNamespace(brand=made.brand, emails={role: email for email, role in made.logins})


@pytest.mark.timeout(600)
def test_every_page_of_the_demo_shows_something(demo, opened, shoot):
    from regulars.flows.demo.api import PASSWORD

    for language, size in (("en", "1440"), ("zh-CN", "390")):
        with opened(demo, None, language=language, size=size) as page:
            sign_in(page, demo.emails["owner"], PASSWORD)
            page.locator("main#content").wait_for()
            for name, path in PAGES:
                page.goto(page.shop_url + path)
                page.locator("main h1").first.wait_for()
                settle(page)
                alerts = page.locator("main [role=alert]")
                assert alerts.count() == 0, (name, alerts.all_inner_texts())
                fits(page)
                speaks(page, language)
                if name in FILLED:
                    assert page.locator(f"main {FILLED[name]}").count(), f"{name} shows nothing"
                shoot(page, f"demo-{name}-{language}-{size}")
