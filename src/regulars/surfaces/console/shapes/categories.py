"""Product categories as they travel to the console."""

from __future__ import annotations

from regulars.surfaces.category_shapes import CategoryOut
from regulars.surfaces.console.shapes.shared import Shape


class CategoryPageOut(Shape):
    """One page of codes; `named` and `unnamed` count all of the brand's."""

    items: list[CategoryOut]
    next_cursor: str | None = None
    named: int
    unnamed: int


class CategoryWordsOut(Shape):
    """Names by code, at most 5000."""

    names: dict[str, str]
