"""The door of product categories: what a brand calls the codes that its tills and shops send.

A code is what is stored, matched and exported; a name is only what people read in its place.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from regulars.facts.categories import policy, store
from regulars.facts.categories.policy import MOST_AT_ONCE, MOST_NAMED
from regulars.facts.categories.types import Category, CategoryName, Counts, Met
from regulars.kit import paging
from regulars.kit.errors import ErrorList, invalid_field
from regulars.kit.paging import Page
from regulars.kit.text import Text
from regulars.platform.audit import api as audit
from regulars.platform.organisations.types import Scope

__all__ = [
    "MOST_AT_ONCE",
    "MOST_MET",
    "MOST_NAMED",
    "count_categories",
    "list_categories",
    "name_categories",
    "name_of",
    "names",
    "note_met",
    "words_of",
]
MOST_MET = (
    20_000  # codes of orders that are kept, the most sold ones; a till that sends more sends no categories
)
_FRESH_SECONDS = 5.0
_kept: dict[UUID, tuple[float, dict[str, Text]]] = {}


def names(*, brand_id: UUID) -> Mapping[str, Text]:
    """Every name of the brand by code, at most `MOST_NAMED`; what other processes saved is seen within 5 seconds."""
    known = _kept.get(brand_id)
    if known is None or time.monotonic() - known[0] > _FRESH_SECONDS:
        known = (time.monotonic(), store.names(brand_id, most=MOST_NAMED))
        _kept[brand_id] = known
    return known[1]


def name_of(*, brand_id: UUID, code: str) -> Text:
    """The name of a code; the code itself where it has none."""
    return names(brand_id=brand_id).get(code) or Text(code, code)


def words_of(*, brand_id: UUID) -> Mapping[str, Text]:
    """`names` for who keeps them: each look-up is of what holds then, and nothing is read before the first."""
    return _Words(brand_id)


def list_categories(
    *, scope: Scope, search: str = "", named: bool | None = None, cursor: str | None = None, limit: int = 50
) -> Page[Category]:
    """Codes that are named or were sold, those sold most first; `search` looks into codes and names; `named` only those
    that have a name, or have none."""
    key = paging.decode_as(cursor, int, str)
    after = (int(key[0]), str(key[1])) if key else None
    rows = store.listed(scope.brand_id, search=search.strip(), named=named, after=after, limit=limit + 1)
    return paging.cut(rows, limit, lambda row: (row.lines, row.code))


def count_categories(*, scope: Scope) -> Counts:
    """How many are named, and how many sold ones are not."""
    return store.counts(scope.brand_id)


def name_categories(*, scope: Scope, categories: Sequence[CategoryName], now: datetime) -> list[Category]:
    """Name codes, or change their names, or take them away (a name of None); at most `MOST_AT_ONCE`, all or none.

    Gives them as they are now, in the order given; one without a name that no order had is gone and is given without.
    Raises `invalid_input` by field. Audited: what changed.
    """
    scope.require("settings.write")
    errors = ErrorList()
    policy.check_names(categories, errors)
    errors.refuse()
    given = {one.code: one.name and Text(one.name.zh.strip(), one.name.en.strip()) for one in categories}
    with transaction.atomic():
        before = store.rows_of(scope.brand_id, given)
        was = {code: row.name for code, row in before.items()}
        changed = sorted(code for code, name in given.items() if name != was.get(code))
        if changed:
            words = [given[code] or Text("", "") for code in changed]
            store.put(scope.brand_id, changed, [one.zh for one in words], [one.en for one in words])
            if store.counts(scope.brand_id).named > MOST_NAMED:
                raise invalid_field(
                    "categories",
                    "too_many",
                    f"一个品牌最多 {MOST_NAMED} 个品类名称",
                    f"A brand has at most {MOST_NAMED} category names",
                )
            audit.record(
                organisation_id=scope.organisation_id,
                brand_id=scope.brand_id,
                actor=scope.actor,
                action="category.named",
                subject_type="category",
                subject_id=changed[0] if len(changed) == 1 else str(len(changed)),
                before=_said({code: was[code] for code in changed if was.get(code)}),
                after=_said({code: given[code] for code in changed}),
                now=now,
            )
    _kept.pop(scope.brand_id, None)
    nothing = Category("", None)
    return [
        Category(code, name, before.get(code, nothing).lines, before.get(code, nothing).last_sold)
        for code, name in given.items()
    ]


def note_met(*, brand_id: UUID, met: Sequence[Met]) -> int:
    """The codes that the brand's orders have, as of tonight: all of them (the `MOST_MET` most sold). Gives how many."""
    kept = sorted(met, key=lambda one: (-one.lines, one.code))[:MOST_MET]
    with transaction.atomic():
        store.put_met(brand_id, kept)
    return len(kept)


class _Words(Mapping[str, Text]):
    def __init__(self, brand_id: UUID) -> None:
        self._brand_id = brand_id

    def __getitem__(self, code: str) -> Text:
        return names(brand_id=self._brand_id)[code]

    def __iter__(self) -> Iterator[str]:
        return iter(names(brand_id=self._brand_id))

    def __len__(self) -> int:
        return len(names(brand_id=self._brand_id))


def _said(names: Mapping[str, Text | None]) -> dict[str, list[dict[str, str]]]:
    """For the audit log. Codes are values of it and no keys: one that is called like a secret is no secret."""
    return {"names": [{"category": code, **(name.to_json() if name else {})} for code, name in names.items()]}
