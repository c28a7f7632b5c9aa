"""Shapes of referrals, shares and commission that the public API and the console share. Money in minor units."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from ninja import Field, Schema
from pydantic import ConfigDict, StringConstraints

_CLEAN = r"^[^\x00]*$"
ReferralState = Literal["joined", "waiting", "qualified", "refused", "returned", "lapsed"]
ShareKindName = Literal["join", "reward", "coupon", "page"]
PromoterState = Literal["active", "paused", "ended"]
Note = Annotated[str, StringConstraints(max_length=500, pattern=_CLEAN)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=_CLEAN)]


class _In(Schema):
    model_config = ConfigDict(extra="forbid")


class ReferralPersonOut(Schema):
    """A member; her name is masked unless the caller may read personal data."""

    id: UUID
    code: str
    name: str


class ReferralSettingsIn(_In):
    """The whole programme; what is left out takes its default. See the documentation of referrals for each field."""

    definition: dict[str, Any]


class ReferralSettingsOut(Schema):
    """The programme in force; `version` 0 where it was never set."""

    version: int
    definition: dict[str, Any]
    rewards_text: dict[str, list[str]]
    actor: str
    created_at: datetime | None


class ReferralOut(Schema):
    """A friend and her recruiter. `counts_at` is when the return window of her order is over."""

    friend: ReferralPersonOut
    recruiter: ReferralPersonOut
    state: ReferralState
    state_text: str
    reason: str
    reason_text: str
    cleared: bool
    reviewed_by: str
    note: str
    joined_at: datetime
    ordered_at: datetime | None
    order_amount: int
    counts_at: datetime | None
    qualified_at: datetime | None
    ended_at: datetime | None
    cost: int


class ReferralAttemptOut(Schema):
    """A code that somebody tried and that could not count."""

    id: UUID
    member: ReferralPersonOut
    recruiter: ReferralPersonOut | None
    code: str
    reason: str
    reason_text: str
    at: datetime


class ReferralReviewIn(_In):
    """`counts`: it goes on where it stood; else it stays refused. `note` says why."""

    counts: bool
    note: Note = ""


class ReferralBranchOut(Schema):
    """A member in the tree, `depth` levels below its root."""

    member: ReferralPersonOut
    recruiter_id: UUID | None
    depth: int
    state: str
    state_text: str
    friends: int
    qualified: int


class ReferralFunnelOut(Schema):
    """From links to qualified friends, of who joined in the span. `cost_each` is null without a qualified friend."""

    since: datetime
    until: datetime
    sharers: int
    visitors: int
    joined: int
    ordered: int
    qualified: int
    returned: int
    refused: list[ReferralRefusedOut]
    cost: int
    cost_each: int | None


class ReferralRefusedOut(Schema):
    reason: str
    text: str
    friends: int


class ReferralOfMemberOut(Schema):
    """A member's own invitation, who brought her, and whom she brought. `code` is empty until she first invited."""

    code: str
    path: str
    came_by: ReferralOut | None
    friends: dict[str, int]
    newest: list[ReferralOut]


class ShareLinkIn(_In):
    kind: ShareKindName
    content: Annotated[str, StringConstraints(max_length=64, pattern=_CLEAN)] = ""


class ShareLinkOut(Schema):
    """A member's link; `path` is below the site's address."""

    code: str
    kind: ShareKindName
    content: str
    path: str


class ShareRowOut(Schema):
    """What links brought: visits (once a visitor and day), sign-ups, orders within the window, net of refunds."""

    member: ReferralPersonOut | None
    kind: ShareKindName
    kind_text: str
    content: str
    links: int
    visits: int
    visitors: int
    joins: int
    orders: int
    net: int


class PromoterIn(_In):
    """`tax_note` stands on her statements and she sees it; `staff_note` is for staff alone. Left out: as it is."""

    level: Word
    state: PromoterState = "active"
    tax_note: Note | None = None
    staff_note: Note | None = None


class PromoterOut(Schema):
    """A promoter and her sums: frozen, settleable, confirmed but unpaid, paid. Do not show her `staff_note`."""

    member: ReferralPersonOut
    level: str
    level_text: str
    state: PromoterState
    tax_note: str
    staff_note: str
    since: datetime
    frozen: int
    open: int
    confirmed: int
    paid: int


class CommissionOut(Schema):
    """An order a promoter earned by; `base` is what was paid and not refunded."""

    activity_id: UUID
    buyer: ReferralPersonOut
    via: Literal["share", "friend"]
    level: str
    base: int
    amount: int
    state: Literal["frozen", "open"]
    ordered_at: datetime
    thaws_at: datetime


class CommissionEntryOut(Schema):
    seq: int
    account: Literal["frozen", "open", "confirmed", "paid"]
    kind: Literal["earn", "claw_back", "thaw", "adjust", "confirm", "pay"]
    amount: int
    activity_id: UUID | None
    statement: str
    note: str
    actor: str
    at: datetime


class CommissionAdjustIn(_In):
    """More or (below 0) less of what can be settled; the note is on her statement."""

    amount: Annotated[int, Field(ge=-(10**12), le=10**12)]
    note: Note


class StatementDraftIn(_In):
    month: Annotated[str, StringConstraints(pattern=r"^20\d{2}-(0[1-9]|1[0-2])$")]


class StatementPaidIn(_In):
    reference: Note = ""


class StatementOut(Schema):
    """A month of a promoter. `payout` + `carried` = `opening` + `earned` + `clawed` + `adjusted`."""

    member: ReferralPersonOut
    month: str
    state: Literal["draft", "confirmed", "paid"]
    state_text: str
    opening: int
    earned: int
    clawed: int
    adjusted: int
    payout: int
    carried: int
    tax_note: str
    made_by: str
    made_at: datetime
    confirmed_by: str
    confirmed_at: datetime | None
    paid_by: str
    paid_at: datetime | None
    reference: str


class StatementDetailOut(Schema):
    """A statement with the movements it is the sum of."""

    statement: StatementOut
    entries: list[CommissionEntryOut]


ReferralFunnelOut.model_rebuild()
