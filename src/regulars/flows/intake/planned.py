"""The cursor of the posting transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg


@contextmanager
def planned(connection: Any) -> Iterator[Any]:
    """A cursor on Django's `connection` whose repeated statements PostgreSQL plans once and keeps.

    Django's own cursor writes the values into the text, which is parsed and planned anew each time: a query of sixteen
    balances cost 28 µs here and 35 µs there, and costs 13 and 10 this way.
    Values must show their type, as `%s::uuid[]`.
    """
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        yield cursor
