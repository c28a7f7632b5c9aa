"""Cursor paging: an opaque cursor holds the sort key of the last row seen; no offset, no count of everything."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from regulars.kit.errors import Refusal, invalid_field

T = TypeVar("T")
U = TypeVar("U")
DEFAULT_LIMIT = 50
MAX_LIMIT = 200  # rows of a page that a caller from outside may ask for
MAX_PORTION = 2_000  # rows of a portion of a file that is written whole


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page: the rows, and the cursor of the next page or None at the end."""

    items: Sequence[T]
    next_cursor: str | None = None

    def map(self, convert: Callable[[T], U]) -> Page[U]:
        return Page([convert(item) for item in self.items], self.next_cursor)


def encode(key: Sequence[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(list(key), default=str).encode()).decode().rstrip("=")


def decode(cursor: str | None, *, parts: int) -> list[Any] | None:
    """The sort key in a cursor, or None for the first page. Refuses what `encode` did not make."""
    if not cursor:
        return None
    try:
        key = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError:
        key = None
    if not isinstance(key, list) or len(key) != parts or any(isinstance(p, (list, dict)) for p in key):
        raise _bad_cursor()
    return key


def decode_id(cursor: str | None) -> UUID | None:
    """The id in the cursor of a list that is sorted by id alone, or None for the first page."""
    key = decode(cursor, parts=1)
    if key is None:
        return None
    try:
        return UUID(str(key[0]))
    except ValueError:
        raise _bad_cursor() from None


def decode_as(cursor: str | None, *kinds: Callable[[str], Any]) -> list[Any] | None:
    """`decode`, each part made of its text by its kind (`int`, `UUID`, `date.fromisoformat` …)."""
    key = decode(cursor, parts=len(kinds))
    try:
        return key and [kind(str(part)) for kind, part in zip(kinds, key, strict=True)]
    except (ValueError, ArithmeticError):
        raise _bad_cursor() from None


def decode_at(cursor: str | None) -> tuple[str, str] | None:
    """The instant and the id in the cursor of a list that is sorted by both, as the database reads them."""
    key = decode_as(cursor, instant, UUID)
    return (key[0].isoformat(), str(key[1])) if key else None


def instant(text: str) -> datetime:
    """An instant in a cursor; one that does not say its offset is none. Raises ValueError."""
    at = datetime.fromisoformat(text)
    if at.utcoffset() is None:
        raise ValueError(f"{text} lies in no zone")
    return at


def _bad_cursor() -> Refusal:
    return invalid_field(
        "cursor", "bad_cursor", "分页游标无效，请从第一页开始", "Not a cursor; start from the first page"
    )


def cut(rows: Sequence[T], limit: int, key: Callable[[T], Sequence[Any]]) -> Page[T]:
    """A page from `limit + 1` fetched rows."""
    if len(rows) <= limit:
        return Page(rows)
    return Page(rows[:limit], encode(key(rows[limit - 1])))
