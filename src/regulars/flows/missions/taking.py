"""Members take part: what is open to her, taking a mission up, being given a badge by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from regulars.engage.missions.api import missions as kept
from regulars.engage.missions.api import play
from regulars.engage.missions.policy import missions as policy
from regulars.engage.missions.types.missions import Definition, Mission, Run, Start
from regulars.engage.missions.types.play import BadgeGrant
from regulars.facts.members import states
from regulars.flows.intake.post import not_active
from regulars.flows.missions import counting
from regulars.kit.errors import Refusal, conflict, invalid_field, not_found
from regulars.kit.text import Text
from regulars.platform.audit import api as audit
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Brand, Scope

_MEMBER = Text("会员", "Member")
_PERIODIC = ("day", "week", "month")
_WHY = {
    "mission_already": Text("您已领取或完成过该任务", "You have taken or done this mission already"),
    "mission_over": Text("任务已结束", "The mission is over"),
    "mission_not_active": Text("任务未开放", "The mission is not open"),
}


@dataclass(frozen=True, slots=True)
class Card:
    """A mission as one member sees it: by the version that she runs, or the one that she would start under.
    `can_take_up`: she has to say that she wants it.
    """

    definition: Definition
    run: Run | None
    can_take_up: bool
    days_left: int | None


def cards_of(*, brand: Brand, member_id: UUID, now: datetime) -> list[Card]:
    """The missions that are open to a member or that she did: running ones first, then open ones, then done ones."""
    known = kept.list_missions(brand_id=brand.id)
    runs = kept.runs_of(brand_id=brand.id, member_ids=[member_id])
    with connection.cursor() as cursor:
        row = states.read(cursor, brand_id=brand.id, member_id=member_id)
    if row is None:
        raise not_found(_MEMBER)
    pairs = {(one.key, one.live) for one in known if one.live}
    pairs |= {(run.mission, run.version) for mine in runs.values() for run in mine}
    definitions = kept.definitions_of(brand_id=brand.id, pairs=pairs)
    cards: list[Card] = []
    for mission in known:
        if mission.state in ("draft", "ended") or mission.live_at is None:
            continue
        mine = runs.get((member_id, mission.key), [])
        live = definitions[mission.key, mission.live]
        opened = policy.opening(
            live,
            at=now,
            live_at=mission.live_at,
            joined_at=row.joined_at,
            runs=mine,
            timezone=brand.timezone,
        )
        current = _current(mine, live, now, brand.timezone)
        if current is not None:
            left = policy.days_left(current, now, brand.timezone)
            cards.append(Card(definitions[mission.key, current.version], current, False, left))
        elif opened is not None and mission.state == "active":
            if counting.audience(brand, live, {member_id}, now):
                probe = Run(member_id, mission.key, opened.run, mission.live, "running", now, opened.ends_at)
                begun = live.since == "joined" or live.ends_on is not None or live.repeat in _PERIODIC
                left = (
                    policy.days_left(probe, now, brand.timezone) if begun else None
                )  # her days begin with her
                cards.append(Card(live, None, live.opt_in, left))
        elif mine:
            last = mine[-1]
            cards.append(Card(definitions[mission.key, last.version], last, False, None))
    order = {"running": 0, "": 1, "finished": 2, "expired": 3, "withdrawn": 4}
    cards.sort(key=lambda card: (order[card.run.state if card.run else ""], card.definition.group == ""))
    return cards


def _current(runs: Sequence[Run], live: Definition, now: datetime, timezone: str) -> Run | None:
    """The run that she is at: one that runs; of a mission for each period that of this one."""
    for run in reversed(runs):
        if run.state == "running" and (run.ends_at is None or now < run.ends_at):
            return run
    if live.repeat in _PERIODIC:
        name = policy.period_of(now, live.repeat, timezone)[0]
        return next((run for run in runs if run.run == name), None)
    return None


def take_up(*, scope: Scope, member_id: UUID, mission: str, now: datetime) -> Run:
    """A member says that she wants a mission; again answers the run she is at. Raises `not_for_you`,
    `mission_already`, `mission_over`, `mission_not_active` (409), `not_found`.
    """
    brand = organisations.get_brand(brand_id=scope.brand_id)
    with transaction.atomic():
        with connection.cursor() as cursor:
            row = states.lock(cursor, brand_id=brand.id, member_ids=[member_id]).get(member_id)
        if row is None:
            raise not_found(_MEMBER)
        if row.status != "active":
            raise not_active(row.status)
        found: Mission = kept.get_mission(brand_id=brand.id, key=mission)
        if found.state == "draft":
            raise not_found(Text("任务", "Mission"))
        mine = kept.runs_of(brand_id=brand.id, member_ids=[member_id], missions=[mission]).get(
            (member_id, mission), []
        )
        current = _current(mine, found.definition, now, brand.timezone)
        if current is not None:
            return current
        if not counting.audience(brand, found.definition, {member_id}, now):
            raise conflict("not_for_you", "该任务不适用于您", "This mission is not for you")
        key = f"member:{len(mine)}"
        said = kept.start_missions(
            brand_id=brand.id,
            starts=[Start(member_id, mission, key)],
            joined={member_id: row.joined_at},
            timezone=brand.timezone,
            now=now,
        )
        wrong = said[member_id, key]
        if wrong:
            raise Refusal(wrong, _WHY[wrong], status=409)
        run = kept.runs_of(brand_id=brand.id, member_ids=[member_id], missions=[mission])[member_id, mission][
            -1
        ]
        counting.announce(brand, [("mission.started", run)], now)
        counting.count(brand, [], {member_id}, now)
        return kept.runs_of(brand_id=brand.id, member_ids=[member_id], missions=[mission])[
            member_id, mission
        ][-1]


def give_badge(*, scope: Scope, member_ids: Sequence[UUID], badge: str, key: str, now: datetime) -> int:
    """Staff give a badge by hand; the same key again gives nothing. Gives how many were given."""
    if not 1 <= len(member_ids) <= 1000:
        raise invalid_field("members", "out_of_range", "1 到 1000 名会员", "1 to 1000 members")
    found = play.get_badge(brand_id=scope.brand_id, key=badge)
    if found.state != "active":
        raise conflict("badge_archived", "徽章已归档", "The badge is archived")
    with transaction.atomic():
        with connection.cursor() as cursor:
            rows = states.lock(cursor, brand_id=scope.brand_id, member_ids=member_ids)
        grants = [BadgeGrant(id_, badge, f"hand:{key}", "hand") for id_ in member_ids if id_ in rows]
        given = play.grant_badges(brand_id=scope.brand_id, grants=grants, now=now)
        if given:
            audit.record(
                organisation_id=scope.organisation_id,
                brand_id=scope.brand_id,
                actor=scope.actor,
                action="badge.given",
                subject_type="badge",
                subject_id=badge,
                before=None,
                after={"count": given, "key": key},
                now=now,
            )
    return given
