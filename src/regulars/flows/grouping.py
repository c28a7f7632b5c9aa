"""Group commit: what arrives while a transaction of this process runs goes into the next one together.

A transaction costs a dozen statements and a wait for the disk however much it holds. So a web process lets at most
`writers` of a kind run at a time; callers that come meanwhile queue, and when one finishes the first of the queue takes
all that has queued for her scope into her transaction. An idle process adds no delay, nobody writes more than one
batch, and every caller is answered after the commit that holds what she asked for.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from regulars.platform.organisations.types import Scope

A = TypeVar("A")
R = TypeVar("R")


@dataclass(slots=True, eq=False)
class _Waiting(Generic[A, R]):
    """A caller and what she asked for. `turn` is set when she has her answer, or when it is hers to write."""

    scope: Scope
    asked: A
    turn: threading.Event = field(default_factory=threading.Event)
    answer: R | None = None
    error: Exception | None = None


class Groups(Generic[A, R]):
    """One per process and kind of work. `write` answers each of a batch, or says with an exception why not; None: it
    has to be tried alone. If it fails as a whole each is tried alone, so that one cannot take the others down with it.

    Two that have the same `apart` are never in one batch.
    """

    def __init__(
        self,
        write: Callable[[Sequence[A]], Sequence[R | Exception | None]],
        *,
        most: int,
        apart: Callable[[A], Hashable] | None = None,
        writers: int = 1,
    ) -> None:
        self._write = write
        self._most = most
        self._apart = apart
        self._lock = threading.Lock()
        self._queue: deque[_Waiting[A, R]] = deque()
        self._free = writers

    def do(self, *, scope: Scope, asked: A) -> R:
        """Returns after the commit that holds what was asked for. Must not be called inside a transaction."""
        mine: _Waiting[A, R] = _Waiting(scope, asked)
        with self._lock:
            self._queue.append(mine)
            if self._free:
                self._free -= 1
                mine.turn.set()
        mine.turn.wait()
        if mine.answer is None and mine.error is None:
            batch = self._take(mine)
            try:
                self._answer(batch)
            finally:
                self._pass_on()
        if mine.error is not None:
            raise mine.error
        assert mine.answer is not None
        return mine.answer

    def _take(self, mine: _Waiting[A, R]) -> list[_Waiting[A, R]]:
        """Mine, and what else has queued for the same scope."""
        with self._lock:
            batch = [mine]
            kept = {self._apart(mine.asked)} if self._apart else set()
            others: deque[_Waiting[A, R]] = deque()
            for waiting in self._queue:
                if waiting is mine:
                    continue
                together = (
                    len(batch) < self._most and not waiting.turn.is_set() and waiting.scope == mine.scope
                )
                if together and self._apart:
                    name = self._apart(waiting.asked)
                    together = name not in kept
                    if together:
                        kept.add(name)
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

    def _answer(self, batch: list[_Waiting[A, R]]) -> None:
        answers: Sequence[R | Exception | None]
        try:
            answers = self._write([waiting.asked for waiting in batch])
        except Exception as error:
            answers = [error if len(batch) == 1 else None] * len(batch)
        alone = []
        for waiting, answer in zip(batch, answers, strict=True):
            if answer is None:
                alone.append(waiting)
                continue
            if isinstance(answer, Exception):
                waiting.error = answer
            else:
                waiting.answer = answer
            waiting.turn.set()
        for waiting in alone:
            self._answer([waiting])
