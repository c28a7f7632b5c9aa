"""Pays a price with points, gift cards and stored value; what is left is to be paid in money."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from regulars.kit.text import Text
from regulars.programme.pricing.allocate import split
from regulars.programme.pricing.refusals import refuse
from regulars.programme.pricing.types import GiftTender, Given, PointsTender, Refused, StoredTender

POINTS = Text("积分", "points")
STORED = Text("储值", "stored value")
GIFT = Text("礼品卡", "gift card")


@dataclass(slots=True)
class Due:
    """What is still to be paid by place; the last place is shipping. Each payment is kept by place."""

    left: list[int]
    points_money: list[int] = field(default_factory=list)
    points: list[int] = field(default_factory=list)
    principal: list[int] = field(default_factory=list)
    bonus: list[int] = field(default_factory=list)
    gift: list[int] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)

    def __post_init__(self) -> None:
        for name in ("points_money", "points", "principal", "bonus", "gift"):
            setattr(self, name, [0] * len(self.left))

    @property
    def total(self) -> int:
        return sum(self.left)

    def pay(self, amount: int, places: Sequence[int]) -> list[int]:
        """Take `amount` off the places in proportion to what is left there; returns it by place of the cart."""
        paid = [0] * len(self.left)
        for place, part in zip(places, split(amount, [self.left[i] for i in places]), strict=True):
            paid[place] = part
            self.left[place] -= part
        return paid


def pay_points(
    due: Due,
    tender: PointsTender | None,
    wanted: int | Literal["max"],
    places: Sequence[int],
    given: Given,
    currency: str,
) -> None:
    """Spend points: a multiple of the step, from the least on, within the balance, the share and what is due.

    `places` are those that points may pay for. The share is of what they cost after offers; its money is rounded down.
    """
    if not wanted:
        return
    if tender is None:
        due.refused.append(refuse("points", POINTS, "not_taken", currency))
        return
    balance = given.balances.get(tender.unit, 0)
    eligible = sum([due.left[i] for i in places])
    most_minor = eligible * tender.share.numerator // tender.share.denominator
    most = most_minor * tender.points // tender.minor  # points worth no more than that
    units = min(balance, most) if wanted == "max" else min(wanted, balance, most)
    units -= units % tender.step
    if units <= 0 or units < tender.least:
        code, data = "points_none", {}
        if units < tender.least and balance > 0:
            code, data = "points_least", {"least": tender.least}
        elif balance >= tender.step and most < tender.step:
            code, data = "no_effect", {}
        due.refused.append(refuse("points", POINTS, code, currency, data))
        return
    if wanted != "max" and units < wanted:
        if most < min(wanted, balance):
            due.refused.append(
                refuse("points", POINTS, "points_share", currency, {"most_minor": most_minor, "used": units})
            )
        elif balance < wanted:
            due.refused.append(
                refuse("points", POINTS, "points_balance", currency, {"balance": balance, "used": units})
            )
        else:
            due.refused.append(
                refuse("points", POINTS, "points_step", currency, {"step": tender.step, "used": units})
            )
    money = units * tender.minor // tender.points
    due.points_money = due.pay(money, places)
    due.points = _units_of(units, due.points_money)


def _units_of(units: int, money: Sequence[int]) -> list[int]:
    """The points behind each part of their money, largest remainder. A unit is worth more or less than one minor
    unit, so here a part may lie above its weight.
    """
    whole = sum(money)
    parts = [units * part // whole for part in money]
    rest = [units * part % whole for part in money]
    for place in sorted(range(len(money)), key=rest.__getitem__, reverse=True)[: units - sum(parts)]:
        parts[place] += 1
    return parts


def pay_gift(
    due: Due, tender: GiftTender | None, wanted: int | Literal["max"], given: Given, currency: str
) -> None:
    """Spend gift card value."""
    if not wanted:
        return
    if tender is None:
        due.refused.append(refuse("gift", GIFT, "not_taken", currency))
        return
    balance = given.balances.get(tender.unit, 0)
    amount = _within(due, "gift", GIFT, wanted, balance, currency)
    if amount:
        due.gift = due.pay(amount, range(len(due.left)))


def pay_stored(
    due: Due, tender: StoredTender | None, wanted: int | Literal["max"], given: Given, currency: str
) -> None:
    """Spend stored value, principal and bonus in the order set."""
    if not wanted:
        return
    if tender is None:
        due.refused.append(refuse("stored", STORED, "not_taken", currency))
        return
    principal = max(0, given.balances.get(tender.principal, 0))
    bonus = max(0, given.balances.get(tender.bonus, 0)) if tender.bonus else 0
    amount = _within(due, "stored", STORED, wanted, principal + bonus, currency)
    if not amount:
        return
    if tender.order == "bonus_first":
        of_bonus = min(bonus, amount)
    elif tender.order == "principal_first":
        of_bonus = amount - min(principal, amount)
    else:
        _, of_bonus = split(amount, [principal, bonus])
    whole = due.pay(amount, range(len(due.left)))
    due.bonus = split(of_bonus, whole)
    due.principal = [paid - part for paid, part in zip(whole, due.bonus, strict=True)]


def _within(due: Due, ref: str, name: Text, wanted: int | Literal["max"], balance: int, currency: str) -> int:
    """How much of what is wanted the balance and the price allow; says so where it is less."""
    total = due.total
    if wanted == "max":
        return max(0, min(balance, total))
    amount = max(0, min(wanted, balance, total))
    if amount < wanted:
        if amount < total:
            due.refused.append(
                refuse(ref, name, "balance", currency, {"balance_minor": balance, "used_minor": amount})
            )
        else:
            due.refused.append(refuse(ref, name, "nothing_to_pay", currency, {"used_minor": amount}))
    return amount
