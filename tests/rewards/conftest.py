"""A mall at noon in Shanghai on Wednesday, 13 May 2026."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.rewards.given import Mall

NOON = datetime(2026, 5, 13, 4, tzinfo=UTC)


@pytest.fixture
def mall(db: None) -> Mall:
    from tests.rewards.given import open_mall

    return open_mall(NOON)
