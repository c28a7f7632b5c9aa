"""Who is like the members of a seed: plain numbers on standardised facts, no database.

`cosine` asks how near a member's facts point to the seed's mean; `logistic` learns what sets the seed apart from the
others (ridge-penalised logistic regression by Newton's method) and is the better the larger the seed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Matrix = Any
Scorer = Callable[[Matrix, Matrix], Matrix]
LEAST_SEED = 20


def standardised(facts: Matrix) -> Matrix:
    """Columns with mean 0 and variance 1 after log1p of what is skewed; missing values become the mean (0)."""
    made = np.asarray(facts, dtype=float)
    filled = np.where(
        np.isnan(made), np.nanmean(np.where(np.isnan(made).all(axis=0), 0.0, made), axis=0), made
    )
    spread = np.where(filled.min(axis=0) >= 0, np.log1p(np.maximum(filled, 0)), filled)
    deviation = spread.std(axis=0)
    return (spread - spread.mean(axis=0)) / np.where(deviation > 0, deviation, 1.0)


def cosine(vectors: Matrix, is_seed: Matrix) -> Matrix:
    """Likeness from −1 to 1 of each row to the mean of the seed's rows."""
    centre = vectors[is_seed].mean(axis=0)
    lengths = np.linalg.norm(vectors, axis=1) * (np.linalg.norm(centre) or 1.0)
    return (vectors @ centre) / np.where(lengths > 0, lengths, 1.0)


def logistic(vectors: Matrix, is_seed: Matrix, *, ridge: float = 1.0, rounds: int = 25) -> Matrix:
    """The learned chance, from 0 to 1, that a row is one of the seed's."""
    design = np.column_stack([np.ones(len(vectors)), vectors])
    wanted = np.asarray(is_seed, dtype=float)
    penalty = np.eye(design.shape[1]) * ridge
    penalty[0, 0] = 0.0
    weights = np.zeros(design.shape[1])
    for _ in range(rounds):
        chance = 1 / (1 + np.exp(-np.clip(design @ weights, -30, 30)))
        gradient = design.T @ (wanted - chance) - penalty @ weights
        curve = (design * (chance * (1 - chance))[:, None]).T @ design + penalty
        step = np.linalg.solve(curve + np.eye(len(curve)) * 1e-9, gradient)
        weights = weights + step
        if np.abs(step).max() < 1e-6:
            break
    return 1 / (1 + np.exp(-np.clip(design @ weights, -30, 30)))


SCORERS: dict[str, Scorer] = {"cosine": cosine, "logistic": logistic}
