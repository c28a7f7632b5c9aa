"""What filters and forms offer, as it travels to the console."""

from __future__ import annotations

from regulars.surfaces.console.shapes.shared import ChoiceOut, Shape, TierOut


class TagChoiceOut(Shape):
    code: str
    name: str
    colour: str


class UnitChoiceOut(Shape):
    code: str
    name: str
    kind: str
    can_burn: bool


class SchemeChoiceOut(Shape):
    key: str
    name: str
    tiers: list[TierOut]


class OfferChoicesOut(Shape):
    """What the brand puts on offer, each by key and name; categories are words of their own."""

    packages: list[ChoiceOut]
    ladders: list[ChoiceOut]
    stamp_cards: list[ChoiceOut]
    coupons: list[ChoiceOut]
    budgets: list[ChoiceOut]
    rewards: list[ChoiceOut]
    reward_categories: list[str]
    services: list[ChoiceOut]
    service_categories: list[str]
    plans: list[ChoiceOut]
    benefits: list[ChoiceOut]
    templates: list[ChoiceOut]
    badges: list[ChoiceOut]
    missions: list[ChoiceOut]
    draws: list[ChoiceOut]


class ChoicesOut(Shape):
    """What the brand's filters and forms offer. `tiers` are those of its first scheme."""

    tiers: list[TierOut]
    schemes: list[SchemeChoiceOut]
    tags: list[TagChoiceOut]
    stores: list[ChoiceOut]
    channels: list[ChoiceOut]
    units: list[UnitChoiceOut]
    activity_types: list[ChoiceOut]
    adjustment_reasons: list[ChoiceOut]
    identity_types: list[ChoiceOut]
