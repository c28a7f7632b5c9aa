"""What the demo's care did on single days of the last weeks: festivals, thank-you letters, members who had stayed away
for sixty days, new members, things to be serviced.

Whose turn it was on which day follows from what members really bought and when they joined; that they were written to
is made up, so what they bought afterwards tells nothing of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction

from regulars.engage.care import api as care
from regulars.engage.care.types import Due
from regulars.flows.care import api as flow
from regulars.kit.periods import start_of_day
from regulars.messaging import api as messaging
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Scope

GREETED = {"field": "history.orders", "op": "gte", "value": 100}  # who is greeted at festivals
_FESTIVALS_SINCE, _FESTIVALS = 60, 2  # days ago at most, and how many
_LETTERS_FOR, _QUIET_FOR, _WELCOMED_FOR = 28, 56, 90  # days
SERVICED_FOR = 42
_QUIET_DAYS = 60


def carry_out(
    scope: Scope, seen: Mapping[UUID, Sequence[date]], today: date, now: datetime, *, welcome: str, festivals: str,
    letters: str, quiet: str,
) -> None:  # fmt: skip
    """Of the plans with these keys, before they go on by themselves. Again does nothing twice."""
    _greet(scope, festivals, today, now)
    _welcome(scope, welcome, today, now)
    plan = care.get_plan(brand_id=scope.brand_id, key=letters)
    steps = plan.definition.settings["orders"]
    _act(scope, letters, _thanked(seen, steps, today - timedelta(days=_LETTERS_FOR), today), now)
    _act(scope, quiet, _stayed_away(seen, today - timedelta(days=_QUIET_FOR), today), now)


def service(scope: Scope, key: str, today: date, now: datetime) -> None:
    """Remind of what was due since the plan began; it has looked at what was bought, and begun no day."""
    brand = organisations.get_brand(brand_id=scope.brand_id)
    plan = care.get_plan(brand_id=brand.id, key=key)
    first, last = today - timedelta(days=SERVICED_FOR), today - timedelta(days=1)
    with transaction.atomic():
        after, found = None, []
        while True:
            dues, after = care.found_items(
                plan=plan, brand=brand, first=first, last=last, after=after, now=now
            )
            found += dues
            if after is None:
                break
        _act(scope, key, found, now)


def _greet(scope: Scope, key: str, today: date, now: datetime) -> None:
    brand = organisations.get_brand(brand_id=scope.brand_id)
    plan = care.get_plan(brand_id=brand.id, key=key)
    first, last = today - timedelta(days=_FESTIVALS_SINCE), today - timedelta(days=1)
    found: list[Due] = []
    after = None
    while True:
        dues, after = care.find(plan=plan, brand=brand, first=first, last=last, now=now, after=after)
        found += dues
        if after is None:
            break
    days = sorted({one.on for one in found})[-_FESTIVALS:]
    _act(scope, key, [one for one in found if one.on in days], now)


def _welcome(scope: Scope, key: str, today: date, now: datetime) -> None:
    """Those who joined, each on her day; the plan has been active for so long."""
    brand = organisations.get_brand(brand_id=scope.brand_id)
    since = start_of_day(today - timedelta(days=_WELCOMED_FOR), brand.timezone)
    with transaction.atomic():  # a worker beside it would welcome the last of them now
        flow.set_state(scope=scope, key=key, state="active", now=since)
        plan = care.get_plan(brand_id=brand.id, key=key)
        dues, _ = care.find(plan=plan, brand=brand, first=today, last=today, now=now, lately=True)
        _act(scope, key, dues, now)


def _thanked(seen: Mapping[UUID, Sequence[date]], steps: Sequence[int], first: date, last: date) -> list[Due]:
    """On the morning after an order with such a number."""
    found = []
    for member_id, days in seen.items():
        for step in steps:
            if len(days) < step:
                continue
            on = days[step - 1] + timedelta(days=1)
            if first <= on <= last:
                values = {"metric": "orders", "count": step, "orders": step}
                found.append(Due(member_id, f"orders:{step}", on, values))
    return found


def _stayed_away(seen: Mapping[UUID, Sequence[date]], first: date, last: date) -> list[Due]:
    """On the sixtieth day after a purchase that had no other behind it then, whatever came later."""
    found = []
    for member_id, days in seen.items():
        for number, day in enumerate(days):
            on = day + timedelta(days=_QUIET_DAYS)
            came_back = number + 1 < len(days) and days[number + 1] <= on
            if first <= on <= last and not came_back:
                values = {"days": _QUIET_DAYS, "last_order_on": day.isoformat()}
                found.append(Due(member_id, f"{_QUIET_DAYS}:{day.isoformat()}", on, values))
    return found


def _act(scope: Scope, key: str, dues: Sequence[Due], now: datetime) -> None:
    """Each on its day, in the morning."""
    brand = organisations.get_brand(brand_id=scope.brand_id)
    plan = care.get_plan(brand_id=brand.id, key=key)
    homes = care.homes_of(brand_id=brand.id, member_ids=sorted({one.member_id for one in dues}))
    for day in sorted({one.on for one in dues}):
        at = start_of_day(day, brand.timezone) + timedelta(hours=10)
        if at > now:
            continue
        mine = [
            Due(one.member_id, one.occasion, one.on, one.values, homes.get(one.member_id), one.recruiter)
            for one in dues
            if one.on == day
        ]
        with transaction.atomic():  # a worker beside it would send by the clock of now
            flow.carry_out(plan=plan, brand=brand, dues=mine, day=day, now=at)
            messaging.send_due(now=at + timedelta(minutes=1))
