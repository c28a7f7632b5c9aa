"""A shop whose every call commits for real, and a way to call many things at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.races.world import Rush

THREADS = 50


@pytest.fixture
def at_once(transactional_db: None) -> Callable[[Sequence[Callable[[], Any]]], list[Any]]:
    """Run calls on up to 50 threads, each with a connection of its own, that all start together.

    Returns what each call returned, or the exception that it raised.
    """

    def run(calls: Sequence[Callable[[], Any]]) -> list[Any]:
        from django.db import connections

        count = min(THREADS, len(calls))
        ready = threading.Barrier(count)
        outcomes: list[Any] = [None] * len(calls)

        def work(first: int) -> None:
            try:
                connections["default"].ensure_connection()
                ready.wait(60)
                for place in range(first, len(calls), count):
                    try:
                        outcomes[place] = calls[place]()
                    except Exception as raised:
                        outcomes[place] = raised
            finally:
                connections.close_all()

        threads = [threading.Thread(target=work, args=(n,)) for n in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(200)
        assert not any(thread.is_alive() for thread in threads), "something hangs"
        return outcomes

    return run


@pytest.fixture
def rush(transactional_db: None) -> Rush:
    from tests.races.world import open_rush

    return open_rush()
