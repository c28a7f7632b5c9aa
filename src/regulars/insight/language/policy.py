"""Reading a text, words that are new, and whether a topic got worse. Pure."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from pathlib import Path

from regulars.insight.language import lexicon, sentiment
from regulars.insight.language.types import Compared, Mood, Phrase, Reading, Worse

RECENT_WEEKS, EARLIER_WEEKS = 2, 8
FEWEST_RECENT, FEWEST_EARLIER = 8, 20  # texts of a topic, or nothing is said about it
LEVEL = 0.05  # shared by all topics that are tested (Bonferroni)
LEAST_RISE = 0.10  # of the share: what is certain but tiny alarms nobody
_FEWEST_TEXTS = 6  # that hold a phrase
_LEAST_LIFT = 1.5
_MOST_PHRASES = 12
_LONGEST = 8  # characters


def read(text: str, *, industries: frozenset[str]) -> Reading:
    """Language, mood, topics and needs, with what comes with Regulars."""
    language = sentiment.language_of(text)
    mood, score = sentiment.mood_of(text, language)
    topics, needs = lexicon.topics_and_needs(text, industries)
    return Reading(language, mood, score, topics, needs)


def at_least(successes: int, trials: int, rate: float) -> float:
    """How likely `successes` or more of `trials` are when each comes with `rate`: the one-sided binomial test."""
    if successes <= 0:
        return 1.0
    if rate <= 0:
        return 0.0
    if rate >= 1:
        return 1.0
    logs = math.log(rate), math.log1p(-rate)
    total = 0.0
    for k in range(successes, trials + 1):
        total += math.exp(
            math.lgamma(trials + 1) - math.lgamma(k + 1) - math.lgamma(trials - k + 1)
            + k * logs[0] + (trials - k) * logs[1]
        )  # fmt: skip
    return min(1.0, total)


def spans(today: date) -> tuple[date, date]:
    """The first day of the last two weeks, which end with today, and that of the eight weeks before them."""
    recent = today + timedelta(days=1) - timedelta(weeks=RECENT_WEEKS)
    return recent, recent - timedelta(weeks=EARLIER_WEEKS)


def worse(topics: Iterable[Compared]) -> list[Worse]:
    """Topics whose share of bad texts in the last two weeks is above that of the eight weeks before, the surest first.

    By the one-sided binomial test at 5 % over all topics that have enough texts (Bonferroni), with the earlier share,
    one good text added to it, as the rate; and by ten points of share at least.
    """
    enough = [one for one in topics if one.texts >= FEWEST_RECENT and one.texts_before >= FEWEST_EARLIER]
    found = []
    for one in enough:
        # an earlier share of nothing would make the first bad text a certain change
        rate = (one.bad_before + 0.5) / (one.texts_before + 1)
        p = at_least(one.bad, one.texts, rate)
        rise = one.bad / one.texts - one.bad_before / one.texts_before
        if p < LEVEL / len(enough) and rise >= LEAST_RISE:
            found.append(Worse(one.topic, one.texts, one.bad, one.texts_before, one.bad_before, p))
    return sorted(found, key=lambda one: one.p)


def new_phrases(texts: Sequence[tuple[str, Mood]], *, industries: frozenset[str]) -> list[Phrase]:
    """Words that bad or good texts hold more often than all do, which the lexicon does not know: at most twelve each.

    A phrase is one to three neighbouring Chinese words (rjieba) of three to eight characters in which no empty word
    stands. A part of a phrase that is found about as often is left out.
    """
    import rjieba

    total: Counter[str] = Counter()
    by_mood: dict[Mood, Counter[str]] = {"good": Counter(), "bad": Counter(), "neutral": Counter()}
    sizes: Counter[Mood] = Counter()
    for text, mood in texts:
        sizes[mood] += 1
        found = set(_phrases_of(rjieba.cut(text[:1000])))
        total.update(found)
        by_mood[mood].update(found)
    kept: list[Phrase] = []
    for mood in ("bad", "good"):
        share = sizes[mood] / max(1, sum(sizes.values()))
        phrases = []
        for words, count in by_mood[mood].items():
            if count < _FEWEST_TEXTS or count / total[words] < _LEAST_LIFT * share:
                continue
            if at_least(count, total[words], share) < 0.05 and not lexicon.is_known(words, industries):
                phrases.append(Phrase(words, mood, count, round(count / total[words] / share, 2)))
        phrases.sort(key=lambda one: (-one.texts * math.log(one.lift), -len(one.words)))
        mine: list[Phrase] = []
        for one in phrases:
            covered = any(one.words in other.words or other.words in one.words for other in mine)
            if not covered and len(mine) < _MOST_PHRASES:
                mine.append(one)
        kept += mine
    return kept


def _phrases_of(words: Sequence[str]) -> Iterable[str]:
    for place in range(len(words)):
        phrase = ""
        for word in words[place : place + 3]:
            if word in _EMPTY or not sentiment.is_chinese(word):
                break
            phrase += word
            if 3 <= len(phrase) <= _LONGEST:
                yield phrase


# words that say nothing alone, and those that only say that it was good or bad
_EMPTY = frozenset(json.loads((Path(__file__).with_name("weights") / "empty_words.json").read_text()))
