"""The door of the packs: whole programmes to start from, as definitions that `rules.api.parse` reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from regulars.kit.money import exponent
from regulars.kit.text import Text
from regulars.programme.packs.retail import NAME as RETAIL
from regulars.programme.packs.retail import SUMMARY as RETAIL_SUMMARY
from regulars.programme.packs.retail import Featured, definition

__all__ = ["Featured", "get_pack", "list_packs", "retail_pack"]


def list_packs() -> Sequence[tuple[str, Text, Text]]:
    """Key, name and summary of every pack."""
    return [("retail", RETAIL, RETAIL_SUMMARY)]


def get_pack(key: str, *, currency: str = "CNY") -> dict[str, Any]:
    """The definition of a pack for a currency.

    Raises:
        KeyError: there is no such pack.
    """
    return {"retail": retail_pack}[key](currency=currency)


def retail_pack(
    *,
    currency: str = "CNY",
    member_day_of_month: int = 8,
    member_weekdays: Sequence[int] = (),
    featured: Featured | None = None,
) -> dict[str, Any]:
    """The default retail programme.

    One point and one growth value per unit of `currency`; double points on member days (the given day of the month
    and weekdays, 1 Monday … 7 Sunday) and in the birthday month; double points on the `featured` goods.
    """
    return definition(
        unit=10 ** exponent(currency),
        member_day_of_month=member_day_of_month,
        member_weekdays=member_weekdays,
        featured=featured or Featured("line.category", "coffee", Text("咖啡", "Coffee")),
    )
