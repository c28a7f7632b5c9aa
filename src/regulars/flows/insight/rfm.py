"""The nightly step of RFM: everybody scored, the scores written, and what the page shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from regulars.audience.member_facts import api as member_facts
from regulars.audience.segments import api as segments
from regulars.audience.segments.types import Segment, SegmentDraft
from regulars.flows.insight.types import StepResult, Told
from regulars.insight.rfm import api as rfm
from regulars.insight.rfm.types import RfmSettings
from regulars.insight.runs import api as runs
from regulars.insight.warehouse.api import Warehouse
from regulars.kit.errors import invalid_field
from regulars.kit.periods import zone
from regulars.kit.text import Text
from regulars.platform.audit import api as audit
from regulars.platform.organisations.types import Brand, Scope

KIND = "rfm"
LEAST_BUYERS = 20
_BATCH = 200_000


def settings_of(brand: Brand) -> RfmSettings:
    """What the brand has set, or the defaults."""
    kept = runs.get_setting(brand_id=brand.id, room=KIND)
    return RfmSettings() if kept is None else rfm.check_settings(kept.value)


def run(brand: Brand, house: Warehouse, now: datetime, told: Told) -> StepResult:
    settings = settings_of(brand)
    # days that are over: today's is still going on
    last = now.astimezone(zone(brand.timezone)).date() - timedelta(days=1)
    period, earlier = rfm.window(settings, last), rfm.earlier_window(settings, last)
    members = _known(house)
    orders = house.table("orders").semi_join(members, "member_id")
    scored = house.keep("rfm_now", rfm.scores(rfm.measures(orders, period), settings, period))
    told(0.3)
    buyers = int(house.frame(scored.count()))
    if buyers < LEAST_BUYERS:
        _write(brand, house, members, scored, now)
        return StepResult(
            rows=buyers,
            lacking=Text(
                f"期内仅 {buyers} 位会员有消费，至少需要 {LEAST_BUYERS} 位才能分层",
                f"{buyers} members bought in the period; scoring takes {LEAST_BUYERS}",
            ),
        )
    before = house.keep("rfm_before", rfm.scores(rfm.measures(orders, earlier), settings, earlier))
    told(0.5)
    made = rfm.report(
        scored=scored, before=before, members=int(house.frame(members.count())), last=last, rows=house.rows
    )
    told(0.6)
    written = _write(brand, house, members, scored, now)
    charts = asdict(made)
    return StepResult(
        rows=written,
        metrics={
            "scored": charts.pop("scored"),
            "unscored": charts.pop("unscored"),
            "money": charts.pop("money"),
        },
        charts={**charts, "compared_with": {"from": _day(earlier.first), "to": _day(earlier.last)}},
        params=settings.to_json(),
        period_from=period.first,
        period_to=period.last,
    )


def _known(house: Warehouse) -> Any:
    """Those who are members and may be scored."""
    members = house.table("members")
    return members.filter(members.profiling, members.status != "left").select("member_id")


def _write(brand: Brand, house: Warehouse, members: Any, scored: Any, now: datetime) -> int:
    """Everybody's scores; who bought nothing in the period loses hers."""
    everybody = members.left_join(scored, "member_id").select("member_id", "r", "f", "m", "group")
    written = 0
    for batch in house.batches(everybody, rows=_BATCH):
        columns = {name: batch.column(place) for place, name in enumerate(batch.schema.names)}
        written += member_facts.write_scores(
            brand_id=brand.id,
            as_of=now,
            columns={
                "rfm_r": columns["r"],
                "rfm_f": columns["f"],
                "rfm_m": columns["m"],
                "rfm_group": columns["group"],
            },
            member_ids=columns["member_id"],
        )
    return written


def _day(day: date) -> str:
    return day.isoformat()


def set_settings(*, scope: Scope, value: Mapping[str, Any], now: datetime) -> RfmSettings:
    """Set how the brand scores, from the next run on. Raises `invalid_input` naming each wrong field."""
    checked = rfm.check_settings(value)
    kept = runs.get_setting(brand_id=scope.brand_id, room=KIND)
    with transaction.atomic():
        runs.put_setting(
            brand_id=scope.brand_id, room=KIND, value=checked.to_json(), now=now, by=scope.actor.label
        )
        audit.record(
            organisation_id=scope.organisation_id,
            brand_id=scope.brand_id,
            actor=scope.actor,
            action="rfm.settings_set",
            subject_type="rfm",
            subject_id=scope.brand_id,
            now=now,
            before=kept.value if kept else RfmSettings().to_json(),
            after=checked.to_json(),
        )
    return checked


def save_segment(
    *, scope: Scope, name: Text, code: str, picked: Mapping[str, int | str], now: datetime
) -> Segment:
    """A segment of those with these scores, refreshed every day. `picked`: some of r, f, m and group.

    Raises `invalid_input` where nothing is picked, `code_taken` (409).
    """
    parts = [
        {"field": f"score.rfm_{key}", "op": "eq", "value": picked[key]}
        for key in ("r", "f", "m", "group")
        if picked.get(key) is not None
    ]
    if not parts:
        raise invalid_field("group", "required", "请选择分组或得分", "Pick a group or a score")
    draft = SegmentDraft(
        code=code,
        name=name,
        kind="refreshed",
        definition={"all": parts},
        source={"kind": "rfm", **picked},
        profiles=True,
    )
    return segments.create(scope=scope, draft=draft, now=now)
