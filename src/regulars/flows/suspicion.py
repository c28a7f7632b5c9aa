"""What looks unusual while it is posted: too much of it in a while, or staff serving themselves.

What earns is taken with its value pending until somebody has looked; what spends is refused. A brand without such rules
pays a look into memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from regulars.facts.members import api as members
from regulars.kit.errors import Refusal
from regulars.kit.ids import derive, new_id
from regulars.platform.organisations.types import Scope
from regulars.value.reviews import api as reviews
from regulars.value.reviews.types import SELF_DEALING, Case, Of, Seen

# What staff may not do for themselves beside what customers do, and what of all of it spends.
_BY_HAND = frozenset({"adjust", "hold", "tier_place", "credit"})
SPENDING = frozenset({"burn", "hold", "adjust", "tier_place", "credit"})
# What follows from something that was judged already.
_FOLLOWS = frozenset(
    {
        "refund", "order_delivered", "burn_return", "capture", "release", "tier_unlock", "lot_activate",
        "lot_cancel", "lot_expiry", "reward", "reward_back",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Act:
    """An activity as this flow sees it."""

    id: UUID
    member_id: UUID
    type: str
    at: datetime
    device: str
    store_id: UUID | None


@dataclass(frozen=True, slots=True)
class Suspicion:
    rule: str
    subject: str


class HeldForReview(Refusal):
    """What would spend is refused. `case` was opened in the transaction of the act: who takes that back because of
    this opens it again.
    """

    def __init__(self, rule: str, case: Case) -> None:
        plain = reviews.held_for_review(rule)
        super().__init__(plain.code, plain.message, status=plain.status, errors=plain.errors, data=plain.data)
        self.case = case


def is_watched(*, brand_id: UUID) -> bool:
    """Whether the brand has any rules against abuse."""
    watch = reviews.watch_of(brand_id=brand_id)
    return bool(watch.velocity) or watch.self_dealing


def look(*, scope: Scope, acts: Sequence[Act], now: datetime) -> dict[UUID, Suspicion]:
    """Which of these activities are suspicious, by id. Counts them, in the caller's transaction, members locked."""
    watch = reviews.watch_of(brand_id=scope.brand_id)
    if not watch.velocity and not watch.self_dealing:
        return {}
    found: dict[UUID, Suspicion] = {}
    if watch.self_dealing:
        own = _own(scope, {act.member_id for act in acts if act.type not in _FOLLOWS})
        for act in acts:
            if act.member_id in own and act.type not in _FOLLOWS:
                found[act.id] = Suspicion(SELF_DEALING, "")
    seen = [
        Seen(act.id, _kind(act.type), act.member_id, act.at, act.device, act.store_id)
        for act in acts
        if act.type not in _FOLLOWS and act.type not in _BY_HAND and act.id not in found
    ]
    for id_, (rule, subject) in reviews.judge(
        brand_id=scope.brand_id, watch=watch, seen=seen, now=now
    ).items():
        found[id_] = Suspicion(rule.key, subject)
    return found


def check_use(
    *, scope: Scope, member_id: UUID, benefit: str, store_id: UUID | None, device: str, now: datetime
) -> None:
    """The same for the use of a benefit, in a transaction of its own. Raises `held_for_review` (409)."""
    watch = reviews.watch_of(brand_id=scope.brand_id)
    if not watch.velocity and not watch.self_dealing:
        return
    suspicion = None
    if watch.self_dealing and _own(scope, {member_id}):
        suspicion = Suspicion(SELF_DEALING, "")
    else:
        seen = Seen(new_id(), "verifications", member_id, now, device, store_id)
        judged = reviews.judge(brand_id=scope.brand_id, watch=watch, seen=[seen], now=now).get(seen.id)
        if judged is not None:
            suspicion = Suspicion(judged[0].key, judged[1])
    if suspicion is not None:
        kind: Literal["staff", "verification"] = "staff" if suspicion.rule == SELF_DEALING else "verification"
        case = case_of(scope, suspicion, member_id, kind, None, store_id, {"benefit": benefit}, now)
        reviews.open_cases(brand_id=scope.brand_id, cases=[case])
        raise reviews.held_for_review(suspicion.rule)


def case_of(
    scope: Scope,
    suspicion: Suspicion,
    member_id: UUID,
    kind: Literal["earn", "burn", "verification", "staff"],
    activity_id: UUID | None,
    store_id: UUID | None,
    detail: dict[str, Any],
    now: datetime,
) -> Case:
    return Case(
        id=derive(activity_id, "review") if activity_id else new_id(),
        member_id=member_id,
        kind=kind,
        rule=suspicion.rule,
        activity_id=activity_id,
        subject=suspicion.subject,
        detail=detail,
        actor=scope.actor.label,
        store_id=store_id,
        state="open",
        opened_at=now,
        decided_by="",
        decided_at=None,
        comment="",
    )


def open_cases(*, scope: Scope, cases: Iterable[Case]) -> None:
    reviews.open_cases(brand_id=scope.brand_id, cases=cases)


def _own(scope: Scope, member_ids: set[UUID]) -> set[UUID]:
    """Those of the members who the actor herself is, by her phone."""
    if scope.actor.kind != "staff" or scope.actor.id is None or not member_ids:
        return set()
    phone = reviews.phone_of_staff(organisation_id=scope.organisation_id, staff_id=scope.actor.id)
    if phone is None:
        return set()
    return {id_ for id_, keys in members.person_keys(member_ids=member_ids).items() if phone in keys}


def _kind(type_: str) -> Of:
    return "burns" if type_ == "burn" else "activities"
