"""Codes that others made, read from their files (CSV in any usual encoding, Excel, Parquet), spelt as they are."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any, BinaryIO
from uuid import UUID

from django.db import transaction

from regulars.facts.activity import api as activities
from regulars.flows.imports.errors import escape
from regulars.flows.imports.reading import Table, open_table
from regulars.flows.imports.values import text_of
from regulars.kit.errors import invalid_field
from regulars.kit.ids import digest
from regulars.kit.text import Language, Text
from regulars.platform.files import api as files
from regulars.platform.organisations.types import Scope
from regulars.value.coupons import api as coupons
from regulars.value.coupons.types import Batch

MOST = 500_000
ERRORS_NAME = "-codes-errors.csv"
_NAMES = ("code", "codes", "coupon", "coupon_code", "券码", "兑换码", "优惠码", "卡密", "码")
_LONGEST = 64
_WRONG: dict[str, Text] = {
    "too_many_cells": Text("此行的列数多于表头", "the row has more cells than the header"),
    "empty": Text("券码为空", "there is no code"),
    "too_long": Text("券码长于 64 个字", "the code is longer than 64 characters"),
    "bad_character": Text("券码含有不可见字符", "the code has characters that cannot be seen"),
    "twice": Text("券码在文件中重复", "the code stands in the file twice"),
    "code_taken": Text("券码已存在", "the code is known already"),
}


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a file. `error_file` holds the refused rows with their reasons, if there are any."""

    batch: Batch
    added: int
    refused: int
    error_file: UUID | None
    first_errors: tuple[tuple[int, str, Text], ...]  # row, code of the reason, words


def import_codes(
    *,
    scope: Scope,
    definition: str,
    name: str,
    source: BinaryIO | bytes,
    now: datetime,
    column: str = "",
    encoding: str = "auto",
    delimiter: str = "",
    note: str = "",
    reserved_for: str = "",
    language: Language = "zh",
) -> Imported:
    """Read a file's codes into a new batch, in one transaction: all that is good is added, the rest is told by row.

    `column` is the header of the codes' column (the only one, or one called code, 券码 … if not given). Raises
    `no_column`, what cannot be read as a file at all, and `invalid_input` for more than 500 000 rows.
    """
    kept = files.save(
        organisation_id=scope.organisation_id,
        brand_id=scope.brand_id,
        kind="upload",
        name=name,
        source=source,
        now=now,
    )
    path = files.path_of(organisation_id=scope.organisation_id, file_id=kept.id)
    table = open_table(path, kept.name, {"encoding": encoding or "auto", "delimiter": delimiter})
    place = _place(table, column)
    errors: list[tuple[int, str, str]] = []
    seen: set[str] = set()
    added = read = 0
    with transaction.atomic():
        batch = coupons.open_batch(
            scope=scope, definition=definition, now=now, note=note or kept.name, reserved_for=reserved_for
        )
        for first, rows, _ in table.read([place]):
            read += len(rows)
            if read > MOST:
                raise invalid_field("file", "too_long", f"最多 {MOST} 行", f"At most {MOST} rows")
            good: dict[str, int] = {}
            for number, row in enumerate(rows, first):
                code, wrong = _code(row, seen)
                if wrong:
                    errors.append((number, code, wrong))
                else:
                    good[code] = number
            known = coupons.add_codes(scope=scope, batch=batch, spelt=list(good)) if good else []
            errors += [(good[code], code, "code_taken") for code in known]
            added += len(good) - len(known)
        coupons.close_batch(batch=batch, count=added)
    errors.sort()
    error_file = None
    if errors:
        error_file = files.save(
            organisation_id=scope.organisation_id,
            brand_id=scope.brand_id,
            kind="errors",
            name=f"{kept.name.rsplit('.', 1)[0]}{ERRORS_NAME}",
            source=_error_csv(errors, language),
            now=now,
        ).id
    told = tuple((row, wrong, _WRONG[wrong]) for row, _, wrong in errors[:20])
    return Imported(
        coupons.get_batch(brand_id=scope.brand_id, batch_id=batch.id), added, len(errors), error_file, told
    )


def make_codes(
    *,
    scope: Scope,
    definition: str,
    count: int,
    key: str,
    now: datetime,
    note: str = "",
    reserved_for: str = "",
) -> tuple[Batch, bool]:
    """Make codes; the same key again answers the first batch. Returns it, and whether it was there."""
    with transaction.atomic():
        id_ = digest("coupon-batch", str(scope.brand_id), key)
        first = activities.claim(
            brand_id=scope.brand_id,
            kind="coupon_codes",
            key=key,
            member_id=UUID(int=0),
            subject_id=id_,
            body=[definition, str(count), note, reserved_for],
        )
        if first is not None:
            return coupons.get_batch(brand_id=scope.brand_id, batch_id=first), True
        made = coupons.make_codes(
            scope=scope,
            definition=definition,
            count=count,
            note=note,
            reserved_for=reserved_for,
            now=now,
            batch_id=id_,
        )
        return made, False


def codes_csv(*, brand_id: UUID, batch: Batch) -> Iterable[bytes]:
    """A batch's codes for a download: code, state, when it was claimed."""
    rows = (
        (coupons.shown(row.code), row.state, row.bound_at.isoformat() if row.bound_at else "")
        for row in coupons.each_code(brand_id=brand_id, batch_id=batch.id)
    )
    return csv_of(chain([("code", "state", "claimed_at")], rows))


def csv_of(rows: Iterable[Sequence[Any]]) -> Iterable[bytes]:
    """Rows as CSV that Excel reads as text, in pieces; no cell is ever run as a formula."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    yield b"\xef\xbb\xbf"
    for row in rows:
        writer.writerow([escape(text_of(value)) for value in row])
        if buffer.tell() > 64 * 1024:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def _code(row: Sequence[Any] | None, seen: set[str]) -> tuple[str, str]:
    """The code of a row, and what is wrong with it."""
    if row is None:
        return "", "too_many_cells"
    code = text_of(row[0]).strip()
    if not code:
        return "", "empty"
    if len(code) > _LONGEST:
        return code, "too_long"
    if not code.isprintable():
        return code, "bad_character"
    if code in seen:
        return code, "twice"
    seen.add(code)
    return code, ""


def _place(table: Table, column: str) -> int:
    if column:
        return table.columns([column])[0]
    if len(table.headers) == 1:
        return 0
    for place, header in enumerate(table.headers):
        if header.strip().lower() in _NAMES:
            return place
    shown = "、".join(table.headers[:10])
    raise invalid_field(
        "column", "required", f"请指定券码所在列：{shown}", f"Say which column holds the codes: {shown}"
    )


def _error_csv(errors: Sequence[tuple[int, str, str]], language: Language) -> bytes:
    header = Text("行,券码,原因", "row,code,reason").in_language(language).split(",")
    rows = [(row, code, _WRONG[wrong].in_language(language)) for row, code, wrong in errors]
    return b"".join(csv_of([header, *rows]))
