"""Whether a message goes now, by which channel, and else why not. Pure.

In this order: still wanted → for each channel its address, consent and suppression → the programme's holdout →
frequency caps → quiet hours. What is a reason of one channel only (no address, no consent, its own cap, hours in which
it drops messages) lets the next channel be tried; what is a reason of the member (frozen, held out, the cap over all
channels) ends it. A channel whose hours defer keeps the message: to wait for the morning is what the brand chose.
Quotas of accounts and the words come after, for whole batches.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Literal
from uuid import UUID

from regulars.kit.periods import zone
from regulars.messaging.policy.quiet import next_allowed
from regulars.messaging.types import Policy

# Whose consent a channel of marketing needs; the inbox is the member's own page and needs none.
CONSENT_OF = {
    "sms": "sms",
    "email": "email",
    "wechat": "wechat",
    "wecom": "wecom",
    "push": "push",
    "task": "phone",
}


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message that is due. `channels` in the order to try; `counted` is a channel it already counts for, and since
    which day."""

    member_id: UUID
    id: UUID
    purpose: str
    channels: tuple[str, ...]
    tried: tuple[str, ...]
    priority: int
    created_at: datetime
    expires_at: datetime | None
    counted: str = ""
    counted_on: date | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What the decision asks of a member: channels by which she has an address, consents and suppressed addresses."""

    is_active: bool
    addresses: frozenset[str]
    consents: frozenset[str]
    suppressed: frozenset[str]
    held_out: bool


@dataclass(slots=True)
class Counts:
    """Marketing messages of one member by business day and channel; grows while a batch is decided."""

    sent: dict[tuple[date, str], int] = field(default_factory=dict)

    def within(self, since: date, channel: str) -> int:
        if not self.sent:
            return 0
        return sum(
            count for (day, by), count in self.sent.items() if day >= since and (not channel or by == channel)
        )

    def add(self, day: date, channel: str, places: int = 1) -> None:
        self.sent[day, channel] = self.sent.get((day, channel), 0) + places


@dataclass(frozen=True, slots=True)
class Verdict:
    """`go` by `channel`; `wait` until an instant; `skip` for good. `log`: what was found of each channel looked at."""

    kind: Literal["go", "wait", "skip"]
    channel: str = ""
    reason: str = ""
    until: datetime | None = None
    log: tuple[tuple[str, str, str], ...] = ()


NOBODY = Known(False, frozenset(), frozenset(), frozenset(), False)


def in_turn(waiting: Sequence[Waiting]) -> list[Waiting]:
    """The order in which messages that are due together take their places: higher priority first, then the older."""
    return sorted(waiting, key=lambda one: (-one.priority, one.created_at, one.id))


def decide(
    one: Waiting,
    known: Known,
    counts: Counts,
    policy: Policy,
    *,
    now: datetime,
    tz: str,
    is_work_day: Callable[[date], bool],
    unusable: Collection[str] = (),
) -> Verdict:
    """What is done with a message at an instant. Counts nothing: the caller does when it really goes.

    `unusable`: channels that are switched off, or for which there are no words.
    """
    if not known.is_active:
        return _skip("", "not_a_member")
    if one.expires_at is not None and now >= one.expires_at:
        return _skip("", "expired")
    log: list[tuple[str, str, str]] = []
    marketing = one.purpose == "marketing"
    today = now.astimezone(zone(tz)).date()
    nearest: tuple[str, str] | None = None  # of the channels that reach her, the first and why not by it
    for channel in one.channels:
        if channel in one.tried:
            continue
        problem = "no_channel" if channel in unusable else _reachable(channel, known, marketing)
        if problem:
            log.append((channel, problem, ""))
            continue
        if marketing and known.held_out:
            return _skip(channel, "held_out", log)
        if marketing and one.counted != channel:
            full = _full("", one, counts, policy, today)
            if full:
                return _skip(channel, "frequency_cap", log, full)
            full = _full(channel, one, counts, policy, today)
            if full:
                log.append((channel, "frequency_cap", full))
                nearest = nearest or (channel, "frequency_cap")
                continue
        quiet = policy.quiet.get(channel)
        open_at = now
        if quiet is not None and (marketing or quiet.service_too):
            open_at = next_allowed(now, quiet, tz, is_work_day)
        if open_at <= now:
            return Verdict("go", channel, "", None, tuple(log))
        until = open_at.isoformat()
        if quiet is not None and quiet.then == "abort":
            log.append((channel, "quiet_hours", ""))
            nearest = nearest or (channel, "quiet_hours")
        elif one.expires_at is not None and open_at >= one.expires_at:
            log.append((channel, "expired", until))
            nearest = nearest or (channel, "expired")
        else:
            return Verdict("wait", channel, "quiet_hours", open_at, (*log, (channel, "quiet_hours", until)))
    if nearest is not None:
        return Verdict("skip", nearest[0], nearest[1], None, tuple(log))
    return Verdict(
        "skip", "", log[-1][1] if log else "no_channel", None, tuple(log) or (("", "no_channel", ""),)
    )


def since_of(period: str, day: date) -> date:
    """The first business day of the period that a day lies in; weeks begin on Monday."""
    if period == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if period == "month" else day


def earliest_counted(day: date) -> date:
    """From which day on counts are needed to judge any cap."""
    return min(since_of("week", day), since_of("month", day))


def _reachable(channel: str, known: Known, marketing: bool) -> str:
    if channel not in known.addresses:
        return "no_address"
    if marketing and channel in CONSENT_OF and CONSENT_OF[channel] not in known.consents:
        return "no_consent"
    return "suppressed" if channel in known.suppressed else ""


def _full(channel: str, one: Waiting, counts: Counts, policy: Policy, day: date) -> str:
    """The first cap of a channel (of all together: "") that has no place left, as `channel/period/limit`.

    The place that the message has from an earlier try is not in its own way.
    """
    for cap in policy.caps:
        if cap.channel != channel:
            continue
        since = since_of(cap.period, day)
        own = one.counted_on is not None and one.counted_on >= since and channel in ("", one.counted)
        if counts.within(since, channel) - own >= cap.limit:
            return f"{channel or '*'}/{cap.period}/{cap.limit}"
    return ""


def _skip(channel: str, reason: str, log: Sequence[tuple[str, str, str]] = (), detail: str = "") -> Verdict:
    return Verdict("skip", channel, reason, None, (*log, (channel, reason, detail)))
