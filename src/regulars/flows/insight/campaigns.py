"""The nightly step of campaigns: what each run brought, as long as its orders can still change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from regulars.engage.campaigns import api as campaigns
from regulars.engage.campaigns.types import HOLDOUT, PROGRAMME, Goal, Result, Run
from regulars.flows.campaigns import api as flow
from regulars.flows.insight.campaign_words import sentence
from regulars.flows.insight.types import StepResult, Told
from regulars.insight.reports import api as reports
from regulars.insight.warehouse.api import Warehouse
from regulars.kit.text import Text
from regulars.messaging import api as messaging
from regulars.platform.organisations.types import Brand

# Refunds may change what a run brought for so long after its window.
REFUNDS = timedelta(days=30)
_LOOK_BACK = timedelta(days=450)
_WHAT = Text("本次活动", "the campaign")


def run(brand: Brand, house: Warehouse, now: datetime, told: Told = lambda share: None) -> StepResult:
    """Reckon every run whose result can still change; one that never was is reckoned whenever it ran."""
    as_of = house.complete_at
    if as_of is None:
        return StepResult(lacking=Text("数据仓库还没有数据", "There is nothing in the warehouse yet"))
    found = campaigns.begun_since(brand_id=brand.id, since=now - _LOOK_BACK)
    known = campaigns.results_of(runs=found)
    waiting = [one for one in found if one.id not in known or not _is_settled(one, known[one.id])]
    for number, one in enumerate(waiting):
        campaigns.put_result(run=one, result=reckon(brand, house, one, as_of=as_of, now=now))
        told((number + 1) / len(waiting))
    return StepResult(rows=len(waiting), metrics={"runs": len(found)}, as_of=as_of)


def _is_settled(run: Run, result: Result) -> bool:
    return result.is_final and result.as_of >= result.period_to + REFUNDS


def period_of(run: Run) -> tuple[datetime, datetime]:
    """What counts: from the launch to so many days after the last who waited for the winner got it."""
    assert run.started_at is not None
    return run.started_at, (run.rest_at or run.started_at) + timedelta(days=run.definition.window_days)


def reckon(brand: Brand, house: Warehouse, run: Run, *, as_of: datetime, now: datetime) -> Result:
    """One run's figures by what the warehouse holds."""
    from regulars.flows.insight import campaign_figures as figures  # with numpy, which only this step needs
    from regulars.flows.insight.campaign_members import days_of, groups_of

    definition = run.definition
    first, last = period_of(run)
    until = min(last, as_of)
    listed = campaigns.arms_of_run(run=run)
    groups = groups_of(
        house, listed, first=first, until=until, before=first - timedelta(days=definition.pre_days)
    )
    variants = [one.key for one in definition.variants]
    treated = figures.joined([group for (arm, _), group in groups.items() if arm not in (HOLDOUT, PROGRAMME)])
    control = groups.get((HOLDOUT, 1)) or figures.joined([])
    split = figures.split_of(_split_counts(run), campaigns.expected_shares(definition=definition))
    margin = definition.margin_permille
    if margin is None:
        margin = reports.get_assumptions(brand_id=brand.id).margin_permille
    how: dict[str, Any] = {"adjust": definition.pre_days > 0, "margin_permille": margin}
    uplift = figures.try_compare(treated, control, **how)
    is_final = as_of >= last
    made: dict[str, Any] = {
        "currency": brand.currency,
        "is_final": is_final,
        "pre_days": definition.pre_days,
        "margin_permille": margin,
        "split": split,
        "arms": [],
        "uplift": uplift,
        "total": None,
        "verdict": figures.verdict_of(uplift, treated, control, split_warns=split["warns"]),
        "days": days_of(house, listed, first=first, until=until, timezone=brand.timezone),
        "trial": dict(run.decision) or None,
        "variants": None,
        "goal": None,
    }
    for arm in (HOLDOUT, *variants):
        group = figures.joined([one for (name, _), one in groups.items() if name == arm])
        if not group.rows:
            continue
        kind = "holdout" if arm == HOLDOUT else "variant"
        against = None if kind == "holdout" else figures.try_compare(group, control, **how)
        made["arms"].append({"arm": arm, "kind": kind, **group.summary(), "uplift": against})
    if uplift is not None:
        made["total"] = figures.total(
            uplift,
            treated,
            control,
            points_cost=_points_cost(brand, run),
            message_cost=_message_cost(brand, run),
        )
    if len(variants) > 1:
        made["variants"] = _pairs(figures, groups, variants)
    if definition.goal is not None:
        made["goal"] = _goal(definition.goal, treated, first=first, until=until, last=last)
    made["sentence"] = sentence(made, currency=brand.currency, what=_WHAT).to_json()
    return Result(run.id, now, as_of, first, last, is_final, made)


def _split_counts(run: Run) -> dict[str, int]:
    """How many fell into each arm when it was drawn: those who waited for the winner are one."""
    found: dict[str, int] = {}
    for _, arm, wave in campaigns.arms_of_run(run=run, everybody=True):
        if arm != PROGRAMME:
            name = "rest" if wave == 2 else arm
            found[name] = found.get(name, 0) + 1
    return found


def _points_cost(brand: Brand, run: Run) -> int | None:
    """All points that were given, at what the brand states a hundred cost; None where it states nothing."""
    given = campaigns.count_given(run=run)
    total = sum(
        given.get(one.key, (0, 0))[0] * int(reward.get("amount") or 0)
        for one in run.definition.variants
        for reward in one.rewards
        if reward.get("kind") == "points"
    )
    stated = reports.get_assumptions(brand_id=brand.id).point_cost
    return round(total * stated / 100) if stated is not None else (None if total else 0)


def _message_cost(brand: Brand, run: Run) -> int | None:
    """What went out, at the stated price of its channel; None where something went by a channel without one."""
    if not any(one.message for one in run.definition.variants):
        return 0
    stated = flow.get_costs(brand_id=brand.id).message_cost
    code = campaigns.campaigns_of(runs=[run])[run.campaign_id].code
    total = 0
    for tally in messaging.sends_of(brand_id=brand.id, source=f"campaign:{code}:{run.number}"):
        if tally.state not in ("sent", "delivered", "uncertain", "failed") or tally.channel == "inbox":
            continue
        if tally.channel not in stated:
            return None
        total += tally.count * stated[tally.channel]
    return total


def _pairs(
    figures: Any, groups: Mapping[tuple[str, int], Any], variants: Sequence[str]
) -> list[dict[str, Any]]:
    """Variants against each other, in the first wave: there chance alone decided who got which."""
    found = []
    for place, first in enumerate(variants):
        for second in variants[place + 1 :]:
            one, other = groups.get((first, 1)), groups.get((second, 1))
            if one is None or other is None:
                continue
            made = figures.try_compare(one, other, adjust=True, margin_permille=None)
            if made is not None:
                found.append({"first": first, "second": second, **made})
    return found


def _goal(goal: Goal, treated: Any, *, first: datetime, until: datetime, last: datetime) -> dict[str, Any]:
    """Where the goal stands: now, and at the end if it goes on at the mean pace so far (rates and means stay)."""
    rows, passed = treated.rows, (until - first) / (last - first) if last > first else 1.0
    if goal.metric == "conversion":
        current = 1000 * treated.buyers / rows if rows else 0.0
    else:
        current = float(treated.money.sum()) if goal.metric == "money" else float(treated.buyers)
    forecast = current / passed if passed > 0 else None
    return {
        "metric": goal.metric,
        "target": goal.target,
        "baseline": round(float(treated.before.sum())) if goal.metric == "money" else None,
        "current": round(current),
        "forecast": None if forecast is None else round(forecast),
    }
