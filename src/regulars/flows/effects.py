"""Effects of rules that other rooms carry out: which room does what, in the transaction of the activity.

A kind of effect has two functions: give, and take back what a refund or a late activity undid.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from django.db import transaction

from regulars.facts.members import api as members
from regulars.flows import acts
from regulars.flows.outside import Budgets, Outside
from regulars.kit.errors import Refusal
from regulars.programme.rules.types import BudgetRoom
from regulars.value.benefits import api as benefits
from regulars.value.benefits.types import NewGrant
from regulars.value.budgets import api as budgets
from regulars.value.budgets.types import Take
from regulars.value.coupons import api as coupons
from regulars.value.coupons.types import IssueRow

# One effect with the member, the activity it stems from and the store.
Item = tuple[Outside, Mapping[str, Any]]


@dataclass(slots=True)
class Done:
    """What became of a transaction's effects: what was refused, by the activity that wanted it."""

    refused: dict[UUID, list[dict[str, Any]]]


class Kind(Protocol):
    def give(self, *, brand_id: UUID, items: Sequence[Item], now: datetime, done: Done) -> None: ...

    def take_back(self, *, brand_id: UUID, items: Sequence[Item], now: datetime) -> None: ...


class _Coupons:
    """Coupons have ids that follow from activity, rule and definition: given again they are the same coupons."""

    def give(self, *, brand_id: UUID, items: Sequence[Item], now: datetime, done: Done) -> None:
        rows = [
            IssueRow(one.member_id, effect["definition"], UUID(id_), f"rule:{one.source}")
            for one, effect in items
            for id_ in effect["coupons"]
        ]
        persons = members.person_keys(member_ids={row.member_id for row in rows})
        outcomes = coupons.issue_rows(brand_id=brand_id, rows=rows, now=now, persons=persons)
        wrong = {str(o.coupon_id): o.result for o in outcomes if o.result not in ("issued", "repeated")}
        for one, effect in items:
            for id_ in effect["coupons"]:
                if id_ in wrong:
                    done.refused.setdefault(one.source, []).append(
                        {
                            "code": "coupon_not_issued",
                            "rule": effect["rule"],
                            "definition": effect["definition"],
                            "reason": wrong[id_],
                            "coupon": id_,
                        }
                    )

    def take_back(self, *, brand_id: UUID, items: Sequence[Item], now: datetime) -> None:
        by_member: dict[UUID, list[UUID]] = {}
        for one, effect in items:
            by_member.setdefault(one.member_id, []).extend(UUID(id_) for id_ in effect["coupons"])
        for member_id in sorted(by_member):
            for id_ in sorted(by_member[member_id]):
                try:
                    coupons.void(
                        brand_id=brand_id, member_id=member_id, coupon_ids=[id_], now=now, strict=False
                    )
                except Refusal as refusal:  # one that was never issued, its definition being closed then
                    if refusal.code != "not_found":
                        raise


class _Benefits:
    def give(self, *, brand_id: UUID, items: Sequence[Item], now: datetime, done: Done) -> None:
        grants = [
            NewGrant(
                one.member_id,
                UUID(effect["grant"]),
                effect["benefit"],
                effect["uses"],
                f"rule:{one.source}",
                datetime.fromisoformat(effect["until"]),
            )
            for one, effect in items
        ]
        benefits.grant_rows(brand_id=brand_id, grants=grants, now=now)

    def take_back(self, *, brand_id: UUID, items: Sequence[Item], now: datetime) -> None:
        ids = sorted((one.member_id, UUID(effect["grant"])) for one, effect in items)
        benefits.end_grants(brand_id=brand_id, ids=ids, now=now)


@dataclass(frozen=True, slots=True)
class _Act:
    """A kind of effect that is one function to do and one, or none, to undo."""

    do: Callable[[UUID, Sequence[Item], datetime, acts.Refused], None]
    undo: Callable[[UUID, Sequence[Item], datetime], None] | None

    def give(self, *, brand_id: UUID, items: Sequence[Item], now: datetime, done: Done) -> None:
        self.do(brand_id, items, now, done.refused)

    def take_back(self, *, brand_id: UUID, items: Sequence[Item], now: datetime) -> None:
        if self.undo is not None:
            self.undo(brand_id, items, now)


# kind of effect → who carries it out, in the order in which rooms are locked
REGISTRY: dict[str, Kind] = {
    "coupon": _Coupons(),
    "benefit": _Benefits(),
    "badge": _Act(acts.give_badges, acts.take_back_badges),
    "draw_chance": _Act(acts.give_chances, acts.take_back_chances),
    "mission": _Act(acts.start_missions, acts.withdraw_missions),
    "task": _Act(acts.give_tasks, None),
    "message": _Act(acts.give_messages, acts.take_back_messages),
    "webhook": _Act(acts.tell, acts.tell_undone),
}


class _UsedUp(Exception):
    pass


def budgets_left(
    *,
    brand_id: UUID,
    keys: Iterable[str],
    stores: Iterable[UUID | None],
    now: datetime,
    none_of: frozenset[str],
) -> Budgets:
    """What budgets have left for acts at these stores; those of `none_of` count as used up."""
    left: dict[tuple[str, UUID | None], BudgetRoom] = {}
    per_store: set[str] = set()
    for store_id in {None, *stores}:
        for key, one in budgets.left(brand_id=brand_id, keys=keys, store_id=store_id, now=now).items():
            if one.budget.per_store:
                per_store.add(key)
            elif store_id is not None:
                continue
            rest = 0 if key in none_of else one.left
            left[key, store_id] = BudgetRoom(one.budget.kind == "count", rest)
    return Budgets(left, frozenset(per_store))


def carry_out(*, brand_id: UUID, outside: Sequence[Outside], now: datetime) -> Done | frozenset[str]:
    """Give and take back, then take from the budgets; all of it, or the budgets that ran out meanwhile and nothing.

    Members are locked. Rooms are asked in the order of the registry, budgets last.
    """
    done = Done({})
    takes = [
        Take(effect["budget"], effect.get("uses") or effect["amount"], str(one.source), one.store_id)
        for one in outside
        if one.what == "give"
        for effect in one.effects
        if effect["kind"] == "budget"
    ]
    try:
        with transaction.atomic():
            for kind, room in REGISTRY.items():
                # a mission that only one act may start is free for the other once the first has let go of it
                for what in ("take_back", "give") if isinstance(room, _Act) else ("give", "take_back"):
                    items = [
                        (one, effect)
                        for one in outside
                        if one.what == what
                        for effect in one.effects
                        if effect["kind"] == kind
                    ]
                    if items and what == "give":
                        room.give(brand_id=brand_id, items=items, now=now, done=done)
                    elif items:
                        room.take_back(brand_id=brand_id, items=items, now=now)
            refused = budgets.take(brand_id=brand_id, takes=takes, now=now)
            if refused:
                raise _UsedUp(*(str(one.data["budget"]) for one in refused))
            _give_back(brand_id, outside, now)
    except _UsedUp as up:
        return frozenset(up.args)
    return done


def _give_back(brand_id: UUID, outside: Sequence[Outside], now: datetime) -> None:
    for one in outside:
        if one.what == "take_back":
            amounts: dict[str, int] = {}
            for effect in one.effects:
                if effect["kind"] == "budget":
                    amount = effect.get("uses") or effect["amount"]
                    amounts[effect["budget"]] = amounts.get(effect["budget"], 0) + amount
            if amounts:
                budgets.give_back(brand_id=brand_id, subject=str(one.source), amounts=amounts, now=now)
