"""What a cart costs: list, prices, promotions, coupons, benefits, points as money, gift cards and stored value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from regulars.kit.errors import invalid_field
from regulars.kit.text import Text
from regulars.programme.pricing import combine, tenders
from regulars.programme.pricing.board import Board, Effect, Item
from regulars.programme.pricing.missing import missed_coupons, missed_promotions
from regulars.programme.pricing.play import Missed, Stage
from regulars.programme.pricing.reckon import lower_line
from regulars.programme.pricing.refusals import refuse
from regulars.programme.pricing.types import (
    MAX_LINES,
    MAX_WALLET,
    SHIPPING,
    Applied,
    Cart,
    Given,
    Priced,
    PricedLine,
    Refused,
    Shelf,
    WalletCoupon,
    Wish,
)

NODES = combine.NODES
_WISH, _GIVEN = Wish(), Given()


def price(
    shelf: Shelf,
    cart: Cart,
    wallet: Sequence[WalletCoupon] = (),
    wish: Wish = _WISH,
    given: Given = _GIVEN,
    *,
    nodes: int = NODES,
) -> Priced:
    """The price of `cart` for a member who has `wallet`, wishes `wish`, of whom `given` is known.

    Order: list price; on each line the lowest of the prices open for her (tier, member, exclusive); promotions;
    coupons; shipping benefits; points as money; gift cards and stored value. Every part is allocated to lines by
    largest remainder, so lines and parts add up exactly. Everything not used is in `refused` with its reason.

    Raises:
        Refusal: `invalid_input` for a cart that cannot be priced (another currency, line named twice, amount below 0).
    """
    _check(shelf, cart, wallet)
    board = Board(shelf, cart, wallet, given, wish.without)
    counter = _Till(board, wish, nodes)
    return counter.priced()


def _check(shelf: Shelf, cart: Cart, wallet: Sequence[WalletCoupon]) -> None:
    if cart.currency != shelf.currency:
        raise invalid_field(
            "currency", "wrong_currency", f"应为 {shelf.currency}", f"Must be {shelf.currency}"
        )
    if len(cart.lines) > MAX_LINES:
        raise invalid_field("lines", "too_many", f"最多 {MAX_LINES} 行", f"At most {MAX_LINES} lines")
    if len(wallet) > MAX_WALLET:
        raise invalid_field("wallet", "too_many", f"最多 {MAX_WALLET} 张券", f"At most {MAX_WALLET} coupons")
    if cart.shipping < 0:
        raise invalid_field("shipping", "out_of_range", "运费不能为负", "Shipping cannot be negative")
    names: set[str] = set()
    for place, line in enumerate(cart.lines):
        if line.line in names or line.line == SHIPPING:
            raise invalid_field(
                f"lines[{place}].line", "duplicate", "行号重复", "The line's name is taken already"
            )
        names.add(line.line)
        if line.amount < 0:
            raise invalid_field(
                f"lines[{place}].amount", "out_of_range", "金额不能为负", "The amount cannot be negative"
            )
        if not line.quantity.is_finite() or line.quantity <= 0:
            raise invalid_field(
                f"lines[{place}].quantity", "out_of_range", "数量应大于 0", "The quantity must be above 0"
            )


class _Till:
    """Carries one price from the list to what is payable."""

    def __init__(self, board: Board, wish: Wish, nodes: int) -> None:
        self.board = board
        self.wish = wish
        self.currency = board.shelf.currency
        self.names = [line.line for line in board.cart.lines]
        self.count = len(self.names)
        self.discounts: list[list[tuple[str, int]]] = [
            [] for _ in range(self.count + 1)
        ]  # the last: shipping
        self.cashback: list[list[tuple[str, int]]] = [[] for _ in range(self.count + 1)]
        self.applied: list[Applied] = []
        self.refused: list[Refused] = [
            refuse(c.ref, c.name, c.code, self.currency, c.data) for c in board.closed
        ]
        self.net = board.goods.amounts.copy()
        self._prices()
        self.stage = Stage(board, self.net)
        self.categories = {c.code: c for c in board.shelf.checkout.categories}
        must, may = self._wished()
        found = combine.best(self.stage, must, may, nodes=nodes)
        self.played = found.played
        if not may and (must or wish.coupons != "best"):
            self.found: Any = "chosen"
        else:
            self.found = "optimal" if found.proven else "heuristic"

    # Prices of single lines.

    def _prices(self) -> None:
        """On each line the lowest price open for her; of equal ones the first in the order of the shelf."""
        board, goods = self.board, self.board.goods
        lowest = [0] * self.count
        winner: list[Item | None] = [None] * self.count
        for item in board.prices:
            if item.at_least and sum([goods.amounts[i] for i in item.places]) < item.at_least:
                continue
            for i in item.places:
                off = lower_line(item.action, goods, i)
                if off > lowest[i]:
                    lowest[i], winner[i] = off, item
        for item in board.prices:
            places = [i for i in item.places if winner[i] is item]
            if not places:
                self._miss_price(item)
                continue
            for i in places:
                self.discounts[i].append((item.ref, lowest[i]))
                self.net[i] -= lowest[i]
            self._apply(item, sum([lowest[i] for i in places]), [self.names[i] for i in places])

    def _miss_price(self, item: Item) -> None:
        goods = self.board.goods
        total = sum([goods.amounts[i] for i in item.places])
        if total < item.at_least:
            self._refuse(item, "below_amount", {"missing_minor": item.at_least - total})
        elif any(lower_line(item.action, goods, i) for i in item.places):
            self._refuse(item, "better_price", {})
        else:
            self._refuse(item, "no_effect", {})

    # Coupons that were wished for.

    def _wished(self) -> tuple[list[Item], list[Item]]:
        """The coupons that must be used and those that may be. A wish that cannot be had is refused."""
        wish, items = self.wish, self.board.coupons
        by_id = {item.coupon.id: item for item in items if item.coupon is not None}
        codes = {item.coupon.code: item for item in items if item.coupon is not None and item.coupon.code}
        asked: list[Item] = []
        for code in wish.codes:
            if code in codes and codes[code] not in asked:
                asked.append(codes[code])
        chosen = () if wish.coupons == "best" else wish.coupons
        shut = {c.ref for c in self.board.closed}
        for id_ in chosen:
            item = by_id.get(id_)
            if item is None:
                if f"coupon:{id_}" not in shut:
                    name = Text("券", "coupon")
                    self.refused.append(refuse(f"coupon:{id_}", name, "not_in_wallet", self.currency))
            elif item not in asked:
                asked.append(item)
        must = self._usable(asked)
        if wish.coupons != "best":
            for item in items:
                if item not in asked:
                    self._refuse(item, "not_chosen", {})
            return must, []
        return must, [item for item in items if item not in asked]

    def _usable(self, asked: list[Item]) -> list[Item]:
        """Those of `asked` that can be used together, the earlier before the later; the others are refused.

        One that takes nothing off may do so beside another, which keeps a promotion out or leaves it less of its
        budget to take: so it is asked again.
        """
        must: list[Item] = []
        waiting = [Missed(item, "", {}) for item in asked]
        more = True
        while waiting and more:
            more, again = False, []
            for missed in waiting:
                item = missed.item
                conflict = self.stage.conflict(item, must)
                if conflict is None:
                    idle = self.stage.play([*must, item]).idle_coupons()
                    if not idle:
                        must.append(item)
                        more = True
                        continue
                    conflict = next((m for m in idle if m.item is item), Missed(item, "no_effect", {}))
                again.append(conflict)
            waiting = again
        for missed in waiting:
            self._refuse(missed.item, missed.why, missed.data)
        return must

    # The answer.

    def priced(self) -> Priced:
        board, played, checkout = self.board, self.played, self.board.shelf.checkout
        ship = board.cart.shipping
        base = played.base
        for used in base.used:
            item, effect = used.item, used.effect
            touched = []
            if item.ship:
                self.discounts[-1].append((item.ref, effect.total))
                touched.append(SHIPPING)
                ship -= effect.total
            else:
                for place, part in zip(effect.places, used.parts, strict=True):
                    if part:
                        self.discounts[place].append((item.ref, part))
                touched = self._touched(item, effect, used.parts)
            self._apply(item, effect.total, touched)
        self.net = base.net
        for missed in played.idle:
            if missed.item.coupon is not None and not missed.item.skip_idle:
                self._apply(missed.item, 0, [])
        for used in played.cashback:
            self._apply_cashback(used.item, used.effect)
        used_refs = {applied.ref for applied in self.applied}
        for missed in missed_promotions(self.stage, played, used_refs):
            self._refuse(missed.item, missed.why, missed.data)
        told = {refused.ref for refused in self.refused}
        for missed in missed_coupons(self.stage, played, told):
            self._refuse(missed.item, missed.why, missed.data)
        ship = self._benefits(ship)

        due = tenders.Due([*self.net, ship])
        points, stored, gift = checkout.points, checkout.stored, checkout.gift
        tenders.pay_points(due, points, self.wish.points, self._pointable(), board.given, self.currency)
        if checkout.gift_first:
            tenders.pay_gift(due, gift, self.wish.gift, board.given, self.currency)
        tenders.pay_stored(due, stored, self.wish.stored, board.given, self.currency)
        if not checkout.gift_first:
            tenders.pay_gift(due, gift, self.wish.gift, board.given, self.currency)
        self.refused += due.refused
        lines = [self._line(i, due) for i in range(self.count)]
        shipping = self._line(self.count, due)
        everything = [*lines, shipping]
        principal_unit = stored.principal if stored else ""
        bonus_unit = (stored.bonus or "") if stored else ""
        gift_unit = gift.unit if gift else ""
        spent: dict[str, int] = {}
        for unit, amounts in (
            (principal_unit, due.principal),
            (bonus_unit, due.bonus),
            (gift_unit, due.gift),
        ):
            if sum(amounts):
                spent[unit] = spent.get(unit, 0) + sum(amounts)
        cashback: dict[str, int] = {}
        for applied in self.applied:
            if applied.cashback:
                cashback[applied.unit] = cashback.get(applied.unit, 0) + applied.cashback
        whole = sum([line.list for line in everything])
        final = sum([line.net for line in everything])
        return Priced(
            currency=self.currency,
            lines=tuple(lines),
            shipping=shipping,
            applied=tuple(self.applied),
            refused=tuple(self.refused),
            list=whole,
            discount=whole - final,
            price=final,
            points=sum(due.points),
            points_unit=points.unit if points else "",
            points_money=sum(due.points_money),
            stored=spent,
            payable=due.total,
            cashback=cashback,
            found=self.found,
            nodes=self.stage.nodes,
            units=(principal_unit, bonus_unit, gift_unit),
            shipping_returns=checkout.shipping_returns,
        )

    def _line(self, place: int, due: tenders.Due) -> PricedLine:
        shipping = place == self.count
        if shipping:
            name, sku, quantity, amount = SHIPPING, "", Decimal(1), self.board.cart.shipping
        else:
            line = self.board.cart.lines[place]
            name, sku, quantity, amount = line.line, line.sku, line.quantity, line.amount
        payable = due.left[place]
        return PricedLine(
            line=name,
            sku=sku,
            quantity=quantity,
            list=amount,
            discounts=tuple(self.discounts[place]),
            points_money=due.points_money[place],
            points=due.points[place],
            principal=due.principal[place],
            bonus=due.bonus[place],
            gift=due.gift[place],
            payable=payable,
            earns_on=0 if shipping else payable + self._earning(place, due),
            cashback=tuple(self.cashback[place]),
        )

    def _earning(self, place: int, due: tenders.Due) -> int:
        """What tenders paid for the line that earns as money does."""
        checkout = self.board.shelf.checkout
        earns = 0
        if checkout.points is not None and checkout.points.earns:
            earns += due.points_money[place]
        if checkout.stored is not None:
            earns += due.principal[place] if checkout.stored.principal_earns else 0
            earns += due.bonus[place] if checkout.stored.bonus_earns else 0
        if checkout.gift is not None and checkout.gift.earns:
            earns += due.gift[place]
        return earns

    def _pointable(self) -> list[int]:
        """The places that points may pay for."""
        tender = self.board.shelf.checkout.points
        if tender is None:
            return []
        places = [*self.board.places_of("", tender.lines)]
        return [*places, self.count] if tender.shipping else places

    def _benefits(self, ship: int) -> int:
        """Shipping benefits take what is left of shipping; those without a quota first."""
        board = self.board
        for item in board.benefits:
            effect = board.effect(item, board.goods.amounts, ship, None, 0)
            if effect.why:
                self._refuse(item, effect.why, effect.data)
                continue
            ship -= effect.total
            self.discounts[-1].append((item.ref, effect.total))
            self._apply(item, effect.total, [SHIPPING])
        return ship

    def _touched(self, item: Item, effect: Effect, parts: Sequence[int]) -> list[str]:
        """The lines an offer lowered; with what had to be bought for it, all of them."""
        if item.gifts or item.at_least or item.at_least_pieces:
            return [self.names[i] for i in effect.places]
        return [self.names[i] for i, part in zip(effect.places, parts, strict=True) if part]

    def _apply(
        self, item: Item, amount: int, lines: Sequence[str], cashback: int = 0, unit: str = ""
    ) -> None:
        offer = item.offer
        self.applied.append(
            Applied(
                ref=item.ref,
                key=offer.key,
                name=offer.name,
                source=offer.source,
                kind=offer.kind,
                amount=amount,
                lines=tuple(lines),
                coupon=None if item.coupon is None else item.coupon.id,
                quota=offer.quota,
                budget=offer.budget,
                cashback=cashback,
                unit=unit,
                returns=offer.returns,
            )
        )

    def _apply_cashback(self, item: Item, effect: Effect) -> None:
        parts = self.board.parts(effect, self.net) if effect.total <= self._worth(effect) else None
        if parts is None:
            parts = _spread(effect.total, [self.net[i] for i in effect.places])
        for place, part in zip(effect.places, parts, strict=True):
            if part:
                self.cashback[place].append((item.ref, part))
        unit = getattr(item.action, "unit", "")
        self._apply(item, 0, [self.names[i] for i in effect.places], effect.total, unit)

    def _worth(self, effect: Effect) -> int:
        return sum([self.net[i] for i in effect.places])

    def _refuse(self, item: Item, code: str, data: Mapping[str, Any]) -> None:
        said = dict(data)
        if code == "category":
            category = self.categories[item.category or ""]
            said = {"category": category.name, "most": category.most}
        elif code in ("exclusive", "group", "lines_taken") and "by" not in said:
            said["by"] = Text("已选优惠", "what was chosen")
        self.refused.append(refuse(item.ref, item.offer.name, code, self.currency, said))


def _spread(total: int, weights: Sequence[int]) -> list[int]:
    """Cashback above what its lines cost: whole multiples of the weights, then the rest."""
    whole = sum(weights)
    parts = [total * weight // whole for weight in weights]
    rest = [total * weight % whole for weight in weights]
    for place in sorted(range(len(weights)), key=rest.__getitem__, reverse=True)[: total - sum(parts)]:
        parts[place] += 1
    return parts
