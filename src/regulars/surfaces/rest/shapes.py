"""Shapes that several parts of the API share."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from ninja import Field, Query, Schema
from pydantic import AfterValidator, AwareDatetime, ConfigDict, StringConstraints

from regulars.kit.paging import DEFAULT_LIMIT, MAX_LIMIT

T = TypeVar("T")
_CLEAN = r"^[^\x00]*$"


def _of_our_time(instant: datetime) -> datetime:
    if not 1900 <= instant.year <= 2200:
        raise ValueError("out of range")
    return instant


# An instant with its offset, between 1900 and 2200.
Instant = Annotated[AwareDatetime, AfterValidator(_of_our_time)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=_CLEAN)]
Line = Annotated[str, StringConstraints(max_length=200, pattern=_CLEAN)]
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT)]
Cursor = Annotated[
    str | None, Query(max_length=400, pattern=_CLEAN, description="`next_cursor` of the page before")
]
Whole = Annotated[int, Field(ge=1, le=10**12)]
PAGE = DEFAULT_LIMIT


class In(Schema):
    """What callers send: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class TextOut(Schema):
    """A text in both languages."""

    zh: str
    en: str


class TextIn(In):
    zh: Annotated[str, StringConstraints(max_length=200, pattern=_CLEAN)]
    en: Annotated[str, StringConstraints(max_length=200, pattern=_CLEAN)]


class PageOut(Schema, Generic[T]):
    """One page; `next_cursor` is null on the last."""

    items: list[T]
    next_cursor: str | None = None


class ListOut(Schema, Generic[T]):
    """Everything there is."""

    items: list[T]


class FieldErrorOut(Schema):
    """One thing wrong with the input."""

    field: str
    code: str
    message: str


class Problem(Schema):
    """A refusal after RFC 9457. `code` is stable; `title` and messages are in the language of `Accept-Language`."""

    type: str
    title: str
    status: int
    code: str
    detail: str | None = None
    errors: list[FieldErrorOut] | None = None
    data: dict[str, Any] | None = None


class IdentityRefIn(In):
    """One identifier of a member, e.g. type `phone`, value `+8613800138000`."""

    type: Word
    value: Annotated[str, StringConstraints(min_length=1, max_length=256, pattern=_CLEAN)]


class MemberRefIn(In):
    """A member by exactly one of these."""

    id: UUID | None = None
    code: Word | None = None
    identity: IdentityRefIn | None = None


PROBLEM_CONTENT = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
