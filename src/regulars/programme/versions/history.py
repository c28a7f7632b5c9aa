"""The published versions, compiled once per process and looked after by one small query per posting transaction."""

from __future__ import annotations

from bisect import bisect_right
from datetime import datetime
from typing import Any
from uuid import UUID

from regulars.kit.errors import Refusal
from regulars.kit.text import Text
from regulars.platform.organisations.types import Brand
from regulars.programme.rules import api as rules
from regulars.programme.rules.types import Programme
from regulars.programme.versions import store, vocabulary
from regulars.programme.versions.models import ProgrammeVersion
from regulars.programme.versions.types import ProgrammeHistory

# brand → mark it was read under, time zone, starts, programmes, fields used by any, whether any reads lots, budgets
_known: dict[
    UUID,
    tuple[UUID, str, tuple[datetime, ...], tuple[Programme, ...], frozenset[str], bool, frozenset[str]],
] = {}
# A published version never changes, so what was compiled of it serves again after the next publication.
_compiled: dict[tuple[UUID, str], Programme] = {}


def in_force(brand: Brand, now: datetime) -> ProgrammeHistory:
    """What decides, as of this transaction. Raises `no_programme` (409) before the first publication."""
    mark = store.revision_of(brand.id)
    known = _known.get(brand.id)
    if mark is None or known is None or known[0] != mark or known[1] != brand.timezone:
        rows = store.published(brand.id) if mark is not None else []
        if mark is None or not rows:
            raise Refusal(
                "no_programme",
                Text("尚未发布会员方案", "No programme has been published yet"),
                status=409,
            )
        programmes = tuple(_compile_row(row, brand) for row in rows)
        known = (
            mark,
            brand.timezone,
            tuple(p.effective_from for p in programmes),
            programmes,
            frozenset().union(*(p.fields_used for p in programmes)),
            any(p.reads_lots for p in programmes),
            frozenset().union(*(p.budgets for p in programmes)),
        )
        _known[brand.id] = known
    return _at(known, now)


def _at(known: Any, now: datetime) -> ProgrammeHistory:
    _, _, starts, programmes, fields_used, reads_lots, budgets = known
    live = programmes[max(0, bisect_right(starts, now) - 1)]
    return ProgrammeHistory(starts, programmes, live, fields_used, reads_lots, budgets)


def last_known(brand: Brand, now: datetime) -> tuple[UUID, ProgrammeHistory] | None:
    """What this process read last, and the mark it was read under: it holds if that is still the brand's."""
    known = _known.get(brand.id)
    return None if known is None or known[1] != brand.timezone else (known[0], _at(known, now))


def compile_definition(
    brand: Brand,
    definition: Any,
    *,
    number: int,
    effective_from: datetime,
    kept: dict[str, Any] | None = None,
) -> Programme:
    """Read a definition with the brand's present vocabulary, or the one `kept` with it. Raises `invalid_input`."""
    return rules.parse(
        definition,
        brand_id=brand.id,
        version=number,
        timezone=brand.timezone,
        currency=brand.currency,
        effective_from=effective_from,
        catalogue=vocabulary.from_json(kept, brand) if kept is not None else vocabulary.present(brand),
    )


def _compile_row(row: ProgrammeVersion, brand: Brand) -> Programme:
    known = _compiled.get((row.id, brand.timezone))
    if known is None:
        assert row.effective_from is not None
        known = compile_definition(
            brand,
            row.definition,
            number=row.number,
            effective_from=row.effective_from,
            kept=row.vocabulary,
        )
        _compiled[row.id, brand.timezone] = known
    return known
