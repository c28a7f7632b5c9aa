"""Door of the mall: what a member can have, redeeming it, what becomes of the order."""

from regulars.flows.mall.acts import (
    Redeemed,
    cancel,
    complete,
    redeem,
    ship,
    show_codes,
    start_payment,
    undo_verification,
    verify,
)
from regulars.flows.mall.due import settle_orders
from regulars.flows.mall.offers import Offer, offer_of, offers_for
from regulars.flows.mall.paying import Payer, payment_of

__all__ = [
    "Offer",
    "Payer",
    "Redeemed",
    "cancel",
    "complete",
    "offer_of",
    "offers_for",
    "payment_of",
    "redeem",
    "settle_orders",
    "ship",
    "show_codes",
    "start_payment",
    "undo_verification",
    "verify",
]
