"""What referrals and commission tell: the audit log of staff, and events for all that acts after the commit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from regulars.kit.ids import new_ids
from regulars.platform.audit import api as audit
from regulars.platform.organisations.types import Brand, Scope
from regulars.platform.outbox import api as outbox
from regulars.platform.outbox.types import Event


def note_audit(
    scope: Scope,
    action: str,
    subject: UUID | str,
    before: dict[str, Any],
    after: dict[str, Any],
    now: datetime,
) -> None:
    audit.record_many(
        [
            audit.entry(
                organisation_id=scope.organisation_id,
                brand_id=scope.brand_id,
                actor=scope.actor,
                action=action,
                subject_type="commission",
                subject_id=subject,
                before=before,
                after=after,
                now=now,
            )
        ]
    )


def announce(brand: Brand, topic: str, told: Sequence[tuple[UUID, dict[str, Any]]], now: datetime) -> None:
    outbox.append(
        [
            Event(id_, brand.organisation_id, brand.id, topic, payload, now, now, member_id)
            for (member_id, payload), id_ in zip(told, new_ids(len(told)), strict=True)
        ]
    )


def announce_friends(brand: Brand, told: Sequence[tuple[str, UUID, UUID, str]], now: datetime) -> None:
    """Friends' new states: (state, friend, recruiter, reason)."""
    outbox.append(
        [
            Event(
                id_,
                brand.organisation_id,
                brand.id,
                f"referral.{state}",
                {"recruiter_id": str(recruiter), **({"reason": reason} if reason else {})},
                now,
                now,
                member_id,
            )
            for (state, member_id, recruiter, reason), id_ in zip(told, new_ids(len(told)), strict=True)
        ]
    )
