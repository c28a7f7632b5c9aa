"""The one door by which missions, draws, campaigns, journeys, referrals and care reward members.

A reward is points, coupons, uses of a benefit, a tag, a step up the tiers, a longer expiry, a badge, chances in a draw
or a mission. A gift is a few of them for one member under one key: given once, however often and from how many places
at once it is asked for, and taken back exactly once. Points, tags, tier steps and expiries go through the intake as
the activity `reward`, so that ledger, timeline, tiers and reconciliation know them; what a gift gave stands in
`value.gifts`, which is what taking back reads.

Locks: members in the order of their ids, then gifts, coupons, badges, draws, missions, budgets. Call it once in a
transaction, or with the members locked before.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from regulars.facts.members import states
from regulars.flows import reward_kinds
from regulars.flows.reward_room import Item, Known, Room
from regulars.kit.errors import ErrorList
from regulars.kit.reader import Node
from regulars.kit.text import Language
from regulars.platform.organisations.types import Brand
from regulars.value.budgets import api as budgets
from regulars.value.budgets.types import Take
from regulars.value.gifts import api as gifts_kept
from regulars.value.gifts.types import KINDS, Gift, GiftRow, Given, Reward

MOST_REWARDS = 10
MOST_POINTS = 1_000_000
MOST_PIECES = 100
MOST_STEPS = 20  # as rules have it
MOST_MONTHS = 120
_FIELDS = {
    "points": ("kind", "unit", "amount"),
    "coupon": ("kind", "definition", "count"),
    "benefit": ("kind", "benefit", "uses", "days"),
    "tag": ("kind", "tag"),
    "tier_step": ("kind", "scheme", "steps"),
    "extend_expiry": ("kind", "unit", "months"),
    "badge": ("kind", "badge"),
    "draw_chance": ("kind", "draw", "count"),
    "mission": ("kind", "mission"),
}
_NAMED_BY = {
    "points": "unit",
    "coupon": "definition",
    "draw_chance": "draw",
    "tier_step": "scheme",
    "extend_expiry": "unit",
}
_COUNTED_BY = ("amount", "count", "uses", "steps", "months")
_ROUNDS = 4  # how often a budget that ran out between look and take is looked at again


def read_rewards(
    value: object,
    *,
    brand_id: UUID,
    field: str,
    errors: ErrorList,
    also: frozenset[tuple[str, str]] = frozenset(),
) -> tuple[Reward, ...]:
    """Rewards from JSON: a list of at most 10. Every wrong field is noted in `errors` under its path below `field`.

    `also` are (kind, code) that may be named though they are not there yet: a draw may give a chance in itself.
    """
    if value is None:
        return ()
    if not isinstance(value, list):
        errors.add(field, "not_a_list", "应为列表", "Must be a list")
        return ()
    if len(value) > MOST_REWARDS:
        errors.add(field, "too_many", f"最多 {MOST_REWARDS} 个", f"At most {MOST_REWARDS}")
    known = Known(brand_id, also=also)
    found = []
    for place, item in enumerate(value[:MOST_REWARDS]):
        path = f"{field}[{place}]"
        kind = item.get("kind") if isinstance(item, dict) else None
        if not isinstance(kind, str) or kind not in _FIELDS:
            shown = ", ".join(KINDS)
            errors.add(f"{path}.kind", "unknown_choice", f"应为其中之一：{shown}", f"Must be one of: {shown}")
            continue
        before = len(errors.errors)
        node = Node(item, path, errors, _FIELDS[kind])
        reward = _read(node, kind, known)
        if len(errors.errors) == before and reward is not None:
            found.append(reward)
    return tuple(found)


def _read(node: Node, kind: Any, known: Known) -> Reward | None:
    name = _NAMED_BY.get(kind, kind)
    code = node.string(name, most=64)
    amount, days = 1, 30
    if kind == "points":
        amount = node.integer("amount", least=1, most=MOST_POINTS)
    elif kind in ("coupon", "draw_chance"):
        amount = node.integer("count", least=1, most=MOST_PIECES, default=1)
    elif kind == "benefit":
        amount = node.integer("uses", least=1, most=MOST_PIECES, default=1)
        days = node.integer("days", least=1, most=3660, default=30)
    elif kind == "tier_step":
        amount = node.integer("steps", least=1, most=MOST_STEPS, default=1)
    elif kind == "extend_expiry":
        amount = node.integer("months", least=1, most=MOST_MONTHS)
    if code is None or amount is None:
        return None
    wrong = known.what_is_wrong(kind, code)
    if wrong is not None:
        node.bad(name, "unknown", wrong.zh, wrong.en)
        return None
    return Reward(kind, code, amount, days)


def rewards_of(value: Sequence[Any]) -> tuple[Reward, ...]:
    """Rewards from the canonical JSON that `Reward.to_json` makes: of definitions that were read before."""
    return tuple(
        Reward(
            one["kind"],
            one[_NAMED_BY.get(one["kind"], one["kind"])],
            next((one[name] for name in _COUNTED_BY if one.get(name)), 1),
            one.get("days") or 30,
        )
        for one in value
    )


def give(*, brand: Brand, gifts: Sequence[Gift], now: datetime) -> list[Given]:
    """Give each gift once for its member and key, in the caller's transaction; what became of each, in order.

    A gift whose rewards can only partly be given (a coupon that is used up) is `partly`; one that gives nothing is
    `refused`. Members who are not active, and gifts that their budget does not pay for, are refused without a trace:
    asked again later they may be given. Thousands at a time are a few statements.
    """
    wanted: dict[tuple[UUID, str], Gift] = {}
    for gift in gifts:
        if gift.rewards:
            wanted.setdefault((gift.member_id, gift.key), gift)
    answers: dict[tuple[UUID, str], Given] = {}
    with transaction.atomic():
        with connection.cursor() as cursor:
            rows = states.lock(
                cursor, brand_id=brand.id, member_ids={gift.member_id for gift in wanted.values()}
            )
        there = gifts_kept.get_many(brand_id=brand.id, pairs=list(wanted))
        for pair, row in there.items():
            answers[pair] = _said(row, repeated=True)
        open_: dict[tuple[UUID, str], Gift] = {}
        for pair, gift in wanted.items():
            if pair in there:
                continue
            member = rows.get(gift.member_id)
            if member is None or member.status != "active":
                code = "member_not_found" if member is None else "membership_not_active"
                answers[pair] = Given(*pair, "refused", refused=((-1, code),))
            else:
                open_[pair] = gift
        answers |= _within_budgets(brand, open_, now)
    nothing = [Given(gift.member_id, gift.key, "given") for gift in gifts]
    return [answers.get((g.member_id, g.key), nothing[n]) for n, g in enumerate(gifts)]


def _within_budgets(
    brand: Brand, open_: dict[tuple[UUID, str], Gift], now: datetime
) -> dict[tuple[UUID, str], Given]:
    """Give as many as their budgets pay for, in the order in which they came; all of it or nothing of each gift."""
    if not open_:
        return {}
    room = Room(brand, now)
    costs = {pair: room.cost_of(gift.rewards) for pair, gift in open_.items()}
    answers: dict[tuple[UUID, str], Given] = {}
    for turn in range(_ROUNDS):
        paid, unpaid = _affordable(brand, open_, costs, now, none=turn == _ROUNDS - 1)
        try:
            with transaction.atomic():
                given = _carry_out(room, paid, costs)
                takes = [
                    Take(gift.budget, max(costs[pair], 1), _subject(pair))
                    for pair, gift in paid.items()
                    if gift.budget and given[pair].state != "refused"
                ]
                if budgets.take(brand_id=brand.id, takes=takes, now=now):
                    raise _RanOut
        except _RanOut:
            continue
        answers = given
        for pair in unpaid:
            answers[pair] = Given(*pair, "refused", refused=((-1, "budget_used_up"),))
        return answers
    return answers  # pragma: no cover - the last round takes nothing from budgets


class _RanOut(Exception):
    pass


def _affordable(
    brand: Brand,
    open_: dict[tuple[UUID, str], Gift],
    costs: dict[tuple[UUID, str], int],
    now: datetime,
    *,
    none: bool,
) -> tuple[dict[tuple[UUID, str], Gift], list[tuple[UUID, str]]]:
    """What is left of the budgets pays for these, and not for those."""
    keys = {gift.budget for gift in open_.values() if gift.budget}
    left: dict[str, int] = {}
    counts: set[str] = set()
    for key, one in budgets.left(brand_id=brand.id, keys=keys, now=now).items() if keys else ():
        left[key] = 0 if none else one.left
        if one.budget.kind == "count":
            counts.add(key)
    paid, unpaid = {}, []
    for pair, gift in open_.items():
        if gift.budget:
            cost = 1 if gift.budget in counts else max(costs[pair], 1)
            if left.get(gift.budget, 0) < cost:
                unpaid.append(pair)
                continue
            left[gift.budget] -= cost
        paid[pair] = gift
    return paid, unpaid


def _subject(pair: tuple[UUID, str]) -> str:
    return f"gift:{pair[0]}:{pair[1]}"


def _carry_out(
    room: Room, paid: dict[tuple[UUID, str], Gift], costs: dict[tuple[UUID, str], int]
) -> dict[tuple[UUID, str], Given]:
    made = {
        pair: GiftRow(
            member_id=gift.member_id,
            brand_id=room.brand.id,
            key=gift.key,
            source=gift.source,
            state="given",
            rewards=[reward.to_json() for reward in gift.rewards],
            given={},
            refused=[],
            budget=gift.budget,
            cost=costs[pair],
            given_at=room.now,
        )
        for pair, gift in paid.items()
    }
    new = gifts_kept.add(rows=list(made.values()))
    items = [
        Item(paid[pair], place, reward, row)
        for pair, row in made.items()
        if pair in new
        for place, reward in enumerate(paid[pair].rewards)
    ]
    for kind in reward_kinds.KINDS_IN_ORDER:
        kind.give(room, [item for item in items if item.reward.kind in kind.names])
    for pair, row in made.items():
        if pair in new and row.refused:
            lost = {place for place, _ in row.refused}
            row.state = "refused" if len(lost) == len(paid[pair].rewards) else "partly"
            kept = tuple(r for place, r in enumerate(paid[pair].rewards) if place not in lost)
            row.cost = room.cost_of(kept)
    gifts_kept.settle(rows=[row for pair, row in made.items() if pair in new])
    return {pair: _said(row, repeated=pair not in new) for pair, row in made.items()}


def _said(row: GiftRow, *, repeated: bool) -> Given:
    refused = tuple((int(place), str(code)) for place, code in row.refused)
    return Given(row.member_id, row.key, row.state, repeated, refused, row.cost)


def take_back(*, brand: Brand, gifts: Sequence[tuple[UUID, str]], reason: str, now: datetime) -> int:
    """Take back what gifts (member, key) gave, once, in the caller's transaction; gives how many went back.

    Points go back by the policy of their unit (what was spent of them may become a debt); coupons and chances that
    were not used, uses of benefits that are left, tags that the gift put on, badges, and missions that it started
    and that are not done. A tier that was reached and an expiry that was moved stay, as those that rules gave do. A
    budget gets back what the gift took of it. Gifts that are not there count nothing.
    """
    pairs = list(dict.fromkeys(gifts))
    if not pairs:
        return 0
    with transaction.atomic():
        with connection.cursor() as cursor:
            states.lock(cursor, brand_id=brand.id, member_ids={member_id for member_id, _ in pairs})
        rows = gifts_kept.get_many(brand_id=brand.id, pairs=pairs, lock=True)
        open_ = [row for row in rows.values() if row.state in ("given", "partly")]
        if not open_:
            return 0
        room = Room(brand, now)
        for kind in reward_kinds.KINDS_IN_ORDER:
            kind.take_back(room, open_, reason)
        back = [(row.member_id, row.key) for row in open_]
        gifts_kept.set_back(brand_id=brand.id, pairs=back, reason=reason, now=now)
        for row in open_:
            if row.budget:
                budgets.give_back(brand_id=brand.id, subject=_subject((row.member_id, row.key)), now=now)
        return len(open_)


def describe(
    reward: Reward, language: Language, *, brand_id: UUID | None = None, known: Known | None = None
) -> str:
    """A reward in a few words, `50 积分` · `2 × Ten off`; with the brand its names, without it its codes. Who describes
    many looks the names up once, in `known`.
    """
    name = reward.code
    if brand_id is not None:
        found = (known or Known(brand_id)).name(reward.kind, reward.code)
        name = found.in_language(language) if found else reward.code
    zh = language == "zh"
    match reward.kind:
        case "points":
            return f"{reward.amount:,} {name}"
        case "coupon":
            return f"{name} × {reward.amount}" if reward.amount > 1 else name
        case "benefit":
            return f"{name} {reward.amount} 次" if zh else f"{name}, {reward.amount}×"
        case "draw_chance":
            many = "chances" if reward.amount > 1 else "chance"
            return f"“{name}”抽奖机会 {reward.amount} 次" if zh else f"{reward.amount} {many} in “{name}”"
        case "tag":
            return f"标签“{name}”" if zh else f"the tag “{name}”"
        case "tier_step":
            tiers = "tiers" if reward.amount > 1 else "tier"
            return f"{name}升 {reward.amount} 级" if zh else f"{reward.amount} {tiers} up in {name}"
        case "extend_expiry":
            months = "months" if reward.amount > 1 else "month"
            return (
                f"{name}延长 {reward.amount} 个月有效"
                if zh
                else f"{reward.amount} more {months} before {name} expire"
            )
        case "badge":
            return f"徽章“{name}”" if zh else f"the badge “{name}”"
        case _:
            return f"任务“{name}”" if zh else f"the mission “{name}”"


__all__ = [
    "KINDS",
    "Gift",
    "Given",
    "Known",
    "Reward",
    "describe",
    "give",
    "read_rewards",
    "rewards_of",
    "take_back",
]
