"""One export: what came since the last one goes into new files, month by month, each with its rows of the manifest.

A file is written beside, flushed, renamed into its place, and only then its row is committed together with how far
the source has come. Killed at any point there is either nothing, or a file that no row speaks of and that the next
export removes. Which rows are new is found by their ids: those below the source's mark are all in; those above it
are looked up in the files that hold such ids. So nothing is lost to a transaction that commits late, and nothing
comes twice.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from regulars.facts.activity import api as activities
from regulars.insight.warehouse import duck as ducks
from regulars.insight.warehouse import files, shaping, sources, store
from regulars.insight.warehouse.policy import plan_merges, plan_stretches
from regulars.insight.warehouse.shaping import Made
from regulars.insight.warehouse.sources import MEMBERS, SOURCES, Source
from regulars.insight.warehouse.types import Exported, Part
from regulars.kit.ids import new_id
from regulars.platform.organisations import api as organisations

Told = Callable[[float], None]
_READERS_MAY_TAKE = timedelta(hours=6)
_RATINGS = ("rating", "score", "stars", "nps")
# text fields that name a thing, such as the goods of a look at a page: nobody wrote them
_NAMES = (
    "sku",
    "product",
    "item",
    "category",
    "brand",
    "store",
    "order",
    "coupon",
    "code",
    "id",
    "url",
    "link",
    "page",
)


class Export:
    """One export of one brand; its caller holds the lock."""

    def __init__(self, brand_id: UUID, now: datetime, told: Told) -> None:
        self.brand_id = brand_id
        self.now = now
        self.told = told
        self.root = files.directory(brand_id)
        self.timezone = organisations.get_brand(brand_id=brand_id).timezone
        self.counts: Counter[str] = Counter()
        self.merged = 0

    def run(self) -> Exported:
        for path in store.forget_retired(self.brand_id, self.now - _READERS_MAY_TAKE):
            (self.root / path).unlink(missing_ok=True)
        files.sweep(self.root, store.known_paths(self.brand_id))
        keys = _keys_of(self.brand_id)
        marks = store.marks(self.brand_id)
        with ducks.connect(self.brand_id) as duck:
            for place, source in enumerate(SOURCES):
                self._source(duck, source, marks.get(source.name), keys)
                self.told((place + 1) / (len(SOURCES) + 1))
            self._members(duck)
            self._merge(duck)
        self.told(1.0)
        return Exported(dict(self.counts), self.merged)

    def _source(self, duck: Any, source: Source, mark: UUID | None, keys: Any) -> None:
        settled, end = store.settled_before()
        low = mark or sources.first_id(source, self.brand_id)
        for below, above in plan_stretches(low, end) if low else ():
            # a late refund goes by its own id, which may be much older than its redecision's
            since = None if source.name == "redecision" else below
            known = self._paths(store.live_parts(self.brand_id, [source.known_by], above=since))
            staging = files.fresh_staging(self.brand_id)
            made: list[Made] = []
            # closed when a piece cannot be shaped: the connection is busy with the COPY until then
            with contextlib.closing(self._pieces(source, staging, low=below, high=above)) as given:
                for into, piece in given:
                    made += shaping.shape(duck, source, piece, into=into, known=known, above=below, keys=keys)
            self._keep(made, mark=(source.name, min(above, settled)) if above < end else None)
        store.commit(
            self.brand_id,
            parts=(),
            now=self.now,
            mark=(source.name, max(settled, mark or settled)),
            complete=True,
        )

    def _members(self, duck: Any) -> None:
        staging = files.fresh_staging(self.brand_id)
        made: list[Made] = []
        before = store.live_parts(self.brand_id, MEMBERS.feeds)
        with contextlib.closing(self._pieces(MEMBERS, staging)) as given:
            for into, piece in given:
                made += shaping.shape_snapshot(duck, MEMBERS, piece, into=into)
        self._keep(made, retired=before)

    def _pieces(
        self, source: Source, staging: Path, **bounds: UUID
    ) -> Generator[tuple[Path, Path], None, None]:
        """(a directory for what is made of it, the piece), one after the other."""
        pieces = sources.pieces(source, staging, brand_id=self.brand_id, timezone=self.timezone, **bounds)
        with contextlib.closing(pieces):
            for number, piece in enumerate(pieces):
                into = staging / str(number)
                into.mkdir()
                yield into, piece

    def _merge(self, duck: Any) -> None:
        for group in plan_merges(store.live_parts(self.brand_id)):
            month = group[0].month
            assert month is not None
            into = files.fresh_staging(self.brand_id)
            one = shaping.merge(duck, group[0].table, self._paths(group), month=month, into=into)
            self._keep([one], retired=group, count=False)
            self.merged += len(group)

    def _keep(
        self,
        made: Sequence[Made],
        *,
        retired: Sequence[Part] = (),
        mark: tuple[str, UUID] | None = None,
        count: bool = True,
    ) -> None:
        """Files first, rows after."""
        parts, places = [], []
        for one in made:
            id_ = new_id()
            where = "whole" if one.month is None else f"{one.month:%Y-%m}"
            place = self.root / one.table / where / f"{id_}.parquet"
            size = files.put(one.path, place)
            places.append(place)
            parts.append(
                Part(
                    id_,
                    one.table,
                    one.month,
                    place.relative_to(self.root).as_posix(),
                    one.rows,
                    size,
                    one.max_id,
                )
            )
        files.settle(places, self.root)
        store.commit(self.brand_id, parts=parts, now=self.now, retired=retired, mark=mark)
        if count:
            for one in made:
                self.counts[one.table] += one.rows

    def _paths(self, parts: Sequence[Part]) -> list[Path]:
        return [self.root / part.path for part in parts]


def _keys_of(brand_id: UUID) -> dict[str, list[tuple[str, str]]]:
    """Which fields of declared activities hold text that people wrote, and which a rating."""
    types = activities.list_types(brand_id=brand_id)
    fields = [(declared.code, field) for declared in types for field in declared.fields]
    return {
        "text": [
            (code, field.key) for code, field in fields if field.type == "text" and field.key not in _NAMES
        ],
        "rating": [
            (code, field.key)
            for code, field in fields
            if field.key in _RATINGS and field.type in ("int", "decimal", "enum")
        ],
    }
