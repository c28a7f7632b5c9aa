"""Due work of care: the plan that waits longest makes one portion of its day's pass, in one transaction.

Claimed with its row locked, marked once by (member, plan, occasion), and messages, rewards and tasks asked for under
keys of their own: two workers, a worker that dies and one that starts again come to the same.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from regulars.audience.holdouts import api as holdouts
from regulars.audience.segments import api as segments
from regulars.engage.care import api as care
from regulars.engage.care.types import GRACE_DAYS, Due, Plan
from regulars.engage.tasks import api as tasks
from regulars.engage.tasks.types import NewTask
from regulars.facts.members import api as members
from regulars.flows import rewarding
from regulars.flows.care.people import Team, team_of
from regulars.kit.errors import Refusal
from regulars.kit.periods import start_of_day, zone
from regulars.kit.text import Language, Text
from regulars.messaging import api as messaging
from regulars.messaging.types import Ask
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Brand
from regulars.programme.versions import api as versions
from regulars.value.coupons import api as coupons
from regulars.value.gifts.types import Gift

_log = logging.getLogger(__name__)
# plans whose word is a service to the member are not thinned for comparisons of the whole programme
_PRIORITY = {
    "birthday": 70, "service": 65, "refill": 60, "welcome": 75, "anniversary": 55, "festival": 50,
    "milestone": 55, "visit": 60, "dormant": 45, "behaviour": 50, "churn": 65,
}  # fmt: skip
_MOST_VISITS = 2000


def run_due(now: datetime) -> int:
    """Make one portion of the plan whose work is due longest; gives 1, or 0 when nothing is due."""
    plan: Plan | None = None
    problem = ""
    try:
        with transaction.atomic():
            plan = care.claim(now=now)
            if plan is None:
                return 0
            _portion(plan, organisations.get_brand(brand_id=plan.brand_id), now)
    except Refusal as refusal:
        # what the plan names is gone (a segment, a template): it says so, and the others go on
        problem = Text(*(_joined(refusal, language) for language in ("zh", "en"))).kept()
        if plan is None:
            raise
    except Exception as error:
        if plan is None:
            raise
        _log.exception("the pass of care plan %s failed", plan.id)
        problem = f"{type(error).__name__}: {error}"
    if problem:
        care.fail(brand_id=plan.brand_id, key=plan.key, problem=problem, now=now)
    return 1


def _joined(refusal: Refusal, language: Language) -> str:
    said = [f"{one.field}: {one.message.in_language(language)}" for one in refusal.errors]
    return "; ".join(said) or refusal.message.in_language(language)


def _portion(plan: Plan, brand: Brand, now: datetime) -> None:
    if plan.rebuilding:
        care.rebuild(plan=plan, brand=brand, now=now)
        return
    day = now.astimezone(zone(brand.timezone)).date()
    starts = care.starts_at(plan=plan, brand=brand, day=day)
    if now < starts:
        # begun after midnight, before its hour: yesterday's pass is over, today's has its time
        care.go_on(plan=plan, brand=brand, day=day - timedelta(days=1), after=None, now=now)
        return
    after = plan.pass_after if plan.pass_day == day else None
    first, last = care.window_of(plan=plan, brand=brand, day=day)
    kind = plan.definition.kind
    if kind == "visit":
        _visits(plan, brand, day, now)
        following = None
    elif kind in ("service", "refill"):
        dues, following = care.found_items(
            plan=plan, brand=brand, first=first, last=last, after=after, now=now
        )
        act(plan, brand, dues, day, now)
    else:
        dues, following = care.find(plan=plan, brand=brand, first=first, last=last, now=now, after=after)
        act(plan, brand, dues, day, now)
    care.go_on(plan=plan, brand=brand, day=day, after=following, now=now)


def _visits(plan: Plan, brand: Brand, day: date, now: datetime) -> None:
    """Give out as many visits as there is room for; who is left is owed one tomorrow still."""
    chore = plan.definition.task
    assert chore is not None
    team = team_of(brand=brand, today=day)
    room = min(team.room(chore), _MOST_VISITS)
    if not room:
        return
    dues = care.owed_visits(plan=plan, brand=brand, day=day, limit=room * 3 + 500)
    reached = tasks.last_reached(brand_id=brand.id, member_ids=[one.member_id for one in dues])
    owed = [
        one
        for one in dues
        if one.member_id not in reached or reached[one.member_id][0] + timedelta(weeks=one.weeks) <= now
    ]
    act(plan, brand, owed, day, now, team=team)


def chosen(plan: Plan, brand: Brand, dues: Sequence[Due], now: datetime) -> list[Due]:
    """Of candidates those who were not had yet, belong to the audience, and let themselves be profiled where it is."""
    had = care.already(plan=plan, dues=dues)
    kept = [one for one in dues if (one.member_id, one.occasion) not in had]
    if kept and plan.definition.audience:
        among = set(
            segments.holds_for(
                brand_id=brand.id,
                definition=plan.definition.audience,
                member_ids=list({one.member_id for one in kept}),
                now=now,
            )
        )
        kept = [one for one in kept if one.member_id in among]
    if kept and plan.definition.kind == "churn":
        off = members.profiling_off(brand_id=brand.id, member_ids={one.member_id for one in kept})
        kept = [one for one in kept if one.member_id not in off]
    definition = plan.definition
    if kept and definition.task is not None and definition.message is None and not definition.rewards:
        declined = _declined(brand, kept, now)
        kept = [one for one in kept if one.member_id not in declined]
    return kept


def _declined(brand: Brand, dues: Sequence[Due], now: datetime) -> set[UUID]:
    """Those of them who told staff that they want no more contact."""
    ids = {one.member_id for one in dues}
    return tasks.declined(brand_id=brand.id, member_ids=ids, now=now)


def carry_out(*, plan: Plan, brand: Brand, dues: Sequence[Due], day: date, now: datetime) -> int:
    """Do now what a plan does for those whose turn it is on a day, each occasion once; gives for how many."""
    return act(plan, brand, dues, day, now)


def act(
    plan: Plan, brand: Brand, dues: Sequence[Due], day: date, now: datetime, *, team: Team | None = None
) -> int:
    """Do what the plan does for those whose turn it is, each occasion once; gives for how many."""
    kept = chosen(plan, brand, dues, now)
    if not kept:
        return 0
    arms = _arms(plan, brand, kept)
    places: dict[tuple[UUID, str], tuple[UUID | None, date]] = {}
    chore = plan.definition.task
    if chore is not None:
        declined = _declined(brand, kept, now)  # a message of the plan comes still, a call does not
        called = [one for one in kept if arms[one.member_id] == "treated" and one.member_id not in declined]
        places = _places(plan, brand, called, day, team)
        if plan.definition.kind == "visit":
            # whom nobody has time for stays owed
            kept = [
                one
                for one in kept
                if arms[one.member_id] == "holdout" or (one.member_id, one.occasion) in places
            ]
    new = care.mark(plan=plan, dues=[(one, arms[one.member_id]) for one in kept], now=now)
    acted = [one for one in kept if (one.member_id, one.occasion) in new and arms[one.member_id] == "treated"]
    if not acted:
        return 0
    _tell(plan, brand, acted, _reward(plan, brand, acted, now), now)
    if chore is not None:
        tiers = _tiers(brand, now)
        tasks.add_many(
            brand=brand,
            tasks=[
                _task(plan, one, places[one.member_id, one.occasion], tiers)
                for one in acted
                if (one.member_id, one.occasion) in places
            ],
            now=now,
        )
    return len(acted)


def _arms(plan: Plan, brand: Brand, dues: Sequence[Due]) -> Mapping[UUID, str]:
    """Who is left alone for comparison: by the plan's own draw, and for marketing by the programme's."""
    definition = plan.definition
    ids = {one.member_id for one in dues}
    service = definition.message is not None and definition.message.purpose == "service"
    held = set() if service else holdouts.held_out(brand_id=brand.id, member_ids=ids)
    return {
        id_: "holdout"
        if id_ in held or holdouts.arm_of(plan.salt, id_, definition.holdout_percent) == "holdout"
        else "treated"
        for id_ in ids
    }


def _places(
    plan: Plan, brand: Brand, dues: Sequence[Due], day: date, team: Team | None
) -> dict[tuple[UUID, str], tuple[UUID | None, date]]:
    """Who of the staff does it on which day. Where nobody has time it is nobody's, but a visit waits."""
    chore = plan.definition.task
    assert chore is not None
    if not dues:
        return {}
    if chore.assign == "nobody":
        due_on = day + timedelta(days=chore.due_in_days)
        return {(one.member_id, one.occasion): (None, due_on) for one in dues}
    if team is None:
        team = team_of(brand=brand, today=day)
    owners = tasks.last_reached(brand_id=brand.id, member_ids={one.member_id for one in dues})
    places: dict[tuple[UUID, str], tuple[UUID | None, date]] = {}
    for one in dues:
        owner = owners[one.member_id][1] if one.member_id in owners else None
        given = team.give(chore, one, owner)
        if given is not None:
            places[one.member_id, one.occasion] = given
        elif plan.definition.kind != "visit":
            days = team.days_of(chore)
            places[one.member_id, one.occasion] = (None, days[0] if days else day)
    return places


def _key(plan: Plan, one: Due) -> str:
    return f"care:{plan.key}:{one.occasion}"


def _reward(plan: Plan, brand: Brand, dues: Sequence[Due], now: datetime) -> dict[UUID, Mapping[str, Any]]:
    """Give what the plan gives; gives what texts may say of the coupon of those who got all of it."""
    definition = plan.definition
    if not definition.rewards:
        return {}
    rewards = rewarding.rewards_of(definition.rewards)
    given = rewarding.give(
        brand=brand,
        gifts=[
            Gift(one.member_id, _key(plan, one), plan.source, rewards, definition.name, definition.budget)
            for one in dues
        ],
        now=now,
    )
    occasions = {(one.member_id, _key(plan, one)): one.occasion for one in dues}
    care.note_costs(
        plan=plan,
        costs=[
            (one.member_id, occasions[one.member_id, one.key], one.cost)
            for one in given
            if one.state in ("given", "partly") and one.cost
        ],
    )
    coupon = _coupon_of(brand, definition.rewards)
    return {one.member_id: coupon for one in given if one.state == "given"} if coupon else {}


def _coupon_of(brand: Brand, rewards: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What texts may say of the coupon that is given, the first if there are several."""
    keys = [one["definition"] for one in rewards if one.get("kind") == "coupon"]
    names = {one.key: one.name for one in coupons.list_definitions(brand_id=brand.id)} if keys else {}
    return next(({"name": names[key].to_json()} for key in keys if key in names), {})


def _tell(
    plan: Plan, brand: Brand, dues: Sequence[Due], given: Mapping[UUID, Mapping[str, Any]], now: datetime
) -> None:
    """`given`: what of a coupon each got."""
    said = plan.definition.message
    if said is None:
        return
    grace = timedelta(days=GRACE_DAYS.get(plan.definition.kind, 3) + 1)
    messaging.ask(
        brand=brand,
        asks=[
            Ask(
                member_id=one.member_id,
                key=_key(plan, one),
                source=plan.source,
                purpose=said.purpose,  # type: ignore[arg-type]
                template=said.template,
                channels=said.channels,
                values=_values(plan, one)
                | ({"coupon": given[one.member_id]} if one.member_id in given else {}),
                priority=_PRIORITY[plan.definition.kind],
                expires_at=max(start_of_day(one.on, brand.timezone) + grace, now + timedelta(days=1)),
                origin=str(plan.id),
            )
            for one in dues
        ],
        now=now,
    )


def _values(plan: Plan, one: Due) -> dict[str, Any]:
    """What a template may name beside what is known of the member: names in both languages, English as `…_en`; what is
    a list of things is listed as the reader's language does."""
    values: dict[str, Any] = {
        "occasion": plan.definition.name.zh,
        "occasion_en": plan.definition.name.en,
        "day": one.on.isoformat(),
    }
    for name, value in one.values.items():
        if isinstance(value, Mapping) and name != "item":
            values[name], values[f"{name}_en"] = value.get("zh", ""), value.get("en", "")
        else:
            values[name] = value
    return values


def _tiers(brand: Brand, now: datetime) -> Mapping[str, Mapping[str, str]]:
    """By code what tiers are called, in both languages: a script is read out."""
    try:
        schemes = versions.in_force(brand_id=brand.id, now=now).live.schemes
    except Refusal:
        return {}
    return {tier.code: tier.name.to_json() for scheme in schemes for tier in scheme.tiers}


def _task(
    plan: Plan, one: Due, place: tuple[UUID | None, date], tiers: Mapping[str, Mapping[str, str]]
) -> NewTask:
    chore = plan.definition.task
    assert chore is not None
    values = {"occasion": plan.definition.name.to_json(), **one.values}
    if values.get("tier") in tiers:
        values["tier"] = tiers[values["tier"]]
    named = Due(one.member_id, one.occasion, one.on, values)
    return NewTask(
        member_id=one.member_id,
        key=_key(plan, one),
        kind=chore.kind,  # type: ignore[arg-type]
        title=care.shown_in(text=chore.title, due=named),
        script=care.shown_in(text=chore.script, due=named),
        store_id=one.store_id,
        assignee=place[0],
        due_on=place[1],
        source=plan.source,
        origin=str(plan.id),
    )
