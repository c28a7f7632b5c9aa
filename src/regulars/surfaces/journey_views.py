"""Journeys as the public API and the console show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from regulars.engage.journeys import api as journeys
from regulars.engage.journeys.types import KINDS, Definition, Journey, Numbers, Run
from regulars.facts.members import api as members
from regulars.flows.journeys import api as flow
from regulars.flows.journeys.types import MessageFigures, Vocabulary
from regulars.kit.errors import FieldError
from regulars.kit.paging import Page
from regulars.kit.text import Language, Text
from regulars.messaging import api as messaging
from regulars.messaging.types import CHANNELS, SendState
from regulars.platform.organisations.types import Scope
from regulars.surfaces.journey_shapes import (
    JourneyActionOut,
    JourneyChangeIn,
    JourneyChannelOut,
    JourneyCheckOut,
    JourneyChoiceOut,
    JourneyCountsOut,
    JourneyDetailOut,
    JourneyDryRunIn,
    JourneyDryRunOut,
    JourneyErrorOut,
    JourneyForecastOut,
    JourneyIn,
    JourneyMessageOut,
    JourneyMessagesOut,
    JourneyMovedOut,
    JourneyMoveIn,
    JourneyNameIO,
    JourneyNodeOut,
    JourneyNoteIO,
    JourneyOut,
    JourneyReasonOut,
    JourneyRunOut,
    JourneySchemeOut,
    JourneySentOut,
    JourneyStartedOut,
    JourneyVersionCountOut,
    JourneyVersionOut,
    JourneyVocabularyOut,
    MemberJourneyOut,
    ReadyJourneyOut,
)


@dataclass(frozen=True, slots=True)
class JourneyViewer:
    """Journeys as one caller sees them, in her language."""

    scope: Scope
    language: Language
    now: datetime

    def say(self, text: Text) -> str:
        return text.in_language(self.language)

    def listed(self, *, archived: bool) -> list[JourneyOut]:
        return self.shown(journeys.list_journeys(brand_id=self.scope.brand_id, archived=archived))

    def shown(self, found: Sequence[Journey]) -> list[JourneyOut]:
        numbers = journeys.numbers_of(journeys=found)
        return [JourneyOut(**self._head(one, numbers[one.id], self._triggers(one))) for one in found]

    def ready_made(self) -> list[ReadyJourneyOut]:
        return [
            ReadyJourneyOut(
                code=one.code,
                label=self.say(one.name),
                note=self.say(one.note),
                steps=list(self._titles(one.definition).values()),
                installed=there,
            )
            for one, there in journeys.list_ready_made(brand_id=self.scope.brand_id)
        ]

    def one(self, code: str) -> JourneyDetailOut:
        journey = self._get(code)
        live = (
            journeys.get_version(journey=journey, number=journey.version).definition
            if journey.version
            else None
        )
        shown = journey.draft if journey.draft is not None else live
        found = flow.check(brand_id=self.scope.brand_id, code=code, data=shown, now=self.now)
        said = self._sentences(found.definition)
        numbers = journeys.numbers_of(journeys=[journey])[journey.id]
        triggers = (
            [said[node.id] for node in found.definition.triggers]
            if found.definition
            else self._triggers(journey)
        )
        return JourneyDetailOut(
            **self._head(journey, numbers, triggers),
            draft=dict(journey.draft) if journey.draft is not None else None,
            live=dict(live) if live is not None else None,
            errors=self._errors(found.errors),
            sentences=said,
        )

    def create(self, given: JourneyIn) -> JourneyDetailOut:
        journeys.create(
            scope=self.scope,
            code=given.code,
            name=given.name.to_text(),
            note=given.note.to_text(),
            definition=given.definition,
            now=self.now,
        )
        return self.one(given.code)

    def change(self, code: str, given: JourneyChangeIn) -> JourneyDetailOut:
        journeys.change(
            scope=self.scope,
            code=code,
            name=given.name.to_text() if given.name else None,
            note=given.note.to_text() if given.note else None,
            definition=given.definition,
            now=self.now,
        )
        return self.one(code)

    def check(self, code: str, definition: Any) -> JourneyCheckOut:
        found = flow.check(brand_id=self.scope.brand_id, code=code, data=definition, now=self.now)
        return JourneyCheckOut(errors=self._errors(found.errors), sentences=self._sentences(found.definition))

    def discard(self, code: str) -> JourneyDetailOut:
        journeys.discard_draft(scope=self.scope, code=code, now=self.now)
        return self.one(code)

    def publish(self, code: str, note: str) -> JourneyDetailOut:
        flow.publish(scope=self.scope, code=code, note=note, now=self.now)
        return self.one(code)

    def set_state(self, code: str, state: Any) -> JourneyDetailOut:
        journeys.set_state(scope=self.scope, code=code, state=state, now=self.now)
        return self.one(code)

    def move(self, code: str, given: JourneyMoveIn) -> JourneyMovedOut:
        moved, stayed, ended = journeys.move_members(
            scope=self.scope, code=code, from_version=given.from_version, missing=given.missing, now=self.now
        )
        return JourneyMovedOut(moved=moved, stayed=stayed, ended=ended)

    def versions(self, code: str) -> list[JourneyVersionOut]:
        journey = self._get(code)
        active = journeys.active_by_version(journey=journey)
        return [
            JourneyVersionOut(
                number=one.number,
                definition=dict(one.definition),
                note=one.note,
                created_at=one.created_at,
                created_by=one.created_by,
                active=active.get(one.number, 0),
            )
            for one in journeys.list_versions(journey=journey)
        ]

    def counts(self, code: str, version: int | None) -> JourneyCountsOut:
        journey = self._get(code)
        found = journeys.counts_of(journey=journey, version=version)
        return JourneyCountsOut(
            version=found.version,
            versions=[
                JourneyVersionCountOut(version=number, active=count)
                for number, count in sorted(journeys.active_by_version(journey=journey).items(), reverse=True)
            ],
            started=found.numbers.started,
            active=found.numbers.active,
            ended=found.numbers.ended,
            converted=found.numbers.converted,
            ended_by=dict(found.ended_by),
            nodes=[
                JourneyNodeOut(
                    node=one.node,
                    entered=one.entered,
                    here=one.here,
                    ports=dict(one.ports),
                    ended=dict(one.ended),
                )
                for one in found.nodes
            ],
        )

    def messages(self, code: str, version: int | None) -> JourneyMessagesOut:
        journey = self._get(code)
        found = flow.messages_of(journey=journey, version=version)
        return JourneyMessagesOut(
            version=version or journey.version,
            nodes=[self._messages(one) for _, one in sorted(found.items())],
        )

    def _messages(self, one: MessageFigures) -> JourneyMessageOut:
        return JourneyMessageOut(
            node=one.node,
            asked=one.asked,
            waiting=one.waiting,
            sent=one.sent,
            delivered=one.delivered,
            clicked=one.clicked,
            failed=sum(one.failed.values()),
            skipped=sum(one.skipped.values()),
            uncertain=one.uncertain,
            waiting_for=self._reasons(one.waiting_for),
            failed_for=self._reasons(one.failed),
            skipped_for=self._reasons(one.skipped),
            channels=[
                JourneyChannelOut(channel=channel, label=self.say(CHANNELS[channel]), count=count)
                for channel, count in _most_first(one.channels)
            ],
        )

    def _reasons(self, counts: Mapping[str, int]) -> list[JourneyReasonOut]:
        names = messaging.list_reasons()
        return [
            JourneyReasonOut(
                code=code, label=self.say(names[code].name) if code in names else code, count=count
            )
            for code, count in _most_first(counts)
        ]

    def runs(
        self, code: str, *, state: str, node: str, reason: str, cursor: str | None, limit: int
    ) -> Page[JourneyRunOut]:
        page = journeys.list_runs(
            scope=self.scope,
            journey=self._get(code),
            state=state,
            node=node,
            reason=reason,
            cursor=cursor,
            limit=limit,
        )
        names = members.names_of(scope=self.scope, member_ids={run.member_id for run in page.items})
        return page.map(lambda run: self._run(run, names))

    def of_member(self, member_id: UUID) -> list[MemberJourneyOut]:
        runs = journeys.runs_of(brand_id=self.scope.brand_id, member_id=member_id)
        names = members.names_of(scope=self.scope, member_ids=[member_id])
        did = journeys.actions_of(member_id=member_id, runs=runs)
        sent = self._sent(member_id, runs)
        known = {one.id: one for one in journeys.list_journeys(brand_id=self.scope.brand_id, archived=True)}
        steps = {
            (journey_id, number): self._titles(
                journeys.get_version(journey=known[journey_id], number=number).definition
            )
            for journey_id, number in {(run.journey_id, run.version) for run in runs}
        }
        return [
            MemberJourneyOut(
                code=known[run.journey_id].code,
                label=self.say(known[run.journey_id].name),
                reason_name=self.say(flow.say_reason(run.reason)) if run.reason else "",
                steps=steps[run.journey_id, run.version],
                run=self._run(run, names),
                actions=[
                    JourneyActionOut(
                        node=one.node,
                        visit=one.visit,
                        kind=one.kind,
                        at=one.at,
                        outcome=one.outcome,
                        detail=dict(one.detail),
                        message=sent.get((run.id, one.node, one.visit)),
                    )
                    for one in did[run.id]
                ],
            )
            for run in runs
        ]

    def _sent(self, member_id: UUID, runs: Sequence[Run]) -> dict[tuple[UUID, str, int], JourneySentOut]:
        """The messages that a member's runs asked for, by run, node and visit."""
        return {
            (run_id, node, visit): self._became(state)
            for run_id, node, visit, state in flow.messages_of_runs(
                brand_id=self.scope.brand_id, member_id=member_id, run_ids=[run.id for run in runs]
            )
        }

    def _became(self, one: SendState) -> JourneySentOut:
        names = messaging.list_reasons()
        return JourneySentOut(
            id=one.id,
            state=one.state,  # type: ignore[arg-type]
            reason=one.reason,
            reason_name=self.say(names[one.reason].name) if one.reason in names else one.reason,
            channel=one.channel,
            channel_name=self.say(CHANNELS[one.channel]) if one.channel else "",
            at=one.ended_at or one.sent_at,
            clicked_at=one.clicked_at,
        )

    def start(self, code: str, member_id: UUID, key: str, data: Mapping[str, Any]) -> JourneyStartedOut:
        done = flow.start(scope=self.scope, code=code, member_id=member_id, key=key, data=data, now=self.now)
        return JourneyStartedOut(started=done.runs, refused=next(iter(done.refused), ""))

    def dry_run(self, code: str, member_id: UUID, given: JourneyDryRunIn) -> JourneyDryRunOut:
        definition, done = flow.dry_run(
            scope=self.scope,
            code=code,
            member_id=member_id,
            days=given.days,
            data=given.definition,
            trigger=given.trigger,
            happens={node: timedelta(hours=hours) for node, hours in given.happens.items()},
            now=self.now,
        )
        said = self._sentences(definition)
        return JourneyDryRunOut(
            enters=done.enters,
            why_not=done.why_not,
            lines=[
                JourneyForecastOut(
                    at=line.at,
                    node=line.node,
                    kind=line.kind,  # type: ignore[arg-type]
                    port=line.port,
                    text=flow.say_reason(line.detail["reason"]).in_language(self.language)
                    if line.kind == "end"
                    else said.get(line.node, ""),
                )
                for line in done.lines
            ],
            assumptions=[self.say(text) for text in done.assumptions],
        )

    def vocabulary(self) -> JourneyVocabularyOut:
        found: Vocabulary = flow.vocabulary(brand_id=self.scope.brand_id, now=self.now)
        return JourneyVocabularyOut(
            **{name: self._choices(choices) for name, choices in found.lists.items()},
            schemes=[
                JourneySchemeOut(value=key, label=self.say(name), tiers=self._choices(tiers))
                for key, name, tiers in found.schemes
            ],
        )

    def _choices(self, choices: Sequence[tuple[str, Text]]) -> list[JourneyChoiceOut]:
        return [JourneyChoiceOut(value=value, label=self.say(label)) for value, label in choices]

    def _titles(self, definition: Mapping[str, Any]) -> dict[str, str]:
        """The nodes by their names, else by their kinds."""
        return {
            node["id"]: self.say(Text.from_json(node["name"]) if node.get("name") else KINDS[node["kind"]])
            for node in definition["nodes"]
        }

    def _get(self, code: str) -> Journey:
        return journeys.get_journey(brand_id=self.scope.brand_id, code=code)

    def _sentences(self, definition: Definition | None) -> dict[str, str]:
        if definition is None:
            return {}
        said = flow.sentences(brand_id=self.scope.brand_id, definition=definition, now=self.now)
        return {node: self.say(text) for node, text in said.items()}

    def _triggers(self, journey: Journey) -> list[str]:
        data = journey.draft
        if journey.version:
            data = journeys.get_version(journey=journey, number=journey.version).definition
        found = flow.read_loosely(brand_id=self.scope.brand_id, data=data, now=self.now)
        said = self._sentences(found)
        return [said[node.id] for node in found.triggers] if found else []

    def _errors(self, errors: Sequence[FieldError]) -> list[JourneyErrorOut]:
        return [
            JourneyErrorOut(field=one.field, code=one.code, message=self.say(one.message)) for one in errors
        ]

    def _head(self, one: Journey, numbers: Numbers, triggers: list[str]) -> dict[str, Any]:
        return {
            "code": one.code,
            "name": JourneyNameIO(zh=one.name.zh, en=one.name.en),
            "label": self.say(one.name),
            "note": JourneyNoteIO(zh=one.note.zh, en=one.note.en),
            "about": self.say(one.note),
            "state": one.state,
            "version": one.version,
            "has_draft": one.draft is not None,
            "triggers": triggers,
            "started": numbers.started,
            "active": numbers.active,
            "ended": numbers.ended,
            "converted": numbers.converted,
            "problem": self.say(Text.of_kept(one.problem)),
            "started_at": one.started_at,
            "created_at": one.created_at,
            "created_by": one.created_by,
            "updated_at": one.updated_at,
        }

    def _run(self, run: Run, names: Mapping[UUID, tuple[str, str]]) -> JourneyRunOut:
        code, name = names.get(run.member_id, ("", ""))
        return JourneyRunOut(
            id=run.id,
            member_id=run.member_id,
            member_code=code,
            member_name=name,
            version=run.version,
            state=run.state,
            node=run.node,
            since=run.since,
            next_run_at=run.next_run_at,
            started_at=run.started_at,
            ended_at=run.ended_at,
            reason=run.reason,
            converted_at=run.converted_at,
            key=run.key,
            trigger=run.trigger,
            steps=run.steps,
            problem=self.say(Text.of_kept(run.problem)),
        )


def _most_first(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda one: (-one[1], one[0]))
