"""What is known of members, for the names a text uses and no others: one question a room, however many they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from regulars.audience.member_facts import api as member_facts
from regulars.facts.categories import api as categories
from regulars.facts.members import api as members
from regulars.facts.members.types import MemberBrief
from regulars.insight.recommend import api as recommend
from regulars.insight.recommend.types import Shop, Suggested
from regulars.insight.runs import api as runs
from regulars.kit.errors import Refusal
from regulars.kit.periods import anniversary, zone
from regulars.kit.text import Language
from regulars.messaging.policy import variables
from regulars.platform.organisations.types import Brand
from regulars.platform.privacy import api as privacy
from regulars.programme.rules.types import Programme
from regulars.programme.versions import api as versions
from regulars.value.ledger import api as ledger

Values = dict[str, Any]
_PRODUCTS = 5
_NAMES = 3
_LISTS = {"recommended": "discover", "buy_again": "buy_again", "due": "due"}


def gather(
    *,
    brand: Brand,
    people: Mapping[UUID, Language],
    names: Iterable[str],
    masked: bool = False,
    now: datetime,
    briefs: Mapping[UUID, MemberBrief] | None = None,
) -> dict[UUID, Values]:
    """Values by member. `masked`: names as somebody without `members.read_personal` sees them. `briefs`: of those of
    whom they are known already."""
    wanted: dict[str, set[str]] = {}
    for name in names:
        root, _, part = name.partition(".")
        wanted.setdefault(root, set()).add(part)
    today = now.astimezone(zone(brand.timezone)).date()
    found: dict[UUID, Values] = {
        member: {"today": today.isoformat()} if "today" in wanted else {} for member in people
    }
    programme = _programme(brand, now) if {"member", "points"} & wanted.keys() else None
    briefs = dict(briefs or {})
    unknown = people.keys() - briefs.keys()
    if unknown and ({"member", *variables.OF_LISTS} & wanted.keys()):
        briefs |= members.briefs_of(brand_id=brand.id, member_ids=unknown)
    if "member" in wanted:
        _members(found, brand, people, briefs, programme, masked, now)
    if "points" in wanted:
        _points(found, brand, people, programme)
    if "facts" in wanted:
        known = member_facts.read_many(brand_id=brand.id, member_ids=list(people))
        for member, one in known.items():
            facts = dict(one.facts or {})
            if code := facts.get("top_category"):
                called = categories.name_of(brand_id=brand.id, code=code).in_language(people[member])
                facts |= {"top_category": called, "top_category_code": code}
            found[member]["facts"] = {key: facts.get(key) for key in wanted["facts"] & variables.FACTS.keys()}
    if lists := [name for name in variables.OF_LISTS if name in wanted]:
        _recommended(found, brand, briefs, lists)
    return found


def _members(
    found: dict[UUID, Values],
    brand: Brand,
    people: Mapping[UUID, Language],
    briefs: Mapping[UUID, MemberBrief],
    programme: Programme | None,
    masked: bool,
    now: datetime,
) -> None:
    named = members.plain_names_of(member_ids=people)
    tiers = (
        {tier.code: tier.name for tier in programme.schemes[0].tiers}
        if programme and programme.schemes
        else {}
    )
    today = now.astimezone(zone(brand.timezone)).date()
    for member, brief in briefs.items():
        joined = brief.joined_at.astimezone(zone(brand.timezone)).date()
        years = today.year - joined.year - (today < anniversary(joined, today.year))
        tier, name = tiers.get(brief.tier), named.get(member, "")
        found[member]["member"] = {
            "name": (privacy.mask_name(name) if masked else name) or None,
            "code": brief.code,
            "tier": tier.in_language(people[member]) if tier else brief.tier or None,
            "joined_on": joined,
            "years": max(0, years),
            "orders": brief.orders,
        }


def _points(
    found: dict[UUID, Values], brand: Brand, people: Mapping[UUID, Language], programme: Programme | None
) -> None:
    units = [unit for unit in programme.units.values() if unit.kind == "points"] if programme else []
    if not units:
        return
    unit = units[0]
    balances = ledger.get_balances(brand_id=brand.id, member_ids=list(people))
    expiring = ledger.next_expiries(brand_id=brand.id, unit=unit.code, member_ids=list(people))
    for member, language in people.items():
        account = balances.get(member, {}).get(unit.code)
        at, amount = expiring.get(member, (None, None))
        found[member]["points"] = {
            "available": account.available if account else 0,
            "name": unit.name.in_language(language),
            "expiring": amount,
            "expires_on": at.astimezone(zone(brand.timezone)).date() if at else None,
        }


def _recommended(
    found: dict[UUID, Values], brand: Brand, briefs: Mapping[UUID, MemberBrief], lists: Sequence[str]
) -> None:
    """Nothing for whoever is not profiled or has no lists: texts say so by `default` or leave the sentence out."""
    setting = runs.get_setting(brand_id=brand.id, room="recommend")
    shop = Shop.from_json(setting.value if setting else None)
    off = members.profiling_off(brand_id=brand.id, member_ids=briefs)
    hers = recommend.for_members(
        brand_id=brand.id,
        tiers={
            member: [brief.tier] if brief.tier else []
            for member, brief in briefs.items()
            if member not in off
        },
        shop=shop,
        kinds={_LISTS[name] for name in lists},
        limit=_PRODUCTS,
    )
    for member, one in hers.items():
        for name in lists:
            suggested: tuple[Suggested, ...] = getattr(one, _LISTS[name])
            things = [each.product for each in suggested]
            if things:
                titles = list(dict.fromkeys(each.name or each.sku for each in things))[:_NAMES]
                found[member][name] = {
                    "names": "、".join(titles),
                    "products": [
                        {"name": each.name or each.sku, "sku": each.sku, "price": each.price}
                        for each in things
                    ],
                }


def _programme(brand: Brand, now: datetime) -> Programme | None:
    try:
        return versions.in_force(brand_id=brand.id, now=now).at(now)
    except Refusal:
        return None  # nothing was published yet: there are neither tiers nor points to speak of
