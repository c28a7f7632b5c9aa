"""What a plan gives: ordinary benefits, and a tag by which rules, coupons and segments know its members."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from regulars.facts.members import api as members
from regulars.facts.members.types import Tag
from regulars.flows.plans.types import Entitlement, Given
from regulars.kit.errors import Refusal
from regulars.kit.text import Text
from regulars.platform.organisations import api as organisations
from regulars.platform.organisations.types import SYSTEM, Brand, Scope
from regulars.platform.privacy import api as privacy
from regulars.programme.pricing import api as pricing
from regulars.programme.pricing.types import Offer
from regulars.programme.rules.types import Benefit, Programme
from regulars.value.plans import api as plans
from regulars.value.plans.types import SCHEME, Plan, Subscription, Terms

# Identities that tell natural persons; a card can be lent, an account of a shop can be made twice.
_PERSONAL = ("phone", "email", "wechat_unionid")


def active_plan_benefits(
    *, scope: Scope, member_id: UUID, programme: Programme, now: datetime
) -> Entitlement | None:
    """The member's plan and its benefits, if she is entitled to them now: the door for checkouts.

    The benefits are the programme's own type with scheme `plan` and the plan's key as their tier.
    """
    held = plans.find_live(brand_id=scope.brand_id, member_id=member_id)
    if held is None:
        return None
    plan = plans.find_plan(brand_id=scope.brand_id, key=held.plan, now=now)
    if plan is None or not plans.is_entitled(held=held, terms=plan.terms, tz=programme.timezone, now=now):
        return None
    benefits = benefits_of(plan, programme)
    return Entitlement(held, plan, benefits, offers_of(benefits))


def with_plan(
    *, scope: Scope, member_id: UUID, programme: Programme, tiers: Mapping[str, str], now: datetime
) -> Given:
    """The programme and a member's tiers (scheme → tier) with her plan's benefits among them, each once.

    A benefit that both tier and plan give is one benefit with one quota. Those of the plan that lower prices are in the
    programme's shelf, so that a checkout that reckons with what this gives needs to know nothing of plans.
    """
    entitled = active_plan_benefits(scope=scope, member_id=member_id, programme=programme, now=now)
    if entitled is None:
        return Given(programme, tiers)
    return together(programme, tiers, entitled)


def together(programme: Programme, tiers: Mapping[str, str], entitled: Entitlement) -> Given:
    """`with_plan` for what is known already. Pure."""
    by_tier = {benefit.key for benefit in programme.benefits if tiers.get(benefit.scheme) in benefit.tiers}
    mine = [benefit for benefit in entitled.benefits if benefit.key not in by_tier]
    taken = {benefit.key for benefit in mine}
    others = [benefit for benefit in programme.benefits if benefit.key not in taken]
    shelf = programme.shelf
    offers = [offer for offer in entitled.offers if offer.key in taken]
    if offers:
        kept = [*shelf.prices, *shelf.promotions, *shelf.benefits]
        shelf = pricing.make_shelf(
            offers=[*[offer for offer in kept if offer.key not in taken], *offers],
            checkout=shelf.checkout,
            timezone=shelf.timezone,
            currency=shelf.currency,
            is_member_day=shelf.is_member_day,
        )
    return Given(
        replace(programme, benefits=(*others, *mine), shelf=shelf), {**tiers, SCHEME: entitled.plan.key}
    )


def offers_of(benefits: Iterable[Benefit]) -> tuple[Offer, ...]:
    """The benefits that lower prices, as offers."""
    found = []
    for one in benefits:
        counted = one.quota is not None
        if one.kind == "price_discount":
            found.append(
                pricing.price_benefit(
                    key=one.key,
                    name=one.name,
                    scheme=one.scheme,
                    tiers=one.tiers,
                    paid=one.factor,
                    quota=counted,
                )
            )
        elif one.kind == "free_shipping":
            found.append(
                pricing.shipping_benefit(
                    key=one.key, name=one.name, scheme=one.scheme, tiers=one.tiers, quota=counted
                )
            )
    return tuple(found)


def benefits_of(plan: Plan, programme: Programme) -> tuple[Benefit, ...]:
    """A plan's benefits, those it shares with the programme's tiers first."""
    known = {benefit.key: benefit for benefit in programme.benefits}
    shared = [
        replace(known[key], scheme=SCHEME, tiers=frozenset({plan.key}))
        for key in plan.terms.shared
        if key in known
    ]
    return (*shared, *plan.terms.own)


def set_tags(
    *, brand: Brand, member_id: UUID, held: Subscription | None, terms: Terms | None, now: datetime
) -> None:
    """Give a member the tag of the plan she has (`plan-<key>`) and take those of others away."""
    scope = system_scope(brand)
    wanted: set[str] = set()
    known = {tag.code for tag in members.list_tags(brand_id=brand.id)}
    if held is not None and terms is not None and held.state in ("trial", "active", "past_due"):
        code = tag_of(terms.key)
        if code not in known:
            name = Text(terms.name.zh[:40], terms.name.en[:40])
            # a brand with as many tags as there may be goes without
            with contextlib.suppress(Refusal):
                members.put_tag(scope=scope, tag=Tag(code=code, name=name, colour=""), now=now)
                known.add(code)
        wanted = {code} & known
    with contextlib.suppress(Refusal):
        members.tag_members(
            scope=scope,
            member_ids=[member_id],
            add=sorted(wanted),
            remove=sorted({code for code in known if code.startswith("plan-")} - wanted),
            now=now,
        )


def tag_of(plan: str) -> str:
    return f"plan-{plan}"


def person_hashes(*, brand: Brand, member_id: UUID) -> list[UUID]:
    """Keyed hashes of what tells a natural person: her member id and her own addresses."""
    scope = replace(system_scope(brand), permissions=frozenset({"members.read_personal"}))
    card = members.get_card(scope=scope, member_id=member_id)
    words = [f"member:{member_id}"]
    for identity in card.identities:
        if identity.type in _PERSONAL and identity.value:
            words.append(f"{identity.type}:{identity.value.strip().casefold()}")
    return [
        privacy.blind_index(value=word, purpose="plan_trial", organisation_id=brand.organisation_id)
        for word in words
    ]


def system_scope(brand: Brand) -> Scope:
    """Regulars itself, at work in a brand."""
    return Scope(brand.organisation_id, brand.id, SYSTEM, frozenset())


def brand_of(scope: Scope) -> Brand:
    return organisations.get_brand(brand_id=scope.brand_id)
