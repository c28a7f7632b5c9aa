"""Files as rows: CSV in the encodings people have, Excel, Parquet; read in passing, never whole (Excel excepted)."""

from __future__ import annotations

import codecs
import csv
import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from regulars.flows.imports.values import text_of
from regulars.kit.errors import Refusal
from regulars.kit.text import Text

CHUNK = 4096
ENCODINGS = ("utf-8-sig", "utf-8", "gb18030", "gbk", "utf-16", "big5", "cp1252")
_BLOCK = 1 << 20
_DELIMITERS = (",", "\t", ";", "|")
_NAMED = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";"}
_LONGEST_CELL = 1 << 20
_MOST_COLUMNS = 500

Row = tuple[Any, ...]
# row number of the first, rows (None: more cells than headers), how much of the file has been read (0 … 1)
Chunk = tuple[int, list[Row | None], float]


class BadFile(Refusal):
    """The file as a whole cannot be read."""

    def __init__(self, code: str, zh: str, en: str) -> None:
        super().__init__(code, Text(zh, en))


@dataclass(slots=True)
class Table:
    """A file with a header row. Row numbers are those a spreadsheet shows; Parquet's begin at 1."""

    headers: list[str]
    rows: int | None
    read: Callable[[Sequence[int]], Iterator[Chunk]]
    encoding: str = ""
    delimiter: str = ""
    sheets: Sequence[str] = ()

    def columns(self, headers: Sequence[str]) -> list[int]:
        """Places of headers. Raises BadFile for one that the file does not have."""
        places = {header: n for n, header in enumerate(self.headers)}
        for header in headers:
            if header not in places:
                raise BadFile("no_column", f"文件中没有列“{header}”", f"The file has no column '{header}'")
        return [places[header] for header in headers]


def open_table(path: Path, name: str, options: dict[str, str]) -> Table:
    """Open a file by the suffix of its name; options are encoding, delimiter and sheet. Raises BadFile."""
    suffix = name.rsplit(".", 1)[-1].lower()
    if suffix == "parquet":
        return _open_parquet(path)
    if suffix == "xlsx":
        return _open_excel(path, options.get("sheet", ""))
    return _open_csv(path, options.get("encoding", "auto"), options.get("delimiter", ""))


def _open_csv(path: Path, encoding: str, delimiter: str) -> Table:
    csv.field_size_limit(_LONGEST_CELL)
    if not encoding or encoding == "auto":
        encoding = detect_encoding(path)
    elif encoding not in ENCODINGS:
        raise BadFile("unknown_encoding", f"未知编码 {encoding[:40]}", f"Unknown encoding {encoding[:40]}")
    size = max(1, path.stat().st_size)
    try:
        with path.open(encoding=encoding, newline="") as file:
            beginning = file.read(64 * 1024)
    except UnicodeError:
        raise _undecodable() from None
    delimiter = _NAMED.get(delimiter, delimiter) or _guess_delimiter(beginning)
    if len(delimiter) != 1 or delimiter in '"\r\n\0' or not (delimiter == "\t" or delimiter.isprintable()):
        raise BadFile("bad_delimiter", "分隔符须为单个字符", "The delimiter is one character")

    def records() -> Iterator[tuple[list[str], float]]:
        try:
            with path.open("rb") as raw, io.TextIOWrapper(raw, encoding=encoding, newline="") as file:
                share = 0.0
                for n, record in enumerate(csv.reader(file, delimiter=delimiter)):
                    if n % CHUNK == 0:
                        share = raw.tell() / size
                    yield record, share
        except UnicodeError:
            raise _undecodable() from None
        except csv.Error as error:
            raise BadFile("bad_csv", f"CSV 格式错误：{error}", f"Not good CSV: {error}") from None

    headers: list[str] = []
    header_at = 0
    for record, _ in records():
        header_at += 1
        if any(cell.strip() for cell in record):
            headers = _named(record)
            break
    if not headers:
        raise _empty()

    def read(columns: Sequence[int]) -> Iterator[Chunk]:
        width = len(headers)
        source = islice(records(), header_at, None)
        number = header_at + 1
        while True:
            some = list(islice(source, CHUNK))
            if not some:
                return
            rows: list[Row | None] = []
            for record, _ in some:
                if len(record) < width:
                    record = record + [""] * (width - len(record))
                elif len(record) > width and any(cell.strip() for cell in record[width:]):
                    rows.append(None)
                    continue
                rows.append(tuple([record[c] for c in columns]))
            yield number, rows, some[-1][1]
            number += len(some)

    return Table(headers, None, read, encoding=encoding, delimiter=delimiter)


def detect_encoding(path: Path) -> str:
    """utf-16 or utf-8 by their marks, utf-8 if all of the file decodes as that, else gb18030 if it does."""
    with path.open("rb") as file:
        mark = file.read(4)
    if mark.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    for encoding in ("utf-8", "gb18030"):
        if _decodes(path, encoding):
            return "utf-8-sig" if encoding == "utf-8" else encoding
    raise _undecodable()


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as file:
        try:
            while block := file.read(_BLOCK):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeError:
            return False
    return True


def _guess_delimiter(beginning: str) -> str:
    line = next((line for line in beginning.splitlines() if line.strip()), "")
    bare = "".join(part for n, part in enumerate(line.split('"')) if n % 2 == 0)
    return max(_DELIMITERS, key=lambda d: (bare.count(d), -_DELIMITERS.index(d)))


def _open_excel(path: Path, sheet: str) -> Table:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_path(str(path))
        names = list(book.sheet_names)
        if sheet and sheet not in names:
            raise BadFile("no_sheet", f"没有工作表“{sheet}”", f"There is no sheet '{sheet}'")
        found = book.get_sheet_by_name(sheet or names[0])
        # begins at the sheet's first row, whatever is empty before the data
        cells = list(found.iter_rows())
    except (CalamineError, OSError, zipfile.BadZipFile, IndexError) as error:
        raise BadFile(
            "bad_excel", f"无法读取 Excel 文件：{error}", f"Not a good Excel file: {error}"
        ) from None
    header_at = next((n for n, row in enumerate(cells) if any(text_of(c) for c in row)), None)
    if header_at is None:
        raise _empty()
    headers = _named([text_of(cell) for cell in cells[header_at]])

    def read(columns: Sequence[int]) -> Iterator[Chunk]:
        width = len(headers)
        for at in range(header_at + 1, len(cells), CHUNK):
            rows: list[Row | None] = [
                tuple([row[c] if c < len(row) else None for c in columns])
                if not any(text_of(cell) for cell in row[width:])
                else None
                for row in cells[at : at + CHUNK]
            ]
            yield at + 1, rows, min(1.0, (at + CHUNK) / len(cells))

    return Table(headers, len(cells) - header_at - 1, read, sheets=names)


def _open_parquet(path: Path) -> Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(path, memory_map=True, pre_buffer=False)
    except (pa.ArrowException, OSError) as error:
        raise BadFile(
            "bad_parquet", f"无法读取 Parquet 文件：{error}", f"Not good Parquet: {error}"
        ) from None
    if not file.schema_arrow.names:
        raise _empty()
    headers = _named(list(file.schema_arrow.names))
    total = file.metadata.num_rows

    def lists(columns: Sequence[int]) -> Iterator[list[list[Any]]]:
        names = [file.schema_arrow.names[c] for c in dict.fromkeys(columns)]
        for batch in file.iter_batches(batch_size=CHUNK, columns=names, use_threads=False):
            found = []
            for name in (file.schema_arrow.names[c] for c in columns):
                cells = batch.column(name)
                if pa.types.is_timestamp(cells.type):  # nanoseconds are more than Python's instants hold
                    cells = cells.cast(pa.timestamp("us", cells.type.tz), safe=False)
                found.append(cells.to_pylist())
            yield found

    def read(columns: Sequence[int]) -> Iterator[Chunk]:
        number = 1
        try:
            for found in lists(columns):
                rows: list[Row | None] = list(zip(*found, strict=True))
                yield number, rows, (number + len(rows)) / max(1, total)
                number += len(rows)
        except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
            raise _bad_parquet(error) from None

    return Table(headers, total, read)


def _bad_parquet(error: Exception) -> BadFile:
    return BadFile("bad_parquet", f"无法读取 Parquet 文件：{error}", f"Not good Parquet: {error}")


def _named(headers: Sequence[str]) -> list[str]:
    """Headers without blanks around them, each once; columns without one get their number."""
    cleaned = [header.strip().lstrip("\ufeff") for header in headers]
    while cleaned and not cleaned[-1]:
        cleaned.pop()
    if len(cleaned) > _MOST_COLUMNS:
        raise BadFile("too_many_columns", f"最多 {_MOST_COLUMNS} 列", f"At most {_MOST_COLUMNS} columns")
    named: list[str] = []
    for n, header in enumerate(cleaned, 1):
        name = header or f"#{n}"
        again = 2
        while name in named:
            name = f"{header or f'#{n}'} ({again})"
            again += 1
        named.append(name)
    return named


def _undecodable() -> BadFile:
    return BadFile(
        "bad_encoding",
        "无法识别文件编码，请在选项中指定",
        "The encoding cannot be recognised; say which it is in the options",
    )


def _empty() -> BadFile:
    return BadFile("empty_file", "文件是空的", "The file is empty")
