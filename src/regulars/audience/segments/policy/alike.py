"""Who is like the members of a seed: plain numbers on standardised facts, no database.

`cosine` asks how near a member's facts point to the seed's mean; `logistic` learns what sets the seed apart from the
others (ridge-penalised logistic regression by Newton's method) and is the better the larger the seed.

What is learnt from some rows can be asked of others: a large brand's members are scored in portions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Matrix = Any
Scorer = Callable[[Matrix, Matrix], Matrix]
Learnt = Callable[[Matrix], Matrix]
LEAST_SEED = 20


@dataclass(frozen=True, slots=True)
class Scale:
    """What makes columns comparable: what stands for missing values, which are log1p'd, mean and deviation after it."""

    missing: Matrix
    skewed: Matrix
    mean: Matrix
    deviation: Matrix

    def apply(self, facts: Matrix) -> Matrix:
        """Columns with mean 0 and variance 1 over what the scale was made of; missing values are 0 there."""
        return (_spread(facts, self.missing, self.skewed) - self.mean) / self.deviation


def scale_of(facts: Matrix, weights: Matrix | None = None) -> Scale:
    """The scale of rows, or of all that weighted rows stand for."""
    made = np.asarray(facts, dtype=float)
    absent = np.isnan(made)
    if weights is None:
        missing = np.nanmean(np.where(absent.all(axis=0), 0.0, made), axis=0)
    else:
        known = np.where(absent, 0.0, weights[:, None])
        missing = (np.where(absent, 0.0, made) * known).sum(axis=0) / np.maximum(known.sum(axis=0), 1e-12)
    skewed = np.where(absent, missing, made).min(axis=0) >= 0
    spread = _spread(made, missing, skewed)
    if weights is None:
        mean, deviation = spread.mean(axis=0), spread.std(axis=0)
    else:
        mean = np.average(spread, axis=0, weights=weights)
        deviation = np.sqrt(np.average((spread - mean) ** 2, axis=0, weights=weights))
    return Scale(missing, skewed, mean, np.where(deviation > 0, deviation, 1.0))


def standardised(facts: Matrix) -> Matrix:
    """Columns with mean 0 and variance 1 after log1p of what is skewed; missing values become the mean (0)."""
    return scale_of(facts).apply(facts)


def _spread(facts: Matrix, missing: Matrix, skewed: Matrix) -> Matrix:
    made = np.asarray(facts, dtype=float)
    filled = np.where(np.isnan(made), missing, made)
    return np.where(skewed, np.log1p(np.maximum(filled, 0)), filled)


def learn_cosine(vectors: Matrix, is_seed: Matrix) -> Learnt:
    centre = vectors[is_seed].mean(axis=0)
    size = np.linalg.norm(centre) or 1.0

    def likeness(rows: Matrix) -> Matrix:
        lengths = np.linalg.norm(rows, axis=1) * size
        return (rows @ centre) / np.where(lengths > 0, lengths, 1.0)

    return likeness


def learn_logistic(vectors: Matrix, is_seed: Matrix, *, ridge: float = 1.0, rounds: int = 25) -> Learnt:
    design = _design(vectors)
    wanted = np.asarray(is_seed, dtype=float)
    penalty = np.eye(design.shape[1]) * ridge
    penalty[0, 0] = 0.0
    weights = np.zeros(design.shape[1])
    for _ in range(rounds):
        chance = _chance(design, weights)
        gradient = design.T @ (wanted - chance) - penalty @ weights
        curve = (design * (chance * (1 - chance))[:, None]).T @ design + penalty
        step = np.linalg.solve(curve + np.eye(len(curve)) * 1e-9, gradient)
        weights = weights + step
        if np.abs(step).max() < 1e-6:
            break
    return lambda rows: _chance(_design(rows), weights)


def _design(vectors: Matrix) -> Matrix:
    return np.column_stack([np.ones(len(vectors)), vectors])


def _chance(design: Matrix, weights: Matrix) -> Matrix:
    return 1 / (1 + np.exp(-np.clip(design @ weights, -30, 30)))


def cosine(vectors: Matrix, is_seed: Matrix) -> Matrix:
    """Likeness from −1 to 1 of each row to the mean of the seed's rows."""
    return learn_cosine(vectors, is_seed)(vectors)


def logistic(vectors: Matrix, is_seed: Matrix) -> Matrix:
    """The learned chance, from 0 to 1, that a row is one of the seed's."""
    return learn_logistic(vectors, is_seed)(vectors)


SCORERS: dict[str, Scorer] = {"cosine": cosine, "logistic": logistic}
LEARNERS: dict[str, Callable[[Matrix, Matrix], Learnt]] = {"cosine": learn_cosine, "logistic": learn_logistic}


class Kept:
    """At most so many rows of all that come by, the same in whatever order they do: those whose ids hash lowest."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.seen = 0
        self._parts: list[tuple[Matrix, Matrix, Matrix]] = []

    def take(self, ids: Matrix, facts: Matrix) -> None:
        """Look at the next rows, whose ids are 16 bytes each."""
        self.seen += len(ids)
        low = np.ascontiguousarray(ids).view(np.uint64)[1::2]
        self._parts.append((low * np.uint64(0x9E3779B97F4A7C15), ids, facts))
        if sum(len(part[1]) for part in self._parts) > 2 * self.most:
            self._cut()

    def rows(self) -> tuple[Matrix, Matrix]:
        """Ids and facts of those kept."""
        self._cut()
        return self._parts[0][1], self._parts[0][2]

    def _cut(self) -> None:
        joined = [np.concatenate(column) for column in zip(*self._parts, strict=True)]
        if len(joined[0]) > self.most:
            chosen = np.sort(np.argpartition(joined[0], self.most - 1)[: self.most])
            joined = [column[chosen] for column in joined]
        self._parts = [(joined[0], joined[1], joined[2])]


def together(seed: Kept, others: Kept) -> tuple[Matrix, Matrix, Matrix]:
    """Ids, facts and whether of the seed of all that is kept, by id."""
    (its, facts), (their, more) = seed.rows(), others.rows()
    ids, facts = np.concatenate([its, their]), np.concatenate([facts, more])
    is_seed = np.arange(len(ids)) < len(its)
    high, low = _halves(ids)
    order = np.lexsort((low, high))
    return ids[order], facts[order], is_seed[order]


class Best:
    """The `size` rows with most likeness of all that come by; of the same likeness those whose ids are lowest."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._ids: list[Matrix] = []
        self._likeness: list[Matrix] = []
        self._least = -np.inf  # what is needed to be among them

    def take(self, ids: Matrix, likeness: Matrix) -> None:
        """Look at the next rows, whose ids are 16 bytes each."""
        may = likeness >= self._least
        self._ids.append(ids[may])
        self._likeness.append(likeness[may])
        if sum(map(len, self._ids)) > 2 * self.size:
            self._cut()

    def chosen(self) -> Matrix:
        """Their ids, the most alike first."""
        if not self._ids:
            return np.empty(0, dtype="V16")
        self._cut()
        return self._ids[0]

    def _cut(self) -> None:
        ids, likeness = np.concatenate(self._ids), np.concatenate(self._likeness)
        high, low = _halves(ids)
        order = np.lexsort((low, high, -likeness))[: self.size]
        self._ids, self._likeness = [ids[order]], [likeness[order]]
        if len(order) == self.size:
            self._least = likeness[order[-1]]


def _halves(ids: Matrix) -> tuple[Matrix, Matrix]:
    """Ids as two numbers each, by which they sort as they do themselves."""
    numbers = np.ascontiguousarray(ids).view(">u8")
    return numbers[::2], numbers[1::2]
