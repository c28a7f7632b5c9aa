"""Shapes of product categories, shared by the public API and the console."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from ninja import Schema
from pydantic import ConfigDict, Field, StringConstraints

from regulars.facts.categories.types import Category, CategoryName
from regulars.kit.text import Text

Said = Annotated[str, StringConstraints(max_length=2000)]


class _Given(Schema):
    model_config = ConfigDict(extra="forbid")


class CategoryTextIn(_Given):
    """A name in Chinese and English, at most 60 characters each; one left empty borrows the other."""

    zh: Said = ""
    en: Said = ""


class CategoryNameIn(_Given):
    """What the category that orders have as `code` is called; a `name` of null takes the name away."""

    code: Said
    name: CategoryTextIn | None = None

    def to_name(self) -> CategoryName:
        return CategoryName(self.code, Text(self.name.zh, self.name.en) if self.name else None)


class CategoryNamesIn(_Given):
    """1 to 1000 categories: all of them are named, or none."""

    categories: Annotated[list[CategoryNameIn], Field(max_length=2000)]


class CategoryTextOut(Schema):
    zh: str
    en: str


class CategoryOut(Schema):
    """A code with its name (null: none yet). `lines`: how many lines of orders have had it, and `last_sold` when last,
    both as of the last night; 0 and null where none had."""

    code: str
    name: CategoryTextOut | None
    lines: int
    last_sold: date | None

    @classmethod
    def of(cls, one: Category) -> CategoryOut:
        name = CategoryTextOut(zh=one.name.zh, en=one.name.en) if one.name else None
        return cls(code=one.code, name=name, lines=one.lines, last_sold=one.last_sold)
