"""A brand with the retail programme in force, one of another organisation, and keys for both."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def shop(request: pytest.FixtureRequest) -> Any:
    request.getfixturevalue("real_db" if {"together", "real_db"} & set(request.fixturenames) else "db")
    from tests.rest.shop import open_shop

    from regulars.surfaces import rates

    rates.forget()
    return open_shop()
