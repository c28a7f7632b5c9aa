"""The nightly step of churn and intent: chances, reasons and due dates, tested on a later time, written as scores."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from regulars.audience.member_facts import api as member_facts
from regulars.flows.insight.lifetime import forget_scores, last_known, learnt_from, no_longer, too_little
from regulars.flows.insight.types import StepResult, Told
from regulars.insight.behaviour.api import Reader
from regulars.insight.behaviour.types import Behaviour, CategoryGaps
from regulars.insight.churn import api as churn
from regulars.insight.churn.types import Due, NotEnough, Pairs, Sample
from regulars.insight.warehouse.api import Warehouse
from regulars.platform.organisations.types import Brand

KIND = "churn"
SCORES = (
    "churn_30", "churn_60", "churn_90", "intent_7", "intent_30", "churn_reasons", "next_category", "next_due_on",
)  # fmt: skip
_STEP = 30  # days between those that are learnt from
_MOST_STEPS = 12
_FEWEST_DAYS = 60  # of history, before a day that is learnt from
_DUE_TEST = 60  # days over which due dates are tested


def run(brand: Brand, warehouse: Warehouse, now: datetime, told: Told = lambda share: None) -> StepResult:
    """Reckon and write the chances of one brand's members."""
    with Reader(warehouse) as reader:
        end = last_known(reader, brand, now)
        if reader.first_day is None or end is None or (end - reader.first_day).days < 2 * _FEWEST_DAYS:
            days = (end - reader.first_day).days if end and reader.first_day else 0
            return StepResult(lacking=too_little({"days": days}, {"days": 2 * _FEWEST_DAYS}))
        today, gone = reader.on(end), reader.gave_all_back(end)
        told(0.15)
        gaps = reader.gaps(end)
        told(0.3)
        with learnt_from(warehouse, reader, len(today.members)) as fewer:
            earlier = [
                _sample(fewer.on(day), reader.first_day, known=float((end - day).days))
                for day in _days(reader.first_day, end)
            ]
            gaps_before = fewer.gaps(end - timedelta(days=_DUE_TEST))
    told(0.5)
    try:
        found = churn.outlook(today=_sample(today, reader.first_day, known=0), earlier=earlier)
    except NotEnough as short:
        forget_scores(brand, KIND, SCORES, [*today.members, *gone], now)
        return StepResult(rows=len(today.members), lacking=too_little(short.have, short.need))
    told(0.85)
    due = churn.due(
        today=_pairs(gaps, ahead=False),
        members=len(today.members),
        categories=len(gaps.categories),
        earlier=_pairs(gaps_before, ahead=True),
    )
    columns: dict[str, Any] = {
        **_chances(found.churn, len(today.members)),
        "churn_reasons": [[one.to_json() for one in mine] for mine in found.reasons],
        "next_category": [gaps.categories[n] if n >= 0 else None for n in due.category.tolist()],
        "next_due_on": _dates(due, end),
    }
    written = member_facts.write_scores(
        brand_id=brand.id,
        as_of=now,
        columns=columns,
        member_ids=[UUID(one) for one in today.members],
    )
    no_longer(brand, columns, gone, now)
    first = reader.first_day
    for test in found.metrics["tests"].values():
        test["from"] = (first + timedelta(days=int(test["day"]))).isoformat()
    return StepResult(
        rows=written,
        metrics={**found.metrics, "due": due.metrics},
        charts={**found.charts, "due": _due_counts(due, gaps)},
        params={"rule_days": churn.RULE_DAYS},
        period_from=first,
        period_to=end - timedelta(days=1),
    )


def _chances(churn_: Mapping[int, Any], members: int) -> dict[str, Any]:
    """The scores by their names; of a horizon for which data lacks by now, what an earlier night said is taken back."""
    nothing = [None] * members
    return {
        **{f"churn_{days}": churn_.get(days, nothing) for days in (30, 60, 90)},
        **{f"intent_{days}": 1 - churn_[days] if days in churn_ else nothing for days in (7, 30)},
    }


def _days(first: date, end: date) -> Iterator[date]:
    for step in range(1, _MOST_STEPS + 1):
        day = end - timedelta(days=step * _STEP)
        if (day - first).days >= _FEWEST_DAYS:
            yield day


def _sample(found: Behaviour, first: date, *, known: float) -> Sample:
    return Sample(day=(found.day - first).days, fields=found.fields, next_in=found.next_in, known_days=known)


def _pairs(gaps: CategoryGaps, *, ahead: bool) -> Pairs:
    """Counted from the day they are seen on, as the next purchase is: on its eve a day less had passed."""
    return Pairs(
        member=gaps.member,
        category=gaps.category,
        gaps=gaps.gaps,
        mean_log=gaps.mean_log,
        spread_log=gaps.spread_log,
        since=gaps.since + 1,
        next_in=gaps.next_in if ahead else None,
    )


def _dates(due: Due, end: date) -> list[date | None]:
    return [
        end + timedelta(days=int(days)) if category >= 0 else None
        for category, days in zip(due.category.tolist(), due.in_days.tolist(), strict=True)
    ]


def _due_counts(due: Due, gaps: CategoryGaps) -> list[dict[str, Any]]:
    """The categories most often due next, with how many members within two weeks."""
    counts: dict[int, list[int]] = {}
    for category, days in zip(due.category.tolist(), due.in_days.tolist(), strict=True):
        if category >= 0:
            all_of = counts.setdefault(category, [0, 0])
            all_of[0] += 1
            all_of[1] += days <= 14
    most = sorted(counts.items(), key=lambda one: -one[1][0])[:15]
    return [{"category": gaps.categories[n], "members": both[0], "within_14": both[1]} for n, both in most]
