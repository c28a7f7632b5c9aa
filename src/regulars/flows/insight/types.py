"""What a nightly step gets and gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from regulars.kit.text import Text

# A step tells the share of it that is done, from 0 to 1.
Told = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class StepResult:
    """How a step ended; the nightly run keeps it as the step's `model_run`.

    `rows`: members scored, rows written, whatever the step counts. `lacking`: there was too little data; it says how
    much there is and how much it takes. `as_of`: nothing later was used; None: the warehouse's own instant.
    """

    rows: int = 0
    metrics: dict[str, Any] = field(default_factory=dict)
    charts: dict[str, Any] = field(default_factory=dict)
    params: dict[str, Any] = field(default_factory=dict)
    period_from: date | None = None
    period_to: date | None = None
    as_of: datetime | None = None
    lacking: Text | None = None
