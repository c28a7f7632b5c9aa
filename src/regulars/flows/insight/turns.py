"""Running a brand's steps under its lease, in this process."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

from regulars.flows.imports import running
from regulars.flows.insight.nightly import Clock, Heard, run_steps
from regulars.insight.runs import api as runs
from regulars.insight.runs.types import Run, Turn, TurnLost
from regulars.kit.errors import conflict
from regulars.kit.periods import start_of_day, zone
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Brand

_HOUR = 3
_BEAT_SECONDS = 15.0


def next_night(brand: Brand, now: datetime) -> datetime:
    """The next three o'clock of the brand's business time."""
    today = now.astimezone(zone(brand.timezone)).date()
    for day in (today, today + timedelta(days=1)):
        at = start_of_day(day, brand.timezone) + timedelta(hours=_HOUR)
        if at > now:
            return at
    raise AssertionError


def run_here(
    *, brand_id: UUID, clock: Clock, only: Sequence[str] = (), heard: Heard = lambda step, share: None
) -> list[Run]:
    """Run the brand's steps in this process. Raises `insight_running` (409) while another process does."""
    turn = runs.get_turn(brand_id=brand_id)
    gone = turn.holder if turn and turn.holder and running.is_gone(turn.holder) else None
    taken = runs.take(brand_id=brand_id, now=clock(), holder=running.holder(), gone=gone)
    if taken is None:
        raise conflict(
            "insight_running",
            "洞察计算正在另一个进程中运行",
            "Another process is running the brand's insight",
        )
    return run_turn(turn=taken, clock=clock, only=only, heard=heard)


def run_turn(
    *, turn: Turn, clock: Clock, only: Sequence[str] = (), heard: Heard = lambda step, share: None
) -> list[Run]:
    """Run a turn that this process has, keeping its lease meanwhile. Stops between steps when it is lost."""
    brand = organisations.get_brand(brand_id=turn.brand_id)
    over = threading.Event()
    lost = threading.Event()

    def keep() -> None:
        while not over.wait(_BEAT_SECONDS):
            try:
                runs.beat(turn=turn, now=clock())
            except TurnLost:
                lost.set()
                break
            except Exception:  # noqa: S112 - the database may be away for a moment; the next beat tells
                continue
            finally:
                connection.close()

    def going_on() -> None:
        if lost.is_set():
            raise TurnLost

    beating = threading.Thread(target=keep, daemon=True)
    beating.start()
    try:
        return run_steps(brand=brand, clock=clock, only=only, heard=heard, going_on=going_on)
    except TurnLost:
        return []
    finally:
        over.set()
        beating.join(5)
        now = clock()
        runs.end_turn(turn=turn, now=now, next_run_at=next_night(brand, now))
