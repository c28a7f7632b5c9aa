"""The door of the tiers room: the pure decisions, and the history."""

from regulars.value.tiers.policy import (
    after_refund,
    enter,
    entry_move,
    is_locked,
    judge_due,
    metrics_used,
    next_due,
    place,
    progress,
    record,
    rise,
    standing_from_json,
    standing_to_json,
    step,
    unlock,
)

__all__ = [
    "after_refund",
    "enter",
    "entry_move",
    "is_locked",
    "judge_due",
    "metrics_used",
    "next_due",
    "place",
    "progress",
    "record",
    "rise",
    "standing_from_json",
    "standing_to_json",
    "step",
    "unlock",
]
