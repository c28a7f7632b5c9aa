"""A plan's pass over the day: whose turn it is, portion by portion, each occasion marked once.

The caller holds one transaction around a portion: the plan's row is locked from `claim` on, so two workers never work
on the same plan, and marks, messages, rewards, tasks and how far the pass is are written together or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from regulars.engage.care import policy
from regulars.engage.care.api.items import forget_habits
from regulars.engage.care.api.naming import item_name
from regulars.engage.care.models import CarePlan
from regulars.engage.care.store import finding, items, marks, plans
from regulars.engage.care.types import BIRTHDAY_GAP_DAYS, GRACE_DAYS, Due, Plan
from regulars.facts.members import api as members
from regulars.kit.periods import start_of_day, zone
from regulars.kit.text import Text
from regulars.platform.calendar import api as calendar
from regulars.platform.due import api as due
from regulars.platform.organisations.types import Brand

PORTION = 2000
WELCOME_FOR = timedelta(days=3)
_WELCOME_EVERY = timedelta(seconds=30)
_BEHAVIOUR_EVERY = timedelta(minutes=5)
_LONGEST_LOOK = timedelta(hours=6)
_RETRY = timedelta(minutes=10)


def claim(*, now: datetime) -> Plan | None:
    """The plan whose work is due longest, locked until the caller's transaction ends; None when nothing is due."""
    taken = due.claim(table="care_plan", key=("brand_id", "key"), now=now, limit=1, where="state = 'active'")
    if not taken:
        return None
    row = plans.find(brand_id=taken[0][0], key=taken[0][1])
    return plans.view(row) if row else None


def find(
    *,
    plan: Plan,
    brand: Brand,
    first: date,
    last: date,
    now: datetime,
    after: UUID | None = None,
    limit: int = PORTION,
    lately: bool = False,
) -> finding.Found:
    """Candidates of a portion whose day lies in [first, last], and where the next portion begins.

    Of kinds that have no days of their own (welcome, milestone, behaviour, churn) those of now; `lately`: welcomes as
    far back as the plan goes. Visits and reminders of things are `owed_visits` and `found_items`.
    """
    tz = brand.timezone
    with connection.cursor() as cursor:
        match plan.definition.kind:
            case "welcome":
                since = plan.activated_at or now
                since = since if lately else max(since, now - WELCOME_FOR)
                return finding.joined(cursor, plan, since=since, until=now, zone=tz, after=after, limit=limit)
            case "birthday":
                return _birthdays(cursor, plan, first, last, after, limit)
            case "anniversary":
                return finding.with_anniversary(
                    cursor, plan, first=first, last=last, zone=tz, after=after, limit=limit
                )
            case "festival":
                greeted = _festivals(plan, first, last)
                if not greeted:
                    return [], None
                return finding.everybody(cursor, plan, occasions=greeted, after=after, limit=limit)
            case "milestone":
                found, following = finding.at_milestone(
                    cursor, plan, since=plan.activated_at, day=last, after=after, limit=limit
                )
                return _highest(cursor, plan, found), following
            case "dormant":
                return finding.gone_quiet(
                    cursor, plan, first=first, last=last, zone=tz, after=after, limit=limit
                )
            case "behaviour":
                since, until = open_window(plan=plan, now=now)
                found, following = finding.did_not_buy(
                    cursor, plan, since=since, until=until, zone=tz, after=after, limit=limit
                )
                return _cooled(cursor, plan, found, last), following
            case "churn":
                found, following = finding.likely_to_leave(
                    cursor, plan, day=last, zone=tz, after=after, limit=limit
                )
                return _cooled(cursor, plan, found, last), following
            case _:
                return [], None


def near_milestone(*, plan: Plan, day: date, after: UUID | None, limit: int = PORTION) -> finding.Found:
    """Members one order, or a tenth of the sum, away from something they would be thanked for."""
    with connection.cursor() as cursor:
        return finding.near_milestone(cursor, plan, day=day, after=after, limit=limit)


def homes_of(*, brand_id: UUID, member_ids: Sequence[UUID]) -> dict[UUID, UUID | None]:
    """Member → her store."""
    with connection.cursor() as cursor:
        return finding.homes(cursor, brand_id=brand_id, member_ids=member_ids)


def owed_visits(*, plan: Plan, brand: Brand, day: date, limit: int) -> list[Due]:
    """Mature members whose visit is due, the most valuable first; `weeks` is each one's rhythm."""
    with connection.cursor() as cursor:
        return finding.owed_a_visit(cursor, plan, day=day, zone=brand.timezone, limit=limit)


def found_items(
    *,
    plan: Plan,
    brand: Brand,
    first: date,
    last: date,
    after: UUID | None,
    limit: int = PORTION,
    now: datetime,
) -> finding.Found:
    """Members with things to be reminded of up to `last`, and moves those things on; in the caller's transaction.

    Things whose day lies before `first` are only moved on. One due for each member, whatever many things. Whoever
    switched profiling off since her rhythm was read is reminded by what is usual, and not by that.
    """
    settings = plan.definition.settings
    with connection.cursor() as cursor:
        rows, following = items.due(cursor, plan, last=last, after=after, limit=limit)
        if forget_habits(cursor, plan=plan, brand=brand, member_ids={row[0] for row in rows}, now=now):
            rows, following = items.due(cursor, plan, last=last, after=after, limit=limit)
        dues: dict[UUID, Due] = {}
        labels: dict[UUID, list[Text]] = {}
        moved: list[tuple[UUID, str, str, date, int, int | None, int, date | None, str]] = []
        for member_id, thing, label, bought_on, done, day, store_id, recruiter in rows:
            number, next_on, ended = done + 1, None, ""
            if plan.definition.kind == "service":
                coming = policy.next_service(
                    settings, bought_on=bought_on, done=number, not_before=last + timedelta(days=1)
                )
                if coming is None:
                    ended = "done"
                else:
                    number, next_on = coming[0] - 1, coming[1]
            moved.append((member_id, thing, label, bought_on, 1, None, number, next_on, ended))
            if day < first:
                continue
            labels.setdefault(member_id, []).append(item_name(plan=plan, thing=thing, label=label))
            if member_id not in dues:
                nth = f"{done + 1}" if plan.definition.kind == "service" else bought_on.isoformat()
                dues[member_id] = Due(
                    member_id,
                    f"{thing}:{nth}",
                    day,
                    {"bought_on": bought_on.isoformat(), "days": (day - bought_on).days},
                    store_id,
                    recruiter,
                )
        if moved:
            items.advance(
                cursor, plan_id=plan.id, rows=[(m[0], m[1], m[6], m[7], m[8]) for m in moved], now=now
            )
    return [
        Due(
            one.member_id,
            one.occasion,
            one.on,
            {**one.values, "item": _listed(labels[one.member_id])},
            one.store_id,
            one.recruiter,
        )
        for one in dues.values()
    ], following


def _listed(labels: Sequence[Text]) -> dict[str, str]:
    """Things in one word each, as they are listed in either language."""
    each = list(dict.fromkeys(labels))
    return {"zh": "、".join(one.zh for one in each)[:120], "en": ", ".join(one.en for one in each)[:120]}


def already(*, plan: Plan, dues: Sequence[Due]) -> set[tuple[UUID, str]]:
    """(member, occasion) of those that were had; a birthday within 300 days of the last one counts as had."""
    with connection.cursor() as cursor:
        had = marks.already(cursor, plan_id=plan.id, dues=dues)
        if plan.definition.kind == "birthday" and dues:
            first = min(one.on for one in dues)
            near = marks.lately(
                cursor,
                plan_id=plan.id,
                member_ids={one.member_id for one in dues},
                after=first - timedelta(days=BIRTHDAY_GAP_DAYS),
            )
            had |= {(one.member_id, one.occasion) for one in dues if one.member_id in near}
    return had


def mark(*, plan: Plan, dues: Sequence[tuple[Due, str]], now: datetime) -> set[tuple[UUID, str]]:
    """Write what is done now, (due, arm); gives those nobody had marked. In the caller's transaction."""
    if not dues:
        return set()
    with connection.cursor() as cursor:
        return marks.add(
            cursor,
            brand_id=plan.brand_id,
            plan_id=plan.id,
            dues=dues,
            at=now,
            until=now + timedelta(days=plan.definition.win_back_days),
            measure_at=now + timedelta(days=1),
        )


def note_costs(*, plan: Plan, costs: Sequence[tuple[UUID, str, int]]) -> None:
    """(member, occasion, minor units) that rewards cost."""
    if costs:
        with connection.cursor() as cursor:
            marks.note_costs(cursor, plan_id=plan.id, costs=costs)


def go_on(*, plan: Plan, brand: Brand, day: date, after: UUID | None, now: datetime) -> None:
    """A portion is done: the next begins behind `after`, or, without one, the pass is over till its next."""
    values: dict[str, Any] = {"pass_day": day, "pass_after": after, "problem": ""}
    if after is not None:
        values["next_run_at"] = now
        if plan.definition.kind == "behaviour":
            values["look_to"] = _looked_to(plan, now)
    elif plan.definition.kind == "welcome":
        values["next_run_at"] = now + _WELCOME_EVERY
    elif plan.definition.kind == "behaviour":
        until = _looked_to(plan, now)
        values |= {
            "looked_until": until,
            "look_to": None,
            "next_run_at": now if until < now else now + _BEHAVIOUR_EVERY,
        }
    else:
        values["next_run_at"] = max(
            policy.run_at(day + timedelta(days=1), plan.definition.at, brand.timezone),
            now + timedelta(minutes=1),
        )
    plans.change(brand_id=plan.brand_id, key=plan.key, **values)


def fail(*, brand_id: UUID, key: str, problem: str, now: datetime) -> None:
    """A plan's pass could not be made: it says why and is tried again later, and others go on."""
    CarePlan.objects.filter(brand_id=brand_id, key=key).update(
        problem=problem[:500], next_run_at=now + _RETRY
    )


def open_window(*, plan: Plan, now: datetime) -> tuple[datetime, datetime]:
    """Between which instants the acts lie that a behaviour plan follows up now: those whose hours have just ended."""
    hours = timedelta(hours=plan.definition.settings["hours"])
    return (plan.looked_until or plan.activated_at or now) - hours, _looked_to(plan, now) - hours


def _looked_to(plan: Plan, now: datetime) -> datetime:
    """Up to when a behaviour plan looks in this pass; it stays the same until all portions are done."""
    since = plan.looked_until or plan.activated_at or now
    return plan.look_to or min(now, since + _LONGEST_LOOK)


def shown_in(*, text: Text, due: Due) -> Text:
    """A task's words for one member."""
    return policy.shown_in(text, due)


def window_of(*, plan: Plan, brand: Brand, day: date) -> tuple[date, date]:
    """The days that a day's pass looks at: those that a standstill let go by within the grace, too; none of before the
    plan was started."""
    first = day - timedelta(days=GRACE_DAYS.get(plan.definition.kind, 0))
    if plan.activated_at is not None:
        first = max(first, plan.activated_at.astimezone(zone(brand.timezone)).date())
    return min(first, day), day


def starts_at(*, plan: Plan, brand: Brand, day: date) -> datetime:
    """From when on a day's work is done; at once for those that wait for nothing."""
    if plan.definition.kind in ("welcome", "behaviour"):
        return start_of_day(day, brand.timezone)
    return policy.run_at(day, plan.definition.at, brand.timezone)


def _birthdays(
    cursor: Any, plan: Plan, first: date, last: date, after: UUID | None, limit: int
) -> finding.Found:
    rows, following = finding.with_birthday(cursor, plan, after=after, limit=limit)
    born = members.personal_facts(member_ids=[row[0] for row in rows])
    dues = []
    for member_id, store_id, recruiter, kept_by, leap_day in rows:
        known = born.get(member_id)
        if known is None or known.birthday is None:
            continue
        for occasion, on in policy.birthday_due(
            plan.definition.settings,
            born=known.birthday,
            calendar=kept_by,
            leap_day=leap_day,
            first=first,
            last=last,
        ):
            dues.append(Due(member_id, occasion, on, {}, store_id, recruiter))
    return dues, following


def _festivals(plan: Plan, first: date, last: date) -> list[tuple[str, date, Mapping[str, Any]]]:
    days = {
        year: calendar.festival_days(brand_id=plan.brand_id, year=year)
        for year in range(first.year, last.year + 2)
    }
    names = calendar.list_festivals(brand_id=plan.brand_id)
    return [
        (occasion, on, {"festival": names[code].to_json()})
        for occasion, code, on in policy.festival_due(plan.definition.settings, days, first=first, last=last)
    ]


def _highest(cursor: Any, plan: Plan, dues: list[Due]) -> list[Due]:
    """Without those whose member was thanked for as much or more of it already."""
    had = marks.occasions_of(cursor, plan_id=plan.id, member_ids={one.member_id for one in dues})

    def is_new(one: Due) -> bool:
        metric, _, step = one.occasion.partition(":")
        before = (other.partition(":") for other in had.get(one.member_id, ()))
        return all(name != metric or int(value) < int(step) for name, _, value in before)

    return [one for one in dues if is_new(one)]


def _cooled(cursor: Any, plan: Plan, dues: list[Due], day: date) -> list[Due]:
    """Without those the plan was at within its pause."""
    if not dues:
        return []
    near = marks.lately(
        cursor,
        plan_id=plan.id,
        member_ids={one.member_id for one in dues},
        after=day - timedelta(days=plan.definition.settings["cooldown_days"]),
    )
    return [one for one in dues if one.member_id not in near]
