"""What members said, as read: for systems that answer them or count."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Schema

from regulars.insight.language import api as language
from regulars.insight.language.types import TextInsight
from regulars.kit import clock
from regulars.platform.organisations import api as organisations
from regulars.surfaces.rest import finding
from regulars.surfaces.rest.keys import needs, scope_of
from regulars.surfaces.rest.shapes import PAGE, Cursor, In, Limit, ListOut, PageOut, TextOut

router = Router(tags=["Voice of members"])
MoodName = Literal["good", "neutral", "bad"]
Key = Annotated[str, Query(max_length=64, pattern=r"^[^\x00]*$")]
Weeks = Annotated[int, Query(ge=1, le=104)]


class ReadingOut(Schema):
    """A text as read. `score` runs from -1 to 1; `label` is what a colleague said it means."""

    activity_id: UUID
    member_id: UUID
    at: datetime
    type: str
    text: str
    rating: int | None
    language: Literal["zh", "en", "other"]
    mood: MoodName
    score: float
    topics: list[str]
    needs: list[str]
    label: MoodName | None

    @classmethod
    def of(cls, one: TextInsight) -> ReadingOut:
        return cls(
            activity_id=one.said.id,
            member_id=one.said.member_id,
            at=one.said.at,
            type=one.said.type,
            text=one.said.text,
            rating=one.said.rating,
            language=one.reading.language,
            mood=one.reading.mood,
            score=one.reading.score,
            topics=list(one.reading.topics),
            needs=list(one.reading.needs),
            label=one.label,
        )


class TopicWeekOut(Schema):
    """Texts of a topic (empty: all) in the week from a Monday on."""

    monday: date
    topic: str
    texts: int
    good: int
    bad: int


class WordOut(Schema):
    """A topic or a need of the lexicon."""

    key: str
    name: TextOut
    industry: str


class LexiconOut(Schema):
    topics: list[WordOut]
    needs: list[WordOut]


class TextIn(In):
    """A text to read; nothing is kept."""

    text: Annotated[str, Query(min_length=1, max_length=2000)]


class MoodOut(Schema):
    language: Literal["zh", "en", "other"]
    mood: MoodName
    score: float
    topics: list[str]
    needs: list[str]


@router.get("/voice/texts", response=PageOut[ReadingOut], **needs("insight.read"))
def list_texts(
    request: HttpRequest,
    mood: Literal["", "good", "neutral", "bad"] = "",
    topic: Key = "",
    need: Key = "",
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> Any:
    """What members said, newest first."""
    page = language.list_texts(
        brand_id=scope_of(request).brand_id, mood=mood, topic=topic, need=need, cursor=cursor, limit=limit
    )
    return PageOut(items=[ReadingOut.of(one) for one in page.items], next_cursor=page.next_cursor)


@router.get("/members/{member}/texts", response=PageOut[ReadingOut], **needs("insight.read"))
def list_texts_of(
    request: HttpRequest, member: finding.MemberPath, cursor: Cursor = None, limit: Limit = PAGE
) -> Any:
    """What one member said, newest first. Empty while profiling is off."""
    scope = scope_of(request)
    page = language.list_texts(
        brand_id=scope.brand_id, member_id=finding.member_id(scope, member), cursor=cursor, limit=limit
    )
    return PageOut(items=[ReadingOut.of(one) for one in page.items], next_cursor=page.next_cursor)


@router.get("/voice/weeks", response=ListOut[TopicWeekOut], **needs("insight.read"))
def list_weeks(request: HttpRequest, weeks: Weeks = 26) -> Any:
    """Texts by week and topic."""
    brand = organisations.get_brand(brand_id=scope_of(request).brand_id)
    found = language.weeks(
        brand_id=brand.id, since=clock.now() - timedelta(weeks=weeks), timezone=brand.timezone
    )
    return ListOut(
        items=[
            TopicWeekOut(monday=one.monday, topic=one.topic, texts=one.texts, good=one.good, bad=one.bad)
            for one in found
        ]
    )


@router.get("/voice/lexicon", response=LexiconOut, **needs("insight.read"))
def get_lexicon(request: HttpRequest) -> Any:
    """The topics and needs that are looked for."""
    topics, wants = (
        [WordOut(key=one.key, name=TextOut(**one.name.to_json()), industry=one.industry) for one in entries]
        for entries in (language.TOPICS, language.NEEDS)
    )
    return LexiconOut(topics=topics, needs=wants)


@router.post("/voice/read", response=MoodOut, **needs("insight.read"))
def read_text(request: HttpRequest, given: TextIn) -> Any:
    """Read a text with what comes with Regulars: language, mood, topics, needs. Nothing is kept."""
    found = language.read(text=given.text)
    return MoodOut(
        language=found.language,
        mood=found.mood,
        score=found.score,
        topics=list(found.topics),
        needs=list(found.needs),
    )
