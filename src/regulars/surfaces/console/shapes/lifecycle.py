"""Thresholds of stages, weights of the KOC score, and what other ones would change."""

from __future__ import annotations

from datetime import datetime

from regulars.surfaces.console.shapes.shared import Shape
from regulars.surfaces.insight_views import RunStateOut


class StageRulesIO(Shape):
    """Thresholds; see the page. What is left out keeps its default."""

    growing_purchases: int = 2
    mature_purchases: int = 6
    mature_days: int = 60
    slipping_days: int = 45
    slipping_factor: float = 3.0
    slipping_least_days: int = 14
    rhythm_purchases: int = 4
    dormant_days: int = 90
    lost_days: int = 180
    won_back_days: int = 30


class KocWeightsIO(Shape):
    """Whole numbers that add up to 100."""

    frequency: int = 35
    influence: int = 35
    quality: int = 30


class LifecycleRulesIn(Shape):
    rules: StageRulesIO
    weights: KocWeightsIO


class RulesVersionOut(Shape):
    """Version 0 are the defaults, which nobody set."""

    version: int
    rules: StageRulesIO
    weights: KocWeightsIO
    at: datetime | None
    by: str


class LifecycleRulesOut(Shape):
    """The rules in force first, then those before. `labels` are words for the thresholds. `suggested` are thresholds
    that follow from how far apart purchases lie, where that is known."""

    versions: list[RulesVersionOut]
    labels: dict[str, str]
    suggested: dict[str, int]


class PreviewMoveOut(Shape):
    from_stage: str
    to_stage: str
    members: int


class PreviewMemberOut(Shape):
    code: str
    name: str
    from_stage: str
    to_stage: str


class LifecyclePreviewOut(Shape):
    """What other thresholds would change now. Nothing is changed by asking."""

    moves: list[PreviewMoveOut]
    moved: int
    sample: list[PreviewMemberOut]


class KocPageOut(Shape):
    run: RunStateOut
    weights: KocWeightsIO
    bands: list[int]
