"""Files of orders and members on their way in."""

from __future__ import annotations

from datetime import datetime

from ninja import Field

from regulars.surfaces.console.shapes.common import ChoiceOut, Shape


class ColumnOut(Shape):
    """A target of the mapping: what it is, and whether a file must have it."""

    key: str
    label: str
    hint: str
    required: bool
    choices: list[ChoiceOut] = []


class ImportTargetsOut(Shape):
    kinds: list[ChoiceOut]
    columns: dict[str, list[ColumnOut]]


class MappingIn(Shape):
    """Target → column of the file; `constants` are targets with one value for the whole file."""

    columns: dict[str, str] = {}
    constants: dict[str, str] = {}
    options: dict[str, str] = {}


class ImportErrorOut(Shape):
    row: int
    field: str
    code: str
    message: str


class ImportOut(Shape):
    """An import: where it stands, how fast it goes and how long it will take."""

    id: str
    kind: str
    kind_name: str
    file_name: str
    size: int
    state: str
    created_by: str
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    headers: list[str]
    sample: list[list[str]]
    mapping: MappingIn
    suggested: MappingIn
    total: int | None
    done: int
    applied: int
    duplicate: int
    failed: int
    waiting: int = 0
    rate: float | None
    seconds_left: float | None
    dry: bool
    errors: list[ImportErrorOut]
    has_error_file: bool
    problem: str = ""
    may_resume: bool = False
    may_cancel: bool = False
    may_start: bool = False


class StartIn(Shape):
    mapping: MappingIn
    dry: bool = Field(True)
