"""What a member may want: to buy again, with what is due first, and to discover."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from ninja import Schema

from regulars.flows import recommending
from regulars.insight.recommend.types import Suggested
from regulars.surfaces.access import MemberAccess

_MOST = 6


class WishOut(Schema):
    """One thing by name. `due_on`: when she will need it again; `because`: what she has that goes with it."""

    name: str
    times: int
    last_on: date | None
    due_on: date | None
    because: str | None


class RecommendedOut(Schema):
    """`as_of` is null where there is nothing: she is new, or switched profiling off."""

    as_of: datetime | None
    again: list[WishOut]
    discover: list[WishOut]


def wishes(*, member: MemberAccess) -> RecommendedOut:
    """What is due comes first among what she buys again; no name twice, for many products share one."""
    found = recommending.for_member(scope=member.scope, member_id=member.member_id, limit=20)
    due = {one.product.sku for one in found.due}
    again = _named((*found.due, *found.buy_again), set(), due)
    return RecommendedOut(
        as_of=found.as_of,
        again=again,
        discover=_named(found.discover, {one.name for one in again}, set()),
    )


def _named(list_: Sequence[Suggested], known: set[str], due: set[str]) -> list[WishOut]:
    shown: list[WishOut] = []
    for one in list_:
        name = one.product.name
        if not name or name in known or len(shown) == _MOST:
            continue
        known.add(name)
        shown.append(
            WishOut(
                name=name,
                times=one.times,
                last_on=one.last_on,
                due_on=one.due_on if one.product.sku in due else None,
                because=one.because.name or None if one.because else None,
            )
        )
    return shown
