"""The segments that come ready: their names, what they mean, and their conditions by the brand's own figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from regulars.kit.text import Text


@dataclass(frozen=True, slots=True)
class Figures:
    """What the thresholds are taken from: quantiles over members who bought in the last year; None without any."""

    orders_90_top: int | None  # the 90th percentile
    spend_365_top: int | None
    discount_upper: str | None  # the 75th percentile, decimal text
    categories: Mapping[str, Text] = field(
        default_factory=dict
    )  # those with most fans, and what they are called


@dataclass(frozen=True, slots=True)
class ReadyMade:
    code: str
    name: Text
    note: Text
    definition: Mapping[str, Any]


def _is(field: str, op: str, value: Any) -> dict[str, Any]:
    return {"field": field, "op": op, "value": value}


def _all(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"all": list(parts)}


def ready_made(figures: Figures) -> list[ReadyMade]:
    """Q4's segments; a category's fans once for each of the brand's favourite categories."""
    frequent = max(figures.orders_90_top or 0, 3)
    dear = max(figures.spend_365_top or 0, 1)
    made = [
        ReadyMade(
            "high-frequency",
            Text("高频会员", "High frequency"),
            Text("近 90 天订单数居本品牌前 10%", "The top tenth by orders of 90 days"),
            _all(_is("fact.orders_90", "gte", frequent)),
        ),
        ReadyMade(
            "high-value",
            Text("高价值会员", "High value"),
            Text("近 365 天消费净额居本品牌前 10%", "The top tenth by net spend of a year"),
            _all(_is("fact.spend_365", "gte", dear)),
        ),
        ReadyMade(
            "slipping",
            Text("即将流失", "Slipping away"),
            Text("比平时更久没买，尚可挽回", "Later than usual, and not yet gone"),
            _all(
                _is("history.orders", "gte", 3),
                _is("fact.order_overdue", "gt", "1.5"),
                _is("fact.order_overdue", "lt", "5"),
            ),
        ),
        ReadyMade(
            "koc-candidates",
            Text("KOC 候选", "KOC candidates"),
            Text("常写评价、能带动他人", "Writes often and brings others"),
            {"any": [_is("score.koc", "gte", 70), _is("fact.reviews_90", "gte", 2)]},
        ),
        ReadyMade(
            "mature",
            Text("成熟会员", "Mature members"),
            Text("入会半年以上且仍在购买", "With the brand for half a year and still buying"),
            _all(
                {"not": {"field": "membership.joined_at", "op": "within_last", "value": {"days": 180}}},
                _is("history.orders", "gte", 8),
                _is("fact.orders_90", "gte", 1),
            ),
        ),
        ReadyMade(
            "price-sensitive",
            Text("价格敏感", "Price-sensitive"),
            Text("多在有优惠时购买", "Buys mostly when there is an offer"),
            _all(
                _is("fact.orders_180", "gte", 2),
                {
                    "any": [
                        _is("fact.coupon_share", "gte", "0.5"),
                        _is("fact.discount_share", "gte", figures.discount_upper or "0.2"),
                    ]
                },
            ),
        ),
    ]
    for place, (category, name) in enumerate(figures.categories.items(), start=1):
        made.append(
            ReadyMade(
                f"category-fans-{place}",
                Text(f"品类粉丝：{name.zh}", f"Fans of {name.en}"),
                Text("最爱品类即此，且占花费较大", "Her favourite category, with a large share of her spend"),
                _all(
                    _is("fact.top_category", "eq", category),
                    _is("fact.top_category_share", "gte", "0.15"),
                    _is("fact.orders_365", "gte", 3),
                ),
            )
        )
    return made


def kept_note(note: Text) -> str:
    """A segment has one note, whoever reads it; that of a ready-made one says it twice."""
    return f"{note.zh} / {note.en}"


_NOTES = {
    kept_note(one.note).casefold(): one.note
    for one in ready_made(Figures(None, None, None, {"": Text("", "")}))
}


def note_of(kept: str) -> Text:
    """The note in both languages where it is still the one that came with it."""
    return _NOTES.get(kept.casefold(), Text(kept, kept))
