"""The stored forms of activities: what a decision did, in compact JSON, and the receipt made from it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from regulars.facts.activity.types import ActivityIn, Receipt, RuleOutcome


class StoredEarn(Struct, frozen=True, array_like=True):
    """One earn of an activity: enough to take it back line by line and to decide again from what was recorded."""

    rule: str
    unit: str
    amount: int
    lot: UUID
    shares: tuple[int, ...] = ()
    pending: str = ""  # "", "delivered", or the instant
    expires_at: datetime | None = None


class StoredOutcome(Struct, frozen=True):
    """What one rule did; `reason` is empty for a rule that fired."""

    rule: str
    reason: str = ""
    detail: dict[str, Any] = {}


class Stored(Struct, omit_defaults=True):
    """What an activity did, as its row keeps it."""

    version: int = 0
    earns: list[StoredEarn] = []
    told: list[str] = []  # outcomes in rule order: `rule`, or `rule reason` for one that did not fire
    details: dict[str, dict[str, Any]] = {}  # what the reasons' sentences need, by rule
    effects: list[dict[str, Any]] = []  # tags, tier steps, extensions: {"kind": …}
    parts: list[tuple[UUID, int]] = []  # lots that a burn or hold took from
    clawed: list[tuple[UUID, int, int]] = []  # by a refund: lot, taken from balances, made debt
    earned: dict[str, int] = {}
    balances: dict[str, dict[str, int]] = {}
    tier: dict[str, str] = {}
    notes: list[dict[str, Any]] = []
    known: dict[str, Any] = {}  # facts, scores and segments by field, as they were when it was decided

    @property
    def outcomes(self) -> list[StoredOutcome]:
        """What each rule did, in rule order."""
        parts = [text.partition(" ") for text in self.told]
        return [StoredOutcome(rule, reason, self.details.get(rule, {})) for rule, _, reason in parts]


class ActivityRow(Struct, frozen=True):
    """One stored activity, its newest effects included."""

    id: UUID
    member_id: UUID
    brand_id: UUID
    type: str
    status: str
    occurred_at: datetime
    recorded_at: datetime
    source: str
    channel: str
    store_id: UUID | None
    subject: str
    amount: int
    version: int
    actor: str
    body: bytes
    receipt: bytes

    def stored(self) -> Stored:
        return decode_stored(self.receipt)


_encode = msgspec.json.Encoder()
_stored = msgspec.json.Decoder(Stored)


def encode_body(activity: ActivityIn) -> bytes:
    """The JSON that the row keeps of what came in."""
    body: dict[str, Any] = {}
    for name in ("order", "refund", "burn", "delivery", "data", "device"):
        value = getattr(activity, name)
        if value is not None:
            body[name] = value
    return _encode.encode(body)


def decode_body(row: ActivityRow) -> ActivityIn:
    body = msgspec.json.decode(row.body)
    return msgspec.convert(
        {
            "type": row.type,
            "member": {"id": row.member_id},
            "occurred_at": row.occurred_at,
            "source": row.source,
            "channel": row.channel or None,
            **body,
        },
        ActivityIn,
        strict=False,
    )


def encode_stored(stored: Stored) -> bytes:
    return _encode.encode(stored)


def decode_stored(raw: bytes) -> Stored:
    return _stored.decode(raw)


def receipt(
    *, activity_id: UUID, member_id: UUID, status: Any, stored: Stored, duplicate: bool = False
) -> Receipt:
    """The public receipt of a stored activity."""
    by_rule: dict[str, list[dict[str, Any]]] = {}
    for earn in stored.earns:
        effect: dict[str, Any] = {"kind": "points", "unit": earn.unit, "amount": earn.amount}
        if earn.pending:
            effect["pending_until"] = earn.pending
        if earn.expires_at:
            effect["expires_at"] = earn.expires_at
        by_rule.setdefault(earn.rule, []).append(effect)
    for other in stored.effects:
        by_rule.setdefault(other.get("rule", ""), []).append({k: v for k, v in other.items() if k != "rule"})
    return Receipt(
        activity_id=activity_id,
        member_id=member_id,
        status=status,
        version=stored.version,
        earned=stored.earned,
        outcomes=tuple(
            RuleOutcome(o.rule, tuple(by_rule.get(o.rule, ())), o.reason, o.detail) for o in stored.outcomes
        ),
        balances=stored.balances,
        tier=stored.tier,
        notes=tuple(stored.notes),
        duplicate=duplicate,
    )
