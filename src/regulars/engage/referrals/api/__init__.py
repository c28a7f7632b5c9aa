"""Door of referrals: the programme, links and what they brought, friends and recruiters, promoters' commission."""

from regulars.engage.referrals.api.coming import (
    chain_of,
    known_members,
    note_attempt,
    note_joined,
    note_seen,
    referrals_of,
    same_people,
)
from regulars.engage.referrals.api.commission import (
    adjust as adjust_commission,
)
from regulars.engage.referrals.api.commission import (
    commission_differences,
    list_commissions,
    list_entries,
    list_promoters,
    promoters_of,
    put_promoter,
    thaw_due,
)
from regulars.engage.referrals.api.commission import (
    earn as earn_commission,
)
from regulars.engage.referrals.api.commission import (
    follow_refunds as follow_commission,
)
from regulars.engage.referrals.api.counting import (
    check_due,
    claim_due,
    note_costs,
    note_orders,
    note_refunds,
    review,
)
from regulars.engage.referrals.api.links import (
    credit_joins,
    credit_orders,
    find_links,
    get_link,
    last_code,
    note_signed_in,
    note_visit,
    read_code,
)
from regulars.engage.referrals.api.links import (
    follow_refunds as follow_credits,
)
from regulars.engage.referrals.api.links import (
    report as share_report,
)
from regulars.engage.referrals.api.reading import (
    friend_counts,
    funnel,
    list_attempts,
    list_referrals,
    qualified_between,
    roots,
    tree,
)
from regulars.engage.referrals.api.settings import (
    check_settings,
    get_settings,
    put_settings,
    settings_json,
    settings_of,
)
from regulars.engage.referrals.api.statements import (
    confirm_statement,
    draft_statements,
    get_statement,
    list_statements,
    mark_paid,
    walk_statements,
)

__all__ = [
    "adjust_commission",
    "chain_of",
    "check_due",
    "check_settings",
    "claim_due",
    "commission_differences",
    "confirm_statement",
    "credit_joins",
    "credit_orders",
    "draft_statements",
    "earn_commission",
    "find_links",
    "follow_commission",
    "follow_credits",
    "friend_counts",
    "funnel",
    "get_link",
    "get_settings",
    "get_statement",
    "known_members",
    "last_code",
    "list_attempts",
    "list_commissions",
    "list_entries",
    "list_promoters",
    "list_referrals",
    "list_statements",
    "mark_paid",
    "note_attempt",
    "note_costs",
    "note_joined",
    "note_orders",
    "note_refunds",
    "note_seen",
    "note_signed_in",
    "note_visit",
    "promoters_of",
    "put_promoter",
    "put_settings",
    "qualified_between",
    "read_code",
    "referrals_of",
    "review",
    "roots",
    "same_people",
    "settings_json",
    "settings_of",
    "share_report",
    "thaw_due",
    "tree",
    "walk_statements",
]
