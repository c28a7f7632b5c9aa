"""Shapes of the voice of members in the console."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from ninja import Field
from pydantic import StringConstraints

from regulars.surfaces.console.shapes.shared import ChoiceOut, Shape

MoodName = Literal["good", "neutral", "bad"]
Line = Annotated[str, StringConstraints(max_length=300, pattern=r"^[^\x00]*$")]
Word = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\x00]*$")]


class WeekOut(Shape):
    monday: date
    texts: int
    good: int
    bad: int


class TopicOut(Shape):
    """A topic over the period, and its last two weeks beside the eight before."""

    key: str
    name: str
    texts: int
    good: int
    bad: int
    recent_texts: int
    recent_bad: int
    earlier_texts: int
    earlier_bad: int
    weeks: list[WeekOut]


class NeedOut(Shape):
    key: str
    name: str
    texts: int
    bad: int
    members: int


class PhraseOut(Shape):
    """Words that the lexicon does not know: bad (or good) texts hold them `lift` times as often as all."""

    words: str
    mood: MoodName
    texts: int
    lift: float


class AlertOut(Shape):
    """A topic (empty key: all texts) that got worse. `p`: the chance of it if nothing had changed."""

    id: UUID
    at: datetime
    topic: str
    name: str
    texts: int
    bad: int
    texts_before: int
    bad_before: int
    p: float
    seen_by: str
    seen_at: datetime | None


class AgreementOut(Shape):
    """Readings against colleagues' labels; `rows` are [label, reading, texts]."""

    labelled: int
    right: int
    rows: list[tuple[MoodName, MoodName, int]]


class EndpointOut(Shape):
    """Where texts are read instead of here; `failures` of the last run by code."""

    url: str
    model: str
    has_key: bool


class VoiceOut(Shape):
    """The state of the voice of members; counts of the last year."""

    state: str
    problem: str
    as_of: datetime | None
    finished_at: datetime | None
    period_from: date | None
    period_to: date | None
    texts: int
    good: int
    bad: int
    members: int
    read: int
    by_endpoint: int
    endpoint_failures: list[str]
    weeks: list[WeekOut]
    topics: list[TopicOut]
    needs: list[NeedOut]
    phrases: list[PhraseOut]
    alerts: list[AlertOut]
    agreement: AgreementOut
    industries: list[str]
    industry_choices: list[ChoiceOut]
    topic_choices: list[ChoiceOut]
    need_choices: list[ChoiceOut]
    endpoint: EndpointOut | None


class TextOut(Shape):
    """A text as read; `label` is what a colleague said it means. `alike`: how like the one asked about, and by what."""

    id: UUID
    member: str
    at: datetime
    type: str
    text: str
    rating: int | None
    language: str
    mood: MoodName
    score: float
    topics: list[ChoiceOut]
    needs: list[ChoiceOut]
    reader: str
    label: MoodName | None
    labelled_by: str
    alike: float | None = None
    alike_by: Literal["meaning", "characters"] | None = None


class LabelIn(Shape):
    """null takes the label back."""

    mood: MoodName | None


class SettingsIn(Shape):
    """An empty `url` takes the endpoint away; without `key` the one there is stays."""

    industries: Annotated[list[Word], Field(max_length=20)]
    url: Line = ""
    model: Line = ""
    key: Line | None = None
