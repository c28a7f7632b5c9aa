"""What a programme says about selling, its promotions and its till: read here, reckoned by `programme.pricing`."""

from __future__ import annotations

from collections.abc import Mapping, Set
from datetime import datetime
from typing import Any

from regulars.conditions.api import FieldCatalogue, needs
from regulars.conditions.types import Condition
from regulars.kit.text import Language, Text
from regulars.programme.pricing import api as pricing
from regulars.programme.pricing.types import Checkout, Offer, Shelf
from regulars.programme.rules.facts import FactReader
from regulars.programme.rules.parse_rules import Read, check_windows
from regulars.programme.rules.plan import Plan, is_member_day
from regulars.programme.rules.reader import Node
from regulars.programme.rules.types import Act, Benefit, MemberDays, MemberState, Programme, Unit


def read_promotions(
    whole: Node,
    *,
    catalogue: FieldCatalogue,
    units: Mapping[str, Unit],
    benefits: tuple[Benefit, ...],
    read: Read,
) -> tuple[tuple[Offer, ...], Checkout]:
    """The sections `promotions` and `checkout`; what their conditions need kept of history is added to `read`."""

    def note(node: Node, key: str, condition: Condition) -> None:
        wanted = needs(condition=condition)
        read.streaks |= wanted.streaks
        check_windows(node, key, wanted)
        for window in wanted.windows:
            read.windows[window.activity] = max(window.days, read.windows.get(window.activity, 0))

    terms = pricing.Terms(catalogue, tuple(units), pricing.category_codes(whole), note)
    promotions = pricing.read_promotions(whole, terms=terms, taken={b.key for b in benefits})
    return promotions, pricing.read_checkout(whole, terms=terms)


def shelf_of(
    promotions: tuple[Offer, ...],
    checkout: Checkout,
    benefits: tuple[Benefit, ...],
    *,
    member_days: MemberDays,
    timezone: str,
    currency: str,
) -> Shelf:
    """Promotions and the benefits that lower prices, in the order in which a price takes them."""
    offers = list(promotions)
    for b in benefits:
        counted = b.quota is not None
        if b.kind == "price_discount":
            offers.append(
                pricing.price_benefit(
                    key=b.key, name=b.name, scheme=b.scheme, tiers=b.tiers, paid=b.factor, quota=counted
                )
            )
        elif b.kind == "free_shipping":
            offers.append(
                pricing.shipping_benefit(
                    key=b.key, name=b.name, scheme=b.scheme, tiers=b.tiers, quota=counted
                )
            )
    return pricing.make_shelf(
        offers=offers,
        checkout=checkout,
        timezone=timezone,
        currency=currency,
        is_member_day=lambda day: is_member_day(member_days, day),
    )


def offer_facts(
    programme: Programme, state: MemberState, *, at: datetime, fields: Set[str], amount: int = 0
) -> dict[str, Any]:
    """What the conditions of offers see of a member who is about to order, for `pricing.types.Given.facts`.

    `fields` are those the offers name (`fields_used` of the shelf and of her coupons). An order of `amount` at `at` is
    counted in windows and streaks, as it is when it decides points.
    """
    plan: Plan = programme.plan
    wanted = frozenset(fields)
    reader = plan.readers.get(wanted)
    if reader is None:
        if len(plan.readers) >= 100:
            plan.readers.clear()
        reader = plan.readers[wanted] = FactReader(programme, plan.catalogue, wanted)
    local = at.astimezone(plan.zone)
    act = Act(type="order", occurred_at=at, source="", channel="", store="", amount=amount)
    return reader.read(state, act, local, local.date())


def read_offer(
    programme: Programme, data: Any, *, key: str, name: Text, budget: str | None = None, path: str = ""
) -> Offer:
    """A coupon's offer in this programme's fields, units and stacking categories. Raises `invalid_input`."""
    plan: Plan = programme.plan
    categories = tuple(c.code for c in programme.checkout.categories)
    terms = pricing.Terms(plan.catalogue, tuple(programme.units), categories)
    return pricing.parse_offer(
        data, key=key, name=name, source="coupon", terms=terms, path=path, budget=budget
    )


def offer_text(offer: Offer, programme: Programme, language: Language) -> str:
    """The offer in a sentence."""
    plan: Plan = programme.plan
    teller = pricing.Teller(plan.catalogue, programme.currency, unit_names(programme), programme.words)
    return teller.tell(offer, language)


def checkout_texts(programme: Programme, language: Language) -> list[str]:
    """The till's settings, a sentence each."""
    return pricing.tell_checkout(
        programme.checkout, currency=programme.currency, units=unit_names(programme), language=language
    )


def unit_names(programme: Programme) -> dict[str, Text]:
    """What the brand calls its units."""
    return {code: programme.words.get(code, unit.name) for code, unit in programme.units.items()}
