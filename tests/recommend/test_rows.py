"""Rows put together by Arrow are, to the letter of what is stored, the lists as Python's own objects made them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import orjson
import pyarrow as pa
import pytest
from django.db import connection
from tests.recommend.given import copied

from regulars.insight.recommend import again, reckon, store
from regulars.insight.recommend.rows import Rows, Writer
from regulars.insight.recommend.types import Purchases, TopLists

SKUS = [
    "p1",
    'in"ch',
    "back\\slash",
    "tab\there",
    "line\nend",
    "return\r",
    "燕麦奶 1L",
    "\x01\x7f",
    "\\N",
    "",
    "é😀",
    "p,2]",
]
FIRST, AS_OF = date(2023, 7, 1), datetime(2025, 1, 1, 3, 4, 5, 678, tzinfo=UTC)
ZERO = (FIRST - date(1970, 1, 1)).days
BRAND = UUID(int=77)


def entries_had(lists: TopLists, pairs: again.Pairs, scores: Any, intervals: Any) -> list[list[list[Any]]]:
    return [
        [
            [
                SKUS[pairs.item[place]],
                float(np.round(np.float64(scores[place]), 4)),
                int(pairs.times[place]),
                ZERO + int(pairs.last[place]),
                int(intervals[place]),
            ]
            for place in row
            if place >= 0
        ]
        for row in lists.at.tolist()
    ]


def entries_new(lists: TopLists, why: Any) -> list[list[list[Any]]]:
    return [
        [
            [
                SKUS[item],
                float(np.round(np.float64(score), 3)),
                SKUS[reason] if reason >= 0 else None,
            ]
            for item, score, reason in zip(*row, strict=True)
            if item >= 0
        ]
        for row in zip(lists.items.tolist(), lists.scores, why.tolist(), strict=True)
    ]


def some_lists(seed: int, rows: int, wide: float) -> tuple[Any, ...]:
    """Pairs of nearly everybody, lists of what there is of them, and things found with scores up to `wide`."""
    random = np.random.default_rng(seed)
    had = random.random((rows, len(SKUS))) < random.random((rows, 1))
    member, item = np.nonzero(had)
    n = len(member)
    first = random.integers(0, 400, n)
    last = first + random.integers(0, 100, n)
    pairs = again.Pairs(member, item, random.integers(1, 500, n), first, last, ())
    scores = random.choice([0, 1, 0.5, 1e-5, 0.00005, 0.99995, *random.random(20)], n).astype("float32")
    scores[random.random(n) < 0.02] = np.nan
    intervals = random.integers(0, 590, n)
    best = again.top(pairs, scores, rows, kept=7)
    due = again.top(pairs, scores, rows, kept=4, among=np.flatnonzero(random.random(n) < 0.3))
    many = random.integers(0, 7, rows)
    items = np.where(np.arange(6) < many[:, None], random.integers(0, len(SKUS), (rows, 6)), -1)
    found = (random.normal(size=(rows, 6)) * random.choice([1e-4, 1, wide], (rows, 6))).astype("float32")
    why = np.where(random.random(items.shape) < 0.5, random.integers(0, len(SKUS), items.shape), -1)
    return pairs, scores, intervals, best, TopLists(items, found), why, due


def written(texts: list[bytes], *, fresh: bool) -> dict[UUID, tuple[Any, ...]]:
    store.write_lists(texts=texts, fresh=fresh)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT member_id, brand_id, as_of, buy_again::text, discover::text, due::text FROM recommendation"
        )
        rows = {row[0]: row[1:] for row in cursor.fetchall()}
        cursor.execute("DELETE FROM recommendation")
    return rows


def made(ids: list[UUID], seed: int, wide: float) -> tuple[Rows, tuple[Any, ...]]:
    lists = some_lists(seed, len(ids), wide)
    pairs, scores, intervals, best, new, why, due = lists
    writer = Writer(SKUS, first_day=FIRST, days=500, longest=600, brand_id=BRAND, as_of=AS_OF)
    rows = writer.rows(
        pa.array([str(one) for one in ids], pa.string()),
        pairs=pairs, scores=scores, intervals=intervals, best=best, new=new, why=why, due=due,
    )  # fmt: skip
    return rows, lists


@pytest.mark.django_db
@pytest.mark.parametrize(("seed", "wide"), [(1, 3.0), (2, 50.0), (3, 1e7), (4, 1.0)])
@pytest.mark.parametrize("fresh", [True, False])
def test_what_is_stored_is_what_python_would_write(seed: int, wide: float, fresh: bool) -> None:
    ids = [uuid4() for _ in range(300)]
    rows, (pairs, scores, intervals, best, new, why, due) = made(ids, seed, wide)
    expected = copied(
        BRAND,
        AS_OF,
        zip(
            ids,
            entries_had(best, pairs, scores, intervals),
            entries_new(new, why),
            entries_had(due, pairs, scores, intervals),
            strict=True,
        ),
    )
    assert "null" in orjson.dumps(entries_had(best, pairs, scores, intervals)).decode()  # NaN is among them
    by_python = written([expected], fresh=fresh)
    every = np.ones(300, bool)
    assert written([rows.only(every)], fresh=fresh) == by_python and len(by_python) == 300
    some = np.random.default_rng(seed).random(300) < 0.5
    only = written([rows.only(some)], fresh=fresh)
    assert only == {member: by_python[member] for member, wanted in zip(ids, some, strict=True) if wanted}
    assert rows.only(~every) == b""


def test_nobody_and_nothing_are_written_as_well() -> None:
    writer = Writer(SKUS, first_day=FIRST, days=500, longest=600, brand_id=BRAND, as_of=AS_OF)
    none = np.zeros(0, "int64")
    nothing = again.Pairs(none, none, none, none, none, ())
    empty = TopLists(np.full((2, 3), -1), np.zeros((2, 3), "float32"), np.full((2, 3), -1))
    rows = writer.rows(
        pa.array(["a", "b"], pa.string()), pairs=nothing, scores=np.zeros(0, "float32"), intervals=none,
        best=empty, new=empty, why=empty.items, due=empty,
    )  # fmt: skip
    head = f"\t{BRAND.hex}\t{AS_OF.isoformat()}\t[]\t[]\t[]\n"
    assert rows.only(np.array([True, True])).decode() == f"a{head}b{head}"
    assert rows.only(np.array([False, True])).decode() == f"b{head}"


def test_what_she_sent_back_goes_from_her_list_and_the_rest_moves_up() -> None:
    """Of members 2 and 3: the one sent 4 back, the other 9, which only the first has on her list."""
    purchases = Purchases.of(
        member=[0], item=[0], day=[0], members=5, items=12, days=9, sent_back=([3, 2, 2], [9, 4, 4])
    )
    lists = TopLists(np.array([[9, 4, 7], [4, 5, -1]]), np.array([[0.9, 0.8, 0.7], [0.6, 0.5, 0]], "float32"))
    found = reckon._untried(lists, purchases, 2)
    assert found.items.tolist() == [[9, 7, -1], [4, 5, -1]]
    np.testing.assert_array_equal(found.scores, np.array([[0.9, 0.7, 0], [0.6, 0.5, 0]], "float32"))
    nothing = Purchases.of(member=[0], item=[0], day=[0], members=5, items=12, days=9, sent_back=([], []))
    assert reckon._untried(lists, nothing, 2) is lists
