"""The shop of the races, for gifts."""

from __future__ import annotations

from tests.races.conftest import at_once, rush

__all__ = ["at_once", "rush"]
