"""What the data does not have and the demo makes up beside it, each by a rule: check-ins, points spent, goods brought
back, products looked at. Nothing here needs Django: feeds go to other processes.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from regulars.facts.activity.types import ActivityIn, BurnIn, MemberRef, RefundIn, RefundLineIn

SOURCE = "complete-journey"  # of what really happened
MADE_UP = "demo"  # of what was added so that every page has something to show
TIMEZONE = "Asia/Shanghai"
VIEW = "view"
VIEW_DAYS = 28  # of the newest days
VIEW_TIMES = (time(12, 30), time(20, 15))  # within the minute from then on
_VIEW_EVERY = 11  # of visits are followed by a look at the shop's pages, one to six days on
_NO_GOODS = "COUPON"


def made_up(
    type_: str, member: MemberRef, at: datetime, key: str, store: int | None, **parts: Any
) -> ActivityIn:
    return ActivityIn(
        type=type_,
        member=member,
        occurred_at=at,
        source=MADE_UP,
        store=None if store is None else str(store),
        key=key,
        **parts,
    )


def burn(member: MemberRef, at: datetime, basket: int, amount: int, store: int) -> ActivityIn:
    spent = BurnIn(unit="points", amount=amount, reason="演示：积分抵现 / demo: points spent")
    return made_up("burn", member, at, f"demo-burn-{basket}", store, burn=spent)


def refund(member: MemberRef, basket: int, at: datetime, store: int) -> ActivityIn:
    """The first line of a basket. A refund belongs to its order's source, so that it is made up is said by channel."""
    return ActivityIn(
        type="refund",
        member=member,
        occurred_at=at,
        source=SOURCE,
        channel=MADE_UP,
        store=str(store),
        refund=RefundIn(
            number=f"demo-refund-{basket}",
            order=str(basket),
            lines=(RefundLineIn(line=1),),
            reason="演示：退货 / demo: goods returned",
        ),
    )


def look(member: MemberRef, basket: int, at: datetime, rows: list[Any], until: datetime) -> ActivityIn | None:
    """A look at a product of the visit at `at`, at noon or in the evening, one to six days after it; None where the
    rule has none, or not within the newest days. By the basket's number alone: who buys soon after did so by chance."""
    if basket % _VIEW_EVERY:
        return None
    turn = basket // _VIEW_EVERY
    day = at.astimezone(ZoneInfo(TIMEZONE)).date() + timedelta(days=1 + turn % 6)
    clock = VIEW_TIMES[turn // 6 % len(VIEW_TIMES)]
    moment = datetime.combine(day, clock, ZoneInfo(TIMEZONE)) + timedelta(seconds=turn % 59)
    goods = _goods_of(rows) if until - timedelta(days=VIEW_DAYS) < moment < until else []
    if not goods:
        return None
    product, name = goods[turn % len(goods)]
    seen = {"sku": str(product), "product": name}
    return made_up(VIEW, member, moment, f"demo-view-{basket}", None, data=seen)


def _goods_of(rows: list[Any]) -> list[tuple[int, str]]:
    """The products of a basket and what they are called, without what the data counts as coupons and the like."""
    return [(row[0], row[1].name) for row in rows if not row[1].category.startswith(_NO_GOODS) and row[3] > 0]
