"""The file of refused rows: each as it came, and what is wrong with it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any

from regulars.flows.imports.reading import Table
from regulars.flows.imports.types import Mapping
from regulars.flows.imports.values import text_of
from regulars.kit.text import Language, Text
from regulars.platform.imports.types import RowErrors

_ROW = Text("行号", "Row")
_WHAT = Text("错误原因", "What is wrong")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_error_file(
    table: Table, mapping: Mapping, errors: Iterable[RowErrors], language: Language
) -> Iterator[bytes]:
    """CSV in UTF-8 with its mark, in pieces. Mended, it can be imported as it is: the two added columns are last."""
    wrong = iter(errors)
    current = next(wrong, None)
    out = io.StringIO()
    writer = csv.writer(out)
    added = [_ROW.in_language(language), _WHAT.in_language(language)]
    writer.writerow([escape(header) for header in table.headers] + added)
    yield "\ufeff".encode()
    for first_row, rows, _ in table.read(range(len(table.headers))):
        if current is None:
            break
        for number, cells in enumerate(rows, first_row):
            if current is None or number < current.row:
                continue
            said = "; ".join(_sentence(mapping, error, language) for error in current.errors)
            given = [""] * len(table.headers) if cells is None else [escape(text_of(cell)) for cell in cells]
            writer.writerow([*given, number, escape(said)])
            current = next(wrong, None)
        yield out.getvalue().encode()
        out.seek(0)
        out.truncate()
    yield out.getvalue().encode()


def escape(text: str) -> str:
    """A cell that no spreadsheet takes for a formula (OWASP, CSV injection). Numbers stay numbers."""
    if text.startswith(_FORMULA) and not _is_number(text):
        return "'" + text
    return text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _sentence(mapping: Mapping, error: dict[str, Any], language: Language) -> str:
    header = mapping.columns.get(error["field"], error["field"])
    said = error[language]
    return f"{header}: {said}" if header else str(said)
