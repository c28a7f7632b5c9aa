"""Budgets: the list with what is taken and left, the editor, who took what, what was announced."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router

from regulars.kit import clock
from regulars.kit.text import Text
from regulars.platform.organisations import api as organisations
from regulars.surfaces.access import language, scope_of
from regulars.surfaces.console.asking import PAGE, Code, Cursor, Limit, needs
from regulars.surfaces.console.naming import Naming
from regulars.surfaces.console.shapes.coupons import (
    BudgetAlertOut,
    BudgetIn,
    BudgetOut,
    BudgetTakeOut,
    BudgetUseOut,
)
from regulars.surfaces.console.shapes.shared import ChoiceOut, PageOut, TextIO
from regulars.value.budgets import api as budgets
from regulars.value.budgets.types import KINDS, PERIODS, STATES, Budget
from regulars.value.coupons import api as coupons

router = Router(tags=["Budgets"])
_LEVELS: dict[str, Text] = {
    "alert": Text("预算“{name}”已用 {percent}%", "{percent}% of the budget “{name}” are taken"),
    "used_up": Text("预算“{name}”已用完", "The budget “{name}” is used up"),
}


@router.get("/budgets", response=list[BudgetOut], **needs("coupons.read"))
def list_budgets(request: HttpRequest) -> Any:
    """All budgets with their use in the present period."""
    return _out(request, budgets.list_budgets(brand_id=scope_of(request).brand_id))


@router.get("/budgets/alerts", response=list[BudgetAlertOut], **needs("coupons.read"))
def list_alerts(request: HttpRequest) -> Any:
    """Budgets that passed their alert level or were used up in the last 30 days, newest first (50 at most)."""
    scope, now = scope_of(request), clock.now()
    naming = Naming(scope, language(request), now)
    names = {one.key: one.name for one in budgets.list_budgets(brand_id=scope.brand_id)}
    shown = []
    for row in budgets.list_alerts(brand_id=scope.brand_id, now=now):
        name = names.get(row.key, Text(row.key, row.key))
        percent = row.taken * 100 // row.whole if row.whole else 100
        shown.append(
            BudgetAlertOut(
                budget=row.key,
                name=naming.say(name),
                level=row.level,
                message=naming.say(_LEVELS[row.level].format(name=name, percent=percent)),
                store=naming.store(row.store_id),
                period=row.period,
                taken=row.taken,
                whole=row.whole,
                at=row.at,
            )
        )
    return shown


@router.get("/budgets/{key}", response=BudgetOut, **needs("coupons.read"))
def get_budget(request: HttpRequest, key: Code) -> Any:
    """One budget with its use by store."""
    return _out(request, [budgets.get_budget(brand_id=scope_of(request).brand_id, key=key)])[0]


@router.put("/budgets/{key}", response=BudgetOut, **needs("coupons.write"))
def put_budget(request: HttpRequest, key: Code, given: BudgetIn) -> Any:
    """Make a budget or change one. What was taken stays taken; kind, period and place are fixed (409)."""
    values = given.dict(exclude={"create"})
    budget = budgets.read_budget({**values, "key": key})
    kept = budgets.put_budget(
        scope=scope_of(request), budget=budget, now=clock.now(), create=True if given.create else None
    )
    return _out(request, [kept])[0]


@router.get("/budgets/{key}/takes", response=PageOut[BudgetTakeOut], **needs("coupons.read"))
def list_takes(request: HttpRequest, key: Code, cursor: Cursor = None, limit: Limit = PAGE) -> Any:
    """Who took from a budget, and what came back, newest first."""
    scope = scope_of(request)
    naming = Naming(scope, language(request), clock.now())
    page = budgets.list_takes(brand_id=scope.brand_id, key=key, cursor=cursor, limit=limit)
    return PageOut(
        items=[
            BudgetTakeOut(
                subject=row.subject,
                store=naming.store(row.store_id),
                period=row.period,
                amount=row.amount,
                given_back=row.given_back,
                taken_at=row.taken_at,
            )
            for row in page.items
        ],
        next_cursor=page.next_cursor,
    )


def _out(request: HttpRequest, found: list[Budget]) -> list[BudgetOut]:
    scope, now = scope_of(request), clock.now()
    naming = Naming(scope, language(request), now)
    stores = [store.id for store in organisations.stores_of(brand_id=scope.brand_id).values()]
    uses = budgets.list_use(brand_id=scope.brand_id, budgets=found, stores=stores, now=now)
    used_by: dict[str, list[ChoiceOut]] = {}
    for made in coupons.list_definitions(brand_id=scope.brand_id):
        for key in made.budgets:
            used_by.setdefault(key, []).append(ChoiceOut(value=made.key, label=naming.say(made.name)))
    shown = []
    for one in found:
        parts = uses[one.key]
        shown.append(
            BudgetOut(
                key=one.key,
                name=naming.say(one.name),
                names=TextIO.of(one.name),
                kind=one.kind,
                kind_name=naming.label(KINDS[one.kind]),
                amount=one.amount,
                period=one.period,
                period_name=naming.label(PERIODS[one.period]),
                per_store=one.per_store,
                alert_percent=one.alert_percent,
                state=one.state,
                state_name=naming.label(STATES[one.state]),
                taken=sum(use.taken for use in parts),
                left=sum(use.left for use in parts),
                alerted=any(use.alerted for use in parts),
                used_by=used_by.get(one.key, []),
                use=[
                    BudgetUseOut(
                        store=naming.store(use.store_id),
                        period=use.period,
                        taken=use.taken,
                        left=use.left,
                        percent=min(100, use.taken * 100 // one.amount) if one.amount else 100,
                        alerted=use.alerted,
                    )
                    for use in parts
                ],
            )
        )
    return shown
