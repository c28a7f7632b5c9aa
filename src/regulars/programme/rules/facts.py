"""What conditions may ask about one activity of one member, read from her state as it was before the activity.

Two things include the activity itself, because people mean it so: a streak ("7 days in a row" is met on the 7th day)
and a window ("three orders in 30 days" is met by the third order).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from regulars.conditions.api import FieldCatalogue, FieldType
from regulars.kit.periods import age_on, start_of_day, zone
from regulars.programme.rules.types import Act, MemberState, Programme

_Read = Callable[[MemberState, Act, datetime, date], Any]


class FactReader:
    """Reads the facts that a programme's conditions use (or the `fields` given), and no others."""

    def __init__(
        self, programme: Programme, catalogue: FieldCatalogue, fields: frozenset[str] | None = None
    ) -> None:
        wanted = programme.fields_used if fields is None else fields
        self._reads = tuple(
            (key, _reader(key, programme, catalogue)) for key in sorted(wanted) if not key.startswith("line.")
        )
        self._windows = bool(programme.windows)
        self._streaks = bool(programme.streaks)
        self._timezone = programme.timezone

    def read(self, state: MemberState, act: Act, local: datetime, day: date) -> dict[str, Any]:
        """The facts of `act`, `local` being its time and `day` its date in the business time zone."""
        facts: dict[str, Any] = {"activity.local": local, "lines": act.lines}
        for key, read in self._reads:
            facts[key] = read(state, act, local, day)
        if self._windows:
            timezone = self._timezone

            def window(activity: str, days: int, aggregate: str, of: str | None) -> int | Decimal | None:
                return window_of(state, act, day, timezone, activity, days, aggregate)

            facts["window"] = window
        if self._streaks:
            facts["streak"] = lambda activity: streak_of(state, act, day, activity)
        return facts


@lru_cache(maxsize=4096)
def window_start(day: date, days: int, timezone: str) -> datetime:
    """The first instant of a window of `days` business days that ends with `day`."""
    return start_of_day(day - timedelta(days=days - 1), timezone).astimezone(UTC)


def streak_of(state: MemberState, act: Act, day: date, activity: str) -> int:
    """Days in a row, up to `day`, on which the activity happened; this act counts. A run that ended yesterday still
    stands until today is over.
    """
    last, length = state.streaks.get(activity, (None, 0))
    if last is None:
        return int(act.type == activity)
    if last == day:
        return length
    if last == day - timedelta(days=1):
        return length + (act.type == activity)
    return int(act.type == activity)


def window_of(
    state: MemberState, act: Act, day: date, timezone: str, activity: str, days: int, aggregate: str
) -> int | Decimal | None:
    """Count, or a figure of the order amounts, of one activity type in the last `days` business days, today being
    one.
    """
    since = window_start(day, days, timezone)
    amounts = [a for at, a in state.recent.get(activity, ()) if since <= at <= act.occurred_at]
    if act.type == activity:
        amounts.append(act.amount)
    if aggregate == "count":
        return len(amounts)
    if aggregate == "sum":
        return sum(amounts)
    if not amounts:
        return None
    if aggregate == "max":
        return max(amounts)
    if aggregate == "min":
        return min(amounts)
    return Decimal(sum(amounts)) / len(amounts)


def _reader(key: str, programme: Programme, catalogue: FieldCatalogue) -> _Read:
    known = _READS.get(key)
    if known is not None:
        return known
    if key == "order.currency":
        currency = programme.currency
        return lambda state, act, local, day: currency
    if key == "history.days_since_last_order":
        tz = zone(programme.timezone)
        return lambda state, act, local, day: (
            None if state.last_order_at is None else (day - state.last_order_at.astimezone(tz).date()).days
        )
    if key == "membership.tier" and programme.schemes:
        return _tier_reader(programme.schemes[0].key, programme.schemes[0].tiers[0].code)
    for scheme in programme.schemes:
        if key == f"membership.tier.{scheme.key}":
            return _tier_reader(scheme.key, scheme.tiers[0].code)
    if key.startswith("store."):
        name = key.removeprefix("store.")
        return lambda state, act, local, day: act.store_facts.get(key, act.store_facts.get(name))
    if key.startswith("activity.") and key.count(".") == 2:  # a field of a declared type
        _, kind, name = key.split(".")
        return lambda state, act, local, day: act.data.get(name) if act.type == kind else None
    if key.startswith("membership.attributes."):
        return _attribute_reader(key, catalogue)
    return lambda state, act, local, day: state.facts.get(key)


def _attribute_reader(key: str, catalogue: FieldCatalogue) -> _Read:
    """A brand's own profile field: stored as JSON, where decimals and dates are text."""
    field = catalogue.get(key)
    convert: Callable[[str], Any] | None = None
    if field is not None and field.type is FieldType.DECIMAL:
        convert = Decimal
    elif field is not None and field.type is FieldType.DATE:
        convert = date.fromisoformat
    if convert is None:
        return lambda state, act, local, day: state.facts.get(key)

    def read(state: MemberState, act: Act, local: datetime, day: date) -> Any:
        value = state.facts.get(key)
        return convert(value) if isinstance(value, str) else value

    return read


def _tier_reader(scheme: str, lowest: str) -> _Read:
    def read(state: MemberState, act: Act, local: datetime, day: date) -> str:
        standing = state.tiers.get(scheme)
        return lowest if standing is None else standing.tier

    return read


def _age(state: MemberState, act: Act, local: datetime, day: date) -> int | None:
    birthday = state.facts.get("member.birthday")
    return None if birthday is None else age_on(birthday, day)


_READS: dict[str, _Read] = {
    "activity.type": lambda state, act, local, day: act.type,
    "activity.channel": lambda state, act, local, day: act.channel or None,
    "activity.source": lambda state, act, local, day: act.source or None,
    "activity.occurred_at": lambda state, act, local, day: act.occurred_at,
    "store.code": lambda state, act, local, day: act.store or None,
    "order.amount": lambda state, act, local, day: act.amount,
    "order.discount": lambda state, act, local, day: act.discount,
    "order.quantity": lambda state, act, local, day: act.quantity,
    "order.coupon_used": lambda state, act, local, day: act.coupon_discount > 0,
    "order.is_first": lambda state, act, local, day: act.type == "order" and state.orders == 0,
    "member.age": _age,
    "membership.joined_at": lambda state, act, local, day: state.joined_at,
    "membership.tags": lambda state, act, local, day: state.tags,
    "history.orders": lambda state, act, local, day: state.orders,
    "history.spend": lambda state, act, local, day: state.spend,
    "history.refunds": lambda state, act, local, day: state.refunds,
    "history.visits": lambda state, act, local, day: state.visits,
    "history.first_order_at": lambda state, act, local, day: state.first_order_at,
    "history.last_order_at": lambda state, act, local, day: state.last_order_at,
    "history.checkin_streak": lambda state, act, local, day: streak_of(state, act, day, "checkin"),
}
