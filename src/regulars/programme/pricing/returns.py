"""What a return of a part of a priced order gives back: any number of returns adds up to the whole, to the fen."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

from regulars.kit.errors import ErrorList
from regulars.programme.pricing.allocate import half_up
from regulars.programme.pricing.types import SHIPPING, Priced, PricedLine, ReturnedLine, ReturnPlan

_NONE = Decimal(0)


def plan_return(
    priced: Priced, returned: Mapping[str, Decimal], wanted: Mapping[str, Decimal] | None = None
) -> ReturnPlan:
    """What goes back when `wanted` (quantity by line) is returned after `returned` (quantity by line, all returns so
    far). None: all that is left, shipping among it where the checkout gives it back.

    What a line has given back is a function of the quantity returned of it alone: each component × quantity returned
    / quantity bought, rounded half up. One return gives back the difference, so pieces add up exactly and the order
    of returns does not matter. Coupons and quotas come back with the return after which nothing is left of the lines
    they were used on; a budget gets back what its offers' shares of the lines come to.

    Shipping goes back with the return that empties the order, or when `wanted` names it (SHIPPING: 1).

    Raises:
        Refusal: `invalid_input` for an unknown line or more than is left.
    """
    lines = {line.line: line for line in priced.lines}
    before = {name: returned.get(name, _NONE) for name in (*lines, SHIPPING)}
    if wanted is None:
        wanted = {name: line.quantity - before[name] for name, line in lines.items()}
    else:
        _check(lines, before, wanted)
    after = {name: before[name] + wanted.get(name, _NONE) for name in before}
    emptied = all(after[name] >= line.quantity for name, line in lines.items())
    if emptied and priced.shipping_returns == "whole":
        after[SHIPPING] = Decimal(1)
    pieces: list[ReturnedLine] = []
    for line in (*priced.lines, priced.shipping):
        if after[line.line] > before[line.line]:
            pieces.append(_piece(line, before[line.line], after[line.line]))
    budgets: dict[str, int] = {}
    units = {applied.ref: applied.unit for applied in priced.applied}
    keys = {applied.ref: applied.budget for applied in priced.applied}
    cashback: dict[str, int] = {}
    for piece in pieces:
        for ref, amount in (*piece.discounts, *piece.cashback):
            budget = keys.get(ref)
            if budget is not None and amount:
                budgets[budget] = budgets.get(budget, 0) + amount
        for ref, amount in piece.cashback:
            if amount:
                cashback[units[ref]] = cashback.get(units[ref], 0) + amount
    coupons, quotas = _come_back(priced, lines, before, after, emptied)
    principal, bonus, gift = priced.units
    stored: dict[str, int] = {}
    for unit, amount in (
        (principal, sum([p.principal for p in pieces])),
        (bonus, sum([p.bonus for p in pieces])),
        (gift, sum([p.gift for p in pieces])),
    ):
        if amount:
            stored[unit] = stored.get(unit, 0) + amount
    return ReturnPlan(
        lines=tuple(pieces),
        payable=sum([p.payable for p in pieces]),
        points=sum([p.points for p in pieces]),
        points_unit=priced.points_unit,
        points_money=sum([p.points_money for p in pieces]),
        stored=stored,
        coupons=coupons,
        quotas=quotas,
        budgets=budgets,
        cashback=cashback,
        whole=emptied,
    )


def _check(
    lines: Mapping[str, PricedLine], before: Mapping[str, Decimal], wanted: Mapping[str, Decimal]
) -> None:
    errors = ErrorList()
    for name, quantity in wanted.items():
        line = lines.get(name)
        bought = Decimal(1) if name == SHIPPING else None if line is None else line.quantity
        if bought is None:
            errors.add(f"lines.{name}", "unknown_line", "订单没有这一行", "The order has no such line")
        elif not quantity.is_finite() or quantity < 0:
            errors.add(f"lines.{name}", "out_of_range", "数量不能为负", "The quantity cannot be negative")
        elif quantity > bought - before[name]:
            left = (bought - before[name]).normalize()
            errors.add(
                f"lines.{name}",
                "more_than_left",
                f"最多还可退 {left:f}",
                f"At most {left:f} can still go back",
            )
    errors.refuse()


def _piece(line: PricedLine, before: Decimal, after: Decimal) -> ReturnedLine:
    first, last = Fraction(before) / Fraction(line.quantity), Fraction(after) / Fraction(line.quantity)

    def part(amount: int) -> int:
        return half_up(amount, last) - half_up(amount, first)

    discounts = tuple([(ref, part(amount)) for ref, amount in line.discounts])
    points_money, payable = part(line.points_money), part(line.payable)
    principal, bonus, gift = part(line.principal), part(line.bonus), part(line.gift)
    return ReturnedLine(
        line=line.line,
        sku=line.sku,
        quantity=after - before,
        list=sum([amount for _, amount in discounts]) + points_money + payable + principal + bonus + gift,
        discounts=discounts,
        points_money=points_money,
        points=part(line.points),
        principal=principal,
        bonus=bonus,
        gift=gift,
        payable=payable,
        earns_on=part(line.earns_on),
        cashback=tuple([(ref, part(amount)) for ref, amount in line.cashback]),
    )


def _come_back(
    priced: Priced,
    lines: Mapping[str, PricedLine],
    before: Mapping[str, Decimal],
    after: Mapping[str, Decimal],
    emptied: bool,
) -> tuple[tuple[UUID, ...], dict[str, int]]:
    """Coupons and quotas whose lines are all back with this return and were not before."""
    was_empty = all(before[name] >= line.quantity for name, line in lines.items())
    coupons: list[UUID] = []
    quotas: dict[str, int] = {}
    for applied in priced.applied:
        if applied.returns != "whole":
            continue
        goods = [name for name in applied.lines if name != SHIPPING]
        if len(goods) == len(applied.lines) and goods:
            now = all(after[name] >= lines[name].quantity for name in goods)
            then = all(before[name] >= lines[name].quantity for name in goods)
        else:
            now, then = (
                emptied,
                was_empty,
            )  # what lowered shipping, or nothing, comes back with the whole order
        if now and not then:
            if applied.coupon is not None:
                coupons.append(applied.coupon)
            if applied.quota is not None:
                quotas[applied.quota] = quotas.get(applied.quota, 0) + 1
    return tuple(coupons), quotas
