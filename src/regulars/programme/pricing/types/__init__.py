"""A cart, what may lower its price, what may pay for it, and the price that came of it. Frozen, and without a clock.

Money is an integer of the currency's smallest unit. A line is named by the shop (`line`), an offer by its `ref`:
`promotion:<key>`, `benefit:<key>` or `coupon:<id of the issued coupon>`.
"""

from __future__ import annotations

from regulars.programme.pricing.types.answered import (
    Applied,
    Priced,
    PricedLine,
    Refused,
    ReturnedLine,
    ReturnPlan,
)
from regulars.programme.pricing.types.asked import (
    MAX_LINES,
    MAX_WALLET,
    SHIPPING,
    Cart,
    CartLine,
    Given,
    WalletCoupon,
    Wish,
)
from regulars.programme.pricing.types.offers import (
    KINDS,
    Action,
    AmountOff,
    Back,
    Cashback,
    Exchange,
    Explain,
    FixedPrice,
    FreeItem,
    Offer,
    OfferKind,
    PercentOff,
    Predicate,
    ShippingOff,
    Source,
    Stacking,
    Step,
    Threshold,
    Windows,
)
from regulars.programme.pricing.types.settings import (
    Checkout,
    GiftTender,
    PointsTender,
    Shelf,
    StackingCategory,
    StoredTender,
)

__all__ = [
    "KINDS",
    "MAX_LINES",
    "MAX_WALLET",
    "SHIPPING",
    "Action",
    "AmountOff",
    "Applied",
    "Back",
    "Cart",
    "CartLine",
    "Cashback",
    "Checkout",
    "Exchange",
    "Explain",
    "FixedPrice",
    "FreeItem",
    "GiftTender",
    "Given",
    "Offer",
    "OfferKind",
    "PercentOff",
    "PointsTender",
    "Predicate",
    "Priced",
    "PricedLine",
    "Refused",
    "ReturnPlan",
    "ReturnedLine",
    "Shelf",
    "ShippingOff",
    "Source",
    "Stacking",
    "StackingCategory",
    "Step",
    "StoredTender",
    "Threshold",
    "WalletCoupon",
    "Windows",
    "Wish",
]
