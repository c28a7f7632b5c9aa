"""Door of payments: accounts, payments and refunds, what providers say of them.

What asks a provider (`ask_…`) holds no lock and may take seconds; what writes (`add_…`, `note_…`, `take_notice`) runs
in the caller's transaction, locks the payment and says what changed, so that a flow does the rest in the same breath.
"""

from regulars.platform.payments.accounts import (
    check_account,
    default_account,
    find_account,
    get_account,
    list_accounts,
    list_providers,
    provider_refusal,
    put_account,
)
from regulars.platform.payments.api.asking import (
    ask_close,
    ask_open,
    ask_refund,
    ask_refund_status,
    ask_status,
    notify_url,
    provider_of,
    read_notice,
)
from regulars.platform.payments.api.listing import (
    find_member,
    get_payment,
    list_notices,
    list_payments,
    list_refunds,
    locate,
    payments_of,
)
from regulars.platform.payments.api.noting import (
    add_payment,
    add_refund,
    due_payments,
    due_refunds,
    note_opened,
    note_refund,
    note_silence,
    note_status,
    refuse_notice,
    take_notice,
)
from regulars.platform.payments.api.simulating import (
    SimulatedPage,
    run_simulator,
    simulated_page,
    simulated_press,
)
from regulars.platform.payments.policy import GRACE as EXPIRY_GRACE

__all__ = [
    "EXPIRY_GRACE",
    "SimulatedPage",
    "add_payment",
    "add_refund",
    "ask_close",
    "ask_open",
    "ask_refund",
    "ask_refund_status",
    "ask_status",
    "check_account",
    "default_account",
    "due_payments",
    "due_refunds",
    "find_account",
    "find_member",
    "get_account",
    "get_payment",
    "list_accounts",
    "list_notices",
    "list_payments",
    "list_providers",
    "list_refunds",
    "locate",
    "note_opened",
    "note_refund",
    "note_silence",
    "note_status",
    "notify_url",
    "payments_of",
    "provider_of",
    "provider_refusal",
    "put_account",
    "read_notice",
    "refuse_notice",
    "run_simulator",
    "simulated_page",
    "simulated_press",
    "take_notice",
]  # fmt: skip
