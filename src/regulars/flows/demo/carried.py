"""What some who were members before the year begins brought along from an old card: points, and their tier for a year.
Both are made up, and booked on the day they joined. So some points and some tiers end these weeks, whatever the day is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from regulars.flows import value
from regulars.flows.demo import persons
from regulars.flows.demo.history import Household
from regulars.platform.organisations.types import Scope

EVERY = 4
SELDOM = 40  # visits in the year at most: who comes often has spent it, and is of a higher tier by now
_SCHEME, _TIER = "level", "silver"
_COMMENT = "演示：旧卡转入 / demo: carried over from the old card"


def fill(scope: Scope, ids: Mapping[int, UUID], homes: Sequence[Household]) -> None:
    """Again changes nothing."""
    for home in homes:
        turn, rest = divmod(home.number, EVERY)
        if home.is_new or rest != EVERY - 1 or home.baskets > SELDOM:
            continue
        at = persons.joined_at(home) + timedelta(minutes=1)
        value.adjust(
            scope=scope,
            member_id=ids[home.number],
            unit="points",
            amount=200 + turn % 7 * 100,
            reason="migration",
            comment=_COMMENT,
            key=f"demo-carried-points-{home.number}",
            now=at,
        )
        value.place_tier(
            scope=scope,
            member_id=ids[home.number],
            scheme=_SCHEME,
            tier=_TIER,
            reason="match",
            comment=_COMMENT,
            locked=False,
            until=None,
            key=f"demo-carried-tier-{home.number}",
            now=at + timedelta(minutes=1),
        )
