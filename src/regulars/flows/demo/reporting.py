"""What an operator would have entered for reports: sales of everybody, costs, assumptions and two goals. Made up."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime, timedelta

from regulars.facts.activity import api as activities
from regulars.insight.reports import api as reports
from regulars.kit.periods import add_months, end_of_month, start_of_day, zone
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Scope

_ASSUMED = {"margin_permille": 280, "extra_permille": 180, "point_cost": 100}
# Sales of everybody for 100 of members', by how many months ago it was: members' share grows.
_EVERYBODY = (152, 154, 155, 158, 160, 161, 163, 166, 168, 171, 173, 176, 180)
_BENEFITS, _RECRUITMENT = 60_000, 25_000


def fill(scope: Scope, now: datetime) -> None:
    """Enter the last twelve whole months, once."""
    if reports.list_figures(brand_id=scope.brand_id) or reports.list_goals(brand_id=scope.brand_id):
        return
    brand = organisations.get_brand(brand_id=scope.brand_id)
    today = now.astimezone(zone(brand.timezone)).date()
    first = add_months(today.replace(day=1), -12)
    sold: dict[date, int] = defaultdict(int)
    for one in activities.totals_by_day(
        brand_id=brand.id, since=start_of_day(first, brand.timezone), until=now, timezone=brand.timezone
    ):
        sold[one.day.replace(day=1)] += one.amount
    for ago, month in enumerate(add_months(today.replace(day=1), -n) for n in range(1, 13)):
        if not sold.get(month):
            continue
        everybody = sold[month] * _EVERYBODY[ago] // 100
        reports.put_figure(scope=scope, kind="total_sales", month=month, amount=everybody, now=now)
        reports.put_figure(scope=scope, kind="benefit_cost", month=month, amount=_BENEFITS, now=now)
        reports.put_figure(
            scope=scope, kind="recruitment", month=month, amount=_RECRUITMENT, channel="demo", now=now
        )
    reports.set_assumptions(scope=scope, value=_ASSUMED, now=now)
    quarter = date(today.year, (today.month - 1) // 3 * 3 + 1, 1)
    last = add_months(quarter, 3) - timedelta(days=1)
    month_end = end_of_month(today) - timedelta(days=1)
    target = max(1, round(sum(sold.values()) / max(1, len(sold)) * 3 * 1.03))
    reports.set_goal(
        scope=scope, name="本季会员销售额 · Sales this quarter", metric="sales", target=target, first=quarter,
        last=last, now=now,
    )  # fmt: skip
    reports.set_goal(
        scope=scope, name="本月复购率 · Repurchase this month", metric="repurchase", target=800,
        first=today.replace(day=1), last=month_end, now=now,
    )  # fmt: skip
