"""Pure: a report says what the brand calls its product categories now, however long ago it was made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from regulars.insight.reports.types import Report, Table
from regulars.kit.text import Text

CODE = "category_code"
_NAMED = ("category", "value")  # the column whose cell is what the code beside it is called


def named(report: Report, names: Mapping[str, Text]) -> Report:
    """The report with names in the place of the codes of categories; a code without a name stays."""
    return replace(report, tables=tuple(_named(table, names) for table in report.tables))


def _named(table: Table, names: Mapping[str, Text]) -> Table:
    def called(code: str) -> Text:
        return names.get(code) or Text(code, code)

    keys = [one.key for one in table.columns]
    columns = tuple(replace(one, name=called(one.code)) if one.code else one for one in table.columns)
    rows: tuple[tuple[Any, ...], ...] = table.rows
    if CODE in keys:
        place, cell = keys.index(CODE), next(keys.index(one) for one in _NAMED if one in keys)
        rows = tuple(
            row if row[place] is None else (*row[:cell], called(row[place]), *row[cell + 1 :])
            for row in table.rows
        )
    message = table.message.format(category=called(table.told)) if table.told else table.message
    return replace(table, columns=columns, rows=rows, message=message)
