"""What a member plays: badges as they came and went, missions she runs, check-ins."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from ninja import Router

from regulars.engage.missions.api import badges, draws, missions, play
from regulars.engage.missions.policy.play import business_day
from regulars.engage.missions.types.missions import RUN_STATES
from regulars.flows.missions import api as flow
from regulars.kit.text import Text
from regulars.surfaces.console.asking import Code, member_id_of, needs
from regulars.surfaces.console.mission_shapes import BadgeAheadOut, BadgeMoveOut, MemberPlayOut, PlayRunOut
from regulars.surfaces.console.missions import MissionDesk
from regulars.surfaces.play_views import badge_progress

router = Router(tags=["Missions"])
_NEWEST = 30
_PLAIN = {
    "condition": Text("满足条件", "its condition"),
    "hand": Text("手动授予", "by hand"),
    "checkin": Text("签到奖励", "a check-in"),
    "referral": Text("推荐好友", "a friend she brought"),
}
_KINDS = {
    "mission": Text("任务：{name}", "mission: {name}"),
    "draw": Text("抽奖：{name}", "draw: {name}"),
    "board": Text("排行榜：{name}", "leaderboard: {name}"),
    "rule": Text("规则：{name}", "rule: {name}"),
    "campaign": Text("活动：{name}", "campaign: {name}"),
    "journey": Text("旅程：{name}", "journey: {name}"),
    "care": Text("关怀：{name}", "care: {name}"),
}


@router.get("/members/{code}/play", response=MemberPlayOut, **needs("missions.read"))
def get_member_play(request: HttpRequest, code: Code) -> Any:
    """A member's badges, missions and check-ins, newest first (the last 100 badges, the last 30 missions)."""
    desk = MissionDesk(request)
    brand_id, member_id = desk.brand.id, member_id_of(desk.scope, code)
    standing, _ = play.checkin_standing(
        brand_id=brand_id,
        member_id=member_id,
        rules=play.get_checkin(brand_id=brand_id),
        today=business_day(desk.now, desk.brand.timezone),
        timezone=desk.brand.timezone,
    )
    return MemberPlayOut(
        badges=_badges(desk, badges.history_of(brand_id=brand_id, member_id=member_id)),
        ahead=_ahead(desk, member_id),
        runs=_runs(desk, member_id),
        checkins=standing.total,
        streak=standing.streak,
        best=standing.best,
        hidden=play.is_hidden(brand_id=brand_id, member_id=member_id),
    )


def _badges(desk: MissionDesk, found: list[Any]) -> list[BadgeMoveOut]:
    known = {one.key: one for one in play.list_badges(brand_id=desk.brand.id, archived=True)}
    names = _names(desk) if any(":" in one.source for one in found) else {}
    return [
        BadgeMoveOut(
            badge=one.badge,
            name=desk.say(known[one.badge].name),
            icon=known[one.badge].icon,
            colour=known[one.badge].colour,
            source=one.source,
            source_name=_source(desk, one.source, names),
            granted_at=one.granted_at,
            revoked_at=one.revoked_at,
        )
        for one in found
        if one.badge in known
    ]


def _ahead(desk: MissionDesk, member_id: UUID) -> list[BadgeAheadOut]:
    """Badges to come that numbers give, the nearest first."""
    held = play.badges_of(brand_id=desk.brand.id, member_id=member_id)
    known = [one for one in play.list_badges(brand_id=desk.brand.id) if one.key not in held]
    far = flow.progress_of_badges(brand=desk.brand, badges=known, member_id=member_id, now=desk.now)
    found = [
        BadgeAheadOut(
            badge=one.key,
            name=desk.say(one.name),
            colour=one.colour,
            progress=badge_progress(far[one.key], desk.language),
        )
        for one in known
        if one.key in far
    ]
    return sorted(found, key=lambda one: -min(part.percent for part in one.progress))


def _names(desk: MissionDesk) -> dict[str, Text]:
    """Names of what gives badges, by source."""
    brand_id = desk.brand.id
    return {
        **{f"mission:{one.key}": one.definition.name for one in missions.list_missions(brand_id=brand_id)},
        **{f"draw:{one.key}": one.definition.name for one in draws.list_draws(brand_id=brand_id)},
        **{f"board:{one.key}": one.name for one in play.list_boards(brand_id=brand_id)},
    }


def _source(desk: MissionDesk, source: str, names: Mapping[str, Text]) -> str:
    if source in _PLAIN:
        return desk.say(_PLAIN[source])
    kind, _, key = source.partition(":")
    if kind not in _KINDS:
        return source
    return desk.say(_KINDS[kind]).format(name=desk.say(names.get(source, Text(key, key))))


def _runs(desk: MissionDesk, member_id: Any) -> list[PlayRunOut]:
    found = missions.runs_of(brand_id=desk.brand.id, member_ids=[member_id])
    mine = sorted((run for runs in found.values() for run in runs), key=lambda run: run.started_at)
    mine = mine[: -_NEWEST - 1 : -1]
    made = missions.definitions_of(brand_id=desk.brand.id, pairs={(run.mission, run.version) for run in mine})
    return [
        PlayRunOut(
            mission=run.mission,
            name=desk.say(made[run.mission, run.version].name),
            state=run.state,
            state_name=desk.say(RUN_STATES[run.state]),
            done=sum(step.done_at is not None for step in run.steps.values()),
            of=len(made[run.mission, run.version].steps),
            started_at=run.started_at,
            finished_at=run.finished_at,
            ends_at=run.ends_at,
        )
        for run in mine
    ]
