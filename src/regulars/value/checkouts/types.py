"""A checkout and its returns as the room hands them out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from regulars.kit.text import Text

CheckoutState = Literal["committed", "partly_returned", "returned", "cancelled", "reopened"]

STATES: dict[str, Text] = {
    "committed": Text("已成交", "Committed"),
    "partly_returned": Text("部分退货", "Partly returned"),
    "returned": Text("已全部退货", "Returned"),
    "cancelled": Text("已撤销", "Cancelled"),
    "reopened": Text("已重新打开", "Reopened"),
}

CHECKOUT = Text("结算单", "Checkout")


@dataclass(frozen=True, slots=True)
class CheckoutRow:
    """One committed quote; see `models.Checkout`. Amounts in minor units; `cart` … `returned` are JSON text."""

    id: UUID
    member_id: UUID
    brand_id: UUID
    source: str
    number: str
    revision: int
    state: CheckoutState
    store_id: UUID | None
    channel: str
    actor: str
    currency: str
    listed: int
    payable: int
    order_id: UUID
    cart: str
    priced: str
    moves: str
    returned: str
    committed_at: datetime
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ReturnRow:
    """Goods that came back at once, or the cancelling of the whole."""

    id: UUID
    member_id: UUID
    brand_id: UUID
    checkout_id: UUID
    number: str
    kind: str
    amount: int
    reason: str
    actor: str
    plan: str
    returned_at: datetime
