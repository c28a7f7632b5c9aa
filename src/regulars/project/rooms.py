"""Which rooms are Django apps: each `regulars.<floor>.<room>` or one-room floor with `apps.py` and models."""

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
        rooms = [package / floor / "apps.py", *sorted((package / floor).glob("*/apps.py"))]
        for room in (path.parent for path in rooms if path.exists()):
            if (room / "models.py").exists() or (room / "models" / "__init__.py").exists():
                found.append(".".join(("regulars", *room.relative_to(package).parts)))
    return found
