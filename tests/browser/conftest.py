"""A real Chromium against a live server. Pictures of what it shows go to tests/browser/shots (not kept in git)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

# Playwright's own loop runs in this thread; Django need not fear for it.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
SHOTS = Path(__file__).parent / "shots"
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Debian's Chromium, headless; tests that need it are skipped where there is none."""
    sync_api = pytest.importorskip("playwright.sync_api")
    executable = (
        os.environ.get("REGULARS_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    )
    if executable is None:
        pytest.skip("no Chromium here: apt-get install chromium")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def live_server(live_server: Any) -> Any:
    """A server that has answered once, so that no page waits while it reads what it is made of."""
    assert requests.get(f"{live_server.url}/console/", timeout=120).status_code == 200
    return live_server


@pytest.fixture
def shoot() -> Callable[..., Path]:
    """Keep a picture of a page under a name, at full length; not where nobody looks at them."""

    def take(page: Any, name: str, *, full: bool = True) -> Path:
        path = SHOTS / f"{name}.png"
        if os.environ.get("CI"):
            return path
        SHOTS.mkdir(exist_ok=True)
        before = page.viewport_size
        if full:
            # as tall as the page, so that what sticks to the bottom of the screen is at its bottom
            height = page.evaluate("document.documentElement.scrollHeight")
            page.set_viewport_size({"width": before["width"], "height": max(height, before["height"])})
        page.screenshot(path=path, animations="disabled")
        page.set_viewport_size(before)
        return path

    return take
