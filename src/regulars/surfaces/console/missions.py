"""Missions and the check-in: list, editor, results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.http import HttpRequest
from ninja import Router, Status

from regulars.audience.segments import api as segments
from regulars.engage.missions.api import draws, missions, play
from regulars.engage.missions.policy.play import ICONS, business_day
from regulars.engage.missions.types.missions import (
    MEASURES,
    MISSION_STATES,
    REPEATS,
    RUN_STATES,
    Definition,
    Mission,
    MissionTally,
    Run,
)
from regulars.engage.missions.types.play import BOARD_MEASURES, BOARD_SOURCES, PERIODS
from regulars.facts.members import api as members
from regulars.flows import rewarding
from regulars.flows.missions import api as flow
from regulars.kit import clock
from regulars.kit.money import show
from regulars.kit.text import Language, Text
from regulars.programme.rules.api import acting_schema, describe_acting
from regulars.programme.versions import api as versions
from regulars.surfaces.access import language, scope_of
from regulars.surfaces.console.asking import PAGE, Code, Cursor, Limit, brand_of, needs
from regulars.surfaces.console.mission_shapes import (
    CheckinDayTallyOut,
    CheckinSettingsOut,
    MissionBuilderOut,
    MissionOut,
    MissionPutIn,
    MissionRunOut,
    MissionStepTallyOut,
    MissionVersionOut,
    NewMemberPathIn,
    PlayChoiceOut,
    PlayStateIn,
)
from regulars.surfaces.console.shapes.shared import PageOut
from regulars.surfaces.play_views import programme_units
from regulars.value.budgets import api as budgets
from regulars.value.gifts import api as gifts
from regulars.value.gifts.types import Tally

router = Router(tags=["Missions"])
READ, WRITE = needs("missions.read"), needs("missions.write")
_CHECKIN_DAYS = 30
_NO_LIMIT = Text("长期有效", "no end")
_GOALS = {
    "count": Text("{n} 次", "times: {n}"),
    "days": Text("{n} 天", "different days: {n}"),
    "stores": Text("{n} 家门店", "different stores: {n}"),
}
_EVERYBODY = Text("全部会员", "everybody")


class MissionDesk:
    """Missions as staff see them, in her language."""

    def __init__(self, request: HttpRequest) -> None:
        self.scope = scope_of(request)
        self.language: Language = language(request)
        self.now = clock.now()
        self.brand = brand_of(self.scope)
        self.known = rewarding.Known(self.brand.id, self.now)

    def say(self, text: Text) -> str:
        return text.in_language(self.language)

    def rewards(self, given: Iterable[Mapping[str, Any]]) -> list[str]:
        return [
            rewarding.describe(one, self.language, brand_id=self.brand.id, known=self.known)
            for one in rewarding.rewards_of(list(given))
        ]

    def shown(self, found: Sequence[Mission], *, steps: bool = False) -> list[MissionOut]:
        keys = [one.key for one in found]
        tallies = missions.tally(brand_id=self.brand.id, keys=keys)
        costs = gifts.tally(brand_id=self.brand.id, sources=[f"mission:{key}" for key in keys])
        asked = [one.definition.audience for one in found if one.definition.audience]
        said = iter(segments.describe(brand_id=self.brand.id, definitions=asked, now=self.now))
        audiences = {one.key: self.say(next(said)) for one in found if one.definition.audience}
        return [
            self._out(
                one,
                tallies.get(one.key, MissionTally()),
                costs.get(f"mission:{one.key}", Tally()),
                audiences.get(one.key, ""),
                steps,
            )
            for one in found
        ]

    def _out(self, one: Mission, tally: MissionTally, cost: Tally, audience: str, steps: bool) -> MissionOut:
        made = one.definition
        return MissionOut(
            key=one.key,
            name=self.say(made.name),
            state=one.state,
            state_name=self.say(MISSION_STATES[one.state]),
            group=made.group,
            opt_in=made.opt_in,
            repeat=made.repeat,
            repeat_name=self._repeat(made),
            window=self._window(made),
            audience=audience or self.say(_EVERYBODY),
            rewards=self.rewards(made.rewards),
            definition=made.to_json(),
            live=one.live,
            revision=one.revision,
            live_at=one.live_at,
            updated_at=one.updated_at,
            members=tally.members,
            started=tally.started,
            running=tally.running,
            finished=tally.finished,
            expired=tally.expired,
            withdrawn=tally.withdrawn,
            rolled_back=tally.rolled_back,
            cost=cost.cost - cost.back_cost,
            back=cost.back_cost,
            steps=self._steps(made) if steps else [],
        )

    def _steps(self, made: Definition) -> list[MissionStepTallyOut]:
        done = missions.tally_steps(brand_id=self.brand.id, key=made.key)
        catalogue = versions.catalogue_of(brand_id=self.brand.id)
        types = {choice.value: choice.label for choice in catalogue.activity_types()}
        rows = []
        for step in made.steps:
            if step.kind == "state":
                sentence = self.say(
                    segments.describe(brand_id=self.brand.id, definitions=[step.where], now=self.now)[0]
                )
            else:
                goal = (
                    show(step.goal, self.brand.currency)
                    if step.measure == "amount"
                    else self.say(_GOALS[step.measure]).format(n=f"{step.goal:,}")
                )
                activity = self.say(types.get(step.activity, Text(step.activity, step.activity)))
                where = self.say(describe_acting(catalogue, step.where))
                sentence = " · ".join(part for part in (activity, where, goal) if part)
            rows.append(
                MissionStepTallyOut(
                    key=step.key, name=self.say(step.name), sentence=sentence, done=done.get(step.key, 0)
                )
            )
        return rows

    def _repeat(self, made: Definition) -> str:
        if made.repeat == "times":
            return self.say(Text(f"最多 {made.times} 次", f"up to {made.times} times"))
        return self.say(REPEATS[made.repeat])

    def _window(self, made: Definition) -> str:
        parts = []
        if made.starts_on or made.ends_on:
            parts.append(f"{made.starts_on or ''} – {made.ends_on or ''}")
        if made.days:
            joined = Text("入会后 {n} 天内", "{n} days from joining")
            started = Text("开始后 {n} 天内", "{n} days from the start")
            parts.append(self.say((joined if made.since == "joined" else started).format(n=made.days)))
        return " · ".join(parts) or self.say(_NO_LIMIT)

    def choices(self, texts: Mapping[str, Text]) -> list[PlayChoiceOut]:
        return [PlayChoiceOut(value=value, label=self.say(text)) for value, text in texts.items()]


@router.get("/missions", response=list[MissionOut], **READ)
def list_missions(request: HttpRequest) -> Any:
    """Every mission with what became of it."""
    desk = MissionDesk(request)
    return desk.shown(missions.list_missions(brand_id=desk.brand.id))


@router.get("/missions/builder", response=MissionBuilderOut, **READ)
def get_builder(request: HttpRequest) -> Any:
    """What the editors of missions and play offer."""
    desk = MissionDesk(request)
    brand_id = desk.brand.id
    catalogue = versions.catalogue_of(brand_id=brand_id)
    return MissionBuilderOut(
        acting=acting_schema(catalogue, desk.language),
        standing=dict(segments.builder(brand_id=brand_id, now=desk.now, language=desk.language)),
        activities=desk.choices({choice.value: choice.label for choice in catalogue.activity_types()}),
        units=desk.choices(programme_units(brand=desk.brand, now=desk.now)),
        budgets=desk.choices({one.key: one.name for one in budgets.list_budgets(brand_id=brand_id)}),
        badges=desk.choices({one.key: one.name for one in play.list_badges(brand_id=brand_id)}),
        draws=desk.choices(
            {
                one.key: one.definition.name
                for one in draws.list_draws(brand_id=brand_id)
                if one.state != "ended"
            }
        ),
        missions=desk.choices(
            {one.key: one.definition.name for one in missions.list_missions(brand_id=brand_id)}
        ),
        measures=desk.choices(MEASURES),
        repeats=desk.choices(REPEATS),
        periods=desk.choices(PERIODS),
        board_sources=desk.choices(BOARD_SOURCES),
        board_measures=desk.choices(BOARD_MEASURES),
        icons=list(ICONS),
        currency=desk.brand.currency,
    )


@router.post("/missions", response={201: MissionOut}, **WRITE)
def create_mission(request: HttpRequest, given: MissionPutIn) -> Any:
    """Make a mission: a draft until it is published. Wrong fields are named."""
    desk = MissionDesk(request)
    made = flow.put_mission(scope=desk.scope, data=given.definition, now=desk.now, create=True)
    return Status(201, desk.shown([made], steps=True)[0])


@router.post("/missions/new-member-path", response=list[MissionOut], **WRITE)
def install_path(request: HttpRequest, given: NewMemberPathIn) -> Any:
    """Take the ready-made missions of new members that are not there yet, as drafts."""
    desk = MissionDesk(request)
    return desk.shown(flow.install_new_member_path(scope=desk.scope, unit=given.unit, now=desk.now))


@router.get("/missions/{key}", response=MissionOut, **READ)
def get_mission(request: HttpRequest, key: Code) -> Any:
    """One mission with how many did each step."""
    desk = MissionDesk(request)
    return desk.shown([missions.get_mission(brand_id=desk.brand.id, key=key)], steps=True)[0]


@router.put("/missions/{key}", response=MissionOut, **WRITE)
def change_mission(request: HttpRequest, key: Code, given: MissionPutIn) -> Any:
    """Change it. Once published each change is a new version; who runs it keeps hers."""
    desk = MissionDesk(request)
    data = {**given.definition, "key": key}
    made = flow.put_mission(scope=desk.scope, data=data, now=desk.now, create=False, revision=given.revision)
    return desk.shown([made], steps=True)[0]


@router.post("/missions/{key}/state", response=MissionOut, **WRITE)
def set_state(request: HttpRequest, key: Code, given: PlayStateIn) -> Any:
    """Publish (`active`), `paused`, go on, `ended`. 409 `wrong_state`."""
    desk = MissionDesk(request)
    made = missions.set_state(scope=desk.scope, key=key, state=given.state, now=desk.now)
    return desk.shown([made], steps=True)[0]


@router.get("/missions/{key}/versions", response=list[MissionVersionOut], **READ)
def list_versions(request: HttpRequest, key: Code) -> Any:
    """What was published when and by whom, newest first."""
    found = missions.list_versions(brand_id=scope_of(request).brand_id, key=key)
    return [MissionVersionOut(number=n, actor=actor, published_at=at) for n, actor, at in found]


@router.get("/missions/{key}/runs", response=PageOut[MissionRunOut], **READ)
def list_runs(
    request: HttpRequest, key: Code, state: str = "", cursor: Cursor = None, limit: Limit = PAGE
) -> Any:
    """Who runs it, the latest first."""
    desk = MissionDesk(request)
    page = missions.list_runs(brand_id=desk.brand.id, key=key, state=state[:20], cursor=cursor, limit=limit)
    names = members.names_of(scope=desk.scope, member_ids={run.member_id for run in page.items})
    found = missions.definitions_of(
        brand_id=desk.brand.id, pairs={(run.mission, run.version) for run in page.items}
    )

    def row(run: Run) -> MissionRunOut:
        code, name = names.get(run.member_id, ("", ""))
        return MissionRunOut(
            code=code,
            name=name,
            run=run.run,
            version=run.version,
            state=run.state,
            state_name=desk.say(RUN_STATES[run.state]),
            done=sum(step.done_at is not None for step in run.steps.values()),
            of=len(found[run.mission, run.version].steps),
            rolled_back=run.rolled_back,
            started_at=run.started_at,
            finished_at=run.finished_at,
            ends_at=run.ends_at,
        )

    return {"items": [row(run) for run in page.items], "next_cursor": page.next_cursor}


@router.get("/checkin", response=CheckinSettingsOut, **READ)
def get_checkin(request: HttpRequest) -> Any:
    """How the check-in works, and how it went in the last 30 days."""
    return _checkin(MissionDesk(request))


@router.put("/checkin", response=CheckinSettingsOut, **WRITE)
def change_checkin(request: HttpRequest, given: MissionPutIn) -> Any:
    """Change how the check-in works, from the next one on."""
    desk = MissionDesk(request)
    flow.put_checkin(scope=desk.scope, data=given.definition, now=desk.now)
    return _checkin(desk)


def _checkin(desk: MissionDesk) -> CheckinSettingsOut:
    since = business_day(desk.now, desk.brand.timezone) - timedelta(days=_CHECKIN_DAYS - 1)
    cost = gifts.tally(brand_id=desk.brand.id, sources=["checkin"]).get("checkin", Tally())
    return CheckinSettingsOut(
        definition=play.get_checkin(brand_id=desk.brand.id).to_json(),
        days=[
            CheckinDayTallyOut(day=day, checkins=checkins, makeups=makeups)
            for day, checkins, makeups in play.checkins_by_day(brand_id=desk.brand.id, since=since)
        ],
        cost=cost.cost - cost.back_cost,
    )
