"""A list as a file for a spreadsheet: CSV that Excel reads, or Excel itself; no cell is ever run as a formula."""

from __future__ import annotations

import csv
import io
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import chain, islice
from tempfile import SpooledTemporaryFile, TemporaryDirectory
from typing import Any, Literal, TypeVar
from urllib.parse import quote
from zoneinfo import ZoneInfo

import xlsxwriter
from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse

from regulars.kit.errors import Refusal, invalid_field
from regulars.kit.paging import MAX_PORTION, Page

_log = logging.getLogger(__name__)
T = TypeVar("T")
Format = Literal["csv", "xlsx"]
MOST_ROWS = 1_048_575  # that a sheet of Excel holds below its header; a CSV has no end
# The last line of a file that broke off: a stream that fails ends like one that is done. The console knows it.
INCOMPLETE = "!REGULARS-INCOMPLETE 文件不完整，请重新导出 / The file is not whole; export it again"
_LONGEST = 32_767  # signs that a cell of Excel holds
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def portions(ask: Callable[[str | None, int], Page[T]]) -> Iterator[Sequence[T]]:
    """Every page of a list by its cursor, in portions as a file is written of."""
    cursor: str | None = None
    while True:
        page = ask(cursor, MAX_PORTION)
        yield page.items
        cursor = page.next_cursor
        if cursor is None:
            return


def sheet(
    *,
    name: str,
    header: Sequence[str],
    rows: Iterable[Sequence[Any]],
    format_: Format,
    timezone: str,
    count: int | None = None,
) -> HttpResponseBase:
    """The download of all rows, or none: a CSV is written as it is sent, however long. Instants are in `timezone`.

    `rows` may be a generator; what it refuses at its first row is answered as a refusal. `count`: how many rows there
    are, where that is known. Raises `invalid_input` (`format`: `too_many_rows`) where Excel could not hold them.
    """
    if format_ == "xlsx" and count is not None and count > MOST_ROWS:
        raise _too_many()
    zone = ZoneInfo(timezone)
    coming = iter(rows)
    first = list(islice(coming, 1))
    cells = ([_cell(value, zone) for value in row] for row in chain(first, coming))
    answer: HttpResponseBase
    if format_ == "csv":
        answer = StreamingHttpResponse(whole(_csv(header, cells)), content_type="text/csv; charset=utf-8")
    else:
        answer = FileResponse(_xlsx(header, cells), content_type=_XLSX)
    answer["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(f'{name}.{format_}')}"
    answer["Cache-Control"] = "no-store"
    return answer


def whole(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The pieces of a text file as they are made; where that fails, a last line says that the rest is missing."""
    try:
        yield from pieces
    except Exception:
        _log.exception("a file broke off while it was sent")
        yield f"\r\n{INCOMPLETE}\r\n".encode()


def _too_many() -> Refusal:
    return invalid_field(
        "format",
        "too_many_rows",
        f"Excel 工作表最多容纳 {MOST_ROWS:,} 行，这份数据更多，请改为导出 CSV",
        f"A sheet of Excel holds {MOST_ROWS:,} rows and there are more; take CSV instead",
    )


def _cell(value: Any, zone: ZoneInfo) -> str | int | float:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, int):
        return value
    if isinstance(value, Decimal):  # a spreadsheet's numbers are these
        return float(value)
    if isinstance(value, datetime):
        return value.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, date):
        return value.isoformat()
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _csv(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(header)
    yield b"\xef\xbb\xbf"
    for row in rows:
        writer.writerow(row)
        if buffer.tell() > 64 * 1024:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def _xlsx(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> SpooledTemporaryFile[bytes]:
    target: SpooledTemporaryFile[bytes] = SpooledTemporaryFile(max_size=8 * 1024 * 1024)  # noqa: SIM115 - sent later
    with (
        TemporaryDirectory() as aside
    ):  # where the sheet grows: nothing of one that is refused is left behind
        options = {
            "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "tmpdir": aside,
        }  # fmt: skip
        book = xlsxwriter.Workbook(target, options)
        page = book.add_worksheet()
        page.freeze_panes(1, 0)
        page.write_row(0, 0, header, book.add_format({"bold": True}))
        for number, row in enumerate(rows, start=1):
            if number > MOST_ROWS:
                raise _too_many()
            page.write_row(number, 0, [_held(cell) for cell in row])
        book.close()
    target.seek(0)
    return target


def _held(cell: str | int | float) -> str | int | float:
    """The cell as Excel can hold it: of a longer text the writer would leave out all."""
    return f"{cell[: _LONGEST - 1]}…" if isinstance(cell, str) and len(cell) > _LONGEST else cell
