"""Door of plans: definitions, who has one, what waits to be paid, what was saved.

What writes runs in the caller's transaction, under the lock of the member's membership, which the flow holds.
"""

from regulars.value.plans.api.definitions import (
    apply_definition,
    count_by_plan,
    export_definitions,
    find_plan,
    get_plan,
    list_plans,
    set_state,
)
from regulars.value.plans.api.reckoning import (
    check_pause,
    check_period,
    is_entitled,
    next_due,
    next_step,
    paused_days,
    period_end,
    plan_change,
    plan_refund,
    resume_by,
    split_refund,
    today_of,
    wrong_state,
)
from regulars.value.plans.api.savings import get_savings, record_saving
from regulars.value.plans.api.subscriptions import (
    act,
    add_order,
    add_period,
    agreement_of,
    ask_subscribed,
    begin,
    claim_act,
    claim_due,
    claim_trial,
    close_period,
    end_order,
    find_live,
    get_order,
    get_subscription,
    had_trial,
    list_acts,
    list_of_member,
    list_periods,
    list_subscriptions,
    open_order,
    open_purchase,
    save,
    set_agreement,
    set_payment,
)

__all__ = [
    "act", "add_order", "add_period", "agreement_of", "apply_definition", "ask_subscribed", "begin", "check_pause",
    "check_period", "claim_act", "claim_due", "claim_trial", "close_period", "count_by_plan", "end_order",
    "export_definitions", "find_live", "find_plan", "get_order", "get_plan", "get_savings", "get_subscription",
    "had_trial", "is_entitled", "list_acts", "list_of_member", "list_periods", "list_plans", "list_subscriptions",
    "next_due", "next_step", "open_order", "open_purchase", "paused_days", "period_end", "plan_change", "plan_refund",
    "record_saving", "resume_by", "save", "set_agreement", "set_payment", "set_state", "split_refund", "today_of",
    "wrong_state",
]  # fmt: skip
