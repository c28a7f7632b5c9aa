"""Bodies and answers of the coupon pages. Texts are in the language of the request."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from ninja import Schema
from pydantic import Field

from regulars.surfaces.portal.shapes import Given

Key = Annotated[str, Field(min_length=8, max_length=100)]
CodeText = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00]*$")]
Tab = Literal["usable", "used", "over"]


class GiftOut(Schema):
    """A gift on its way: the `token` is what the taker brings."""

    token: str
    expires_at: datetime
    message: str


class MyCouponOut(Schema):
    """One of her coupons. `why_not` says why it cannot be used now; empty when it can.

    It is good up to and including `last_day`.
    """

    id: UUID
    name: str
    sentence: str
    description: str
    state: str
    state_name: str
    why_not: str
    starts_at: datetime
    expires_at: datetime | None
    last_day: date | None
    used_at: datetime | None
    store: str
    code: str
    transferable: bool
    gift: GiftOut | None


class MyCouponsOut(Schema):
    """A page of one tab, and how many each tab has."""

    counts: dict[str, int]
    items: list[MyCouponOut]
    next_cursor: str | None


class ClaimableOut(Schema):
    """A coupon of the claim centre. `percent_left` is null without a limit; `mine` is how many she has had."""

    key: str
    name: str
    sentence: str
    description: str
    percent_left: int | None
    mine: int
    can_claim: bool
    why_not: str
    why_not_code: str


class ClaimGiven(Given):
    """From the claim centre (`definition`), or by a `code`."""

    definition: Annotated[str, Field(max_length=64)] = ""
    code: Annotated[str, Field(max_length=100, pattern=r"^[^\x00]*$")] = ""
    key: Key


class GiftGiven(Given):
    message: Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")] = ""
    key: Key


class GiftSeenOut(Schema):
    """What a gift is, before it is taken. `state`: offered, or that it is gone."""

    name: str
    sentence: str
    message: str
    state: str
    is_mine: bool
    expires_at: datetime


class ShownOut(Schema):
    """What the store scans or types. `qr` is the text of the QR code."""

    code: str
    qr: str
    coupon: MyCouponOut
