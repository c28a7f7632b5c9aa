"""The best combination of coupons: branch and bound, proven where it ends within its nodes, else improved by swaps.

What is best is said by `play.key_of`: the lowest price to pay, then the most cashback, then to use what expires
sooner and keep what expires later, then the fewest coupons. An action never takes more off where lines cost less
(see `reckon`), so what a coupon would take off alone, right after the promotions, bounds what it can take off in
any combination; the bound of a branch is the sum of the largest of those that may still be chosen. The search begins
with the coupons that would take most off alone, which are often the best: what cannot beat them is not looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from regulars.programme.pricing.allocate import split
from regulars.programme.pricing.board import Board, Item
from regulars.programme.pricing.play import Base, Played, Stage, claims, key_of, spent

NODES = 2000  # plays of one offer; about five microseconds each on one core
_WIDEST = 40  # coupons beside which the search by branches is not begun


class Found(NamedTuple):
    """The best combination found; `proven` where no other can be better."""

    played: Played
    proven: bool


def best(stage: Stage, must: Sequence[Item], may: Sequence[Item], *, nodes: int = NODES) -> Found:
    """The best combination of all `must` and any of `may`. Where `must` is empty an exclusive promotion may win."""
    began = stage.nodes
    search = _Search(stage, must, may, began + nodes * 3 // 4)
    proven = search.run()
    played = search.best
    if not proven:
        played = _improve(stage, must, may, played, began + nodes)
    return Found(played, proven)


class _Search:
    def __init__(self, stage: Stage, must: Sequence[Item], may: Sequence[Item], limit: int) -> None:
        self.stage = stage
        self.board: Board = stage.board
        self.must = list(must)
        self.limit = limit
        self.spent = False
        self.may = _soonest_of_each(may, must)
        most = self.board.shelf.checkout.coupons_per_order
        self.room = len(self.may) + len(self.must) if most is None else most
        self.best = self._first()

    def _first(self) -> Played:
        """What there is without choosing: the `must`, or the better of promotions together and each alone."""
        played = self.stage.play(self.must)
        if not self.must:
            for only in self.stage.alone:
                other = self.stage.play((), only)
                missed = any(m.item is only for m in (*other.idle, *other.base.missed))
                if (not missed or not only.skip_idle) and other.key < played.key:
                    played = other
        return played

    def run(self) -> bool:
        """Whether the whole tree was looked at."""
        if any(item.order_alone for item in self.must):
            return True
        alone = [item for item in self.may if item.order_alone]
        if not self.must:
            for item in alone:
                if self.room:
                    self._try([item])
        others = [item for item in self.may if not item.order_alone]
        if len(others) > _WIDEST:
            return False
        fixed = [item for item in others if self.stage.displaces(item)]
        loose = [item for item in others if not self.stage.displaces(item)]
        self._choose(fixed, 0, [], loose)
        return not self.spent

    def _try(self, chosen: list[Item]) -> None:
        played = self.stage.play(chosen)
        if not played.idle_coupons() and played.key < self.best.key:
            self.best = played

    def _choose(self, fixed: list[Item], at: int, chosen: list[Item], loose: list[Item]) -> None:
        """Choose first among the coupons that displace promotions: each choice has its own starting point."""
        if self.stage.nodes > self.limit:
            self.spent = True
            return
        if at < len(fixed):
            item = fixed[at]
            if self.stage.conflict(item, [*self.must, *chosen]) is None:
                self._choose(fixed, at + 1, [*chosen, item], loose)
            self._choose(fixed, at + 1, chosen, loose)
            return
        must = [*self.must, *chosen]
        base = self.stage.base(self.stage.taken_by(must))
        branches = _Branches(self, base, must, loose)
        branches.begin()
        branches.run()


class _Branches:
    """The tree below one way of displacing promotions: the other coupons, in the order in which they apply."""

    def __init__(self, search: _Search, base: Base, must: list[Item], loose: list[Item]) -> None:
        self.search = search
        self.board = board = search.board
        self.base = base
        self.must = {item.ref for item in must}
        room = search.room - len(must)
        gains: dict[str, tuple[int, int]] = {}
        items = []
        start = board.price(base.total, base.ship)
        for item in sorted([*must, *loose], key=lambda item: item.rank):
            most = _most(board, base, item, claims(base.claimed, item))
            if item.cash:
                gain = (0, most)
            elif item.ship:
                gain = (start - board.price(base.total, base.ship - most), 0)
            else:
                gain = (most, 0)
            if item.ref in self.must or gain != (0, 0):
                gains[item.ref] = gain
                items.append(item)
        self.items = items
        self.gains = gains
        self.start = start
        # bounds[i]: the most that items from i on may still take off, when 0, 1, 2 … more are chosen; then cashback
        self.bounds: list[list[int]] = [[0]]
        self.cash_bounds: list[int] = [0]
        kept: list[int] = []
        forced = cash = 0
        for item in reversed(items):
            lower, back = gains[item.ref]
            cash += back
            if item.ref in self.must:
                forced += lower
            elif lower:
                kept.append(lower)
                kept.sort(reverse=True)
                del kept[max(room, 0) :]
            sums = [forced]
            for gain_ in kept:
                sums.append(sums[-1] + gain_)
            self.bounds.append(sums)
            self.cash_bounds.append(cash)
        self.bounds.reverse()
        self.cash_bounds.reverse()
        self.cash_start = sum([_most(board, base, item, claimed) for item, claimed in base.cash])
        self.cashes = bool(base.cash) or any(item.cash for item in items)
        self.room = room
        self.must_items = must

    def begin(self) -> None:
        """Try the coupons that take most off alone, as many as go together: a good combination to begin with."""
        stage, forced = self.search.stage, self.must_items
        if self.room <= 0 or not self.items:
            return
        chosen = list(forced)
        may = [item for item in self.items if item.ref not in self.must]
        may.sort(key=lambda item: (*(-gain for gain in self.gains[item.ref]), item.expires, item.rank))
        for item in may:
            if len(chosen) - len(forced) >= self.room:
                break
            if stage.conflict(item, chosen) is None:
                chosen.append(item)
        while len(chosen) > len(forced):
            played = stage.play(chosen)
            idle = {missed.item.ref for missed in played.idle_coupons()}
            if not idle:
                if played.key < self.search.best.key:
                    self.search.best = played
                return
            if idle <= self.must:
                return
            chosen = [item for item in chosen if item.ref in self.must or item.ref not in idle]

    def run(self) -> None:
        if self.room >= 0:
            self._go(
                0, self.base.net, self.base.total, self.base.ship, self.base.budgets, [], 0, frozenset(), ()
            )

    def _go(
        self,
        at: int,
        net: list[int],
        total: int,
        ship: int,
        budgets: dict[str, int] | None,
        chosen: list[Item],
        free: int,
        skipped: frozenset[str],
        expires: tuple[float, ...],
    ) -> None:
        """`free` of the `chosen` were not forced; `expires` are theirs, the latest first."""
        search = self.search
        if search.spent:
            return
        board, best_key = self.board, search.best.key
        sums = self.bounds[at]
        price = board.price(total, ship)
        least = price - sums[min(self.room - free, len(sums) - 1)]
        if least > best_key[0]:
            return
        if least == best_key[0]:
            back = -(self.cash_start + self.cash_bounds[0]) if self.cashes else 0
            if back > best_key[1] or (back == best_key[1] and expires > best_key[2]):
                return
        if at == len(self.items):
            self._leaf(price, net, ship, budgets, chosen)
            return
        item = self.items[at]
        forced = item.ref in self.must
        if forced or self._allowed(item, chosen, free, skipped):
            stage = search.stage
            stage.nodes += 1
            if stage.nodes > search.limit:
                search.spent = True
                return
            held = tuple(sorted((*expires, item.expires), reverse=True))
            more = free if forced else free + 1
            if item.cash:
                self._go(at + 1, net, total, ship, budgets, [*chosen, item], more, skipped, held)
            else:
                effect = board.effect(item, net, ship, budgets, claims(self.base.claimed, item))
                if not effect.why:
                    left, after = net, total
                    if not item.ship:
                        parts = effect.parts
                        if parts is None:
                            parts = split(effect.total, [net[i] for i in effect.places])
                        left = net.copy()
                        for place, part in zip(effect.places, parts, strict=True):
                            left[place] -= part
                        after -= effect.total
                    self._go(
                        at + 1,
                        left,
                        after,
                        ship - effect.total if item.ship else ship,
                        spent(budgets, item, effect.total),
                        [*chosen, item],
                        more,
                        skipped,
                        held,
                    )
                elif forced and not item.skip_idle:
                    self._go(at + 1, net, total, ship, budgets, [*chosen, item], more, skipped, held)
        if not forced:
            self._go(at + 1, net, total, ship, budgets, chosen, free, skipped | {item.key}, expires)

    def _allowed(self, item: Item, chosen: list[Item], free: int, skipped: frozenset[str]) -> bool:
        if free >= self.room or item.key in skipped:
            return False
        later = [m for m in self.must_items if m.rank > item.rank]
        return self.search.stage.conflict(item, [*chosen, *later]) is None

    def _leaf(
        self,
        price: int,
        net: list[int],
        ship: int,
        budgets: dict[str, int] | None,
        chosen: list[Item],
    ) -> None:
        search = self.search
        cashback = 0
        if self.cashes:
            board = self.board
            cash = [
                *self.base.cash,
                *((item, claims(self.base.claimed, item)) for item in chosen if item.cash),
            ]
            for item, claimed in cash:
                effect = board.effect(item, net, ship, budgets, claimed)
                if effect.why and item.coupon is not None and item.skip_idle:
                    return
                cashback += effect.total
                budgets = spent(budgets, item, effect.total)
        if key_of(price, cashback, chosen) < search.best.key:
            search.best = search.stage.play(chosen)


def _most(board: Board, base: Base, item: Item, claimed: int) -> int:
    """The most that an item can still take off or give. What is left of its budget bounds it, but does not refuse it:
    it may fit once the lines cost less.
    """
    most = board.effect(item, base.net, base.ship, None, claimed).total
    if base.budgets is not None and item.budget is not None:
        most = min(most, max(0, base.budgets.get(item.budget, most)))
    return most


def _soonest_of_each(may: Sequence[Item], must: Sequence[Item]) -> list[Item]:
    """Of coupons of one key, which all do the same, the soonest to expire, as many as one order takes."""
    counts: dict[str, int] = {}
    for item in must:
        counts[item.key] = counts.get(item.key, 0) + 1
    kept = []
    for item in sorted(may, key=lambda item: item.rank):
        if counts.get(item.key, 0) < item.per_order:
            counts[item.key] = counts.get(item.key, 0) + 1
            kept.append(item)
    return kept


def _improve(stage: Stage, must: Sequence[Item], may: Sequence[Item], start: Played, limit: int) -> Played:
    """Add, drop or swap one coupon at a time while that is better and nodes are left."""
    forced = {item.ref for item in must}
    pool = _soonest_of_each(may, must)
    best = start
    better = True
    while better and stage.nodes < limit:
        better = False
        now = [item for item in best.coupons if item.ref not in forced]
        out = [item for item in pool if item not in now]
        moves = [
            *([*now, item] for item in out),
            *([other for other in now if other is not item] for item in now),
            *([*(other for other in now if other is not gone), item] for gone in now for item in out),
        ]
        winner = best
        for free in moves:
            if stage.nodes >= limit:
                break
            chosen: list[Item] = []
            for item in (*must, *free):
                if stage.conflict(item, chosen) is not None:
                    break
                chosen.append(item)
            else:
                played = stage.play(chosen)
                if not played.idle_coupons() and played.key < winner.key:
                    winner, better = played, True
        best = winner
    return best
