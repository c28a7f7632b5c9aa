"""Shapes that several areas share."""

from __future__ import annotations

from typing import Generic, TypeVar

from ninja import Field, Schema
from pydantic import ConfigDict

from regulars.kit.text import Text

Item = TypeVar("Item")


class Shape(Schema):
    """A body or an answer; a body with unknown fields is refused."""

    model_config = ConfigDict(extra="forbid")


class PageOut(Shape, Generic[Item]):
    """One page of a list. `next_cursor` asks for the next one; null at the end."""

    items: list[Item]
    next_cursor: str | None = None


class TextIO(Shape):
    """A text in Chinese and English; one left empty borrows the other."""

    zh: str = Field("", max_length=2000)
    en: str = Field("", max_length=2000)

    def to_text(self) -> Text:
        return Text.from_json({"zh": self.zh.strip(), "en": self.en.strip()})

    @classmethod
    def of(cls, text: Text) -> TextIO:
        return cls(zh=text.zh, en=text.en)


class ChoiceOut(Shape):
    """A value with the words for it."""

    value: str
    label: str


class DoneOut(Shape):
    """How many things were changed."""

    changed: int


class TierOut(Shape):
    """A tier as a badge shows it."""

    code: str
    name: str
    rank: int
    colour: str = ""


class StoreRefOut(Shape):
    code: str
    name: str


class ProblemOut(Schema):
    """RFC 9457 problem details."""

    type: str
    title: str
    status: int
    code: str
    detail: str = ""
    errors: list[dict[str, str]] = []
    data: dict[str, object] = {}
