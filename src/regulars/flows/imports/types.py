"""What the importer speaks of: targets of a mapping, options, previews, and what goes from reader to writer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol
from uuid import UUID

from regulars.facts.activity.types import ActivityIn
from regulars.facts.members.types import Enrolment
from regulars.kit.text import Text

Kind = Literal["orders", "members"]


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    label: Text


@dataclass(frozen=True, slots=True)
class Target:
    """Something a column of the file can be. `words` are headers it is recognised by, in one written form."""

    key: str
    label: Text
    hint: Text
    required: bool = False
    choices: tuple[Choice, ...] = ()
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Option:
    """A setting of the whole import; without choices any text."""

    key: str
    label: Text
    default: str
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True)
class Mapping:
    """Target → column of the file; `constants` are targets with one value for the whole file."""

    columns: dict[str, str] = field(default_factory=dict)
    constants: dict[str, str] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {"columns": self.columns, "constants": self.constants, "options": self.options}

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Mapping:
        return cls(
            dict(value.get("columns", {})), dict(value.get("constants", {})), dict(value.get("options", {}))
        )


@dataclass(frozen=True, slots=True)
class Preview:
    """The beginning of a file: headers, sample rows as text, and what we take it for.

    `rows` is the number of rows where the format says it at once. `encoding` and `delimiter` are of CSV only.
    """

    headers: list[str]
    sample: list[list[str]]
    rows: int | None
    encoding: str
    delimiter: str
    sheets: list[str]
    suggested: Mapping


@dataclass(frozen=True, slots=True)
class Wrong:
    """One thing wrong with a row; `field` is a target's key, or empty for the row as a whole."""

    row: int
    field: str
    code: str
    message: Text

    def to_json(self) -> dict[str, str]:
        return {"field": self.field, "code": self.code, "zh": self.message.zh, "en": self.message.en}


@dataclass(slots=True)
class Item:
    """What a writer takes: one order or one person, the file's rows it came from (one per line of the order), or
    what is wrong with it."""

    given: ActivityIn | Enrolment | None
    rows: Sequence[int] = ()
    wrong: Sequence[Wrong] = ()
    tier: tuple[str, str, datetime | None] | None = None  # to be matched: scheme, tier, until when


class Feed(Protocol):
    """The items of one writer, in the order in which they are to be posted, the same each time it is asked.

    Feeds go to other processes, so they are plain data.
    """

    def items(self, *, shard: int, shards: int, skip: int) -> Iterator[Item]: ...


@dataclass(frozen=True, slots=True)
class ImportView:
    """An import as people see it.

    `total` and `done` are rows while the file is read (`stage` reading) and orders or members while they are posted;
    `rate` is per second in the same.
    """

    id: UUID
    kind: str
    origin: str
    file_name: str
    size: int
    state: str
    stage: str
    dry: bool
    created_by: str
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    mapping: Mapping
    rows: int | None
    total: int | None
    done: int
    applied: int
    duplicate: int
    waiting: int
    failed: int
    rate: float | None
    seconds_left: float | None
    has_error_file: bool
    problem: Text
    may_start: bool
    may_pause: bool
    may_resume: bool
    may_cancel: bool
