"""What decisions ask of the members of a batch: a few queries, however many they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from regulars.audience.holdouts import api as holdouts
from regulars.facts.consents import api as consents
from regulars.facts.members import api as members
from regulars.facts.members.types import Address, MemberBrief
from regulars.messaging.policy.deciding import (
    CONSENT_OF,
    Counts,
    Known,
    Waiting,
    earliest_counted,
)
from regulars.messaging.store import limits
from regulars.messaging.types import ADDRESS_OF, Policy
from regulars.platform.organisations.types import Brand


@dataclass(frozen=True, slots=True)
class World:
    """A brand's limits and its members as a batch finds them."""

    brand: Brand
    policy: Policy
    reached: Mapping[UUID, MemberBrief]
    addresses: Mapping[tuple[UUID, str], Address]
    known: Mapping[UUID, Known]
    counts: dict[UUID, Counts]

    def address(self, member_id: UUID, channel: str) -> Address | None:
        """Where a channel reaches her; None for those that need only her id."""
        return self.addresses.get((member_id, ADDRESS_OF[channel])) if channel in ADDRESS_OF else None


def look(cursor: Any, *, brand: Brand, waiting: Sequence[Waiting], today: date, now: datetime) -> World:
    ids = {one.member_id for one in waiting}
    channels = {channel for one in waiting for channel in one.channels}
    selling = {one.member_id for one in waiting if one.purpose == "marketing"}
    asked = {channel for one in waiting if one.purpose == "marketing" for channel in one.channels}
    policy = limits.policy_of(brand.id)
    reached = members.reach(brand_id=brand.id, member_ids=ids)
    types = sorted({ADDRESS_OF[channel] for channel in channels if channel in ADDRESS_OF})
    addresses = members.addresses_of(member_ids=reached, types=types) if types else {}
    granted = {
        consent: consents.granted(brand_id=brand.id, channel=consent, member_ids=selling)
        for consent in {CONSENT_OF[channel] for channel in asked if channel in CONSENT_OF}
    }
    closed = limits.suppressed(
        cursor, brand_id=brand.id, hashes={address.key_hash for address in addresses.values()}
    )
    held = holdouts.held_out(brand_id=brand.id, member_ids=selling) if selling else set()
    counts = (
        limits.counts(cursor, brand_id=brand.id, member_ids=selling, since=earliest_counted(today))
        if selling and policy.caps
        else {}
    )
    free = frozenset(channel for channel in channels if channel not in ADDRESS_OF)
    known: dict[UUID, Known] = {}
    for member_id in reached:
        hers = {
            channel: addresses[member_id, ADDRESS_OF[channel]]
            for channel in channels
            if channel in ADDRESS_OF and (member_id, ADDRESS_OF[channel]) in addresses
        }
        known[member_id] = Known(
            is_active=True,
            addresses=free | hers.keys(),
            consents=frozenset(consent for consent, who in granted.items() if member_id in who),
            suppressed=frozenset(
                channel for channel, address in hers.items() if (address.key_hash, channel) in closed
            ),
            held_out=member_id in held,
        )
    return World(brand, policy, reached, addresses, known, counts)
