"""The nightly step of facts: every member's row anew, for windows age with the days."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from regulars.audience.member_facts import api as member_facts
from regulars.flows.insight.types import StepResult, Told
from regulars.kit import clock
from regulars.kit.errors import Refusal
from regulars.kit.text import Text
from regulars.platform.organisations.types import Brand

YEAR = timedelta(days=364)


def run(brand: Brand, house: Any, now: datetime, told: Told) -> StepResult:
    """Goes on where an earlier rebuild of the same day was stopped.

    Raises `rebuild_running` (409) while another process is at it, `cancelled` (409) when somebody stopped it.
    """
    ended = member_facts.rebuild(
        brand_id=brand.id, clock=clock.now, told=lambda done, total: told(done / max(1, total))
    )
    if ended is None:
        raise Refusal(
            "rebuild_running", Text("事实正在重建", "The facts are being rebuilt already"), status=409
        )
    if ended.state == "cancelled":
        raise Refusal("cancelled", Text("事实重建已取消", "The rebuild was cancelled"), status=409)
    fresh = member_facts.freshness(brand_id=brand.id)
    return StepResult(
        rows=fresh.rows,
        metrics={"members": fresh.members, "waiting": fresh.dirty},
        period_from=ended.day and ended.day - YEAR,
        period_to=ended.day,
        as_of=now,
    )
