"""Lists as the rows that COPY takes, put together by Arrow out of a table of tokens.

A million members have some fifty million entries. As Python's own lists these cost more than everything they are
reckoned from, and keep the interpreter's lock the while; taking tokens by their numbers does neither.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import numpy as np
import orjson

from regulars.insight.recommend.again import Pairs
from regulars.insight.recommend.types import Floats, Ints, TopLists
from regulars.kit.sql import copy_field

_NONE, _BETWEEN, _END, _UNKNOWN, _NO_REASON = range(5)
_AGAIN, _NEW = 4, 3  # decimals of the scores


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Rows of members in COPY's text format; `ends`: where each ends."""

    text: Any
    ends: Ints

    def only(self, wanted: Any) -> bytes:
        """The rows of those who are wanted."""
        view = memoryview(self.text)
        if wanted.all():
            return bytes(view)
        begins = np.append(0, self.ends[:-1])
        return b"".join([view[a:b] for a, b in zip(begins[wanted], self.ends[wanted], strict=True)])


class Writer:
    """Writes (member_id, brand_id, as_of, buy_again, discover, due) of one run."""

    def __init__(
        self, skus: list[str], *, first_day: date, days: int, longest: int, brand_id: UUID, as_of: datetime
    ) -> None:
        """`days`: how many the data spans; `longest`: no interval is longer."""
        import pyarrow as pa

        self._arrow = pa
        self._zero = (first_day - date(1970, 1, 1)).days
        said = [copy_field(orjson.dumps(sku).decode()) for sku in skus]
        words = [
            ["", "]\t[", "]\n", "null", ",null]"],
            [f"[{sku}," for sku in said],
            [f",[{sku}," for sku in said],
            [f",{sku}]" for sku in said],
            [orjson.dumps(n / 10**_AGAIN).decode() for n in range(10**_AGAIN + 1)],
            [orjson.dumps(n / 10**_NEW).decode()[1:] for n in range(10**_NEW)],
        ]
        numbers = max(self._zero + days, days, longest) + 1
        words += [[f",{n}" for n in range(numbers)], [f",{n}]" for n in range(numbers)]]
        starts = np.cumsum([0, *map(len, words)]).tolist()
        _, self._first, self._next, self._reason, self._chance, self._parts, self._number, self._last, n = (
            starts
        )
        self._words = pa.array([word for some in words for word in some], pa.string())
        self._count = n
        self._between = f"\t{brand_id.hex}\t{as_of.isoformat()}\t["

    def rows(
        self,
        members: Any,
        *,
        pairs: Pairs,
        scores: Floats,
        intervals: Ints,
        best: TopLists,
        new: TopLists,
        why: Ints,
        due: TopLists,
    ) -> Rows:
        """The rows of these members (an Arrow array of their ids as text), from their lists.

        `scores` and `intervals` go with the pairs that `best` and `due` were chosen of, `why` with `new`.
        """
        import pyarrow.compute as compute

        count = len(members)
        heads = compute.binary_join_element_wise(members, self._between, "")
        wholes, whole, parts = self._said(new)
        words = self._arrow.concat_arrays(
            [self._words, heads, self._arrow.array(wholes, self._arrow.string())]
        )
        column = np.full((count, 1), _BETWEEN, "int32")
        tokens = np.concatenate(
            [
                self._count + np.arange(count, dtype="int32")[:, None],
                self._had(best, pairs, scores, intervals),
                column,
                self._found(new, why, np.where(whole < 0, _UNKNOWN, whole + self._count + count), parts),
                column,
                self._had(due, pairs, scores, intervals),
                np.full((count, 1), _END, "int32"),
            ],
            axis=1,
        )
        made = words.take(self._arrow.array(tokens.ravel()))
        _, offsets, text = made.buffers()
        at = np.frombuffer(offsets, "int32")[: tokens.size + 1]
        return Rows(text.slice(0, int(at[-1])), at[tokens.shape[1] :: tokens.shape[1]].astype("int64"))

    def _had(self, lists: TopLists, pairs: Pairs, scores: Floats, intervals: Ints) -> Ints:
        """Tokens of things she bought before: `["sku",0.1234,times,last,interval]`."""
        at = lists.at
        assert at is not None
        found = np.zeros((*at.shape, 5), "int32")
        if len(pairs.member):
            there = at >= 0
            place = np.where(there, at, 0)
            item, score = pairs.item[place], scores[place].astype("float64")
            found[:, :, 0] = item + self._next
            found[:, 0, 0] = item[:, 0] + self._first
            known = np.isfinite(score)
            found[:, :, 1] = np.where(
                known, np.rint(np.where(known, score, 0) * 10**_AGAIN) + self._chance, _UNKNOWN
            )
            found[:, :, 2] = pairs.times[place] + self._number
            found[:, :, 3] = pairs.last[place] + self._zero + self._number
            found[:, :, 4] = intervals[place] + self._last
            found[~there] = _NONE
        return found.reshape(len(at), -1)

    def _said(self, lists: TopLists) -> tuple[list[str], Ints, Ints]:
        """What stands before the point in the scores, which of these in each (-1: there is no score), what behind."""
        score = lists.scores.astype("float64")
        known = np.isfinite(score)
        number = np.rint(np.where(known, score, 0) * 10**_NEW).astype("int64")
        whole, part = np.divmod(np.abs(number), 10**_NEW)
        # the sign is the last bit: -0.5 has a whole part of its own
        wholes, which = np.unique(whole << 1 | (number < 0), return_inverse=True)
        words = [f"{'-' if one & 1 else ''}{one >> 1}" for one in wholes.tolist()]
        return (
            words,
            np.where(known, which.reshape(score.shape), -1),
            np.where(known, part + self._parts, _NONE),
        )

    def _found(self, lists: TopLists, why: Ints, whole: Ints, parts: Ints) -> Ints:
        """Tokens of things she never had: `["sku",1.234,"because of this"]`."""
        found = np.zeros((*lists.items.shape, 4), "int32")
        there = lists.items >= 0
        if found.size:
            found[:, :, 0] = lists.items + self._next
            found[:, 0, 0] = lists.items[:, 0] + self._first
            found[:, :, 1] = whole
            found[:, :, 2] = parts
            found[:, :, 3] = np.where(why >= 0, why + self._reason, _NO_REASON)
            found[~there] = _NONE
        return found.reshape(len(lists.items), -1)
