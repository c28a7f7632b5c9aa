"""The shop of the races, for missions and play."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.races.conftest import at_once, rush

if TYPE_CHECKING:
    from tests.missions.world import World
    from tests.races.world import Rush

__all__ = ["at_once", "rush", "world"]


@pytest.fixture
def world(rush: Rush) -> World:
    from tests.missions.world import open_world

    return open_world(rush)
