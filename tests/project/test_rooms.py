"""The rooms with tables are found, and nothing else."""

from __future__ import annotations

from pathlib import Path

import regulars
from regulars.project.rooms import room_apps


def test_every_package_with_an_app_and_models_is_installed() -> None:
    package = Path(regulars.__file__).parent
    expected = {
        "regulars." + ".".join(path.parent.relative_to(package).parts)
        for path in package.glob("**/apps.py")
        if (path.parent / "models.py").exists() or (path.parent / "models").is_dir()
    }
    assert set(room_apps()) == expected
    assert len(room_apps()) == len(expected)
