"""What the demo's brand calls its categories: the codes are those of the real shopping history."""

from __future__ import annotations

from datetime import datetime

from regulars.facts.categories import api as categories
from regulars.facts.categories.types import CategoryName
from regulars.flows.demo.category_names import CATEGORIES
from regulars.platform.organisations.types import Scope


def fill(scope: Scope, now: datetime) -> None:
    """Name those that have no name yet: what an operator named stays."""
    known = categories.names(brand_id=scope.brand_id)
    new = [CategoryName(code, name) for code, name in CATEGORIES.items() if code not in known]
    if new:
        categories.name_categories(scope=scope, categories=new, now=now)
