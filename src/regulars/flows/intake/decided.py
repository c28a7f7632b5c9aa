"""Between what a decision says and what an activity's row keeps of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from regulars.facts.activity.records import Stored
from regulars.facts.activity.types import OrderIn
from regulars.flows.outside import KINDS, as_decided
from regulars.kit.periods import zone
from regulars.programme.rules.api import expires_at
from regulars.programme.rules.types import (
    Decision,
    Earn,
    ExtendExpiryEffect,
    Outcome,
    Programme,
    TagEffect,
    TierStepEffect,
)
from regulars.value.ledger.types import EntryDraft

_PLAIN = (str, int, bool, type(None))
_MINE = frozenset({"available", "pending", "held", "debt"})


def net_change(entries: Sequence[EntryDraft]) -> dict[str, int]:
    """By unit, what entries brought a member from outside (available + pending − debt); holds move nothing."""
    change: dict[str, int] = {}
    for entry in entries:
        if entry.contra not in _MINE and entry.account != "held":
            change[entry.unit] = change.get(entry.unit, 0) + entry.amount
    return {unit: amount for unit, amount in change.items() if amount}


_told_of: dict[int, tuple[Outcome, str]] = {}


def told(outcome: Outcome) -> str:
    """The stored word of an outcome. A day's plan uses the same few objects for every order, so they are kept."""
    known = _told_of.get(id(outcome))
    if known is not None and known[0] is outcome:
        return known[1]
    text = outcome.rule if outcome.fired else f"{outcome.rule} {outcome.reason}"
    if len(_told_of) > 20_000:
        _told_of.clear()
    _told_of[id(outcome)] = (outcome, text)
    return text


def pending_word(earn: Earn) -> str:
    if earn.pending_until is None:
        return ""
    return earn.pending_until if isinstance(earn.pending_until, str) else earn.pending_until.isoformat()


def step_word(step: TierStepEffect) -> dict[str, Any]:
    return {"tier": step.tier} if step.tier else {"steps": step.steps}


def plain(detail: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v if isinstance(v, _PLAIN) else str(v) for k, v in detail.items()} if detail else {}


def cashback(programme: Programme, order: OrderIn, at: datetime) -> tuple[Earn, ...]:
    """What offers of the checkout give for an order: earned like any other value, and taken back with its lines."""
    day = at.astimezone(zone(programme.timezone)).date()
    return tuple(
        Earn(
            rule=given.ref,
            unit=given.unit,
            amount=sum(given.shares),
            shares=given.shares,
            pending_until=None,
            expires_at=expires_at(programme.units[given.unit].expiry, day, programme.timezone),
        )
        for given in order.cashback
        if given.unit in programme.units
    )


def as_recorded(stored: Stored) -> Decision:
    """The decision as it was taken then, for activities that a replay does not decide anew."""
    earns = tuple(
        Earn(
            e.rule,
            e.unit,
            e.amount,
            e.shares,
            None
            if not e.pending
            else e.pending  # type: ignore[arg-type]
            if e.pending in ("delivered", "review")
            else datetime.fromisoformat(e.pending),
            e.expires_at,
        )
        for e in stored.earns
    )
    tags, steps, extensions = [], [], []
    for effect in stored.effects:
        if effect["kind"] == "tag":
            tags.append(TagEffect(effect["tag"], effect["remove"]))
        elif effect["kind"] in KINDS:
            continue
        elif effect["kind"] == "tier_step":
            steps.append(TierStepEffect(effect["scheme"], effect.get("steps", 0), effect.get("tier")))
        else:
            extensions.append(ExtendExpiryEffect(effect["unit"], effect["months"]))
    return Decision(
        stored.version,
        earns,
        tuple(tags),
        tuple(steps),
        tuple(extensions),
        tuple(Outcome(o.rule, not o.reason, o.reason, o.detail) for o in stored.outcomes),
        *as_decided(stored.effects),
    )
