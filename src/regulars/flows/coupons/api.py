"""Door of what is done with coupons: claimed, issued to many, verified and undone, given away, their codes imported."""

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
from regulars.flows.coupons.importing import (
    ERRORS_NAME,
    Imported,
    codes_csv,
    csv_of,
    import_codes,
    make_codes,
)
from regulars.flows.coupons.offers import check_definition, offer_of, put_definition, reasons, sentences, tell
from regulars.flows.coupons.segments import count_segment, run_due, run_portion, start_issue

__all__ = [
    "ERRORS_NAME",
    "Acted",
    "Imported",
    "accept_gift",
    "cancel_gift",
    "check_definition",
    "claim",
    "claim_code",
    "codes_csv",
    "count_segment",
    "csv_of",
    "import_codes",
    "issue_now",
    "make_codes",
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
