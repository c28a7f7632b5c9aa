"""A fixed clock, a brand with the retail programme in force, one of another organisation, and keys for both."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest


class Clock:
    """The present instant of everything that is called: noon in Shanghai on Wednesday, 13 May 2026, until moved."""

    def __init__(self) -> None:
        self.at = datetime(2026, 5, 13, 4, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def move(self, **by: float) -> None:
        self.at += timedelta(**by)


@pytest.fixture
def noon(monkeypatch: pytest.MonkeyPatch) -> Clock:
    from regulars.kit import clock

    made = Clock()
    monkeypatch.setattr(clock, "now", made)
    return made


@pytest.fixture
def shop(request: pytest.FixtureRequest, noon: Clock) -> Any:
    request.getfixturevalue("real_db" if {"together", "real_db"} & set(request.fixturenames) else "db")
    from tests.rest.shop import open_shop

    from regulars.surfaces import rates

    rates.forget()
    return open_shop()
