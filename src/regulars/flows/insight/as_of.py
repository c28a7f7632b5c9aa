"""What a member had and was at any past instant, by what is known now or by what was known then."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from regulars.kit.errors import Refusal, invalid_field
from regulars.platform.organisations.types import Scope
from regulars.programme.rules.types import Programme
from regulars.programme.versions import api as versions
from regulars.value.ledger import api as ledger
from regulars.value.ledger.types import Account
from regulars.value.tiers import api as tiers


@dataclass(frozen=True, slots=True)
class TierThen:
    """The tier of a scheme then; None before she entered."""

    scheme: str
    tier: str | None
    since: datetime | None


@dataclass(frozen=True, slots=True)
class MemberThen:
    """A member at `at`. `known_at`: of what was recorded later nothing is in it; None: all that is known now."""

    at: datetime
    known_at: datetime | None
    balances: dict[str, Account]
    tiers: tuple[TierThen, ...]


def member_as_of(
    *, scope: Scope, member_id: UUID, at: datetime, known_at: datetime | None, now: datetime
) -> MemberThen:
    """Raises `invalid_input` for an instant that is still to come."""
    for name, instant in (("at", at), ("known_at", known_at)):
        if instant is not None and instant > now:
            raise invalid_field(name, "in_future", "不能晚于现在", "must not be later than now")
    programme = live_programme(scope, now)
    return MemberThen(
        at,
        known_at,
        ledger.get_balances_as_of(brand_id=scope.brand_id, member_id=member_id, at=at, known_at=known_at),
        tuple(
            TierThen(scheme.key, row.tier if row else None, row.occurred_at if row else None)
            for scheme in (programme.schemes if programme else ())
            for row in [
                tiers.tier_as_of(
                    scope=scope, member_id=member_id, scheme=scheme.key, at=at, known_at=known_at
                )
            ]
        ),
    )


def live_programme(scope: Scope, now: datetime) -> Programme | None:
    """The programme in force, None for a brand that has published nothing."""
    try:
        return versions.in_force(brand_id=scope.brand_id, now=now).live
    except Refusal as refusal:
        if refusal.code != "no_programme":
            raise
        return None
