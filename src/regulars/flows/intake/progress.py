"""The decision state of a member between the database row and the fold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import msgspec

from regulars.facts.members.states import MembershipRow, PersonalFacts
from regulars.programme.rules.types import MemberState
from regulars.value.tiers.api import standing_from_json, standing_to_json

_encode = msgspec.json.Encoder()


def load_state(
    row: MembershipRow, personal: PersonalFacts | None, store_codes: Mapping[UUID, str]
) -> MemberState:
    """The state that decisions read, from a locked membership."""
    state = fresh_state(row, personal, store_codes)
    state.orders = row.orders
    state.spend = row.spend
    state.refunds = row.refunds
    state.visits = row.visits
    state.first_order_at = row.first_order_at
    state.last_order_at = row.last_order_at
    state.last_at = row.last_at
    if row.progress != "{}":
        _load_progress(state, msgspec.json.decode(row.progress))
    return state


def fresh_state(
    row: MembershipRow, personal: PersonalFacts | None, store_codes: Mapping[UUID, str]
) -> MemberState:
    """The state of the member before anything she did: where a replay begins."""
    facts: dict[str, Any] = {
        "member.language": row.language,
        "membership.channel": row.channel or None,
        "membership.store": store_codes.get(row.store_id) if row.store_id else None,
    }
    for key, value in row.attributes.items():
        facts[f"membership.attributes.{key}"] = value
    if personal is not None:
        facts["member.birthday"] = personal.birthday
        facts["member.gender"] = personal.gender
    return MemberState(member_id=row.member_id, joined_at=row.joined_at, facts=facts, tags=set(row.tags))


def _load_progress(state: MemberState, progress: dict[str, Any]) -> None:
    state.caps = progress.get("caps", {})
    visit = progress.get("visit")
    state.last_visit_on = date.fromisoformat(visit) if visit else None
    state.streaks = {
        type_: (date.fromisoformat(day), length)
        for type_, (day, length) in progress.get("streaks", {}).items()
    }
    state.recent = {
        type_: [(datetime.fromtimestamp(at / 1_000_000, UTC), amount) for at, amount in items]
        for type_, items in progress.get("recent", {}).items()
    }
    state.tiers = {key: standing_from_json(value) for key, value in progress.get("tiers", {}).items()}


def save_state(row: MembershipRow, state: MemberState) -> None:
    """Put the state back into the row, to be written."""
    row.orders = state.orders
    row.spend = state.spend
    row.refunds = state.refunds
    row.visits = state.visits
    row.first_order_at = state.first_order_at
    row.last_order_at = state.last_order_at
    row.last_at = state.last_at
    progress: dict[str, Any] = {}
    if state.caps:
        progress["caps"] = state.caps
    if state.last_visit_on:
        progress["visit"] = state.last_visit_on
    if state.streaks:
        progress["streaks"] = state.streaks
    if state.recent:
        progress["recent"] = {
            type_: [(_micros(at), amount) for at, amount in items] for type_, items in state.recent.items()
        }
    if state.tiers:
        progress["tiers"] = {key: standing_to_json(standing) for key, standing in state.tiers.items()}
    row.progress = _encode.encode(progress).decode()


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _micros(at: datetime) -> int:
    delta = at - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def latest(state: MemberState) -> datetime | None:
    """The instant up to which the state has been reckoned: an act before it is late."""
    instants: Iterable[datetime | None] = (
        state.last_at,
        *(s.since for s in state.tiers.values() if s.since > state.joined_at),
    )
    return max((at for at in instants if at is not None), default=None)
