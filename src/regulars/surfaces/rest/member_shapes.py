"""Shapes of members: enrolment, card, list, changes."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from ninja import Field, Schema
from pydantic import StringConstraints

from regulars.surfaces.rest.shapes import In, Instant, Line, MemberRefIn, Problem, Word

_NOTE = Annotated[str, StringConstraints(min_length=1, max_length=2000, pattern=r"^[^\x00]*$")]


class IdentityGiven(In):
    type: Word = Field(examples=["phone"])
    value: Annotated[str, StringConstraints(min_length=1, max_length=256)] = Field(
        examples=["+8613800138000"]
    )
    verified: bool = False


class EnrolIn(In):
    """A person to enrol, with at least one identity. `store` is a store's code."""

    identities: list[IdentityGiven] = Field(min_length=1, max_length=20)
    name: Line = ""
    gender: Literal["", "female", "male", "other"] = ""
    birthday: date | None = None
    address: Annotated[str, StringConstraints(max_length=300)] = ""
    language: Literal["zh", "en"] = "zh"
    channel: Line = ""
    touchpoint: Line = ""
    store: Word | None = None
    recruiter: Line = ""
    tags: list[Word] = Field(default=[], max_length=100)
    attributes: dict[str, Any] = {}
    joined_at: Instant | None = None
    code: Word | None = None


class EnrolledOut(Schema):
    """`outcome`: `created`, or `joined` for somebody whom the organisation knew from another brand."""

    member_id: UUID
    code: str
    outcome: Literal["created", "joined"]
    joined_at: datetime
    tier: str
    duplicate: bool = False


class EnrolBatchIn(In):
    members: list[EnrolIn] = Field(min_length=1, max_length=1000)


class EnrolItemOut(Schema):
    """Of each row either the enrolment or the problem."""

    enrolled: EnrolledOut | None = None
    problem: Problem | None = None


class CountersOut(Schema):
    """`spend` in minor units, net of refunds."""

    orders: int
    spend: int
    refunds: int
    visits: int
    first_order_at: datetime | None
    last_order_at: datetime | None
    last_at: datetime | None


class IdentityOut(Schema):
    """`value` only for keys with members.read_personal."""

    id: UUID
    type: str
    masked: str
    value: str | None
    verified_at: datetime | None
    created_at: datetime


class ProfileOut(Schema):
    """Masked unless `clear`."""

    name: str
    gender: str
    birthday: str
    address: str
    clear: bool
    updated_at: datetime | None


class MemberOut(Schema):
    member_id: UUID
    code: str
    status: str
    language: str
    joined_at: datetime
    channel: str
    touchpoint: str
    store: str | None
    recruiter: str
    tags: list[str]
    attributes: dict[str, Any]
    tier: str
    counters: CountersOut
    profile: ProfileOut
    identities: list[IdentityOut]
    completion_percent: int
    brands: list[UUID]


class MemberRowOut(Schema):
    member_id: UUID
    code: str
    name: str
    phone: str
    status: str
    tier: str
    tags: list[str]
    channel: str
    store: str | None
    joined_at: datetime
    counters: CountersOut


class MemberChange(In):
    """What is given is changed; `attributes` is merged, null clears a field."""

    name: Line | None = None
    gender: Literal["", "female", "male", "other"] | None = None
    birthday: date | None = None
    address: Annotated[str, StringConstraints(max_length=300)] | None = None
    language: Literal["zh", "en"] | None = None
    status: Literal["active", "frozen", "left"] | None = None
    attributes: dict[str, Any] | None = None


class ResolveIn(In):
    refs: list[MemberRefIn] = Field(min_length=1, max_length=1000)


class PassIn(In):
    """What a till read from the QR code on a member's phone."""

    text: str = Field(min_length=1, max_length=200)


class ResolvedOut(Schema):
    member_id: UUID | None = None
    problem: Problem | None = None


class TaggingIn(In):
    """`members` are member ids."""

    members: list[UUID] = Field(min_length=1, max_length=10_000)
    add: list[Word] = Field(default=[], max_length=100)
    remove: list[Word] = Field(default=[], max_length=100)


class TaggedOut(Schema):
    changed: int


class NoteIn(In):
    text: _NOTE


class NoteOut(Schema):
    id: UUID
    author: str
    text: str
    created_at: datetime


class FilterIn(Schema):
    """All given parts must hold."""

    q: Line = Field(
        "", description="phone number or its last four digits, code, card, e-mail, part of a name"
    )
    tier: Word | None = None
    tag: Word | None = None
    segment: Word | None = None
    store: Word | None = None
    channel: Line | None = None
    status: Literal["active", "frozen", "left"] | None = None
    joined_from: Instant | None = None
    joined_before: Instant | None = None
    last_order_from: Instant | None = None
    last_order_before: Instant | None = None
