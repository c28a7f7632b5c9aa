"""A price against a row of a table of carts whose figures are reckoned by hand, and offers that many rows use.

Amounts are fen. `pay` is what is paid in money, `lines` that by line, `off` what each offer took off.
"""

from __future__ import annotations

from typing import Any

from tests.pricing.till import Sale, check_sums

FULL = {"kind": "threshold", "steps": [{"at_least": 20_000, "off": 2000}]}
GOLD_95 = {"key": "gold-95", "kind": "price_discount", "factor": "0.95"}
GOLD_SHIPS = {"key": "ships", "kind": "free_shipping", "quota": 2, "period": "month"}
HUNDRED = [("tea", 1, 10_000)]


def off(amount: int, **more: Any) -> dict[str, Any]:
    return {"kind": "amount", "amount": amount, **more}


def percent(factor: str, **more: Any) -> dict[str, Any]:
    return {"kind": "percent", "factor": factor, **more}


def compare(sale: Sale, wanted: dict[str, Any]) -> None:
    """The price against a row of a table; what the row leaves out is not looked at, but for the sums."""
    priced = sale.price()
    check_sums(priced)
    found = {
        "pay": priced.payable,
        "lines": tuple(line.payable for line in priced.lines),
        "off": {sale.name_of(a.ref): a.amount for a in priced.applied if not a.cashback},
        "ship": priced.shipping.payable,
        "points": priced.points,
        "stored": dict(priced.stored),
        "cash": dict(priced.cashback),
        "cash_lines": tuple(sum(a for _, a in line.cashback) for line in priced.lines),
        "earns": tuple(line.earns_on for line in priced.lines),
        "refused": {sale.name_of(r.ref): r.code for r in priced.refused},
        "found": priced.found,
    }
    assert {key: found[key] for key in wanted} == wanted
