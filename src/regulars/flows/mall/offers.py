"""What of the catalogue a member can have now, and why not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from regulars.flows import standing
from regulars.flows.standing import Standing
from regulars.kit.periods import zone
from regulars.kit.text import Text
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import Scope
from regulars.value.ledger import api as ledger
from regulars.value.rewards import api as rewards
from regulars.value.rewards.types import Candidate, Reward, WhyNot


@dataclass(frozen=True, slots=True)
class Offer:
    """A reward as one member sees it. `why_not` is empty when she can have one now; `taken` is what she had of it in
    its limit's period; `shown`: a reward whose condition she does not meet is shown too, with what it wants."""

    reward: Reward
    unit: Text
    available: int
    taken: int
    why_not: tuple[WhyNot, ...]


def offers_for(*, scope: Scope, member_id: UUID, now: datetime, category: str | None = None) -> list[Offer]:
    """Everything on offer to members, in the catalogue's order."""
    found = rewards.list_rewards(scope=scope, now=now, states=("active",), category=category)
    shown = [r for r in found if r.terms.ends_at is None or r.terms.ends_at > now]
    return offers_of(
        scope=scope, her=standing.of_member(scope=scope, member_id=member_id, now=now), rewards_=shown
    )


def offer_of(*, scope: Scope, member_id: UUID, key: str, now: datetime) -> Offer:
    """One reward as she sees it, whatever its state. Raises `not_found`."""
    reward = rewards.get_reward(scope=scope, key=key, now=now)
    her = standing.of_member(scope=scope, member_id=member_id, now=now)
    (offer,) = offers_of(scope=scope, her=her, rewards_=[reward])
    return offer


def offers_of(*, scope: Scope, her: Standing, rewards_: Sequence[Reward], quantity: int = 1) -> list[Offer]:
    """Rewards as a member of a known standing sees them; within a transaction that holds her, as it is."""
    member_id, now = her.row.member_id, her.now
    timezone = organisations.get_brand(brand_id=scope.brand_id).timezone
    accounts = ledger.get_balances(brand_id=scope.brand_id, member_ids=[member_id]).get(member_id, {})
    taken = rewards.count_taken(
        scope=scope, member_id=member_id, rewards=rewards_, now=now, timezone=timezone
    )
    today = now.astimezone(zone(timezone)).date()
    found = []
    for reward in rewards_:
        terms = reward.terms
        account = accounts.get(terms.unit)
        available = account.available if account else 0
        unit = _unit_name(her, terms.unit)
        candidate = Candidate(
            active=her.is_active,
            taken=taken.get(reward.id, 0),
            lacks=her.lacks(terms.condition),
            available=available,
            today=today,
        )
        why = rewards.candidate_reasons(
            reward=reward, candidate=candidate, quantity=quantity, now=now, timezone=timezone, unit=unit
        )
        found.append(Offer(reward, unit, available, candidate.taken, tuple(why)))
    return found


def _unit_name(her: Standing, code: str) -> Text:
    unit = her.programme.units.get(code) if her.programme else None
    return unit.name if unit else Text(code, code)
