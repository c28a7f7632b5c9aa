"""What an activity does beyond the member's own value: budgets it takes from, things that other rooms give. Pure.

The fold decides and notes it here; `flows.effects` carries it out in the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from regulars.facts.activity.records import Stored
from regulars.kit.ids import derive
from regulars.kit.periods import start_of_day, zone
from regulars.kit.text import Text
from regulars.programme.rules.types import (
    BenefitEffect,
    BudgetRoom,
    BudgetUse,
    CouponEffect,
    Decision,
    Grant,
    Programme,
)
from regulars.programme.rules.types.acts import MessageEffect, PlayEffect, TaskEffect, WebhookEffect

KINDS = frozenset(
    {"coupon", "benefit", "budget", "message", "task", "webhook", "badge", "mission", "draw_chance"}
)
Effect = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Outside:
    """Effects of the activity `source` to be given, or to be taken back. `cause` is the activity that brought it."""

    what: Literal["give", "take_back"]
    cause: UUID
    source: UUID
    member_id: UUID
    store_id: UUID | None
    effects: tuple[Effect, ...]


class Budgets:
    """What is left of budgets for the decisions of one transaction, counted down as they take."""

    __slots__ = ("_left", "_per_store")

    def __init__(self, left: Mapping[tuple[str, UUID | None], BudgetRoom], per_store: frozenset[str]) -> None:
        self._left = dict(left)
        self._per_store = per_store

    def at(self, store_id: UUID | None) -> dict[str, BudgetRoom]:
        """What each budget has left for an act at a store."""
        return {
            key: room
            for (key, place), room in self._left.items()
            if place == (store_id if key in self._per_store else None)
        }

    def snapshot(self) -> dict[tuple[str, UUID | None], BudgetRoom]:
        return dict(self._left)

    def restore(self, left: Mapping[tuple[str, UUID | None], BudgetRoom]) -> None:
        """Back to a snapshot: what was decided since is decided again."""
        self._left = dict(left)

    def use(self, store_id: UUID | None, uses: Iterable[BudgetUse]) -> None:
        for one in uses:
            place = (one.key, store_id if one.key in self._per_store else None)
            room = self._left[place]
            self._left[place] = BudgetRoom(room.counts, room.left - one.amount)


def effects_of(
    decision: Decision,
    programme: Programme,
    event_id: UUID,
    at: datetime,
    rooms: Mapping[str, BudgetRoom] | None,
) -> list[Effect]:
    """The decision's grants and budget uses as an activity keeps them; ids follow from the activity's."""
    found: list[Effect] = []
    turns: dict[tuple[str, ...], int] = {}
    for number, grant in enumerate(decision.grants):
        effect = grant.effect
        if not isinstance(effect, (CouponEffect, BenefitEffect)):
            found.append(_act(effect, grant.rule, event_id, at, programme.timezone, turns))
            continue
        base = {"rule": grant.rule, "void": effect.void_on_refund}
        if isinstance(effect, CouponEffect):
            ids = [
                str(derive(event_id, "coupon", grant.rule, effect.definition, str(number), str(turn)))
                for turn in range(effect.count)
            ]
            found.append({"kind": "coupon", "definition": effect.definition, "coupons": ids} | base)
        else:
            day = at.astimezone(zone(programme.timezone)).date()
            until = start_of_day(day + timedelta(days=effect.days), programme.timezone)
            id_ = derive(event_id, "benefit", grant.rule, effect.benefit, str(number))
            found.append(
                {
                    "kind": "benefit",
                    "benefit": effect.benefit,
                    "uses": effect.uses,
                    "days": effect.days,
                    "until": until.isoformat(),
                    "grant": str(id_),
                }
                | base
            )
    for use in decision.budgets:
        counts = rooms is not None and use.key in rooms and rooms[use.key].counts
        word = "uses" if counts else "amount"
        found.append({"kind": "budget", "rule": use.rule, "budget": use.key, word: use.amount})
    return found


def _act(
    effect: MessageEffect | TaskEffect | WebhookEffect | PlayEffect,
    rule: str,
    event_id: UUID,
    at: datetime,
    tz: str,
    turns: dict[tuple[str, ...], int],
) -> Effect:
    """An effect that others carry out. Its key says which of the same rule and thing it is, so that a replay in which
    other gifts come or go finds it again."""
    if isinstance(effect, MessageEffect):
        kind, what = "message", effect.template
        more: Effect = {
            "template": effect.template,
            "channels": list(effect.channels),
            "purpose": effect.purpose,
            "at": at.isoformat(),
            "void": effect.cancel_on_refund,
        }
    elif isinstance(effect, TaskEffect):
        kind, what = "task", effect.kind
        due = at.astimezone(zone(tz)).date() + timedelta(days=effect.days)
        more = {
            "task": effect.kind,
            "title": effect.title.to_json(),
            "script": effect.script.to_json(),
            "days": effect.days,
            "due": due.isoformat(),
            "void": False,
        }
    elif isinstance(effect, WebhookEffect):
        kind, what = "webhook", effect.event
        more = {"event": effect.event, "void": True}
    else:
        kind, what = effect.kind, effect.code
        more = {"code": effect.code, "count": effect.count, "void": effect.void_on_refund}
    turn = turns[kind, rule, what] = turns.get((kind, rule, what), -1) + 1
    key = str(derive(event_id, kind, rule, what, str(turn)))
    return {"kind": kind, "rule": rule, "key": key} | more


def _act_of(one: Effect) -> MessageEffect | TaskEffect | WebhookEffect | PlayEffect:
    if one["kind"] == "message":
        return MessageEffect(one["template"], tuple(one["channels"]), one["purpose"], one["void"])
    if one["kind"] == "task":
        return TaskEffect(
            one["task"], Text.from_json(one["title"]), Text.from_json(one["script"]), one["days"]
        )
    if one["kind"] == "webhook":
        return WebhookEffect(one["event"])
    return PlayEffect(one["kind"], one["code"], one["count"], one["void"])


def as_decided(effects: Iterable[Effect]) -> tuple[tuple[Grant, ...], tuple[BudgetUse, ...]]:
    """Grants and budget uses from what an activity kept."""
    grants: list[Grant] = []
    uses = []
    for one in effects:
        if one["kind"] == "coupon":
            effect = CouponEffect(one["definition"], len(one["coupons"]), one["void"])
            grants.append(Grant(one["rule"], effect))
        elif one["kind"] == "benefit":
            grants.append(
                Grant(one["rule"], BenefitEffect(one["benefit"], one["uses"], one["days"], one["void"]))
            )
        elif one["kind"] == "budget":
            uses.append(BudgetUse(one["rule"], one["budget"], one.get("uses") or one.get("amount", 0)))
        elif one["kind"] in KINDS:
            grants.append(Grant(one["rule"], _act_of(one)))
    return tuple(grants), tuple(uses)


def taken_then(recorded: Stored) -> dict[str, BudgetRoom]:
    """What an activity took of budgets when it was first decided: a replay may take that again, and no more."""
    rooms: dict[str, BudgetRoom] = {}
    for one in recorded.effects:
        if one["kind"] == "budget":
            counts = "uses" in one
            before = rooms.get(one["budget"], BudgetRoom(counts, 0)).left
            rooms[one["budget"]] = BudgetRoom(counts, before + (one["uses"] if counts else one["amount"]))
    return rooms


def outside_of(stored: Stored) -> tuple[Effect, ...]:
    return tuple(one for one in stored.effects if one["kind"] in KINDS)


def difference(
    before: tuple[Effect, ...], after: tuple[Effect, ...]
) -> tuple[tuple[Effect, ...], tuple[Effect, ...]]:
    """What a new decision gives that the recorded one did not, and what it gives no more.

    Of a budget only the part that is given back counts: a replay takes no more than was taken.
    """
    given = tuple(one for one in after if one["kind"] != "budget" and one not in before)
    gone = [one for one in before if one["kind"] != "budget" and one not in after]
    taken: dict[str, int] = {}
    for sign, some in ((1, before), (-1, after)):
        for one in some:
            if one["kind"] == "budget":
                amount = one.get("uses") or one.get("amount", 0)
                taken[one["budget"]] = taken.get(one["budget"], 0) + sign * amount
    gone += [{"kind": "budget", "budget": key, "amount": rest} for key, rest in taken.items() if rest > 0]
    return given, tuple(gone)
