"""The world of members' tests, made anew for each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture
def world(request: pytest.FixtureRequest) -> Any:
    request.getfixturevalue("real_db" if {"together", "real_db"} & set(request.fixturenames) else "db")
    from tests.members.world import make_world

    return make_world()


@pytest.fixture
def enrol() -> Callable[..., Any]:
    from tests.members.world import enrol_one

    return enrol_one
