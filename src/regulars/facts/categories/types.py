"""Product categories as other rooms see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from regulars.kit.text import Text


@dataclass(frozen=True, slots=True)
class CategoryName:
    """What a brand calls the category that its tills send as `code`; a name of None is taken away."""

    code: str
    name: Text | None


@dataclass(frozen=True, slots=True)
class Category:
    """A code that was named, met in orders, or both. `lines` and `last_sold` are as of the last night; 0 and None where
    no order had it yet."""

    code: str
    name: Text | None
    lines: int = 0
    last_sold: date | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """How many codes have a name, and how many that were sold have none."""

    named: int
    unnamed: int


@dataclass(frozen=True, slots=True)
class Met:
    """A code as orders have it: on how many lines, and when last."""

    code: str
    lines: int
    last_sold: date
