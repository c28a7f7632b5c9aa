"""What the SQL interpreter is given and what it gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from psycopg.sql import Composable, Composed


@dataclass(frozen=True, slots=True)
class Binding:
    """Where facts live in a query. Expressions are a room's own SQL; nothing a user wrote goes into them.

    `fields` maps a field key to an expression of its type: int and money bigint, decimal numeric, text and
    enum text, bool boolean, date date, datetime timestamptz, set text[]. `lines` is a jsonb array of objects
    keyed as in memory. `window` and `streak` give expressions for what their arguments name. `now` is aware,
    relative operators reckon from it. Parameters are called `prefix` and a number. `holds` is for sets that are
    tables: key → an expression that is true when the set holds one of the given texts (None: anything at all).
    """

    now: datetime
    fields: Mapping[str, Composable] = field(default_factory=dict)
    lines: Composable | None = None
    window: Callable[[str, int, str, str | None], Composable] | None = None
    streak: Callable[[str], Composable] | None = None
    prefix: str = "c"
    holds: Mapping[str, Callable[[Composable | None], Composable]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SqlCondition:
    """A condition for WHERE: true where it holds, else false or NULL (so negate with IS NOT TRUE)."""

    text: Composed
    params: dict[str, Any]
