"""A story on a database of its own, with the clock frozen at its one place."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from regulars.kit import clock

if TYPE_CHECKING:
    from tests.stories.world import Story


@pytest.fixture
def set_clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    def freeze(instant: datetime) -> None:
        monkeypatch.setattr(clock, "now", lambda: instant)

    return freeze


@pytest.fixture
def story(db: Any, set_clock: Callable[[datetime], None]) -> Story:
    """It is noon of Monday, 6 January 2025, in Shanghai, and the shop opens."""
    from tests.stories.world import PROGRAMME, open_story

    return open_story(set_clock, PROGRAMME, "2025-01-06 12:00")
