"""Each report by its name, made from the warehouse's tables."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any, Protocol

from regulars.insight.reports import customers, monthly, programme, recruiting, tastes, traits
from regulars.insight.reports.types import Asked, Report, Table
from regulars.kit.text import Text

if TYPE_CHECKING:
    import ibis.expr.types as ir


class Source(Protocol):
    """The warehouse, or anything that has its tables."""

    def table(self, name: str) -> Any: ...

    def rows(self, expression: Any) -> list[dict[str, Any]]: ...


def make(name: str, source: Source, *, asked: Asked) -> Report:
    """The report of this name. Reasons of churn come from scores, not from here."""
    return _MADE[name](source, asked)


def compare_group(
    source: Source, group: ir.Table, *, until: date, name: Text, names: traits.Names = traits.NO_NAMES
) -> Report:
    """A group (member_id) beside everybody who may be profiled: shares, lift, interval; small values left out."""
    orders, lines, members = source.table("orders"), source.table("lines"), _profiled(source)
    rows = source.rows(traits.counts(traits.trait_rows(orders, lines, members, until), group))
    compared = traits.compare(rows, everybody=True)
    inside = sum(int(row["inside"]) for row in rows if row["trait"] == "frequency")
    period = tastes.year_before(until)
    if not compared:
        return Report("group", period, lack=tastes.group_too_small(inside), rows=inside)
    table = tastes.traits_table(compared, tastes.told_apart(compared, name, names), names)
    return Report("group", period, (table,), {"members": inside}, rows=inside)


def _profiled(source: Source) -> Any:
    members = source.table("members")
    return members.filter(members.profiling)


def _retention(source: Source, asked: Asked) -> Report:
    return customers.retention(source.rows, source.table("orders"), period=asked.period)


def _intervals(source: Source, asked: Asked) -> Report:
    return customers.intervals(source.rows, source.table("orders"), period=asked.period)


def _baskets(source: Source, asked: Asked) -> Report:
    return customers.baskets(source.rows, source.table("orders"), period=asked.period)


def _drift(source: Source, asked: Asked) -> Report:
    return tastes.drift(source.rows, source.table("lines"), source.table("orders"), period=asked.period)


def _funnel(source: Source, asked: Asked) -> Report:
    return tastes.funnel(source.rows, source.table("orders"), source.table("members"), period=asked.period)


def _traits(source: Source, asked: Asked) -> Report:
    return tastes.high_value(
        source.rows,
        source.table("orders"),
        source.table("lines"),
        _profiled(source),
        until=asked.period.last,
        names=asked.names,
    )


def _programme(source: Source, asked: Asked) -> Report:
    return programme.programme(
        source.rows,
        source.table("orders"),
        source.table("entries"),
        period=asked.period,
        units=asked.units,
        figures=asked.figures,
        assumptions=asked.assumptions,
        dormant_days=asked.dormant_days,
    )


def _recruitment(source: Source, asked: Asked) -> Report:
    return recruiting.recruitment(
        source.rows,
        source.table("orders"),
        source.table("members"),
        period=asked.period,
        until=asked.until,
        activation_days=asked.activation_days,
        figures=asked.figures,
        names=asked.names,
    )


def make_month(source: Source, *, asked: Asked, extra: tuple[tuple[str, Table], ...] = ()) -> Report:
    """The report of the month that `asked.period` is; `extra` are tables of other rooms, by the key they get."""
    year = monthly.year_to(asked.period)
    over_year = Asked(
        year, asked.until, asked.units, asked.figures, asked.assumptions, asked.dormant_days,
        asked.activation_days, asked.names,
    )  # fmt: skip
    parts = {name: make(name, source, asked=over_year) for name in monthly.OVER_YEAR}
    parts |= {name: make(name, source, asked=asked) for name in monthly.OF_MONTH}
    joined = source.rows(monthly.joined_by_month(source.table("members"), year))
    return monthly.compose(
        asked.period, parts, {int(row["month"]): int(row["members"]) for row in joined}, extra
    )


_MADE: dict[str, Callable[[Source, Asked], Report]] = {
    "retention": _retention,
    "intervals": _intervals,
    "baskets": _baskets,
    "drift": _drift,
    "funnel": _funnel,
    "traits": _traits,
    "programme": _programme,
    "recruitment": _recruitment,
}
