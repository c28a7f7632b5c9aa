"""Pure decisions of care: what a plan may be, whose turn it is, what comes next."""

from regulars.engage.care.policy.occasions import (
    anniversary_days,
    anniversary_of,
    birthday_due,
    cadence_of,
    festival_due,
    interval_of,
    next_service,
    run_at,
    shown_in,
    usual_interval,
)
from regulars.engage.care.policy.parsing import names_in, read_definition

__all__ = [
    "anniversary_days",
    "anniversary_of",
    "birthday_due",
    "cadence_of",
    "festival_due",
    "interval_of",
    "names_in",
    "next_service",
    "read_definition",
    "run_at",
    "shown_in",
    "usual_interval",
]
