"""Pure tier decisions: the same functions serve live posting, due work and replay (docs/tiers.md)."""

from regulars.value.tiers.policy.coding import standing_from_json, standing_to_json
from regulars.value.tiers.policy.forecast import forecast, places_of, thresholds
from regulars.value.tiers.policy.metrics import metrics_used, record
from regulars.value.tiers.policy.moves import (
    after_refund,
    enter,
    entry_move,
    is_locked,
    judge_due,
    next_due,
    place,
    rise,
    step,
    unlock,
)
from regulars.value.tiers.policy.progress import plan_endings, progress

__all__ = [
    "after_refund",
    "enter",
    "entry_move",
    "forecast",
    "is_locked",
    "judge_due",
    "metrics_used",
    "next_due",
    "place",
    "places_of",
    "plan_endings",
    "progress",
    "record",
    "rise",
    "standing_from_json",
    "standing_to_json",
    "step",
    "thresholds",
    "unlock",
]
