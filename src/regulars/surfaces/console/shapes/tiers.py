"""What the tier editor asks and is answered."""

from __future__ import annotations

from typing import Annotated, Any

from ninja import Field

from regulars.surfaces.console.shapes.shared import Shape

Percent = Annotated[int, Field(ge=1, le=99)]


class PreviewIn(Shape):
    """A draft's whole definition and the scheme that was edited; `after` of the portion before."""

    definition: dict[str, Any]
    scheme: Annotated[str, Field(max_length=64)]
    after: str | None = None


class SampleOut(Shape):
    code: str
    name: str


class UnitCostOut(Shape):
    unit: str
    unit_name: str
    amount: int


class MoveOut(Shape):
    """`of_edit` of `members` would not move there by the scheme as it is. Amounts in minor units, a year's worth."""

    current: str
    current_name: str
    result: str
    result_name: str
    direction: str
    members: int
    of_edit: int
    spend: int
    discount: int
    units: list[UnitCostOut]
    samples: list[SampleOut]


class TierPreviewOut(Shape):
    """A portion: ask again with `next_after` until it is null and add up. `method` says how costs arise."""

    moves: list[MoveOut]
    seen: int
    members: int
    next_after: str | None
    unrecorded: list[str]
    method: str


class ReachedOut(Shape):
    tier: str
    name: str
    members: int
    median_days: int
    fast_days: int
    slow_days: int


class ClimbOut(Shape):
    previous: str
    previous_name: str
    tier: str
    name: str
    moves: int
    median_days: int
    fast_days: int
    slow_days: int


class StandardOut(Shape):
    """How long upgrades take, in days; fast and slow are the quartiles."""

    reached: list[ReachedOut]
    climbs: list[ClimbOut]
    metrics: list[str]


class ProposeIn(Shape):
    """The share of all members that each tier should hold, in percent; the lowest tier takes the rest."""

    metric: Annotated[str, Field(max_length=80)] = "spend"
    shares: Annotated[dict[str, Percent], Field(min_length=1, max_length=20)]


class ProposalOut(Shape):
    tier: str
    name: str
    wanted_percent: int
    exact: int
    at_least: int
    reached_by: int
    percent: str


class ProposalsOut(Shape):
    metric: str
    proposals: list[ProposalOut]
