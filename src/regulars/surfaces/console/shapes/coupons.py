"""Coupons, their codes, bulk issues and budgets as the console's pages read them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ninja import Field

from regulars.surfaces.console.shapes.programme import FieldErrorOut
from regulars.surfaces.console.shapes.shared import ChoiceOut, Shape, StoreRefOut, TextIO

Key = Field(min_length=8, max_length=100)


class CouponDefinitionOut(Shape):
    """One coupon definition. `definition` is the whole of it, for the editor; `revision` goes back with a change."""

    key: str
    name: str
    names: TextIO
    state: str
    state_name: str
    sentence: str
    issued: int
    used: int
    left: int | None
    left_today: int | None
    free_codes: int | None
    definition: dict[str, Any]
    revision: int
    updated_at: datetime | None


class CouponDefinitionIn(Shape):
    """`definition` without its key, which the address has. `revision` of what was edited; `create` for a new one."""

    definition: dict[str, Any]
    revision: int | None = None
    create: bool = False


class CouponDescribeIn(Shape):
    """A definition with its key, as it is being written."""

    definition: dict[str, Any]


class CouponSaidOut(Shape):
    """The definition in a sentence; `errors` instead where it cannot be read."""

    sentence: str
    errors: list[FieldErrorOut]


class CouponStateIn(Shape):
    state: str = Field(min_length=1, max_length=20)


class OptionsOut(Shape):
    """What the editor chooses from."""

    states: list[ChoiceOut]
    channels: list[ChoiceOut]
    tiers: list[ChoiceOut]
    budgets: list[ChoiceOut]
    reasons: list[ChoiceOut]


class SegmentIn(Shape):
    """Members by their codes, or everybody active who fits all that is given."""

    members: list[str] | None = Field(None, max_length=10_000)
    tier: str = Field("", max_length=64)
    tag: str = Field("", max_length=64)
    segment: str = Field("", max_length=64)
    store: str = Field("", max_length=64)
    channel: str = Field("", max_length=64)
    joined_from: datetime | None = None
    joined_before: datetime | None = None
    last_order_from: datetime | None = None
    last_order_before: datetime | None = None


class CountOut(Shape):
    """How many members, and codes of members that are none."""

    members: int
    unknown: list[str]


class IssueIn(Shape):
    segment: SegmentIn
    key: str = Key


class CountByOut(Shape):
    code: str
    name: str
    count: int


class IssueOut(Shape):
    """A bulk issue: `seen` of `total` members."""

    id: str
    definition: str
    definition_name: str
    state: str
    state_name: str
    total: int
    seen: int
    issued: int
    repeated: int
    refused: list[CountByOut]
    problem: str
    by: str
    created_at: datetime
    ended_at: datetime | None
    may_cancel: bool


class CodesIn(Shape):
    count: int = Field(ge=1, le=100_000)
    note: str = Field("", max_length=200)
    reserved_for: str = Field("", max_length=200)
    key: str = Key


class CodeBatchOut(Shape):
    """Codes made or imported together."""

    id: str
    origin: str
    origin_name: str
    count: int
    free: int
    reserved: int
    bound: int
    void: int
    note: str
    reserved_for: str
    by: str
    created_at: datetime


class CodesFileIn(Shape):
    """How a file of codes is read: `column` is the header of the codes' column, where it is not plain which."""

    column: str = Field("", max_length=200)
    encoding: str = Field("auto", max_length=40)
    delimiter: str = Field("", max_length=4)
    note: str = Field("", max_length=200)
    reserved_for: str = Field("", max_length=200)


class RowErrorOut(Shape):
    row: int
    code: str
    message: str


class CodesImportedOut(Shape):
    """What became of a file of codes; `error_file` asks for the refused rows as CSV."""

    batch: CodeBatchOut
    added: int
    refused: int
    error_file: str | None
    errors: list[RowErrorOut]


class CouponOut(Shape):
    """One coupon of a member. `why_not`: why it cannot be used now; empty when it can."""

    id: str
    definition: str
    name: str
    sentence: str
    state: str
    state_name: str
    why_not: str
    why_not_code: str
    source: str
    code: str
    claimed_at: datetime
    starts_at: datetime
    expires_at: datetime | None
    used_at: datetime | None
    store: StoreRefOut | None
    order: str
    amount: int | None
    by: str
    locked_until: datetime | None
    ended_at: datetime | None
    may_verify: bool
    may_undo: bool
    may_void: bool


class VoidIn(Shape):
    comment: str = Field(min_length=1, max_length=500)
    key: str = Key


class UndoIn(Shape):
    comment: str = Field("", max_length=500)
    key: str = Key


class LookupIn(Shape):
    """What was scanned or typed: a coupon's code, a member's pass, or a member's code."""

    text: str = Field(min_length=1, max_length=200)


class FoundOut(Shape):
    """`kind`: code, member. Of a member all she could use now; of a code its coupon, or what it would become."""

    kind: str
    member: str
    member_name: str
    code_state: str
    definition: str
    definition_name: str
    coupons: list[CouponOut]


class CouponVerifyIn(Shape):
    """A `code`; or a coupon of a member. `member` (her code) also claims a code that nobody has claimed yet."""

    code: str = Field("", max_length=100)
    member: str = Field("", max_length=64)
    coupon_id: str = Field("", max_length=64)
    store: str = Field("", max_length=64)
    amount: int | None = Field(None, ge=0, le=10**12)
    order: str = Field("", max_length=100)
    key: str = Key


class BudgetIn(Shape):
    """`amount` in minor units or uses."""

    name: TextIO
    kind: str = "amount"
    amount: int = Field(ge=0)
    period: str = "ever"
    per_store: bool = False
    alert_percent: int = 80
    state: str = "active"
    create: bool = False


class BudgetUseOut(Shape):
    store: StoreRefOut | None
    period: str
    taken: int
    left: int
    percent: int
    alerted: bool


class BudgetOut(Shape):
    """`use` is of the present period, by store where the budget is per store."""

    key: str
    name: str
    names: TextIO
    kind: str
    kind_name: str
    amount: int
    period: str
    period_name: str
    per_store: bool
    alert_percent: int
    state: str
    state_name: str
    taken: int
    left: int
    alerted: bool
    used_by: list[ChoiceOut]
    use: list[BudgetUseOut]


class BudgetTakeOut(Shape):
    subject: str
    store: StoreRefOut | None
    period: str
    amount: int
    given_back: int
    taken_at: datetime


class BudgetAlertOut(Shape):
    """A notice: a budget passed its alert level (`alert`) or was used up (`used_up`)."""

    budget: str
    name: str
    level: str
    message: str
    store: StoreRefOut | None
    period: str
    taken: int
    whole: int
    at: datetime
