"""What each tier takes and gives, and what the next one adds."""

from __future__ import annotations

from datetime import datetime, timedelta

from regulars.facts.members import api as members
from regulars.kit.periods import zone
from regulars.kit.text import Language
from regulars.platform.organisations.types import Brand
from regulars.programme.rules import api as rules
from regulars.programme.rules.types import Benefit, PointsEffect, Programme, Rule, Tier, TierScheme
from regulars.surfaces.access import MemberAccess
from regulars.surfaces.portal import standing
from regulars.surfaces.portal.shapes import (
    BenefitOut,
    BenefitsOut,
    GrantedOut,
    Quota,
    TierBenefitOut,
    TierBenefitsOut,
    WayOut,
)
from regulars.value.benefits import api as benefits


def of_first_tier(brand: Brand, language: Language, now: datetime) -> list[BenefitOut]:
    """What somebody gets by joining alone."""
    programme = standing.live(brand, now)
    scheme = standing.tier_scheme(programme)
    if programme is None or scheme is None:
        return []
    return [_benefit(benefit, language) for benefit in _of(programme, scheme, scheme.tiers[0])]


def ladder(*, member: MemberAccess, language: Language, now: datetime) -> BenefitsOut:
    """All tiers from the lowest up; `adds` marks what the tier below does not give."""
    programme = standing.live(member.brand, now)
    scheme = standing.tier_scheme(programme)
    if programme is None or scheme is None:
        return BenefitsOut(
            granted=_granted(member, programme, language, now),
            tiers=[],
            ways_to_earn=ways_to_earn(member.brand, language, now),
        )
    card = members.get_card(scope=member.scope, member_id=member.member_id)
    present = card.tier or scheme.tiers[0].code
    allowances = benefits.list_for(
        scope=member.scope,
        programme=programme,
        member_id=member.member_id,
        tiers={scheme.key: present},
        now=now,
    )
    left = {allowance.benefit.key: allowance.remaining for allowance in allowances}
    rungs: list[TierBenefitsOut] = []
    below: set[str] = set()
    for level, tier in enumerate(scheme.tiers):
        given = _of(programme, scheme, tier)
        current = tier.code == present
        rungs.append(
            TierBenefitsOut(
                code=tier.code,
                name=tier.name.in_language(language),
                level=level,
                colour=tier.colour or None,
                current=current,
                requirement=rules.describe(tier, programme, language) if tier.qualify else "",
                benefits=[
                    TierBenefitOut(
                        **_benefit(b, language, left.get(b.key) if current else None).dict(),
                        adds=level > 0 and b.key not in below,
                    )
                    for b in given
                ],
            )
        )
        below = {benefit.key for benefit in given}
    return BenefitsOut(
        granted=_granted(member, programme, language, now),
        tiers=rungs,
        ways_to_earn=ways_to_earn(member.brand, language, now),
    )


def _granted(
    member: MemberAccess, programme: Programme | None, language: Language, now: datetime
) -> list[GrantedOut]:
    """What somebody gave her, beside her tier: the uses that are left and the last day of those that end first."""
    if programme is None:
        return []
    tz = zone(member.brand.timezone)
    found: dict[str, list[tuple[datetime, int]]] = {}
    for grant in benefits.list_grants(scope=member.scope, member_id=member.member_id):
        if grant.ended_at is None and grant.until > now and grant.used < grant.uses:
            found.setdefault(grant.benefit, []).append((grant.until, grant.uses - grant.used))
    return [
        GrantedOut(
            code=one.key,
            name=one.name.in_language(language),
            detail=one.description.in_language(language),
            uses=sum(uses for _, uses in found[one.key]),
            last_day=(min(found[one.key])[0] - timedelta(microseconds=1)).astimezone(tz).date(),
        )
        for one in programme.benefits
        if one.key in found
    ]


def ways_to_earn(brand: Brand, language: Language, now: datetime) -> list[WayOut]:
    """The rules in force that earn something to spend, as the programme orders them."""
    programme = standing.live(brand, now)
    if programme is None:
        return []
    return [
        WayOut(
            name=rule.name.in_language(language), sentence=standing.rule_sentence(rule, programme, language)
        )
        for rule in programme.rules
        if _earns(rule, programme) and (rule.ends_at is None or rule.ends_at > now)
    ]


def _earns(rule: Rule, programme: Programme) -> bool:
    units = [programme.units.get(e.unit) for e in rule.effects if isinstance(e, PointsEffect)]
    return rule.enabled and any(unit is not None and unit.can_burn for unit in units)


def _of(programme: Programme, scheme: TierScheme, tier: Tier) -> list[Benefit]:
    return [b for b in programme.benefits if b.scheme == scheme.key and tier.code in b.tiers]


def _benefit(benefit: Benefit, language: Language, remaining: int | None = None) -> BenefitOut:
    quota = Quota(limit=benefit.quota, period=benefit.period, remaining=remaining) if benefit.quota else None
    return BenefitOut(
        code=benefit.key,
        name=benefit.name.in_language(language),
        detail=benefit.description.in_language(language),
        quota=quota,
    )
