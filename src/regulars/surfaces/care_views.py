"""Care plans and the calendar as the public API and the console show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from regulars.engage.care import api as care
from regulars.engage.care.types import KINDS, VARIABLES, Plan
from regulars.engage.tasks.types import KINDS as TASK_KINDS
from regulars.engage.tasks.types import OUTCOMES
from regulars.facts.activity import api as activities
from regulars.facts.members import api as members
from regulars.flows import rewarding
from regulars.flows.care import api as flow
from regulars.insight.lifecycle.types import STAGES
from regulars.kit import workdays
from regulars.kit.errors import ErrorList, Refusal
from regulars.kit.paging import Page
from regulars.kit.text import Language, Text
from regulars.messaging import api as messaging
from regulars.messaging.types import CHANNELS
from regulars.platform.calendar import api as calendar
from regulars.platform.calendar.types import OwnFestival
from regulars.platform.organisations.types import Scope
from regulars.programme.versions import api as versions
from regulars.surfaces.care_shapes import (
    CalendarYearOut,
    CareAheadOut,
    CareChoiceOut,
    CareDayOut,
    CareDoneOut,
    CareFormOut,
    CareItemOut,
    CareMemberOut,
    CareNameIO,
    CareNextOut,
    CarePlanOut,
    CareReachedOut,
    CareReadyMadeOut,
    HolidayOut,
    NamedDayOut,
    OwnDayIO,
    OwnFestivalChangeIn,
    OwnFestivalIO,
)


def name_of(text: Text) -> CareNameIO:
    return CareNameIO(zh=text.zh, en=text.en)


def people_of(scope: Scope, ids: Iterable[UUID]) -> dict[UUID, CareMemberOut]:
    """Members by id with code and name, masked unless the caller may read it."""
    wanted = set(ids)
    named = members.names_of(scope=scope, member_ids=wanted) if wanted else {}
    return {id_: CareMemberOut(id=id_, code=code, name=name) for id_, (code, name) in named.items()}


@dataclass(frozen=True, slots=True)
class CareViewer:
    """What one caller sees, in her language."""

    scope: Scope
    language: Language
    now: datetime

    def say(self, text: Text) -> str:
        return text.in_language(self.language)

    def choices(self, texts: Mapping[str, Text]) -> list[CareChoiceOut]:
        return [CareChoiceOut(code=code, label=self.say(text)) for code, text in texts.items()]

    # -- plans

    def listed(self) -> list[CarePlanOut]:
        return [self.shown(one) for one in care.list_plans(brand_id=self.scope.brand_id)]

    def one(self, key: str) -> CarePlanOut:
        return self.shown(self.plan(key))

    def plan(self, key: str) -> Plan:
        return care.get_plan(brand_id=self.scope.brand_id, key=key)

    def shown(self, plan: Plan) -> CarePlanOut:
        definition = plan.definition
        return CarePlanOut(
            key=plan.key,
            name=name_of(definition.name),
            label=self.say(definition.name),
            kind=definition.kind,
            kind_label=self.say(KINDS[definition.kind]),
            state=plan.state,
            definition=definition.to_json(),
            rewards=[
                rewarding.describe(one, self.language, brand_id=self.scope.brand_id)
                for one in rewarding.rewards_of(definition.rewards)
            ],
            activated_at=plan.activated_at,
            updated_at=plan.updated_at,
            next_run_at=plan.next_run_at,
            problem=self.say(Text.of_kept(plan.problem)),
            results=dict(plan.results),
            words=self._words(plan.results),
            results_at=plan.results_at,
        )

    def _words(self, results: Mapping[str, Any]) -> dict[str, str]:
        """Why messages did not go, and what came of tasks, in the reader's language."""
        reasons = messaging.list_reasons()
        skipped = [one for one in results.get("messages", {}).get("skipped", {}) if one in reasons]
        outcomes = [one for one in results.get("tasks", {}).get("outcomes", {}) if one in OUTCOMES]
        return {one: self.say(reasons[one].name) for one in skipped} | {
            one: self.say(OUTCOMES[one][0]) for one in outcomes
        }

    def put(self, key: str, definition: Mapping[str, Any], *, create: bool | None) -> CarePlanOut:
        value = {**definition, "key": key}
        return self.shown(flow.put_plan(scope=self.scope, value=value, create=create, now=self.now))

    def move(self, key: str, state: str) -> CarePlanOut:
        return self.shown(flow.set_state(scope=self.scope, key=key, state=state, now=self.now))

    def install(self) -> list[CarePlanOut]:
        flow.install_ready_made(scope=self.scope, now=self.now)
        return self.listed()

    def ready_made(self) -> list[CareReadyMadeOut]:
        brand_id = self.scope.brand_id
        there = {one.key for one in care.list_plans(brand_id=brand_id)}
        return [
            CareReadyMadeOut(
                key=one.key,
                label=self.say(Text.from_json(one.definition["name"])),
                kind=one.definition["kind"],
                kind_label=self.say(KINDS[one.definition["kind"]]),
                definition=dict(one.definition),
                rewards=[
                    rewarding.describe(reward, self.language, brand_id=brand_id)
                    for reward in rewarding.rewards_of(one.definition["rewards"])
                ],
                lacks=list(one.lacks),  # type: ignore[arg-type]
                taken=one.key in there,
            )
            for one in flow.ready_made(brand_id=brand_id, now=self.now)
        ]

    def ahead(self, value: Mapping[str, Any]) -> CareAheadOut:
        """Of a definition, saved or not. Raises `invalid_input`."""
        errors = ErrorList()
        definition = care.read_definition(value=value, errors=errors)
        errors.refuse()
        assert definition is not None
        found = flow.preview(scope=self.scope, definition=definition, now=self.now)
        people = people_of(self.scope, (one.member_id for one in found.members))
        return CareAheadOut(
            basis=found.basis,  # type: ignore[arg-type]
            days=[CareDayOut(day=day, members=count) for day, count in found.days],
            members=[
                CareNextOut(member=people[one.member_id], on=one.on, occasion=one.occasion)
                for one in found.members
                if one.member_id in people
            ],
            total=found.total,
            whole=found.whole,
            held_out=found.held_out,
        )

    def reached(self, key: str, cursor: str | None, limit: int) -> Page[CareReachedOut]:
        page = care.reached_by(plan=self.plan(key), cursor=cursor, limit=limit)
        people = people_of(self.scope, (one.member_id for one in page.items))
        return page.map(
            lambda one: CareReachedOut(
                member=people.get(one.member_id) or CareMemberOut(id=one.member_id, code="", name=""),
                occasion=one.occasion,
                on=one.on,
                arm=one.arm,
                at=one.at,
                bought_at=one.bought_at,
                orders=one.orders,
                spend=one.spend,
            )
        )

    def form(self) -> CareFormOut:
        brand_id = self.scope.brand_id
        types = {code: one.name for code, one in activities.declared_types(brand_id=brand_id).items()}
        return CareFormOut(
            kinds=self.choices(KINDS),
            variables=self.choices(VARIABLES),
            festivals=self.choices(calendar.list_festivals(brand_id=brand_id)),
            activities=self.choices({"checkin": Text("签到", "Check-in"), **types}),
            tiers=self.choices(self._tiers()),
            stages=self.choices(STAGES),
            task_kinds=self.choices(TASK_KINDS),
            channels=self.choices({code: one for code, one in CHANNELS.items() if code != "task"}),
            members_choose_calendar=flow.choices_of_birthday(brand_id=brand_id),
            ready_made=self.ready_made(),
        )

    def let_members_choose(self) -> CareFormOut:
        flow.let_members_choose(scope=self.scope, now=self.now)
        return self.form()

    def _tiers(self) -> dict[str, Text]:
        try:
            programme = versions.in_force(brand_id=self.scope.brand_id, now=self.now).live
        except Refusal:
            return {}
        return {tier.code: tier.name for scheme in programme.schemes for tier in scheme.tiers}

    # -- a member

    def done_for(self, member_id: UUID) -> list[CareDoneOut]:
        names = self._names()
        return [
            CareDoneOut(
                plan=one.plan_key,
                label=names.get(one.plan_key, one.plan_key),
                occasion=one.occasion,
                on=one.on,
                at=one.at,
                bought_at=one.bought_at,
                orders=one.orders,
                spend=one.spend,
            )
            for one in care.care_of(brand_id=self.scope.brand_id, member_id=member_id)
        ]

    def items_of(self, member_id: UUID) -> list[CareItemOut]:
        plans = {one.key: one for one in care.list_plans(brand_id=self.scope.brand_id)}
        return [
            CareItemOut(
                plan=one.plan_key,
                label=self.say(plans[one.plan_key].definition.name)
                if one.plan_key in plans
                else one.plan_key,
                thing=one.thing,
                item=self.say(care.item_name(plan=plans[one.plan_key], thing=one.thing, label=one.label))
                if one.plan_key in plans
                else one.label,
                bought_on=one.bought_on,
                times=one.times,
                interval_days=one.interval_days,
                next_on=one.next_on,
                ended=one.ended_why,
            )
            for one in care.items_of(brand_id=self.scope.brand_id, member_id=member_id)
        ]

    def end_item(self, member_id: UUID, plan: str, thing: str) -> list[CareItemOut]:
        care.end_item(scope=self.scope, key=plan, member_id=member_id, thing=thing, now=self.now)
        return self.items_of(member_id)

    def _names(self) -> dict[str, str]:
        return {
            one.key: self.say(one.definition.name) for one in care.list_plans(brand_id=self.scope.brand_id)
        }

    # -- the calendar

    def year(self, year: int) -> CalendarYearOut:
        found = calendar.get_year(brand_id=self.scope.brand_id, year=year)
        known = workdays.known_years()
        return CalendarYearOut(
            year=year,
            known=found.known,
            lunar_known=found.lunar_known,
            known_from=known.start,
            known_to=known.stop - 1,
            festivals=[
                NamedDayOut(
                    code=one.code, name=name_of(one.name), label=self.say(one.name), day=one.day, own=one.own
                )
                for one in found.festivals
            ],
            holidays=self._holidays(found.holidays),
            moved=self._holidays(found.moved),
            own_days=[OwnDayIO(day=one.day, works=one.works, name=name_of(one.name)) for one in found.own],
            own_festivals=self.own_festivals(),
        )

    def own_festivals(self) -> list[OwnFestivalIO]:
        return [_festival(one) for one in calendar.list_own_festivals(brand_id=self.scope.brand_id)]

    def put_day(self, day: date, works: bool, name: CareNameIO) -> OwnDayIO:
        made = calendar.put_day(scope=self.scope, day=day, works=works, name=name.to_text(), now=self.now)
        return OwnDayIO(day=made.day, works=made.works, name=name_of(made.name))

    def remove_day(self, day: date) -> None:
        calendar.remove_day(scope=self.scope, day=day, now=self.now)

    def put_festival(self, code: str, given: OwnFestivalChangeIn) -> OwnFestivalIO:
        festival = OwnFestival(
            code, given.name.to_text(), given.reckoning, given.month, given.day, given.year
        )
        return _festival(calendar.put_festival(scope=self.scope, festival=festival, now=self.now))

    def remove_festival(self, code: str) -> None:
        calendar.remove_festival(scope=self.scope, code=code, now=self.now)

    def _holidays(self, days: Mapping[date, Text]) -> list[HolidayOut]:
        return [HolidayOut(day=day, label=self.say(name)) for day, name in sorted(days.items())]


def _festival(one: OwnFestival) -> OwnFestivalIO:
    return OwnFestivalIO(
        code=one.code,
        name=name_of(one.name),
        reckoning=one.reckoning,
        month=one.month,
        day=one.day,
        year=one.year,
    )
