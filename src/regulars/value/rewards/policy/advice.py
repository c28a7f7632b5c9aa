"""What to do about a reward that goes well, badly, or is going out of stock. Pure; docs/mall.md has the rule."""

from __future__ import annotations

from datetime import datetime, timedelta

from regulars.value.rewards.types import Advice, Reward

RECENT_DAYS = 28
RESTOCK_DAYS = 14
SLOW_PER_CENT = 5


def sell_through(taken: int, stock: int | None) -> int | None:
    """Per cent of all there ever was that is taken, rounded down; None without a stock."""
    return None if not stock else taken * 100 // stock


def days_left(left: int | None, recent: int, days_on_offer: int) -> int | None:
    """For how many days the stock lasts at the pace of the last 28 days (or since it is on offer), rounded down."""
    days = max(1, min(RECENT_DAYS, days_on_offer))
    return None if left is None or recent <= 0 else left * days // recent


def advise(
    reward: Reward, *, recent: int, last_at: datetime | None, days: int | None, now: datetime
) -> Advice:
    """The first that fits: off, sold out, new, replace, restock, promote, keep.

    `recent` pieces were taken in the last 28 days; `days` is what `days_left` says.
    """
    if reward.state != "active":
        return "off"
    if reward.left == 0:
        return "sold_out"
    since = reward.on_offer_since or reward.created_at
    if recent == 0:
        return "new" if now - since < timedelta(days=RECENT_DAYS) else "replace"
    if days is not None and days < RESTOCK_DAYS:
        return "restock"
    if (
        reward.stock
        and recent * 100 < reward.stock * SLOW_PER_CENT
        and now - since >= timedelta(days=RECENT_DAYS)
    ):
        return "promote"
    return "keep"
