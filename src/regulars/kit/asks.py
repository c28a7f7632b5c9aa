"""Questions of several rooms to the database, asked in one round trip.

A statement that reads one row costs more in sending, planning and answering than in reading. So a room may give its
read as an `Ask`: a subquery of one value, as JSON, and how that is read. A flow that needs many of them asks them
together. Members' rows come for all members asked about, each with its member in front.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

T = TypeVar("T")


class Ask(NamedTuple, Generic[T]):
    """`sql` gives one value (text), `values` are those of its `%s`, `read` makes the answer of it; it may be None."""

    sql: str
    values: Sequence[Any]
    read: Callable[[Any], T]


def together(cursor: Any, asks: Sequence[Ask[Any]]) -> list[Any]:
    """The answers, in order, of one statement: they are of one instant.

    Let the text of a statement be the same every time (values aside): then a `planned` cursor has it planned once.
    """
    text = "SELECT " + ", ".join([f"({ask.sql})" for ask in asks])
    cursor.execute(text, [value for ask in asks for value in ask.values])
    return [ask.read(value) for ask, value in zip(asks, cursor.fetchone(), strict=True)]
