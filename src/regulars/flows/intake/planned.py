"""The cursor of the posting transaction."""

from __future__ import annotations

import select
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
    be_connected(connection)
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        yield cursor


def be_connected(connection: Any) -> None:
    """Connect, or connect again if the server has hung up since the last request.

    Django asks it for one row at every request. A server that hung up shows on the socket: there is something to read,
    the end. Where there is nothing no question is needed.
    """
    inner = connection.connection
    if inner is not None and connection.health_check_enabled and not connection.health_check_done:
        poll = select.poll()
        try:
            poll.register(inner.fileno(), select.POLLIN)
            connection.health_check_done = not poll.poll(0)
        except (OSError, ValueError, psycopg.Error):
            connection.health_check_done = False
        connection.close_if_health_check_failed()
    connection.ensure_connection()
