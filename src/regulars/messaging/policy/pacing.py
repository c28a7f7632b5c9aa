"""What a provider allows: so many a second, so many a business day; and when to try again. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

MOST_ATTEMPTS = 8
_FIRST_WAIT = 30.0
_LONGEST_WAIT = 4 * 3600.0
_BURST = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Pace:
    """What was taken of an account: `taken` on `day`, and from when on its rate is free again."""

    day: date
    taken: int
    free_at: datetime


@dataclass(slots=True)
class Pacer:
    """Hands out places under an account's limits, in the order in which they are asked for.

    After `take` gives None the message goes now and counts; else it gives when to ask again, and for those turned away
    one after another these instants lie as far apart as the rate says.
    """

    pace: Pace
    now: datetime
    tomorrow: datetime
    per_second: int | None
    per_day: int | None
    turned_away: int = 0

    def take(self) -> tuple[datetime, str] | None:
        if self.per_day is not None and self.pace.taken >= self.per_day:
            return self.tomorrow, "quota_day"
        free = max(self.pace.free_at, self.now)
        if self.per_second is not None:
            step = timedelta(microseconds=-(-1_000_000 // self.per_second))
            if free > self.now + _BURST + timedelta(
                seconds=1
            ):  # no take leaves more: the clock was set back since
                free = self.now
            if free >= self.now + _BURST:
                self.turned_away += 1
                return free + (self.turned_away - 1) * step, "quota_rate"
            free += step
        self.pace = replace(self.pace, taken=self.pace.taken + 1, free_at=free)
        return None


def wait_before(attempt: int, *, jitter: float, asked: float | None = None) -> timedelta | None:
    """How long to wait after so many attempts that came to nothing; None when enough was tried.

    Half a minute, doubled each time up to four hours, plus up to a fifth by `jitter` in [0, 1); what the provider asked
    for holds where longer, up to a day.
    """
    if attempt >= MOST_ATTEMPTS:
        return None
    seconds = min(_FIRST_WAIT * 2 ** (attempt - 1), _LONGEST_WAIT) * (1 + jitter / 5)
    return timedelta(seconds=max(seconds, min(asked or 0.0, 86_400.0)))
