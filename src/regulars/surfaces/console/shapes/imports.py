"""Files of orders and members on their way in."""

from __future__ import annotations

from datetime import datetime

from ninja import Field

from regulars.surfaces.console.shapes.shared import ChoiceOut, Shape


class ColumnOut(Shape):
    """A target of the mapping: what it is, and whether a file must have it."""

    key: str
    label: str
    hint: str
    required: bool
    choices: list[ChoiceOut] = []


class OptionOut(Shape):
    """A setting of the whole import; without choices any text."""

    key: str
    label: str
    default: str
    choices: list[ChoiceOut] = []


class ImportKindOut(Shape):
    kind: str
    label: str
    columns: list[ColumnOut]
    options: list[OptionOut]
    one_of: list[str]


class MappingIO(Shape):
    """Target → column of the file; `constants` are targets with one value for the whole file."""

    columns: dict[str, str] = Field({}, max_length=200)
    constants: dict[str, str] = Field({}, max_length=200)
    options: dict[str, str] = Field({}, max_length=50)


class ImportErrorOut(Shape):
    """`field` is the file's column where there is one."""

    row: int
    field: str
    code: str
    message: str


class ImportOut(Shape):
    """Where an import stands. `total` and `done` are rows while the file is read (`stage` reading), then orders or
    members; `rate` is per second in the same."""

    id: str
    kind: str
    kind_name: str
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
    problem: str
    may_start: bool
    may_pause: bool
    may_resume: bool
    may_cancel: bool


class ImportWholeOut(ImportOut):
    mapping: MappingIO
    errors: list[ImportErrorOut]


class PreviewOut(Shape):
    """The beginning of the file, read by the given options, and the mapping its headers suggest."""

    headers: list[str]
    sample: list[list[str]]
    rows: int | None
    encoding: str
    delimiter: str
    sheets: list[str]
    suggested: MappingIO


class StartIn(Shape):
    mapping: MappingIO
    dry: bool = True
