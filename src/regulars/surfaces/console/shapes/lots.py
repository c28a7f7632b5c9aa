"""A member's lots as they travel."""

from __future__ import annotations

from datetime import datetime

from ninja import Field

from regulars.surfaces.console.shapes.shared import Shape


class LotOut(Shape):
    """Value earned at once. A pending one becomes usable at `active_at`, or on delivery where that is null.

    `money`: amounts are minor units of the currency.
    """

    id: str
    unit: str
    unit_name: str
    money: bool = False
    state: str
    amount: int
    remaining: int
    held: int
    rule_name: str
    activity_id: str | None
    earned_at: datetime
    active_at: datetime | None
    expires_at: datetime | None


class EndPendingIn(Shape):
    comment: str = Field(min_length=1, max_length=500)
    key: str = Field(min_length=8, max_length=128)
