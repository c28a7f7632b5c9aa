"""The voice of members: mood over time, topics, needs, alerts, the texts themselves, labels, what reads them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from ninja import Query, Router

from regulars.facts.members import api as members
from regulars.flows import voices
from regulars.insight.language import api as language
from regulars.insight.language.types import Alert, Compared, TextInsight, Week
from regulars.insight.runs import api as runs
from regulars.kit import clock
from regulars.kit.errors import not_found
from regulars.kit.text import Language, Text
from regulars.platform.organisations.types import Scope
from regulars.surfaces import access
from regulars.surfaces.console.asking import PAGE, Code, Cursor, Limit, brand_of, member_id_of, needs, uuid_of
from regulars.surfaces.console.shapes.shared import ChoiceOut, PageOut
from regulars.surfaces.console.shapes.voices import (
    AgreementOut,
    AlertOut,
    EndpointOut,
    LabelIn,
    NeedOut,
    PhraseOut,
    SettingsIn,
    TextOut,
    TopicOut,
    VoiceOut,
    WeekOut,
)

router = Router(tags=["Voice of members"])
Words = Annotated[str, Query(max_length=100, pattern=r"^[^\x00]*$")]
_PERIOD = timedelta(days=365)
_ALERTS = timedelta(days=60)
_TEXT = Text("评价", "Text")
_ALL = Text("全部评价", "All texts")


@router.get("/insight/voice", response=VoiceOut, **needs("insight.read"))
def get_voice(request: HttpRequest) -> Any:
    """The last year by week and topic, needs, new phrases, alerts, accuracy on labelled texts, settings."""
    scope, said, now = access.scope_of(request), access.language(request), clock.now()
    return _voice(scope, said, now)


def _voice(scope: Scope, said: Language, now: datetime) -> VoiceOut:
    brand = brand_of(scope)
    run = runs.latest(brand_id=brand.id, kind="language")
    metrics: dict[str, Any] = run.metrics if run else {}
    since = now - _PERIOD
    weeks = language.weeks(brand_id=brand.id, since=since, timezone=brand.timezone)
    today = now.astimezone(ZoneInfo(brand.timezone)).date()
    compared = language.compared(brand_id=brand.id, today=today, timezone=brand.timezone)
    settings = voices.get_settings(brand_id=brand.id)
    agreed = language.agreement(brand_id=brand.id)
    whole = [week for week in weeks if week.topic == ""]
    return VoiceOut(
        state=run.state if run else "none",
        problem=run.problem.in_language(said) if run else "",
        as_of=run.as_of if run else None,
        finished_at=run.finished_at if run else None,
        period_from=run.period_from if run else None,
        period_to=run.period_to if run else None,
        texts=sum(week.texts for week in whole),
        good=sum(week.good for week in whole),
        bad=sum(week.bad for week in whole),
        members=metrics.get("members", 0),
        read=metrics.get("read", 0),
        by_endpoint=metrics.get("by_endpoint", 0),
        endpoint_failures=metrics.get("endpoint_failures", []),
        weeks=_weeks(whole),
        topics=_topics(weeks, compared, said),
        needs=[
            NeedOut(key=key, name=_name(key, said), texts=texts, bad=bad, members=count)
            for key, texts, bad, count in language.needs(brand_id=brand.id, since=since)
        ],
        phrases=[PhraseOut(**one) for one in (run.charts.get("phrases", []) if run else [])],
        alerts=[_alert(one, said) for one in language.alerts(brand_id=brand.id, since=now - _ALERTS)],
        agreement=AgreementOut(
            labelled=agreed.labelled,
            right=agreed.right,
            rows=[(label, reading, count) for (label, reading), count in sorted(agreed.rows.items())],
        ),
        industries=sorted(settings.industries),
        industry_choices=_choices([(key, text) for key, text in language.INDUSTRIES.items()], said),
        topic_choices=_choices([(one.key, one.name) for one in language.TOPICS], said),
        need_choices=_choices([(one.key, one.name) for one in language.NEEDS], said),
        endpoint=EndpointOut(
            url=settings.endpoint.url, model=settings.endpoint.model, has_key=bool(settings.endpoint.key)
        )
        if settings.endpoint
        else None,
    )


@router.get("/insight/voice/alerts", response=list[AlertOut], **needs("insight.read"))
def list_alerts(request: HttpRequest) -> Any:
    """Alerts of the last 60 days that nobody has looked at, for the dashboard."""
    scope, now = access.scope_of(request), clock.now()
    found = language.alerts(brand_id=scope.brand_id, since=now - _ALERTS, unseen=True)
    return [_alert(one, access.language(request)) for one in found]


@router.post("/insight/voice/alerts/{alert_id}/seen", response=AlertOut, **needs("insight.run"))
def see_alert(request: HttpRequest, alert_id: Code) -> Any:
    """Somebody has looked at an alert: it leaves the dashboard."""
    scope = access.scope_of(request)
    found = voices.see_alert(scope=scope, alert_id=uuid_of(alert_id, Text("预警", "Alert")), now=clock.now())
    return _alert(found, access.language(request))


@router.get("/insight/voice/texts", response=PageOut[TextOut], **needs("insight.read"))
def list_texts(
    request: HttpRequest,
    mood: Literal["", "good", "neutral", "bad"] = "",
    topic: Words = "",
    need: Words = "",
    q: Words = "",
    member: Words = "",
    labelled: bool | None = None,
    cursor: Cursor = None,
    limit: Limit = PAGE,
) -> Any:
    """Texts as read, newest first."""
    scope = access.scope_of(request)
    scope.require_store(None)
    page = language.list_texts(
        brand_id=scope.brand_id,
        member_id=member_id_of(scope, member) if member else None,
        mood=mood,
        topic=topic,
        need=need,
        words=q,
        labelled=labelled,
        cursor=cursor,
        limit=limit,
    )
    return PageOut(items=_texts(scope, page.items, access.language(request)), next_cursor=page.next_cursor)


@router.get("/insight/voice/texts/{code}/{text_id}/alike", response=list[TextOut], **needs("insight.read"))
def list_alike(request: HttpRequest, code: Code, text_id: Code) -> Any:
    """The texts most like one, of the newest thousand."""
    scope = access.scope_of(request)
    scope.require_store(None)
    found = language.alike(
        brand_id=scope.brand_id, member_id=member_id_of(scope, code), text_id=uuid_of(text_id, _TEXT)
    )
    shown = _texts(scope, [one for one, _ in found.found], access.language(request))
    return [
        one.model_copy(update={"alike": how, "alike_by": found.by})
        for one, (_, how) in zip(shown, found.found, strict=True)
    ]


@router.put("/insight/voice/texts/{code}/{text_id}/label", response=TextOut, **needs("insight.run"))
def put_label(request: HttpRequest, code: Code, text_id: Code, given: LabelIn) -> Any:
    """Say how a text is meant: the sample that the reading is measured on."""
    scope = access.scope_of(request)
    found = voices.label(
        scope=scope,
        member_id=member_id_of(scope, code),
        text_id=uuid_of(text_id, _TEXT),
        mood=given.mood,
        now=clock.now(),
    )
    return _texts(scope, [found], access.language(request))[0]


@router.put("/insight/voice/settings", response=VoiceOut, **needs("settings.write"))
def put_settings(request: HttpRequest, given: SettingsIn) -> Any:
    """The industries whose words are looked for, and an endpoint that reads instead."""
    scope, now = access.scope_of(request), clock.now()
    voices.put_settings(
        scope=scope, now=now, industries=given.industries, url=given.url, model=given.model, key=given.key
    )
    return _voice(scope, access.language(request), now)


def _weeks(weeks: Sequence[Week]) -> list[WeekOut]:
    return [WeekOut(monday=one.monday, texts=one.texts, good=one.good, bad=one.bad) for one in weeks]


def _topics(weeks: Sequence[Week], compared: Sequence[Compared], said: Language) -> list[TopicOut]:
    lately = {one.topic: one for one in compared}
    by_topic: dict[str, list[Week]] = {}
    for week in weeks:
        if week.topic:
            by_topic.setdefault(week.topic, []).append(week)
    shown = []
    for key, mine in by_topic.items():
        late = lately.get(key, Compared(key, 0, 0, 0, 0))
        shown.append(
            TopicOut(
                key=key,
                name=_name(key, said),
                texts=sum(week.texts for week in mine),
                good=sum(week.good for week in mine),
                bad=sum(week.bad for week in mine),
                recent_texts=late.texts,
                recent_bad=late.bad,
                earlier_texts=late.texts_before,
                earlier_bad=late.bad_before,
                weeks=_weeks(mine),
            )
        )
    return sorted(shown, key=lambda one: -one.texts)


def _texts(scope: Scope, found: Sequence[TextInsight], said: Language) -> list[TextOut]:
    codes = members.codes_of(brand_id=scope.brand_id, member_ids=[one.said.member_id for one in found])
    if any(one.said.member_id not in codes for one in found):
        raise not_found(_TEXT)
    return [
        TextOut(
            id=one.said.id,
            member=codes[one.said.member_id],
            at=one.said.at,
            type=one.said.type,
            text=one.said.text,
            rating=one.said.rating,
            language=one.reading.language,
            mood=one.reading.mood,
            score=one.reading.score,
            topics=_choices([(key, language.name_of(key)) for key in one.reading.topics], said),
            needs=_choices([(key, language.name_of(key)) for key in one.reading.needs], said),
            reader=one.reading.reader,
            label=one.label,
            labelled_by=one.labelled_by,
        )
        for one in found
    ]


def _alert(one: Alert, said: Language) -> AlertOut:
    return AlertOut(
        id=one.id,
        at=one.at,
        topic=one.worse.topic,
        name=_name(one.worse.topic, said) if one.worse.topic else _ALL.in_language(said),
        texts=one.worse.texts,
        bad=one.worse.bad,
        texts_before=one.worse.texts_before,
        bad_before=one.worse.bad_before,
        p=one.worse.p,
        seen_by=one.seen_by,
        seen_at=one.seen_at,
    )


def _name(key: str, said: Language) -> str:
    return language.name_of(key).in_language(said)


def _choices(pairs: Sequence[tuple[str, Text]], said: Language) -> list[ChoiceOut]:
    return [ChoiceOut(value=key, label=text.in_language(said)) for key, text in pairs]
