"""Due work of journeys: hear what happened, ask dates, step, end what was stopped, clear away what is long over."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings

from regulars.engage.journeys import api as journeys
from regulars.flows.journeys.acting import carry_out
from regulars.flows.journeys.activities import data_of
from regulars.flows.journeys.messages import sum_up
from regulars.flows.journeys.triggers import CONSUMER, listen
from regulars.platform.due import api as due


def step(now: datetime) -> int:
    """One batch of each running journey; gives how many runs were walked."""
    return journeys.step(
        carry_out=carry_out, now=now, load=lambda brand, some: data_of(brand, some, now=now)
    ).runs


def sweep(now: datetime) -> int:
    return journeys.sweep_due(now=now)


def close(now: datetime) -> int:
    return journeys.close_stopped(now=now)


def prune(now: datetime) -> int:
    """Delete the next runs that ended longer ago than the operator keeps them; 0 days is for ever."""
    days = settings.JOURNEY_DAYS
    return journeys.prune(keep=timedelta(days=days), now=now) if days else 0


def register() -> None:
    """Tell the worker. Hearing, stepping and sending wake each other: who comes in has her first message in the same
    turn."""
    due.register("journeys.listen", listen, every_seconds=1, hears=CONSUMER, wakes=["journeys.step"])
    due.register("journeys.sweep", sweep, every_seconds=5, wakes=["journeys.step"])
    due.register("journeys.step", step, every_seconds=1, wakes=["messages.send"])
    due.register("journeys.close", close, every_seconds=5)
    due.register("journeys.sum_up", sum_up, every_seconds=6 * 3600)
    due.register("journeys.prune", prune, every_seconds=6 * 3600)
