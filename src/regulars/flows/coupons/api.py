"""Door of what is done with coupons: claimed, issued to many, verified and undone, given away."""

from regulars.flows.coupons.acts import (
    Acted,
    accept_gift,
    cancel_gift,
    claim,
    claim_code,
    issue_now,
    offer_gift,
    undo,
    verify,
    void,
)
from regulars.flows.coupons.offers import (
    check_definition,
    member_sentences,
    offer_of,
    put_definition,
    reasons,
    sentences,
    tell,
)
from regulars.flows.coupons.segments import count_segment, run_due, run_portion, start_issue

__all__ = [
    "Acted",
    "accept_gift",
    "cancel_gift",
    "check_definition",
    "claim",
    "claim_code",
    "count_segment",
    "issue_now",
    "member_sentences",
    "offer_gift",
    "offer_of",
    "put_definition",
    "reasons",
    "run_due",
    "run_portion",
    "sentences",
    "start_issue",
    "tell",
    "undo",
    "verify",
    "void",
]
