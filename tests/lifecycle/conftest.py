"""A small brand whose warehouse lies in a directory of the test's own."""

from __future__ import annotations

from tests.insight.conftest import place, shop

__all__ = ["place", "shop"]
