"""Whether a member can have a reward now, and how its stock is split. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from regulars.kit.errors import Refusal
from regulars.kit.periods import start_of_day, zone
from regulars.kit.text import Text
from regulars.value.rewards.types import PERIODS, WHY_NOT, Candidate, Limit, Reward, WhyNot

MOST_SLOTS = 16
PER_SLOT = 32


def why_not(
    reward: Reward, candidate: Candidate, *, quantity: int, now: datetime, timezone: str, unit: Text
) -> list[WhyNot]:
    """Every reason why she cannot have so many of it now; empty when she can. What cannot change comes first."""
    terms = reward.terms
    found: list[WhyNot] = []
    if reward.state != "active":
        found.append(_why("not_on_offer"))
    if terms.starts_at and now < terms.starts_at:
        found.append(_why("not_started", at=_moment(terms.starts_at, timezone)))
    if terms.ends_at and now >= terms.ends_at:
        found.append(_why("ended"))
    if not candidate.active:
        found.append(_why("membership_not_active"))
    if candidate.lacks:
        zh, en = "；".join(w.zh for w in candidate.lacks), "; ".join(w.en for w in candidate.lacks)
        found.append(_why("not_eligible", why=Text(zh, en)))
    if terms.limit and candidate.taken + quantity > terms.limit.count:
        period = PERIODS[terms.limit.period]
        found.append(_why("limit_reached", period=period, count=terms.limit.count, taken=candidate.taken))
    found += _stock(reward, quantity, now, timezone)
    missing = terms.price * quantity - candidate.available
    if terms.price and missing > 0:
        found.append(_why("too_few_points", missing=missing, unit=unit))
    return found


def refusal(why: Sequence[WhyNot]) -> Refusal:
    """The first reason as a 409."""
    first = why[0]
    return Refusal(first.code, first.text, status=409, data=dict(first.data))


def sold_out() -> Refusal:
    """Somebody else took the last one at this moment."""
    return refusal([_why("sold_out")])


def released_gone() -> Refusal:
    return refusal([_why("released_gone")])


def limit_since(limit: Limit, now: datetime, timezone: str) -> datetime | None:
    """The start of the limit's present period; None for one that never begins anew."""
    today = now.astimezone(zone(timezone)).date()
    if limit.period == "ever":
        return None
    if limit.period == "week":
        today -= timedelta(days=today.weekday())
    elif limit.period == "month":
        today = today.replace(day=1)
    elif limit.period == "year":
        today = today.replace(month=1, day=1)
    return start_of_day(today, timezone)


def release_pool(now: datetime, timezone: str) -> str:
    """The name of the pool that is released on this business day."""
    return now.astimezone(zone(timezone)).date().isoformat()


def split(total: int) -> list[int]:
    """A stock in slots: few where few pieces are left to fight for, so that the last one is found at once."""
    slots = max(1, min(MOST_SLOTS, total // PER_SLOT))
    each, more = divmod(total, slots)
    return [each + (n < more) for n in range(slots)]


def take_from(slots: Sequence[tuple[int, int]], quantity: int) -> list[tuple[int, int]] | None:
    """(slot, pieces) that give a quantity, in slot order; None when there is too little. `slots`: (slot, left)."""
    taken: list[tuple[int, int]] = []
    for slot, left in slots:
        part = min(left, quantity)
        if part > 0:
            taken.append((slot, part))
            quantity -= part
    return taken if quantity == 0 else None


def _stock(reward: Reward, quantity: int, now: datetime, timezone: str) -> list[WhyNot]:
    release = reward.terms.release
    if reward.left is not None and reward.left < quantity:
        return [_why("too_few_left", left=reward.left) if reward.left > 0 else _why("sold_out")]
    if release is None:
        return []
    if now.astimezone(zone(timezone)).time() < release.at:
        return [_why("not_released", at=f"{release.at:%H:%M}")]
    if reward.released_left is not None and reward.released_left < quantity:
        left = reward.released_left
        return [_why("too_few_left", left=left) if left > 0 else _why("released_gone")]
    return []


def _why(code: str, **values: object) -> WhyNot:
    plain = {k: v.to_json() if isinstance(v, Text) else v for k, v in values.items()}
    shown = {k: f"{v:,}" if isinstance(v, int) else v for k, v in values.items()}
    return WhyNot(code, WHY_NOT[code].format(**shown), plain)


def _moment(instant: datetime, timezone: str) -> str:
    return f"{instant.astimezone(zone(timezone)):%Y-%m-%d %H:%M}"
