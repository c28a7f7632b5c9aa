"""Pure decisions of reports: fields checked, goals judged, reports as JSON and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import date, timedelta
from typing import Any

from regulars.insight.reports.types import (
    FIGURES,
    METRICS,
    Assumptions,
    Column,
    Goal,
    GoalStanding,
    Period,
    Report,
    Table,
)
from regulars.kit.errors import ErrorList, invalid_field
from regulars.kit.text import Text

_MOST_DAYS = 1100
_MOST_AMOUNT = 10**15
YEARS = range(
    2000, 2101
)  # what a day or month may lie in: far enough from the ends of the calendar to look a year back
# What adds up over days, so that the days to come can be reckoned from the last ones.
SUMS = frozenset({"sales", "orders", "joined"})


def check_period(first: date, last: date, today: date) -> Period:
    """A period that has begun, at most three years long; it ends today at the latest."""
    if first > last:
        raise invalid_field(
            "last", "wrong_order", "结束日期应不早于开始日期", "The last day is before the first"
        )
    if first.year not in YEARS:
        raise invalid_field("first", "out_of_range", "年份应在 2000 到 2100 之间", "A year from 2000 to 2100")
    if first > today:
        raise invalid_field("first", "in_future", "开始日期还没到", "The period has not begun")
    if (last - first).days >= _MOST_DAYS:
        raise invalid_field("first", "too_long", "期间最长三年", "A period is three years at most")
    return Period(first, min(last, today))


def check_assumptions(value: Mapping[str, Any]) -> Assumptions:
    """Assumptions as given; None is not stated."""
    errors, found = ErrorList(), {}
    for one in fields(Assumptions):
        given = value.get(one.name)
        most = 1000 if one.name.endswith("permille") else 10_000_000
        if given is not None and (
            isinstance(given, bool) or not isinstance(given, int) or not 0 <= given <= most
        ):
            errors.add(one.name, "out_of_range", f"应在 0 到 {most} 之间", f"From 0 to {most}")
        else:
            found[one.name] = given
    errors.refuse()
    return Assumptions(**found)


def check_figure(kind: str, channel: str, month: date, amount: int) -> None:
    """An entered amount of a month. Raises 422 naming each field."""
    errors = ErrorList()
    if kind not in FIGURES:
        errors.add("kind", "unknown_kind", "没有这个项目", "There is no such figure")
    if (kind == "recruitment") != bool(channel):
        errors.add(
            "channel",
            "wrong_channel",
            "拉新费用需要填写渠道，其他项目不填",
            "Recruitment names its channel, others none",
        )
    if len(channel) > 64:
        errors.add("channel", "too_long", "渠道最长 64 字", "64 characters at most")
    if month.day != 1:
        errors.add("month", "not_a_month", "应为某月的第一天", "This has to be the first day of a month")
    elif month.year not in YEARS:
        errors.add("month", "out_of_range", "年份应在 2000 到 2100 之间", "A year from 2000 to 2100")
    if not 0 <= amount <= _MOST_AMOUNT:
        errors.add("amount", "out_of_range", "金额应不小于 0", "An amount is 0 or more")
    errors.refuse()


def check_goal(name: str, metric: str, target: int, first: date, last: date) -> None:
    """A goal as given. Raises 422 naming each field."""
    errors = ErrorList()
    if not 1 <= len(name.strip()) <= 100:
        errors.add("name", "wrong_length", "名称为 1 到 100 字", "A name has 1 to 100 characters")
    if metric not in METRICS:
        errors.add("metric", "unknown_metric", "没有这个指标", "There is no such metric")
    elif METRICS[metric][1] == "share" and not 1 <= target <= 1000:
        errors.add("target", "out_of_range", "比率目标应在 0.1% 到 100% 之间", "From 0.1 % to 100 %")
    if not 1 <= target <= _MOST_AMOUNT:
        errors.add("target", "out_of_range", "目标应大于 0", "A target is more than 0")
    if first.year not in YEARS:
        errors.add("first", "out_of_range", "年份应在 2000 到 2100 之间", "A year from 2000 to 2100")
    elif not 0 <= (last - first).days < _MOST_DAYS:
        errors.add("last", "wrong_order", "期间应为 1 天到三年", "A period has from one day to three years")
    errors.refuse()


def periods_of(goal: Goal, today: date) -> dict[str, Period]:
    """The periods a goal's standing is reckoned from: the same number of days before it (whole, and as many as have
    passed), what has passed, and the last 28 days of that. Periods that have not begun are left out."""
    days = goal.period.days
    before = Period(goal.period.first - timedelta(days=days), goal.period.first - timedelta(days=1))
    found = {"baseline": before}
    if today >= goal.period.first:
        end = min(today, goal.period.last)
        passed = (end - goal.period.first).days + 1
        found["current"] = Period(goal.period.first, end)
        found["baseline_part"] = Period(before.first, before.first + timedelta(days=passed - 1))
        found["recent"] = Period(max(goal.period.first, end - timedelta(days=27)), end)
    return found


def judge(goal: Goal, today: date, values: Mapping[str, int | None]) -> GoalStanding:
    """Where it stands. `values` are those of `periods_of`.

    The forecast of what adds up is what there is plus the mean day of the last 28 for each day to come; of buyers, what
    there is in the measure the period before grew from here; of means and rates, what they are.
    """
    current, baseline = values.get("current"), values.get("baseline")
    periods = periods_of(goal, today)
    passed = periods["current"].days if "current" in periods else 0
    elapsed = passed / goal.period.days
    forecast: int | None = None
    if current is not None:
        part, recent = values.get("baseline_part"), values.get("recent")
        if goal.metric in SUMS and recent is not None:
            forecast = current + round(recent / periods["recent"].days * (goal.period.days - passed))
        elif goal.metric == "buyers":
            forecast = round(current * baseline / part) if part and baseline else None
        else:
            forecast = current
    on_track = None if forecast is None else forecast >= goal.target
    return GoalStanding(goal, baseline, current, forecast, elapsed, on_track)


def report_to_json(report: Report) -> dict[str, Any]:
    """Plain JSON for keeping: dates as text, texts in both languages."""
    return {
        "name": report.name,
        "period": report.period.to_json(),
        "figures": report.figures,
        "lack": None if report.lack is None else report.lack.to_json(),
        "rows": report.rows,
        "tables": [
            {
                "key": table.key,
                "title": table.title.to_json(),
                "message": table.message.to_json(),
                "note": table.note.to_json(),
                "told": table.told,
                "columns": [
                    {"key": c.key, "name": c.name.to_json(), "kind": c.kind, "code": c.code}
                    for c in table.columns
                ],
                "rows": [[_plain(cell) for cell in row] for row in table.rows],
            }
            for table in report.tables
        ],
    }


def report_from_json(value: Mapping[str, Any]) -> Report:
    """What `report_to_json` made."""
    tables = []
    for one in value["tables"]:
        columns = tuple(
            Column(c["key"], Text(**c["name"]), c["kind"], c.get("code", "")) for c in one["columns"]
        )
        rows = tuple(
            tuple(_cell(cell, column.kind) for cell, column in zip(row, columns, strict=True))
            for row in one["rows"]
        )
        tables.append(
            Table(
                one["key"],
                Text(**one["title"]),
                columns,
                rows,
                Text(**one["message"]),
                Text(**one["note"]),
                one.get("told", ""),
            )
        )
    period = Period(date.fromisoformat(value["period"]["first"]), date.fromisoformat(value["period"]["last"]))
    lack = None if value["lack"] is None else Text(**value["lack"])
    return Report(value["name"], period, tuple(tables), dict(value["figures"]), lack, value["rows"])


def _plain(cell: Any) -> Any:
    if isinstance(cell, Text):
        return cell.to_json()
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float):
        return round(cell, 6)
    return cell


def _cell(cell: Any, kind: str) -> Any:
    if isinstance(cell, dict):
        return Text(**cell)
    if kind in ("month", "date") and isinstance(cell, str):
        return date.fromisoformat(cell)
    return cell
