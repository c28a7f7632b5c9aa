"""Door of prepaid value: stored value, packages, gift cards, stamps, gifts between members, what is owed."""

from __future__ import annotations

from regulars.flows.prepaid.buyers import DOCUMENTS, get_buyer, record_buyer
from regulars.flows.prepaid.buying import Payer, Purchase, begin_purchase, latest_purchase
from regulars.flows.prepaid.card_refunds import refund_card
from regulars.flows.prepaid.cards import (
    MadeCard,
    claim_card,
    create_batch,
    find_card,
    give_card,
    hand_out,
    sell_cards,
    void_batch,
    void_card,
)
from regulars.flows.prepaid.due import expire_cards, thaw
from regulars.flows.prepaid.evidence import evidence_pack, holds_together
from regulars.flows.prepaid.evidence_pdf import render
from regulars.flows.prepaid.ground import METHODS
from regulars.flows.prepaid.households import (
    Household,
    draw,
    get_household,
    join_household,
    leave_household,
)
from regulars.flows.prepaid.owed import UNCLAIMED, Flow, Owed, card_differences, get_owed
from regulars.flows.prepaid.packages import (
    buy_package,
    freeze_package,
    refund_package,
    terms_of,
    transfer_package,
    undo_use,
    unfreeze_package,
    use_package,
)
from regulars.flows.prepaid.stamps import Redeemed, redeem_stamp_card
from regulars.flows.prepaid.topups import most_refundable, refund_top_up, top_up
from regulars.flows.prepaid.transfers import given_today, transfer
from regulars.value.prepaid.policy.cards import shown

__all__ = [
    "DOCUMENTS", "METHODS", "UNCLAIMED", "Flow", "Household", "MadeCard", "Owed", "Payer", "Purchase",
    "Redeemed", "begin_purchase", "buy_package",
    "card_differences", "claim_card", "create_batch", "draw", "evidence_pack", "expire_cards", "find_card",
    "freeze_package", "get_buyer", "get_household", "get_owed", "give_card", "given_today", "hand_out",
    "holds_together", "join_household", "latest_purchase", "leave_household", "most_refundable", "record_buyer",
    "redeem_stamp_card", "refund_card", "refund_package", "refund_top_up", "render", "sell_cards", "shown", "terms_of",
    "thaw", "top_up", "transfer", "transfer_package", "undo_use", "unfreeze_package", "use_package", "void_batch",
    "void_card",
]  # fmt: skip
