"""The nightly step of product categories: which codes orders have had, so that staff see what has no name yet."""

from __future__ import annotations

from datetime import datetime

from regulars.facts.categories import api as categories
from regulars.facts.categories.types import Met
from regulars.flows.insight.types import StepResult, Told
from regulars.insight.warehouse.api import Warehouse
from regulars.platform.organisations.types import Brand


def run(brand: Brand, warehouse: Warehouse, now: datetime, told: Told = lambda share: None) -> StepResult:
    """One look at the lines of the warehouse; what is kept is as of tonight."""
    found = warehouse.duck.execute(
        """SELECT category, count(*) AS lines, max(local_day) FROM lines
            WHERE category IS NOT NULL AND trim(category) <> ''
            GROUP BY category ORDER BY lines DESC, category LIMIT ?""",
        [categories.MOST_MET],
    ).fetchall()
    met = [Met(code, lines, last_sold) for code, lines, last_sold in found]
    return StepResult(rows=categories.note_met(brand_id=brand.id, met=met))
