"""The review queue: somebody else looks at what was held and lets it go, or confirms that it was wrong."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from regulars.facts.activity import api as activities
from regulars.flows import effects, value
from regulars.flows.outside import Outside
from regulars.kit.errors import Refusal
from regulars.kit.text import Text
from regulars.platform.organisations.types import Scope
from regulars.platform.privacy import api as privacy
from regulars.value.reviews import api as reviews
from regulars.value.reviews.types import Case

HELD = "review"  # what an earn waits for


def decide_case(*, scope: Scope, case_id: UUID, release: bool, comment: str, now: datetime) -> Case:
    """Release what was held (it becomes spendable, gifts are given, counting begins anew) or confirm (it is cancelled).

    Raises `own_case` (403) for whoever brought it about, `case_decided` (409), `not_found`.
    """
    with transaction.atomic():
        case = reviews.lock(scope=scope, case_id=case_id)
        if case.actor == scope.actor.label:
            raise Refusal(
                "own_case",
                Text(
                    "不能复核自己的操作，请由他人处理", "Somebody other than the one who did it must decide"
                ),
                status=403,
            )
        if case.activity_id is not None:
            _settle(scope, case, case.activity_id, release, comment, now)
        return reviews.decide(
            scope=scope, case=case, state="released" if release else "confirmed", comment=comment, now=now
        )


def link_staff(*, scope: Scope, staff_id: UUID, phone: str | None, now: datetime) -> None:
    """Say which phone is a member of staff's own; only its hash is kept. Raises `invalid_input`."""
    phone_hash = None
    if phone:
        phone_hash = privacy.blind_index_of(kind="phone", value=phone, organisation_id=scope.organisation_id)
    reviews.link_staff(scope=scope, staff_id=staff_id, phone_hash=phone_hash, now=now)


def _settle(scope: Scope, case: Case, activity_id: UUID, release: bool, comment: str, now: datetime) -> None:
    row = activities.get_activity(brand_id=scope.brand_id, member_id=case.member_id, activity_id=activity_id)
    for lot_id in dict.fromkeys(earn.lot for earn in row.stored().earns if earn.pending == HELD):
        try:
            value.end_pending(
                scope=scope,
                member_id=case.member_id,
                lot_id=lot_id,
                cancel=not release,
                comment=comment,
                key=f"review:{case.id}:{lot_id}",
                now=now,
            )
        except Refusal as refusal:  # a refund has taken it back since
            if refusal.code not in ("lot_not_pending", "not_found"):
                raise
    withheld = tuple(case.detail.get("effects", ()))
    if release and withheld:
        given = Outside("give", activity_id, activity_id, case.member_id, case.store_id, withheld)
        effects.carry_out(brand_id=scope.brand_id, outside=[given], now=now)
