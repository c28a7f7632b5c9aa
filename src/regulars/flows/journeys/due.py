"""Due work of journeys: hear what happened, ask dates, step, end what was stopped."""

from __future__ import annotations

from datetime import datetime

from regulars.engage.journeys import api as journeys
from regulars.flows.journeys.acting import carry_out
from regulars.flows.journeys.triggers import listen
from regulars.platform.due import api as due


def step(now: datetime) -> int:
    """One batch of each running journey; gives how many runs were walked."""
    return journeys.step(carry_out=carry_out, now=now).runs


def sweep(now: datetime) -> int:
    return journeys.sweep_due(now=now)


def close(now: datetime) -> int:
    return journeys.close_stopped(now=now)


def register() -> None:
    """Tell the worker. Stepping comes right behind listening: who comes in gets the first message in the same round."""
    due.register("journeys.listen", listen, every_seconds=1)
    due.register("journeys.sweep", sweep, every_seconds=5)
    due.register("journeys.step", step, every_seconds=1)
    due.register("journeys.close", close, every_seconds=5)
