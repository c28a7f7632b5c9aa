"""One portion of members gets its offer: the budget pays, rewards are given, the message is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from regulars.engage.campaigns import api as campaigns
from regulars.engage.campaigns.types import Ended, Message, Run, Variant, Waiting
from regulars.facts.members import api as members
from regulars.facts.members.types import MemberFilter
from regulars.flows import rewarding
from regulars.messaging import api as messaging
from regulars.messaging.types import Ask
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import SYSTEM, Brand, Scope
from regulars.value.budgets import api as budgets
from regulars.value.budgets.types import Take
from regulars.value.gifts.types import Gift

_ROUNDS = 4


def key_of(run: Run) -> str:
    """Under which a member's message and gift of a run are kept: there is one of each."""
    return f"campaign:{run.id}"


def source_of(run: Run) -> str:
    """Who asks, as messaging and gifts know it; of one run, so that it can be counted by itself."""
    code = campaigns.campaigns_of(runs=[run])[run.campaign_id].code
    return f"campaign:{code}:{run.number}"


def give_and_ask(*, run: Run, waiting: Sequence[Waiting], now: datetime) -> list[Ended]:
    """What became of each, in their order. Whom nothing could be given to is not told of it."""
    brand = organisations.get_brand(brand_id=run.brand_id)
    variants = {one.key: one for one in run.definition.variants}
    arms = {
        one.member_id: one.arm or campaigns.arm_of_rest(run=run, member_id=one.member_id) for one in waiting
    }
    active = _active(brand, [one.member_id for one in waiting])
    ended: dict[UUID, Ended] = {}
    going: list[UUID] = []
    for one in waiting:
        arm = arms[one.member_id]
        if one.member_id not in active:
            ended[one.member_id] = Ended(one.member_id, arm, "skipped", "membership_not_active")
        elif not arm:
            ended[one.member_id] = Ended(one.member_id, arm, "skipped", "no_winner")
        else:
            going.append(one.member_id)
    source = source_of(run)
    costs = _pay(brand, run, {her: variants[arms[her]] for her in going}, now)
    for her in going:
        if her not in costs:
            ended[her] = Ended(her, arms[her], "skipped", "budget_used_up")
    going = [her for her in going if her in costs]
    given = _give(brand, run, source, {her: variants[arms[her]] for her in going}, now)
    for her, (refused, cost) in given.items():
        costs[her] = cost
        if refused:
            ended[her] = Ended(her, arms[her], "skipped", refused)
    words = {
        key: _words(run, source, one.message, now) for key, one in variants.items() if one.message is not None
    }
    asks = []
    for her in going:
        if her in ended:
            continue
        arm = arms[her]
        ended[her] = Ended(her, arm, "asked" if arm in words else "sent", "", costs[her])
        if arm in words:
            asks.append(Ask(member_id=her, **words[arm]))
    messaging.ask(brand=brand, asks=asks, now=now)
    return [ended[one.member_id] for one in waiting]


def is_used_up(*, run: Run, now: datetime) -> bool:
    """Whether not even the cheapest offer is left in the budget."""
    left = budgets.left(brand_id=run.brand_id, keys=[run.definition.budget], now=now).get(
        run.definition.budget
    )
    if left is None or left.left <= 0:
        return True
    if left.budget.kind == "count":
        return False
    return all(not one.rewards and one.cost > left.left for one in run.definition.variants)


def _words(run: Run, source: str, message: Message, now: datetime) -> dict[str, Any]:
    """What the messages of a variant have in common: all of an `Ask` but its member."""
    return {
        "key": key_of(run),
        "source": source,
        "purpose": message.purpose,
        "template": message.template,
        "channels": message.channels,
        "values": message.values,
        "priority": run.definition.priority,
        "expires_at": now + timedelta(hours=run.definition.expires_in_hours),
        "origin": str(run.id),
    }


def _active(brand: Brand, ids: Sequence[UUID]) -> set[UUID]:
    scope = Scope(brand.organisation_id, brand.id, SYSTEM, frozenset())
    found = members.list_ids(scope=scope, given=MemberFilter(), after=None, limit=len(ids), among=ids)
    return set(found)


def _pay(brand: Brand, run: Run, offers: dict[UUID, Variant], now: datetime) -> dict[UUID, int]:
    """Those whom the budget pays for, in their order, with what each took. What rewards cost is taken when they are
    given; here it is the price of words."""
    key = run.definition.budget
    free = {one: 0 for one, offer in offers.items() if offer.rewards or not key}
    priced = {one: offer.cost for one, offer in offers.items() if one not in free}
    if not priced:
        return free
    for turn in range(_ROUNDS):
        left = budgets.left(brand_id=brand.id, keys=[key], now=now).get(key)
        if left is None or turn == _ROUNDS - 1:
            return free
        rest, paid = left.left, {}
        for one, cost in priced.items():
            needed = 1 if left.budget.kind == "count" else cost
            if needed > rest or left.left <= 0:
                break  # the first whom it does not pay for is the last that is looked at: nobody jumps the queue
            rest -= needed
            paid[one] = cost
        if not paid:
            return free
        first = next(iter(paid))
        takes = [Take(key, max(1, cost), f"campaign:{run.id}:{first}") for cost in paid.values()]
        if left.budget.kind == "amount":
            takes = [take for take, cost in zip(takes, paid.values(), strict=True) if cost]
        if not budgets.take(brand_id=brand.id, takes=takes, now=now):
            return free | paid
    return free


def _give(
    brand: Brand, run: Run, source: str, offers: dict[UUID, Variant], now: datetime
) -> dict[UUID, tuple[str, int]]:
    """Give rewards: by member why not (empty: given, at least in part) and what it cost."""
    title = campaigns.campaigns_of(runs=[run])[run.campaign_id].name
    rewards = {key: rewarding.rewards_of(one.rewards) for key, one in _by_key(offers).items()}
    gifts = [
        Gift(
            member_id=one,
            key=key_of(run),
            source=source,
            rewards=rewards[offer.key],
            title=title,
            budget=run.definition.budget,
        )
        for one, offer in offers.items()
        if offer.rewards
    ]
    if not gifts:
        return {}
    found: dict[UUID, tuple[str, int]] = {}
    for answer in rewarding.give(brand=brand, gifts=gifts, now=now):
        refused = answer.refused[0][1] if answer.state == "refused" and answer.refused else ""
        if answer.state == "refused" and not refused:
            refused = "refused"
        found[answer.member_id] = (refused, 0 if refused else answer.cost)
    return found


def _by_key(offers: dict[UUID, Variant]) -> dict[str, Variant]:
    return {one.key: one for one in offers.values()}
