"""Reports of a brand: made every night and kept as runs, made at once for other periods, goals judged."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from regulars.audience.member_facts import api as member_facts
from regulars.conditions.api import retail_fields
from regulars.facts.categories import api as categories
from regulars.flows.insight.types import StepResult, Told
from regulars.insight.lifecycle import api as lifecycle
from regulars.insight.lifecycle.types import STAGES
from regulars.insight.reports import api as reports
from regulars.insight.reports.types import (
    METRICS,
    REPORTS,
    Asked,
    Column,
    Goal,
    GoalStanding,
    Period,
    Report,
    Table,
)
from regulars.insight.runs import api as runs
from regulars.insight.runs.types import Run, RunState
from regulars.insight.warehouse import api as warehouses
from regulars.insight.warehouse.api import Warehouse, open_warehouse
from regulars.kit.errors import Refusal, not_found
from regulars.kit.periods import add_months, zone
from regulars.kit.text import Text
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Brand
from regulars.programme.versions import api as versions

_log = logging.getLogger(__name__)
MONTHLY = "monthly"
_REPORT = Text("报表", "Report")
# Their rows are months, whose sales stand beside costs that are entered by month.
_BY_MONTH = frozenset({"baskets", "programme", "recruitment"})
_BROKEN = Text("报表计算失败：{e}", "The report could not be made: {e}")


@dataclass(frozen=True, slots=True)
class Made:
    """A report with its freshness: nothing later than `as_of` is in it; `made_at` is when it was reckoned."""

    report: Report
    as_of: datetime
    made_at: datetime


def run(brand: Brand, warehouse: Warehouse, now: datetime, told: Told = lambda share: None) -> StepResult:
    """Make every report of the last twelve months and the last whole month's; each is a run of its own, and one that
    fails does not stop the others."""
    today = _today(brand, now)
    period = reports.recent_year(today)
    states: dict[str, str] = {}
    for number, name in enumerate(REPORTS):
        states[name] = _kept_run(brand, warehouse, name, _usual(name, today), now)
        told((number + 1) / (len(REPORTS) + 1))
    states[MONTHLY] = _kept_run(brand, warehouse, MONTHLY, _usual(MONTHLY, today), now)
    told(1.0)
    return StepResult(
        rows=sum(state == "done" for state in states.values()),
        metrics={"reports": states},
        period_from=period.first,
        period_to=period.last,
    )


def get_report(*, brand: Brand, name: str, now: datetime, period: Period | None = None) -> Made:
    """A report: over the last twelve months (or, monthly, the last whole month) as the night made it; over another
    period made at once. Raises `not_found` for a name that is none, 409 `no_warehouse` before the first export."""
    if name not in REPORTS and name != MONTHLY:
        raise not_found(_REPORT)
    found = runs.latest(brand_id=brand.id, kind=kind_of(name))
    if found is not None and found.charts and (period is None or _period_of(found) == period):
        kept = reports.report_from_json(found.charts)
        return Made(_named(brand, kept), found.as_of, found.started_at)
    today = _today(brand, now)
    period = period or _usual(name, today)
    with _warehouse(brand) as warehouse:
        made = _make(brand, warehouse, name, period, now)
        return Made(_named(brand, made), warehouse.complete_at or now, now)


def get_messages(*, brand: Brand) -> dict[str, Text]:
    """What each report of the last night says in a sentence, by its name; nothing of one that was not made."""
    names = categories.names(brand_id=brand.id)
    found: dict[str, Text] = {}
    for name in (*REPORTS, MONTHLY):
        run = runs.latest(brand_id=brand.id, kind=kind_of(name))
        if run is not None and run.charts.get("tables"):
            found[name] = reports.named(reports.report_from_json(run.charts), names).tables[0].message
    return found


def period_of(
    *, brand: Brand, name: str, first: date | None, last: date | None, now: datetime
) -> Period | None:
    """The period somebody asks for: the month `first` lies in for the monthly report, whole months for those told by
    month; None: the usual one.

    Raises 422 for one that is none.
    """
    today = _today(brand, now)
    if first is not None and name == MONTHLY:
        return reports.month_of(reports.check_period(first, first, today).first)
    if first is None and last is None:
        return None
    asked = reports.check_period(first or reports.recent_year(today).first, last or today, today)
    return reports.by_whole_months(asked, today) if name in _BY_MONTH else asked


def months_of(*, brand: Brand) -> list[date]:
    """The months the monthly report can be made for, the newest first."""
    tables = {one.table: one for one in warehouses.get_status(brand_id=brand.id).tables}
    first, last = tables["orders"].first, tables["orders"].last
    if first is None or last is None:
        return []
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    return [add_months(last.replace(day=1), -n) for n in range(count)]


def kind_of(name: str) -> str:
    """The kind of a report's runs."""
    return f"report:{name}"


def get_goals(*, brand: Brand, now: datetime, with_closed: bool = False) -> list[GoalStanding]:
    """Goals with where they stand now."""
    goals = reports.list_goals(brand_id=brand.id, with_closed=with_closed)
    if not goals:
        return []
    with open_warehouse(brand_id=brand.id) as warehouse:
        return [_standing(warehouse, goal, _today(brand, now)) for goal in goals]


def asked_of(brand: Brand, period: Period, now: datetime) -> Asked:
    """What reports are asked over: entered figures, assumptions, thresholds and words of the brand."""
    return Asked(
        period=period,
        until=_today(brand, now),
        units=_units(brand, now),
        figures=tuple(
            reports.list_figures(
                brand_id=brand.id, first=add_months(period.first.replace(day=1), -12), last=period.last
            )
        ),
        assumptions=reports.get_assumptions(brand_id=brand.id),
        dormant_days=lifecycle.get_rules(brand_id=brand.id).rules.dormant_days,
        names=names_of(brand, now),
    )


def _usual(name: str, today: date) -> Period:
    """The last twelve months; of retention thirteen, so that a cohort is seen for a whole year; the last month."""
    if name == MONTHLY:
        return reports.month_of(today.replace(day=1) - timedelta(days=1))
    year = reports.recent_year(today)
    return Period(add_months(year.first, -1), year.last) if name == "retention" else year


def names_of(brand: Brand, now: datetime) -> dict[str, dict[str, Text]]:
    """The brand's words for codes of channels, stores, tiers and categories, by what they are."""
    channels = _channels()
    return {
        "channel": channels,
        "joined_by": channels,
        "store": _stores(brand),
        "tier": _tiers(brand, now),
        "category": dict(categories.names(brand_id=brand.id)),
    }


def _named(brand: Brand, report: Report) -> Report:
    """With what the brand calls its categories now, whenever the report was made."""
    return reports.named(report, categories.names(brand_id=brand.id))


def _kept_run(brand: Brand, warehouse: Warehouse, name: str, period: Period, now: datetime) -> RunState:
    begun = runs.begin(
        brand_id=brand.id, kind=kind_of(name), now=now, period_from=period.first, period_to=period.last
    )
    try:
        report = _make(brand, warehouse, name, period, now)
    except Exception as error:
        _log.exception("report %s of %s failed", name, brand.slug)
        runs.fail(run=begun, now=now, problem=_BROKEN.format(e=str(error)[:500]))
        return "failed"
    if report.lack is not None:
        runs.lack(run=begun, now=now, problem=report.lack, rows=report.rows)
        return "lacking"
    runs.finish(
        run=begun,
        now=now,
        rows=report.rows,
        metrics=report.figures,
        charts=reports.report_to_json(report),
        params=period.to_json(),
    )
    return "done"


def _make(brand: Brand, warehouse: Warehouse, name: str, period: Period, now: datetime) -> Report:
    asked = asked_of(brand, period, now)
    if name == MONTHLY:
        return reports.make_month(warehouse, asked=asked, extra=_of_other_rooms(brand, warehouse, now))
    if name == "reasons":
        return _reasons(brand, now)
    return reports.make(name, warehouse, asked=asked)


def _reasons(brand: Brand, now: datetime) -> Report:
    """Of the scores as they are, not of the warehouse."""
    from regulars.insight.churn import api as churn  # brings the model's libraries with it

    scored, at_risk, rows = member_facts.count_churn_reasons(brand_id=brand.id)
    today = _today(brand, now)
    return reports.reasons(
        rows, names=churn.reason_texts(), scored=scored, at_risk=at_risk, period=Period(today, today)
    )


def _of_other_rooms(brand: Brand, warehouse: Warehouse, now: datetime) -> tuple[tuple[str, Table], ...]:
    """Stages and goals, for the monthly report."""
    found = []
    counts = lifecycle.count_by_stage(brand_id=brand.id)
    if counts:
        total = sum(counts.values())
        rows = tuple(
            (name, counts.get(stage, 0), counts.get(stage, 0) / total) for stage, name in STAGES.items()
        )
        columns = (
            Column("stage", Text("阶段", "Stage"), "text"),
            Column("members", Text("会员数", "Members")),
            Column("share", Text("占比", "Share"), "share"),
        )
        found.append(("stages", Table("stages", Text("生命周期（当前）", "Lifecycle (now)"), columns, rows)))
    goals = reports.list_goals(brand_id=brand.id)
    if goals:
        standings = [_standing(warehouse, goal, _today(brand, now)) for goal in goals]
        found.append(("goals", goals_table(standings)))
    return tuple(found)


def goals_table(standings: list[GoalStanding]) -> Table:
    """Goals as a table of any report."""

    def cell(standing: GoalStanding, value: int | None) -> tuple[str, Any]:
        kind = METRICS[standing.goal.metric][1]
        return kind, value / 1000 if kind == "share" and value is not None else value

    return Table(
        "goals",
        Text("目标", "Goals"),
        (
            Column("name", Text("目标", "Goal"), "text"),
            Column("metric", Text("指标", "Metric"), "text"),
            Column("until", Text("截止", "Until"), "date"),
            Column("target", Text("目标值", "Target"), "mixed"),
            Column("baseline", Text("基线", "Baseline"), "mixed"),
            Column("current", Text("当前", "Current"), "mixed"),
            Column("forecast", Text("预测", "Forecast"), "mixed"),
        ),
        tuple(
            (
                s.goal.name,
                METRICS[s.goal.metric][0],
                s.goal.period.last,
                *(cell(s, value) for value in (s.goal.target, s.baseline, s.current, s.forecast)),
            )
            for s in standings
        ),
        note=Text(
            "基线为目标期间之前同样天数；预测：累计类按近 28 天日均推算，均值与比率取当前值",
            "Baseline: as many days before the goal; forecast: sums go on at the mean day of the last 28, "
            "means and rates stay as they are",
        ),
    )


def _standing(warehouse: Warehouse, goal: Goal, today: date) -> GoalStanding:
    orders, members = warehouse.table("orders"), warehouse.table("members")
    values = {
        name: reports.measure(warehouse.rows, orders, members, metric=goal.metric, period=period)
        for name, period in reports.periods_of(goal, today).items()
    }
    return reports.judge(goal, today, values)


@contextmanager
def _warehouse(brand: Brand) -> Iterator[Warehouse]:
    with open_warehouse(brand_id=brand.id) as warehouse:
        if warehouse.complete_at is None:
            raise Refusal(
                "no_warehouse",
                Text(
                    "数据还没有导出，请先在「数据新鲜度」页运行一次",
                    "No data has been exported yet; run it once on the page Freshness",
                ),
                status=409,
            )
        yield warehouse


def _period_of(found: Run) -> Period | None:
    if found.period_from is None or found.period_to is None:
        return None
    return Period(found.period_from, found.period_to)


def _units(brand: Brand, now: datetime) -> tuple[str, ...]:
    try:
        units = versions.in_force(brand_id=brand.id, now=now).live.units
    except Refusal:
        return ()
    return tuple(code for code, unit in units.items() if unit.kind == "points")


def _tiers(brand: Brand, now: datetime) -> dict[str, Text]:
    try:
        live = versions.in_force(brand_id=brand.id, now=now).live
    except Refusal:
        return {}
    return {tier.code: tier.name for scheme in live.schemes for tier in scheme.tiers}


def _channels() -> dict[str, Text]:
    field = retail_fields().get("membership.channel")
    return {one.value: one.label for one in field.choices} if field else {}


def _stores(brand: Brand) -> dict[str, Text]:
    return {store.code: store.name for store in organisations.stores_of(brand_id=brand.id).values()}


def _today(brand: Brand, now: datetime) -> date:
    return now.astimezone(zone(brand.timezone)).date()
