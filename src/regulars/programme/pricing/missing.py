"""Why promotions and coupons that were open are not in the combination that was played."""

from __future__ import annotations

from collections.abc import Set
from typing import Any

from regulars.programme.pricing.board import Item
from regulars.programme.pricing.play import Missed, Played, Stage


def missed_promotions(stage: Stage, played: Played, used: Set[str]) -> list[Missed]:
    """Every open promotion that is not in `used` (refs), with its reason."""
    board = stage.board
    found = [
        Missed(missed.item, missed.why, _by(missed, played))
        for missed in (*played.base.missed, *played.idle)
        if missed.item.coupon is None
    ]
    told = {missed.item.ref for missed in found}
    alone = next((c for c in played.coupons if c.order_alone), None) or played.only
    for item in board.promotions:
        if item.ref in used or item.ref in told:
            continue
        if alone is not None:
            found.append(Missed(item, "exclusive", _named(alone)))
        else:
            effect = board.effect(item, stage.net, board.cart.shipping, board.budgets, 0)
            found.append(Missed(item, effect.why or "better_combination", effect.data))
    return found


def missed_coupons(stage: Stage, played: Played, told: Set[str]) -> list[Missed]:
    """Every open coupon that was not played and not `told` (refs) of before, with its reason."""
    board, base = stage.board, played.base
    used = {item.ref for item in played.coupons}
    found = []
    for item in board.coupons:
        if item.ref in used or item.ref in told:
            continue
        missed = stage.conflict(item, played.coupons)
        if missed is None and played.only is not None:
            missed = Missed(item, "exclusive", _named(played.only))
        if missed is None or missed.why in ("coupons_per_order", "category"):
            claimed = 0 if item.lines_alone else base.claimed
            effect = board.effect(item, base.net, base.ship, base.budgets, claimed)
            if effect.why and (missed is None or effect.why != "no_effect"):
                missed = Missed(item, effect.why, effect.data)
        if missed is None:
            missed = Missed(item, "better_combination", {})
        found.append(Missed(item, missed.why, _by(missed, played)))
    return found


def _by(missed: Missed, played: Played) -> dict[str, Any]:
    """The reason's data, and who stands in the way where a chosen coupon or a promotion does."""
    data, item = missed.data, missed.item
    if "by" in data:
        return data
    if missed.why == "group":
        return next((_named(c) for c in played.coupons if c.group == item.group), data)
    if missed.why == "lines_taken":
        takers = (*played.coupons, *(used.item for used in played.base.used))
        return next((_named(t) for t in takers if t.lines_alone and t.mask & item.mask), data)
    return data


def _named(item: Item) -> dict[str, Any]:
    return {"by": item.offer.name, "ref": item.ref}
