"""What is read out of members' words."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from regulars.kit.text import Text

Language = Literal["zh", "en", "other"]
Mood = Literal["good", "neutral", "bad"]
MOODS: dict[Mood, Text] = {
    "good": Text("好评", "Good"),
    "neutral": Text("中性", "Neutral"),
    "bad": Text("差评", "Bad"),
}
# what read the text: the weights that come with Regulars, or the brand's endpoint
Reader = Literal["local", "endpoint"]


@dataclass(frozen=True, slots=True)
class Reading:
    """A text as read. `score` runs from −1 (bad) to 1 (good); topics and needs are keys of the lexicon."""

    language: Language
    mood: Mood
    score: float
    topics: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    reader: Reader = "local"


@dataclass(frozen=True, slots=True)
class Said:
    """Something a member said: an activity of a type that has a text."""

    member_id: UUID
    id: UUID
    at: datetime
    type: str
    text: str
    rating: int | None = None


@dataclass(frozen=True, slots=True)
class TextInsight:
    """A text with its reading; `label` is the mood a colleague gave it, None where nobody did."""

    said: Said
    reading: Reading
    label: Mood | None = None
    labelled_by: str = ""


@dataclass(frozen=True, slots=True)
class Alike:
    """Texts like one, each with how alike from 0 to 1, the most alike first; `by`: what was compared."""

    by: Literal["meaning", "characters"]
    found: tuple[tuple[TextInsight, float], ...]


@dataclass(frozen=True, slots=True)
class Week:
    """What was said in the week that begins on a Monday, of one topic or (topic "") of all."""

    monday: date
    topic: str
    texts: int
    good: int
    bad: int


@dataclass(frozen=True, slots=True)
class Compared:
    """A topic's texts (topic "": all) of the last two weeks and of the eight weeks before, and the bad ones."""

    topic: str
    texts: int
    bad: int
    texts_before: int
    bad_before: int


@dataclass(frozen=True, slots=True)
class Worse:
    """A topic whose share of bad texts rose: lately `bad` of `texts`, before `bad_before` of `texts_before`.

    `p`: how likely so many bad ones or more would be if nothing had changed.
    """

    topic: str
    texts: int
    bad: int
    texts_before: int
    bad_before: int
    p: float


@dataclass(frozen=True, slots=True)
class Alert:
    """A `Worse` as it was announced. `seen_by`: who has looked at it, "" while nobody has."""

    id: UUID
    at: datetime
    worse: Worse
    seen_by: str = ""
    seen_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that the lexicon does not know and that bad (or good) texts hold `lift` times as often as all."""

    words: str
    mood: Mood
    texts: int
    lift: float


@dataclass(frozen=True, slots=True)
class Agreement:
    """The reading against colleagues' labels: of `labelled` texts so many read alike; `rows` by (label, reading)."""

    labelled: int
    right: int
    rows: dict[tuple[Mood, Mood], int] = field(default_factory=dict)
