"""Programme versions and what the editor asks."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ninja import Field

from regulars.surfaces.console.shapes.shared import ChoiceOut, Shape


class EventOut(Shape):
    """Something that happened to a version."""

    what: str
    actor: str
    comment: str
    at: datetime


class VersionRowOut(Shape):
    """A version in the list. `current` decides what happens now; `scheduled` will, from `effective_from`."""

    number: int
    state: str
    note: str
    based_on: int | None
    created_by: str
    created_at: datetime
    updated_at: datetime
    submitted_by: str
    submitted_at: datetime | None
    reviewed_by: str
    reviewed_at: datetime | None
    review_comment: str
    published_by: str
    published_at: datetime | None
    effective_from: datetime | None
    rules: int
    current: bool
    scheduled: bool
    own: bool


class PackOut(Shape):
    key: str
    name: str
    summary: str


class RuleSentenceOut(Shape):
    key: str
    name: str
    zh: str
    en: str


class ChangeLineOut(Shape):
    """One difference between two versions, in words."""

    path: str
    part: str
    key: str
    kind: str
    sentence: str
    before_text: str
    after_text: str


class VersionOut(VersionRowOut):
    """A version whole; `revision` must come back with the next saving."""

    definition: dict[str, Any]
    revision: int
    sentences: list[RuleSentenceOut]
    events: list[EventOut]


class VersionsOut(Shape):
    items: list[VersionRowOut]
    packs: list[PackOut]


class DraftIn(Shape):
    """Starts a draft from the version `base` or a `pack`; without either, from what is live."""

    base: int | None = None
    pack: str | None = Field(None, max_length=64)
    note: str = Field("", max_length=500)


class DefinitionIn(Shape):
    """The whole definition; `revision` is the one it was read with."""

    definition: dict[str, Any]
    revision: int
    note: str | None = Field(None, max_length=500)


class ReviewIn(Shape):
    approve: bool
    comment: str = Field("", max_length=500)


class PublishIn(Shape):
    effective_from: datetime | None = None
    comment: str = Field("", max_length=500)


class CommentIn(Shape):
    comment: str = Field("", max_length=500)


class DiffOut(Shape):
    before: int
    after: int
    changes: list[ChangeLineOut]


class DescribeIn(Shape):
    """A rule (and the definition it would stand in) to be said in words."""

    definition: dict[str, Any]
    rule: str | None = None


class FieldErrorOut(Shape):
    field: str
    code: str
    message: str


class DescribeOut(Shape):
    """The rules in words; `errors` instead where the definition cannot be read."""

    sentences: list[RuleSentenceOut]
    errors: list[FieldErrorOut]


class TryLineIn(Shape):
    sku: str = Field("", max_length=64)
    name: str = Field("", max_length=200)
    category: str = Field("", max_length=200)
    department: str = Field("", max_length=200)
    brand: str = Field("", max_length=200)
    amount: int = Field(ge=0, le=10**12)
    quantity: str = Field("1", max_length=20)


class TryIn(Shape):
    """The draft tried on a real member: with one of her activities (its id), or with an order made up here."""

    definition: dict[str, Any]
    member: str = Field(max_length=64)
    activity: str | None = None
    type: str = Field("order", max_length=64)
    occurred_at: datetime | None = None
    store: str | None = Field(None, max_length=64)
    channel: str = Field("", max_length=64)
    lines: list[TryLineIn] = Field([], max_length=200)
    data: dict[str, Any] = {}


class TryEarnOut(Shape):
    rule: str
    rule_name: str
    unit: str
    unit_name: str
    amount: int
    pending: str
    expires_at: datetime | None


class TryRuleOut(Shape):
    rule: str
    name: str
    fired: bool
    reason_text: str
    effects: list[str]


class TryOut(Shape):
    """What the draft would do beside what the live version does, for the same member and activity."""

    member: str
    member_name: str
    earns: list[TryEarnOut]
    rules: list[TryRuleOut]
    tags: list[str]
    tier_steps: list[str]
    live_totals: dict[str, int]
    draft_totals: dict[str, int]


class ProgrammeSchemaOut(Shape):
    """What the builder offers: the condition language of this brand, and choices for effects, caps and tiers."""

    conditions: dict[str, Any]
    triggers: list[ChoiceOut]
    tags: list[ChoiceOut]
    stores: list[ChoiceOut]
    metrics: list[ChoiceOut]
