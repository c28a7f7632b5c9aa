"""A shop on a database of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.prepaid.world import Shop


@pytest.fixture
def shop(db: Any) -> Shop:
    from tests.prepaid.world import open_shop

    return open_shop()
