"""Lifecycle, KOC scores, profiles and reports as they travel, the same to the console and to integrations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from ninja import Field, Schema

from regulars.facts.members import api as members
from regulars.flows.insight import lifecycle as stage_flow
from regulars.flows.insight import papers
from regulars.flows.insight import profile as profiles
from regulars.flows.insight import reports as report_flow
from regulars.insight.lifecycle import api as lifecycle
from regulars.insight.lifecycle.types import STAGES, KocStanding, StageChange, Standing
from regulars.insight.reports.types import METRICS, REPORTS, GoalStanding, Report
from regulars.insight.runs import api as runs
from regulars.kit.paging import Page
from regulars.kit.text import Language, Text
from regulars.platform.organisations.types import Brand, Scope


class RunStateOut(Schema):
    """How fresh a thing is. `state` is `none` before the first run; `problem` says why it is lacking or failed."""

    state: str
    as_of: datetime | None = None
    made_at: datetime | None = None
    period_from: date | None = None
    period_to: date | None = None
    rows: int = 0
    problem: str = ""


class StageCountOut(Schema):
    stage: str
    name: str
    members: int
    share: float


class StageMonthOut(Schema):
    """How many stood where at the end of a day, by the rules that are in force now."""

    day: date
    counts: dict[str, int]


class StageMoveOut(Schema):
    """How many went (or stayed) from the day before in the list to this one."""

    day: date
    from_stage: str
    to_stage: str
    members: int


class LifecycleOut(Schema):
    """Where members stand, and how they moved from month to month over the last year."""

    run: RunStateOut
    rules_version: int
    stages: list[StageCountOut]
    months: list[StageMonthOut]
    moves: list[StageMoveOut]


class StageMemberOut(Schema):
    member_id: UUID
    code: str
    name: str
    stage: str
    stage_name: str
    since: date


class StageChangeOut(Schema):
    """A member's move; `from_stage` is empty for where she began."""

    member_id: UUID
    code: str
    name: str
    from_stage: str
    from_name: str
    to_stage: str
    to_name: str
    on: date


class KocOut(Schema):
    """A KOC score with its parts, each 0 to 100; null: nothing of the kind is known of her."""

    member_id: UUID
    code: str
    name: str
    score: int
    frequency: int | None
    influence: int | None
    quality: int | None
    inputs: dict[str, Any]
    as_of: datetime


class ProfileSectionOut(Schema):
    key: str
    title: str
    sentences: list[str]


class MemberProfileOut(Schema):
    """A member as her behaviour shows her; `allowed` is false where she switched profiling off."""

    allowed: bool
    facts_at: datetime | None
    scores_at: datetime | None
    sections: list[ProfileSectionOut]
    koc: KocOut | None
    stages: list[StageChangeOut]


class ReportColumnOut(Schema):
    """`kind`: text, month, date, count, money (minor units), share (0 to 1), days, number, ratio, or mixed (each cell
    is an object with its kind and value)."""

    key: str
    name: str
    kind: str


class ReportTableOut(Schema):
    key: str
    title: str
    message: str
    note: str
    columns: list[ReportColumnOut]
    rows: list[list[Any]]


class InsightReportOut(Schema):
    """A report over a period. `lack` says why there is nothing to see."""

    name: str
    title: str
    first: date
    last: date
    as_of: datetime
    made_at: datetime
    rows: int
    lack: str
    figures: dict[str, Any]
    tables: list[ReportTableOut]
    currency: str


class ReportStateOut(Schema):
    """A report of the last night, and what it says in one sentence."""

    name: str
    title: str
    message: str
    run: RunStateOut


class GoalOut(Schema):
    """Where a goal stands; values in minor units for money, in permille for shares (`kind`)."""

    id: UUID
    name: str
    metric: str
    metric_name: str
    kind: str
    target: int
    first: date
    last: date
    baseline: int | None
    current: int | None
    forecast: int | None
    elapsed: float = Field(description="How much of its period has passed, from 0 to 1")
    on_track: bool | None
    closed: bool
    by: str


class Viewer:
    """What one caller sees of a brand's insight."""

    def __init__(self, scope: Scope, brand: Brand, language: Language, now: datetime) -> None:
        self.scope, self.brand, self.language, self.now = scope, brand, language, now

    def say(self, text: Text) -> str:
        return text.in_language(self.language)

    def run_state(self, kind: str) -> RunStateOut:
        """The last run that ended well, or why there is none."""
        run = runs.latest(brand_id=self.brand.id, kind=kind) or runs.latest(
            brand_id=self.brand.id, kind=kind, finished=False
        )
        if run is None:
            return RunStateOut(state="none")
        return RunStateOut(
            state=run.state, as_of=run.as_of, made_at=run.finished_at or run.started_at, period_from=run.period_from,
            period_to=run.period_to, rows=run.rows, problem=self.say(run.problem),
        )  # fmt: skip

    def lifecycle(self) -> LifecycleOut:
        run = runs.latest(brand_id=self.brand.id, kind=stage_flow.KIND)
        charts = run.charts if run else {}
        counts = lifecycle.count_by_stage(brand_id=self.brand.id)
        total = sum(counts.values()) or 1
        return LifecycleOut(
            run=self.run_state(stage_flow.KIND),
            rules_version=lifecycle.get_rules(brand_id=self.brand.id).version,
            stages=[
                StageCountOut(
                    stage=stage, name=self.say(name), members=counts.get(stage, 0), share=counts.get(stage, 0) / total
                )
                for stage, name in STAGES.items()
            ],
            months=[StageMonthOut(**one) for one in charts.get("months", [])],
            moves=[
                StageMoveOut(day=day, from_stage=a, to_stage=b, members=n) for day, a, b, n in charts.get("moves", [])
            ],
        )  # fmt: skip

    def standings(self, page: Page[Standing]) -> Page[StageMemberOut]:
        names = self._names([one.member_id for one in page.items])
        return page.map(
            lambda one: StageMemberOut(
                member_id=one.member_id, **names(one.member_id), stage=one.stage, stage_name=self.stage(one.stage),
                since=one.since,
            )
        )  # fmt: skip

    def changes(self, page: Page[StageChange]) -> Page[StageChangeOut]:
        names = self._names([one.member_id for one in page.items])
        return page.map(
            lambda one: StageChangeOut(
                member_id=one.member_id, **names(one.member_id), from_stage=one.from_stage,
                from_name=self.stage(one.from_stage), to_stage=one.to_stage, to_name=self.stage(one.to_stage),
                on=one.on,
            )
        )  # fmt: skip

    def kocs(self, page: Page[KocStanding]) -> Page[KocOut]:
        names = self._names([one.member_id for one in page.items])
        return page.map(lambda one: self._koc(one, names(one.member_id)))

    def profile(self, member_id: UUID) -> MemberProfileOut:
        found = profiles.get_profile(brand=self.brand, member_id=member_id, now=self.now)
        named = self._names([member_id])(member_id)
        return MemberProfileOut(
            allowed=found.allowed,
            facts_at=found.facts_at,
            scores_at=found.scores_at,
            sections=[
                ProfileSectionOut(
                    key=one.key, title=self.say(one.title), sentences=[self.say(s) for s in one.sentences]
                )
                for one in found.sections
            ],
            koc=self._koc(found.koc, named) if found.koc else None,
            stages=[
                StageChangeOut(
                    member_id=member_id, **named, from_stage=a, from_name=self.stage(a), to_stage=b,
                    to_name=self.stage(b), on=day,
                )
                for a, b, day in found.stages
            ],
        )  # fmt: skip

    def report(self, made: report_flow.Made) -> InsightReportOut:
        report = made.report
        return InsightReportOut(
            name=report.name,
            title=self.say(papers.title_of(report)),
            first=report.period.first,
            last=report.period.last,
            as_of=made.as_of,
            made_at=made.made_at,
            rows=report.rows,
            lack=self.say(report.lack) if report.lack else "",
            figures=report.figures,
            tables=self._tables(report),
            currency=self.brand.currency,
        )

    def reports(self) -> list[ReportStateOut]:
        messages, found = report_flow.get_messages(brand=self.brand), []
        for name, title in {**REPORTS, report_flow.MONTHLY: papers.MONTHLY}.items():
            message = self.say(messages[name]) if name in messages else ""
            state = self.run_state(report_flow.kind_of(name))
            found.append(ReportStateOut(name=name, title=self.say(title), message=message, run=state))
        return found

    def goal(self, standing: GoalStanding) -> GoalOut:
        goal = standing.goal
        name, kind = METRICS[goal.metric]
        return GoalOut(
            id=goal.id, name=goal.name, metric=goal.metric, metric_name=self.say(name), kind=kind, target=goal.target,
            first=goal.period.first, last=goal.period.last, baseline=standing.baseline, current=standing.current,
            forecast=standing.forecast, elapsed=standing.elapsed, on_track=standing.on_track, closed=goal.is_closed,
            by=goal.by,
        )  # fmt: skip

    def stage(self, code: str) -> str:
        return self.say(STAGES[code]) if code in STAGES else ""

    def _koc(self, one: KocStanding, named: Mapping[str, str]) -> KocOut:
        return KocOut(
            member_id=one.member_id, **named, score=one.score, frequency=one.frequency, influence=one.influence,
            quality=one.quality, inputs=one.inputs, as_of=one.as_of,
        )  # fmt: skip

    def _names(self, ids: Sequence[UUID]) -> Any:
        known = members.names_of(scope=self.scope, member_ids=ids) if ids else {}

        def named(member_id: UUID) -> dict[str, str]:
            code, name = known.get(member_id, ("", ""))
            return {"code": code, "name": name}

        return named

    def _tables(self, report: Report) -> list[ReportTableOut]:
        return [
            ReportTableOut(
                key=table.key,
                title=self.say(table.title),
                message=self.say(table.message),
                note=self.say(table.note),
                columns=[
                    ReportColumnOut(key=c.key, name=self.say(c.name), kind=c.kind) for c in table.columns
                ],
                rows=[
                    [self._cell(cell, column.kind) for cell, column in zip(row, table.columns, strict=True)]
                    for row in table.rows
                ],
            )
            for table in report.tables
        ]

    def _cell(self, cell: Any, kind: str) -> Any:
        if kind == "mixed":
            return {"kind": cell[0], "value": cell[1]}
        return self.say(cell) if isinstance(cell, Text) else cell
