"""What editing a tier scheme would do: who moves and what it costs; thresholds for a wanted distribution.

Reads only. Members are gone through in portions, in the order of their ids, so that a page shows how far it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from django.db import connection

from regulars.facts.activity import totals
from regulars.facts.members import api as members
from regulars.facts.members import states
from regulars.facts.members.types import MemberFilter
from regulars.kit.errors import ErrorList, invalid_field, not_found
from regulars.kit.periods import add_months_at, zone
from regulars.kit.text import Text
from regulars.platform.organisations.types import Scope
from regulars.programme.rules.types import PointsEffect, Programme, TierScheme
from regulars.programme.versions import api as versions
from regulars.value.tiers import api as tiers
from regulars.value.tiers.types import Climb, Reached

PORTION = 20_000
_CHUNK = 2_000
_SAMPLES = 5
_SCHEME = Text("等级体系", "Tier scheme")
METHOD = Text(
    "倍率：近 12 个月实付 ×（新倍率 − 原倍率）× 无条件按金额发放的比例；"
    "等级折扣：近 12 个月实付 ×（新优惠比例 − 原优惠比例）。不计行为变化。",
    "Multipliers: spend of the last 12 months × (new factor − old factor) × what unconditional rules give by "
    "amount; price discounts: spend of the last 12 months × (new share off − old share off). Behaviour is taken as it "
    "was.",
)


@dataclass(slots=True)
class Move:
    """Members of one tier who would be in another. `of_edit`: those whom the scheme as it is would not take there.

    `spend` is theirs of the last 12 months (minor units), `samples` a few of their ids, `discount` what prices would
    come down by in a year (minor units), `units` what they would earn more of each unit.
    """

    current: str
    result: str
    direction: str  # up | down | same
    members: int = 0
    of_edit: int = 0
    spend: int = 0
    samples: list[UUID] = field(default_factory=list)
    discount: int = 0
    units: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Portion:
    """The figures of one portion of members; those of all portions add up. `unrecorded` metrics count as nothing."""

    moves: tuple[Move, ...]
    seen: int
    members: int
    next_after: UUID | None
    unrecorded: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A threshold for a tier: as it falls out, as it is readable, and whom it would let in, of all active members."""

    tier: str
    wanted_percent: int
    exact: int
    at_least: int
    reached_by: int
    percent: str


def preview(
    *, scope: Scope, definition: Any, scheme: str, now: datetime, after: UUID | None = None
) -> Portion:
    """Whom a draft's scheme would move, against what is live, for the next portion of members behind `after`.

    Raises `invalid_input` for a definition that is wrong, `not_found` for a scheme that either does not have.
    """
    scope.require("programme.read")
    live = versions.in_force(brand_id=scope.brand_id, now=now).live
    draft = versions.compile_definition(brand_id=scope.brand_id, definition=definition, now=now)
    old, new = scheme_of(live, scheme), scheme_of(draft, scheme)
    place = {tier.code: i for i, tier in enumerate(new.tiers)}
    before = {tier.code: i for i, tier in enumerate(old.tiers)}
    since = add_months_at(now, -12, live.timezone)
    moves: dict[tuple[str, str], Move] = {}
    seen = 0
    while seen < PORTION:
        with connection.cursor() as cursor:
            rows = states.all_standings(
                cursor, brand_id=scope.brand_id, scheme=scheme, after=after, limit=_CHUNK
            )
            spends = totals.spend_by_member(
                cursor, brand_id=scope.brand_id, member_ids=[id_ for id_, _ in rows], since=since
            )
        for member_id, kept in rows:
            standing = tiers.standing_from_json(kept) if kept else tiers.enter(old, now, live.timezone)
            found = tiers.forecast(old, new, standing, now=now, tz=live.timezone)
            pair = (found.current, found.by_draft)
            move = moves.get(pair)
            if move is None:
                ranks = before if found.current not in place and found.by_draft in before else place
                here, there = ranks.get(found.current, -1), ranks[found.by_draft]
                way = "same" if found.current == found.by_draft else "up" if there > here else "down"
                move = moves[pair] = Move(*pair, way)
            move.members += 1
            move.of_edit += found.by_draft != found.by_live
            move.spend += max(0, spends.get(member_id, 0))
            if len(move.samples) < _SAMPLES and found.by_draft != found.by_live:
                move.samples.append(member_id)
        seen += len(rows)
        after = rows[-1][0] if len(rows) == _CHUNK else None
        if after is None:
            break
    for move in moves.values():
        _cost(move, live, draft, scheme)
    recorded = tiers.metrics_used(old)
    return Portion(
        tuple(
            sorted(moves.values(), key=lambda m: (m.direction == "same", place.get(m.current, -1), m.result))
        ),
        seen,
        _count(scope),
        after,
        tuple(sorted(tiers.metrics_used(new) - recorded)),
    )


def standard(*, scope: Scope, scheme: str, now: datetime) -> tuple[TierScheme, list[Reached], list[Climb]]:
    """How long upgrades take in a live scheme. Raises `not_found`."""
    scope.require("programme.read")
    found = scheme_of(versions.in_force(brand_id=scope.brand_id, now=now).live, scheme)
    return (found, *tiers.standard(scope=scope, scheme=found))


def propose(
    *, scope: Scope, scheme: str, metric: str, shares: Mapping[str, int], now: datetime
) -> list[Proposal]:
    """Thresholds of `metric` that put so many percent of the active members into each tier, lowest tier aside.

    Quantiles of the metric over the scheme's validity months (members who are equal rank by their ids), rounded to
    readable numbers, and counted again after rounding. Raises `invalid_input`.
    """
    scope.require("programme.read")
    live = versions.in_force(brand_id=scope.brand_id, now=now).live
    found = scheme_of(live, scheme)
    codes = [tier.code for tier in found.tiers[1:]]
    errors = ErrorList()
    for tier, percent in shares.items():
        if tier not in codes:
            known = ", ".join(codes)
            errors.add(f"shares.{tier}", "unknown_tier", f"等级只能是：{known}", f"must be one of: {known}")
        if not 0 < percent < 100:
            errors.add(f"shares.{tier}", "out_of_range", "应为 1 到 99", "must be 1 to 99")
    if not shares:
        errors.add("shares", "required", "请填写各等级占比", "give the tiers' shares")
    if sum(shares.values()) > 100:
        errors.add("shares", "too_much", "合计不能超过 100", "together at most 100")
    errors.refuse()
    if metric not in tiers.metrics_used(found):
        known = ", ".join(sorted(tiers.metrics_used(found)))
        raise invalid_field(
            "metric", "not_recorded", f"该体系只记录：{known}", f"The scheme records only: {known}"
        )
    count = _count(scope)
    wanted = [(code, shares[code]) for code in codes if code in shares]
    places = tiers.places_of(wanted, count)
    window: dict[str, Any] = {"brand_id": scope.brand_id, "scheme": scheme, "metric": metric}
    local = now.astimezone(zone(live.timezone))
    window["last"] = f"{local:%Y-%m}"
    first = local.year * 12 + local.month - max(1, found.validity_months)
    window["first"] = f"{first // 12:04d}-{first % 12 + 1:02d}"
    with connection.cursor() as cursor:
        at = states.metric_at_places(cursor, places=sorted(set(places.values())), **window)
        values = {tier: at[place] for tier, place in places.items() if place in at}
        rounded = tiers.thresholds(codes, values, unit=100 if metric == "spend" else 1)
        reached = states.count_reaching(cursor, least=list(rounded.values()), **window)
    return [
        Proposal(tier, shares[tier], values[tier], least, n, f"{n * 100 / count:.1f}" if count else "0.0")
        for (tier, least), n in zip(rounded.items(), reached, strict=True)
    ]


def scheme_of(programme: Programme, key: str) -> TierScheme:
    """Raises `not_found`."""
    found = next((scheme for scheme in programme.schemes if scheme.key == key), None)
    if found is None:
        raise not_found(_SCHEME)
    return found


def _count(scope: Scope) -> int:
    """Active members of the whole brand."""
    return members.count_matching(scope=replace(scope, store_ids=None), given=MemberFilter())


def _cost(move: Move, live: Programme, draft: Programme, scheme: str) -> None:
    """By `METHOD`; below zero where the edit saves."""
    off = _share_off(draft, scheme, move.result) - _share_off(live, scheme, move.current)
    move.discount = int(move.spend * off)
    rates = _rates(draft)
    before, after = _factors(live, scheme, move.current), _factors(draft, scheme, move.result)
    for unit, rate in rates.items():
        more = int(move.spend * rate * (after.get(unit, Fraction(0)) - before.get(unit, Fraction(0))))
        if more:
            move.units[unit] = more


def _factors(programme: Programme, scheme: str, tier: str) -> dict[str, Fraction]:
    """By unit, what a tier's multipliers add to one (several add up)."""
    found: dict[str, Fraction] = {}
    for one in programme.benefits:
        if one.kind == "multiplier" and one.scheme == scheme and tier in one.tiers:
            found[one.unit] = found.get(one.unit, Fraction(0)) + one.factor - 1
    return found


def _share_off(programme: Programme, scheme: str, tier: str) -> Fraction:
    """The share of the price that a tier's best discount takes off."""
    shares: Sequence[Fraction] = [
        1 - one.factor
        for one in programme.benefits
        if one.kind == "price_discount" and one.scheme == scheme and tier in one.tiers
    ]
    return max(shares, default=Fraction(0))


def _rates(programme: Programme) -> dict[str, Fraction]:
    """By unit, what orders earn per minor unit by rules without condition."""
    rates: dict[str, Fraction] = {}
    for rule in programme.rules_of.get("order", ()):
        if rule.condition is not None or rule.member_day or rule.weekdays or rule.dayparts:
            continue
        for effect in rule.effects:
            if isinstance(effect, PointsEffect) and effect.mode == "per_amount" and effect.lines is None:
                rates[effect.unit] = rates.get(effect.unit, Fraction(0)) + Fraction(effect.amount, effect.per)
    return rates
