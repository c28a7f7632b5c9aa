"""The left half of a member's page, put together from the rooms that know her."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from regulars.facts.members import api as members
from regulars.facts.members import states
from regulars.facts.members.types import MemberCard, ProfileField, identity_type_name
from regulars.flows.plans import api as plan_flow
from regulars.kit.text import Text
from regulars.platform.organisations import api as organisations
from regulars.programme.rules.types import QUIET_KINDS, TierScheme, TierStanding
from regulars.surfaces.console.naming import Naming
from regulars.surfaces.console.shapes.members import (
    AttributeOut,
    BalanceOut,
    BenefitStandingOut,
    ExpiryDayOut,
    HoldOut,
    IdentityOut,
    MemberOut,
    ProfileOut,
    QualificationOut,
    StandingOut,
)
from regulars.value.benefits import api as benefits
from regulars.value.ledger import api as ledger
from regulars.value.ledger.types import Account, HoldRow
from regulars.value.tiers import api as tiers
from regulars.value.tiers.types import Requirement

_EXPIRY_DAYS = 60
_YES, _NO = Text("是", "Yes"), Text("否", "No")


def main_unit(naming: Naming) -> str | None:
    """The unit that lists and charts speak of: the programme's first points."""
    units = list(naming.programme.units.values()) if naming.programme else []
    return next((unit.code for unit in units if unit.kind == "points"), units[0].code if units else None)


def card(naming: Naming, member_id: UUID, now: datetime) -> MemberOut:
    """Everything but her history. What the caller may not read (balances, clear names) is left out or masked."""
    scope = naming.scope
    found = members.get_card(scope=scope, member_id=member_id)
    with connection.cursor() as cursor:
        kept = states.standings(cursor, brand_id=scope.brand_id, member_id=member_id)
    places = _places(naming, found, kept)
    may_value = scope.allows("ledger.read")
    brands = {brand.id: brand for brand in organisations.list_brands(organisation_id=scope.organisation_id)}
    return MemberOut(
        code=found.code,
        status=found.status,
        language=found.language,
        joined_at=found.joined_at,
        channel=found.channel,
        touchpoint=found.touchpoint,
        recruiter=found.recruiter,
        store=naming.store(found.store_id),
        tags=list(found.tags),
        profile=ProfileOut(
            name=found.profile.name,
            gender=found.profile.gender,
            birthday=found.profile.birthday,
            address=found.profile.address,
            clear=found.profile.clear,
        ),
        identities=[
            IdentityOut(
                id=str(one.id),
                type=one.type,
                type_name=naming.label(identity_type_name(one.type)),
                shown=one.value or one.masked,
                verified_at=one.verified_at,
                created_at=one.created_at,
            )
            for one in found.identities
            if one.type != "code"
        ],
        attributes=[
            _attribute(naming, field, found.attributes.get(field.key))
            for field in members.list_fields(brand_id=scope.brand_id)
        ],
        completion_percent=found.completion_percent,
        orders=found.counters.orders,
        spend=found.counters.spend,
        refunds=found.counters.refunds,
        visits=found.counters.visits,
        first_order_at=found.counters.first_order_at,
        last_order_at=found.counters.last_order_at,
        last_at=found.counters.last_at,
        balances=_balances(naming, member_id) if may_value else [],
        expiry=_expiry(naming, member_id) if may_value else [],
        standings=[_standing(naming, scheme, place, now) for scheme, place in places],
        benefits=_benefits(naming, member_id, {scheme.key: place.tier for scheme, place in places}, now),
        holds=[
            hold_out(hold)
            for hold in ledger.list_holds(brand_id=scope.brand_id, member_id=member_id)
            if hold.state == "held"
        ]
        if may_value
        else [],
        other_brands=[
            naming.say(brands[id_].name) for id_ in found.brands if id_ != scope.brand_id and id_ in brands
        ],
    )


def hold_out(hold: HoldRow) -> HoldOut:
    return HoldOut(
        id=str(hold.id),
        unit=hold.unit,
        amount=hold.amount,
        state=hold.state,
        subject=hold.subject,
        created_at=hold.created_at,
        expires_at=hold.expires_at,
        ended_at=hold.ended_at,
    )


def _places(naming: Naming, found: MemberCard, kept: dict[str, Any]) -> list[tuple[TierScheme, TierStanding]]:
    """Her standing in each scheme; that of somebody new where she has done nothing yet."""
    programme = naming.programme
    if programme is None:
        return []
    return [
        (
            scheme,
            tiers.standing_from_json(kept[scheme.key])
            if scheme.key in kept
            else tiers.enter(scheme, found.joined_at, programme.timezone),
        )
        for scheme in programme.schemes
        if scheme.tiers
    ]


def _attribute(naming: Naming, field: ProfileField, value: Any) -> AttributeOut:
    labels = {choice.value: naming.say(choice.label) for choice in field.choices}
    if value is None:
        shown = ""
    elif isinstance(value, bool):
        shown = naming.say(_YES if value else _NO)
    elif isinstance(value, list):
        shown = ("、" if naming.language == "zh" else ", ").join(
            labels.get(str(one), str(one)) for one in value
        )
    else:
        shown = labels.get(str(value), str(value))
    return AttributeOut(
        key=field.key,
        label=naming.say(field.label),
        type=field.type,
        value=value,
        shown=shown,
        choices=[{"value": value_, "label": label} for value_, label in labels.items()],
    )


def _balances(naming: Naming, member_id: UUID) -> list[BalanceOut]:
    """Those of the live programme first, also when empty; then what is left of units it no longer has."""
    accounts = ledger.get_balances(brand_id=naming.scope.brand_id, member_ids=[member_id]).get(member_id, {})
    units = naming.programme.units if naming.programme else {}
    found = []
    for code in [*units, *sorted(accounts.keys() - units.keys())]:
        account = accounts.get(code) or Account()
        unit = units.get(code)
        if unit is not None and unit.kind in QUIET_KINDS and code not in accounts:
            continue
        found.append(
            BalanceOut(
                unit=code,
                name=naming.unit(code),
                kind=unit.kind if unit else "points",
                available=account.available,
                pending=account.pending,
                held=account.held,
                debt=account.debt,
                can_burn=unit.can_burn if unit else False,
            )
        )
    return found


def _expiry(naming: Naming, member_id: UUID) -> list[ExpiryDayOut]:
    days = ledger.expiry_schedule(
        brand_id=naming.scope.brand_id,
        member_id=member_id,
        timezone=naming.brand.timezone,
        limit=_EXPIRY_DAYS,
    )
    return [ExpiryDayOut(unit=day.unit, on=day.on, amount=day.amount) for day in days]


def _standing(naming: Naming, scheme: TierScheme, place: TierStanding, now: datetime) -> StandingOut:
    programme = naming.programme
    assert programme is not None
    progress = tiers.progress(
        scheme,
        place,
        now=now,
        tz=programme.timezone,
        currency=programme.currency,
        names=naming.metric_names(),
    )
    badges = {tier.code: naming.tier_badge(tier) for tier in scheme.tiers}

    def parts(requirement: Requirement | None) -> list[QualificationOut]:
        return [
            QualificationOut(
                metric=part.metric,
                label=naming.metric(part.metric),
                is_money=part.metric == "spend",
                at_least=part.at_least,
                now=part.have,
            )
            for part in (requirement.parts if requirement else ())
        ]

    present = badges.get(place.tier) or naming.tier(place.tier, scheme.key)
    assert present is not None
    keep, reach = progress.to_keep, progress.to_next
    return StandingOut(
        scheme=scheme.key,
        name=naming.say(scheme.name),
        tier=present,
        tiers=list(badges.values()),
        since=progress.since,
        ends_at=progress.ends_at,
        grace_ends_at=progress.grace_ends_at,
        locked=progress.locked,
        locked_until=place.locked_until,
        next_tier=badges.get(reach.tier) if reach else None,
        to_next=parts(reach),
        next_need=reach.need if reach else None,
        keep_tier=badges.get(keep.tier) if keep else None,
        to_keep=parts(keep),
        sentences=[naming.say(sentence) for sentence in progress.sentences],
    )


def _benefits(
    naming: Naming, member_id: UUID, held: dict[str, str], now: datetime
) -> list[BenefitStandingOut]:
    programme = naming.programme
    if programme is None:
        return []
    given = plan_flow.with_plan(
        scope=naming.scope, member_id=member_id, programme=programme, tiers=held, now=now
    )
    allowances = benefits.list_for(
        scope=naming.scope, programme=given.programme, member_id=member_id, tiers=given.tiers, now=now
    )
    return [
        BenefitStandingOut(
            key=one.benefit.key,
            name=naming.say(one.benefit.name),
            description=naming.say(one.benefit.description),
            kind=one.benefit.kind,
            quota=one.quota,
            used=one.used,
            period=one.period,
            tiers=[badge for code in one.benefit.tiers if (badge := naming.tier(code, one.benefit.scheme))],
            available=not one.automatic and (one.remaining is None or one.remaining > 0),
        )
        for one in allowances
    ]
