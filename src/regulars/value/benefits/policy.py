"""Which benefits a member's tiers give, and what is left of their quotas. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta

from regulars.kit.errors import Refusal, conflict, not_found
from regulars.kit.periods import end_of_month, end_of_year, period_key, start_of_day, zone
from regulars.kit.text import Text
from regulars.programme.rules.types import Benefit
from regulars.value.benefits.types import BENEFIT, Allowance

# What takes effect by itself whenever something is earned.
_AUTOMATIC = frozenset({"multiplier"})
_PERIODS = {
    "day": Text("今天", "today"),
    "week": Text("本周", "this week"),
    "month": Text("本月", "this month"),
    "year": Text("今年", "this year"),
    "ever": Text("", ""),
}


def is_given(benefit: Benefit, tiers: Mapping[str, str]) -> bool:
    """Whether tiers (scheme → tier) give the benefit."""
    return tiers.get(benefit.scheme) in benefit.tiers


def is_automatic(benefit: Benefit) -> bool:
    """Whether the benefit takes effect by itself whenever something is earned."""
    return benefit.kind in _AUTOMATIC


def list_given(benefits: Iterable[Benefit], tiers: Mapping[str, str]) -> list[Benefit]:
    """The benefits that tiers (scheme → tier) give, in the programme's order."""
    return [benefit for benefit in benefits if is_given(benefit, tiers)]


def period_of(benefit: Benefit, at: datetime, tz: str) -> str:
    """The quota period that an instant lies in, by the business time zone: `2026-03`, `2026-W09`, `ever` …"""
    return period_key(at.astimezone(zone(tz)), benefit.period)


def resets_at(benefit: Benefit, at: datetime, tz: str) -> datetime | None:
    """When the next quota period begins; None without a quota or if it never does."""
    day = at.astimezone(zone(tz)).date()
    following = _next_period(day, benefit.period)
    if benefit.quota is None or following is None:
        return None
    return start_of_day(following, tz).astimezone(UTC)


def allowance(
    benefit: Benefit, used: int, *, at: datetime, tz: str, extra: int = 0, given: bool = True
) -> Allowance:
    """What is left after `used` uses in the period of `at`; never negative, also after a quota was lowered.

    `extra` is what grants add; for a benefit that is not `given` by a tier they are all there is.
    """
    quota = benefit.quota if given else 0
    return Allowance(
        benefit=benefit,
        period=period_of(benefit, at, tz),
        resets_at=resets_at(benefit, at, tz),
        quota=quota,
        used=used,
        remaining=None if quota is None else max(0, quota - used) + extra,
        automatic=benefit.kind in _AUTOMATIC,
        extra=extra,
    )


def usable(
    benefits: Iterable[Benefit], key: str, tiers: Mapping[str, str], *, granted: bool = False
) -> Benefit:
    """The benefit of that key, if tiers (scheme → tier), or a grant, let the member use it.

    Refuses an unknown one (`not_found`), one that her tiers do not give (`benefit_not_given`) and one that takes effect
    by itself (`benefit_automatic`).
    """
    benefit = next((b for b in benefits if b.key == key), None)
    if benefit is None:
        raise not_found(BENEFIT)
    if not granted and not is_given(benefit, tiers):
        raise conflict(
            "benefit_not_given",
            f"会员当前等级不享有“{benefit.name.zh}”",
            f"The member's tier does not give “{benefit.name.en}”",
            benefit=key,
        )
    if benefit.kind in _AUTOMATIC:
        raise conflict(
            "benefit_automatic",
            f"“{benefit.name.zh}”自动生效，无需核销",
            f"“{benefit.name.en}” takes effect by itself",
            benefit=key,
        )
    return benefit


def used_up(benefit: Benefit, at: datetime, tz: str) -> Refusal:
    """The refusal when nothing is left in the period."""
    when = _PERIODS[benefit.period]
    again = resets_at(benefit, at, tz)
    return conflict(
        "benefit_used_up",
        f"“{benefit.name.zh}”{when.zh}的 {benefit.quota} 次已用完",
        " ".join(f"All {benefit.quota} uses of “{benefit.name.en}” {when.en}".split()) + " are taken",
        benefit=benefit.key,
        quota=benefit.quota,
        resets_at=again.isoformat() if again else None,
    )


def check_undo(used_at: datetime, minutes: int, now: datetime) -> None:
    """Raises `undo_too_late` (409) when the time in which a use can be taken back is over."""
    if now - used_at > timedelta(minutes=minutes):
        raise conflict(
            "undo_too_late",
            f"已超过 {minutes} 分钟，不能撤销",
            f"It can be undone for {minutes} minutes only",
            minutes=minutes,
        )


def _next_period(day: date, period: str) -> date | None:
    if period == "day":
        return day + timedelta(days=1)
    if period == "week":
        return day + timedelta(days=7 - day.weekday())
    if period == "month":
        return end_of_month(day)
    if period == "year":
        return end_of_year(day)
    return None
