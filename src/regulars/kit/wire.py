"""Rows in PostgreSQL's binary COPY format: a field is its length and its bytes.

Posting writes about ten rows an order. Sent as text, each id and instant is written out here and parsed again there;
as bytes an entry costs about half of it on either side. Only tables whose columns this module knows go this way.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from struct import Struct
from typing import Any
from uuid import UUID

_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_LENGTH = Struct("!i")
_INT4 = Struct("!ii")
_INT8 = Struct("!iq")
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_SIXTEEN = _LENGTH.pack(16)
_JSONB = b"\x01"  # the version of the form that jsonb has on the wire
NULL = _LENGTH.pack(-1)


def start(columns: Sequence[str]) -> bytes:
    """What each row begins with: how many fields follow."""
    return len(columns).to_bytes(2, "big")


def uuid(value: UUID | None) -> bytes:
    return NULL if value is None else _SIXTEEN + value.int.to_bytes(16, "big")


def uuid_bytes(value: bytes) -> bytes:
    """An id that is bytes already."""
    return _SIXTEEN + value


def int4(value: int) -> bytes:
    return _INT4.pack(4, value)


def int8(value: int) -> bytes:
    return _INT8.pack(8, value)


def instant(value: datetime | None) -> bytes:
    """A timestamptz: microseconds since 2000."""
    if value is None:
        return NULL
    since = value - _EPOCH
    return _INT8.pack(8, (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds)


def text(value: str) -> bytes:
    said = value.encode()
    return _LENGTH.pack(len(said)) + said


@lru_cache(maxsize=20_000)
def words(*values: str) -> bytes:
    """Several texts that come again and again: units, kinds, rules."""
    return b"".join([text(value) for value in values])


def raw(value: bytes) -> bytes:
    """A text that is UTF-8 already."""
    return _LENGTH.pack(len(value)) + value


def jsonb(value: bytes) -> bytes:
    """A jsonb from its JSON."""
    return _LENGTH.pack(len(value) + 1) + _JSONB + value


def copy(cursor: Any, table: str, columns: Sequence[str], parts: Iterable[bytes]) -> None:
    """Write rows, given as the fields of one after the other, each row begun with `start`."""
    data = b"".join(parts)
    if data:
        with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN (FORMAT BINARY)") as into:
            into.write(b"".join((_HEADER, data, _TRAILER)))
