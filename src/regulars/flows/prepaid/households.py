"""Household pooling: members who may draw value of their head's, which then is theirs to spend."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from regulars.facts.activity import api as activities
from regulars.flows.prepaid import ground
from regulars.flows.prepaid.transfers import move
from regulars.kit.errors import Refusal, conflict, invalid_field, not_found
from regulars.kit.ids import new_id
from regulars.kit.text import Text
from regulars.platform.organisations.types import Scope
from regulars.value.prepaid import api as prepaid
from regulars.value.prepaid.policy.transfers import to_herself
from regulars.value.prepaid.store import households, purchases
from regulars.value.prepaid.types import HouseholdRule, TransferRow

_HOUSEHOLD = Text("家庭共享", "Household")


@dataclass(frozen=True, slots=True)
class Household:
    """`head` is None for a member who is in none and has none; `members` are those who may draw of the head."""

    head: UUID | None
    members: tuple[tuple[UUID, datetime], ...]
    rule: HouseholdRule


def get_household(*, scope: Scope, member_id: UUID) -> Household:
    """The household a member is in or heads."""
    rule = prepaid.get_settings(brand_id=scope.brand_id).household
    with connection.cursor() as cursor:
        head = households.head_of(cursor, brand_id=scope.brand_id, member_id=member_id)
        found = households.members_of(cursor, brand_id=scope.brand_id, head_id=head or member_id)
    return Household(head or (member_id if found else None), tuple(found), rule)


def join_household(*, scope: Scope, head_id: UUID, member_id: UUID, now: datetime) -> Household:
    """Let a member draw of a head. Joining twice is joining once.

    Raises `households_off`, `household_taken` (one of the two is in another, or heads one), `household_full` (409).
    """
    if head_id == member_id:
        raise to_herself()
    rule = _rule(scope)
    with transaction.atomic(), connection.cursor() as cursor:
        ground.lock(scope, head_id, member_id)
        brand = scope.brand_id
        before = households.head_of(cursor, brand_id=brand, member_id=member_id)
        if before != head_id:
            if (
                before is not None
                or households.head_of(cursor, brand_id=brand, member_id=head_id) is not None
                or households.members_of(cursor, brand_id=brand, head_id=member_id)
            ):
                raise conflict(
                    "household_taken",
                    "已在其他家庭中",
                    "One of them is in another household already",
                )
            if len(households.members_of(cursor, brand_id=brand, head_id=head_id)) >= rule.most:
                raise conflict(
                    "household_full", f"最多 {rule.most} 人", f"At most {rule.most} members", most=rule.most
                )
            households.add(
                cursor, brand_id=brand, head_id=head_id, member_id=member_id, actor=scope.actor.label, now=now
            )
            ground.record(scope, "household.join", member_id, now, {"head": str(head_id)})
    return get_household(scope=scope, member_id=member_id)


def leave_household(*, scope: Scope, member_id: UUID, now: datetime, head_id: UUID | None = None) -> None:
    """She draws no more; what she has drawn stays hers. With `head_id` only out of that head's household.

    Raises `not_found` for one who is in none.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        head = households.head_of(cursor, brand_id=scope.brand_id, member_id=member_id)
        if head is None or head_id not in (None, head):
            raise not_found(_HOUSEHOLD)
        households.remove(cursor, brand_id=scope.brand_id, member_id=member_id)
        ground.record(scope, "household.leave", member_id, now, {"head": str(head)})


def draw(*, scope: Scope, member_id: UUID, unit: str, amount: int, key: str, now: datetime) -> TransferRow:
    """Bring `amount` of the head's value into a member's wallet, with its ends. Answers the head's row.

    Raises `households_off`, `not_found`, `insufficient_balance` (409: the head's).
    """
    if amount <= 0:
        raise invalid_field("amount", "not_positive", "必须大于 0", "must be above 0")
    if unit not in _rule(scope).units:
        raise _off()
    with transaction.atomic(), connection.cursor() as cursor:
        head = households.head_of(cursor, brand_id=scope.brand_id, member_id=member_id)
        if head is None:
            raise not_found(_HOUSEHOLD)
        ground.lock(scope, member_id, head)
        if households.head_of(cursor, brand_id=scope.brand_id, member_id=member_id) != head:
            raise not_found(_HOUSEHOLD)
        id_ = new_id()
        first = activities.claim(
            brand_id=scope.brand_id, kind="household_draw", key=key, member_id=member_id, subject_id=id_,
            body=[unit, str(amount)],
        )  # fmt: skip
        if first is not None:
            earlier = purchases.get(cursor, TransferRow, brand_id=scope.brand_id, member_id=head, id_=first)
            if earlier is None:
                raise not_found(_HOUSEHOLD)
            return earlier
        return move(
            cursor, scope=scope, giver=head, receiver=member_id, unit=unit, amount=amount, what="household",
            message="", id_=id_, now=now,
        )  # fmt: skip


def _rule(scope: Scope) -> HouseholdRule:
    rule = prepaid.get_settings(brand_id=scope.brand_id).household
    if not rule.enabled:
        raise _off()
    return rule


def _off() -> Refusal:
    return conflict("households_off", "未开通家庭共享", "Households do not share this here")
