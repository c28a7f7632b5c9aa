"""Coupons and budgets as they travel in the public API."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from ninja import Field, Schema
from pydantic import StringConstraints

from regulars.kit.text import Text
from regulars.surfaces.rest import finding
from regulars.surfaces.rest.shapes import In, Line, TextOut, Word
from regulars.value.coupons import api as coupons
from regulars.value.coupons.types import Batch, CodeRow, Definition, Held, IssueJob, Tally

CodeText = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00]*$")]


class DefinitionOut(Schema):
    """`definition` is the whole of it as JSON; `sentence` says it in both languages."""

    key: str
    name: TextOut
    state: str
    sentence: TextOut
    issued: int
    used: int
    left: int | None = Field(description="of the limit in total; null without one")
    left_today: int | None
    definition: dict[str, Any]
    updated_at: datetime | None


class WhyOut(Schema):
    """A stable code and its words."""

    code: str
    text: TextOut


class CouponOut(Schema):
    """`why_not`: why it cannot be used now, by its state, dates, days and hours; null when it can."""

    id: UUID
    definition: str
    name: TextOut
    state: str
    claimed_at: datetime
    starts_at: datetime
    expires_at: datetime | None
    source: str
    code: str | None
    used_at: datetime | None
    order: str | None
    store: str | None
    amount: int | None = Field(description="what it took off, minor units")
    locked_until: datetime | None
    ended_at: datetime | None
    why_not: WhyOut | None


class IssueGiven(In):
    """Each of `members` is an id, a code, or an identity as `type:value`."""

    members: Annotated[
        list[Annotated[str, StringConstraints(min_length=1, max_length=300)]],
        Field(min_length=1, max_length=1000),
    ]


class OutcomeOut(Schema):
    """`result`: `issued`, `repeated` (she had it by this key), or the code of why not, with its words."""

    member: str
    coupon_id: UUID | None
    result: str
    text: TextOut | None


class SegmentGiven(In):
    """Everybody active who fits all that is given; nothing given is everybody."""

    tier: Word | None = None
    tag: Word | None = None
    segment: Word | None = None
    store: Word | None = None
    channel: Word | None = None
    joined_from: str | None = None
    joined_before: str | None = None
    last_order_from: str | None = None
    last_order_before: str | None = None


class BulkIssueOut(Schema):
    """`seen` of `total` members; `refused` counts by code."""

    id: UUID
    definition: str
    state: str
    total: int
    seen: int
    issued: int
    repeated: int
    refused: dict[str, int]
    problem: str
    created_at: datetime
    ended_at: datetime | None


class CodesGiven(In):
    count: Annotated[int, Field(ge=1, le=100_000)]
    note: Line = ""
    reserved_for: Line = Field("", description="given, the codes are kept back until they are released")


class BatchOut(Schema):
    """`states` counts the batch's codes by state, in lists."""

    id: UUID
    definition: str
    origin: str
    count: int
    note: str
    reserved_for: str
    created_at: datetime
    states: dict[str, int]


class CodeGiven(In):
    code: CodeText


class CodeOut(Schema):
    """`state`: free, reserved, open (a word that many may use), bound (it is a coupon), void."""

    code: str
    definition: str
    name: TextOut
    state: str
    member_id: UUID | None
    coupon: CouponOut | None


class ClaimGiven(In):
    """Exactly one of them: a definition from the claim centre, or a code."""

    definition: Word | None = None
    code: CodeText | None = None


class VerifyGiven(In):
    """A `code`; or a `member` (id, code, identity, or the text of her pass) and which of her coupons."""

    code: CodeText | None = None
    member: Annotated[str, StringConstraints(min_length=1, max_length=300)] | None = None
    coupon_id: UUID | None = None
    store: Word | None = None
    amount: int | None = Field(None, ge=0, le=10**12, description="what it took off, minor units")
    order: Annotated[str, StringConstraints(max_length=100, pattern=r"^[^\x00]*$")] = ""


class CommentGiven(In):
    comment: Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00]*$")] = ""


class GiftGiven(In):
    message: Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")] = ""


class GiftOut(Schema):
    """`token` is what the taker brings."""

    token: str
    expires_at: datetime
    coupon: CouponOut


class TokenGiven(In):
    token: CodeText


class UsedOut(Schema):
    member_id: UUID
    coupon: CouponOut


class BudgetUseOut(Schema):
    store: str | None
    period: str
    taken: int
    left: int
    alerted: bool


class BudgetOut(Schema):
    """`amount` in minor units (kind `amount`) or uses (kind `count`), for each `period`."""

    key: str
    name: TextOut
    kind: str
    amount: int
    period: str
    per_store: bool
    alert_percent: int
    state: str
    use: list[BudgetUseOut]


def text_out(text: Text) -> dict[str, str]:
    return text.to_json()


def definition_out(made: Definition, tally: Tally, sentence: Text) -> dict[str, Any]:
    return {
        "key": made.key,
        "name": text_out(made.name),
        "state": made.state,
        "sentence": text_out(sentence),
        "issued": tally.issued,
        "used": tally.used,
        "left": tally.left,
        "left_today": tally.left_today,
        "definition": coupons.definition_json(made),
        "updated_at": made.updated_at,
    }


def coupon_out(held: Held, stores: Mapping[UUID | None, str], why: tuple[str, Text] | None) -> dict[str, Any]:
    coupon = held.coupon
    return {
        "id": coupon.id,
        "definition": coupon.definition,
        "name": text_out(held.definition.name),
        "state": coupon.state,
        "claimed_at": coupon.claimed_at,
        "starts_at": coupon.starts_at,
        "expires_at": coupon.expires_at,
        "source": coupon.source,
        "code": coupons.shown(coupon.code) if coupon.code else None,
        "used_at": coupon.used_at,
        "order": coupon.order,
        "store": stores.get(coupon.store_id) if coupon.store_id else None,
        "amount": coupon.amount,
        "locked_until": coupon.locked_until,
        "ended_at": coupon.ended_at,
        "why_not": why and {"code": why[0], "text": text_out(why[1])},
    }


def batch_out(batch: Batch) -> dict[str, Any]:
    shown = finding.plain(batch)
    shown.pop("actor")
    return shown


def job_out(job: IssueJob) -> dict[str, Any]:
    return {name: getattr(job, name) for name in BulkIssueOut.model_fields}


def code_out(row: CodeRow, made: Definition, coupon: dict[str, Any] | None) -> dict[str, Any]:
    return {
        "code": coupons.shown(row.code),
        "definition": row.definition,
        "name": text_out(made.name),
        "state": row.state,
        "member_id": row.holder_id,
        "coupon": coupon,
    }
