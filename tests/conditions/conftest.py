"""A plain connection to the test server; conditions need no table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest


@pytest.fixture(scope="session")
def connection(postgres: Any) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(**postgres.connection(), autocommit=True) as plain:
        yield plain
