"""The nightly step of segments: each brought to what its condition says today, after those it is made of."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from regulars.audience.segments import api as segments
from regulars.flows.insight.types import StepResult, Told
from regulars.platform.organisations.types import Brand


def run(brand: Brand, house: Any, now: datetime, told: Told) -> StepResult:
    """A segment that fails keeps its members and says why on its page; the others go on."""
    wrong = segments.refresh_all(brand_id=brand.id, now=now)
    found = [one for one in segments.list_segments(brand_id=brand.id) if one.follows]
    return StepResult(
        rows=sum(one.members for one in found),
        metrics={"segments": len(found), "failed": len(wrong)},
        params={"problems": wrong} if wrong else {},
        as_of=now,
    )
