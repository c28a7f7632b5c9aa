"""A list as a file for a spreadsheet: CSV that Excel reads, or Excel itself; no cell is ever run as a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from tempfile import SpooledTemporaryFile
from typing import Any, Literal
from urllib.parse import quote
from zoneinfo import ZoneInfo

import xlsxwriter
from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse

Format = Literal["csv", "xlsx"]
MOST_ROWS = 100_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def sheet(
    *, name: str, header: Sequence[str], rows: Iterable[Sequence[Any]], format_: Format, timezone: str
) -> HttpResponseBase:
    """The download. `rows` may be a generator; at most `MOST_ROWS` are written. Instants are in `timezone`."""
    zone = ZoneInfo(timezone)
    cells = ([_cell(value, zone) for value in row] for _, row in zip(range(MOST_ROWS), rows, strict=False))
    answer: HttpResponseBase
    if format_ == "csv":
        answer = StreamingHttpResponse(_csv(header, cells), content_type="text/csv; charset=utf-8")
    else:
        answer = FileResponse(_xlsx(header, cells), content_type=_XLSX)
    answer["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(f'{name}.{format_}')}"
    answer["Cache-Control"] = "no-store"
    return answer


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
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(target, options)
    page = book.add_worksheet()
    page.freeze_panes(1, 0)
    page.write_row(0, 0, header, book.add_format({"bold": True}))
    for number, row in enumerate(rows, start=1):
        page.write_row(number, 0, row)
    book.close()
    target.seek(0)
    return target
