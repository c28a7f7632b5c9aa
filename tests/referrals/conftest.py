"""The shop of the public API with its clock."""

from tests.rest.conftest import noon, shop

__all__ = ["noon", "shop"]
