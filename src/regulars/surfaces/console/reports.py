"""Insight › Reports: each over a period, as page, PDF or Excel; what operators enter; goals."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router, Status

from regulars.flows.insight import papers
from regulars.flows.insight import reports as flow
from regulars.insight.reports import api as reports
from regulars.insight.reports.types import FIGURES, METRICS, GoalStanding
from regulars.kit import clock
from regulars.kit.text import Text
from regulars.surfaces.access import language, scope_of
from regulars.surfaces.console.asking import needs, uuid_of
from regulars.surfaces.console.lifecycle import viewer
from regulars.surfaces.console.naming import Naming
from regulars.surfaces.console.shapes.reports import (
    AssumptionsIO,
    EnteredFigureIn,
    EnteredFigureOut,
    EnteredOut,
    ReportGoalIn,
)
from regulars.surfaces.console.shapes.shared import ChoiceOut
from regulars.surfaces.insight_views import GoalOut, InsightReportOut, ReportStateOut, Viewer

router = Router(tags=["Reports"])
Name = Annotated[str, Path(max_length=40)]
Day = Annotated[date | None, Query()]
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_GOAL = Text("目标", "Goal")


@router.get("/insight/reports", response=list[ReportStateOut], **needs("insight.read"))
def list_reports(request: HttpRequest) -> Any:
    """Every report, how fresh it is and what it says in a sentence."""
    return viewer(request).reports()


@router.get("/insight/reports/months", response=list[date], **needs("insight.read"))
def list_report_months(request: HttpRequest) -> Any:
    """The months the monthly report can be made for, the newest first."""
    return flow.months_of(brand=viewer(request).brand)


@router.get("/insight/reports/{name}", response=InsightReportOut, **needs("insight.read"))
def get_insight_report(request: HttpRequest, name: Name, first: Day = None, last: Day = None) -> Any:
    """A report over the last twelve months (monthly: the last whole month), or over the days given."""
    seen = viewer(request)
    return seen.report(_made(seen, name, first, last))


@router.get("/insight/reports/{name}/file", response={200: Any}, **needs("insight.read"))
def get_insight_report_file(
    request: HttpRequest,
    name: Name,
    format: Literal["pdf", "xlsx"] = "pdf",
    first: Day = None,
    last: Day = None,
) -> Any:
    """The same report to print (PDF) or to reckon with (Excel)."""
    seen = viewer(request)
    made = _made(seen, name, first, last)
    write = papers.pdf if format == "pdf" else papers.workbook
    body = write(
        made.report, brand=seen.brand.name, currency=seen.brand.currency, as_of=made.as_of,
        timezone=seen.brand.timezone, language=seen.language,
    )  # fmt: skip
    answer = HttpResponse(body, content_type="application/pdf" if format == "pdf" else _XLSX)
    title = f"{seen.say(papers.title_of(made.report))} {made.report.period.first}–{made.report.period.last}.{format}"
    answer["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(title)}"
    answer["Cache-Control"] = "no-store"
    return answer


@router.get("/insight/entered", response=EnteredOut, **needs("insight.read"))
def get_entered(request: HttpRequest) -> Any:
    """What was entered for months, and what is assumed."""
    seen = viewer(request)
    naming = Naming(seen.scope, seen.language, seen.now)
    return EnteredOut(
        currency=seen.brand.currency,
        assumptions=AssumptionsIO(**reports.get_assumptions(brand_id=seen.brand.id).to_json()),
        figures=[
            EnteredFigureOut(kind=f.kind, month=f.month, channel=f.channel, amount=f.amount, by=f.by, at=f.at)
            for f in reports.list_figures(brand_id=seen.brand.id)
        ],
        kinds=[ChoiceOut(value=key, label=seen.say(words)) for key, words in FIGURES.items()],
        channels=naming.channels,
    )


@router.put("/insight/entered/assumptions", response=EnteredOut, **needs("insight.run"))
def set_assumptions(request: HttpRequest, given: AssumptionsIO) -> Any:
    """State what the programme's return is reckoned with."""
    reports.set_assumptions(scope=scope_of(request), value=given.dict(), now=clock.now())
    return get_entered(request)


@router.put("/insight/entered/figure", response=EnteredOut, **needs("insight.run"))
def put_figure(request: HttpRequest, given: EnteredFigureIn) -> Any:
    """Enter an amount of a month, or take it back."""
    reports.put_figure(
        scope=scope_of(request), kind=given.kind, month=given.month, amount=given.amount,
        channel=given.channel.strip(), now=clock.now(),
    )  # fmt: skip
    return get_entered(request)


@router.get("/insight/goals", response=list[GoalOut], **needs("insight.read"))
def list_goals(request: HttpRequest, closed: bool = False) -> Any:
    """Goals with baseline, current value and forecast, those that end first on top."""
    seen = viewer(request)
    return [seen.goal(one) for one in flow.get_goals(brand=seen.brand, now=seen.now, with_closed=closed)]


@router.get("/insight/goals/metrics", response=list[ChoiceOut], **needs("insight.read"))
def list_goal_metrics(request: HttpRequest) -> Any:
    """What a goal may be set for."""
    said = language(request)
    return [ChoiceOut(value=key, label=words.in_language(said)) for key, (words, _) in METRICS.items()]


@router.post("/insight/goals", response={201: GoalOut}, **needs("insight.run"))
def set_goal(request: HttpRequest, given: ReportGoalIn) -> Any:
    """A new goal."""
    seen = viewer(request)
    goal = reports.set_goal(
        scope=seen.scope, name=given.name, metric=given.metric, target=given.target, first=given.first,
        last=given.last, now=seen.now,
    )  # fmt: skip
    return Status(201, seen.goal(GoalStanding(goal, None, None, None, 0.0, None)))


@router.post("/insight/goals/{goal_id}/close", response=GoalOut, **needs("insight.run"))
def close_goal(request: HttpRequest, goal_id: str) -> Any:
    """Put a goal away; it stays in the list of closed ones."""
    seen = viewer(request)
    goal = reports.close_goal(scope=seen.scope, goal_id=uuid_of(goal_id, _GOAL), now=seen.now)
    return seen.goal(GoalStanding(goal, None, None, None, 0.0, None))


def _made(seen: Viewer, name: str, first: date | None, last: date | None) -> flow.Made:
    period = flow.period_of(brand=seen.brand, name=name, first=first, last=last, now=seen.now)
    return flow.get_report(brand=seen.brand, name=name, period=period, now=seen.now)
