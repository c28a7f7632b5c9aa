"""Time-ordered 128-bit ids (UUID version 7, RFC 9562 section 5.7) and the short codes that people see."""

from __future__ import annotations

import os
import secrets
import threading
import time
from datetime import UTC, datetime
from hashlib import blake2b
from uuid import UUID

_CODE_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # no 0/O, 1/I: codes are read aloud at tills
_lock = threading.Lock()
_last_stamp = 0


def _stamps(count: int) -> int:
    """The first of `count` strictly increasing stamps of this process: milliseconds, then 12 bits of a counter."""
    global _last_stamp
    with _lock:
        stamp = max((time.time_ns() << 12) // 1_000_000, _last_stamp + 1)
        _last_stamp = stamp + count - 1
    return stamp


def new_ids(count: int) -> list[UUID]:
    """`count` fresh ids, strictly increasing within this process.

    48 bits of milliseconds, then 12 bits of a sub-millisecond counter, then 62 random bits. The counter
    borrows from the future when more than 4 096 ids fall into one millisecond, so order is never lost.
    """
    return [UUID(bytes=made) for made in new_id_bytes(count)]


def new_id_bytes(count: int) -> list[bytes]:
    """`new_ids` as sixteen bytes each, for rows on their way to the database."""
    stamp = _stamps(count)
    noise = bytearray(os.urandom(8 * count))
    noise[::8] = noise[::8].translate(_VARIANT)
    return [
        ((ticks >> 12 << 16) | 0x7000 | (ticks & 0xFFF)).to_bytes(8, "big") + noise[8 * i : 8 * i + 8]
        for i, ticks in enumerate(range(stamp, stamp + count))
    ]


_VARIANT = bytes(0x80 | (n & 0x3F) for n in range(256))


def new_id() -> UUID:
    """One fresh id; see `new_ids`."""
    return new_ids(1)[0]


def made_at(id_: UUID) -> datetime:
    """The instant (UTC, millisecond) at which an id of `new_id` was made."""
    return datetime.fromtimestamp((id_.int >> 80) / 1000, tz=UTC)


def first_id_at(instant: datetime) -> UUID:
    """The smallest id that could have been made at `instant`: the bound of a time range over ids."""
    return UUID(int=int(instant.timestamp() * 1000) << 80)


def new_code(length: int = 10) -> str:
    """A random code for people, e.g. a member's. 32^10 possibilities at the default length."""
    return "".join(secrets.choice(_CODE_ALPHABET) for _ in range(length))


def derive(id_: UUID, *words: str) -> UUID:
    """An id that follows from another and some words: the same each time, beside its parent in order."""
    digest = blake2b("\x1f".join(words).encode(), digest_size=8, key=id_.bytes).digest()
    low = int.from_bytes(digest, "big") & 0x3FFF_FFFF_FFFF_FFFF
    return UUID(int=(id_.int >> 64 << 64) | (0x2 << 62) | low)


def digest(*words: str) -> UUID:
    """A 128-bit fingerprint of some words, kept in a UUID column: keys of directories, hashes of bodies."""
    return UUID(bytes=blake2b("\x1f".join(words).encode(), digest_size=16).digest())
