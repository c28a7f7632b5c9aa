"""What a thing is called that members are reminded of."""

from __future__ import annotations

from regulars.engage.care.types import Plan
from regulars.facts.categories import api as categories
from regulars.kit.text import Text


def item_name(*, plan: Plan, thing: str, label: str) -> Text:
    """The product as its order called it, or, where a plan goes by categories, what the brand calls the category."""
    called = None
    if plan.definition.kind == "refill" and plan.definition.settings["by"] == "category":
        called = categories.names(brand_id=plan.brand_id).get(thing)
    return called or Text(label, label)
