"""A member's wish not to be profiled, carried through every room that knows something of her, in one transaction."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from regulars.audience.member_facts import api as member_facts
from regulars.audience.segments import api as segments
from regulars.engage.care import api as care
from regulars.facts.members import api as members
from regulars.insight.language import api as language
from regulars.insight.lifecycle import api as lifecycle
from regulars.insight.recommend import api as recommend
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Scope


def switch(*, scope: Scope, member_id: UUID, on: bool, now: datetime) -> bool:
    """Switch profiling of a member on or off; says whether that changed anything. Audited. Raises `not_found`.

    Off: her scores, stages, recommendations and what was read in her words are forgotten and she leaves every
    segment that stands on scores, at once, and reminders of what runs out go by what is usual, not by her rhythm. Her
    facts stay: they are counts of what she did, which her points and tiers stand on as well. On: the next night scores
    her again.
    """
    with transaction.atomic():
        if not on:
            segments.wait_for_profiled(brand_id=scope.brand_id)  # before she is locked
        if not members.set_profiling(scope=scope, member_id=member_id, on=on, now=now):
            return False
        if not on:
            member_facts.wipe_scores(brand_id=scope.brand_id, member_ids=[member_id])
            segments.leave_profiled(brand_id=scope.brand_id, member_id=member_id, now=now)
            recommend.wipe(brand_id=scope.brand_id, member_ids=[member_id])
            language.wipe(brand_id=scope.brand_id, member_ids=[member_id])
            lifecycle.forget(brand_id=scope.brand_id, member_ids=[member_id])
        brand = organisations.get_brand(brand_id=scope.brand_id)
        care.look_again(brand=brand, member_ids=[member_id], now=now)
        return True
