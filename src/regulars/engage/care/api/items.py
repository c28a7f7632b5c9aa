"""What members bought that plans remind them of: looked at when a plan begins and with each order and refund."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from regulars.engage.care import policy
from regulars.engage.care.api.naming import item_name
from regulars.engage.care.models import CarePlan
from regulars.engage.care.store import finding, items, marks, plans
from regulars.engage.care.types import GRACE_DAYS, ITEM, Bought, Due, Item, Plan
from regulars.facts.members import api as members
from regulars.kit.errors import not_found
from regulars.kit.periods import zone
from regulars.platform.audit import api as audit
from regulars.platform.organisations.types import Brand, Scope

_PORTION = 1000


def look_again(*, brand: Brand, member_ids: Sequence[UUID], now: datetime) -> int:
    """Members bought or brought something back: look at their things again for every plan that minds; how many plans.

    In the caller's transaction.
    """
    rows = CarePlan.objects.filter(
        brand_id=brand.id, kind__in=["service", "refill"], state__in=["active", "paused"]
    ).order_by("key")
    found = [plans.view(row) for row in rows]
    for plan in found:
        with connection.cursor() as cursor:
            _look(cursor, plan, brand, member_ids, now)
    return len(found)


def rebuild(*, plan: Plan, brand: Brand, now: datetime) -> None:
    """One portion of what a plan must know before it begins; in the transaction of its claim."""
    with transaction.atomic(), connection.cursor() as cursor:
        if plan.definition.kind == "milestone":
            today = now.astimezone(zone(brand.timezone)).date()
            reached, following = finding.at_milestone(
                cursor, plan, since=None, day=today, after=plan.rebuilt_after, limit=_PORTION
            )
            if reached:
                marks.add(
                    cursor,
                    brand_id=brand.id,
                    plan_id=plan.id,
                    dues=[(one, "before") for one in reached],
                    at=now,
                    until=now,
                    measure_at=None,
                )
        else:
            asked = items.members_after(cursor, brand_id=brand.id, after=plan.rebuilt_after, limit=_PORTION)
            _look(cursor, plan, brand, asked, now)
            following = asked[-1] if len(asked) == _PORTION else None
        values: dict[str, Any] = {"rebuilt_after": following, "rebuilding": following is not None}
        if following is None and plan.definition.kind == "refill":
            values["typical"] = dict(items.typical(cursor, plan_id=plan.id))
            if dict(plan.typical) != values["typical"]:
                # what has no interval of its own goes by the others': look at it once more, now that that is known
                values["rebuilding"] = not plan.typical and bool(values["typical"])
        plans.change(brand_id=plan.brand_id, key=plan.key, next_run_at=now, **values)


def items_of(*, brand_id: UUID, member_id: UUID) -> list[Item]:
    """What a member is reminded of, the next first."""
    with connection.cursor() as cursor:
        return items.of_member(cursor, brand_id=brand_id, member_id=member_id)


def end_item(*, scope: Scope, key: str, member_id: UUID, thing: str, now: datetime) -> None:
    """She has it no more (resold, given away): no reminder of it again. Raises `not_found`. Audited."""
    row = plans.find(brand_id=scope.brand_id, key=key)
    with transaction.atomic(), connection.cursor() as cursor:
        if row is None or not items.end(
            cursor, plan_id=row.id, member_id=member_id, thing=thing, why="resold", now=now
        ):
            raise not_found(ITEM)
        audit.record(
            organisation_id=scope.organisation_id,
            brand_id=scope.brand_id,
            actor=scope.actor,
            action="care_item.ended",
            subject_type="member",
            subject_id=member_id,
            after={"plan": key, "thing": thing},
            now=now,
        )


def reminders(
    *, plan: Plan, brand: Brand, first: date, last: date, now: datetime, after: UUID | None
) -> tuple[list[Due], UUID | None]:
    """A portion of the reminders that come between two days, of a plan saved or not; nothing is written."""
    today = now.astimezone(zone(brand.timezone)).date()
    with connection.cursor() as cursor:
        asked = items.members_after(cursor, brand_id=brand.id, after=after, limit=_PORTION)
        if not asked:
            return [], None
        had = items.known(cursor, plan_id=plan.id, member_ids=asked)
        off = _left_unread(plan, asked)
        dues: dict[UUID, Due] = {}
        for one in items.bought(cursor, plan, member_ids=asked, zone=brand.timezone):
            known = had.get((one.member_id, one.thing))
            made = _item(plan, one, known, today, off)
            day = made[7]
            if day is None or not first <= day <= last or (known is not None and known[1] == "resold"):
                continue
            if one.member_id not in dues or day < dues[one.member_id].on:
                called = item_name(plan=plan, thing=one.thing, label=one.label)
                values = {"item": called.to_json(), "bought_on": made[3].isoformat()}
                dues[one.member_id] = Due(one.member_id, f"{one.thing}:?", day, values)
    return list(dues.values()), asked[-1] if len(asked) == _PORTION else None


def _look(cursor: Any, plan: Plan, brand: Brand, member_ids: Sequence[UUID], now: datetime) -> None:
    if not member_ids:
        return
    today = now.astimezone(zone(brand.timezone)).date()
    had = items.known(cursor, plan_id=plan.id, member_ids=member_ids)
    off = _left_unread(plan, member_ids)
    rows = [
        _item(plan, one, had.get((one.member_id, one.thing)), today, off)
        for one in items.bought(cursor, plan, member_ids=member_ids, zone=brand.timezone)
        # what came and went before anybody looked need not be kept
        if one.days or (one.member_id, one.thing) in had
    ]
    if rows:
        items.put(cursor, brand_id=brand.id, plan_id=plan.id, rows=rows, now=now)


def forget_habits(
    cursor: Any, *, plan: Plan, brand: Brand, member_ids: Collection[UUID], now: datetime
) -> bool:
    """Reckon the things of these members anew where they switched profiling off after their own rhythm was read; says
    whether there were any. In the caller's transaction."""
    off = _left_unread(plan, member_ids)
    stale = items.by_habit(cursor, plan_id=plan.id, member_ids=off) if off else set()
    _look(cursor, plan, brand, sorted(stale), now)
    return bool(stale)


def _left_unread(plan: Plan, member_ids: Collection[UUID]) -> set[UUID]:
    """Those of these members whose habits a refill plan may not read."""
    if plan.definition.kind != "refill" or not member_ids:
        return set()
    return members.profiling_off(brand_id=plan.brand_id, member_ids=member_ids)


def _item(
    plan: Plan, one: Bought, had: tuple[int, str] | None, today: date, off: Collection[UUID]
) -> tuple[UUID, str, str, date, int, int | None, int, date | None, str]:
    settings = plan.definition.settings
    done = had[0] if had else 0
    if one.gone or not one.days:
        return (one.member_id, one.thing, one.label, today, 0, None, done, None, "returned")
    last = max(one.days)
    if plan.definition.kind == "service":
        coming = policy.next_service(settings, bought_on=last, done=done, not_before=today)
        number, day = (coming[0] - 1, coming[1]) if coming else (done, None)
        return (
            one.member_id, one.thing, one.label, last, 1, None, number, day, "" if coming else "done",
        )  # fmt: skip
    own = None
    if one.member_id not in off:
        own = policy.interval_of(one.days, own_after=settings["own_after"])
    interval = own or policy.usual_interval(
        settings, thing=one.thing, category=one.category, typical=plan.typical
    )
    day = last + timedelta(days=interval - min(settings["days_before"], interval - 1))
    # one whose day is long past has found another shop, or another thing
    next_on = day if day >= today - timedelta(days=GRACE_DAYS["refill"]) else None
    return (
        one.member_id, one.thing, one.label, last, len(one.days), own, done, next_on,
        "" if next_on else "over",
    )  # fmt: skip
