"""The brand of the REST tests."""

from __future__ import annotations

from tests.rest.conftest import noon, shop

__all__ = ["noon", "shop"]
