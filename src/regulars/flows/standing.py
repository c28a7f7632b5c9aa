"""A member as she stands now: what conditions outside any activity, limits and priorities ask about her."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from regulars.facts.members import api as members
from regulars.facts.members import states
from regulars.facts.members.states import MembershipRow
from regulars.flows import known
from regulars.flows.intake.progress import load_state
from regulars.kit.errors import Refusal, not_found
from regulars.kit.text import Text
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Scope
from regulars.programme.rules import api as rules
from regulars.programme.rules.types import MemberState, Programme
from regulars.programme.versions import api as versions

_MEMBER = Text("会员", "Member")


@dataclass(frozen=True, slots=True)
class Standing:
    """Her membership, her state as decisions read it, and the programme in force. `programme` is None for none."""

    row: MembershipRow
    state: MemberState
    programme: Programme | None
    now: datetime

    @property
    def is_active(self) -> bool:
        return self.row.status == "active"

    @property
    def tiers(self) -> dict[str, str]:
        """Scheme → tier; the lowest of a scheme where she has done nothing yet."""
        found: dict[str, str] = {}
        for scheme in self.programme.schemes if self.programme else ():
            standing = self.state.tiers.get(scheme.key)
            if standing is not None:
                found[scheme.key] = standing.tier
            elif scheme.tiers:
                found[scheme.key] = scheme.tiers[0].code
        return found

    @property
    def tier(self) -> str:
        """Her tier in the first scheme, the one that cards show; empty without tiers."""
        return next(iter(self.tiers.values()), "")

    @property
    def rank(self) -> int:
        """The place of her tier in its scheme, from 0 for the lowest."""
        for scheme in self.programme.schemes if self.programme else ():
            return next((n for n, tier in enumerate(scheme.tiers) if tier.code == self.tier), 0)
        return 0

    def lacks(self, condition: Mapping[str, Any] | None) -> tuple[Text, ...]:
        """Why a condition (its JSON) does not hold for her; empty where it does."""
        if not condition or self.programme is None:
            return ()
        fields = known.named_in(condition)
        if fields:
            brand = organisations.get_brand(brand_id=self.programme.brand_id)
            self.state.facts.update(
                known.of_member(brand=brand, member_id=self.row.member_id, fields=fields, now=self.now)
            )
        return rules.compile_standing(self.programme, condition)(self.state, self.now)


def of_member(*, scope: Scope, member_id: UUID, now: datetime, lock: bool = False) -> Standing:
    """Her standing in the scope's brand. With `lock` her membership is locked until the transaction ends: that is the
    lock of everything that is hers, taken before any other. Raises `not_found`.
    """
    with connection.cursor() as cursor:
        if lock:
            row = states.lock(cursor, brand_id=scope.brand_id, member_ids=[member_id]).get(member_id)
        else:
            row = states.read(cursor, brand_id=scope.brand_id, member_id=member_id)
    if row is None:
        raise not_found(_MEMBER)
    programme = live_of(scope, now)
    personal = members.personal_facts(member_ids=[member_id]).get(member_id)
    codes = {s.id: code for code, s in organisations.stores_of(brand_id=scope.brand_id).items()}
    return Standing(row, load_state(row, personal, codes), programme, now)


def live_of(scope: Scope, now: datetime) -> Programme | None:
    """What decides now; None for a brand that has published nothing yet."""
    try:
        return versions.in_force(brand_id=scope.brand_id, now=now).live
    except Refusal as refusal:
        if refusal.code == "no_programme":
            return None
        raise
