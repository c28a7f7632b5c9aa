"""The member's card: her tier, her balances, how far it is, and one thing to do next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from regulars.facts.members import api as members
from regulars.kit.periods import zone
from regulars.kit.text import Language
from regulars.programme.rules.types import Programme, TierScheme
from regulars.surfaces.access import MemberAccess, signed_out
from regulars.surfaces.portal import points, profile, soon, standing
from regulars.surfaces.portal.shapes import (
    BalanceOut,
    CardMemberOut,
    CardOut,
    NextOut,
    PartOut,
    ProgressOut,
    TierOut,
)
from regulars.value.tiers.types import Requirement, TierProgress

_SOON = timedelta(days=45)
_NEAR = 0.6


def card(*, member: MemberAccess, language: Language, now: datetime) -> CardOut:
    """Raises `signed_out` for somebody who has left meanwhile."""
    mine = members.get_card(scope=member.scope, member_id=member.member_id)
    if mine.status == "left":
        raise signed_out()
    local = now.astimezone(zone(member.brand.timezone)).date()
    programme = standing.live(member.brand, now)
    held = points.balances(member=member, programme=programme, language=language)
    progress = (
        standing.tier_progress(
            brand=member.brand,
            programme=programme,
            member_id=member.member_id,
            joined_at=mine.joined_at,
            now=now,
        )
        if programme
        else None
    )
    missing, fields = profile.unfilled(mine, member, language)
    steps = _progress(member, programme, progress, language)
    planned = plan_next(
        Situation(
            today=local,
            balances=held,
            steps=steps,
            keep_by=progress.to_keep.by if progress and progress.to_keep else None,
            orders=mine.counters.orders,
            unfilled_label=missing[0].label if missing else None,
            percent=(fields - len(missing)) * 100 // fields if fields else 100,
        )
    )
    return CardOut(
        member=CardMemberOut(
            name=mine.profile.name,
            code=mine.code,
            joined_on=mine.joined_at.astimezone(zone(member.brand.timezone)).date(),
        ),
        tier=_tier(standing.tier_scheme(programme), progress, member.brand.timezone, language),
        balances=held,
        progress=steps,
        next=_next(member, language, now, planned),
    )


def _next(member: MemberAccess, language: Language, now: datetime, planned: NextOut) -> NextOut:
    """What has its own hour goes before all else, a coupon that ends before what could only be gained."""
    waits = soon.waiting(member=member, language=language, now=now)
    if waits is not None:
        return waits
    if planned.kind in ("debt", "keep_tier", "expiring"):
        return planned
    return soon.ending_coupon(member=member, language=language, now=now) or planned


@dataclass(frozen=True, slots=True)
class Situation:
    """What the choice of the next thing looks at."""

    today: date
    balances: list[BalanceOut]
    steps: list[ProgressOut]
    keep_by: date | None
    orders: int
    unfilled_label: str | None
    percent: int


def plan_next(now: Situation) -> NextOut:
    """The one thing most worth her attention: what she would lose, then where to begin, then what she could gain."""
    for balance in now.balances:
        if balance.debt:
            return NextOut(kind="debt", amount=balance.debt, unit_name=balance.unit.name)
    keep = next((step for step in now.steps if step.kind == "keep" and not step.met), None)
    if keep and now.keep_by and now.keep_by <= now.today + 2 * _SOON:
        return NextOut(kind="keep_tier", tier_name=keep.tier_name, sentence=keep.sentence)
    for balance in now.balances:
        due = balance.next_expiry
        if due and due.on <= now.today + _SOON:
            return NextOut(kind="expiring", amount=due.amount, unit_name=balance.unit.name, on=due.on)
    if now.orders == 0:
        return NextOut(kind="first_order")
    reach = next((step for step in now.steps if step.kind == "reach" and not step.met), None)
    if reach and _share(reach) >= _NEAR:
        return NextOut(kind="reach_tier", tier_name=reach.tier_name, sentence=reach.sentence)
    if now.unfilled_label:
        return NextOut(kind="profile", percent=now.percent, field_label=now.unfilled_label)
    if reach:
        return NextOut(kind="reach_tier", tier_name=reach.tier_name, sentence=reach.sentence)
    return NextOut(kind="show_code")


def _share(step: ProgressOut) -> float:
    """How far the `needed` nearest parts are on the whole, 0 to 1; for choosing words only."""
    shares = sorted((min(1.0, p.have / p.target) if p.target else 1.0 for p in step.parts), reverse=True)
    return min(shares[: step.needed], default=0.0)


def _tier(
    scheme: TierScheme | None, progress: TierProgress | None, timezone: str, language: Language
) -> TierOut | None:
    if scheme is None or progress is None:
        return None
    level = next((i for i, tier in enumerate(scheme.tiers) if tier.code == progress.tier), 0)
    return TierOut(
        code=progress.tier,
        name=progress.name.in_language(language),
        level=level,
        colour=progress.colour or None,
        until=_last_day(progress.ends_at, timezone),
        in_grace_until=_last_day(progress.grace_ends_at, timezone),
    )


def _last_day(end: datetime | None, timezone: str) -> date | None:
    """An end is the first instant without; people ask for the last day with."""
    return (end - timedelta(microseconds=1)).astimezone(zone(timezone)).date() if end else None


def _progress(
    member: MemberAccess, programme: Programme | None, progress: TierProgress | None, language: Language
) -> list[ProgressOut]:
    scheme = standing.tier_scheme(programme)
    if programme is None or progress is None or scheme is None:
        return []
    names = {tier.code: tier.name.in_language(language) for tier in scheme.tiers}
    metrics = standing.metric_names(member.brand, programme)

    def out(kind: str, asked: Requirement) -> ProgressOut:
        return ProgressOut(
            kind="keep" if kind == "keep" else "reach",
            tier_name=names.get(asked.tier, asked.tier),
            sentence=asked.sentence.in_language(language),
            met=asked.met,
            needed=asked.need,
            parts=[
                PartOut(
                    metric="spend" if part.metric == "spend" else "count",
                    name=metrics[part.metric].in_language(language)
                    if part.metric in metrics
                    else part.metric,
                    have=part.have,
                    target=part.at_least,
                )
                for part in asked.parts
            ],
        )

    steps = [out("keep", progress.to_keep)] if progress.to_keep else []
    if progress.to_next:
        steps.append(out("reach", progress.to_next))
    return [step for step in steps if step.sentence]
