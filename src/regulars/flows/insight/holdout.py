"""The nightly step of the programme's holdout: those who get no marketing at all against all others, over a period."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from regulars.audience.holdouts import api as holdouts
from regulars.engage.campaigns.types import HOLDOUT
from regulars.flows.insight.campaign_words import sentence
from regulars.flows.insight.types import StepResult, Told
from regulars.insight.reports import api as reports
from regulars.insight.runs import api as runs
from regulars.insight.warehouse.api import Warehouse
from regulars.kit.errors import invalid_field
from regulars.kit.periods import start_of_day, zone
from regulars.kit.text import Text
from regulars.platform.organisations.types import Brand, Scope

KIND = "holdout"
USUAL_DAYS = 90
MOST_DAYS = 400
_WHAT = Text("全部营销触达", "all marketing")
_PART = 100_000


@dataclass(frozen=True, slots=True)
class Chosen:
    """The period somebody chose, in business days; None: from when the holdout began, at most 90 days."""

    first: date | None = None
    last: date | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "first": self.first.isoformat() if self.first else None,
            "last": self.last.isoformat() if self.last else None,
        }


def get_period(*, brand_id: Any) -> Chosen:
    kept = runs.get_setting(brand_id=brand_id, room=KIND)
    if kept is None or not kept.value.get("first") or not kept.value.get("last"):
        return Chosen()
    return Chosen(date.fromisoformat(kept.value["first"]), date.fromisoformat(kept.value["last"]))


def choose_period(*, scope: Scope, first: date, last: date, today: date, now: datetime) -> Chosen:
    """Have the next runs look at these days. Raises `invalid_input`."""
    if last < first:
        raise invalid_field(
            "last", "before_first", "结束日期早于开始日期", "The last day is before the first"
        )
    if last >= today:
        raise invalid_field("last", "not_over", "只能选已结束的日期", "Choose days that are over")
    if (last - first).days >= MOST_DAYS:
        raise invalid_field("first", "too_long", f"最多 {MOST_DAYS} 天", f"{MOST_DAYS} days at most")
    made = Chosen(first, last)
    runs.put_setting(brand_id=scope.brand_id, room=KIND, value=made.to_json(), now=now, by=scope.actor.label)
    return made


def run(brand: Brand, house: Warehouse, now: datetime, told: Told = lambda share: None) -> StepResult:
    """Members of the holdout against all others: figures like those of a campaign."""
    holdout = holdouts.get_holdout(brand_id=brand.id)
    if not holdout.percent or holdout.since is None or house.complete_at is None:
        return StepResult(
            lacking=Text(
                "未设置全局对照组，无法衡量全部触达的效果",
                "No one is held out of marketing, so what it brings in all cannot be measured",
            )
        )
    from regulars.flows.insight import campaign_figures as figures
    from regulars.flows.insight.campaign_members import days_of, groups_of

    yesterday = house.complete_at.astimezone(zone(brand.timezone)).date() - timedelta(days=1)
    since = holdout.since.astimezone(zone(brand.timezone)).date()
    chosen = get_period(brand_id=brand.id)
    first = chosen.first or max(since, yesterday - timedelta(days=USUAL_DAYS - 1))
    last = min(chosen.last or yesterday, yesterday)
    if last < first:
        return StepResult(lacking=Text("统计期还没有完整的一天", "The period has no whole day yet"))
    start, end = start_of_day(first, brand.timezone), start_of_day(last + timedelta(days=1), brand.timezone)
    length = end - start
    # what was bought before anybody was held out explains most of what is bought afterwards
    before = min(start, holdout.since) - length
    listed = []
    for batch in house.batches(house.table("members").select("member_id"), rows=_PART):
        from uuid import UUID

        ids = [UUID(str(one)) for one in batch.column(0).to_pylist()]
        held = holdouts.held_out(brand_id=brand.id, member_ids=ids)
        listed += [(one, HOLDOUT if one in held else "members", 1) for one in ids]
    told(0.3)
    groups = groups_of(house, listed, first=start, until=end, before=before)
    treated = groups.get(("members", 1)) or figures.joined([])
    control = groups.get((HOLDOUT, 1)) or figures.joined([])
    told(0.7)
    margin = reports.get_assumptions(brand_id=brand.id).margin_permille
    split = figures.split_of(
        {HOLDOUT: control.rows, "members": treated.rows},
        {HOLDOUT: holdout.percent / 100, "members": 1 - holdout.percent / 100},
    )
    adjust = start <= holdout.since + timedelta(days=1)
    uplift = figures.try_compare(treated, control, adjust=adjust, margin_permille=margin)
    made: Mapping[str, Any] = {
        "currency": brand.currency,
        "is_final": True,
        "pre_days": length.days if adjust else 0,
        "margin_permille": margin,
        "percent": holdout.percent,
        "since": since.isoformat(),
        "split": split,
        "arms": [
            {"arm": HOLDOUT, "kind": "holdout", **control.summary(), "uplift": None},
            {"arm": "members", "kind": "variant", **treated.summary(), "uplift": uplift},
        ],
        "uplift": uplift,
        "total": None
        if uplift is None
        else figures.total(uplift, treated, control, points_cost=None, message_cost=None),
        "verdict": figures.verdict_of(uplift, treated, control, split_warns=split["warns"]),
        "days": days_of(house, listed, first=start, until=end, timezone=brand.timezone),
        "trial": None,
        "variants": None,
        "goal": None,
    }
    charts = {**made, "sentence": sentence(made, currency=brand.currency, what=_WHAT).to_json()}
    return StepResult(
        rows=len(listed),
        metrics={"verdict": made["verdict"], "held": control.rows},
        charts=charts,
        period_from=first,
        period_to=last,
    )
