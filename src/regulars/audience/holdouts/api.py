"""Door of holdouts: who is left out of marketing, and the one act that changes it."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from regulars.audience.holdouts import policy
from regulars.audience.holdouts.models import ProgrammeHoldout
from regulars.audience.holdouts.policy import arm_of, bucket_of, held
from regulars.audience.holdouts.types import Holdout
from regulars.kit.errors import ErrorList
from regulars.platform.audit import api as audit
from regulars.platform.organisations.types import Scope

__all__ = ["arm_of", "bucket_of", "get_holdout", "held", "held_out", "set_holdout"]


def get_holdout(*, brand_id: UUID) -> Holdout:
    """What holds for a brand; nobody is held out until somebody says so."""
    row = ProgrammeHoldout.objects.filter(brand_id=brand_id).first()
    return Holdout(0, "", None) if row is None else _holdout(row)


def held_out(*, brand_id: UUID, member_ids: Iterable[UUID]) -> set[UUID]:
    """Those of these members whom the brand's programme holds out: one small query, whatever their number."""
    holdout = get_holdout(brand_id=brand_id)
    return policy.held(holdout.salt, member_ids, holdout.percent)


def set_holdout(*, scope: Scope, percent: int, reason: str, redraw: bool, now: datetime) -> Holdout:
    """Change the holdout, with a reason that is kept. Needs `messages.settings`.

    The same salt keeps those who are held out already (a larger percentage adds some, a smaller lets some go);
    `redraw` draws everybody anew, after which figures of before and after cannot be compared. Raises `invalid_input`.
    """
    scope.require("messages.settings")
    errors = ErrorList()
    policy.check(percent, reason, errors)
    errors.refuse()
    with transaction.atomic():
        row = ProgrammeHoldout.objects.select_for_update().filter(brand_id=scope.brand_id).first()
        before = _holdout(row) if row else None
        salt = before.salt if before and not redraw else secrets.token_hex(8)
        if before and (before.percent, before.salt) == (percent, salt):
            return before
        ProgrammeHoldout.objects.update_or_create(
            brand_id=scope.brand_id,
            defaults={
                "percent": percent,
                "salt": salt,
                "since": now,
                "reason": reason.strip(),
                "actor": scope.actor.label,
            },
        )
        audit.record(
            organisation_id=scope.organisation_id,
            brand_id=scope.brand_id,
            actor=scope.actor,
            action="holdout.changed",
            subject_type="holdout",
            subject_id=scope.brand_id,
            before={"percent": before.percent} if before else None,
            after={"percent": percent, "redrawn": redraw or before is None, "reason": reason.strip()},
            now=now,
        )
    return get_holdout(brand_id=scope.brand_id)


def _holdout(row: ProgrammeHoldout) -> Holdout:
    return Holdout(row.percent, row.salt, row.since, row.reason, row.actor)
