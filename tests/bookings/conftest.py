"""A salon at noon in Shanghai on Wednesday, 13 May 2026."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.bookings.given import Salon

NOON = datetime(2026, 5, 13, 4, tzinfo=UTC)


@pytest.fixture
def salon(db: None) -> Salon:
    from tests.bookings.given import open_salon

    made = open_salon(NOON)
    made.resource()
    return made
