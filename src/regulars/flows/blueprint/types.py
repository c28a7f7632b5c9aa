"""What a blueprint is made of, and what a plan says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from regulars.kit.text import Text
from regulars.platform.organisations.types import Scope

Sign = Literal["+", "~", "-"]


@dataclass(frozen=True, slots=True)
class Section:
    """A list of definitions beside the programme, each known by its `key` field, within its `kind` if it has one.

    `export` gives them in canonical form and a stable order; `put` creates or changes one and raises what is wrong with
    it. What a file does not name stays as it is.
    """

    name: str
    title: Text
    key: str
    export: Callable[[UUID], list[dict[str, Any]]]
    put: Callable[[Scope, dict[str, Any], datetime], Any]
    permission: str
    kind: str = ""

    def name_of(self, item: Mapping[str, Any]) -> str:
        """What tells an item from the others."""
        return f"{item.get(self.kind)}/{item[self.key]}" if self.kind else str(item[self.key])


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in a file, counted from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Source:
    """A file as read: plain values, and the place of each by its path (`programme.rules[0].effects[1].unit`)."""

    values: Mapping[str, Any]
    places: Mapping[str, Place]


@dataclass(frozen=True, slots=True)
class Difference:
    """One part that is added (+), changed (~) or taken away (-), in words and leaf by leaf (path, before, after)."""

    sign: Sign
    path: str
    sentence: Text
    leaves: tuple[tuple[str, Any, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What applying a file would change, in the order of the file.

    `untouched` counts by section what the brand has and the file does not name: it stays.
    """

    differences: tuple[Difference, ...]
    untouched: Mapping[str, int]
    published: int | None  # the version that the programme was compared with


@dataclass(frozen=True, slots=True)
class Applied:
    """What applying a file did. `state` is that of the programme's version `number`: none where nothing differed."""

    plan: Plan
    number: int | None
    state: Literal["unchanged", "in_review", "published"]
