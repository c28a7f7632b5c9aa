"""The course of a subscription over time: what is due next, pauses. Pure."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from regulars.kit.errors import Refusal, conflict
from regulars.kit.periods import start_of_day, zone
from regulars.value.plans.types import STATES, Step, Subscription, Terms

# Reminders go out in the morning.
_REMIND_AT = timedelta(hours=9)


def today_of(now: datetime, tz: str) -> date:
    return now.astimezone(zone(tz)).date()


def next_due(held: Subscription, terms: Terms, tz: str, now: datetime) -> datetime | None:
    """When due work must look at a subscription next; None: never."""
    if not held.is_live:
        return None
    if held.state == "paused":
        if terms.pause is None or held.paused_on is None:
            return now
        return start_of_day(resume_by(held, terms), tz)
    if held.ends_on is None:
        return None
    if held.state == "past_due":
        return _retry_at(held, terms, tz)
    instants = [start_of_day(held.ends_on, tz)]
    for days in terms.reminder_days:
        instants.append(start_of_day(held.ends_on - timedelta(days=days), tz) + _REMIND_AT)
    coming = [instant for instant in instants if instant > now]
    return min(coming, default=now)


def next_step(held: Subscription, terms: Terms, tz: str, now: datetime) -> Step:
    """What is to be done now."""
    today = today_of(now, tz)
    if held.state == "paused":
        over = terms.pause is None or held.paused_on is None or today >= resume_by(held, terms)
        return Step("resume") if over else Step("wait")
    if not held.is_live or held.ends_on is None:
        return Step("wait")
    if held.state == "past_due":
        if now < _retry_at(held, terms, tz):
            return Step("wait")
        return Step("retry") if held.retries < len(terms.retry_days) else Step("end")
    if today >= held.ends_on:
        if held.state == "trial" and not (held.auto_renew and held.has_agreement):
            return Step("end_trial")
        return Step("renew") if held.auto_renew else Step("end")
    left = (held.ends_on - today).days
    reached = [
        days
        for days in terms.reminder_days
        if now >= start_of_day(held.ends_on - timedelta(days=days), tz) + _REMIND_AT
    ]
    return Step("remind", min(reached)) if reached and left > 0 else Step("wait")


def _retry_at(held: Subscription, terms: Terms, tz: str) -> datetime:
    """Retries stand by days after the period's end; the one after the last is the end, a day later."""
    assert held.ends_on is not None
    days = list(terms.retry_days)
    last = days[-1] if days else 0
    after = days[held.retries] if held.retries < len(days) else last + 1
    return start_of_day(held.ends_on + timedelta(days=after), tz)


def resume_by(held: Subscription, terms: Terms) -> date:
    """The day on which a pause ends by itself: no more days of pausing are left."""
    assert held.paused_on is not None
    most = terms.pause.max_days if terms.pause else 0
    return held.paused_on + timedelta(days=max(0, most - held.pause_days))


def check_pause(held: Subscription, terms: Terms, today: date) -> None:
    """Raises why it cannot be paused today (409)."""
    if terms.pause is None:
        raise conflict("pause_not_offered", "该计划不支持暂停", "This plan cannot be paused")
    if held.state != "active" or held.ends_on is None or today >= held.ends_on:
        raise wrong_state(held)
    if held.pauses >= terms.pause.times or held.pause_days >= terms.pause.max_days:
        raise conflict(
            "pauses_used_up",
            "本期的暂停次数或天数已用完",
            "All pauses of this period are used",
            times=terms.pause.times,
            max_days=terms.pause.max_days,
        )


def paused_days(held: Subscription, terms: Terms, today: date) -> int:
    """By how many days the end moves when a pause ends today: never more than the plan allows."""
    assert held.paused_on is not None
    return max(0, (min(today, resume_by(held, terms)) - held.paused_on).days)


def is_entitled(held: Subscription, terms: Terms, today: date) -> bool:
    """Whether she has the plan's benefits today: in a running trial or period, and while a renewal is being tried if
    the plan says so."""
    if held.state in ("trial", "active"):
        running = held.ends_on is None or today < held.ends_on
        return running or (held.auto_renew and terms.past_due_benefits)
    return held.state == "past_due" and terms.past_due_benefits


def wrong_state(held: Subscription) -> Refusal:
    name = STATES[held.state]
    return conflict(
        "wrong_subscription_state",
        f"当前状态为“{name.zh}”，不能这样做",
        f"This cannot be done while it is: {name.en}",
        state=held.state,
    )
