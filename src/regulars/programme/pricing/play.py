"""Plays offers against a board: promotions by themselves, then the coupons chosen, in the order of the hierarchy.

What was chosen has its place first: an exclusive coupon, or one of a group or category, keeps promotions out that
may not stand beside it. Between promotions the order of the hierarchy decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from regulars.programme.pricing.board import Board, Effect, Item

Key = tuple[int, int, tuple[float, ...], int, tuple[str, ...]]  # see `Played.key`


class Taken(NamedTuple):
    """What chosen coupons keep promotions from: all of them (`alone`), lines, groups, places in categories."""

    alone: bool = False
    lines: int = 0
    groups: frozenset[str] = frozenset()
    categories: tuple[tuple[str, int], ...] = ()


FREE = Taken()


class Used(NamedTuple):
    """An item that was used, with what it took off at each of its places."""

    item: Item
    effect: Effect
    parts: list[int]  # empty for shipping and cashback


class Missed(NamedTuple):
    """An item that was not used, and why."""

    item: Item
    why: str
    data: dict[str, Any]


class Base:
    """The board after promotions. `claimed` are lines that no joint coupon may lower."""

    __slots__ = ("budgets", "cash", "claimed", "missed", "net", "ship", "total", "used")

    def __init__(self, board: Board, net: Sequence[int]) -> None:
        self.net = list(net)
        self.total = sum(net)
        self.ship = board.cart.shipping
        self.budgets = board.budgets
        self.claimed = 0
        self.used: list[Used] = []
        self.cash: list[tuple[Item, int]] = []  # with the lines that are not its own
        self.missed: list[Missed] = []

    def put(self, board: Board, item: Item, effect: Effect, claimed: int = 0) -> None:
        """Use `item`; cashback waits until all prices are known."""
        parts: list[int] = []
        if item.cash:
            self.cash.append((item, claimed))
            return
        if item.ship:
            self.ship -= effect.total
        else:
            parts = board.parts(effect, self.net)
            net = self.net
            for place, part in zip(effect.places, parts, strict=True):
                net[place] -= part
            self.total -= effect.total
        self.budgets = spent(self.budgets, item, effect.total)
        self.used.append(Used(item, effect, parts))

    def copy(self) -> Base:
        made: Base = Base.__new__(Base)
        made.net, made.total, made.ship = self.net.copy(), self.total, self.ship
        made.budgets, made.claimed = self.budgets, self.claimed
        made.used, made.cash, made.missed = self.used.copy(), self.cash.copy(), self.missed.copy()
        return made


def spent(budgets: dict[str, int] | None, item: Item, amount: int) -> dict[str, int] | None:
    """The budgets after `item` took `amount`."""
    if budgets is None or item.budget is None or item.budget not in budgets:
        return budgets
    return {**budgets, item.budget: budgets[item.budget] - amount}


class Stage:
    """Plays combinations on one board; what promotions leave is reckoned once for each way coupons displace them."""

    def __init__(self, board: Board, net: Sequence[int]) -> None:
        self.board = board
        self.net = net  # after prices
        self.bases: dict[tuple[Taken, str], Base] = {}
        self.nodes = 0
        self.alone = [item for item in board.promotions if item.order_alone]
        self.joint = [item for item in board.promotions if not item.order_alone]
        self.shared_groups = {item.group for item in self.joint if item.group is not None}
        self.shared_categories = {item.category for item in self.joint if item.category in board.most}

    def displaces(self, coupon: Item) -> bool:
        """Whether choosing the coupon changes which promotions count."""
        return coupon.lines_alone or coupon.group in self.shared_groups or self._limited(coupon)

    def _limited(self, coupon: Item) -> bool:
        return coupon.category is not None and coupon.category in self.shared_categories

    def taken_by(self, chosen: Iterable[Item]) -> Taken:
        """What these coupons keep promotions from."""
        alone, lines = False, 0
        groups: set[str] = set()
        categories: dict[str, int] = {}
        for item in chosen:
            alone = alone or item.order_alone
            if item.lines_alone:
                lines |= item.mask
            if item.group is not None and item.group in self.shared_groups:
                groups.add(item.group)
            if item.category is not None and self._limited(item):
                categories[item.category] = categories.get(item.category, 0) + 1
        if not (alone or lines or groups or categories):
            return FREE
        return Taken(alone, lines, frozenset(groups), tuple(sorted(categories.items())))

    def base(self, taken: Taken, only: Item | None = None) -> Base:
        """The board after promotions; `only` that one where it is given (an exclusive promotion)."""
        name = (taken, "" if only is None else only.ref)
        found = self.bases.get(name)
        if found is None:
            found = self.bases[name] = self._promote(taken, only)
        return found

    def _promote(self, taken: Taken, only: Item | None) -> Base:
        board = self.board
        base = Base(board, self.net)
        if taken.alone or only is not None:
            if only is not None:
                effect = board.effect(only, base.net, base.ship, base.budgets, 0)
                if effect.why:
                    base.missed.append(Missed(only, effect.why, effect.data))
                if not effect.why or not only.skip_idle:
                    base.put(board, only, effect)
            return base
        self.nodes += len(self.joint)
        groups: dict[str, Item | None] = dict.fromkeys(taken.groups)
        counts = dict(taken.categories)
        for item in self.joint:
            if item.lines_alone:
                self._offer(base, item, taken.lines | base.claimed, groups, counts, alone=True)
        claimed = base.claimed | taken.lines
        for item in self.joint:
            if not item.lines_alone:
                self._offer(base, item, claimed, groups, counts)
        base.claimed = claimed
        return base

    def _offer(
        self,
        base: Base,
        item: Item,
        claimed: int,
        groups: dict[str, Item | None],
        counts: dict[str, int],
        *,
        alone: bool = False,
    ) -> None:
        """Use a promotion where it may be used and takes something off."""
        board = self.board
        group, category = item.group, item.category
        if group is not None and group in groups:
            holder = groups[group]
            base.missed.append(
                Missed(item, "group", {} if holder is None else {"by": holder.offer.name, "ref": holder.ref})
            )
            return
        if category is not None and counts.get(category, 0) >= board.most.get(category, 1 << 30):
            base.missed.append(Missed(item, "category", {}))
            return
        effect = board.effect(item, base.net, base.ship, base.budgets, claimed)
        if effect.why:
            base.missed.append(Missed(item, effect.why, effect.data))
            if item.skip_idle or effect.why == "lines_taken":
                return
        else:
            base.put(board, item, effect, claimed)
        if group is not None:
            groups[group] = item
        if category is not None:
            counts[category] = counts.get(category, 0) + 1
        if alone:
            base.claimed |= item.mask & ~claimed

    def conflict(self, item: Item, chosen: Sequence[Item]) -> Missed | None:
        """Why `item` cannot stand beside the coupons `chosen`, or None."""
        board = self.board
        limit = board.shelf.checkout.coupons_per_order
        if limit is not None and len(chosen) >= limit:
            return Missed(item, "coupons_per_order", {"most": limit})
        same = in_category = 0
        for other in chosen:
            if item.order_alone or other.order_alone:
                return Missed(item, "exclusive", _by(other))
            if item.lines_alone and other.lines_alone and item.mask & other.mask:
                return Missed(item, "exclusive", _by(other))
            if item.group is not None and item.group == other.group:
                return Missed(item, "group", _by(other))
            same += item.key == other.key
            in_category += item.category is not None and item.category == other.category
        if same >= item.per_order:
            return Missed(item, "per_order", {"most": item.per_order})
        most = board.most.get(item.category) if item.category is not None else None
        if most is not None and in_category >= most:
            return Missed(item, "category", {})
        return None

    def play(self, chosen: Sequence[Item], only: Item | None = None) -> Played:
        """Play the coupons `chosen` (in the order of the hierarchy), without looking at whether they conflict."""
        board = self.board
        ordered = sorted(chosen, key=lambda item: item.rank)
        base = self.base(self.taken_by(ordered), only).copy()
        idle: list[Missed] = []
        cash = base.cash
        for item in ordered:
            self.nodes += 1
            if item.cash:
                cash.append((item, claims(base.claimed, item)))
                continue
            effect = board.effect(item, base.net, base.ship, base.budgets, claims(base.claimed, item))
            if effect.why:
                idle.append(Missed(item, effect.why, effect.data))
            else:
                base.put(board, item, effect)
        back: list[Used] = []
        budgets = base.budgets
        for item, claimed in cash:
            effect = board.effect(item, base.net, base.ship, budgets, claimed)
            if effect.why:
                idle.append(Missed(item, effect.why, effect.data))
            else:
                budgets = spent(budgets, item, effect.total)
                back.append(Used(item, effect, []))
        return Played(board, base, tuple(ordered), tuple(back), tuple(idle), only)


def claims(claimed: int, item: Item) -> int:
    """The lines that are not `item`'s own: a coupon that claims its lines was heard before all others."""
    return 0 if item.lines_alone else claimed


def _by(other: Item) -> dict[str, Any]:
    return {"by": other.offer.name, "ref": other.ref}


class Played:
    """A combination that was played out."""

    __slots__ = ("base", "cashback", "coupons", "idle", "key", "only", "price")

    def __init__(
        self,
        board: Board,
        base: Base,
        coupons: tuple[Item, ...],
        cashback: tuple[Used, ...],
        idle: tuple[Missed, ...],
        only: Item | None,
    ) -> None:
        self.base = base
        self.coupons = coupons
        self.cashback = cashback
        self.idle = idle
        self.only = only
        self.price = board.price(base.total, base.ship)
        self.key = key_of(self.price, sum([used.effect.total for used in cashback]), coupons)

    def idle_coupons(self) -> list[Missed]:
        """The chosen coupons that took nothing off and would have to."""
        return [m for m in self.idle if m.item.coupon is not None and m.item.skip_idle]


def key_of(price: int, cashback: int, coupons: Sequence[Item]) -> Key:
    """What is least for the best combination: the price, then the most cashback, then the soonest expiring coupons
    (the latest of those used as early as can be), then the fewest, then their names.
    """
    expires = tuple(sorted([item.expires for item in coupons], reverse=True))
    return price, -cashback, expires, len(coupons), tuple(sorted([item.ref for item in coupons]))
