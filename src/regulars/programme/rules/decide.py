"""What an activity earns by a programme: pure, no clock, no database, nothing it is given is changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from regulars.kit.money import allocate
from regulars.programme.rules.plan import FIXED, MULTIPLY, PER_AMOUNT, DayExtra, DayPoints, Plan
from regulars.programme.rules.types import (
    Act,
    BudgetRoom,
    BudgetUse,
    Decision,
    Earn,
    ExtendExpiryEffect,
    Grant,
    MemberState,
    Outcome,
    Programme,
    TagEffect,
    TierStepEffect,
)

_NOTHING: tuple[Any, ...] = ()
_UNUSED: dict[str, list[int]] = {}
_ZERO = [0, 0]


def decide(programme: Programme, state: MemberState, act: Act) -> Decision:
    """The effects of `act` for a member in `state` (as it was before the act), and why each rule did or did not fire.

    A rule fires when its hours are open, its condition holds, no cap of it is used up, no rule of its stacking
    group has fired before it, its budget has something left, and at least one of its effects gives something. A cap
    on value and a budget clip the firing that would go beyond them. Rules are tried in the order of
    `plan.in_order`; the multipliers of the member's tier come last and count as rules named `benefit:<key>`.
    """
    plan: Plan = programme.plan
    occurred_at = act.occurred_at
    local = occurred_at.astimezone(plan.zone)
    day = local.date()
    today = plan.days.get((act.type, day)) or plan.open_day(act.type, day)
    outcomes = today.outcomes.copy()
    facts = plan.facts(state, act, local, day) if today.asks else None
    earned = _Earned(act)
    earns = earned.earns
    tags: tuple[TagEffect, ...] = _NOTHING
    tier_steps: tuple[TierStepEffect, ...] = _NOTHING
    extensions: tuple[ExtendExpiryEffect, ...] = _NOTHING
    winners: dict[str, str] | None = None
    shared: _Shared | None = None
    used = state.caps
    first = 0

    for (
        index, key, clock, condition, caps, group, points,
        rule_tags, rule_steps, rule_extensions, extra, fired, condition_failed, nothing,
    ) in today.rules:  # fmt: skip
        if clock is not None:
            closed = clock(occurred_at, local)
            if closed is not None:
                outcomes[index] = closed
                continue
        if condition is not None and not condition(facts):  # type: ignore[arg-type]
            outcomes[index] = condition_failed
            continue
        room = None
        if caps:
            usage = used.get(key) or _UNUSED
            full = None
            for cap in caps:
                times, amount = usage.get(cap.period) or _ZERO
                if cap.times is not None and times >= cap.times:
                    full = cap.reached
                if cap.amount is not None:
                    left = cap.amount - amount
                    if left <= 0:
                        full = cap.reached
                    elif room is None or left < room:
                        room = left
            if full is not None:
                outcomes[index] = full
                continue
        if group is not None and winners is not None and group in winners:
            outcomes[index] = Outcome(key, False, "stacking", {"by": winners[group]})
            continue
        if extra is not None:
            shared = shared or _Shared(used, state.budgets)
            full, room = shared.room(extra, room)
            if full is not None:
                outcomes[index] = full
                continue
            first = len(earns)
        some = False
        for effect in points:
            amount = earned.add(key, effect, occurred_at, room)
            if amount:
                some = True
                if room is not None:
                    room -= amount
        if rule_tags:
            tags += rule_tags
            some = True
        if rule_steps:
            tier_steps += rule_steps
            some = True
        if rule_extensions:
            extensions += rule_extensions
            some = True
        if extra is not None and shared is not None and (some or extra.grants):
            some = True
            shared.fire(key, extra, sum(earn.amount for earn in earns[first:]))
        if not some:
            outcomes[index] = nothing
            continue
        outcomes[index] = fired
        if group is not None:
            if winners is None:
                winners = {}
            winners[group] = key

    if today.multipliers and earned.bases:
        for scheme, lowest, by_tier in today.multipliers:
            standing = state.tiers.get(scheme)
            for multiplier in by_tier.get(lowest if standing is None else standing.tier, _NOTHING):
                if multiplier.points.unit in earned.bases:
                    amount = earned.add(multiplier.key, multiplier.points, occurred_at, None)
                    outcomes.append(multiplier.fired if amount else multiplier.nothing)

    return Decision(
        programme.version,
        tuple(earns),
        tags,
        tier_steps,
        extensions,
        tuple(outcomes),
        _NOTHING if shared is None else tuple(shared.grants),
        _NOTHING if shared is None else tuple(shared.budgets),
    )


class _Shared:
    """What the rules of one decision take from what they share: campaigns' caps and budgets."""

    __slots__ = ("budgets", "caps", "costs", "given", "grants", "left")

    def __init__(
        self, caps: Mapping[str, dict[str, list[int]]], left: Mapping[str, BudgetRoom] | None
    ) -> None:
        self.caps = caps
        self.left = left
        self.given: dict[str, list[int]] = {}
        self.costs: dict[str, int] = {}
        self.grants: list[Grant] = []
        self.budgets: list[BudgetUse] = []

    def room(self, extra: DayExtra, room: int | None) -> tuple[Outcome | None, int | None]:
        """Why the rule cannot fire, or how much value it may give."""
        if extra.caps:
            usage = self.caps.get(extra.campaign) or _UNUSED
            now = self.given.get(extra.campaign, _ZERO)
            for cap in extra.caps:
                times, amount = usage.get(cap.period) or _ZERO
                if cap.times is not None and times + now[0] >= cap.times:
                    return cap.reached, None
                if cap.amount is not None:
                    rest = cap.amount - amount - now[1]
                    if rest <= 0:
                        return cap.reached, None
                    room = rest if room is None else min(room, rest)
        budget = extra.budget
        if budget is not None and self.left is not None:
            found = self.left.get(budget.key)
            left = 0 if found is None else found.left - self.costs.get(budget.key, 0)
            if found is None or left <= 0:
                return extra.used_up, None
            if not found.counts:
                left -= budget.cost
                if left < 0:
                    return extra.used_up, None
                if extra.gives_value and budget.worth:
                    most = left * budget.worth.denominator // budget.worth.numerator
                    if most <= 0:
                        return extra.used_up, None
                    room = most if room is None else min(room, most)
        return None, room

    def fire(self, rule: str, extra: DayExtra, value: int) -> None:
        if extra.caps:
            times, amount = self.given.get(extra.campaign, _ZERO)
            self.given[extra.campaign] = [times + 1, amount + value]
        self.grants += [Grant(rule, effect) for effect in extra.grants]
        budget = extra.budget
        if budget is None or self.left is None:
            return
        cost = 1
        if not self.left[budget.key].counts:
            cost = budget.cost - (-value * budget.worth.numerator // budget.worth.denominator)
        if cost:
            self.costs[budget.key] = self.costs.get(budget.key, 0) + cost
            self.budgets.append(BudgetUse(rule, budget.key, cost))


class _Earned:
    """Gathers the earns of one decision, and what each unit has earned by amount, line by line, for the multipliers."""

    __slots__ = ("act", "amounts", "bases", "earns", "shared", "total")

    def __init__(self, act: Act) -> None:
        self.act = act
        self.earns: list[Earn] = []
        self.bases: dict[str, tuple[int, Sequence[int]]] = {}
        self.amounts: list[int] | None = None
        self.total = act.amount
        self.shared: tuple[int, tuple[int, ...]] = (
            0,
            _NOTHING,
        )  # the last split over all lines: often asked twice

    def add(self, rule: str, effect: DayPoints, occurred_at: datetime, room: int | None) -> int:
        """Add what the effect earns, within its limit and the rule's `room`; returns the amount."""
        (
            mode, unit, amount, per, numerator, denominator, table,
            chosen, limit, waits, until_delivered, expires_at,
        ) = effect  # fmt: skip
        if expires_at is not None and expires_at <= occurred_at:
            return 0
        lines = self.act.lines
        weights: Sequence[int] = _NOTHING
        all_lines = False
        if mode == PER_AMOUNT:
            if self.amounts is None:
                self._weigh()
            if chosen is None:
                weights, eligible, all_lines = self.amounts, self.total, True  # type: ignore[assignment]
            else:
                weights = [
                    a if chosen(line) else 0
                    for line, a in zip(lines, self.amounts, strict=True)  # type: ignore[arg-type]
                ]
                eligible = sum(weights)
            amount = eligible * amount // per
        elif mode == MULTIPLY:
            base = self.bases.get(unit)
            if base is None:
                return 0
            eligible, weights = base
            if chosen is not None:
                weights = [w if chosen(line) else 0 for line, w in zip(lines, weights, strict=True)]
                eligible = sum(weights)
            amount = eligible * numerator // denominator
        elif mode == FIXED:
            if chosen is not None:
                chosen_lines = [bool(chosen(line)) for line in lines]
                if True not in chosen_lines:
                    return 0
                weights = [
                    line["amount"] if yes else 0 for line, yes in zip(lines, chosen_lines, strict=True)
                ]
                if not any(weights):
                    weights = [int(yes) for yes in chosen_lines]
        else:
            weights = [
                int(_worth(table, line) * line["quantity"]) if chosen is None or chosen(line) else 0
                for line in lines
            ]
            amount = sum(weights)
        if limit is not None and amount > limit:
            amount = limit
        if room is not None and amount > room:
            amount = room
        if amount <= 0:
            return 0
        if not weights:
            shares: tuple[int, ...] = _NOTHING
        elif all_lines and self.shared[0] == amount:
            shares = self.shared[1]
        else:
            shares = split(amount, weights)
            if all_lines:
                self.shared = (amount, shares)
        if mode == PER_AMOUNT:
            before = self.bases.get(unit)
            if before is None:
                self.bases[unit] = (amount, shares)
            else:
                self.bases[unit] = (
                    before[0] + amount,
                    [a + b for a, b in zip(before[1], shares, strict=True)],
                )
        self.earns.append(
            Earn(
                rule,
                unit,
                amount,
                shares,
                "delivered" if until_delivered else None if waits is None else occurred_at + waits,
                expires_at,
            )
        )
        return amount

    def _weigh(self) -> None:
        self.amounts = [line["amount"] for line in self.act.lines]
        if self.amounts:
            self.total = sum(self.amounts)


def split(total: int, weights: Sequence[int]) -> tuple[int, ...]:
    """`kit.money.allocate` for a positive total over some positive weights, without its sort where few lines share."""
    whole = sum(weights)
    if whole <= 0 or len(weights) > 40:
        return tuple(allocate(total, weights))
    parts = [total * w // whole for w in weights]
    missing = total - sum(parts)
    if missing:
        remainders = [total * w % whole for w in weights]
        while missing:
            place = remainders.index(max(remainders))
            remainders[place] = -1
            parts[place] += 1
            missing -= 1
    return tuple(parts)


def _worth(table: Any, line: dict[str, Any]) -> int:
    worth = table.get(line.get("sku"))
    if worth is None:
        worth = table.get(line.get("category"), 0)
    return int(worth)
