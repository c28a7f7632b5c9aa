from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def _files_of_the_test(settings: Any, tmp_path: Path) -> None:
    settings.FILES_DIRECTORY = tmp_path / "files"
