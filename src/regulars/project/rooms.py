"""Which rooms are Django apps: every `regulars.<floor>.<room>` that has an `apps.py` and models."""

from __future__ import annotations

from pathlib import Path

_FLOORS = (
    "platform",
    "facts",
    "programme",
    "value",
    "audience",
    "insight",
    "messaging",
    "engage",
    "alliance",
    "lab",
)


def room_apps() -> list[str]:
    """Dotted names of the rooms that own tables, lower floors first, so that foreign keys point backwards."""
    package = Path(__file__).resolve().parent.parent
    found: list[str] = []
    for floor in _FLOORS:
        for room in sorted(path.parent for path in (package / floor).glob("*/apps.py")):
            if (room / "models.py").exists() or (room / "models" / "__init__.py").exists():
                found.append(f"regulars.{floor}.{room.name}")
    return found
