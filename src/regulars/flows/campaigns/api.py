"""The door of campaigns at work: check and save, see what a member would get, run what is due."""

from regulars.flows.campaigns.costs import Costs, get_costs, set_costs
from regulars.flows.campaigns.keeping import (
    copy,
    count_audience,
    create,
    launch,
    read_for_counting,
    submit,
    update,
)
from regulars.flows.campaigns.portions import run_due, run_portion
from regulars.flows.campaigns.stopping import cancel, held_messages, pause, resume
from regulars.flows.campaigns.trying import Check, Tried, preview
from regulars.platform.due import api as due

__all__ = [
    "Check",
    "Costs",
    "Tried",
    "cancel",
    "copy",
    "count_audience",
    "create",
    "get_costs",
    "held_messages",
    "launch",
    "pause",
    "preview",
    "read_for_counting",
    "register",
    "resume",
    "run_due",
    "run_portion",
    "set_costs",
    "submit",
    "update",
]


def register() -> None:
    """Tell the worker."""
    due.register("campaigns.run", run_due, every_seconds=1)
