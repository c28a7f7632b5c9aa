"""Group commit of single posts: what arrives while a transaction runs goes into the next one together.

A post costs a dozen statements and a wait for the disk however many activities it holds. So a web process lets at
most `WRITERS` transactions run at a time; callers that come meanwhile queue, and when one finishes the first of the
queue takes all that has queued for her scope into her transaction. An idle process adds no delay, nobody writes more
than one batch, and every caller is answered after the commit that holds her activity.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime

from regulars.facts.activity.types import ActivityIn
from regulars.flows.intake.post import BATCH, Result, post
from regulars.platform.organisations.types import Scope

WRITERS = 1
MOST_TOGETHER = min(BATCH, 256)


@dataclass(slots=True)
class _Waiting:
    """A caller and her activity. `turn` is set when she has her answer, or when it is hers to write."""

    scope: Scope
    activity: ActivityIn
    now: datetime
    turn: threading.Event = field(default_factory=threading.Event)
    answer: Result | None = None
    error: Exception | None = None


class Coalescer:
    """One per process."""

    def __init__(self, writers: int = WRITERS) -> None:
        self._lock = threading.Lock()
        self._queue: deque[_Waiting] = deque()
        self._free = writers

    def post(self, *, scope: Scope, activity: ActivityIn, now: datetime) -> Result:
        """Post one activity; returns after the commit that holds it."""
        mine = _Waiting(scope, activity, now)
        with self._lock:
            self._queue.append(mine)
            if self._free:
                self._free -= 1
                mine.turn.set()
        mine.turn.wait()
        if mine.answer is None and mine.error is None:
            batch = self._take(mine)
            try:
                _answer(batch)
            finally:
                self._pass_on()
        if mine.error is not None:
            raise mine.error
        assert mine.answer is not None
        return mine.answer

    def _take(self, mine: _Waiting) -> list[_Waiting]:
        """Mine, and what else has queued for the same scope."""
        with self._lock:
            batch = [mine]
            others: deque[_Waiting] = deque()
            for waiting in self._queue:
                if waiting is mine:
                    continue
                together = (
                    waiting.scope == mine.scope and len(batch) < MOST_TOGETHER and not waiting.turn.is_set()
                )
                (batch if together else others).append(waiting)
            self._queue = others
            return batch

    def _pass_on(self) -> None:
        """The next in the queue writes; or nobody, until somebody comes."""
        with self._lock:
            for waiting in self._queue:
                if not waiting.turn.is_set():
                    waiting.turn.set()
                    return
            self._free += 1


def _answer(batch: list[_Waiting]) -> None:
    """Post a batch and answer its callers. If the batch fails as a whole, each is tried alone, so that one cannot
    take the others down with it.
    """
    try:
        results = post(
            scope=batch[0].scope, activities=[w.activity for w in batch], now=max(w.now for w in batch)
        )
    except Exception as error:
        if len(batch) == 1:
            batch[0].error = error
            batch[0].turn.set()
            return
        for waiting in batch:
            _answer([waiting])
        return
    for waiting, result in zip(batch, results, strict=True):
        waiting.answer = result
        waiting.turn.set()
