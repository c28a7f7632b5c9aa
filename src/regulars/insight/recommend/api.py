"""Door of recommendations: reckon everybody's lists, keep them, serve them to a member, say how good they are."""

from __future__ import annotations

import importlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from regulars.insight.recommend import store
from regulars.insight.recommend.types import (
    SHOWN,
    Product,
    Purchases,
    Recommended,
    Shop,
    Tuning,
)

if TYPE_CHECKING:
    from regulars.insight.recommend.evaluation import Evaluation
    from regulars.insight.recommend.learning import Learnt
    from regulars.insight.recommend.reckon import Piece, Told
    from regulars.insight.recommend.together import similar_members

__all__ = [
    "Evaluation", "Learnt", "Piece", "also_bought", "drop_older", "evaluate", "find_products", "fit", "for_member",
    "for_members", "has_lists", "keep_lists", "keep_together", "reckon_lists", "similar_members", "wipe",
]  # fmt: skip


KINDS = ("buy_again", "discover", "due")
_RECKONED = {
    "Evaluation": "evaluation",
    "Learnt": "learning",
    "Piece": "reckon",
    "similar_members": "together",
}


def __getattr__(name: str) -> Any:
    """What reckons brings scipy with it, and is loaded when it is first asked for."""
    if name not in _RECKONED:
        raise AttributeError(name)
    return getattr(importlib.import_module(f"regulars.insight.recommend.{_RECKONED[name]}"), name)


def fit(*, purchases: Purchases, tuning: Tuning) -> Learnt:
    """What buy again and discover go by, fitted on the last four weeks. Pure."""
    from regulars.insight.recommend import learning

    return learning.learn(purchases, end=purchases.days - tuning.horizon, tuning=tuning)


def evaluate(*, purchases: Purchases, tuning: Tuning, learnt: Learnt | None = None) -> Evaluation:
    """How good the lists would have been for the last four weeks, fitted on what came before them. Pure.

    `learnt`: what `fit` gave; of it only discover as of the day on which these weeks began is taken.
    """
    from regulars.insight.recommend import evaluation

    return evaluation.evaluate(
        purchases,
        end=purchases.days - tuning.horizon,
        tuning=tuning,
        finds=None if learnt is None else learnt.finds,
    )


def reckon_lists(
    *,
    purchases: Purchases,
    skus: list[str],
    members: Any,
    first_day: date,
    fitted: Learnt,
    tuning: Tuning,
    brand_id: UUID,
    as_of: datetime,
    told: Told = lambda share: None,
) -> Iterator[Piece]:
    """Everybody's lists as of the end of the data, piece by piece, as rows for `keep_lists`. Pure.

    `members`: an Arrow array of their ids as text.
    """
    from regulars.insight.recommend import reckon

    return reckon.lists(
        purchases, skus, members, first_day=first_day, fitted=fitted, tuning=tuning, brand_id=brand_id, as_of=as_of,
        told=told,
    )  # fmt: skip


def has_lists(*, brand_id: UUID) -> bool:
    """Whether anybody's lists are kept."""
    return store.has_lists(brand_id=brand_id)


def keep_lists(*, texts: Iterable[bytes], fresh: bool = False) -> int:
    """Write rows of (member, brand, instant, buy again, discover, due) in COPY's text format; whoever may not be
    profiled must not be among them. `fresh`: the brand has no lists at all, so none can be in the way."""
    return store.write_lists(texts=texts, fresh=fresh)


def drop_older(*, brand_id: UUID, as_of: datetime) -> int:
    """Forget the lists of an earlier run than this: of members who were left out of it."""
    return store.drop_older(brand_id=brand_id, as_of=as_of)


def wipe(*, brand_id: UUID, member_ids: Sequence[UUID]) -> int:
    """Forget these members' lists: they switched profiling off, or left."""
    return store.wipe(brand_id=brand_id, member_ids=member_ids)


def keep_together(
    *, brand_id: UUID, products: Sequence[Product], purchases: Purchases, skus: list[str]
) -> int:
    """Write the products, and what goes together as of the end of the data; gives how many pairs that are."""
    from regulars.insight.recommend import together

    found = together.also_bought(purchases, end=purchases.days)
    rows: list[tuple[str, int, str, int, float, float]] = []
    previous, rank = -1, 0
    for item, other, both, lift, share in zip(
        found.item.tolist(), found.other.tolist(), found.both.tolist(), found.lift.tolist(), found.share.tolist(),
        strict=True,
    ):  # fmt: skip
        rank = rank + 1 if item == previous else 0
        previous = item
        rows.append((skus[item], rank, skus[other], both, round(lift, 2), round(share, 4)))
    store.replace_products(brand_id=brand_id, products=products)
    store.replace_also_bought(brand_id=brand_id, rows=rows)
    return len(rows)


def for_member(
    *,
    brand_id: UUID,
    member_id: UUID,
    shop: Shop | None = None,
    tiers: Sequence[str] = (),
    limit: int = SHOWN,
) -> Recommended:
    """A member's lists in one query, without what is not sold, is for other tiers, or nobody bought for long.

    Nothing for whoever has no lists: too new, or not profiled.
    """
    found = for_members(brand_id=brand_id, tiers={member_id: tiers}, shop=shop, limit=limit)
    return found.get(member_id, Recommended())


def for_members(
    *,
    brand_id: UUID,
    tiers: Mapping[UUID, Sequence[str]],
    shop: Shop | None = None,
    kinds: Collection[str] = KINDS,
    limit: int = SHOWN,
) -> dict[UUID, Recommended]:
    """What `for_member` gives for each of many, by their tiers: one query for all to whom the shop shuts out the same.

    `kinds` are the lists that are wanted. Those who have nothing to be shown are left out.
    """
    shop = shop or Shop()
    alike: dict[tuple[tuple[str, ...], tuple[str, ...]], list[UUID]] = {}
    for member_id, hers in tiers.items():
        skus, categories = shop.shuts_out(hers)
        alike.setdefault((tuple(skus), tuple(categories)), []).append(member_id)
    found: dict[UUID, Recommended] = {}
    for (skus_out, categories_out), ids in alike.items():
        found |= store.for_members(
            brand_id=brand_id,
            member_ids=ids,
            skus=skus_out,
            categories=categories_out,
            stale_days=shop.stale_days,
            kinds=kinds,
            limit=limit,
        )
    return found


def also_bought(
    *, brand_id: UUID, sku: str, shop: Shop | None = None, tiers: Sequence[str] = (), limit: int = SHOWN
) -> list[tuple[Product, int, float, float]]:
    """What goes together with a product: (product, days with both, lift, share of the days), the surest first."""
    skus, categories = (shop or Shop()).shuts_out(tiers)
    return store.also_bought(brand_id=brand_id, sku=sku, skus=skus, categories=categories, limit=limit)


def find_products(
    *, brand_id: UUID, query: str = "", skus: Sequence[str] | None = None, limit: int = 20
) -> list[Product]:
    """Products by number or part of their name, the most-bought first; with `skus` just these."""
    return store.find_products(brand_id=brand_id, query=query, skus=skus, limit=limit)
