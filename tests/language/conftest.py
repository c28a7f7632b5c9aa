"""A small brand whose warehouse lies in a directory of the test's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def place(settings: Any, tmp_path: Path) -> Path:
    settings.WAREHOUSE_DIRECTORY = tmp_path / "warehouse"
    return tmp_path / "warehouse"


@pytest.fixture
def shop(db: None, place: Path) -> Any:
    """One point for each yuan. The brand's days are Shanghai's."""
    from tests.intake.world import points, programme, rule, world

    return world(programme([rule("base", points())]))
