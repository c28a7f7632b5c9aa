"""A shop with a till: the retail programme with promotions and tenders of its own, one member, a fixed clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.rest.conftest import Clock

if TYPE_CHECKING:
    from tests.checkout.world import Till


@pytest.fixture
def noon(monkeypatch: pytest.MonkeyPatch) -> Clock:
    from regulars.kit import clock

    made = Clock()
    monkeypatch.setattr(clock, "now", made)
    return made


@pytest.fixture
def till(db: Any, noon: Clock) -> Till:
    from tests.checkout.world import open_till

    return open_till(noon)
