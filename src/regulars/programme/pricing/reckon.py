"""What one action takes off some lines, as they stand when its turn comes.

Everything here grows with the amounts it is reckoned on: where lines cost less, no action takes off more. The search
for the best combination rests on that.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from regulars.programme.pricing.allocate import half_up, split
from regulars.programme.pricing.types import (
    Action,
    AmountOff,
    CartLine,
    Exchange,
    FixedPrice,
    FreeItem,
    PercentOff,
    Threshold,
)

_ONE = Fraction(1)
MAX_PIECES = 2000  # the dearest of an offer's pieces that are looked at one by one


class Goods:
    """The lines of a cart as actions count them. Goods by weight (a broken quantity) are one piece a line."""

    __slots__ = ("amounts", "broken", "lines", "pieces")

    def __init__(self, lines: Sequence[CartLine]) -> None:
        self.lines = lines
        self.amounts = [line.amount for line in lines]
        self.broken = [line.quantity != line.quantity.to_integral_value() for line in lines]
        self.pieces = [
            1 if broken else max(int(line.quantity), 0)
            for line, broken in zip(lines, self.broken, strict=True)
        ]


Eligible = Sequence[int]  # places of lines, ascending


def lower(
    action: Action, goods: Goods, net: Sequence[int], eligible: Eligible, gifts: Eligible
) -> int | list[int]:
    """What is taken off: one amount over the eligible lines together, or one for each place of the cart.

    `net` is what each line costs so far; `gifts` are the places that a `FreeItem.gift` holds for.
    """
    if isinstance(action, AmountOff):
        return min(action.amount, sum([net[i] for i in eligible]))
    if isinstance(action, PercentOff):
        off = half_up(sum([net[i] for i in eligible]), _ONE - action.paid)
        return off if action.cap is None else min(off, action.cap)
    if isinstance(action, Threshold):
        return _threshold(action, goods, net, eligible)
    if isinstance(action, FixedPrice):
        return _fixed_price(action, goods, net, eligible)
    if isinstance(action, Exchange):
        return _exchange(action, goods, net, eligible)
    if isinstance(action, FreeItem):
        return _free_item(action, goods, net, eligible, gifts)
    return 0


def lower_line(action: Action, goods: Goods, place: int) -> int:
    """What a price (percent or fixed, without limits) takes off one line at list price."""
    amount = goods.amounts[place]
    if isinstance(action, PercentOff):
        return half_up(amount, _ONE - action.paid)
    if isinstance(action, FixedPrice):
        return max(0, amount - _at_price(action, goods, place))
    return 0


def _at_price(action: FixedPrice, goods: Goods, place: int) -> int:
    if goods.broken[place]:
        return half_up(action.price, Fraction(goods.lines[place].quantity))
    return action.price * goods.pieces[place]


def _threshold(action: Threshold, goods: Goods, net: Sequence[int], eligible: Eligible) -> int:
    total = sum([net[i] for i in eligible])
    reached = total if action.measure == "amount" else sum([goods.pieces[i] for i in eligible])
    off = 0
    for step in action.steps:
        if reached < step.at_least:
            break
        given = step.off if step.paid is None else half_up(total, _ONE - step.paid)
        off = max(off, given * (reached // step.at_least) if action.every else given)
    if action.cap is not None:
        off = min(off, action.cap)
    return min(off, total)


Run = tuple[int, int, int]  # what a piece costs, how many such, of which line


def _runs(goods: Goods, net: Sequence[int], eligible: Eligible) -> list[Run]:
    """The eligible pieces, dearest first; a line's amount is spread evenly over its pieces, a fen more on the first."""
    runs = []
    for i in eligible:
        count = goods.pieces[i]
        if count == 1:
            runs.append((net[i], 1, i))
        elif count:
            low, more = divmod(net[i], count)
            if more:
                runs.append((low + 1, more, i))
            runs.append((low, count - more, i))
    runs.sort(key=lambda run: (-run[0], run[2]))
    return runs


def _pieces(goods: Goods, net: Sequence[int], eligible: Eligible) -> list[tuple[int, int]]:
    """The dearest pieces one by one: what each costs, and its line."""
    found: list[tuple[int, int]] = []
    for price, count, line in _runs(goods, net, eligible):
        found.extend([(price, line)] * min(count, MAX_PIECES - len(found)))
    return found


def _fixed_price(action: FixedPrice, goods: Goods, net: Sequence[int], eligible: Eligible) -> list[int]:
    parts = [0] * len(net)
    if action.pieces == 1:
        left = action.limit
        if left is None:
            for i in eligible:
                parts[i] = max(0, net[i] - _at_price(action, goods, i))
            return parts
        for price, count, line in _runs(goods, net, [i for i in eligible if not goods.broken[i]]):
            taken = min(count, left)
            parts[line] += taken * max(0, price - action.price)
            left -= taken
        return parts
    pieces = _pieces(goods, net, [i for i in eligible if not goods.broken[i]])
    size = action.pieces
    most = len(pieces) if action.limit is None else min(len(pieces), action.limit)
    for start in range(0, most - size + 1, size):
        group = pieces[start : start + size]
        prices = [price for price, _ in group]
        off = sum(prices) - action.price
        if off > 0:
            for (_, line), part in zip(group, split(off, prices), strict=True):
                parts[line] += part
    return parts


def _exchange(action: Exchange, goods: Goods, net: Sequence[int], eligible: Eligible) -> list[int]:
    parts = [0] * len(net)
    left = action.pieces
    for price, count, line in _runs(goods, net, eligible):
        taken = min(count, left)
        parts[line] += taken * max(0, price - action.price)
        left -= taken
        if not left:
            break
    return parts


def _free_item(
    action: FreeItem, goods: Goods, net: Sequence[int], eligible: Eligible, gifts: Eligible
) -> list[int]:
    parts = [0] * len(net)
    if action.gift is not None:
        _free_gifts(action, goods, net, eligible, gifts, parts)
    elif action.same_item:
        by_sku: dict[str, list[int]] = {}
        for i in eligible:
            by_sku.setdefault(goods.lines[i].sku, []).append(i)
        left = action.times
        for places in by_sku.values():
            used = _free_of(action, _runs(goods, net, places), left, parts)
            left = None if left is None else left - used
    else:
        _free_of(action, _runs(goods, net, eligible), action.times, parts)
    return parts


def _free_of(action: FreeItem, runs: list[Run], times: int | None, parts: list[int]) -> int:
    """Lower the last `get` pieces of each whole group of buy + get; returns how many groups there were."""
    size = action.buy + action.get
    groups = sum([count for _, count, _ in runs]) // size
    if times is not None:
        groups = min(groups, times)
    end = groups * size
    at = 0
    for price, count, line in runs:
        if at >= end:
            break
        last = min(at + count, end)
        freed = _freed(last, action.buy, size) - _freed(at, action.buy, size)
        if freed:
            parts[line] += freed * half_up(price, _ONE - action.paid)
        at += count
    return groups


def _freed(places: int, buy: int, size: int) -> int:
    """How many of the first `places` pieces stand at the end of their group."""
    whole, rest = divmod(places, size)
    return whole * (size - buy) + max(0, rest - buy)


def _free_gifts(
    action: FreeItem,
    goods: Goods,
    net: Sequence[int],
    eligible: Eligible,
    gifts: Eligible,
    parts: list[int],
) -> None:
    given = set(gifts)
    groups = sum([goods.pieces[i] for i in eligible if i not in given]) // action.buy
    if action.times is not None:
        groups = min(groups, action.times)
    left = groups * action.get
    for price, count, line in reversed(_runs(goods, net, gifts)):
        if not left:
            break
        taken = min(count, left)
        parts[line] += taken * half_up(price, _ONE - action.paid)
        left -= taken
