"""The shop of the missions, whose members can be given badges, chances and missions."""

from tests.missions.conftest import at_once, rush, world

__all__ = ["at_once", "rush", "world"]
