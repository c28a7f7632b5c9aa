"""Whether an offer could be used now whatever is in the cart: for coupons that are verified without one, and lists."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from regulars.kit.periods import zone
from regulars.kit.text import Text
from regulars.programme.pricing.opening import why_closed
from regulars.programme.pricing.refusals import REASONS
from regulars.programme.pricing.types import Offer

# What only a cart says.
_OF_CARTS = ("order.", "line.", "lines")


def why_not_alone(
    offer: Offer,
    *,
    at: datetime,
    timezone: str,
    is_member_day: Callable[[date], bool],
    facts: Mapping[str, Any] | None = None,
) -> tuple[str, Text] | None:
    """The reason's code and sentence, or None. Windows always count; a condition counts where `facts` of the member and
    store are given and it asks nothing that only a cart says.
    """
    local = at.astimezone(zone(timezone))
    code = why_closed(offer.windows, at, local, is_member_day)
    if code is None and not offer.enabled:
        code = "not_available"
    if code is None and facts is not None and _asks_no_cart(offer):
        known = {**facts, "activity.type": "order", "activity.occurred_at": at, "activity.local": local}
        if offer.condition is not None and not offer.condition(known):
            code = "condition"
    if code is None and facts is not None and offer.first_order and not facts.get("order.is_first"):
        code = "first_order"
    return None if code is None else (code, REASONS[code])


def _asks_no_cart(offer: Offer) -> bool:
    asked = offer.definition.get("condition")
    return offer.condition is not None and not any(f'"{part}' in _text(asked) for part in _OF_CARTS)


def _text(value: Any) -> str:
    """The condition's JSON as text with its names in quotation marks."""
    if isinstance(value, Mapping):
        return " ".join(f'"{key}" {_text(inner)}' for key, inner in value.items())
    if isinstance(value, (list, tuple)):
        return " ".join(_text(inner) for inner in value)
    return f'"{value}"'
