"""Door of the mall: what a member can have, redeeming it, what becomes of the order."""

from regulars.flows.mall.acts import (
    Redeemed,
    cancel,
    complete,
    confirm_paid,
    redeem,
    ship,
    show_codes,
    undo_verification,
    verify,
)
from regulars.flows.mall.due import settle_orders
from regulars.flows.mall.offers import Offer, offer_of, offers_for

__all__ = [
    "Offer",
    "Redeemed",
    "cancel",
    "complete",
    "confirm_paid",
    "offer_of",
    "offers_for",
    "redeem",
    "settle_orders",
    "ship",
    "show_codes",
    "undo_verification",
    "verify",
]
