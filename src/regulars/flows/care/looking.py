"""Who is next, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from time import monotonic
from typing import Any
from uuid import UUID

from regulars.engage.care import api as care
from regulars.engage.care.types import Definition, Due, Plan
from regulars.engage.tasks import api as tasks
from regulars.flows.care.passes import chosen
from regulars.flows.care.people import team_of
from regulars.kit.periods import zone
from regulars.messaging import api as messaging
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Brand, Scope

DAYS = 30
SAMPLE = 20
SECONDS = 4.0
_FEWEST = 30
_NOBODY = UUID(int=0)
# kinds whose days are known beforehand; of the others is said how many it would be now, or was lately
_PLANNED = frozenset({"birthday", "anniversary", "festival", "dormant", "service", "refill"})


@dataclass(frozen=True, slots=True)
class Ahead:
    """Who will get it in the coming 30 days: members a day, some of them, in all.

    `basis`: `planned` (by the calendar, should nothing change), `now` (whose turn it would be now), `lately` (so many
    in the last 30 days), `near` (one purchase away). `whole` is false where looking at everybody took too long: then
    it is at least so many. `held_out` of them would be left alone for comparison.
    """

    basis: str
    days: Sequence[tuple[date, int]]
    members: Sequence[Due]
    total: int
    whole: bool
    held_out: int


def preview(*, scope: Scope, definition: Definition, now: datetime, seconds: float = SECONDS) -> Ahead:
    """Whom a plan, saved or not, would reach in the coming 30 days. Nothing is written."""
    brand = organisations.get_brand(brand_id=scope.brand_id)
    plan = next(
        (
            replace(one, definition=definition)
            for one in care.list_plans(brand_id=scope.brand_id)
            if one.key == definition.key
        ),
        None,
    ) or _unsaved(brand, definition, now)
    today = now.astimezone(zone(brand.timezone)).date()
    first, last = today + timedelta(days=1), today + timedelta(days=DAYS)
    stop = monotonic() + seconds
    found: list[Due] = []
    whole, after, basis = True, None, "planned"
    if definition.kind == "visit":
        return _visits(plan, brand, today, now)
    if definition.kind not in _PLANNED:
        basis = {"churn": "now", "milestone": "near"}.get(definition.kind, "lately")
        lately = now - timedelta(days=DAYS)
        plan = replace(plan, activated_at=lately, looked_until=lately, look_to=now)
    while True:
        if definition.kind in ("service", "refill"):
            dues, after = care.reminders(plan=plan, brand=brand, first=first, last=last, now=now, after=after)
        elif definition.kind == "milestone":
            dues, after = care.near_milestone(plan=plan, day=today, after=after)
        else:
            dues, after = care.find(
                plan=plan, brand=brand, first=first, last=last, now=now, after=after, lately=True
            )
        found += chosen(plan, brand, dues, now)
        if after is None:
            break
        if monotonic() > stop:
            whole = False
            break
    return _ahead(basis, found, whole, definition)


def _visits(plan: Plan, brand: Brand, today: date, now: datetime) -> Ahead:
    """Visits wait for people: so many a day as the staff has room for, the most valuable members first."""
    chore = plan.definition.task
    assert chore is not None
    owed = chosen(plan, brand, care.owed_visits(plan=plan, brand=brand, day=today, limit=20_000), now)
    team = team_of(brand=brand, today=today)
    days: dict[date, int] = {}
    for one in owed:
        given = team.give(replace(chore, spread_days=DAYS), one, None)
        if given is not None:
            days[given[1]] = days.get(given[1], 0) + 1
    return Ahead("now", sorted(days.items()), owed[:SAMPLE], len(owed), len(owed) < 20_000, _held(owed, plan))


def _ahead(basis: str, found: Sequence[Due], whole: bool, definition: Definition) -> Ahead:
    days: dict[date, int] = {}
    lead = timedelta(days=definition.settings.get("days_before", 0))
    if definition.kind in ("service", "refill"):
        lead = timedelta()
    for one in found:
        day = one.on - lead
        days[day] = days.get(day, 0) + 1
    some = sorted(found, key=lambda one: (one.on, one.member_id))[:SAMPLE]
    held = round(len(found) * definition.holdout_percent / 100)
    return Ahead(basis, sorted(days.items()), some, len(found), whole, held)


def _held(found: Sequence[Due], plan: Plan) -> int:
    return round(len(found) * plan.definition.holdout_percent / 100)


def _unsaved(brand: Brand, definition: Definition, now: datetime) -> Plan:
    return Plan(
        id=_NOBODY,
        brand_id=brand.id,
        definition=definition,
        state="draft",
        salt="",
        activated_at=None,
        updated_at=now,
        next_run_at=None,
        pass_day=None,
        pass_after=None,
        looked_until=None,
        look_to=None,
        rebuilding=False,
        rebuilt_after=None,
        typical={},
        problem="",
    )


def weigh(now: datetime) -> int:
    """Due work: what each plan came to, against those left alone where there are any. Loads the statistics."""
    plans = care.plans_to_weigh(now=now)
    for plan in plans:
        brand = organisations.get_brand(brand_id=plan.brand_id)
        care.keep_results(plan=plan, results=results_of(plan, brand), now=now)
    return len(plans)


def results_of(plan: Plan, brand: Brand) -> dict[str, Any]:
    """Reached, came back, cost; and the win-back with its interval."""
    figures = care.figures_of(plan=plan, timezone=brand.timezone)
    tallies = messaging.sends_of(brand_id=brand.id, source=plan.source)
    states, outcomes, satisfaction = tasks.counts_of(brand_id=brand.id, source=plan.source)
    sent = sum(one.count for one in tallies if one.state in ("sent", "delivered", "sandboxed"))
    skipped: dict[str, int] = {}
    for one in tallies:
        if one.state == "skipped":
            skipped[one.reason] = skipped.get(one.reason, 0) + one.count
    done = states.get("done", 0)
    treated = figures["arms"].get("treated", {})
    cost = treated.get("cost", 0) + plan.definition.contact_cost * (sent + done)
    return {
        **figures,
        "messages": {
            "asked": sum(one.count for one in tallies),
            "sent": sent,
            "clicked": sum(one.clicked for one in tallies),
            "skipped": skipped,
        },
        "tasks": {"states": states, "outcomes": outcomes, "satisfaction": satisfaction},
        "cost": cost,
        "win_back": win_back(figures["arms"], cost),
    }


def win_back(arms: Mapping[str, Mapping[str, int]], cost: int) -> dict[str, Any]:
    """The share that bought within the window, acted on against left alone, over settled occasions.

    The interval is Newcombe's, which keeps its level where nearly all or hardly anybody came. `verdict`: `no_holdout`,
    `too_few` (under 30 settled in one arm), `better`, `worse` or `cannot_tell` (the 95 % interval holds nought).
    """
    treated, control = arms.get("treated", {}), arms.get("holdout", {})
    n, m = treated.get("settled", 0), control.get("settled", 0)
    if not m:
        return {"verdict": "no_holdout" if not control.get("marks") else "too_few"}
    if n < _FEWEST or m < _FEWEST:
        return {"verdict": "too_few", "treated_rows": n, "control_rows": m}
    from regulars.insight.measures import api as measures

    came, stayed = treated["settled_bought"], control["settled_bought"]
    found = measures.difference_in_shares((came, n), (stayed, m))
    verdict = "better" if found.low > 0 else "worse" if found.high < 0 else "cannot_tell"
    extra = found.difference * n
    return {
        "verdict": verdict,
        **{key: round(value, 6) for key, value in found.to_json().items()},
        "extra_members": round(extra, 1),
        "cost_each": round(cost / extra) if extra >= 1 else None,
    }
