"""A cart with everything that may lower its price, laid out: who is open, on which lines, and what each takes off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

from regulars.conditions.types import Predicate
from regulars.kit.periods import zone
from regulars.kit.text import Text
from regulars.programme.pricing.allocate import split
from regulars.programme.pricing.opening import why_closed
from regulars.programme.pricing.reckon import Goods, lower
from regulars.programme.pricing.types import (
    Cart,
    Cashback,
    FixedPrice,
    FreeItem,
    Given,
    Offer,
    Shelf,
    ShippingOff,
    Threshold,
    WalletCoupon,
)

Places = tuple[int, ...]
_NEVER = float("inf")


class Item:
    """An offer that is open for this cart: `places` are its lines, `mask` the same as bits."""

    __slots__ = (
        "action", "at_least", "at_least_pieces", "budget", "cash", "category", "coupon", "expires", "gifts",
        "group", "key", "lines_alone", "mask", "offer", "order_alone", "per_order", "places", "rank", "ref",
        "ship", "skip_idle",
    )  # fmt: skip

    def __init__(
        self, offer: Offer, ref: str, places: Places, gifts: Places, coupon: WalletCoupon | None, rank: int
    ) -> None:
        stacking = offer.stacking
        alone = stacking.mode == "exclusive"
        self.offer = offer
        self.ref = ref
        self.key = offer.key
        self.action = offer.action
        self.places = places
        self.gifts = gifts
        self.mask = sum([1 << i for i in places])
        self.coupon = coupon
        self.rank = rank
        self.expires = _expires(coupon)
        self.at_least = offer.at_least
        self.at_least_pieces = offer.at_least_pieces
        self.budget = offer.budget
        self.group = stacking.group
        self.category = stacking.category
        self.order_alone = alone and stacking.exclusive_of == "order"
        self.lines_alone = alone and stacking.exclusive_of == "lines"
        self.per_order = stacking.per_order
        self.skip_idle = stacking.skip_idle
        self.ship = isinstance(offer.action, ShippingOff)
        self.cash = isinstance(offer.action, Cashback)


def _expires(coupon: WalletCoupon | None) -> float:
    return _NEVER if coupon is None or coupon.expires_at is None else coupon.expires_at.timestamp()


class Effect(NamedTuple):
    """What an item takes off at its turn. `parts` go with `places`, or are None where the whole is yet to be split.

    `why` is empty, or says why it takes nothing (with `data`).
    """

    total: int
    places: Places
    parts: list[int] | None
    why: str
    data: dict[str, Any]


class Closed(NamedTuple):
    """An offer that is not open for this cart, and why."""

    ref: str
    name: Text
    code: str
    data: dict[str, Any]


_NONE: dict[str, Any] = {}
_TOLD = 3  # reasons of one condition


class Board:
    """Made once for a price. `net` is what the lines cost after prices (tier, member, exclusive)."""

    def __init__(
        self,
        shelf: Shelf,
        cart: Cart,
        wallet: Sequence[WalletCoupon],
        given: Given,
        without: frozenset[str],
    ) -> None:
        self.shelf = shelf
        self.cart = cart
        self.given = given
        self.without = without
        self.local: datetime = cart.at.astimezone(zone(shelf.timezone))
        self.goods = Goods(cart.lines)
        self.line_facts = [
            {
                "sku": line.sku,
                "name": line.name,
                "category": line.category,
                "department": line.department,
                "brand": line.brand,
                "quantity": line.quantity,
                "amount": line.amount,
                "discount": 0,
                "tags": line.tags,
                **line.facts,
            }
            for line in cart.lines
        ]
        self.facts = self._facts()
        self.all_places: Places = tuple(range(len(cart.lines)))
        self.matches: dict[str, Places] = {"": self.all_places}
        self.closed: list[Closed] = []
        self.promotions: list[Item] = []
        self.coupons: list[Item] = []
        self.benefits: list[Item] = []
        self.prices: list[Item] = []
        for offers, items in (
            (shelf.prices, self.prices),
            (shelf.promotions, self.promotions),
            (shelf.benefits, self.benefits),
        ):
            for rank, offer in enumerate(offers):
                found = self._open(offer, ref_of(offer), None, rank)
                if found is not None:
                    items.append(found)
        for coupon in wallet:
            found = self._open_coupon(coupon)
            if found is not None:
                self.coupons.append(found)
        categories = {c.code: place for place, c in enumerate(shelf.checkout.categories)}
        self.coupons.sort(key=lambda item: (*order_of(item.offer, categories), item.expires, item.ref))
        for rank, item in enumerate(self.coupons):
            item.rank = rank
        self.most = {c.code: c.most for c in shelf.checkout.categories if c.most is not None}
        self.budgets: dict[str, int] | None = dict(given.budgets) if given.budgets else None
        self.ship_given = self._ship_given()

    def _facts(self) -> dict[str, Any]:
        cart = self.cart
        return {
            **self.given.facts,
            "activity.type": "order",
            "activity.channel": cart.channel or None,
            "activity.source": cart.source or None,
            "activity.occurred_at": cart.at,
            "activity.local": self.local,
            "store.code": cart.store or None,
            "order.amount": sum(self.goods.amounts),
            "order.discount": 0,
            "order.quantity": sum([line.quantity for line in cart.lines]),
            "order.coupon_used": False,
            "order.currency": cart.currency,
            "order.is_first": self.given.first_order,
            "lines": self.line_facts,
        }

    def places_of(self, key: str, lines: Predicate | None) -> Places:
        """The lines that a line condition holds for; `key` names what the condition says."""
        if lines is None:
            return self.all_places
        found = self.matches.get(key) if key else None
        if found is None:
            found = tuple([i for i, line in enumerate(self.line_facts) if lines(line)])
            if key:
                self.matches[key] = found
        return found

    def _open_coupon(self, coupon: WalletCoupon) -> Item | None:
        at = self.cart.at
        early = coupon.usable_from is not None and at < coupon.usable_from
        if early or (coupon.expires_at is not None and at >= coupon.expires_at):
            return self._shut(coupon.offer, coupon.ref, "not_started" if early else "expired")
        return self._open(coupon.offer, coupon.ref, coupon, 0)

    def _open(self, offer: Offer, ref: str, coupon: WalletCoupon | None, rank: int) -> Item | None:
        given = self.given
        if offer.tiers is not None and given.tiers.get(offer.tiers[0]) not in offer.tiers[1]:
            if given.quotas.get(offer.key, 0) <= 0:
                return None  # other tiers' benefits are no news to this member
            offer = replace(offer, quota=offer.key)  # uses that a rule gave her
        if ref in self.without:
            return self._shut(offer, ref, "declined")
        if ref in given.excluded:
            return self._shut(offer, ref, given.excluded[ref])
        closed = why_closed(offer.windows, self.cart.at, self.local, self.shelf.is_member_day)
        if closed is not None:
            return self._shut(offer, ref, closed)
        if not offer.enabled:
            return self._shut(offer, ref, "not_available")
        if offer.quota is not None and given.quotas.get(offer.quota, 1) <= 0:
            return self._shut(offer, ref, "quota_used")
        if offer.first_order and not given.first_order:
            return self._shut(offer, ref, "first_order")
        if offer.condition is not None and not offer.condition(self.facts):
            return self._shut(offer, ref, "condition", self._why(offer))
        places = self.places_of(offer.lines_key, offer.lines)
        gifts: Places = ()
        if isinstance(offer.action, FreeItem) and offer.action.gift is not None:
            gifts = self.places_of("", offer.action.gift)
            if not gifts:
                return self._shut(offer, ref, "no_lines")
        if not places:
            return self._shut(offer, ref, "no_lines")
        return Item(offer, ref, places, gifts, coupon, rank)

    def _shut(self, offer: Offer, ref: str, code: str, data: dict[str, Any] = _NONE) -> Item | None:
        self.closed.append(Closed(ref, offer.name, code, data))
        return None

    def _why(self, offer: Offer) -> dict[str, Any]:
        """The parts of an offer's condition that do not hold, as one text."""
        if offer.why_not is None:
            return _NONE
        told = [reason.text for reason in offer.why_not(self.facts)[:_TOLD]]
        if not told:
            return _NONE
        return {"why": Text("；".join(t.zh for t in told), "; ".join(t.en for t in told))}

    def _ship_given(self) -> int:
        """How much of shipping the member's benefits will take over in the end."""
        taken = 0
        for item in self.benefits:
            if item.ship:
                taken += self.effect(item, self.goods.amounts, self.cart.shipping, None, 0).total
        return min(taken, self.cart.shipping)

    def price(self, goods: int, ship: int) -> int:
        """What goods and shipping cost together once benefits have had their turn."""
        return goods + (ship - self.ship_given if ship > self.ship_given else 0)

    def effect(
        self,
        item: Item,
        net: Sequence[int],
        ship: int,
        budgets: Mapping[str, int] | None,
        claimed: int,
    ) -> Effect:
        """What `item` takes off where lines cost `net` and shipping `ship`. Lines of `claimed` are not its own."""
        places = item.places
        if claimed & item.mask:
            places = tuple([i for i in places if not claimed >> i & 1])
            if not places:
                return Effect(0, places, None, "lines_taken", _NONE)
        if item.at_least:
            total = sum([net[i] for i in places])
            if total < item.at_least:
                return _idle(places, "below_amount", missing_minor=item.at_least - total)
        if item.at_least_pieces:
            count = sum([self.goods.pieces[i] for i in places])
            if count < item.at_least_pieces:
                return _idle(places, "below_pieces", missing=item.at_least_pieces - count)
        left = None if budgets is None or item.budget is None else budgets.get(item.budget)
        if left is not None and left <= 0:
            return Effect(0, places, None, "budget_used", _NONE)
        parts: list[int] | None = None
        action = item.action
        if isinstance(action, ShippingOff):
            off = ship if action.cap is None else min(ship, action.cap)
        elif isinstance(action, Cashback):
            total = sum([net[i] for i in places])
            off = action.amount or total * action.rate.numerator // action.rate.denominator
            off = min(off, action.cap) if action.cap is not None else off
            off = off if total else 0
        else:
            gifts = item.gifts
            if claimed and gifts:
                gifts = tuple([i for i in gifts if not claimed >> i & 1])
            found = lower(action, self.goods, net, places, gifts)
            if isinstance(found, int):
                off = found
            else:
                if gifts:
                    places = tuple(sorted({*places, *gifts}))
                parts = [found[i] for i in places]
                off = sum(parts)
        if off <= 0:
            return _nothing(self.goods, action, net, places)
        if left is not None and off > left:
            # half an offer is none: it would be used up for less than it promises
            return Effect(0, places, None, "budget_used", _NONE)
        return Effect(off, places, parts, "", _NONE)

    def parts(self, effect: Effect, net: Sequence[int]) -> list[int]:
        """The effect's parts by place, largest remainder over what the lines cost."""
        if effect.parts is not None:
            return effect.parts
        return split(effect.total, [net[i] for i in effect.places])


def _idle(places: Places, why: str, **data: Any) -> Effect:
    return Effect(0, places, None, why, data)


def _nothing(goods: Goods, action: object, net: Sequence[int], places: Places) -> Effect:
    """Why an action took nothing: a threshold or a group of pieces was not reached, or there was nothing to lower."""
    if isinstance(action, Threshold):
        least = action.steps[0].at_least
        if action.measure == "amount":
            total = sum([net[i] for i in places])
            if total < least:
                return _idle(places, "below_amount", missing_minor=least - total)
        else:
            pieces = sum([goods.pieces[i] for i in places])
            if pieces < least:
                return _idle(places, "below_pieces", missing=least - pieces)
    wanted = 0
    if isinstance(action, FixedPrice):
        wanted = action.pieces
    elif isinstance(action, FreeItem):
        wanted = action.buy if action.gift is not None else action.buy + action.get
    if wanted:
        pieces = sum([goods.pieces[i] for i in places])
        if pieces < wanted:
            return _idle(places, "below_pieces", missing=wanted - pieces)
    return Effect(0, places, None, "no_effect", _NONE)


def ref_of(offer: Offer) -> str:
    """How an offer of the programme is named in a price."""
    return f"{'benefit' if offer.tiers is not None else 'promotion'}:{offer.key}"


def order_of(offer: Offer, categories: Mapping[str, int]) -> tuple[int, int, str]:
    """The order within a layer: the categories' order (offers of none come last), priority (higher first), key."""
    place = categories.get(offer.stacking.category or "", len(categories))
    return place, -offer.priority, offer.key
