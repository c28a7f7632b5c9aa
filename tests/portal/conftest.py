"""A brand, and a browser at its portal. The world is loaded when a test asks for it: Django is ready only then."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.portal.world import Brand, Browser

PHONE = "13800138000"
_numbers = itertools.count(1)


@pytest.fixture
def brand(db: None) -> Brand:
    from tests.portal.world import make_brand

    # brands are remembered by slug for a second: each test has one of its own
    return make_brand(f"morning-{next(_numbers)}")


@pytest.fixture
def browser(brand: Brand) -> Browser:
    from tests.portal.world import Browser

    return Browser(brand.slug).open()


@pytest.fixture
def signed_in(brand: Brand, browser: Browser) -> Callable[..., Browser]:
    """Sign an enrolled member in by the code in the sandbox."""

    def sign_in(phone: str = PHONE) -> Browser:
        assert browser.ask_code(phone).status_code == 202
        answer = browser.give_code(brand.last_code(), phone)
        assert answer.json() == {"outcome": "signed_in"}, answer.content.decode()
        return browser

    return sign_in
