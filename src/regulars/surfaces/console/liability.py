"""What is owed to members in money: the report and its tables as files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from ninja import Query, Router

from regulars.flows.prepaid import api as flows
from regulars.kit import clock
from regulars.kit.money import to_major
from regulars.kit.text import Text
from regulars.surfaces.access import language, scope_of
from regulars.surfaces.console import sheets
from regulars.surfaces.console.asking import needs
from regulars.surfaces.console.naming import Naming
from regulars.surfaces.console.shapes.prepaid import CohortOut, FlowOut, LiabilityOut, MonthOut

router = Router(tags=["Liability"])
ACCOUNTS: dict[str, Text] = {
    "issued": Text("发放", "Issued"),
    "paid": Text("购入", "Bought"),
    "claimed": Text("礼品卡绑定", "Gift cards bound"),
    "transferred": Text("转赠", "Transferred"),
    "redeemed": Text("核销", "Redeemed"),
    "expired": Text("过期", "Expired"),
    "adjusted": Text("调整", "Adjusted"),
}
_UNCLAIMED = Text("未绑定礼品卡", "Unclaimed gift cards")
_HEADERS: dict[str, tuple[Text, ...]] = {
    "cohorts": (
        Text("单位", "Unit"), Text("发行月份", "Month of issue"), Text("发行量", "Issued"),
        Text("未使用", "Outstanding"), Text("单位成本（分）", "Unit cost"), Text("预计不使用", "Breakage"),
        Text("负债", "Liability"),
    ),
    "schedule": (Text("单位", "Unit"), Text("月份", "Month"), Text("预计确认收入", "Expected revenue")),
    "flows": (
        Text("单位", "Unit"), Text("月份", "Month"), Text("期初", "Opening"), *ACCOUNTS.values(),
        Text("期末", "Closing"),
    ),
}  # fmt: skip


def _naming(request: HttpRequest) -> Naming:
    return Naming(scope_of(request), language(request), clock.now())


@router.get("/reports/liability", response=LiabilityOut, **needs("reports.read"))
def get_liability(request: HttpRequest, months: Annotated[int, Query(ge=1, le=36)] = 12) -> Any:
    """What is owed to members in money."""
    return _liability(_naming(request), months)


@router.get("/reports/liability/export", response={200: None}, **needs("reports.read"))
def export_liability(
    request: HttpRequest,
    what: Literal["cohorts", "schedule", "flows"] = "cohorts",
    format: Literal["csv", "xlsx"] = "xlsx",
    months: Annotated[int, Query(ge=1, le=36)] = 12,
) -> HttpResponseBase:
    """One table of the report as a file."""
    naming = _naming(request)
    report = _liability(naming, months)
    return sheets.sheet(
        name=f"liability-{what}",
        header=[naming.say(text) for text in _HEADERS[what]],
        rows=_rows(report, what),
        format_=format,
        timezone=naming.brand.timezone,
    )


def _liability(naming: Naming, months: int) -> LiabilityOut:
    owed = flows.get_owed(scope=naming.scope, now=naming.now, months=months)

    def unit(code: str) -> str:
        return naming.say(_UNCLAIMED) if code == flows.UNCLAIMED else naming.unit(code)

    sums: dict[str, int] = {}
    for line in owed.lines:
        sums[line.unit] = sums.get(line.unit, 0) + line.liability
    this_month = owed.as_of.date().replace(day=1)
    return LiabilityOut(
        as_of=owed.as_of,
        currency=naming.brand.currency,
        liability=owed.liability,
        by_unit=[
            MonthOut(unit=code, unit_name=unit(code), month=this_month, amount=amount)
            for code, amount in sums.items()
        ],
        cohorts=[
            CohortOut(
                unit=line.unit,
                unit_name=unit(line.unit),
                month=line.month,
                issued=line.issued,
                outstanding=line.outstanding,
                cost=str(line.cost),
                breakage=str(line.breakage),
                gross=line.gross,
                liability=line.liability,
            )
            for line in owed.lines
        ],
        schedule=[
            MonthOut(unit=line.unit, unit_name=unit(line.unit), month=line.month, amount=line.amount)
            for line in owed.schedule
        ],
        flows=[
            FlowOut(
                unit=flow.unit,
                unit_name=unit(flow.unit),
                month=flow.month,
                opening=flow.opening,
                moved=dict(flow.moved),
                closing=flow.closing,
            )
            for flow in owed.flows
        ],
        accounts={code: naming.say(text) for code, text in ACCOUNTS.items()},
        card_difference=owed.card_difference,
    )


def _rows(report: LiabilityOut, what: str) -> Iterator[list[Any]]:
    """Money in major units, as a sheet reads it; months by their first day."""
    if what == "cohorts":
        for line in report.cohorts:
            worth = str(to_major(line.liability, report.currency))
            yield [line.unit_name, line.month, line.issued, line.outstanding, line.cost, line.breakage, worth]
    elif what == "schedule":
        for month in report.schedule:
            yield [month.unit_name, month.month, str(to_major(month.amount, report.currency))]
    else:
        for flow in report.flows:
            moved = [flow.moved.get(account, 0) for account in ACCOUNTS]
            yield [flow.unit_name, flow.month, flow.opening, *moved, flow.closing]
